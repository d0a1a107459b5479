"""Offsets between servers: planted ones are found with an honest spread, doubtful evidence gives none."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acforensics.clocks.case_clock import CaseClock, Span
from acforensics.clocks.offsets import estimate
from acforensics.events import Event, Witness

START = datetime(2026, 11, 24, 0, 0, 0, tzinfo=UTC)
A, B, C = "svr031", "svr047", "svr053"
HOUR = 3600.0


def offset_at(clock: CaseClock, server: str, time: datetime) -> float | None:
    """Seconds that a server's clock was ahead of the case's when it showed a time; `None`: not known."""
    own = clock.servers[server]
    span = own.at(time)
    return None if span is None or own.basis == "bounded" else span.offset


@dataclass
class Site:
    """Servers with clocks that are wrong as a test wants; records are made at true times (seconds from START)."""

    clocks: dict[str, list[tuple[float, float]]]
    """Server → (true time from which, seconds ahead), in order."""
    jitter: float = 1.0
    seed: int = 31
    whole_seconds: bool = True
    records: dict[str, list[tuple[float, int, Event]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.records = {name: [] for name in self.clocks}

    def ahead(self, server: str, true: float) -> float:
        return [offset for since, offset in self.clocks[server] if since <= true][-1]

    def stamp(self, server: str, true: float) -> datetime:
        found = START + timedelta(seconds=true + self.ahead(server, true))
        return found.replace(microsecond=0 if self.whole_seconds else found.microsecond // 1000 * 1000)

    def log(self, server: str, true: float, kind: str, /, **fields: str) -> Event:
        stream = f"{server}/var/log/messages"
        event = Event(
            self.stamp(server, true), server, kind, "", "", kind, fields, "test", "verified", stream,
            witnesses=[Witness(stream, 1, self.stamp(server, true), kind)],
        )  # fmt: skip
        self.records[server].append((true, len(self.records[server]), event))
        return event

    def late(self) -> float:
        return self.random.uniform(0, self.jitter)

    def on_all(self, true: float, kind: str, /, **fields: str) -> None:
        for server in self.clocks:
            self.log(server, true + self.late(), kind, **fields)

    def start(self, server: str, true: float, *, seen_by: tuple[str, ...] = ()) -> None:
        self.log(server, true - 60, "os.boot")
        self.log(server, true - 2, "clusterpro.daemon_started")
        for name in (server, *seen_by):
            self.log(name, true + self.late(), "clusterpro.server_up", server=server)

    def stop(self, server: str, true: float, *, seen_by: tuple[str, ...] = ()) -> None:
        self.log(server, true, "clusterpro.daemon_stopping")
        for name in seen_by:
            self.log(name, true + 1 + self.late(), "clusterpro.server_down", server=server)
        self.log(server, true + 5, "clusterpro.server_shut_down")

    def cluster_stop(self, true: float) -> None:
        self.on_all(true, "clusterpro.stop_received", requester="clpstdn", mode="halt")
        self.on_all(true + 15, "clusterpro.cluster_shut_down", scope="cluster")

    def cluster_start(self, true: float) -> None:
        for number, server in enumerate(self.clocks):
            others = tuple(name for name in self.clocks if name != server)
            self.start(server, true + 7 * number, seen_by=others)
        self.on_all(true + 40, "clusterpro.all_servers_started")

    def night(self, true: float) -> None:
        """A stop of the whole cluster, off for a while, on again."""
        self.cluster_stop(true)
        self.cluster_start(true + self.random.uniform(900, 5000))

    def events(self) -> dict[str, list[Event]]:
        return {name: [event for *_, event in sorted(found)] for name, found in self.records.items()}

    def estimate(self, **told: float) -> CaseClock:
        return estimate(self.events(), told)


def two(ahead: float, **options) -> Site:
    return Site({A: [(0, 0)], B: [(0, ahead)]}, **options)


def nights(site: Site, *days: float) -> Site:
    for day in days:
        site.night(day * 24 * HOUR + site.random.uniform(0, 8 * HOUR))
    return site


def check(site: Site, clock: CaseClock, server: str = B, within: float = 2.0) -> None:
    """Every record's offset against the reference is near the planted one, and the truth lies within the spread."""
    assert clock.servers[A].basis == "reference"
    for true, _, event in site.records[server]:
        span = clock.servers[server].at(event.time)
        assert span is not None
        planted = site.ahead(server, true) - site.ahead(A, true)
        assert abs(span.offset - planted) <= within, (event.time, span)
        assert abs(span.offset - planted) <= span.spread, (event.time, span)


