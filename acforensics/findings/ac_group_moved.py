"""The AC group of one server was activated on another: it must never leave its own (HOWTO chapters 2 and 4)."""

from __future__ import annotations

from collections.abc import Sequence

from acforensics.boots import Boot
from acforensics.case import Finding
from acforensics.cooperation import AcGroup, with_moves
from acforensics.events import Event
from acforensics.findings.context import FindingContext
from acforensics.shutdowns.view import same_server
from acforensics.texts import join, text

_RULE = "ac-group-moved"
_THERE = ("clusterpro.group_activated", "clusterpro.group_moved", "clusterpro.failover_completed")
_MOVING = "clusterpro.group_moving"
_BEGUN = ("clusterpro.group_activating", _MOVING, "clusterpro.failover_started")
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
            if same_server(server, group.home) or server not in group.servers:
                continue
            signs = [own for boot in boots if (own := _signs(boot, group.name))]
            if signs:
                found.append(_finding(context, group, server, signs))
    return found


def _signs(boot: Boot, group: str) -> list[Event]:
    """Records of this boot by which the group came here; an attempt that found no place to go is none."""
    own, _ = _came_and_left([event for event, _ in with_moves(boot.events) if event.fields.get("group") == group])
    there = [event for event in own if event.kind in _THERE]
    begun = [event for event in own if event.kind in _BEGUN]
    if there:
        return sorted([*begun, *there], key=lambda event: event.time)
    activating = [event for event in begun if event.kind == "clusterpro.group_activating"]
    failed = [event for event in own if event.kind in _FAILED]
    return begun if activating or (begun and not failed) else []


def _came_and_left(events: Sequence[Event]) -> tuple[list[Event], Event | None]:
    """A group's records of one boot without those by which it went away, and the last of these, if it is gone."""
    came: list[Event] = []
    here = leaving = False
    left: Event | None = None
    for event in events:
        if here and event.kind == _MOVING:
            leaving = True
        elif leaving and event.kind in ("clusterpro.group_moved", "clusterpro.group_move_failed"):
            leaving = False
        elif event.kind in ("clusterpro.group_stopping", "clusterpro.group_stopped"):
            if came and came[-1].kind == _MOVING:
                # It was there before the log begins.
                came.pop()
                leaving = True
            if event.kind == "clusterpro.group_stopped":
                here, left = False, event if came else None
        else:
            came.append(event)
            if event.kind in _THERE:
                here, left = True, None
    return came, left


def _gone(context: FindingContext, group: str, server: str) -> Event | None:
    """The record by which the group is seen to have left a server, in the last boot in which it was there."""
    for boot in reversed(context.boots[server]):
        own = [event for event, _ in with_moves(boot.events) if event.fields.get("group") == group]
        if _signs(boot, group):
            return _came_and_left(own)[1]
    return None


def _finding(context: FindingContext, group: AcGroup, server: str, signs: list[list[Event]]) -> Finding:
    events = [event for own in signs for event in own]
    first = events[0]
    kinds = {event.kind for event in events}
    if kinds & {"clusterpro.failover_started", "clusterpro.failover_completed"}:
        how = "failed-over"
    elif kinds & {_MOVING, "clusterpro.group_moved"}:
        how = "moved"
    else:
        how = "activated"
    if not kinds & set(_THERE):
        how += "-begun"
    values = {"group": group.name, "home": group.home, "server": server}
    summary = [
        text(f"finding.{_RULE}.{how}", time=context.clock(server, first.time), **values),
        text(f"finding.{_RULE}.basis-{group.basis}", count=group.starts[group.home], **values),
        text(f"finding.{_RULE}.meaning", **values),
    ]
    if len(signs) > 1:
        summary.insert(1, text(f"finding.{_RULE}.again", boots=len(signs), server=server))
    gone = _gone(context, group.name, server)
    if gone is not None:
        summary.append(text(f"finding.{_RULE}.left", time=context.clock(server, gone.time), **values))
    return context.finding(
        _RULE,
        "warning",
        [],
        spans=[(server, first.time, max(event.time for event in events))],
        title=text(f"finding.{_RULE}.title", **values),
        summary=join(summary),
        advice=text(f"finding.{_RULE}.advice"),
        events=[
            *(own[0] for own in signs),
            *(own[-1] for own in signs),
            *([gone] if gone else []),
            *_usual(context, group),
        ],
        servers=[server],
    )


def _usual(context: FindingContext, group: AcGroup) -> list[Event]:
    """One record of the group's start where it belongs."""
    for boot in context.boots.get(group.home, ()):
        for event, moved in with_moves(boot.events):
            if event.kind == "clusterpro.group_activated" and event.fields["group"] == group.name and not moved:
                return [event]
    return []
