"""Ends without a stop: fencing, crash, loss of power."""

from __future__ import annotations

from datetime import timedelta

from acforensics.case import Confidence
from acforensics.events import Event
from acforensics.shutdowns import unseen
from acforensics.shutdowns.operators import unknown_programs
from acforensics.shutdowns.power import on_battery
from acforensics.shutdowns.reasons import Argument, Hypothesis, mode_of
from acforensics.shutdowns.view import StopView, same_server
from acforensics.texts import text

_JUST_BEFORE = timedelta(minutes=3)
_LOCKUP_LEAD = timedelta(minutes=10)
_SILENCE = timedelta(seconds=10)
_ON_BATTERY = timedelta(hours=2)
_TOGETHER = timedelta(minutes=2)
_OWN_CAUSES = ("os.panic", "os.crash_triggered", "os.watchdog_reset", "os.fenced", "os.command")
_DUMP_AFTER_START = timedelta(minutes=10)


def fencing(view: StopView) -> Hypothesis | None:
    """Another node, or the cluster's forced stop, reset this server."""
    if view.stop_orderly:
        return None
    struck = view.before_end(["os.fenced"], _JUST_BEFORE)
    named = [
        e
        for e in view.peers_saying(["os.fencing_requested", "clusterpro.forced_stop"], _JUST_BEFORE)
        if _means(e, view)
    ]
    if not struck and not named:
        return None
    arguments = []
    if struck:
        arguments.append(Argument(text("reason.fenced"), events=struck[:1]))
    if named:
        arguments.append(Argument(text("reason.fencing-requested", server=named[0].server), events=named[:2]))
    confidence: Confidence = "certain" if struck and named else "likely"
    if not struck:
        # The request may answer a server that was dead already.
        doubt = view.doubt(named[0].server)
        if doubt is None:
            confidence = "possible"
            arguments.append(Argument(text("reason.clocks-not-compared", server=named[0].server), "missing"))
        elif view.here(named[0].server, named[0].time) - view.boot.last > _SILENCE + doubt:
            confidence = "possible"
            arguments.append(Argument(text("reason.silent-before-fencing"), "against", view.last_record))
    time = min([view.boot.last, *(event.time for event in struck)])
    return Hypothesis("fencing", confidence, time, "unknown", "server", arguments=arguments)


def crash(view: StopView) -> Hypothesis | None:
    """Kernel panic, sysrq, watchdog or keepalive reset."""
    seen = view.before_end(["os.panic", "os.crash_triggered", "os.watchdog_reset"], _JUST_BEFORE)
    if view.decisive or (view.stop_orderly and not seen):
        # A watchdog daemon may still stop the machine in order.
        seen = [event for event in seen if event.kind == "os.watchdog_reset" and event.time <= view.end]
        if not seen:
            return None
    locked = view.before_end(["os.lockup"], _LOCKUP_LEAD)
    dumped = _dump_found(view)
    arguments = []
    if seen:
        arguments.append(Argument(text("reason.crash", line=seen[0].message), events=seen[:2]))
    if dumped:
        arguments.append(Argument(text("reason.dump"), events=dumped[:1]))
    if not arguments and locked:
        arguments.append(Argument(text("reason.lockup", line=locked[0].message), events=locked[:1]))
    if not arguments:
        return None
    confidence: Confidence = (
        "certain" if seen and (dumped or view.unclean_signs) else "likely" if seen or dumped else "possible"
    )
    if view.unclean_signs:
        arguments.append(Argument(text("reason.unclean"), events=view.unclean_signs[:2]))
    time = seen[0].time if seen else view.boot.last
    return Hypothesis("crash", confidence, time, mode_of(view.os_stops), "server", arguments=arguments)


