"""The table of events: what the chart draws, for reading and searching, with what on the page cites each line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from acforensics.case import Evidence, Finding, Severity, Shutdown
from acforensics.plain import shorten, visible
from acforensics.texts import Text, literal, text
from acforensics.timeline import TimelineRow

_MAX_TEXT = 250
_MOST_CITATIONS = 3

Place = tuple[str, int | None]


@dataclass(frozen=True)
class Citation:
    """A finding or an end on the page whose evidence a line is."""

    anchor: str
    label: Text
    severity: Severity | None
    """None for an end."""


@dataclass(frozen=True)
class Row:
    """One event; `own_time` only where the server's clock differs."""

    time: str
    own_time: str
    server: str
    layer: str
    kind: str
    text: str
    where: str
    cited: list[Citation]
    """The gravest first."""

    @property
    def severity(self) -> Severity | None:
        """That of the gravest finding that cites it."""
        return next((one.severity for one in self.cited if one.severity is not None), None)


def citations(
    findings: Sequence[tuple[str, Finding]], ends: Sequence[tuple[str, Shutdown]]
) -> Mapping[Place, list[Citation]]:
    """(file, line) → what cites it. Give findings and ends with their anchors, the gravest first."""
    found: dict[Place, list[Citation]] = {}
    for anchor, finding in findings:
        _cite(found, finding.evidence, Citation(anchor, literal(finding.rule), finding.severity))
    for anchor, end in ends:
        citation = Citation(anchor, text("report.cited-end", time=f"{end.time:%H:%M:%S}"), None)
        _cite(found, [*end.evidence, *(line for reason in end.reasons for line in reason.evidence)], citation)
    return found


def _cite(found: dict[Place, list[Citation]], evidence: Sequence[Evidence], citation: Citation) -> None:
    for line in evidence:
        for place in ((line.input, line.line), *((other.input, other.line) for other in line.also)):
            known = found.setdefault(place, [])
            if citation not in known and len(known) < _MOST_CITATIONS:
                known.append(citation)


def event_rows(
    chosen: Sequence[TimelineRow], cited: Mapping[Place, list[Citation]], place: Callable[[str, int | None], str]
) -> list[Row]:
    """The rows of these events; `place` shows file and line."""
    return [
        Row(
            time=_shown(event.local_time),
            own_time=_shown(event.server_time) if event.server_time != event.local_time else "",
            server=event.server,
            layer=event.layer,
            kind=event.kind,
            text=shorten(visible(event.message), _MAX_TEXT),
            where=place(event.input, event.line),
            cited=cited.get((event.input, event.line), []),
        )
        for event in chosen
    ]


def _shown(time: str) -> str:
    return time[:19].replace("T", " ")
