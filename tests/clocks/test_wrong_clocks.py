"""Dead hardware clocks, and clocks that were set back within a log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acforensics.clocks import Dating, choose_zones, date_streams, streams
from acforensics.events import Hit, Stamp
from acforensics.sources import Mark, Reading

START = datetime(2026, 11, 24, 9, 0, 0)


def stamp(time: datetime, *, year: bool = True) -> Stamp:
    return Stamp(time.year if year else None, time.month, time.day, time.hour, time.minute, time.second)


def hit(offset: int, written: Stamp, kind: str, host: str = "svr031") -> Hit:
    return Hit(offset + 101, written, host, "kernel", "", "", "", kind, {}, "d", "verified", offset=offset)


def log(
    times: Sequence[datetime], kinds: dict[int, str] | None = None, path: str = "messages", **more: object
) -> Reading:
    """A log with a record for each time, and of one host unless `hosts` says otherwise."""
    hosts = more.get("hosts") or ["svr031"] * len(times)
    stamps = [stamp(time, year=more.get("year", True)) for time in times]
    marks = [Mark(n, s, host) for n, (s, host) in enumerate(zip(stamps, hosts, strict=True))]
    hits = [hit(n, stamps[n], kind) for n, kind in sorted((kinds or {}).items())]
    return Reading(path, tuple(path.split("/")), datetime(2026, 12, 1, tzinfo=UTC), marks=marks, hits=hits)


def date(*readings: Reading, tz: str | None = None) -> Dating:
    (dating,) = date_streams(streams(readings), choose_zones(readings, tz), None)
    return dating


def every(seconds: float, count: int, start: datetime = START) -> list[datetime]:
    return [start + timedelta(seconds=seconds * n) for n in range(count)]


def dead(dating: Dating, reading: int = 0) -> list[int]:
    return [i for i, wrong in enumerate(dating.dead[reading]) if wrong]


def sizes(dating: Dating) -> list[tuple[int, float]]:
    return [(step.position, step.seconds) for step in dating.steps[0]]


# --- dead


@pytest.mark.parametrize("year", [1970, 1980, 2000, 2001])
def test_a_boot_with_a_dead_clock_amid_others(year: int) -> None:
    times = [*every(60, 3), *every(5, 4, datetime(year, 1, 1, 0, 0, 20)), *every(60, 3, START + timedelta(hours=1))]
    dating = date(log(times, {3: "os.boot"}))
    assert dead(dating) == [3, 4, 5, 6]
    assert dating.times == [[time.replace(tzinfo=UTC) for time in times]]
    assert dating.steps == [[]]
    (note,) = [note for note in dating.notes[0] if "clock was dead" in note.en]
    assert f"{year}-01-01 00:00:20" in note.en
    assert "messages:104" in note.en
    assert "4 件" in note.ja


def test_two_dead_boots_in_a_row_are_one_run() -> None:
    epoch = datetime(2000, 1, 1)
    times = [*every(60, 3), *every(5, 3, epoch), *every(5, 3, epoch), *every(60, 2, START + timedelta(days=1))]
    assert dead(date(log(times))) == [3, 4, 5, 6, 7, 8]


def test_a_dead_clock_at_either_end() -> None:
    epoch = datetime(2000, 1, 1, 0, 1)
    assert dead(date(log([*every(5, 3, epoch), *every(60, 3)]))) == [0, 1, 2]
    assert dead(date(log([*every(60, 3), *every(5, 3, epoch)]))) == [3, 4, 5]
    assert dead(date(log(every(5, 3, datetime(1970, 1, 1))))) == [0, 1, 2]


def test_old_logs_are_not_dead() -> None:
    assert dead(date(log(every(3600, 200, datetime(2000, 1, 1))))) == []
    assert dead(date(log([*every(60, 5, datetime(2000, 3, 1)), *every(60, 5)]))) == []
    # A silence over years begins no run, and neither does a clock that is set back for good.
    assert dead(date(log([*every(60, 5, datetime(2019, 3, 1)), *every(60, 5)]))) == []
    assert dead(date(log([*every(60, 5), *every(60, 5, datetime(2024, 3, 1))]))) == []


def test_firmware_that_begins_at_its_own_date() -> None:
    times = [*every(60, 3), *every(5, 3, datetime(2022, 10, 31)), *every(60, 3, START + timedelta(hours=1))]
    assert dead(date(log(times))) == [3, 4, 5]


def test_files_in_a_wrong_order_are_not_dead() -> None:
    old, new, newest = (
        log(every(60, 5, datetime(2024, 1, 5))),
        log(every(60, 5)),
        log(every(60, 5, START + timedelta(9))),
    )
    for reading, path in ((new, "messages.2"), (old, "messages.1"), (newest, "messages")):
        reading.path, reading.names = path, (path,)
    dating = date(old, new, newest)
    assert [dead(dating, i) for i in range(3)] == [[], [], []]


def test_each_host_has_a_clock_of_its_own() -> None:
    epoch = datetime(2000, 1, 1)
    times = [
        START,
        epoch,
        *every(60, 2, START + timedelta(minutes=1)),
        epoch + timedelta(minutes=9),
        START + timedelta(hours=1),
    ]
    dating = date(log(times, hosts=["a", "b", "a", "b", "b", "a"]))
    assert dead(dating) == [1, 4]
    other = date(log(times, hosts=["a", "b", "a", "a", "b", "a"]))
    # A host that shows nothing but 2000 may have lived then.
    assert dead(other) == []


def test_without_a_year_too() -> None:
    times = [datetime(2026, 9, 18), *every(5, 3, datetime(2026, 1, 1)), datetime(2026, 9, 19)]
    dating = date(log(times, year=False))
    assert dead(dating) == [1, 2, 3]
    assert any("01-01 00:00:00" in note.en for note in dating.notes[0])


def test_a_dead_stamp_dates_no_others() -> None:
    """A log that changes from bare stamps to full ones, with a dead boot in between."""
    bare = log([datetime(2025, 12, 30), datetime(2026, 1, 2)], year=False)
    epoch = [Mark(10 + n, stamp(time), "svr031") for n, time in enumerate(every(5, 2, datetime(1970, 1, 1)))]
    bare.marks += [*epoch, Mark(20, stamp(datetime(2026, 1, 3), year=False), "svr031")]
    assert [time.year for time in date(bare).times[0]] == [2025, 2026, 1970, 1970, 2026]


# --- set back


@pytest.mark.parametrize("seconds", [95, 600, 3 * 86400])
def test_a_clock_set_back_is_noted_and_its_order_is_kept(seconds: int) -> None:
    times = every(5, 40)
    times[20:] = [time - timedelta(seconds=seconds) for time in times[20:]]
    dating = date(log(times, {20: "os.command"}))
    assert sizes(dating) == [(20, seconds - 5)]
    assert dating.times[0] == [time.replace(tzinfo=UTC) for time in times]
    (note,) = [note for note in dating.notes[0] if "stepped back" in note.en]
    assert f"by {seconds - 5} s at messages:121" in note.en
    assert f"{seconds - 5} 秒" in note.ja


def test_the_limit() -> None:
    for seconds, expected in ((59, []), (60, [(20, 60.0)])):
        times = every(1, 40)
        times[20:] = [time - timedelta(seconds=seconds + 1) for time in times[20:]]
        assert sizes(date(log(times))) == expected


def test_what_is_no_step() -> None:
    ordinary = every(30, 40)
    late = [*ordinary[:20], START - timedelta(minutes=5), *ordinary[20:]]
    assert sizes(date(log(late))) == []
    ahead = [*ordinary[:20], START + timedelta(hours=5), *ordinary[20:]]
    assert sizes(date(log(ahead))) == []
    newest_first = ordinary[::-1]
    assert sizes(date(log(newest_first))) == []
    # A program that writes UTC, in the log of a server in Tokyo.
    foreign = [
        *ordinary[:20],
        *[ordinary[20] - timedelta(hours=9) + timedelta(seconds=n) for n in range(9)],
        *ordinary[21:],
    ]
    assert sizes(date(log(foreign))) == []
    two_hosts = [time - timedelta(hours=n % 2) for n, time in enumerate(ordinary)]
    assert sizes(date(log(two_hosts, hosts=["a", "b"] * 20))) == []


def test_what_is_flushed_after_a_start_is_no_step() -> None:
    before, boot = every(60, 5), START + timedelta(hours=1)
    times = [*before, *[boot] * 3, *every(2, 30, boot - timedelta(seconds=90))]
    assert sizes(date(log(times, {5: "os.syslog_started"}))) == []
    assert sizes(date(log(times))) == [(8, 90.0)]
    # Nine hours are no flush: the hardware clock had local time.
    times[8:] = [time - timedelta(hours=9) for time in times[8:]]
    assert sizes(date(log(times, {5: "os.syslog_started"}))) == [(8, 9 * 3600 + 90.0)]


def test_many_steps_are_counted() -> None:
    times: list[datetime] = []
    for n in range(6):
        times += every(20, 20, START + timedelta(seconds=200 * n))
    dating = date(log(times))
    assert len(dating.steps[0]) == 5
    notes = [note.en for note in dating.notes[0] if "stepped back" in note.en]
    assert len(notes) == 4
    assert "2 more times" in notes[-1]


@given(st.lists(st.datetimes(datetime(1970, 1, 1), datetime(2199, 12, 31)), min_size=1, max_size=30))
def test_any_order_is_dated(times: list[datetime]) -> None:
    dating = date(log(times))
    whole = [time.replace(microsecond=0, tzinfo=UTC) for time in times]
    assert dating.times == [whole]
    assert len(dating.dead[0]) == len(times)
    assert all(0 < step.position < len(times) and step.seconds >= 60 for step in dating.steps[0])
