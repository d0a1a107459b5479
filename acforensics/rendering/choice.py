"""Which events, ends and boots the page shows where a case has too many: those that explain most."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import timedelta

from acforensics.case import Boot, CaseModel, Finding, Severity, Shutdown
from acforensics.timeline import TimelineRow

SEVERITIES: tuple[Severity, ...] = ("critical", "warning", "info")
_BEFORE, _AFTER = timedelta(minutes=10), timedelta(minutes=5)
_PLAIN_KINDS = {
    "os.session_opened",
    "os.session_closed",
    "os.command",
    "os.service_stopping",
    "clusterpro.message",
}


def choose_events(timeline: Sequence[TimelineRow], shutdowns: Sequence[Shutdown], limit: int) -> Sequence[TimelineRow]:
    """The rows near a shutdown, and of kinds that tell of stops, power and requests."""
    if len(timeline) <= limit:
        return timeline
    ends = sorted(shutdown.case_time for shutdown in shutdowns)

    def score(row: TimelineRow) -> int:
        following = bisect_left(ends, row.time - _AFTER)
        near = following < len(ends) and ends[following] - _BEFORE <= row.time
        return 2 * near + (row.layer in ("ac", "ups") or row.kind not in _PLAIN_KINDS)

    scores = [score(row) for row in timeline]
    kept = sorted(range(len(timeline)), key=lambda place: -scores[place])[:limit]
    return [timeline[place] for place in sorted(kept)]


def ranked(findings: Sequence[Finding]) -> list[Finding]:
    """The gravest first, then by time."""
    return sorted(findings, key=lambda one: (SEVERITIES.index(one.severity), one.case_start, one.rule))


def severities(model: CaseModel) -> dict[str, Severity]:
    """The gravest finding about each end; ends without any are left out."""
    found: dict[str, Severity] = {}
    for finding in sorted(model.findings, key=lambda one: SEVERITIES.index(one.severity)):
        for name in finding.related:
            found.setdefault(name, finding.severity)
    return found


def choose_ends(model: CaseModel, limit: int) -> list[Shutdown]:
    """Those with the gravest findings, of equals the latest; in the order of the result."""
    ends = model.shutdowns
    if len(ends) <= limit:
        return list(ends)
    graves = severities(model)

    def rank(place: int) -> tuple[int, float, int]:
        severity = graves.get(ends[place].id)
        grade = SEVERITIES.index(severity) if severity is not None else len(SEVERITIES)
        return grade, -ends[place].case_time.timestamp(), place

    return [ends[place] for place in sorted(sorted(range(len(ends)), key=rank)[:limit])]


def choose_boots(model: CaseModel, ends: Sequence[Shutdown], limit: int) -> list[Boot]:
    """Those that one of these ends closed, then the latest of each server; in the order of the result."""
    boots = model.boots
    if len(boots) <= limit:
        return list(boots)
    shown = {end.boot for end in ends}
    later: dict[str, int] = {}
    ages = []
    for boot in reversed(boots):
        later[boot.server] = later.get(boot.server, 0) + 1
        ages.append(later[boot.server])
    ages.reverse()
    ranked = sorted(range(len(boots)), key=lambda place: (boots[place].id not in shown, ages[place], place))
    return [boots[place] for place in sorted(ranked[:limit])]
