"""What the page shows, prepared from the result: short paths, formatted times, bounded lists. No markup."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, get_args

from acforensics.case import (
    Boot,
    CaseModel,
    Coverage,
    Evidence,
    Finding,
    Input,
    Reason,
    Setting,
    SettingStatus,
    Shutdown,
    Trigger,
)
from acforensics.charts import LAYERS, Drawn
from acforensics.coverage import length_text
from acforensics.moments import clock
from acforensics.plain import shorten, visible
from acforensics.rendering.blocks import Block, blocks
from acforensics.rendering.choice import choose_boots, choose_ends, choose_events, ranked
from acforensics.rendering.event_table import Row, citations, event_rows
from acforensics.rendering.limits import Limits
from acforensics.rendering.sequences import counts
from acforensics.rendering.settings import count_settings
from acforensics.rendering.story import Passage
from acforensics.texts import Text, text
from acforensics.timeline import TimelineRow

if TYPE_CHECKING:
    from acforensics.sources import Surroundings

_MAX_TEXT = 500
_MOST_PLACES = 3
WEIGHTS = ("for", "against", "missing")


@dataclass(frozen=True)
class Line:
    """One line of evidence, ready to show."""

    where: str
    path: str
    time: str
    corrected: str
    """On the case's clock, where the server's differs."""
    text: str
    words: Text | None
    """Instead of the text, where it is ours and not a log's."""
    certainty: str
    """Only where the format is not verified: `inferred` or `unverified`."""
    also: list[str]
    """Other places that record the same."""
    disagreements: list[Text]
    before: list[tuple[int, str]]
    after: list[tuple[int, str]]
    """The lines around it, with their numbers."""


@dataclass(frozen=True)
class Lines:
    """Evidence of one statement, bounded, and how many lines were left out."""

    shown: list[Line]
    left_out: int


class Places:
    """Shows paths without what all of them share, so that the part that tells them apart fits on a line."""

    def __init__(self, paths: Sequence[str]) -> None:
        outer = sorted({path.partition("!")[0] for path in paths})
        self._one = len(outer) == 1
        parents = [str(PurePath(path).parent) for path in outer]
        self._prefix = _common(parents) if parents else ""

    def short(self, path: str) -> str:
        """`svr031/var/log/syslog` for `/tmp/case.tar.gz!svr031/var/log/syslog`, if there is one archive."""
        outer, bang, inner = path.partition("!")
        if bang and self._one:
            return inner
        if self._prefix and outer.startswith(self._prefix + "/"):
            outer = outer[len(self._prefix) + 1 :]
        return outer + bang + inner