# --- constant offsets


@pytest.mark.parametrize("ahead", [-95.0, 3.0, 0.0, 40.0, 600.0])
def test_a_planted_offset_is_found(ahead: float) -> None:
    site = nights(two(ahead), 1, 2, 4, 5)
    clock = site.estimate()
    check(site, clock)
    (span,) = clock.servers[B].spans
    assert (span.since, span.until) == (None, None)
    assert 1.0 <= span.spread <= 6
    assert len(span.pairs) >= 12
    assert clock.servers[B].basis == "estimated"
    assert f"{abs(span.offset):.1f} s (± {span.spread:.1f} s)" in clock.servers[B].note.en
    assert str(len(span.pairs)) in clock.servers[B].note.ja


def test_times_are_corrected_only_beyond_the_spread() -> None:
    far, near = nights(two(-95.0), 1, 2, 3).estimate(), nights(two(1.0), 1, 2, 3).estimate()
    moment = START + timedelta(days=2)
    offset = offset_at(far, B, moment)
    assert offset is not None
    assert far.corrected(B, moment) == moment - timedelta(seconds=offset) > moment
    assert far.corrected(A, moment) == moment
    assert near.corrected(B, moment) == moment
    assert "shown as written" in near.servers[B].note.en
    # What is left uncorrected counts as uncertain.
    (span,) = near.servers[B].spans
    assert near.uncertainty(A, B, moment) == timedelta(seconds=abs(span.offset) + span.spread)
    assert far.uncertainty(A, B, moment) == timedelta(seconds=far.servers[B].spans[0].spread)
    assert far.uncertainty(B, B, moment) == timedelta(0)


def test_stamps_with_fractions_need_no_full_second_of_doubt() -> None:
    site = nights(two(-95.0, whole_seconds=False, jitter=4.5), *range(1, 12))
    spread = site.estimate().servers[B].spans[0].spread
    assert 0.5 <= spread < nights(two(-95.0), 1).estimate().servers[B].spans[0].spread


@pytest.mark.parametrize("hours", [9.0, -9.0, 5.5, 1.0])
def test_a_zone_is_named_as_the_likelier_cause(hours: float) -> None:
    site = two(hours * HOUR)
    site.cluster_stop(20 * HOUR)
    # One stop on either server might as well be two different ones.
    assert site.estimate().servers[B].basis == "unknown"
    site.cluster_stop(43.3 * HOUR)
    clock = site.estimate()
    check(site, clock)
    assert f"close to {hours:+g} h" in clock.servers[B].note.en
    assert "タイムゾーン" in clock.servers[B].note.ja


def test_an_ordinary_offset_is_no_zone() -> None:
    for ahead in (-95.0, 899.0, 1300.0):
        assert "zone" not in nights(two(ahead), 1, 2, 4).estimate().servers[B].note.en


def test_starts_and_stops_seen_by_the_peer_suffice() -> None:
    site = two(-95.0)
    for hour in (5, 17, 40, 61):
        site.stop(B, hour * HOUR + 7 * hour**2, seen_by=(A,))
        site.start(B, hour * HOUR + 900 + 7 * hour**2, seen_by=(A,))
    clock = site.estimate()
    check(site, clock)
    assert {pair.kind for pair in clock.servers[B].spans[0].pairs} == {"server-started", "server-stopped"}


