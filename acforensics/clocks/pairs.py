"""Records of one occurrence on two servers: which records may be such, and how far apart in time they may truly lie.

Only what is truly common counts: a start of a server as it and its peer record it, a stop of the whole cluster, a UPS
that both watch. Two servers that merely do the same (each reboots because its disk is missing) share nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime

from acforensics.clocks.own_clock import OwnClock
from acforensics.clocks.sightings import (
    EITHER_WAY,
    NEARLY_TOGETHER,
    SENT,
    TOGETHER,
    Lag,
    Names,
    Occurrences,
    Sheet,
    Sighting,
    read_sheet,
)  # fmt: skip
from acforensics.clusters import Clusters

_SAME_RECORD = 1.0

_SYMMETRIC: dict[str, tuple[Lag, float]] = {
    # A request alone may have been typed on each server for itself: it confirms, it does not decide.
    "cluster-request": (TOGETHER, 0.4),
    "cluster-stop-received": (TOGETHER, 1.0),
    "cluster-shut-down": (TOGETHER, 1.0),
    "all-started": (TOGETHER, 1.0),
    "heartbeat": (NEARLY_TOGETHER, 1.0),
    "ups": (NEARLY_TOGETHER, 1.0),
    "fenced": (TOGETHER, 1.0),
}


_OF_A_CLUSTER = {"cluster-request", "cluster-stop-received", "cluster-shut-down", "all-started"}
"""Servers of two clusters that stop or start in the same minutes have no occurrence in common."""


def occurrences(clocks: Mapping[str, OwnClock]) -> dict[tuple[str, str], list[Occurrences]]:
    """Everything that two servers may both have recorded, by pair of servers (names in order)."""
    names = Names(clocks)
    sheets = {server: read_sheet(clock, names) for server, clock in clocks.items()}
    clusters = Clusters({server: clock.events for server, clock in clocks.items()})
    found: dict[tuple[str, str], list[Occurrences]] = {}
    servers = sorted(clocks)
    for i, one in enumerate(servers):
        for other in servers[i + 1 :]:
            found[one, other] = [
                *_together(sheets[one], sheets[other], one_cluster=clusters.related(one, other) is not False),
                *_about(one, other, sheets[one], sheets[other]),
            ]
    for server, sheet in sorted(sheets.items()):
        for rule, keeper, sighting, stamp in sheet.received:
            _add_received(found, clocks, rule, server, keeper, sighting, stamp)
    return found


def _together(one: Sheet, other: Sheet, *, one_cluster: bool) -> list[Occurrences]:
    found = []
    for key in sorted(one.together.keys() & other.together.keys(), key=repr):
        if key[0] in _OF_A_CLUSTER and not one_cluster:
            continue
        lag, weight = _SYMMETRIC[key[0]]
        found.append(Occurrences(key[0], _distinct(one.together[key]), _distinct(other.together[key]), weight, lag=lag))
    return found


def _about(one: str, other: str, one_sheet: Sheet, other_sheet: Sheet) -> list[Occurrences]:
    found = []
    for rule, server in sorted(one_sheet.about.keys() & other_sheet.about.keys()):
        own, peer = _distinct(one_sheet.about[rule, server]), _distinct(other_sheet.about[rule, server])
        if server in (one, other):
            # The end of an orderly stop is seen less sharply than a start.
            weight = 1.0 if rule == "server-started" else 0.5
            found.append(Occurrences(rule, own, peer, weight, about_one=server == one))
        else:
            found.append(Occurrences(rule, own, peer, lag=NEARLY_TOGETHER))
    for server, peer_sheet, own_sheet in ((one, other_sheet, one_sheet), (other, one_sheet, other_sheet)):
        lost = own_sheet.about.get(("server-lost", server))
        seen = peer_sheet.about.get(("server-stopped", server))
        if lost and seen:
            first, second = (lost, seen) if server == one else (seen, lost)
            found.append(Occurrences("server-lost", first, second, bound_only=True, about_one=server == one))
    return found


def _distinct(sightings: Sequence[Sighting]) -> list[Sighting]:
    """Without second records of the same moment."""
    found: list[Sighting] = []
    for sighting in sightings:
        if not found or sighting.moment - found[-1].moment > _SAME_RECORD:
            found.append(sighting)
    return found


def _add_received(
    found: dict[tuple[str, str], list[Occurrences]],
    clocks: Mapping[str, OwnClock],
    rule: str,
    server: str,
    keeper: str,
    sighting: Sighting,
    stamp: datetime,
) -> None:
    clock = clocks[keeper]
    if not clock.events:
        return
    order = max(bisect_right(clock.events, stamp, key=lambda event: event.time) - 1, 0)
    there = Sighting(keeper, order, stamp, stamp.timestamp() + clock.shift(order), sighting.event)
    lag = SENT if rule == "alert-log" else EITHER_WAY
    if server < keeper:
        found[server, keeper].append(Occurrences(rule, [sighting], [there], lag=lag))
    else:
        found[keeper, server].append(Occurrences(rule, [there], [sighting], lag=lag.reversed()))
