"""The zone of stamps that carry none, and UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acforensics.clocks import choose_zones, date_streams, near, parse_zone, streams
from acforensics.clocks.zones import exists_twice, is_skipped, to_utc
from acforensics.errors import UsageError
from acforensics.events import Hit, Stamp
from acforensics.sources import Mark, Reading
from acforensics.sources.reading import Fact, Source
from acforensics.sources.zone_files import CLOCK_SETTINGS, DATE_OUTPUT, TIMEDATECTL, ZONE_LINK, ZONE_NAME

NINE = timedelta(hours=9)
BARE = Stamp(2024, 6, 21, 9, 0, 0)


def reading(*stamps: Stamp, written: datetime | None = None, path: str = "messages") -> Reading:
    return Reading(path, (path,), written, marks=[Mark(n, s, "svr031") for n, s in enumerate(stamps)])


def chosen(*readings: Reading, wanted: str | None = None) -> timedelta | None:
    return choose_zones(readings, wanted).of(readings[0]).zone.utcoffset(datetime(2024, 6, 21))


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
    assert choose_zones([reading(BARE)], None).of(reading(BARE)).assumed
    assert chosen(reading(BARE, tokyo)) == NINE
    assert chosen(reading(tokyo), wanted="UTC") == NINE
    assert chosen(reading(BARE, zulu), wanted="JST") == NINE
    # Programs that write UTC wherever they run do not say how the other clocks are set.
    assert chosen(reading(BARE, zulu, zulu, zulu, tokyo)) == NINE
    assert chosen(reading(BARE, zulu)) == timedelta(0)
    assert not choose_zones([reading(BARE, zulu)], None).of(reading(BARE)).assumed


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
    (dating,) = date_streams(found, choose_zones([log], None), None)
    midnight = datetime(2024, 6, 21, tzinfo=UTC)
    assert dating.times == [[midnight, midnight, midnight, midnight + timedelta(hours=12)]]
    assert all(t.tzinfo is UTC for t in dating.times[0])


def test_a_time_that_summer_time_skips() -> None:
    log = reading(Stamp(2024, 3, 31, 1, 59, 59), Stamp(2024, 3, 31, 2, 30, 0), Stamp(2024, 3, 31, 3, 30, 0))
    (dating,) = date_streams(streams([log]), choose_zones([log], "Europe/Berlin"), None)
    assert [t.isoformat() for t in dating.times[0]] == [
        "2024-03-31T00:59:59+00:00",
        "2024-03-31T01:30:00+00:00",
        "2024-03-31T01:30:00+00:00",
    ]
    assert any(
        note.en.startswith("1 stamp, from 2024-03-31 02:30:00 on, of a time that does not exist")
        for note in dating.notes[0]
    )


# --- told by the bundle, for each server

TOKYO, BERLIN = "Asia/Tokyo", "Europe/Berlin"


def fact(path: str, zone: str, form: str = TIMEDATECTL, line: int | None = 4) -> Reading:
    return Reading(path, tuple(path.split("/")), None, format=form, facts=[Fact("zone", zone, line, zone)])


def log(path: str, host: str, *stamps: Stamp, source: Source = "syslog", form: str = "syslog") -> Reading:
    marks = [Mark(n, one, host) for n, one in enumerate(stamps)]
    return Reading(path, tuple(path.split("/")), None, source=source, format=form, marks=marks)


def zones(*readings: Reading, wanted: str | None = None) -> tuple[str, list[str]]:
    """The zone that the case is shown in, and those of its logs."""
    found = choose_zones(readings, wanted)
    return str(found.shown), [str(found.of(one).zone) for one in readings if one.marks]


def notes(reading: Reading, *others: Reading, wanted: str | None = None) -> list[str]:
    found = choose_zones([reading, *others], wanted)
    (dating,) = date_streams(streams([reading]), found, None)
    return [note.en for note in dating.notes[0]]


def test_servers_in_two_zones() -> None:
    given = [
        log("case/a/messages", "svr031", BARE),
        fact("case/a/timedatectl", TOKYO),
        log("case/b/messages", "svr047", BARE),
        fact("case/b/timedatectl", BERLIN),
        log("case/c/messages", "svr048", BARE),
        fact("case/c/timedatectl", TOKYO),
    ]
    assert zones(*given) == (TOKYO, [TOKYO, BERLIN, TOKYO])
    assert zones(*given, wanted="UTC") == ("UTC", [TOKYO, BERLIN, TOKYO])


def test_the_bundle_beats_the_option_and_says_so() -> None:
    bare, told = log("svr031/messages", "svr031", BARE), fact("svr031/timedatectl", TOKYO)
    found = notes(bare, told, wanted="UTC")
    assert "zone Asia/Tokyo, as svr031/timedatectl:4 tells" in found
    assert "--tz UTC is not used for these stamps, because svr031/timedatectl:4 says Asia/Tokyo" in found
    assert not any("--tz" in note for note in notes(bare, told, wanted="JST"))
    written = BARE._replace(offset=9 * 3600)
    found = notes(log("messages", "svr031", BARE, written), wanted="UTC")
    assert "--tz UTC is not used for these stamps, because messages says +09:00" in found


def test_the_option_beats_what_is_inferred() -> None:
    zulu = BARE._replace(offset=0)
    read = Hit(
        1,
        BARE,
        "svr031",
        "kernel",
        "",
        "",
        "",
        "os.clock_read",
        {"date": "2024-06-21", "clock": "00:00:00"},
        "d",
        "verified",
    )
    bare = log("messages", "svr031", BARE, zulu)
    bare.hits = [read]
    assert zones(bare) == ("UTC+09:00", ["UTC+09:00"])
    assert zones(bare, wanted=BERLIN) == (BERLIN, [BERLIN])
    assert zones(log("a", "svr031", BARE), fact("a2/timezone", TOKYO), wanted=BERLIN)[0] == BERLIN


def test_the_option_knows_more_than_an_offset() -> None:
    summer = BARE._replace(offset=2 * 3600)
    winter = summer._replace(month=12, offset=3600)
    bare = log("messages", "svr031", BARE, summer, winter, summer)
    assert zones(bare, wanted=BERLIN) == (BERLIN, [BERLIN])
    assert zones(bare, wanted=TOKYO) == (TOKYO, ["UTC+02:00"])
    assert "stamps of this server carry different offsets (+01:00, +02:00)" in notes(bare)[2]
    # What `date` said was true at one moment.
    told = fact("date", "+0200", DATE_OUTPUT, 1)
    assert zones(log("messages", "svr031", BARE), told, wanted=BERLIN) == (BERLIN, [BERLIN])
    assert zones(log("messages", "svr031", BARE), told, wanted=TOKYO) == (TOKYO, ["UTC+02:00"])


def test_the_server_s_own_files_come_first() -> None:
    bare = log("svr031/messages", "svr031", BARE)
    link, name = fact("svr031/etc/localtime", TOKYO, ZONE_LINK, None), fact("svr031/etc/timezone", BERLIN, ZONE_NAME, 1)
    clock = fact("svr031/etc/sysconfig/clock", "America/New_York", CLOCK_SETTINGS, 1)
    assert zones(bare, clock, name, link)[1] == [TOKYO]
    assert zones(bare, clock, name)[1] == [BERLIN]
    found = notes(bare, clock, name, link)
    assert "zone Asia/Tokyo, as svr031/etc/localtime tells" in found
    for there in ("svr031/etc/timezone:1 says Europe/Berlin", "svr031/etc/sysconfig/clock:1 says America/New_York"):
        assert any(note.startswith("svr031/etc/localtime says zone Asia/Tokyo, but " + there) for note in found)


@pytest.mark.parametrize("offset", [0, 5 * 3600])
def test_a_journal_that_was_exported_elsewhere(offset: int) -> None:
    bare, told = log("svr031/messages", "svr031", BARE), fact("svr031/etc/timezone", TOKYO, ZONE_NAME, 1)
    form = "syslog ISO 8601"
    journal = log("svr031/journal.txt", "svr031", *[BARE._replace(offset=offset)] * 9, source="journal", form=form)
    assert zones(bare, journal, told) == (TOKYO, [TOKYO, TOKYO])
    other = f"+{offset // 3600:02d}:00"
    assert any(f"svr031/journal.txt says {other}: both are kept" in note for note in notes(bare, journal, told))
    # Its own syslog knows better than such a listing; the listing better than nothing.
    own = log("svr031/syslog", "svr031", BARE._replace(offset=9 * 3600))
    assert zones(bare, journal, own)[1][0] == "UTC+09:00"
    assert zones(bare, journal)[1][0] == (f"UTC{other}" if offset else "UTC")


@pytest.mark.parametrize(
    ("source", "form"), [("audit", "audit"), ("journal", "journal JSON"), ("login-records", "login records")]
)
def test_seconds_since_1970_tell_no_zone(source: Source, form: str) -> None:
    counted = log("svr031/x", "svr031", *[BARE._replace(offset=0)] * 9, source=source, form=form)
    bare = log("svr031/messages", "svr031", BARE)
    assert choose_zones([bare, counted], None).of(bare).reason.en.startswith("zone unknown")
    assert not any("says" in note for note in notes(bare, counted, fact("svr031/timezone", TOKYO)))


def test_what_a_shared_log_says_of_each_host() -> None:
    shared = log("loghost/remote.log", "svr031", BARE._replace(offset=9 * 3600))
    shared.marks += [Mark(n, BARE._replace(offset=7200), "svr047") for n in range(1, 9)]
    found = zones(shared, log("a/messages", "svr031", BARE), log("b/messages", "svr047", BARE))
    assert found[1][1:] == ["UTC+09:00", "UTC+02:00"]


def test_a_server_of_which_nothing_is_known() -> None:
    bare = log("b/messages", "svr047", BARE)
    found = choose_zones([bare, log("a/messages", "svr031", BARE), fact("a/timezone", TOKYO)], None)
    assert (str(found.of(bare).zone), found.of(bare).assumed) == (TOKYO, True)
    assert "as other servers of this case tell" in found.of(bare).reason.en
    # A log that bears the host's old name lies beside what tells its zone.
    renamed = log("a/var/log/messages.9", "oldname", BARE)
    two = [
        log("b/messages", "svr047", BARE),
        fact("b/timezone", BERLIN),
        log("c/messages", "svr048", BARE),
        fact("c/timezone", BERLIN),
    ]
    found = choose_zones(
        [
            renamed,
            log("a/var/log/messages", "svr031", BARE),
            log("a/var/log/secure", "svr031", BARE),
            fact("a/etc/timezone", TOKYO),
            *two,
        ],
        None,
    )
    assert str(found.of(renamed).zone) == TOKYO


def test_a_fact_that_names_no_zone_is_passed_over() -> None:
    assert zones(log("messages", "svr031", BARE), fact("timezone", "Asia/Atlantis")) == ("UTC", ["UTC"])


# --- summer time


def local(text: str, host: str = "svr031", offset: int | None = None) -> tuple[str, Stamp]:
    time = datetime.fromisoformat(f"2024-10-27T{text}")
    return host, Stamp(2024, 10, 27, time.hour, time.minute, time.second, 0, offset)


def shown(*lines: tuple[str, Stamp]) -> tuple[list[str], list[str]]:
    marks = [Mark(n, one, host) for n, (host, one) in enumerate(lines)]
    given = Reading("messages", ("messages",), None, source="syslog", marks=marks)
    (dating,) = date_streams(streams([given]), choose_zones([given], BERLIN), None)
    assert dating.steps == [[]]
    return [f"{time:%H:%M:%S}" for time in dating.times[0]], [note.en for note in dating.notes[0]]


def test_an_hour_that_exists_twice() -> None:
    times, said = shown(
        *map(local, ("01:59:50", "02:10:00", "02:50:00", "02:49:59", "02:05:00", "02:20:00", "02:55:00", "03:00:00"))
    )
    assert times == ["23:59:50", "00:10:00", "00:50:00", "00:49:59", "01:05:00", "01:20:00", "01:55:00", "02:00:00"]
    assert any(note.startswith("6 stamps, from 2024-10-27 02:10:00 on, of a time that exists twice") for note in said)


@given(
    st.sampled_from(["Asia/Tokyo", "Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo"]),
    st.integers(0, 40 * 2).map(lambda half_hours: datetime(2024, 3, 30, 12) + timedelta(minutes=30) * half_hours)
    | st.integers(0, 40 * 2).map(lambda half_hours: datetime(2018, 2, 17) + timedelta(minutes=30) * half_hours)
    | st.integers(0, 40 * 2).map(lambda half_hours: datetime(2018, 11, 3) + timedelta(minutes=30) * half_hours)
    | st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1)),
)
def test_local_times_around_every_change_of_a_zone(name: str, time: datetime) -> None:
    zone = parse_zone(name)
    shown = [moment for moment in _around(time) if moment.astimezone(zone).replace(tzinfo=None) == time]
    assert exists_twice(time, zone) == (len(shown) == 2)
    assert is_skipped(time, zone) == (not shown)
    if shown:
        assert to_utc(time, None, zone) == shown[0]
    if len(shown) == 2:
        assert to_utc(time, None, zone, shown[1]) == shown[1]


def _around(time: datetime) -> list[datetime]:
    """Every moment that a clock somewhere shows as this local time, by the quarter hour."""
    return [time.replace(tzinfo=UTC) + timedelta(minutes=15) * quarters for quarters in range(-14 * 4, 14 * 4 + 1)]


def test_each_host_has_its_own_second_hour() -> None:
    times, _ = shown(local("02:50:00", "a"), local("02:10:00", "b"), local("02:05:00", "a"), local("02:20:00", "b"))
    assert times == ["00:50:00", "00:10:00", "01:05:00", "00:20:00"]


def test_an_offset_decides_which_hour() -> None:
    times, _ = shown(local("02:30:00", offset=3600), local("02:40:00"), local("02:30:00", offset=7200))
    assert times == ["01:30:00", "01:40:00", "00:30:00"]


def test_a_clock_set_back_by_more_than_the_hour_is_no_second_hour() -> None:
    times, _ = shown(local("05:00:00"), local("02:10:00"), local("02:20:00"))
    assert times == ["04:00:00", "00:10:00", "00:20:00"]


def test_near_takes_the_hour_that_fits() -> None:
    zone = parse_zone(BERLIN)
    _, stamp = local("02:30:00")
    for hour in (0, 1):
        reference = datetime(2024, 10, 27, hour, 40, tzinfo=UTC)
        assert near(stamp, reference, zone) == datetime(2024, 10, 27, hour, 30, tzinfo=UTC)


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
    (dating,) = date_streams(streams([log]), choose_zones([log], None), None)
    assert [len(times) for times in dating.times] == [len(stamps)]
    assert all(dating.notes)
