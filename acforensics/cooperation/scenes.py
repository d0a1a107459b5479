"""From a judged case to scenes: what was recorded around one stop or start, on one clock, and what could be seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property, partial

from acforensics.boots import Boot
from acforensics.clocks import CaseClock
from acforensics.clusters import Clusters
from acforensics.cooperation.definitions import BootPlace, Setting
from acforensics.cooperation.groups import AcGroups
from acforensics.cooperation.model import Limit, Observation, Scene
from acforensics.cooperation.moments import (
    CLOCKS_UNKNOWN,
    LONGEST_STEP,
    at_rest,
    begin_of,
    on_last_clock,
    reach,
    request_of,
    rests,
)
from acforensics.cooperation.observations import SCRIPT_LINE, observation, own_records, repeated
from acforensics.cooperation.records import Records
from acforensics.coverage import Coverage
from acforensics.shutdowns import Judgement
from acforensics.shutdowns.ups import ac_commands

_AFTERWARDS = timedelta(minutes=30)
"""Other servers act on a stop (failover) within this time."""
_TOGETHER = timedelta(minutes=5)
"""Stops that begin this close are one stop of several servers."""
_START = timedelta(minutes=60)
"""A start is over after this time: the wait for the other servers (5 minutes by default) lies within."""
_STARTED = timedelta(minutes=15)
"""Until then a step of a start may still come; a start that is cut short before shows nothing to be missing."""
_NEXT = timedelta(minutes=30)
_POWER_ON = timedelta(minutes=30)
"""Power returns before a server can write that it starts."""
_POWER_KINDS = ("ups.output_on", "ac.power_restored")
_OF_CLUSTER = ("clusterpro.", "ac.exec_command", "ac.script_")


@dataclass(frozen=True)
class CaseFacts:
    """What the scenes of one case are made of."""

    judgements: Sequence[Judgement]
    coverage: Coverage
    clock: CaseClock
    limit: Callable[[Setting, str], Limit | None]
    groups: AcGroups
    logs_script_line: Callable[[str], bool] = lambda _: False
    """Whether a server's stop.sh is known to write the line that our definitions look for."""
    absent: Sequence[str] = ()
    """Servers of the cluster of which the case has no logs."""

    @cached_property
    def by_server(self) -> dict[str, list[Judgement]]:
        """The ends of each server, in order."""
        found: dict[str, list[Judgement]] = {}
        for judgement in self.judgements:
            found.setdefault(judgement.boot.server, []).append(judgement)
        return found

    @cached_property
    def records(self) -> dict[str, Records]:
        """The records of each server."""
        return {server: Records(own, self.clock) for server, own in self.by_server.items()}

    @cached_property
    def clustered(self) -> frozenset[str]:
        """Servers that run CLUSTERPRO: others, such as a control terminal, take no part in its sequences."""
        shown = {
            server
            for server, own in self.by_server.items()
            if any(event.kind.startswith(_OF_CLUSTER) for j in own for event in j.boot.events)
        }
        return frozenset(shown.union(j.boot.server for j in self.judgements if j.view.in_cluster))

    @cached_property
    def clusters(self) -> Clusters:
        """Which servers belong together."""
        return Clusters({server: [e for j in own for e in j.boot.events] for server, own in self.by_server.items()})

    @cached_property
    def _before(self) -> dict[int, Judgement]:
        return {id(j.boot.following): j for j in self.judgements if j.boot.following is not None}

    def before(self, judgement: Judgement) -> Judgement | None:
        """The end of the boot before."""
        return self._before.get(id(judgement.boot))

    def ahead(self, judgement: Judgement) -> timedelta:
        """How far a server's clock is ahead of the case's at the end of a boot."""
        return judgement.boot.last - self.clock.corrected(judgement.boot.server, judgement.boot.last)


