"""Which records of a start are put on the clock that was set after it: any order of stamps, in bounded time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acforensics.events import Event, Witness
from acforensics.timeline import Item, Track, set_clocks

START = datetime(2026, 11, 24, tzinfo=UTC)
EXTREMES = [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 20, tzinfo=UTC)]
KINDS = ["os.boot", "os.boot_command_line", "os.clock_stepped", "os.shutdown_started", "clusterpro.daemon_started", ""]


def japan(_: datetime) -> timedelta:
    return timedelta(hours=9)


def item(when: datetime, kind: str = "", boot: str = "", offset: str = "", previous: datetime | None = None) -> Item:
    if not kind:
        return Item(when, None, boot)
    fields = {"offset": offset} if offset else {}
    event = Event(
        when, "svr031", kind, "", "", kind, fields, "d", "verified", "messages", [Witness("m", 1, when, kind)]
    )
    event.previous = Witness("m", 1, previous, "") if previous is not None else None
    return Item(when, event, boot)


def track(items: Sequence[Item], name: str = "messages") -> Track:
    return Track(name, "svr031", list(items))


def after(seconds: float, kind: str = "", **more: str) -> Item:
    return item(START + timedelta(seconds=seconds), kind, **more)


def seconds(moved: Track) -> list[float]:
    return [(one.time - START).total_seconds() for one in moved.items]


@pytest.mark.parametrize("told", ["-32400.5", ""])
def test_all_streams_of_a_server_are_put_on_the_same_clock(told: str) -> None:
    ahead = 32400
    messages = track([
        after(-80), after(ahead, "os.boot"), after(ahead + 20), after(31, "os.clock_stepped", offset=told), after(40),
        after(ahead + 10), after(ahead + 60),
    ])  # fmt: skip
    secure = track([after(-300), after(ahead + 12), after(100), after(ahead + 15), after(ahead + 90)], "secure")
    runs = set_clocks([messages, secure], japan)
    by = float(told or -32400)
    assert seconds(messages) == [-80, ahead + by, ahead + 20 + by, 31, 40, ahead + 10, ahead + 60]
    assert seconds(secure) == [-300, ahead + 12 + by, 100, ahead + 15, ahead + 90]
    assert [[(run.begin, run.end, run.seconds) for run in own] for own in runs] == [[(1, 3, by)], [(1, 2, by)]]
    assert messages.events[0].witnesses[0].time == START + timedelta(seconds=ahead)


@pytest.mark.parametrize("back", [100, 460, 600, 3600])
@pytest.mark.parametrize("told", [True, False])
def test_a_clock_set_back_by_minutes_is_not_one_of_another_zone(back: int, told: bool) -> None:
    """Server log on, clock set, log in, logs collected: little more stands in `secure`, and hours fit between."""
    night = -15 * 3600
    step = [after(50 - back, "os.clock_stepped", offset=f"-{back}")] if told else []
    messages = track([after(night), after(0, "os.boot"), after(40), *step, after(55 - back), after(180 - back)])
    secure = track([after(night - 60), after(30), after(30 - back), after(31 - back)], "secure")
    runs = set_clocks([messages, secure], japan)
    assert {run.seconds for own in runs for run in own} <= ({-back} if told else {-3600})
    assert min(seconds(messages)[1:]) >= -3600


def test_a_clock_that_had_stood_still_leaves_the_boot_before_where_it_was() -> None:
    messages = track([
        after(-40), after(-30, "os.shutdown_started"), after(-20), after(0, "os.boot"),
        after(28810, "os.clock_stepped", offset="28800"), after(28830),
    ])  # fmt: skip
    wtmp = track([after(-25, "os.shutdown_started"), after(-5, "os.boot"), after(40000)], "wtmp")
    set_clocks([messages, wtmp], japan)
    assert seconds(messages) == [-40, -30, -20, 28800, 28810, 28830]
    assert seconds(wtmp) == [-25, 28795, 40000]


def test_small_steps_move_nothing() -> None:
    messages = track([after(0, "os.boot"), after(5), after(3, "os.clock_stepped", offset="-3.5"), after(9)])
    assert set_clocks([messages], japan) == [[]]
    assert seconds(messages) == [0, 5, 3, 9]


@given(st.data())
def test_any_stamps_are_survived_and_none_is_lost(data: st.DataObject) -> None:
    moment = st.tuples(
        st.sampled_from([START, START + timedelta(hours=9), START - timedelta(hours=9), *EXTREMES]),
        st.integers(0, 2000),
    ).map(lambda pair: pair[0] + timedelta(seconds=pair[1]))
    items = st.builds(
        item,
        moment,
        st.sampled_from(KINDS),
        st.sampled_from(["", "a", "b"]),
        st.sampled_from(["", "-32400.1", "32400", "300", "nan", "-3e8", "x"]),
        st.none() | moment,
    )
    tracks = [track(found) for found in data.draw(st.lists(st.lists(items, max_size=15), max_size=3))]
    written = [[one.time for one in own.items] for own in tracks]
    runs = set_clocks(tracks, japan)
    for own, before, moved in zip(tracks, written, runs, strict=True):
        places = [place for run in moved for place in range(run.begin, run.end)]
        assert len(places) == len(set(places))
        assert [i for i, one in enumerate(own.items) if one.time != before[i]] == sorted(places)
        assert all(one.event.time == one.time for one in own.items if one.event is not None)


def test_many_starts_take_time_in_proportion() -> None:
    def spent(count: int) -> float:
        items = [after(i + (32400 if i % 10 < 4 else 0), "os.boot" if i % 10 == 0 else "") for i in range(count * 10)]
        begun = time.process_time()
        runs = set_clocks([track(items)], japan)
        assert sum(map(len, runs)) == count
        return time.process_time() - begun

    spent(300)
    assert spent(4000) < 8 * spent(1000) + 0.5