def test_a_single_common_occurrence_is_reported_with_its_slack() -> None:
    site = two(-95.0)
    site.on_all(5 * HOUR, "clusterpro.all_servers_started")
    clock = site.estimate()
    check(site, clock)
    (span,) = clock.servers[B].spans
    assert len(span.pairs) == 1
    assert 5 <= span.spread <= 7
    pair = span.pairs[0]
    assert (pair.one, pair.other, pair.kind, pair.slack) == (A, B, "all-started", (-5, 5))
    assert (pair.other_time - pair.one_time).total_seconds() == pytest.approx(-95, abs=2)
    assert pair.one_event.server == A


# --- other sources of pairs


@pytest.mark.parametrize("told", ["ups1@192.0.2.7", "ups1@ups-host.example.com:3493"])
def test_a_ups_that_both_watch(told: str) -> None:
    site = two(-95.0, jitter=4.0)
    for hour in (3, 9.7, 23):
        site.on_all(hour * HOUR, "ups.on_battery", ups=told)
        site.on_all(hour * HOUR + 77, "ups.on_line", ups=told)
    # An own UPS of the same name on each server is not one UPS.
    check(site, site.estimate(), within=3)
    site = two(-95.0)
    site.on_all(HOUR, "ups.on_battery", ups="ups1@localhost")
    site.on_all(2 * HOUR, "ups.on_battery", ups="ups1")
    assert site.estimate().servers[B].basis == "unknown"


def test_a_ups_served_by_one_of_the_servers() -> None:
    site = two(-95.0)
    for hour in (3, 9.7, 23):
        site.log(A, hour * HOUR, "ups.on_battery", ups="ups1@localhost")
        site.log(B, hour * HOUR + 1, "ups.on_battery", ups="ups1@SVR031.example.com")
    check(site, site.estimate())


def test_heartbeats_between_the_two() -> None:
    site = two(-95.0)
    for hour in (3, 9.7, 23):
        for kind, true in (("clusterpro.heartbeat_down", hour * HOUR), ("clusterpro.heartbeat_up", hour * HOUR + 400)):
            site.log(A, true, kind, resource="lankhb1", server=B)
            site.log(B, true + 1, kind, resource="lankhb1", server=A)
    check(site, site.estimate())


def test_alert_log_stamps_of_two_clocks() -> None:
    def site(copied: bool) -> Site:
        made = two(-95.0, whole_seconds=False)
        made.log(A, HOUR, "os.session_opened")
        for hour in (3, 9.7, 23):
            event = made.log(B, hour * HOUR, "clusterpro.message")
            received = event.time if copied else made.stamp(A, hour * HOUR + 0.4)
            event.fields["received"] = received.isoformat(sep=" ")
            event.streams.add(f"{A}/log/alt/alertlog.alt")
        return made

    check(site(copied=False), site(copied=False).estimate(), within=1)
    assert site(copied=True).estimate().servers[B].basis == "unknown"


def test_alert_log_stamps_without_a_zone_or_keeper_say_nothing() -> None:
    for received, stream in (("2026-11-24 03:00:00.123", f"{A}/log"), ("2026-11-24 03:00:00.123+00:00", "x/y/z")):
        site = two(0.0)
        event = site.log(B, 3 * HOUR, "clusterpro.message", received=received)
        event.streams.add(f"{stream}/alertlog.alt")
        site.log(A, 3 * HOUR, "clusterpro.message")
        assert site.estimate().servers[B].basis == "unknown"


def test_alert_log_stamps_resolved_by_the_caller() -> None:
    site = two(-95.0, whole_seconds=False)
    site.log(A, HOUR, "os.session_opened")
    for hour in (3, 9.7, 23):
        stamp = site.stamp(A, hour * HOUR + 0.4)
        local = f"{stamp + timedelta(hours=9):%Y-%m-%dT%H:%M:%S.%f}"
        site.log(B, hour * HOUR, "clusterpro.message", received=local, received_utc=stamp.isoformat(), received_by=A)
    check(site, site.estimate(), within=1)


