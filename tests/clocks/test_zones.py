"""The zone of stamps that carry none, and UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acforensics.clocks import choose_zone, date_streams, near, parse_zone, streams
from acforensics.errors import UsageError
from acforensics.events import Stamp
from acforensics.sources import Mark, Reading

NINE = timedelta(hours=9)
BARE = Stamp(2024, 6, 21, 9, 0, 0)


def reading(*stamps: Stamp, written: datetime | None = None, path: str = "messages") -> Reading:
    return Reading(path, (path,), written, marks=[Mark(n, s, "svr031") for n, s in enumerate(stamps)])


def chosen(*readings: Reading, wanted: str | None = None) -> timedelta | None:
    return choose_zone(readings, wanted).zone.utcoffset(datetime(2024, 6, 21))


@pytest.mark.parametrize("name", ["JST", "jst", "Asia/Tokyo", "+09:00", "+9", "+0900", "UTC+9"])
def test_names_of_zones(name: str) -> None:
    assert parse_zone(name).utcoffset(datetime(2024, 6, 21)) == NINE


@pytest.mark.parametrize("name", ["Tokio", "+15:00", "", "../etc/passwd", "/etc/localtime", "x" * 5000, "\0", "+9:0:0"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="--tz"):
        parse_zone(name)


def test_what_decides() -> None:
    tokyo, zulu = BARE._replace(offset=9 * 3600), BARE._replace(offset=0)
    assert chosen(reading(BARE)) == timedelta(0)
    assert choose_zone([reading(BARE)], None).assumed
    assert chosen(reading(BARE, tokyo)) == NINE
    assert chosen(reading(tokyo), wanted="UTC") == timedelta(0)
    # Programs that write UTC wherever they run do not say how the other clocks are set.
    assert chosen(reading(BARE, zulu, zulu, zulu, tokyo)) == NINE
    assert chosen(reading(BARE, zulu)) == timedelta(0)
    assert not choose_zone([reading(BARE, zulu)], None).assumed


def test_file_times_decide_where_two_agree() -> None:
    written = datetime(2024, 6, 21, 0, 0, 1, tzinfo=UTC)
    one, two = reading(BARE, written=written), reading(BARE, written=written, path="secure")
    assert chosen(one, two) == NINE
    assert chosen(one) == timedelta(0)


def test_offset_z_and_none_in_one_file() -> None:
    log = reading(
        BARE._replace(offset=9 * 3600), BARE._replace(hour=0, offset=0), BARE, BARE._replace(hour=21, offset=9 * 3600)
    )
    found = streams([log])
    (dating,) = date_streams(found, choose_zone([log], None), None)
    midnight = datetime(2024, 6, 21, tzinfo=UTC)
    assert dating.times == [[midnight, midnight, midnight, midnight + timedelta(hours=12)]]
    assert all(t.tzinfo is UTC for t in dating.times[0])


def test_a_time_that_summer_time_skips() -> None:
    log = reading(Stamp(2024, 3, 31, 1, 59, 59), Stamp(2024, 3, 31, 2, 30, 0), Stamp(2024, 3, 31, 3, 30, 0))
    (dating,) = date_streams(streams([log]), choose_zone([log], "Europe/Berlin"), None)
    assert [t.isoformat() for t in dating.times[0]] == [
        "2024-03-31T00:59:59+00:00",
        "2024-03-31T01:30:00+00:00",
        "2024-03-31T01:30:00+00:00",
    ]


def test_near_picks_the_year_around() -> None:
    reference = datetime(2024, 1, 1, 0, 0, 30, tzinfo=UTC)
    assert near(Stamp(None, 12, 31, 23, 59, 59), reference, UTC) == datetime(2023, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert near(BARE, reference, timezone(NINE)) == datetime(2024, 6, 21, tzinfo=UTC)


@given(
    st.lists(
        st.builds(
            Stamp,
            st.none() | st.sampled_from([1970, 2199]),
            st.sampled_from([1, 12]),
            st.sampled_from([1, 31]),
            st.just(0),
            st.just(0),
            st.just(0),
            st.just(0),
            st.sampled_from([None, 14 * 3600, -14 * 3600, 0]),
        ),
        min_size=1,
        max_size=6,
    ),
    st.none() | st.datetimes(datetime(1985, 1, 2), datetime(2199, 12, 31), timezones=st.just(UTC)),
)
def test_no_stamps_raise(stamps: list[Stamp], written: datetime | None) -> None:
    log = reading(*stamps, written=written)
    (dating,) = date_streams(streams([log]), choose_zone([log], None), None)
    assert [len(times) for times in dating.times] == [len(stamps)]
    assert dating.notes