def stop_scene(judgement: Judgement, facts: CaseFacts) -> Scene:
    """What was recorded from the cause of an end to the next start."""
    view, boot = judgement.view, judgement.boot
    following = None if view.unseen_between else boot.following
    start, own, slack = own_records(judgement)
    end = boot.last
    if following is not None:
        end, times = _started(following)
        own += [
            observation(event, i, "next", max(time, end) if event in following.start_events else time)
            for i, (event, time) in enumerate(zip(following.events, times, strict=True), start=len(boot.events))
            if time <= end + _NEXT and "repeated" not in event.fields
        ]
    # Other servers act on it after this one has fallen silent.
    until = max(end, boot.last + _AFTERWARDS)
    return _scene(judgement, start, max(end, boot.last), until, own, facts, stop=True, slack=slack)


def start_scene(judgement: Judgement, facts: CaseFacts) -> Scene:
    """What was recorded from a start to the running cluster."""
    boot = judgement.boot
    start, times = _started(boot)
    end = min(boot.last, start + _START)
    until = max(end, start + _STARTED)
    stopped = judgement.view.stop_begins
    if stopped is not None and stopped < end:
        end = max(start, stopped)
        until = end if end - start >= _STARTED else max(until, boot.last + _STARTED)
    own = [
        observation(event, i, "this", time)
        for i, (event, time) in enumerate(zip(boot.events, times, strict=True))
        if time <= end and "repeated" not in event.fields and event.kind != SCRIPT_LINE
    ]
    return _scene(judgement, start, end, until, own, facts, stop=False)


def _started(boot: Boot) -> tuple[datetime, Sequence[datetime]]:
    """When a boot began, and the times of its records, all as its clock showed them after it was set."""
    times = on_last_clock(boot)
    began = boot.start or boot.first
    first = {id(event) for event in boot.start_events if event.time == began}
    return next((time for event, time in zip(boot.events, times, strict=True) if id(event) in first), began), times


def goes_on(judgement: Judgement, scene: Scene, facts: CaseFacts) -> bool:
    """Whether another server with logs was up during a stop and did not stop with it."""
    return any(not _stops_too(judgement, scene, server, facts) for server in scene.peers if server not in facts.absent)


def _stops_too(judgement: Judgement, scene: Scene, server: str, facts: CaseFacts) -> list[Judgement]:
    """Ends of another server in the time of a stop."""
    around = judgement.view.doubt(server) or CLOCKS_UNKNOWN
    earliest = scene.start - around - _TOGETHER
    latest = judgement.boot.last + around + _AFTERWARDS
    ahead = facts.ahead(judgement)
    return [
        other
        for other in facts.records[server].up(earliest - ahead, latest - ahead)
        if other.chosen is not None and judgement.view.here(server, other.chosen.time) <= latest
    ]


