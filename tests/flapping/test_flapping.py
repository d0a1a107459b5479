"""A flapping UPS becomes one line; nothing that decides, and nothing that a reader could miss, is lost."""

from __future__ import annotations

import time as clock
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acforensics.events import Event, Witness
from acforensics.flapping import condense

START = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)


def event(kind, seconds, *, server="svr031", ups="ups1", certainty="verified", definition="nut/x", **fields):
    moment = START + timedelta(seconds=seconds)
    witness = Witness(f"{server}/var/log/messages", seconds + 1, moment, f"line {seconds}")
    named = {"ups": ups} if ups else {}
    return Event(moment, server, kind, "upsmon", "412", kind, {**named, **fields}, definition, certainty,
                 f"{server}/messages", [witness])  # fmt: skip


def flaps(count, *, first=0, every=30, **options):
    """`count` times on battery and back."""
    kinds = ("ups.on_battery", "ups.on_line")
    return [event(kinds[i % 2], first + i * every, **options) for i in range(2 * count)]


def kinds(events):
    return [one.kind for one in events]


def test_thousands_of_lines_become_five():
    events = flaps(4631)
    found = condense(events)
    assert [found[i] is events[j] for i, j in [(0, 0), (1, 1), (-2, -2), (-1, -1)]] == [True] * 4
    summary = found[2]
    assert (len(found), summary.kind, summary.layer) == (5, "ups.flapping", "ups")
    assert summary.message == "4,629 times on battery, 4,629 times on line, 9,258 records"
    assert (summary.fields["count"], summary.fields["on_battery"], summary.fields["on_line"]) == (
        "9258",
        "4629",
        "4629",
    )
    assert (summary.fields["first"], summary.fields["last"]) == (
        events[2].time.isoformat(),
        events[-3].time.isoformat(),
    )
    assert (summary.time, summary.server, summary.fields["ups"]) == (events[2].time, "svr031", "ups1")
    assert summary.witnesses == [events[2].witnesses[0], events[-3].witnesses[0]]


def test_one_outage_in_two_lines_is_one_time():
    events = [e for i in range(30) for e in [*flaps(1, first=i * 60), event("ups.on_line", i * 60 + 40)]]
    summary = condense(events)[2]
    assert int(summary.fields["on_battery"]) == 29
    assert int(summary.fields["on_line"]) in (29, 30)


@pytest.mark.parametrize(("records", "shorter"), [(21, False), (22, True)])
def test_a_score_of_changes_is_still_listed(records, shorter):
    events = flaps(11)[:records]
    assert (len(condense(events)) < records) is shorter


@pytest.mark.parametrize(("pause", "runs"), [(3599, 1), (3600, 2)])
def test_a_pause_of_an_hour_ends_a_run(pause, runs):
    events = flaps(20)
    events += flaps(20, first=39 * 30 + pause)
    assert kinds(condense(events)).count("ups.flapping") == runs


@pytest.mark.parametrize(
    "kind",
    ["ups.shutdown_decided", "ups.battery_low", "ups.forced_shutdown", "ups.output_off", "ac.power_failure", "ac.message",
     "os.boot", "os.shutdown_started"],
)  # fmt: skip
def test_what_decides_stays_and_ends_a_run(kind):
    events = [*flaps(20), event(kind, 1200, ups=""), *flaps(20, first=1201)]
    found = condense(events)
    assert kinds(found).count("ups.flapping") == 2
    assert events[40] in found
    assert kinds(found).index(kind) == 5


def test_other_records_stay_where_they_are():
    events = flaps(30)
    events.insert(25, event("os.command", 740))
    assert kinds(condense(events))[2:4] == ["ups.flapping", "os.command"]
    assert len(condense(events)) == 6


def test_servers_and_their_upss_are_told_apart():
    parts = [flaps(15), flaps(15, ups="ups2"), flaps(15, server="svr047")]
    found = condense([one for three in zip(*parts, strict=True) for one in three])
    told = [(one.server, one.fields["ups"]) for one in found if one.kind == "ups.flapping"]
    assert sorted(told) == [("svr031", "ups1"), ("svr031", "ups2"), ("svr047", "ups1")]


def test_two_quiet_upss_do_not_add_up():
    parts = [flaps(8), flaps(8, ups="ups2")]
    events = [one for two in zip(*parts, strict=True) for one in two]
    assert condense(events) == events


def test_the_weakest_certainty_counts():
    events = flaps(30)
    events[20] = event("ups.on_battery", 600, certainty="unverified")
    events[10] = event("ups.on_battery", 300, certainty="inferred")
    assert condense(events)[2].certainty == "unverified"


def test_a_connection_that_flaps():
    names = ("ups.communication_lost", "ups.communication_restored")
    found = condense([event(names[i % 2], i * 60) for i in range(50)])
    assert found[2].message == "communication lost 23 times, 46 records"


def test_timers_that_are_started_and_cancelled_flap_too():
    ids = ("nut/timer-started", "nut/timer-cancelled")
    found = condense([event("ups.message", i * 60, definition=ids[i % 2]) for i in range(50)])
    assert (len(found), found[2].message) == (5, "46 records")


def test_the_same_message_again_and_again_is_no_flapping():
    events = [event("ups.message", i * 60) for i in range(50)]
    assert condense(events) == events


def test_a_hundred_thousand_in_a_moment():
    events = [one for i in range(50) for one in flaps(1000, ups=f"ups{i}", first=i)]
    events.sort(key=lambda one: one.time)
    begun = clock.process_time()
    found = condense(events)
    assert len(found) == 250
    assert clock.process_time() - begun < 5


KINDS = ["ups.on_battery", "ups.on_line", "ups.communication_lost", "ups.communication_restored", "ups.message"]
OTHERS = ["ups.shutdown_decided", "ac.message", "os.boot", "os.command", "clusterpro.message"]
# Kinds that follow one another, how often, how far apart; and the pause behind them.
STRETCH = st.tuples(
    st.lists(st.sampled_from(KINDS), min_size=1, max_size=3) | st.sampled_from([[kind] for kind in OTHERS]),
    st.integers(1, 40),
    st.sampled_from([1, 30, 600, 3600, -5]),
    st.sampled_from([1, 3599, 3600]),
)


def unrolled(stretches, server, ups):
    now, events = 0, []
    for kinds_, count, every, pause in stretches:
        for i in range(count):
            events.append(event(kinds_[i % len(kinds_)], now, server=server, ups=ups))
            now += every
        now += pause
    return events


@settings(max_examples=150, deadline=None)
@given(st.lists(STRETCH, max_size=5), st.lists(STRETCH, max_size=3), st.lists(STRETCH, max_size=3))
def test_nothing_is_lost_order_is_kept_and_a_second_time_changes_nothing(one, two, three):
    events = unrolled(one, "svr031", "ups1") + unrolled(two, "svr031", "") + unrolled(three, "svr047", "ups1")
    events.sort(key=lambda each: each.time)
    found = condense(events)
    summaries = [one for one in found if one.kind == "ups.flapping"]
    kept = [one for one in found if one.kind != "ups.flapping"]
    assert len(kept) + sum(int(one.fields["count"]) for one in summaries) == len(events)
    positions = {id(one): position for position, one in enumerate(events)}
    order = [positions[id(one)] for one in kept]
    assert order == sorted(order)
    assert {id(one) for one in events if one.kind not in KINDS} <= {id(one) for one in kept}
    for summary in summaries:
        assert summary.fields["first"] == summary.time.isoformat()
        assert len(summary.witnesses) == 2
    assert condense(found) == found
