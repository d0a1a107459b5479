"""The end of one boot, laid out for the hypotheses: what was asked, what stopped, what the next boot found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cached_property

from acforensics.boots import Boot
from acforensics.clocks import CaseClock
from acforensics.coverage import Coverage
from acforensics.events import Event
from acforensics.lines.login_records import PROGRAMS as LOGIN_RECORDS
from acforensics.parsing.commands import CommandMeaning, understand
from acforensics.shutdowns.final_stop import DECISIVE, FinalStop, final_stop
from acforensics.shutdowns.records import Records, Timed

CLUSTER_REQUESTS = frozenset(
    f"clusterpro.{name}"
    for name in [
        "shutdown_requested",
        "stop_received",
        "stopping",
        "server_shut_down",
        "cluster_shut_down",
    ]
)
LONGEST_CLUSTER_STOP = timedelta(hours=6)
"""CLUSTERPRO may take long to stop its groups; a request of another day is another story."""
_LONGEST_SEAM = timedelta(hours=24)
_AFTER_START = timedelta(minutes=5)
_TAKES_EFFECT = timedelta(minutes=10)
"""How long after a request what it asks for begins."""
_STAMPED_APART = timedelta(seconds=2)
_CLOCKS_UNKNOWN = timedelta(seconds=30)
"""How far two servers' clocks are taken to differ where nothing is known of them."""


def meaning_of(command: Event) -> CommandMeaning | None:
    """What a recorded command asks of the machine that it was recorded on."""
    return understand(command.fields.get("command", ""), script=command.fields.get("via") == "cron")


def same_server(one: str, other: str) -> bool:
    """Whether two names mean one server: without domain, whatever the case."""
    return one.partition(".")[0].lower() == other.partition(".")[0].lower()