def _scene(
    judgement: Judgement,
    start: datetime,
    end: datetime,
    until: datetime,
    own: list[Observation],
    facts: CaseFacts,
    *,
    stop: bool,
    slack: timedelta = timedelta(0),
) -> Scene:
    view, server = judgement.view, judgement.boot.server
    ahead = facts.ahead(judgement)
    up = {}
    for peer in sorted(facts.records):
        around = view.doubt(peer) or CLOCKS_UNKNOWN
        if peer == server:
            continue
        # A server that comes up while this one starts takes part in it; in a stop one must have been up before.
        until_there = start if stop else end
        running = facts.records[peer].up(start - ahead - around, until_there - ahead + around)
        if stop and not running:
            running = facts.records[peer].begins_unseen(start - ahead, judgement.boot.last - ahead)
        if running and facts.clusters.related(server, peer) is not False:
            up[peer] = running
    # Of a server without logs of its own another one's alert log may have records.
    unlogged = (name for name in facts.absent if name != server and name not in up)
    absent = [name for name in unlogged if facts.clusters.related(server, name) is not False]
    peers = [*(peer for peer in up if peer in facts.clustered), *absent]
    if stop:
        peers = [] if at_rest(judgement, start) else [p for p in peers if not rests(view, p, up.get(p, ()), start)]
    scene = Scene(
        server,
        start,
        end,
        [],
        peers,
        [peer for peer in up if peer not in peers],
        until=until,
        limit=facts.limit,
        is_ac=partial(facts.groups.is_ac, server=server),
        is_business=partial(facts.groups.is_business, server=server),
        home=partial(facts.groups.home, server=server),
        ac_known=facts.groups.known_on(server),
    )
    ends = {peer: _stops_too(judgement, scene, peer, facts) if stop else [] for peer in up}
    kin = {server, *(peer for peer in scene.others if peer not in facts.clustered)}
    kin |= {peer for peer in scene.peers if facts.clusters.related(server, peer)}
    kin |= {peer for peer, stops in ends.items() if _is_one_stop(judgement, stops)}
    others: list[Observation] = []
    begins: dict[str, datetime] = {}
    for peer, running in up.items():
        lines = {id(line) for j in running for line in ac_commands(j.view, _asked(j, ends[peer], server, start))}
        around = view.doubt(peer) or CLOCKS_UNKNOWN
        # A server that began to stop before this one did its part before.
        begun = [view.here(peer, begin_of(end)) for end in ends[peer]]
        begins[peer] = min([start, *(time for time in begun if start - time <= LONGEST_STEP)])
        latest = min(end, judgement.boot.last) + _AFTERWARDS + around - ahead
        for order, time, of, event in facts.records[peer].between(begins[peer] - around - ahead, latest):
            place: BootPlace = "next" if stop and not any(of is one for one in running) else "this"
            if event.kind == SCRIPT_LINE:
                others += repeated(event, order, time + ahead) if id(event) in lines else []
            elif "repeated" not in event.fields:
                others.append(observation(event, order, place, time + ahead))
        if not stop:
            since = start - around
            others += [
                replace(observation(event, order, "this", time + ahead), lead=since - time - ahead)
                for order, time, _, event in facts.records[peer].between(since - _POWER_ON - ahead, since - ahead)
                if event.kind in _POWER_KINDS and time + ahead < since
            ]
    observations = sorted([*own, *others], key=lambda one: (one.time, one.server, one.order))

    def doubt(other: str) -> timedelta | None:
        if other == server:
            return timedelta(0)
        # Of a server of another cluster nothing can be claimed.
        return view.doubt(other) if other in kin else None

    scene = replace(
        scene, observations=observations, begins=begins, covers=_covers(judgement, facts, slack), doubt=doubt
    )
    if not stop or judgement.chosen is None or judgement.chosen.trigger != "clusterpro-command":
        return scene
    asked = request_of(judgement, scene)
    return replace(scene, asked=asked, reach=reach(judgement, scene, asked, up))


def _asked(judgement: Judgement, ends: Sequence[Judgement], server: str, start: datetime) -> datetime:
    """From when on the lines of another server's stop.sh count, on its clock; its log may end before its stop does."""
    here = judgement.view.here(server, start)
    stops = any(judgement is end for end in ends)
    return min(judgement.chosen.time, here) if stops and judgement.chosen is not None else here


def _is_one_stop(judgement: Judgement, ends: Sequence[Judgement]) -> bool:
    """Whether another server stops with this one because both were asked to stop as a cluster."""
    asked = [one.chosen for one in (judgement, *ends) if one.chosen is not None]
    return len(asked) > 1 and all(one.trigger == "clusterpro-command" and one.scope == "cluster" for one in asked)


def _covers(
    judgement: Judgement, facts: CaseFacts, slack: timedelta
) -> Callable[[str, Sequence[str], datetime, datetime], bool]:
    view, server, of_case = judgement.view, judgement.boot.server, facts.ahead(judgement)

    def covers(asked: str, kinds: Sequence[str], start: datetime, end: datetime) -> bool:
        if asked != server:
            start_of_case, end_of_case = start - of_case, end - of_case
            ahead = view.here(asked, start) - start
            start, end = start - ahead, end - ahead
            if asked in facts.records and facts.records[asked].set_back(start_of_case, end_of_case):
                return False
        else:
            # Where its clock was set in the meantime, stamps and these times differ by that much.
            start, end = start - slack, end + slack
        if facts.coverage.covers(asked, start, end, kinds=kinds):
            return True
        # What stop.sh is known to write would be in syslog, though the case shows it nowhere.
        return SCRIPT_LINE in kinds and facts.logs_script_line(asked) and facts.coverage.covers(asked, start, end)

    return covers