class View:
    """Everything the template asks for."""

    def __init__(
        self,
        model: CaseModel,
        timeline: Sequence[TimelineRow],
        limits: Limits,
        surroundings: Mapping[tuple[str, int], Surroundings],
    ) -> None:
        self.model = model
        self._surroundings = surroundings
        self.limits = limits
        ends = choose_ends(model, limits.marks)
        self.drawn = Drawn(
            choose_events(timeline, model.shutdowns, limits.events), ends, choose_boots(model, ends, limits.marks)
        )
        self._shutdowns = choose_ends(model, limits.shutdowns)
        self._anchors = {end.id: f"end-{number}" for number, end in enumerate(self._shutdowns, 1)}
        self._findings = ranked(model.findings)[: limits.findings]
        self._finding_anchors = {id(one): f"finding-{number}" for number, one in enumerate(self._findings, 1)}
        self._ends = {end.id: end for end in model.shutdowns}
        self.places = Places([item.path for item in model.inputs])
        self._timeline = timeline
        self._sequences = blocks(model.sequences, limits.sequences, limits.steps)
        self._by_shutdown = {one.sequence.shutdown: one for one in self._sequences if one.sequence.shutdown}

    # --- evidence

    def lines(self, evidence: Sequence[Evidence]) -> Lines:
        """Evidence to show, the decisive line first."""
        most = self.limits.lines
        return Lines([self._line(one) for one in evidence[:most]], max(0, len(evidence) - most))

    def _line(self, one: Evidence) -> Line:
        number = "" if one.line is None else f":{one.line}"
        line = one.line or 0
        around = self._surroundings.get((one.input, line))
        before, after = ([*around.before], [*around.after]) if around is not None else ([], [])
        return Line(
            where=self.place(one.input, one.line),
            path=visible(one.input) + number,
            time=clock(one.time) if one.time is not None else "",
            corrected=clock(one.corrected_time) if one.corrected_time is not None else "",
            text=shorten(visible(one.text), _MAX_TEXT),
            words=one.words,
            certainty="" if one.certainty == "verified" else one.certainty,
            also=[self.place(other.input, other.line) for other in one.also],
            disagreements=one.disagreements,
            before=[(n, visible(said)) for n, said in enumerate(before, line - len(before))],
            after=[(n, visible(said)) for n, said in enumerate(after, line + 1)],
        )

    def place(self, path: str, line: int | None) -> str:
        """`file:line`, as short as it can be told apart."""
        return visible(self.places.short(path)) + ("" if line is None else f":{line}")

    # --- stories, sequences, settings

    def places_of(self, passage: Passage) -> list[Line]:
        """Where a passage of a story is on record."""
        return [self._line(one) for one in passage.evidence[:_MOST_PLACES]]

    def sequences(self) -> list[Block]:
        """What deviates first."""
        return self._sequences

    def sequence_of(self, shutdown: str) -> Block | None:
        """The sequence that was expected of an end, if it is on the page."""
        return self._by_shutdown.get(shutdown)

    def count_sequences(self) -> Mapping[str, int]:
        """How many there are of each verdict."""
        return counts(self.model.sequences)

    def source_of(self, setting: Setting) -> str:
        """File and line of a setting, as short as it can be told apart."""
        return visible(self.places.short(setting.source))

    def settings(self, status: SettingStatus) -> list[Setting]:
        """Those of one result, bounded."""
        return [one for one in self.model.settings if one.status == status][: self.limits.settings]

    def count_settings(self) -> Mapping[str, int]:
        """How many there are of each result."""
        return count_settings(self.model.settings)

    # --- lists, bounded

    def findings(self) -> list[Finding]:
        """The gravest first, then by time."""
        return self._findings

    def shutdowns(self) -> list[Shutdown]:
        """Those with the gravest findings, by time."""
        return self._shutdowns

    def boots(self) -> list[tuple[Boot, Shutdown | None, Text | None]]:
        """Each boot with the shutdown that ended it and its length, server by server."""
        ends = {shutdown.boot: shutdown for shutdown in self.model.shutdowns}
        chosen = choose_boots(self.model, self._shutdowns, self.limits.boots)
        # Their order in the result is that of time, and sorting keeps it.
        return [(boot, ends.get(boot.id), _length(boot)) for boot in sorted(chosen, key=lambda boot: boot.server)]

    def anchor(self, shutdown: str) -> str | None:
        """Where on the page a shutdown's reasons stand; none where they were left out."""
        return self._anchors.get(shutdown)

    def finding_anchor(self, finding: Finding) -> str:
        """Where on the page a finding stands."""
        return self._finding_anchors[id(finding)]

    def related(self, finding: Finding) -> list[Shutdown]:
        """The shutdowns that a finding is about, bounded."""
        return [self._ends[name] for name in finding.related if name in self._ends][: self.limits.lines]

    def reasons(self, shutdown: Shutdown) -> list[tuple[str, list[Reason]]]:
        """Reasons by weight; weights without reasons are left out."""
        grouped = [(weight, [r for r in shutdown.reasons if r.weight == weight]) for weight in WEIGHTS]
        return [(weight, reasons) for weight, reasons in grouped if reasons]

    def coverage(self) -> list[Coverage]:
        """Logs with what they do not show first, then in the order of the result; bounded."""
        ranked = sorted(self.model.coverage, key=lambda log: not (log.gaps or log.holes or log.losses))
        chosen = {id(log) for log in ranked[: self.limits.inputs]}
        return [log for log in self.model.coverage if id(log) in chosen]

    def inputs(self) -> list[Input]:
        """Files with records."""
        return [item for item in self.model.inputs if item.records][: self.limits.inputs]

    def empty_inputs(self) -> list[Input]:
        """Files that gave nothing, bounded."""
        return [item for item in self.model.inputs if not item.records][: self.limits.inputs]

    def count_inputs(self, with_records: bool) -> int:
        """How many files there are of either sort."""
        return sum(bool(item.records) is with_records for item in self.model.inputs)

    def shared_notes(self) -> list[Text]:
        """Notes that every file with records carries: said once above the table."""
        own = [item.notes for item in self.model.inputs if item.records]
        return [note for note in own[0] if all(note in notes for notes in own)] if len(own) > 1 else []

    def rows(self) -> list[Row]:
        """The events that the chart draws."""
        anchors = [(self.finding_anchor(finding), finding) for finding in self.findings()]
        cited = citations(anchors, [(self._anchors[end.id], end) for end in self.shutdowns()])
        return event_rows(self.drawn.events, cited, self.place)

    def layers(self) -> list[str]:
        """Those of the events that are drawn."""
        found = {event.layer for event in self.drawn.events}
        return [layer for layer in LAYERS if layer in found]

    def row_servers(self) -> list[str]:
        """Those of the events that are drawn."""
        return sorted({event.server for event in self.drawn.events})

    def triggers(self) -> list[str]:
        """Those of the ends that are drawn."""
        found = {end.trigger for end in self.drawn.ends}
        return [trigger for trigger in get_args(Trigger) if trigger in found]

    @property
    def event_count(self) -> int:
        """All recognised events."""
        return len(self._timeline)


def remarks_on(one: Evidence) -> list[Text]:
    """What must be known of a line where it has no tags: its time on the case's clock, a form not verified."""
    said = [text("report.corrected", time=clock(one.corrected_time))] if one.corrected_time is not None else []
    return [*said, text("report.form-unverified")] if one.certainty == "unverified" else said


def case_name(model: CaseModel) -> str:
    """The base names of what was given to the tool."""
    outer = sorted({path.path.partition("!")[0] for path in model.inputs})
    if not any("!" in item.path for item in model.inputs) and len(outer) > 1:
        shared = _common([str(PurePath(path).parent) for path in outer])
        if shared not in ("", ".", "/"):
            return PurePath(shared).name
    found = list(dict.fromkeys(PurePath(path).name for path in outer))
    if not found:
        return "-"
    shown = ", ".join(found[:3])
    return shown if len(found) <= 3 else f"{shown} +{len(found) - 3}"


def _common(paths: Sequence[str]) -> str:
    """The longest directory that all paths lie in, or are."""
    first, last = min(paths).split("/"), max(paths).split("/")
    shared = []
    for a, b in zip(first, last, strict=False):
        if a != b:
            break
        shared.append(a)
    return "/".join(shared)


def _length(boot: Boot) -> Text | None:
    if boot.start is None or boot.end is None:
        return None
    return length_text(boot.end - boot.start)