def power_loss(view: StopView, usually_logs_stops: bool) -> Hypothesis | None:
    """The log simply ends and nothing else explains it: never more than likely.

    Needs a positive sign (the next boot recovers, a UPS on battery, a neighbour that ended in the same moment), or at
    least that this server's logs do show the stops of its other boots.
    """
    if view.stop_orderly or view.boot.following is None or view.unseen_between or unseen.at_end(view):
        return None
    unclean = view.unclean_signs
    outage = _still_on_battery(view)
    together = _others_cut_off(view)
    by_habit = usually_logs_stops and not view.clean_signs and view.boot.following.start is not None
    if not unclean and not outage and not by_habit:
        # Where no log shows a start either, the log may only go on in another file.
        return None
    arguments = [Argument(text("reason.log-ends"), events=[*view.last_record, *view.boot.following.start_events[:1]])]
    if unclean:
        arguments.append(Argument(text("reason.unclean"), events=unclean[:2]))
    elif not outage:
        arguments.append(Argument(text("reason.habit")))
    if outage:
        arguments.append(Argument(text("reason.on-battery"), events=outage[-1:]))
    if together:
        arguments.append(Argument(text("reason.cut-off-together", servers=", ".join(together))))
    if view.cluster_requests:
        arguments.append(Argument(text("reason.cut-during-stop"), events=view.cluster_requests[:1]))
    arguments.append(Argument(text("reason.looks-like-power-loss"), "missing"))
    confidence: Confidence = "likely" if outage or (unclean and together) else "possible"
    return Hypothesis("power-loss", confidence, view.boot.last, "unknown", "server", arguments=arguments)


def missing_for_decision(view: StopView) -> list[Argument]:
    """What an undecided end lacks."""
    found = unknown_programs(view)
    if view.unseen_between:
        found.append(Argument(text("reason.logs-missing"), "missing"))
    if not view.stop_orderly:
        found += unseen.at_end(view)
    if view.os_stops:
        found.append(Argument(text("reason.os-stopped", line=view.os_stops[0].message), events=view.os_stops[:2]))
    shown = view.stopped_by_cluster_first or unseen.shutdown_without_request(view)
    if shown and view.stop_orderly:
        key = "reason.cluster-stopped-first" if view.stopped_by_cluster_first else "reason.cluster-shut-down"
        found.append(Argument(text(key), events=shown[:2]))
        found.append(Argument(text("reason.requester-unknown"), "missing"))
        return [*found, *unseen.who_asked_cluster(view, shown[0].time)]
    if view.os_stops:
        found += unseen.before_stop(view)
        found += unseen.of_command(view)
        found += unseen.of_cluster(view)
        found.append(Argument(text("reason.undecided-halt"), "missing"))
        return found
    if view.boot.following is not None:
        found.append(
            Argument(text("reason.log-ends"), events=[*view.last_record, *view.boot.following.start_events[:1]])
        )
    if view.clean_signs:
        found.append(Argument(text("reason.clean-mount"), events=view.clean_signs[:1]))
    found.append(Argument(text("reason.undecided-silent"), "missing"))
    return found


def _means(event: Event, view: StopView) -> bool:
    named = event.fields.get("server") or event.fields.get("target") or ""
    return same_server(named, view.boot.server)


def _dump_found(view: StopView) -> list[Event]:
    following = view.boot.following
    if following is None:
        return []
    started = following.start or following.first
    return [e for e in following.events if e.kind == "os.crash_dump_found" and e.time - started <= _DUMP_AFTER_START]


def _still_on_battery(view: StopView) -> list[Event]:
    """What says that the power had failed and was not back: of a UPS agent, or of ESMPRO/AC."""
    kinds = ["ups.on_battery", "ups.battery_low", "ups.on_line", "ups.message"]
    told = on_battery(view.before_end(kinds, _ON_BATTERY))
    news = view.before_end(["ac.power_failure", "ac.power_restored"], _ON_BATTERY)
    return [*told, *(event for event in news[-1:] if event.kind == "ac.power_failure")]


def _others_cut_off(view: StopView) -> list[str]:
    """Servers whose own boot ended without a stop in the same minutes, and without a cause of their own.

    Only where their clocks can be compared: that the stamps agree says nothing by itself.
    """
    found = []
    for server, ends in view.neighbours.items():
        doubt = view.doubt(server)
        if doubt is None:
            continue
        apart = _TOGETHER + doubt
        for other in ends.between(*view.there(server, view.boot.last - apart, view.boot.last + apart)):
            if other.stop_orderly or other.boot.following is None or not other.unclean_signs:
                continue
            together = abs(view.here(server, other.boot.last) - view.boot.last) <= apart
            if together and not other.before_end(_OWN_CAUSES, _JUST_BEFORE):
                found.append(server)
    return sorted(found)
