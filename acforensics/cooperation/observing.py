"""What the records show that settings must fit: how long business groups take to stop, how far apart servers start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from acforensics.boots import Boot
from acforensics.clocks import CaseClock
from acforensics.clocks.years import nearest
from acforensics.cooperation.groups import AcGroups
from acforensics.events import Event
from acforensics.settings import LongestStop, Observed

_ONE_START = timedelta(minutes=30)
"""Starts of servers this close, after they were all down, are one return of power."""


def observe(boots: Mapping[str, Sequence[Boot]], groups: AcGroups, clock: CaseClock) -> Observed:
    """Measure both; what cannot be measured stays unknown."""
    stops = {server: stop for server, own in boots.items() if (stop := _longest_stop(own, groups)) is not None}
    return Observed(longest_stops=stops, power_on_spread=_spread(boots, clock))


def _longest_stop(boots: Sequence[Boot], groups: AcGroups) -> LongestStop | None:
    """The longest completed stop of a group that is not ESMPRO/AC's (rc 20 to rc 21)."""
    longest: LongestStop | None = None
    for boot in boots:
        begun: dict[str, Event] = {}
        for event in boot.events:
            group = event.fields.get("group", "")
            if not group or not groups.is_business(group, boot.server) or "repeated" in event.fields:
                continue
            if event.kind == "clusterpro.group_stopping":
                begun[group] = event
            elif event.kind == "clusterpro.group_stopped" and group in begun:
                seconds = (event.time - begun.pop(group).time).total_seconds()
                if seconds >= 0 and (longest is None or seconds > longest.seconds):
                    witness = event.witnesses[0]
                    longest = LongestStop(seconds, group, witness.input, witness.line)
    return longest


def _spread(boots: Mapping[str, Sequence[Boot]], clock: CaseClock) -> float | None:
    """The longest time between the first and the last start of servers that started together.

    Only where the clocks of all can be compared, and every server started within half an hour.
    """
    if len(boots) < 2:
        return None
    servers = sorted(boots)
    others = {
        name: sorted(clock.corrected(name, boot.start) for boot in boots[name] if boot.start is not None)
        for name in servers[1:]
    }
    spreads = []
    for boot in boots[servers[0]]:
        if boot.start is None:
            continue
        start = clock.corrected(boot.server, boot.start)
        starts = [start]
        for other in servers[1:]:
            if clock.uncertainty(servers[0], other, boot.start) is None:
                break
            near = nearest(others[other], start)
            if near is None or abs(near - start) > _ONE_START:
                break
            starts.append(near)
        else:
            spreads.append((max(starts) - min(starts)).total_seconds())
    return max(spreads, default=None)
