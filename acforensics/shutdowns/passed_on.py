"""A stop of the whole cluster that was asked for on another server, where this one only shows that it obeyed.

Its log may break off before CLUSTERPRO says what will follow: amccmd hangs, or power is cut.
"""

from __future__ import annotations

from datetime import timedelta

from acforensics.events import Event
from acforensics.shutdowns.orderly import asked_as_cluster
from acforensics.shutdowns.reasons import Argument, Hypothesis, mode_of
from acforensics.shutdowns.sudden import crash, fencing
from acforensics.shutdowns.view import StopView, same_server
from acforensics.texts import text

_STOPS = ("clusterpro.daemon_stopping", "clusterpro.group_stopping", "clusterpro.resource_stopping")
_RUNS = ("clusterpro.daemon_started", "clusterpro.group_activated", "clusterpro.resource_activated")
_SERVICE_STOPS = ("clusterpro.service_stop_requested", "clusterpro.service_stopping")
_NAMING = tuple(f"clusterpro.{name}" for name in ("server_up", "server_down", "heartbeat_up", "heartbeat_down"))
_OVER_BY = timedelta(hours=1)
"""A log that goes on for longer than this shows a server that did not stop."""
_AFTER_OS_STOP = timedelta(seconds=2)


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
    asked.sort(key=lambda event: view.here(event.server, event.time))
    source = asked[-1]
    arguments = [
        Argument(text("reason.asked-on-peer", server=source.server), events=[source]),
        Argument(text("reason.groups-stop-then"), events=stopping[:1]),
    ]
    if view.os_stops:
        arguments.append(Argument(text("reason.os-after-cluster"), events=view.os_stops[:1]))
    requester = source.fields.get("requester", "")
    return Hypothesis("clusterpro-command", "likely", begun, mode_of([source, *view.os_stops]), "cluster",
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
