"""What the logs could not have shown of an end: then what is not in them speaks for nobody and against nobody.

A record is missed only where a log that would hold it covers its time. Where it does not, or where the records that are
there belong to others that are not (CLUSTERPRO's shutdown without the request for it), circumstance decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from acforensics.coverage import Lack, SourceCoverage
from acforensics.events import Event
from acforensics.shutdowns import sessions
from acforensics.shutdowns.reasons import Argument
from acforensics.shutdowns.view import StopView
from acforensics.texts import text

_ASKED_WITHIN = timedelta(minutes=10)
"""What asks for a stop does so this long before; a slow CLUSTERPRO is seen stopping its groups meanwhile."""
_SETTLES = timedelta(minutes=3)
"""A log that shows no starts may begin this long after one."""
_JUST_BEFORE = timedelta.resolution
_STAMPED_APART = timedelta(seconds=5)
_ERROR_LEAD = timedelta(minutes=30)
_CLUSTER = ("clusterpro.*",)
_CLUSTER_STOPS = ("clusterpro.daemon_stopping", "clusterpro.group_stopping", "clusterpro.resource_stopping")
_CLUSTER_RUNS = ("clusterpro.daemon_started", "clusterpro.group_activated", "clusterpro.resource_activated")
_SERVICE_STOPS = ("clusterpro.service_stop_requested", "clusterpro.service_stopping")
_REQUESTS = ("clusterpro.shutdown_requested", "clusterpro.stop_received")
_OWN_CAUSES = tuple(
    f"clusterpro.{name}"
    for name in ("monitor_error", "recovery_action", "failover_failed", "final_action", "final_action_failed",
                 "resource_activation_failed", "group_activation_failed", "network_partition", "process_failed")
)  # fmt: skip
"""What may make CLUSTERPRO end a server without anybody's asking."""


def before_stop(view: StopView) -> list[Argument]:
    """Why it cannot be seen that nothing asked before the OS began to stop; nothing where it can."""
    if view.first_stop is None:
        return []
    return _uncovered(view, view.first_stop)


def of_command(view: StopView) -> list[Argument]:
    """Why the OS was hardly asked by a command: logind, which says so on this server, did not; nothing otherwise."""
    if not view.announces or view.of("os.shutdown_scheduled"):
        return []
    logind = [e for e in view.os_stops if e.kind in ("os.shutdown_announced", "os.shutdown_started")]
    if not logind or any(e.kind == "os.shutdown_announced" or e.fields.get("wall") for e in logind):
        return []
    return [Argument(text("reason.not-announced"), "against", logind[:1])]


def of_cluster(view: StopView) -> list[Argument]:
    """Why it cannot be seen that CLUSTERPRO was stopped by the OS, not the OS by CLUSTERPRO; nothing where it can."""
    shown = shutdown_without_request(view)
    if shown:
        return [Argument(text("reason.cluster-shut-down"), "against", shown[:1])]
    own = _own_cause(view)
    if own:
        return [Argument(text("reason.cluster-own-cause", line=own[-1].message), "against", own[-1:])]
    if not view.in_cluster or view.first_stop is None:
        return []
    begun = view.first_stop - _STAMPED_APART
    if any(event.time >= begun for event in view.of(*_CLUSTER_STOPS)):
        return []
    running = max((event.time for event in view.of(*_CLUSTER_RUNS)), default=view.boot.first)
    if any(running <= event.time < begun for event in view.of(*_SERVICE_STOPS)):
        # CLUSTERPRO alone was stopped before, and stayed so.
        return []
    return [Argument(text("reason.cluster-stop-unseen"), "missing", view.of(*_CLUSTER_RUNS)[-1:])]


def _own_cause(view: StopView) -> list[Event]:
    """What CLUSTERPRO may have acted on by itself just before the OS was asked: what is over is none."""
    found = [
        e for e in view.before_end(_OWN_CAUSES, _ERROR_LEAD) if view.first_stop is None or e.time < view.first_stop
    ]
    over = {(e.fields.get("monitor"), e.time) for e in view.before_end(["clusterpro.monitor_recovered"], _ERROR_LEAD)}
    return [
        event
        for event in found
        if event.kind != "clusterpro.monitor_error"
        or not any(monitor == event.fields.get("monitor") and time >= event.time for monitor, time in over)
    ]


