"""The clock of a server differs from the others', or was set within the logs."""

from __future__ import annotations

from acforensics.case import Finding
from acforensics.clocks import ServerClock, Span
from acforensics.findings.context import FindingContext
from acforensics.texts import Text, join, text

_LEAST = 2.0
"""Seconds; less than that changes no conclusion, and stamps often have whole seconds only."""
_MOST_PAIRS = 4


def find(context: FindingContext) -> list[Finding]:
    """One finding for each server whose clock was off, as far as that can be told from none."""
    found = []
    for server, clock in sorted(context.case_clock.servers.items()):
        off = [span for span in clock.spans if abs(span.offset) > max(span.spread, _LEAST)]
        if clock.basis in ("unknown", "bounded") or not off or not context.boots.get(server):
            continue
        found.append(_finding(context, clock, off))
    return found


def _finding(context: FindingContext, clock: ServerClock, off: list[Span]) -> Finding:
    boots = context.boots[clock.server]
    first, last = boots[0].first, boots[-1].last
    start, end = off[0].since or first, off[-1].until or last
    events = [
        event for span in off for pair in span.pairs[:_MOST_PAIRS] for event in (pair.one_event, pair.other_event)
    ]
    changed = len(clock.spans) > 1
    worst = max(off, key=lambda span: abs(span.offset))
    summary: list[Text] = [text("finding.clock-skew.summary", server=clock.server, basis=clock.note)]
    summary.append(text("finding.clock-skew.changed" if changed else "finding.clock-skew.shown"))
    return context.finding(
        "clock-skew",
        "info",
        [],
        spans=[(clock.server, min(start, end), max(start, end))],
        title=text(
            "finding.clock-skew.title-ahead" if worst.offset > 0 else "finding.clock-skew.title-behind",
            server=clock.server,
            seconds=f"{abs(worst.offset):.1f}",
        ),
        summary=join(summary),
        advice=text("finding.clock-skew.advice", server=clock.server),
        events=events,
        servers=[clock.server],
    )
