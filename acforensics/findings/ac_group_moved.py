"""The AC group of one server was activated on another: it must never leave its own (HOWTO chapters 2 and 4)."""

from __future__ import annotations

from acforensics.boots import Boot
from acforensics.case import Finding
from acforensics.cooperation import AcGroup, with_moves
from acforensics.events import Event
from acforensics.findings.context import FindingContext
from acforensics.shutdowns.view import same_server
from acforensics.texts import join, text

_RULE = "ac-group-moved"
_THERE = ("clusterpro.group_activated", "clusterpro.group_moved", "clusterpro.failover_completed")
_BEGUN = ("clusterpro.group_activating", "clusterpro.group_moving", "clusterpro.failover_started")
_FAILED = (
    "clusterpro.group_activation_failed",
    "clusterpro.group_move_failed",
    "clusterpro.failover_failed",
    "clusterpro.failover_no_target",
)


def find(context: FindingContext) -> list[Finding]:
    """One finding for each AC group and each other server on which it was started or moved."""
    found = []
    for group in context.ac_groups.groups:
        for server, boots in context.boots.items():
            if same_server(server, group.home):
                continue
            signs = [own for boot in boots if (own := _signs(boot, group.name))]
            if signs:
                found.append(_finding(context, group, server, signs))
    return found


def _signs(boot: Boot, group: str) -> list[Event]:
    """Records of this boot by which the group came here; an attempt that found no place to go is none."""
    own = [event for event, _ in with_moves(boot.events) if event.fields.get("group") == group]
    there = [event for event in own if event.kind in _THERE]
    begun = [event for event in own if event.kind in _BEGUN]
    if there:
        return sorted([*begun, *there], key=lambda event: event.time)
    activating = [event for event in begun if event.kind == "clusterpro.group_activating"]
    failed = [event for event in own if event.kind in _FAILED]
    return begun if activating or (begun and not failed) else []


def _finding(context: FindingContext, group: AcGroup, server: str, signs: list[list[Event]]) -> Finding:
    events = [event for own in signs for event in own]
    first = events[0]
    kinds = {event.kind for event in events}
    if kinds & {"clusterpro.failover_started", "clusterpro.failover_completed"}:
        how = "failed-over"
    elif kinds & {"clusterpro.group_moving", "clusterpro.group_moved"}:
        how = "moved"
    else:
        how = "activated"
    if not kinds & set(_THERE):
        how += "-begun"
    values = {"group": group.name, "home": group.home, "server": server}
    summary = [
        text(f"finding.{_RULE}.{how}", time=context.clock(first.time), **values),
        text(f"finding.{_RULE}.basis-{group.basis}", count=group.starts[group.home], **values),
        text(f"finding.{_RULE}.meaning", **values),
    ]
    if len(signs) > 1:
        summary.insert(1, text(f"finding.{_RULE}.again", boots=len(signs), server=server))
    return context.finding(
        _RULE,
        "warning",
        [],
        span=(first.time, max(event.time for event in events)),
        title=text(f"finding.{_RULE}.title", **values),
        summary=join(summary),
        advice=text(f"finding.{_RULE}.advice"),
        events=[*(own[0] for own in signs), *(own[-1] for own in signs), *_usual(context, group)],
        servers=[server],
    )


def _usual(context: FindingContext, group: AcGroup) -> list[Event]:
    """One record of the group's start where it belongs."""
    for boot in context.boots.get(group.home, ()):
        for event, moved in with_moves(boot.events):
            if event.kind == "clusterpro.group_activated" and event.fields["group"] == group.name and not moved:
                return [event]
    return []