def shutdown_without_request(view: StopView) -> list[Event]:
    """Lines of a shutdown of CLUSTERPRO's own, where the request that such a shutdown begins with is not logged."""
    requests = view.cluster_requests
    return [] if any(event.kind in _REQUESTS for event in requests) else requests


def who_asked_cluster(view: StopView, first: datetime) -> list[Argument]:
    """Why it cannot be told whether a person or CLUSTERPRO itself asked for a shutdown whose request is not logged.

    Args:
        view: the end.
        first: when CLUSTERPRO is first seen to stop.
    """
    found = _uncovered(view, first)
    if not sessions.people(view):
        found.append(Argument(text("reason.cluster-nobody-seen"), "missing"))
    errors = [e for e in view.before_end(["clusterpro.monitor_error"], _ERROR_LEAD) if e.time <= first]
    if errors:
        detail = errors[-1].fields.get("detail") or errors[-1].message
        found.append(Argument(text("reason.monitor-error", detail=detail), "missing", errors[-1:]))
    return found


def at_end(view: StopView) -> list[Argument]:
    """Why the end of a boot without a stop may lie where no log tells of it; nothing where one goes on into the next.

    The log goes on where its next boot follows its last record, with no file missing between.
    """
    following = view.boot.following
    if following is None:
        return []
    coverage = view.coverage
    lacks = [coverage.seam(source, view.boot, following) for source in coverage.general(view.boot.server)]
    if not lacks or None in lacks:
        # Without such a log there is no hole in one, either.
        return []
    holes = [lack for lack in lacks if lack is not None and lack.reason in ("hole", "damaged")]
    return [_told(view, lack) for lack in holes[:1]]


def _uncovered(view: StopView, time: datetime) -> list[Argument]:
    """Why the logs that show requests, to the OS and to CLUSTERPRO, do not show the minutes before a time."""
    server, coverage = view.boot.server, view.coverage
    shown = any(kind.startswith("clusterpro.") for source in coverage.sources for kind in source.kinds)
    general = coverage.general(server)
    found = _lacking(view, general, time)
    if shown and not found:
        # All that is written to syslog reaches the journal as well.
        journals = [source for source in general if source.source == "journal"]
        found = _lacking(view, [*coverage.would_show(server, _CLUSTER), *journals], time)
    return [_told(view, found[0])] if found else []


def _lacking(view: StopView, sources: Iterable[SourceCoverage], time: datetime) -> list[Lack]:
    """Why none of the sources covers the minutes before a time; nothing where one does."""
    found = []
    for source in sources:
        begin, end = _window(view, source, time)
        lack = view.coverage.lack(source, begin, end)
        if lack is None:
            return []
        found.append(lack)
    return found or [Lack("", "absent", time - _ASKED_WITHIN, time)]


def _window(view: StopView, source: SourceCoverage, time: datetime) -> tuple[datetime, datetime]:
    """The minutes before a time, as far as the server was on."""
    boot, end = view.boot, time - _JUST_BEFORE
    begin = time - _ASKED_WITHIN
    if boot.start is not None:
        seen = source.seen.get(boot.id)
        starts = any(s.track.stream == source.stream and s.start_event is not None for s in boot.segments)
        if starts and seen is not None:
            begin = max(begin, seen.start)
        else:
            begin = max(begin, boot.start if "os.boot" in source.kinds else boot.start + _SETTLES)
    return min(begin, end), end


def _told(view: StopView, lack: Lack) -> Argument:
    start, end = (f"{time.astimezone(view.zone):%Y-%m-%d %H:%M:%S}" for time in (lack.start, lack.end))
    return Argument(text(f"reason.unseen-{lack.reason}", log=lack.name, start=start, end=end), "missing")
