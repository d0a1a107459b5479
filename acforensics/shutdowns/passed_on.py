"""A stop of the whole cluster that was asked for on another server, where this one only shows that it obeyed.

Its log may break off before CLUSTERPRO says what will follow: amccmd hangs, or power is cut. It is likely where all of
CLUSTERPRO on this server stops just after a request that was acted on where it was made, and has no cause of its own.
"""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from acforensics.events import Event
from acforensics.shutdowns.orderly import UNDER_WAY, asked_as_cluster
from acforensics.shutdowns.reasons import Argument, Hypothesis, mode_of
from acforensics.shutdowns.sudden import crash, fencing
from acforensics.shutdowns.view import StopView, same_server
from acforensics.texts import text

_STOPS = ("clusterpro.daemon_stopping", "clusterpro.group_stopping", "clusterpro.resource_stopping")
_RUNS = ("clusterpro.daemon_started", "clusterpro.group_activated", "clusterpro.resource_activated")
_SERVICE_STOPS = ("clusterpro.service_stop_requested", "clusterpro.service_stopping")
_NAMING = tuple(f"clusterpro.{name}" for name in ("server_up", "server_down", "heartbeat_up", "heartbeat_down"))
_OWN_CAUSES = tuple(
    f"clusterpro.{name}"
    for name in ("monitor_error", "final_action", "resource_activation_failed", "group_activation_failed",
                 "network_partition", "process_failed")
)  # fmt: skip
"""What makes CLUSTERPRO stop groups of a server without anybody's asking."""
_OVER_BY = timedelta(hours=1)
"""A log that goes on for longer than this shows a server that did not stop."""
_AFTER_OS_STOP = timedelta(seconds=2)
_TAKES_EFFECT = timedelta(minutes=10)
_AT_ONCE = timedelta(minutes=1)
"""All servers begin to stop within this time of the first one."""
_TOO_VAGUE = timedelta(seconds=30)
"""Clocks that may be further apart do not tell which of two came first."""
_ERROR_LEAD = timedelta(minutes=10)


class _Source(NamedTuple):
    """A request, with what leaves open whether it was the cause."""

    request: Event
    doubts: list[Argument]


def asked_elsewhere(view: StopView) -> Hypothesis | None:
    """CLUSTERPRO here stops its groups just after a person asked for a stop of the cluster on another server of it."""
    stopping = _stopping(view)
    if view.cluster_requests or not stopping or view.boot.last - stopping[0].time > _OVER_BY:
        return None
    begun = stopping[0].time
    if view.first_stop is not None and begun > view.first_stop + _AFTER_OS_STOP:
        # The OS was already going down: CLUSTERPRO's lines are a consequence.
        return None
    asked = [event for event in asked_as_cluster(view, begun) if _of_one_cluster(view, event.server)]
    if not asked or fencing(view) is not None or crash(view) is not None:
        return None
    asked.sort(key=lambda event: view.here(event.server, event.time), reverse=True)
    sources = [_Source(event, _doubts(view, event, stopping)) for event in asked]
    source, doubts = min(sources, key=lambda one: len(one.doubts))
    arguments = [
        Argument(text("reason.asked-on-peer", server=source.server), events=[source]),
        Argument(text("reason.groups-stop-then"), events=stopping[:1]),
        *doubts,
    ]
    if view.os_stops:
        arguments.append(Argument(text("reason.os-after-cluster"), events=view.os_stops[:1]))
    requester = source.fields.get("requester", "")
    return Hypothesis("clusterpro-command", "possible" if doubts else "likely", begun,
                      mode_of([source, *view.os_stops]), "cluster",
                      command=requester if requester.startswith("clp") else None, arguments=arguments)  # fmt: skip


def _stopping(view: StopView) -> list[Event]:
    """CLUSTERPRO's own stop lines since it last started anything; none where its service alone was stopped."""
    running = max((event.time for event in view.of(*_RUNS)), default=view.boot.first)
    if any(event.time >= running for event in view.of(*_SERVICE_STOPS)):
        return []
    return [event for event in view.of(*_STOPS) if event.time >= running]


def _of_one_cluster(view: StopView, peer: str) -> bool:
    """Whether CLUSTERPRO of this server names the other one in this boot."""
    return any(same_server(event.fields.get("server", ""), peer) for event in view.of(*_NAMING))


def _doubts(view: StopView, request: Event, stopping: list[Event]) -> list[Argument]:
    """Why a request may not be what these groups were stopped by."""
    begun = stopping[0].time
    found = []
    own = [event for event in view.of(*_OWN_CAUSES) if timedelta(0) <= begun - event.time <= _ERROR_LEAD]
    if own:
        found.append(Argument(text("reason.own-cause", line=own[-1].message), "against", own[-1:]))
    doubt = view.doubt(request.server)
    if doubt is None or doubt > _TOO_VAGUE:
        found.append(Argument(text("reason.clocks-not-compared", server=request.server), "missing"))
    elif begun < view.here(request.server, request.time):
        # Within what the clocks leave open, else the request is none that may have led to it.
        found.append(Argument(text("reason.stopped-before-request", server=request.server), "against"))
    acted = [
        event
        for event in view.peers[request.server].between(
            UNDER_WAY, request.time - _TAKES_EFFECT, request.time + _TAKES_EFFECT
        )
        if event is not request
    ]
    if not any(event.time >= request.time for event in acted):
        found.append(Argument(text("reason.request-without-effect", server=request.server), "missing"))
    else:
        # Its daemon writes what it received when its groups have stopped already.
        apart = begun - view.here(request.server, acted[0].time)
        if apart > _AT_ONCE + (doubt or timedelta(0)):
            found.append(Argument(text("reason.stopped-long-after", server=request.server), "against", acted[:1]))
    if not _all_stops(view, stopping):
        found.append(Argument(text("reason.others-not-seen-to-stop"), "missing"))
    return found


def _all_stops(view: StopView, stopping: list[Event]) -> bool:
    """Whether CLUSTERPRO stops, or each group that was seen to start here: one alone is stopped for other reasons."""
    if any(event.kind == "clusterpro.daemon_stopping" for event in stopping):
        return True
    running: set[str] = set()
    for event in view.of("clusterpro.daemon_started", "clusterpro.group_activated", "clusterpro.group_stopped"):
        group = event.fields.get("group", "")
        if event.kind == "clusterpro.daemon_started":
            running = set()
        elif event.kind == "clusterpro.group_activated":
            running.add(group)
        elif event.time < stopping[0].time:
            running.discard(group)
    return bool(running) and running <= {event.fields.get("group", "") for event in stopping}
