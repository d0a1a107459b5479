"""CLUSTERPRO gave up a final action because it had rebooted too often already (HOWTO chapter 4 (2))."""

from __future__ import annotations

from acforensics.boots import Boot
from acforensics.case import Finding
from acforensics.events import Event
from acforensics.findings.context import FindingContext
from acforensics.findings.disks import concerns, name_of
from acforensics.texts import Text, join, text

_RULE = "restart-limit-reached"
_KIND = "clusterpro.restart_limit_reached"
_ERRORS = ("clusterpro.monitor_error", "clusterpro.resource_activation_failed")
_OVER = ("clusterpro.monitor_recovered", "clusterpro.resource_activated")


def find(context: FindingContext) -> list[Finding]:
    """One finding for each monitor or resource of a boot that reached its limit."""
    found = []
    for boots in context.boots.values():
        for boot in boots:
            reached: dict[str, list[Event]] = {}
            for event in boot.events:
                if event.kind == _KIND and "repeated" not in event.fields:
                    reached.setdefault(name_of(event), []).append(event)
            found += [_finding(context, boot, name, events) for name, events in reached.items()]
    return found


def _finding(context: FindingContext, boot: Boot, name: str, events: list[Event]) -> Finding:
    first = events[0]
    limit = first.fields.get("limit")
    errors = [e for e in boot.events if e.kind in _ERRORS and e.time <= first.time and concerns(e, name)]
    behind = (e for e in boot.events if e.kind in _OVER and e.time >= first.time and concerns(e, name))
    over = next(behind, None)
    shown: Text | str = name or text(f"finding.{_RULE}.unnamed")
    summary = [
        text(f"finding.{_RULE}.summary", server=boot.server, time=context.clock(boot.server, first.time), name=shown),
        text(f"finding.{_RULE}.limit", limit=limit) if limit else text(f"finding.{_RULE}.limit-unknown"),
        text(f"finding.{_RULE}.meaning", server=boot.server),
    ]
    if over is not None:
        summary.append(text(f"finding.{_RULE}.over", name=shown, time=context.clock(boot.server, over.time)))
    before = context.end_before(boot)
    return context.finding(
        _RULE,
        "warning",
        [before] if before is not None else [],
        spans=[(boot.server, first.time, over.time if over is not None else events[-1].time)],
        title=text(f"finding.{_RULE}.title", server=boot.server, name=shown),
        summary=join(summary),
        advice=text(f"finding.{_RULE}.advice"),
        events=[*events[:1], *errors[-1:], *([over] if over is not None else [])],
        servers=[boot.server],
    )
