"""The summary for a terminal: verdict, findings, shutdowns, what was read, where the report is."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from acforensics.case import CaseModel, Evidence, Finding, Shutdown
from acforensics.rendering.plain import shorten, visible
from acforensics.rendering.verdict import Incident, clock, judge
from acforensics.rendering.view import SEVERITIES, Places, case_name
from acforensics.rendering.wrapping import pad, width_of, wrap
from acforensics.texts import Language, Text, join, text

_STYLES = {
    "bold": "1",
    "dim": "2",
    "critical": "1;31",
    "warning": "1;33",
    "info": "1;36",
    "ok": "1;32",
    "heading": "1;4",
}
_MOST_FINDINGS = 20
_MOST_LINES = 3
_MOST_SHUTDOWNS = 20
_MOST_PROBLEMS = 10
_MOST_MISSING = 6
_MOST_WIDTH = 100
_TEXT_LIMIT = 300


def print_summary(model: CaseModel, lang: Language, report: Path | None) -> None:
    """Write the summary to standard output: as wide as the terminal, in colour only where one is shown.

    `NO_COLOR` and `FORCE_COLOR` are heeded; characters that the terminal cannot show are written out.
    """
    asked = not os.environ.get("NO_COLOR") and (bool(os.environ.get("FORCE_COLOR")) or sys.stdout.isatty())
    shown = render(
        model,
        lang,
        width=shutil.get_terminal_size().columns,
        colour=asked and os.environ.get("TERM") != "dumb",
        report=str(report) if report is not None else None,
    )
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(shown.encode(encoding, "backslashreplace").decode(encoding))


def render(
    model: CaseModel,
    lang: Language = "en",
    *,
    width: int = 80,
    colour: bool = False,
    report: str | None = None,
) -> str:
    """Return the summary; without `colour` it holds no escape codes at all.

    Args:
        model: the result.
        lang: language of the summary.
        width: cells of a line (text is set no wider than 100).
        colour: whether to use ANSI colours.
        report: where the HTML report was written.
    """
    page = _Page(lang, max(40, min(width, _MOST_WIDTH)), colour)
    page.line(visible(case_name(model)), "bold")
    page.paragraph(text("terminal.zone", zone=model.timezone), style="dim")
    _missing(page, model)
    _verdict(page, model)
    _findings(page, model)
    _shutdowns(page, model)
    _read(page, model)
    if report is not None:
        page.gap()
        page.line(visible(text("terminal.report", path=report).within(lang)), "bold")
    return page.text()


class _Page:
    """Collects lines of one width in one language."""

    def __init__(self, lang: Language, width: int, colour: bool) -> None:
        self.lang = lang
        self.width = width
        self._colour = colour
        self._lines: list[str] = []

    def text(self) -> str:
        return "\n".join(self._lines) + "\n"

    def say(self, value: Text | str) -> str:
        return visible(value if isinstance(value, str) else value.within(self.lang))

    def style(self, value: str, style: str | None) -> str:
        return f"\x1b[{_STYLES[style]}m{value}\x1b[0m" if self._colour and style and value else value

    def gap(self) -> None:
        self._lines.append("")

    def line(self, shown: str, style: str | None = None) -> None:
        """A line that is already harmless."""
        self._lines.append(self.style(shown, style))

    def heading(self, key: str) -> None:
        self.gap()
        self.line(text(key).within(self.lang), "heading")

    def paragraph(self, value: Text | str, indent: int = 0, style: str | None = None, mark: str = "") -> None:
        """Wrapped text; `mark` stands before its first line."""
        hang = indent + width_of(mark)
        for number, piece in enumerate(wrap(self.say(value), self.width - hang)):
            self._lines.append(" " * indent + (mark if not number else " " * width_of(mark)) + self.style(piece, style))


def _missing(page: _Page, model: CaseModel) -> None:
    """What the case lacks comes first: a verdict is only as good as what was read."""
    if not model.missing:
        return
    page.heading("terminal.missing")
    for one in model.missing[:_MOST_MISSING]:
        page.paragraph(join([one.text, one.without]), mark="- ")
    if len(model.missing) > _MOST_MISSING:
        page.paragraph(text("terminal.more", count=len(model.missing) - _MOST_MISSING), style="dim")


def _verdict(page: _Page, model: CaseModel) -> None:
    page.heading("terminal.verdict")
    verdict = judge(model)
    for number, incident in enumerate(verdict.incidents):
        if number:
            page.gap()
        _incident(page, incident)
    for sentence in verdict.nothing:
        page.paragraph(sentence)
    if verdict.advice is not None:
        page.paragraph(text("terminal.what-to-do", advice=verdict.advice))
    if verdict.left_out:
        page.paragraph(text("verdict.left-out", count=verdict.left_out), style="dim")
    page.gap()
    page.paragraph(verdict.read, style="dim")


def _incident(page: _Page, incident: Incident) -> None:
    word = text(f"severity.{incident.grade}").within(page.lang)
    page.line(f"{page.style(word, incident.grade)}  {visible(incident.when().within(page.lang))}")
    page.paragraph(incident.headline, 2, "bold")
    sure = text("verdict.sure", word=text(f"confidence.{incident.confidence}"))
    separator = " " if page.lang == "en" else ""
    page.paragraph(separator.join(page.say(part) for part in (sure, *incident.why, incident.ups, *incident.after)), 2)
    page.paragraph(text("terminal.what-to-do", advice=incident.advice), 2)


def _findings(page: _Page, model: CaseModel) -> None:
    page.heading("terminal.findings")
    if not model.findings:
        page.paragraph(text("report.no-findings"))
        return
    places = Places([item.path for item in model.inputs])
    ranked = sorted(model.findings, key=lambda f: (SEVERITIES.index(f.severity), f.start, f.rule))
    for number, finding in enumerate(ranked[:_MOST_FINDINGS]):
        if number:
            page.gap()
        _finding(page, finding, places)
    if len(ranked) > _MOST_FINDINGS:
        page.paragraph(text("terminal.more", count=len(ranked) - _MOST_FINDINGS), style="dim")


def _finding(page: _Page, finding: Finding, places: Places) -> None:
    word = text(f"severity.{finding.severity}").within(page.lang)
    page.line(f"{page.style(word, finding.severity)}  {visible(finding.rule)}")
    page.paragraph(finding.title, 2, "bold")
    page.paragraph(finding.summary, 2)
    for one in finding.evidence[:_MOST_LINES]:
        _evidence(page, one, places)
    if len(finding.evidence) > _MOST_LINES:
        page.paragraph(text("terminal.evidence-more", count=len(finding.evidence) - _MOST_LINES), 4, "dim")


def _evidence(page: _Page, one: Evidence, places: Places) -> None:
    number = "" if one.line is None else f":{one.line}"
    page.paragraph(f"{places.short(one.input)}{number}", 4, "dim")
    page.paragraph(shorten(visible(one.text), _TEXT_LIMIT), 6)


def _shutdowns(page: _Page, model: CaseModel) -> None:
    if not model.shutdowns:
        return
    page.heading("terminal.shutdowns")
    rows = [_row(page, end) for end in model.shutdowns[:_MOST_SHUTDOWNS]]
    headings = {key: text(f"report.col.{key}").within(page.lang) for key in rows[0]}
    widths = {key: max(width_of(row[key]) for row in [headings, *rows]) for key in headings}
    # Where the table is too wide, columns give way, and on a narrow terminal the least important ones go.
    for column, least in (("trigger", 16), ("server", 8), ("mode", 0), ("confidence", 0), ("ups", 0), ("trigger", 8)):
        spare = sum(widths.values()) + 2 * (len(widths) - 1) - page.width
        if spare > 0 and least:
            widths[column] = max(least, min(widths[column], widths[column] - spare))
        elif spare > 0:
            del widths[column]
    page.line(_columns(headings, widths), "dim")
    for row in rows:
        page.line(_columns(row, widths))
    if len(model.shutdowns) > _MOST_SHUTDOWNS:
        page.paragraph(text("terminal.more", count=len(model.shutdowns) - _MOST_SHUTDOWNS), style="dim")


def _row(page: _Page, end: Shutdown) -> dict[str, str]:
    return {
        "time": clock(end.time),
        "server": visible(end.server),
        "trigger": text(f"trigger.{end.trigger}").within(page.lang),
        "confidence": text(f"confidence.{end.confidence}").within(page.lang),
        "mode": text(f"mode.{end.mode}").within(page.lang),
        "ups": text(f"ups-told.{end.ups_told}").within(page.lang),
    }


def _columns(cells: Mapping[str, str], widths: Mapping[str, int]) -> str:
    return "  ".join(pad(cells[key], width) for key, width in widths.items()).rstrip()


def _read(page: _Page, model: CaseModel) -> None:
    page.heading("terminal.read")
    used = [item for item in model.inputs if item.records and item.first is not None and item.last is not None]
    for server in dict.fromkeys(item.server for item in used):
        own = [item for item in used if item.server == server]
        page.paragraph(
            text(
                "terminal.by-server",
                server=server,
                files=len(own),
                records=sum(item.records for item in own),
                events=sum(item.events for item in own),
                first=clock(min(item.first for item in own if item.first is not None)),
                last=clock(max(item.last for item in own if item.last is not None)),
            )
        )
    if len(used) < len(model.inputs):
        page.paragraph(text("terminal.without-records", count=len(model.inputs) - len(used)))
    if model.problems:
        page.heading("terminal.problems")
        for problem in model.problems[:_MOST_PROBLEMS]:
            page.paragraph(problem, mark="- ")
        if len(model.problems) > _MOST_PROBLEMS:
            page.paragraph(text("terminal.more", count=len(model.problems) - _MOST_PROBLEMS), style="dim")
