"""The end of one boot, laid out for the hypotheses: what was asked, what stopped, what the next boot found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from acforensics.boots import Boot
from acforensics.events import Event

OS_STOPS = frozenset(
    f"os.{name}"
    for name in [
        "shutdown_started",
        "shutdown_announced",
        "runlevel_switched",
        "target_stopped",
        "target_reached",
        "stop_progress",
        "syslog_stopped",
        "kernel_log_stopped",
        "journal_stopped",
        "ctrl_alt_del_acted",
    ]
)
_SYSLOG_STOPS = {"os.syslog_stopped", "os.kernel_log_stopped", "os.stop_progress"}
_DECISIVE = {"os.shutdown_started", "os.runlevel_switched", "os.target_reached", "os.ctrl_alt_del_acted"}
CLUSTER_REQUESTS = frozenset(
    f"clusterpro.{name}"
    for name in [
        "shutdown_requested",
        "stop_received",
        "stopping",
        "final_action",
        "server_shut_down",
        "cluster_shut_down",
    ]
)
# An OS stop is the end of this boot only if little comes after it; CLUSTERPRO may take long to stop its groups.
LONGEST_OS_STOP = timedelta(minutes=60)
LONGEST_CLUSTER_STOP = timedelta(hours=3)
_STILL_ALIVE = timedelta(minutes=2)
_AFTER_START = timedelta(minutes=5)


def same_server(one: str, other: str) -> bool:
    """Whether two names mean one server: without domain, whatever the case."""
    return one.partition(".")[0].lower() == other.partition(".")[0].lower()


@dataclass
class StopView:
    """What is known of the end of `boot`. All times UTC."""

    boot: Boot
    peers: dict[str, list[Event]] = field(default_factory=dict)
    """Events of the other servers, by server, in order."""
    neighbours: list[StopView] = field(default_factory=list)
    """The ends of the other servers' boots."""

    def of(self, *kinds: str) -> list[Event]:
        """Events of this boot of the given kinds, in order; repetitions written by syslog are left out."""
        wanted = set(kinds)
        return [event for event in self.boot.events if event.kind in wanted and "repeated" not in event.fields]

    @cached_property
    def os_stops(self) -> list[Event]:
        """Lines by which the OS says that it goes down, of the final stop only."""
        found: list[Event] = []
        for event in self.boot.events:
            if event.kind == "os.syslog_started":
                found = [stop for stop in found if stop.kind not in _SYSLOG_STOPS]
            elif event.kind == "os.journal_started":
                # The journal of the initramfs hands over to the system's.
                found = [stop for stop in found if stop.kind != "os.journal_stopped"]
            elif event.kind == "os.shutdown_cancelled":
                found = []
            elif event.kind == "os.session_opened" and found and event.time - found[-1].time > _STILL_ALIVE:
                # People still log in: what looked like a stop was not one.
                found = []
            elif event.kind in OS_STOPS and "repeated" not in event.fields:
                found.append(event)
        if not found or self.boot.last - found[-1].time > LONGEST_OS_STOP:
            return []
        return [stop for stop in found if found[-1].time - stop.time <= LONGEST_OS_STOP]

    @cached_property
    def first_stop(self) -> datetime | None:
        """When the OS first said that it goes down."""
        return min((stop.time for stop in self.os_stops), default=None)

    @cached_property
    def end(self) -> datetime:
        """Reference for 'shortly before the end': the OS's first stop line, else the last record."""
        return self.first_stop or self.boot.last

    @cached_property
    def decisive(self) -> bool:
        """Whether the OS said outright that the machine goes down (not only that some services stopped)."""
        return any(stop.kind in _DECISIVE for stop in self.os_stops)

    @cached_property
    def cluster_requests(self) -> list[Event]:
        """CLUSTERPRO's lines of the final stop, from the request on; refused requests and earlier runs are left out."""
        found: list[Event] = []
        for event in self.boot.events:
            if event.kind == "clusterpro.daemon_started":
                found = []
            elif event.kind == "clusterpro.request_refused":
                found = [
                    e for e in found if e.kind != "clusterpro.shutdown_requested" or event.time - e.time > _AFTER_START
                ]
            elif event.kind in CLUSTER_REQUESTS and "repeated" not in event.fields:
                found.append(event)
        return [event for event in found if self.end - event.time <= LONGEST_CLUSTER_STOP]

    @cached_property
    def stop_orderly(self) -> bool:
        """Whether anything shows that the machine went down in order."""
        ended = {"clusterpro.server_shut_down", "clusterpro.cluster_shut_down"}
        return bool(self.os_stops) or any(event.kind in ended for event in self.cluster_requests)

    @cached_property
    def unclean_signs(self) -> list[Event]:
        """What the next boot found broken: file systems to recover, a journal cut off, CLUSTERPRO's own complaint."""
        following = self.boot.following
        if following is None:
            return []
        kinds = {"os.filesystem_recovered", "os.journal_unclean", "clusterpro.not_stopped_properly"}
        found = []
        started = following.start or following.first
        cluster_up = False
        for event in following.events:
            if event.time - started > _AFTER_START:
                break
            cluster_up = cluster_up or event.kind == "clusterpro.daemon_started"
            # A disk that CLUSTERPRO mounts later may be recovered because the other server died.
            if event.kind in kinds and not (cluster_up and event.kind == "os.filesystem_recovered"):
                found.append(event)
        return found

    @cached_property
    def clean_signs(self) -> list[Event]:
        """File systems that the next boot found clean although nothing shows a stop."""
        following = self.boot.following
        if following is None:
            return []
        started = following.start or following.first
        recovered = {event.fields.get("device") for event in self.unclean_signs}
        return [
            event
            for event in following.events
            if event.kind == "os.filesystem_clean"
            and event.fields.get("device") not in recovered
            and event.time - started <= _AFTER_START
        ]

    @cached_property
    def last_record(self) -> list[Event]:
        """The line with which this boot's logs break off, as an event of kind `os.last_record`."""
        following = self.boot.following
        found = [e.previous for e in following.start_events if e.previous is not None] if following is not None else []
        if not found:
            return []
        last = max(found, key=lambda witness: witness.time)
        return [
            Event(
                last.time,
                self.boot.server,
                "os.last_record",
                "",
                "",
                last.text,
                {},
                "",
                "verified",
                last.input,
                [last],
            )
        ]

    def before_end(
        self, kinds: Iterable[str], within: timedelta, after: timedelta = timedelta(seconds=30)
    ) -> list[Event]:
        """Events of this boot in the given time before the end (and a little after: streams are stamped apart)."""
        wanted = set(kinds)
        return [
            event
            for event in self.boot.events
            if event.kind in wanted
            and self.end - within <= event.time <= self.end + after
            and "repeated" not in event.fields
        ]

    def peers_saying(self, kinds: Iterable[str], within: timedelta) -> list[Event]:
        """Events of other servers around the time at which this boot's records end."""
        wanted = set(kinds)
        following = self.boot.following
        latest = (following.start or following.first) if following is not None else self.boot.last + within
        return [
            event
            for events in self.peers.values()
            for event in events
            if event.kind in wanted and self.boot.last - within <= event.time <= latest
        ]
