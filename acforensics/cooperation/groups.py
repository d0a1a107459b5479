"""Which groups are ESMPRO/AC's, and which server each of them belongs to (HOWTO chapter 2: one for each server).

The cluster's settings tell it outright. Without them it is learned: an AC group is one whose resource was stopping when
stop.sh logged its line; its server is the one that activates it when nothing is moved. A name that looks like one needs
a second such group on another server.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

from acforensics.boots import Boot
from acforensics.clusters import Clusters
from acforensics.events import Event
from acforensics.shutdowns import ups

_MOST_BUSY = 64
"""Groups and resources that start or stop at one time; no cluster has so many."""
_LONGEST_MOVE = timedelta(hours=1)
# A group that holds one of these is no AC group: that has exec resources only.
_BUSINESS = re.compile(r"(?:fip|vip|vcom|disk|md|hd|nas|volmgr|raw|lv|ddns|vm|oracle|psql)[-_]?\d*$", re.IGNORECASE)
_MOVE_BEGINS = ("clusterpro.failover_started", "clusterpro.group_moving", "clusterpro.failback_started")
_MOVE_ENDS = (
    "clusterpro.failover_completed",
    "clusterpro.failover_failed",
    "clusterpro.group_moved",
    "clusterpro.group_move_failed",
    "clusterpro.failback_completed",
    "clusterpro.failback_failed",
)
_STARTS = ("clusterpro.group_activating", "clusterpro.group_activated")
_STOPPED = "clusterpro.group_stopped"


@dataclass
class AcGroup:
    """An AC group and its server. `basis`: `settings`, `script` (stop.sh's line) or `name`; `starts` by server."""

    name: str
    home: str
    basis: str
    starts: Counter[str] = field(default_factory=Counter)
    servers: Collection[str] = ()
    """Those of its cluster: another one has groups of its own by the HOWTO's names."""


@dataclass(frozen=True)
class Names:
    """What the names of one cluster say: the groups and resources of another cluster say nothing of it."""

    is_ac: Callable[[str], bool]
    """Whether a group or resource is ESMPRO/AC's, if only by its name."""
    perhaps: Collection[str] = ()
    """Groups that may be ESMPRO/AC's: they were stopping when stop.sh logged its line, and none is known to be."""


@dataclass(frozen=True)
class AcGroups:
    """What the settings say, else what the case shows."""

    groups: Sequence[AcGroup] = ()
    """Those that are known to be ESMPRO/AC's, each with its server."""
    names: Mapping[str, Names] = field(default_factory=dict)
    """Of the cluster that each server belongs to."""

    def is_ac(self, name: str, server: str) -> bool:
        """Whether a group or resource is ESMPRO/AC's in the cluster of a server, if only by its name."""
        return server in self.names and self.names[server].is_ac(name)

    def is_business(self, group: str, server: str) -> bool:
        """Whether a group surely is not ESMPRO/AC's in the cluster of a server."""
        own = self.names.get(server)
        return own is None or (not own.is_ac(group) and group not in own.perhaps)

    def home(self, group: str, server: str) -> str | None:
        """The server that a group of ESMPRO/AC's belongs to, in the cluster of a server."""
        return next((one.home for one in self.groups if one.name == group and server in one.servers), None)

    def known_on(self, server: str) -> bool:
        """Whether it is known which group of a server is ESMPRO/AC's."""
        return any(one.home == server for one in self.groups)


@dataclass
class _Seen:
    """What the case shows of one group."""

    starts: Counter[str] = field(default_factory=Counter)
    """In how many boots it ran on each server without having been moved there."""
    resources: Counter[str] = field(default_factory=Counter)


def learn(
    boots: Mapping[str, Sequence[Boot]],
    configured: Mapping[str, str] | None = None,
    named: Mapping[str, Collection[str]] | None = None,
) -> AcGroups:
    """Learn them from the settings, else from the records, each cluster by itself.

    Args:
        boots: of every server, oldest first.
        configured: group → server, as the cluster's settings have it; empty: no settings in the case.
        named: server → all groups and resources of ESMPRO/AC in its settings.
    """
    events = {server: [event for boot in own for event in boot.events] for server, own in boots.items()}
    groups: list[AcGroup] = []
    names: dict[str, Names] = {}
    for servers in Clusters(events).parts(boots):
        traces = ups.learn({server: events[server] for server in servers})
        seen = _seen({server: boots[server] for server in servers})
        told = {name: home for name, home in (configured or {}).items() if home in servers}
        own = [AcGroup(name, home, "settings", seen.get(name, _Seen()).starts) for name, home in told.items()]
        own = [replace(one, servers=servers) for one in own or _learned(seen, traces)]
        groups += own
        if told:
            in_settings = {name for server in servers for name in (named or {}).get(server, ())} | traces.resources
            what = Names(in_settings.__contains__)
        else:
            is_ac = partial(_is_ac, traces, frozenset(one.name for one in own))
            what = Names(is_ac, _stopping_at_the_line([events[server] for server in servers], is_ac))
        names |= dict.fromkeys(servers, what)
    return AcGroups(groups, names)


def _is_ac(traces: ups.AcTraces, learned: Collection[str], name: str) -> bool:
    """Whether a name is ESMPRO/AC's: that of a group that was learned to be, or of a resource."""
    return name in learned or traces.is_ac(name)


def _learned(seen: Mapping[str, _Seen], traces: ups.AcTraces) -> list[AcGroup]:
    homes = {name: home for name, own in seen.items() if (home := _home(own.starts)) is not None}
    # Resources are put to the group that they are most often seen in.
    votes: dict[str, Counter[str]] = {}
    for group, own in seen.items():
        for resource, count in own.resources.items():
            votes.setdefault(resource, Counter())[group] += count
    own_group = {resource: counts.most_common(1)[0][0] for resource, counts in votes.items()}
    found = []
    for name in sorted(homes):
        resources = [resource for resource, group in own_group.items() if group == name]
        if any(_BUSINESS.match(resource) for resource in resources):
            continue
        if any(resource in traces.resources for resource in resources):
            found.append(AcGroup(name, homes[name], "script", seen[name].starts))
        elif traces.is_ac(name) and any(
            traces.is_ac(other) and home != homes[name] for other, home in homes.items() if other != name
        ):
            found.append(AcGroup(name, homes[name], "name", seen[name].starts))
    return found


def _stopping_at_the_line(events: Sequence[Sequence[Event]], is_ac: Callable[[str], bool]) -> frozenset[str]:
    found: set[str] = set()
    for own in events:
        stopping: set[str] = set()
        for event in own:
            group = event.fields.get("group", "")
            if event.kind == "clusterpro.group_stopping":
                stopping.add(group)
            elif event.kind in ("clusterpro.group_stopped", "clusterpro.group_stop_failed"):
                stopping.discard(group)
            elif event.kind in ("os.boot", "clusterpro.daemon_started"):
                stopping.clear()
            elif event.kind == "ac.exec_command" and not any(map(is_ac, stopping)):
                found |= stopping
    return frozenset(found)


def _home(starts: Counter[str]) -> str | None:
    """The server that activates a group more often than any other; `None` where two are even."""
    ranked = starts.most_common(2)
    if not ranked or (len(ranked) > 1 and ranked[0][1] == ranked[1][1]):
        return None
    return ranked[0][0]


def _seen(boots: Mapping[str, Sequence[Boot]]) -> dict[str, _Seen]:
    found: dict[str, _Seen] = {}
    for server, own in boots.items():
        for boot in own:
            started, came = set(), set()
            for event, moved in with_moves(boot.events):
                group = event.fields["group"]
                found.setdefault(group, _Seen())
                if moved:
                    came.add(group)
                elif event.kind in _STARTS or (event.kind == _STOPPED and group not in came):
                    started.add(group)
            for group in started:
                found[group].starts[server] += 1
            for group, resource in _members(boot.events):
                found.setdefault(group, _Seen()).resources[resource] += 1
    return found


def with_moves(events: Sequence[Event]) -> Iterator[tuple[Event, bool]]:
    """Each event of a group, with whether the group was being failed over, moved or failed back just then."""
    moving: dict[str, Event] = {}
    for event in events:
        group = event.fields.get("group")
        if not group or not event.kind.startswith("clusterpro.") or "repeated" in event.fields:
            continue
        if event.kind in _MOVE_BEGINS:
            moving[group] = event
        begun = moving.get(group)
        yield event, begun is not None and event.time - begun.time <= _LONGEST_MOVE
        if event.kind in _MOVE_ENDS:
            moving.pop(group, None)


def _members(events: Sequence[Event]) -> Iterator[tuple[str, str]]:
    """Resources with the only group in whose start or stop theirs lies, from its first line to its last."""
    busy: set[str] = set()
    within: dict[str, set[str]] = {}
    for event in events:
        group, resource = event.fields.get("group", ""), event.fields.get("resource", "")
        match event.kind:
            case "clusterpro.group_activating" | "clusterpro.group_stopping":
                if len(busy) < _MOST_BUSY:
                    busy.add(group)
            case (
                "clusterpro.group_activated"
                | "clusterpro.group_activation_failed"
                | "clusterpro.group_stopped"
                | "clusterpro.group_stop_failed"
            ):
                busy.discard(group)
                for around in within.values():
                    # It was over before the resource's was: another one, whose lines are lost, holds that.
                    around.discard(group)
            case "os.boot" | "clusterpro.daemon_started":
                busy.clear()
                within.clear()
            case "clusterpro.resource_activating" | "clusterpro.resource_stopping":
                if len(within) < _MOST_BUSY:
                    within[resource] = set(busy)
            case "clusterpro.resource_activated" | "clusterpro.resource_stopped":
                around = within.pop(resource, set())
                if len(around) == 1:
                    yield next(iter(around)), resource