def test_server_time_records() -> None:
    site = two(-95.0, whole_seconds=False)
    for hour in (3, 9.7, 23):
        stamp = site.stamp(B, hour * HOUR + 0.5)
        site.log(A, hour * HOUR, "clusterpro.server_time", other=stamp.isoformat(), server=B)
    site.log(B, HOUR, "clusterpro.message")
    check(site, site.estimate())


# --- clocks that change


@pytest.mark.parametrize(("before", "after"), [(-95.0, 0.0), (0.0, 40.0), (40.0, -95.0), (0.0, -3.7 * HOUR)])
def test_a_step_without_a_word(before: float, after: float) -> None:
    site = Site({A: [(0, 0)], B: [(0, before), (6 * 24 * HOUR, after)]})
    nights(site, 1, 2, 3.5, 7, 8, 10)
    clock = site.estimate()
    first, last = clock.servers[B].spans[0], clock.servers[B].spans[-1]
    assert abs(first.offset - before) <= min(2, first.spread)
    assert abs(last.offset - after) <= min(2, last.spread)
    for true, _, event in site.records[B]:
        span = clock.servers[B].at(event.time)
        assert span is not None
        assert abs(span.offset - site.ahead(B, true)) <= span.spread
    assert clock.servers[A].spans == (Span(None, None, 0, 0, clock.servers[A].spans[0].pairs),)
    assert len(clock.servers[B].spans) <= 3


def step(site: Site, true: float, seconds: float, server: str = B) -> None:
    site.log(server, true + 0.5, "os.clock_stepped", offset=f"{seconds:+f}")


@pytest.mark.parametrize(("before", "after"), [(-95.0, 0.0), (0.0, 40.0), (40.0, -95.0)])
@pytest.mark.parametrize("days", [(1, 2, 7, 8), (1, 2, 3), (7, 8, 9)])
def test_a_step_that_the_log_tells(before: float, after: float, days: tuple[float, ...]) -> None:
    moment = 6 * 24 * HOUR
    site = Site({A: [(0, 0)], B: [(0, before), (moment, after)]})
    nights(site, *days)
    for server in (A, B):
        for hour in range(0, 240, 24):
            site.log(server, hour * HOUR + 1800, "os.session_opened")
    step(site, moment, after - before)
    clock = site.estimate()
    check(site, clock)
    first, last = clock.servers[B].spans
    stepped = START + timedelta(seconds=moment)
    assert last.since == (stepped + timedelta(seconds=after))
    assert first.until == stepped + timedelta(seconds=max(before, after))
    if min(days) > 6 or max(days) < 6:
        assert "derived from a clock step" in clock.servers[B].note.en


def test_a_step_of_the_reference_is_its_own() -> None:
    moment = 6 * 24 * HOUR
    site = nights(Site({A: [(0, -95), (moment, 0)], B: [(0, 0)]}), 1, 2, 7, 8)
    step(site, moment, 95.0, server=A)
    clock = site.estimate()
    assert [span.offset for span in clock.servers[A].spans] == [-95, 0]
    (span,) = clock.servers[B].spans
    assert abs(span.offset) <= 2
    early = START + timedelta(days=1)
    assert clock.corrected(A, early) == early + timedelta(seconds=95)
    assert "the clock on which times are shown" in clock.servers[A].note.en


def test_a_step_soon_after_a_start_says_nothing_of_the_boot_before() -> None:
    site = nights(two(0.0), 1, 2)
    boot = 4 * 24 * HOUR
    site.clocks[B] = [(0, 0), (boot, -500), (boot + 120, 0)]
    site.log(B, boot, "os.boot")
    site.log(B, boot + 30, "os.session_opened")
    step(site, boot + 120, 500.0)
    nights(site, 5, 6)
    clock = site.estimate()
    check(site, clock)
    assert len(clock.servers[B].spans) == 3


def test_small_and_nonsense_steps_change_nothing() -> None:
    site = nights(two(-95.0), 1, 2, 3)
    for number, amount in enumerate(("+0.3", "nan", "inf", "1e300", "", "x", "-0.000001")):
        site.log(B, 30 * HOUR + number, "os.clock_stepped", offset=amount)
    clock = site.estimate()
    check(site, clock)
    assert len(clock.servers[B].spans) == 1