@dataclass
class StopView:
    """What is known of the end of `boot`. All times UTC."""

    boot: Boot
    peers: Mapping[str, Records] = field(default_factory=dict)
    """Events of the other servers, by server, in order."""
    neighbours: Mapping[str, Timed[StopView]] = field(default_factory=dict)
    """The ends of the other servers' boots, by server and by their last record."""
    clock: CaseClock = field(default_factory=lambda: CaseClock({}))
    """What is known of the servers' clocks."""
    coverage: Coverage = field(default_factory=Coverage)
    """What each log could have shown."""
    zone: tzinfo = UTC
    """In which times are shown."""
    in_cluster: bool = False
    """Whether CLUSTERPRO runs on this server: it is seen in any of its boots, or another server's names it."""
    announces: bool = False
    """Whether this server's logind says what a command asks of it (`The system will reboot now!`): newer ones do."""
    planned_offs: list[Event] = field(default_factory=list)
    """When ESMPRO/AC's schedule plans to turn this server off (`ac.schedule_planned`): plans, not records."""

    def of(self, *kinds: str) -> list[Event]:
        """Events of this boot of the given kinds, in order; repetitions written by syslog are left out."""
        wanted = set(kinds)
        return [event for event in self.boot.events if event.kind in wanted and "repeated" not in event.fields]

    def of_all(self, kind: str) -> list[Event]:
        """Events of one kind, syslog's repetitions included: each stands for a record that was not written out."""
        return [event for event in self.boot.events if event.kind == kind]

    @property
    def os_stops(self) -> list[Event]:
        """Lines by which the OS says that it goes down, of the final stop only."""
        return self._final_stop.lines

    @property
    def restarted(self) -> Event | None:
        """A record after an earlier stop within this boot: of the start between, the logs hold no line."""
        return self._final_stop.restarted

    @cached_property
    def _final_stop(self) -> FinalStop:
        return final_stop(self.boot)

    @cached_property
    def first_stop(self) -> datetime | None:
        """When the OS first said that it goes down."""
        # A listing in minutes cuts the seconds off: its times lie before what happened.
        finest = min((stop.resolution for stop in self.os_stops), default=1)
        return min((stop.time for stop in self.os_stops if stop.resolution == finest), default=None)

    @cached_property
    def end(self) -> datetime:
        """Reference for 'shortly before the end': the OS's first stop line, else the last record."""
        return self.first_stop or self.boot.last

    @cached_property
    def decisive(self) -> bool:
        """Whether the OS said outright that the machine goes down (not only that some services stopped)."""
        return any(stop.kind in DECISIVE for stop in self.os_stops)

    @cached_property
    def cluster_requests(self) -> list[Event]:
        """CLUSTERPRO's lines of the final stop, from the request on.

        Left out are earlier runs of the daemon, requests that were refused, and requests for another server.
        """
        found: list[Event] = []
        for event in self.boot.events:
            if event.kind in ("clusterpro.daemon_started", "os.shutdown_cancelled"):
                found = []
            elif event.kind == "clusterpro.request_refused":
                # A refusal answers the latest request, unless CLUSTERPRO has acted on that one.
                if found and found[-1].kind == "clusterpro.shutdown_requested":
                    found.pop()
            elif (
                event.kind in CLUSTER_REQUESTS and "repeated" not in event.fields and self._concerns_this_server(event)
            ):
                found.append(event)
        return [event for event in found if self.end - event.time <= LONGEST_CLUSTER_STOP]

    def _concerns_this_server(self, event: Event) -> bool:
        if event.kind != "clusterpro.shutdown_requested" or event.fields.get("scope") == "cluster":
            return True
        named = event.fields.get("server") or event.fields.get("target")
        others = {name.partition(".")[0].lower() for name in self.peers}
        return named is None or same_server(named, self.boot.server) or named.partition(".")[0].lower() not in others

    @cached_property
    def stop_begins(self) -> datetime | None:
        """When anything of the final stop is first seen: of the OS, or of CLUSTERPRO stopping with it."""
        times = [event.time for event in self.cluster_requests]
        if self.first_stop is not None:
            times.append(self.first_stop)
        return min(times, default=None)

    @cached_property
    def stopped_by_cluster_first(self) -> list[Event]:
        """CLUSTERPRO's stop lines well before the OS's own: then it was not the OS that was asked."""
        kinds = (
            "clusterpro.group_stopping",
            "clusterpro.resource_stopping",
            "clusterpro.daemon_stopping",
            "ac.exec_command",
        )
        started = max(
            (e.time for e in self.of("clusterpro.daemon_started", "clusterpro.group_activated")),
            default=self.boot.first,
        )
        if any(e.time >= started for e in self.of("clusterpro.service_stop_requested", "clusterpro.service_stopping")):
            # Only the service was stopped (clpcl -t): what followed is another matter.
            return []
        earliest = max(started, self.end - LONGEST_CLUSTER_STOP)
        return [e for e in self.of(*kinds) if earliest <= e.time < self.end - timedelta(seconds=5)]

    @cached_property
    def unseen_between(self) -> bool:
        """Whether logs between this boot and the next known one are missing: other boots may lie there."""
        following = self.boot.following
        if following is None or not following.start_events:
            return False
        return not following.lines_before and (following.start or following.first) - self.boot.last > _LONGEST_SEAM

    @cached_property
    def stop_orderly(self) -> bool:
        """Whether anything shows that the machine went down in order."""
        ended = {"clusterpro.server_shut_down", "clusterpro.cluster_shut_down"}
        return bool(self.os_stops) or any(event.kind in ended for event in self.cluster_requests)

    @cached_property
    def stop_logged(self) -> bool:
        """The same from other sources than login records: those lack the record of many an orderly stop."""
        others = [stop for stop in self.os_stops if stop.program not in LOGIN_RECORDS]
        return self.stop_orderly and (bool(others) or not self.os_stops)

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
        found = following.lines_before if following is not None else []
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
        since = self.end - within if self.restarted is None else max(self.end - within, self.restarted.time)
        return [
            event
            for event in self.boot.events
            if event.kind in wanted and since <= event.time <= self.end + after and "repeated" not in event.fields
        ]

    def may_follow(self, asked: Event, time: datetime) -> bool:
        """Whether what this server did at a time may follow from a request, here or on another server.

        Cause comes before effect, by minutes at most, as far as the two clocks can be compared.
        """
        early = self._early(asked.server)
        return -early <= time - self._as_here(asked) <= _TAKES_EFFECT + early

    def asked_elsewhere(self, kinds: Iterable[str], time: datetime) -> list[Event]:
        """Events of other servers that what this server did at a time may follow from, by server, in order."""
        wanted = tuple(kinds)
        return [
            event
            for server, records in self.peers.items()
            for event in records.between(
                wanted, *self.there(server, time - _TAKES_EFFECT - self._early(server), time + self._early(server))
            )
            if self.may_follow(event, time)
        ]

    def _early(self, server: str) -> timedelta:
        """How long before its cause on another server an effect may be stamped."""
        doubt = timedelta(0) if server == self.boot.server else self.doubt(server)
        return _CLOCKS_UNKNOWN if doubt is None else doubt + _STAMPED_APART

    def there(self, server: str, since: datetime, until: datetime) -> tuple[datetime, datetime]:
        """Between which readings of another server's clock all times lie that `here` puts between these two."""
        least, most = self.clock.corrections(server)
        return since - self._ahead + least, until - self._ahead + most

    def _as_here(self, event: Event) -> datetime:
        own = event.server == self.boot.server
        return event.time if own else self.here(event.server, event.time)

    def here(self, server: str, time: datetime) -> datetime:
        """A time of another server's clock as this server's clock would show it, as far as the offset is known."""
        return self.clock.corrected(server, time) + self._ahead

    @cached_property
    def _ahead(self) -> timedelta:
        """How far this server's clock is ahead of the case's at the end of this boot."""
        return self.boot.last - self.clock.corrected(self.boot.server, self.boot.last)

    def doubt(self, server: str) -> timedelta | None:
        """How far `here` may be off for another server at the end of this boot; `None`: nothing is known."""
        return self.clock.uncertainty(self.boot.server, server, self.boot.last)

    def peers_saying(self, kinds: Iterable[str], within: timedelta) -> list[Event]:
        """Events of other servers around the time at which this boot's records end."""
        wanted = tuple(kinds)
        following = self.boot.following
        latest = (following.start or following.first) if following is not None else self.boot.last + within
        found = []
        for server, records in self.peers.items():
            doubt = self.doubt(server) or timedelta(0)
            since, until = self.boot.last - within - doubt, latest + doubt
            found += [
                event
                for event in records.between(wanted, *self.there(server, since, until))
                if since <= self.here(server, event.time) <= until
            ]
        return found
