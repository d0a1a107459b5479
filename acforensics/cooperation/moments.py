"""When a stop was asked for and began, whether CLUSTERPRO ran then, and times of one boot on one clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from acforensics.boots import Boot
from acforensics.clocks.own_clock import read_clock
from acforensics.cooperation.model import Observation, Scene
from acforensics.cooperation.ordering import doubt_of
from acforensics.events import Event, kind_of
from acforensics.shutdowns import Judgement
from acforensics.shutdowns.view import StopView

LONGEST_STEP = timedelta(minutes=30)
"""What stopped longer before is another story: stop.sh may run so long by default."""
_CAUSE = timedelta(hours=1)
"""What led to a stop (a monitor's error, a power failure) is looked for this long before it was asked for."""
CLOCKS_UNKNOWN = timedelta(minutes=2)
"""Records of a server whose clock is not known are looked at this far around."""
_REQUEST = "clusterpro.shutdown_requested"
_BEGINS = "clusterpro.daemon_started"
_RESTS = ("clusterpro.daemon_stopping", "clusterpro.service_stopping")


def begin_of(judgement: Judgement) -> datetime:
    """When the stop of a server begins: its cause, the request, or the first group that stops."""
    return _beginning(judgement)[0]


def begin_place(judgement: Judgement) -> int:
    """The place in its boot of the first record of a stop, whatever the clock was set to since."""
    begin, events = _beginning(judgement)
    known = {id(event) for event in events}
    places = [i for i, event in enumerate(judgement.boot.events) if id(event) in known]
    then = [i for i, event in enumerate(judgement.boot.events) if event.time == begin]
    behind = (i for i, event in enumerate(judgement.boot.events) if event.time >= begin)
    return min([*places, *then[-1:]], default=next(behind, len(judgement.boot.events)))


def _beginning(judgement: Judgement) -> tuple[datetime, list[Event]]:
    view, boot, chosen = judgement.view, judgement.boot, judgement.chosen
    if chosen is None:
        return boot.last, []
    causes = [
        event
        for argument in chosen.arguments
        if argument.weight == "for"
        for event in argument.events
        if event.server == boot.server and kind_of(event.kind).layer != "os" and event.time >= boot.first
    ]
    if chosen.trigger == "clusterpro-recovery":
        causes += [event for event in view.of("clusterpro.monitor_error") if event.time <= chosen.time][-1:]
    causes = [event for event in causes if chosen.time - event.time <= _CAUSE]
    start = min([chosen.time, *(event.time for event in causes)])
    for event in sorted(view.stopped_by_cluster_first, key=lambda event: event.time, reverse=True):
        if start - event.time <= LONGEST_STEP:
            start = min(start, event.time)
            causes.append(event)
    return start, causes


def at_rest(judgement: Judgement, time: datetime) -> bool:
    """Whether CLUSTERPRO of a server surely did not run: it was stopped alone (`clpcl -t`), or had not started yet.

    Such a server takes no part in a stop of the cluster, sees nobody stop, and nobody sees it stop.
    """
    stop = begin_of(judgement) if judgement.chosen is not None else None
    last: Event | None = None
    for event in judgement.view.of(_BEGINS, *_RESTS):
        if stop is not None and event.time >= stop:
            break
        if event.time > time:
            # Of a boot whose first record is its start, all before that is known.
            return (
                (last.kind in _RESTS)
                if last is not None
                else (event.kind == _BEGINS and judgement.boot.start is not None)
            )
        last = event
    return last is not None and last.kind in _RESTS


def on_last_clock(boot: Boot) -> Sequence[datetime]:
    """Times of the records of a boot as its clock showed them at its end: it may have been set after the start."""
    if not any(event.kind == "os.clock_stepped" for event in boot.events):
        return [event.time for event in boot.events]
    clock = read_clock(boot.server, boot.events)
    return [event.time + timedelta(seconds=clock.shift(order)) for order, event in enumerate(boot.events)]


def rests(view: StopView, peer: str, running: Sequence[Judgement], start: datetime) -> bool:
    """Whether CLUSTERPRO of another server did not run when this one began to stop, as far as the clocks tell."""
    there = start - (view.here(peer, start) - start)
    around = view.doubt(peer) or CLOCKS_UNKNOWN
    return bool(running) and all(at_rest(one, there) or at_rest(one, there - around) for one in running)


def request_of(judgement: Judgement, scene: Scene) -> Observation | None:
    """The request for a stop: this server's own, else another's for the whole cluster."""
    requests = [one for one in scene.observations if one.kind == _REQUEST and one.boot == "this"]
    own = [one for one in requests if one.server == scene.server]
    wide = judgement.chosen is not None and judgement.chosen.scope == "cluster"
    others = [one for one in requests if wide and one.fields.get("scope") == "cluster"]
    return next((one for one in (*own, *others) if doubt_of(one.server, scene) is not None), None)


def reach(
    judgement: Judgement, scene: Scene, asked: Observation | None, up: Mapping[str, Sequence[Judgement]]
) -> dict[str, datetime]:
    """From when on each server's log must go on for nothing of the stop to lie before what is seen of it."""
    if asked is not None:
        since = min(scene.start, asked.time - (doubt_of(asked.server, scene) or timedelta(0)))
        return dict.fromkeys([scene.server, *up], since)
    found = {}
    for server, running in ((scene.server, [judgement]), *up.items()):
        since = scene.start - LONGEST_STEP
        around = doubt_of(server, scene) or timedelta(0)
        starts = [judgement.view.here(server, one.boot.start) + around for one in running if one.boot.start is not None]
        found[server] = min(scene.start, max([since, *starts]))
    return found