def test_a_backward_step_leaves_readings_that_occurred_twice() -> None:
    moment = 6 * 24 * HOUR
    site = nights(Site({A: [(0, 0)], B: [(0, 300), (moment, 0)]}), 1, 2, 7, 8)
    step(site, moment, -300.0)
    clock = site.estimate()
    twice = START + timedelta(seconds=moment + 100)
    assert abs(offset_at(clock, B, twice) or 0.0) <= 2
    doubt = clock.uncertainty(A, B, twice)
    assert doubt is not None
    assert doubt > timedelta(seconds=298)
    sure = clock.uncertainty(A, B, twice + timedelta(hours=1))
    assert sure is not None
    assert sure < timedelta(seconds=12)


def test_a_step_that_only_one_of_two_logs_tells() -> None:
    moment = 6 * 24 * HOUR
    for before, after in ((-95.0, 0.0), (300.0, 0.0)):
        site = Site({A: [(0, 0)], B: [(0, before), (moment, after)]})
        nights(site, 1, 2, 7, 8)
        for _, _, event in site.records[B]:
            if event.kind != "os.boot":
                event.stream = f"{B}/var/log/clusterpro"
        step(site, moment, after - before)
        check(site, site.estimate())


def test_boots_alone_change_nothing() -> None:
    site = nights(two(-95.0), 1, 2, 3, 4, 6, 7)
    for hour in range(10, 160, 9):
        site.start(B, hour * HOUR)
    assert len(site.estimate().servers[B].spans) == 1


# --- evidence that does not suffice


def test_nothing_in_common() -> None:
    site = two(-95.0)
    for server in (A, B):
        site.log(server, HOUR, "os.boot")
        site.log(server, 2 * HOUR, "clusterpro.failover_started", group="failover1")
    clock = site.estimate()
    assert [c.basis for c in clock.servers.values()] == ["unknown", "unknown"]
    moment = START + timedelta(hours=1)
    assert offset_at(clock, B, moment) is None
    assert clock.uncertainty(A, B, moment) is None
    assert clock.corrected(B, moment) == moment
    assert "--clock" in clock.servers[B].note.en


def test_two_offsets_that_fit_as_well_are_no_offset() -> None:
    # One stop on one server, two on the other: one log has lost a stop.
    site = two(0.0)
    for true in (5 * HOUR, 8 * HOUR):
        site.log(A, true, "clusterpro.cluster_shut_down")
    site.log(B, 6.5 * HOUR, "clusterpro.cluster_shut_down")
    clock = site.estimate()
    assert clock.servers[B].basis == "unknown"
    assert "several offsets" in clock.servers[B].note.en


def test_one_occurrence_is_not_enough_for_hours() -> None:
    site = two(0.0)
    site.log(A, 5 * HOUR, "clusterpro.cluster_shut_down")
    site.log(B, 7.61 * HOUR, "clusterpro.cluster_shut_down")
    clock = site.estimate()
    assert clock.servers[B].basis == "unknown"
    assert "9396.0 s" in clock.servers[B].note.en


def reboot_loop(site: Site, server: str, true: float, turns: int, *, seen_by: tuple[str, ...] = ()) -> None:
    for turn in range(turns):
        begin = true + turn * 91 + site.random.uniform(0, 3)
        site.log(server, begin, "os.boot")
        site.log(server, begin + 20, "clusterpro.daemon_started")
        for name in (server, *seen_by):
            site.log(name, begin + 22 + site.late(), "clusterpro.server_up", server=server)
        site.log(server, begin + 50, "clusterpro.monitor_error", monitor="diskw1")
        site.log(server, begin + 55, "clusterpro.final_action", action="reboot", mode="reboot")
        site.log(server, begin + 56, "clusterpro.stop_received", requester="rm", mode="reboot")
        site.log(server, begin + 57, "clusterpro.daemon_stopping")
        for name in seen_by:
            site.log(name, begin + 60 + site.late(), "clusterpro.server_down", server=server)
        site.log(server, begin + 65, "clusterpro.server_shut_down")
        site.log(server, begin + 66, "os.shutdown_announced", mode="reboot")


