"""Years of stamps that carry none."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acforensics.clocks import choose_zones, date_streams, resolve_years, streams
from acforensics.events import Hit, Stamp
from acforensics.sources import Mark, Reading


def stamp(text: str, year: int | None = None, offset: int | None = None) -> Stamp:
    """`0204T093410` without a year, `20220204T093410` with one."""
    found = datetime.strptime(text if len(text) == 15 else f"2024{text}", "%Y%m%dT%H%M%S")
    year = found.year if len(text) == 15 else year
    return Stamp(year, found.month, found.day, found.hour, found.minute, found.second, 0, offset)


def years(texts: str, end: datetime | None, anchors: dict[int, int] | None = None) -> list[int]:
    return [t.year for t in resolve_years([stamp(f"{t}T090000") for t in texts.split()], anchors or {}, end)]


END = datetime(2024, 6, 21)


@pytest.mark.parametrize(
    ("texts", "end", "expected"),
    [
        ("1230 1231 0101 0102", END, [2023, 2023, 2024, 2024]),
        ("0901 1130 0320 0620", END, [2023, 2023, 2024, 2024]),
        ("1228 1224 1225 0103", END, [2023, 2023, 2023, 2024]),
        ("0610 0520 0611", END, [2024] * 3),
        ("0620 0101 0101 0620", END, [2024] * 4),
        ("0918 0101 0102 0103 0918", datetime(2023, 9, 20), [2023] * 5),
        ("0918 0101 0101 0918 0919", datetime(2023, 9, 20), [2023] * 5),
        ("1231 0101 0101 0102", END, [2023, 2024, 2024, 2024]),
        ("0228 0229 0301", END, [2024] * 3),
        ("0228 0229 0301", datetime(2023, 12, 1), [2020] * 3),
        ("0229 1231 0101", datetime(2021, 3, 1), [2020, 2020, 2021]),
        ("1220 1221", datetime(2024, 3, 1), [2023, 2023]),
        ("0622", END, [2024]),
        ("0701", END, [2023]),
        ("20180916 0917 20230529 0530", END, [2018, 2018, 2023, 2023]),
        ("1231 20240101 0102 1230 0103", END, [2023, 2024, 2024, 2024, 2025]),
    ],
)
def test_walking_back(texts: str, end: datetime, expected: list[int]) -> None:
    assert years(texts, end) == expected


def test_an_anchor_outranks_the_end() -> None:
    assert years("1230 0101", datetime(2030, 1, 1), {1: 2019}) == [2018, 2019]


def test_nothing_known_ends_today() -> None:
    (found,) = years("0101", None)
    assert found == datetime.now(UTC).year
    assert resolve_years([], {}, None) == []


@given(
    st.datetimes(datetime(1996, 1, 1), datetime(2060, 1, 1)),
    st.lists(st.timedeltas(timedelta(0), timedelta(days=149)), max_size=30),
    st.timedeltas(timedelta(0), timedelta(days=100)),
)
def test_stripping_the_years_and_resolving_gives_them_back(
    start: datetime, gaps: list[timedelta], later: timedelta
) -> None:
    times = [start]
    for gap in gaps:
        times.append(times[-1] + gap)
    bare = [Stamp(None, t.month, t.day, t.hour, t.minute, t.second, t.microsecond) for t in times]
    assert resolve_years(bare, {}, times[-1] + later) == times


@given(
    st.lists(
        st.builds(
            Stamp,
            st.none() | st.integers(1970, 2199),
            st.integers(1, 12),
            st.integers(1, 28),
            *[st.just(0)] * 4,
            st.none(),
        ),
        max_size=40,
    )
)
def test_any_order_is_dated_and_written_years_stay(stamps: list[Stamp]) -> None:
    found = resolve_years(stamps, {}, END)
    assert len(found) == len(stamps)
    assert all(t.year == s.year for t, s in zip(found, stamps, strict=True) if s.year is not None)
    assert all((t.month, t.day) == (s.month, s.day) for t, s in zip(found, stamps, strict=True))


# --- files


def reading(path: str, texts: str, written: datetime | None = None, hits: list[Hit] | None = None) -> Reading:
    marks = [Mark(n, stamp(t if "T" in t else f"{t}T090000"), "svr031") for n, t in enumerate(texts.split())]
    names = tuple(path.replace("!", "/").strip("/").split("/"))
    return Reading(path, names, written, marks=marks, hits=hits or [])


def dated(readings: list[Reading], year: int | None = None, tz: str | None = "UTC") -> dict[str, list[datetime]]:
    choice = choose_zones(readings, tz)
    found = streams(readings)
    result = {}
    for stream, dating in zip(found, date_streams(found, choice, year), strict=True):
        for one, times in zip(stream.readings, dating.times, strict=True):
            result[one.path] = times
    return result


def years_of(readings: list[Reading], year: int | None = None) -> dict[str, list[int]]:
    return {path: [t.year for t in times] for path, times in dated(readings, year).items()}


def test_rotation_sets_are_ordered_oldest_first() -> None:
    names = ["messages", "messages.1", "messages.2.gz", "messages.10.xz", "messages-20240621.gz", "messages-20240614"]
    names += ["messages-20240614.old", "secure", "secure.1"]
    found = streams([reading(f"var/log/{name}", "0101") for name in names])
    assert {s.name: [r.names[-1] for r in s.readings] for s in found} == {
        "var/log/messages": [
            "messages-20240614",
            "messages-20240621.gz",
            "messages.10.xz",
            "messages.2.gz",
            "messages.1",
            "messages",
        ],
        "var/log/messages-20240614": ["messages-20240614.old"],
        "var/log/secure": ["secure.1", "secure"],
    }


def test_a_date_before_the_ending() -> None:
    (found,) = streams(
        [reading(f"var/log/{n}", "0101") for n in ("app.log", "app-20240621.log", "app-20240614.log.gz")]
    )
    assert [r.names[-1] for r in found.readings] == ["app-20240614.log.gz", "app-20240621.log", "app.log"]
    assert found.rotation_dates == [date(2024, 6, 14), date(2024, 6, 21), None]


def test_the_same_name_in_two_places_is_two_streams() -> None:
    a, b = reading("/a/messages", "0101"), reading("/b/messages", "0102")
    a.names = b.names = ("messages",)
    found = streams([a, b])
    assert len(found) == 2
    assert len({s.name for s in found}) == 2


def test_numbered_files_are_walked_as_one() -> None:
    found = years_of(
        [
            reading("messages", "0105", datetime(2024, 1, 6, tzinfo=UTC)),
            reading("messages.1", "1220 0102"),
            reading("messages.2", "0920 1210"),
        ]
    )
    assert found == {"messages": [2024], "messages.1": [2023, 2024], "messages.2": [2023, 2023]}


def test_a_rotation_name_dates_its_own_file() -> None:
    found = years_of(
        [
            reading("messages-20220301", "1130 0228", datetime(2024, 6, 21, tzinfo=UTC)),
            reading("messages-20240621.gz", "0601 0620"),
            reading("messages", "0622", datetime(2024, 6, 23, tzinfo=UTC)),
        ]
    )
    assert found == {"messages-20220301": [2021, 2022], "messages-20240621.gz": [2024, 2024], "messages": [2024]}


def test_a_file_time_long_after_and_another_log_that_tells() -> None:
    late = datetime(2026, 2, 1, tzinfo=UTC)
    found = years_of(
        [reading("messages", "1230 0105", late), reading("secure", "20210101T000000 20210106T000000", late)]
    )
    assert found["messages"] == [2020, 2021]
    assert years_of([reading("messages", "1220 1221", late)])["messages"] == [2025, 2025]


def test_the_option_dates_the_newest_stamp() -> None:
    assert years_of([reading("messages-20240101", "1230 0105")], 2019) == {"messages-20240101": [2018, 2019]}


def clock_hit(text: str, date_read: str, clock: str) -> Hit:
    return Hit(
        1,
        stamp(text),
        "svr031",
        "kernel",
        "",
        "",
        "",
        "os.clock_read",
        {"date": date_read, "clock": clock},
        "d",
        "verified",
    )


def test_the_hardware_clock_tells_year_and_zone() -> None:
    hit = clock_hit("0101T080030", "2018-12-31", "23:00:00")
    log = reading("messages", "0101T080030 0102 1231 0105", datetime(2026, 1, 1, tzinfo=UTC), [hit])
    assert years_of([log])["messages"] == [2019, 2019, 2019, 2020]
    assert choose_zones([log], None).of(log).zone.utcoffset(None) == timedelta(hours=9)


@pytest.mark.parametrize("dead", ["1970-01-01", "2000-01-01", "9999-12-31", "0000-00-00", "x"])
def test_a_dead_hardware_clock_tells_nothing(dead: str) -> None:
    log = reading(
        "messages", "0101T000030 0102", datetime(2024, 1, 3, tzinfo=UTC), [clock_hit("0101T000030", dead, "00:00:00")]
    )
    assert years_of([log])["messages"] == [2024, 2024]
    assert choose_zones([log], None).of(log).assumed
