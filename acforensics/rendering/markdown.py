"""The summary as Markdown, to paste into a ticket: verdict, findings with their lines, ends, what was read.

It fits into a ticket's comment (`LIMIT` characters): lists are shortened until it does, and what was left out is said.
What comes from a log stands in code, or is escaped: it neither formats nor links nor mentions anybody.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from acforensics.case import CaseModel, Evidence, Finding
from acforensics.case import Sequence as JudgedSequence
from acforensics.moments import clock, on_both_clocks
from acforensics.plain import shorten, visible
from acforensics.rendering.choice import ranked
from acforensics.rendering.sequences import counts, deviating, deviations
from acforensics.rendering.settings import count_settings, deviation
from acforensics.rendering.verdict import Incident, judge, names, time_span
from acforensics.rendering.view import Places, case_name, remarks_on
from acforensics.texts import Language, Text, join, text

LIMIT = 10_000
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&@!])")
Entry = TypeVar("Entry")
_LINK = re.compile(r"(?i)\b(https?|ftp)(://)")
# Some ticket systems link whatever looks like a host, `stop.sh` too.
_HOST_DOT = re.compile(r"(?<=\w)\.(?=[A-Za-z])")


@dataclass(frozen=True)
class _Limits:
    """How much of each list is told, from the most to the least."""

    findings: int
    lines: int
    characters: int
    shutdowns: int
    passages: int
    others: int


_STEPS = (
    _Limits(20, 3, 300, 20, 8, 8),
    _Limits(12, 2, 240, 12, 6, 6),
    _Limits(8, 1, 200, 8, 4, 4),
    _Limits(5, 1, 160, 5, 3, 3),
    _Limits(3, 1, 120, 3, 0, 2),
    _Limits(2, 0, 80, 2, 0, 1),
)


def render(model: CaseModel, lang: Language = "en", limit: int = LIMIT) -> str:
    """Return the summary, of at most `limit` characters.

    Args:
        model: the result.
        lang: its language.
        limit: characters that the ticket system takes.
    """
    for step in _STEPS:
        written = _Writer(model, lang, step).written()
        if len(written) <= limit:
            return written
    # Names without end: cut at a line, and said.
    end = f"\n\n{_escaped(text('markdown.cut').within(lang))}\n"
    return written[: written.rfind("\n", 0, limit - len(end))] + end


class _Writer:
    def __init__(self, model: CaseModel, lang: Language, limits: _Limits) -> None:
        self._model = model
        self._lang = lang
        self._limits = limits
        self._blocks: list[str] = []
        self._places = Places([item.path for item in model.inputs])

    def written(self) -> str:
        model = self._model
        self._blocks.append(f"# {self._say(text('report.title', case=case_name(model)))}")
        span = time_span(model)
        facts = [text("markdown.servers", servers=names([server.name for server in model.servers]))]
        if span is not None:
            facts.append(text("markdown.span", first=clock(span[0]), last=clock(span[1])))
        facts.append(text("terminal.zone", zone=model.timezone))
        self._paragraph(*facts)
        self._missing()
        self._verdict()
        self._findings()
        self._shutdowns()
        self._sequences()
        self._settings()
        self._read()
        return "\n\n".join(self._blocks) + "\n"

    # --- words

    def _say(self, value: Text | str) -> str:
        return _escaped(value if isinstance(value, str) else value.within(self._lang))

    def _paragraph(self, *sentences: Text | str) -> None:
        separator = " " if self._lang == "en" else ""
        self._blocks.append(separator.join(self._say(sentence) for sentence in sentences))

    def _heading(self, key: str, level: int = 2) -> None:
        self._blocks.append(f"{'#' * level} {self._say(text(key))}")

    def _list(self, entries: Sequence[Entry], most: int, tell: Callable[[Entry], str]) -> None:
        told = [f"- {tell(entry)}" for entry in entries[:most]]
        if len(entries) > most:
            told.append(f"- {self._say(text('terminal.more', count=len(entries) - most))}")
        if told:
            self._blocks.append("\n".join(told))

    # --- parts

    def _missing(self) -> None:
        if self._model.missing:
            self._heading("terminal.missing")
            self._list(self._model.missing, self._limits.others, lambda one: self._say(join([one.text, one.without])))

    def _verdict(self) -> None:
        self._heading("terminal.verdict")
        verdict = judge(self._model)
        for incident in verdict.incidents[: self._limits.findings]:
            self._incident(incident)
        if verdict.nothing:
            self._paragraph(*verdict.nothing)
        if verdict.advice is not None:
            self._paragraph(text("terminal.what-to-do", advice=verdict.advice))
        left_out = verdict.left_out + max(0, len(verdict.incidents) - self._limits.findings)
        if left_out:
            self._paragraph(text("verdict.left-out", count=left_out))

    def _incident(self, incident: Incident) -> None:
        word = text(f"severity.{incident.grade}")
        self._blocks.append(f"### {self._say(word)}: {self._say(incident.when())}")
        answer = incident.headline if incident.consequence is None else join([incident.headline, incident.consequence])
        self._blocks.append(f"**{self._say(answer)}**")
        if incident.said:
            self._paragraph(*incident.said)
        self._paragraph(text("terminal.what-to-do", advice=incident.advice))
        if len(incident.story) > 1 and self._limits.passages:
            self._paragraph(text("terminal.story"))
            self._list(
                incident.story,
                self._limits.passages,
                lambda passage: (
                    f"{self._say(on_both_clocks(passage.time, passage.corrected))} {self._say(passage.told)}"
                ),
            )

        if incident.readings:
            self._paragraph(text("terminal.readings"))
            self._list(incident.readings, self._limits.passages, self._say)

    def _findings(self) -> None:
        self._heading("terminal.findings")
        found = ranked(self._model.findings)
        if not found:
            self._paragraph(text("report.no-findings"))
        for finding in found[: self._limits.findings]:
            self._finding(finding)
        if len(found) > self._limits.findings:
            self._paragraph(text("terminal.more", count=len(found) - self._limits.findings))

    def _finding(self, finding: Finding) -> None:
        word = text(f"severity.{finding.severity}")
        self._blocks.append(f"### {self._say(word)}: {self._say(finding.title)} ({_code(finding.rule)})")
        self._paragraph(finding.summary)
        lines = finding.evidence[: self._limits.lines]
        if lines:
            self._blocks.append(_fenced([part for one in lines for part in self._evidence(one)]))
        if len(finding.evidence) > len(lines):
            self._paragraph(text("terminal.evidence-more", count=len(finding.evidence) - len(lines)))
        if lines:
            self._paragraph(text("terminal.advice", advice=finding.advice, reference=finding.reference))

    def _evidence(self, one: Evidence) -> tuple[str, str]:
        number = "" if one.line is None else f":{one.line}"
        shown = shorten(visible(one.within(self._lang)), self._limits.characters)
        remarks = [remark.within(self._lang) for remark in remarks_on(one)]
        return visible(" ".join([f"{self._places.short(one.input)}{number}", *remarks])), f"  {shown}"

    def _shutdowns(self) -> None:
        ends = self._model.shutdowns
        if not ends:
            return
        self._heading("terminal.shutdowns")
        keys = ("time", "server", "trigger", "confidence", "mode", "actor", "command", "ups")
        rows = [[self._say(text(f"report.col.{key}")) for key in keys], ["---"] * len(keys)]
        rows += [
            [
                self._say(on_both_clocks(end.time, end.corrected_time)),
                self._say(end.server),
                self._say(text(f"trigger.{end.trigger}")),
                self._say(text(f"confidence.{end.confidence}")),
                self._say(text(f"mode.{end.mode}")),
                self._say(end.actor if end.actor else text("report.not-known")),
                _code(shorten(end.command, self._limits.characters)) if end.command else "–",
                self._say(text(f"ups-told.{end.ups_told}")),
            ]
            for end in ends[: self._limits.shutdowns]
        ]
        self._blocks.append("\n".join(f"| {' | '.join(row)} |" for row in rows))
        if len(ends) > self._limits.shutdowns:
            self._paragraph(text("terminal.more", count=len(ends) - self._limits.shutdowns))

    def _sequences(self) -> None:
        if not self._model.sequences:
            return
        self._heading("terminal.sequences")
        self._paragraph(text("sequence-page.counts", **counts(self._model.sequences)))
        self._list(deviating(self._model.sequences), self._limits.others, self._deviation)

    def _deviation(self, alike: Sequence[JudgedSequence]) -> str:
        first = alike[0]
        found = deviations(first)
        time = on_both_clocks(first.start, first.corrected_start).within(self._lang)
        title = f"{time} {first.server}: {first.title.within(self._lang)}"
        times = f" (×{len(alike)})" if len(alike) > 1 else ""
        more = [text("terminal.more", count=len(found) - 3)] if len(found) > 3 else []
        return f"{self._say(title)}{times} – {self._say(join([*found[:3], *more]))}"

    def _settings(self) -> None:
        differing = [one for one in self._model.settings if one.status == "differs"]
        if not differing:
            return
        self._heading("terminal.settings")
        self._paragraph(text("settings-page.counts", **count_settings(self._model.settings)))
        self._list(differing, self._limits.others, lambda one: self._say(deviation(one)))

    def _read(self) -> None:
        self._heading("terminal.read")
        self._paragraph(judge(self._model).read)
        self._list(self._model.problems, self._limits.others, self._say)
        made = self._model.generator
        self._paragraph(text("report.made-by", name=made.name, version=made.version), text("markdown.details"))


def _escaped(value: str) -> str:
    """Text as it is: what stands in backquotes is code, and nothing else formats."""
    parts = value.split("`")
    if len(parts) % 2 == 0:
        return _plain(value)
    return "".join(_code(part) if number % 2 else _plain(part) for number, part in enumerate(parts))


def _plain(value: str) -> str:
    # A host name in a log must not become a link in a ticket.
    escaped = _HOST_DOT.sub(r"\\.", _SPECIAL.sub(r"\\\1", visible(value)))
    unlinked = _LINK.sub(lambda found: f"{found[1]}\\{found[2]}", escaped)
    return re.sub(r"^(\s*)([-+]|\d+[.)])(?=\s|$)", r"\1\\\2", unlinked)


def _code(value: str) -> str:
    """A span of code; in a table no bar ends the cell."""
    shown = visible(value).replace("|", "\\|")
    fence = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}" if shown else ""


def _fenced(lines: Sequence[str]) -> str:
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([f"{fence}text", *lines, fence])