def test_two_reboot_loops_share_nothing() -> None:
    site = two(0.0)
    reboot_loop(site, A, HOUR, 6)
    reboot_loop(site, B, HOUR + 47, 6)
    assert site.estimate().servers[B].basis == "unknown"


def test_reboot_loops_that_each_server_sees_of_the_other_give_no_false_offset() -> None:
    for seed in range(6):
        for cut in range(3):
            site = two(0.0, seed=seed)
            reboot_loop(site, A, HOUR, 6, seen_by=(B,))
            reboot_loop(site, B, HOUR + 47, 6, seen_by=(A,))
            # The log of one server begins later than that of the other.
            events = site.events()
            events[B] = [event for event in events[B] if event.time >= START + timedelta(seconds=HOUR + 91 * cut)]
            span = estimate(events, {}).servers[B].at(START + timedelta(hours=1))
            assert span is None or abs(span.offset) <= span.spread


def test_ends_that_do_not_fit_leave_what_the_starts_agree_on() -> None:
    """Two stops that the peer records ten minutes late: no clock was set, as far as anything sharper tells."""
    site = two(0)
    site.start(A, 600, seen_by=(B,))
    site.start(B, 608, seen_by=(A,))
    for hour in (5, 9):
        site.log(A, hour * HOUR, "clusterpro.daemon_stopping")
        site.log(B, hour * HOUR + 600, "clusterpro.server_down", server=A)
        site.log(A, hour * HOUR + 5, "clusterpro.server_shut_down")
        site.log(A, hour * HOUR + 1200, "os.boot")
    clock = site.estimate()
    for hour in (0, 4, 8, 10):
        time = START + timedelta(hours=hour)
        assert offset_at(clock, A, time) == offset_at(clock, B, time) == 0
        uncertainty = clock.uncertainty(A, B, time)
        assert uncertainty is not None
        assert uncertainty < timedelta(seconds=30)


def test_ends_that_agree_with_a_step_tell_of_it() -> None:
    site = Site({A: [(0, 0)], B: [(0, 0), (4 * HOUR, 600)]})
    site.start(A, 600, seen_by=(B,))
    site.start(B, 608, seen_by=(A,))
    site.log(B, 4 * HOUR + 1, "os.clock_stepped", offset="600")
    for hour in (5, 9):
        site.stop(A, hour * HOUR, seen_by=(B,))
        site.log(A, hour * HOUR + 1200, "os.boot")
    clock = site.estimate()
    assert offset_at(clock, B, START + timedelta(hours=9, minutes=10)) != 0


def test_requests_typed_on_each_server_do_not_decide() -> None:
    site = two(0.0)
    site.log(A, 5 * HOUR, "clusterpro.shutdown_requested", scope="cluster", mode="halt")
    site.log(B, 5 * HOUR + 300, "clusterpro.shutdown_requested", scope="cluster", mode="halt")
    assert site.estimate().servers[B].basis == "unknown"


@pytest.mark.parametrize("ahead", [0.0, -95.0, 40.0])
def test_a_sudden_end_only_bounds(ahead: float) -> None:
    site = two(ahead)
    for server in (A, B):
        site.log(server, HOUR, "os.session_opened")
    site.log(B, 2 * HOUR, "os.session_closed")
    site.log(A, 2 * HOUR + 95, "clusterpro.server_down", server=B)
    site.log(B, 2 * HOUR + 200, "os.boot")
    clock = site.estimate()
    found = clock.servers[B]
    moment = START + timedelta(hours=2)
    assert found.basis == "bounded"
    assert found.spans[0].spread >= abs(ahead)
    assert found.spans[0].spread < 600
    assert clock.corrected(B, moment) == moment
    assert offset_at(clock, B, moment) is None
    doubt = clock.uncertainty(A, B, moment)
    assert doubt is not None
    assert doubt >= timedelta(seconds=abs(ahead))


# --- what the user tells; more servers


def test_the_user_overrides() -> None:
    site = nights(two(-95.0), 1, 2, 3)
    moment = START + timedelta(days=2)
    clock = site.estimate(**{B: 12.5})
    assert (clock.servers[B].basis, offset_at(clock, B, moment)) == ("given", 12.5)
    assert clock.corrected(B, moment) == moment - timedelta(seconds=12.5)
    assert (clock.servers[A].basis, offset_at(clock, A, moment)) == ("reference", 0.0)
    # A server told to be right is the reference of the others.
    clock = site.estimate(**{B: 0.0})
    assert clock.servers[A].basis == "estimated"
    assert abs((offset_at(clock, A, moment) or 0.0) - 95) <= 2
    # Even where nothing is common; unknown names and nonsense are left to the caller.
    apart = two(0.0)
    apart.log(A, 0, "os.boot")
    apart.log(B, 0, "os.boot")
    clock = apart.estimate(**{B: -60.0, "other": 5.0})
    assert clock.corrected(B, START) == START + timedelta(seconds=60)
    assert set(clock.servers) == {A, B}
    assert apart.estimate(**{B: float("nan")}).servers[B].basis == "unknown"


def test_three_servers() -> None:
    site = nights(Site({A: [(0, 0)], B: [(0, -95)], C: [(0, 40)]}), 1, 2, 4)
    clock = site.estimate()
    check(site, clock, B)
    check(site, clock, C)
    assert clock.uncertainty(B, C, START) is not None


def test_a_third_server_through_the_second() -> None:
    site = Site({A: [(0, 0)], B: [(0, -95)], C: [(0, 40)]})
    for hour in (5, 13, 31):
        site.start(A, hour * HOUR, seen_by=(B,))
        site.start(C, hour * HOUR + 1800, seen_by=(B,))
    clock = site.estimate(**{A: 0.0})
    spans = {server: clock.servers[server].spans[0] for server in (A, B, C)}
    assert abs(spans[B].offset + 95) <= 2
    assert abs(spans[C].offset - 40) <= 3
    assert spans[C].spread > spans[B].spread


def test_of_three_servers_the_one_that_changed() -> None:
    site = nights(Site({A: [(0, 0)], B: [(0, 0)], C: [(0, 0)]}), 1, 2, 3)
    site.clocks[A] = [(0, 0), (6 * 24 * HOUR, 120)]
    nights(site, 7, 8, 9)
    clock = site.estimate()
    early, late = START + timedelta(days=1), START + timedelta(days=10)
    relative = {
        server: (offset_at(clock, server, late) or 0.0) - (offset_at(clock, server, early) or 0.0)
        for server in (A, B, C)
    }
    assert abs(relative[A] - 120) <= 3
    assert abs(relative[B]) <= 3
    assert abs(relative[C]) <= 3


def test_a_server_alone_and_no_server() -> None:
    site = Site({A: [(0, 0)]})
    site.log(A, 0, "os.boot")
    clock = site.estimate()
    assert clock.servers[A].basis == "reference"
    assert clock.corrected(A, START) == START
    assert estimate({}, {}).servers == {}
    assert estimate({A: [], B: []}, {}).servers[B].basis == "unknown"
    assert clock.corrected("nobody", START) == START


# --- robustness


def test_the_order_of_servers_does_not_matter() -> None:
    site = nights(Site({A: [(0, 0)], B: [(0, -95), (5 * 24 * HOUR, 40)], C: [(0, 7)]}), 1, 2, 3, 6, 7, 8)
    events = site.events()
    turned = {server: events[server] for server in (C, B, A)}
    assert estimate(events, {}) == estimate(turned, {})


def test_names_with_domains_and_capitals() -> None:
    site = two(-95.0)
    for hour in (5, 17, 40):
        site.start(B, hour * HOUR, seen_by=(A,))
    for _, _, event in site.records[A]:
        event.fields["server"] = "SVR047.example.com"
    check(site, site.estimate())


def test_missing_records_and_strangers() -> None:
    site = nights(two(-95.0), *range(1, 12))
    events = site.events()
    site.random.shuffle(kept := list(range(len(events[B]))))
    events[B] = [event for number, event in enumerate(events[B]) if number in set(kept[: len(kept) * 2 // 3])]
    for event in events[A]:
        event.fields.setdefault("server", "nobody")
    span = estimate(events, {}).servers[B].spans[0]
    assert abs(span.offset + 95) <= min(2, span.spread)


@pytest.mark.parametrize(
    ("kind", "every"),
    [
        ("clusterpro.all_servers_started", 7.0), ("clusterpro.all_servers_started", 61.0), ("ups.on_battery", 400.0),
        ("os.clock_stepped", 61.0), ("os.boot", 61.0),
    ],
)  # fmt: skip
def test_floods_are_fast(kind: str, every: float) -> None:
    site = nights(two(-95.0), 1, 2, 3)
    for number in range(10_000):
        for server in (A, B):
            site.log(server, number * every, kind, ups="ups1@192.0.2.7", offset="+1.5")
    events = site.events()
    begin = time.process_time()
    estimate(events, {})
    assert time.process_time() - begin < 2


def test_a_flood_does_not_drown_what_tells() -> None:
    site = nights(two(-95.0), 1, 2, 3)
    for number in range(5_000):
        for server in (A, B):
            site.log(server, number * 3 + site.late(), "ups.on_battery", ups="ups1@192.0.2.7")
    check(site, site.estimate())


@settings(max_examples=30, deadline=None)
@given(
    ahead=st.floats(-10 * HOUR, 10 * HOUR),
    jitter=st.floats(0, 4),
    seed=st.integers(0, 10_000),
    count=st.integers(2, 6),
    whole=st.booleans(),
)
def test_any_offset(ahead: float, jitter: float, seed: int, count: int, whole: bool) -> None:
    site = two(ahead, jitter=jitter, seed=seed, whole_seconds=whole)
    for day in range(count):
        site.night(day * 24 * HOUR + site.random.uniform(0, 12 * HOUR))
    clock = site.estimate()
    span = clock.servers[B].at(START)
    # Doubt is allowed, a wrong answer is not.
    if span is None:
        assert clock.servers[B].basis == "unknown"
        return
    assert abs(span.offset - ahead) <= span.spread
    assert span.spread >= 0.5
    assert abs(span.offset - ahead) <= jitter + 2


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), data=st.data())
def test_chance_is_survived_and_gives_no_narrow_answer(seed: int, data: st.DataObject) -> None:
    """Records of any kind at any time on servers that share nothing: never an exception."""
    chance = random.Random(seed)
    kinds = [
        "os.boot", "os.clock_stepped", "clusterpro.server_up", "clusterpro.server_down", "clusterpro.daemon_started",
        "clusterpro.daemon_stopping", "clusterpro.cluster_shut_down", "clusterpro.stop_received", "ups.on_battery",
        "clusterpro.server_time", "clusterpro.heartbeat_up", "clusterpro.message", "os.fencing_requested",
    ]  # fmt: skip
    fields = ["", "x", "svr031", "svr047", "clpstdn", "ups@h", "-5", "2026-11-24T00:00:00+09:00", "9999-12-31", "done"]
    names = ["server", "offset", "requester", "ups", "other", "received", "received_by", "resource", "result", "target"]
    site = Site({A: [(0, 0)], B: [(0, 0)], C: [(0, 0)]})
    for _ in range(data.draw(st.integers(0, 60))):
        server = chance.choice([A, B, C])
        values = {name: chance.choice(fields) for name in chance.sample(names, 4)}
        site.log(server, chance.uniform(0, 40 * HOUR), chance.choice(kinds), **values)
    events = site.events()
    for found in events.values():
        if chance.random() < 0.3:
            chance.shuffle(found)
    clock = estimate(events, {})
    for server in clock.servers.values():
        for span in server.spans:
            assert span.spread >= 0.5 or server.basis == "reference"
            assert span.since is None or span.until is None or span.since <= span.until
        assert server.note.en
        assert server.note.ja
