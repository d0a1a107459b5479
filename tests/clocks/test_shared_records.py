"""The zone of a file from records that stand in it and, with UTC, in another file of the same server."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import acforensics
from acforensics.clocks import ZoneChoice, choose_zones
from acforensics.events import Hit, Stamp
from acforensics.sources import Mark, Reading
from acforensics.sources.reading import Fact, Source
from acforensics.sources.zone_files import ZONE_NAME

START = datetime(2026, 11, 20, 9, 31, 29)
TIMES = [START + timedelta(hours=h, minutes=m) for h, m in ((0, 0), (0, 7), (5, 11), (29, 38), (31, 2), (80, 59))]
Record = tuple[datetime, str, str, dict[str, str]]


def logins(times: Sequence[datetime] = TIMES) -> list[Record]:
    names = ("os.boot", "os.session_opened", "os.shutdown_recorded")
    fields = ({}, {"user": "ope1", "tty": "pts/0"}, {})
    return [(time, names[i % 3], "", dict(fields[i % 3])) for i, time in enumerate(times)]


def lines(times: Sequence[datetime] = TIMES) -> list[Record]:
    return [(time, "os.job_started", f"Started job {i}.", {}) for i, time in enumerate(times)]


def log(
    path: str,
    records: Sequence[Record],
    *,
    east: int = 0,
    source: Source = "login-records",
    utc: bool = False,
    resolution: int = 1,
    year: bool = True,
) -> Reading:
    """A file of svr031 that holds records (UTC), `east` seconds east of it, with or without saying so."""
    hits = []
    for n, (time, kind, message, fields) in enumerate(records):
        t = time + timedelta(seconds=east)
        stamp = Stamp(
            t.year if year else None,
            t.month,
            t.day,
            t.hour,
            t.minute,
            0 if resolution == 60 else t.second,
            0,
            east if utc else None,
            resolution,
        )
        hits.append(Hit(n, stamp, "svr031", "p", "", message, "raw", kind, dict(fields), "d", "verified", n))
    marks = [Mark(hit.offset, hit.stamp, "svr031") for hit in hits]
    return Reading(path, tuple(path.split("/")), None, source=source, format="x", hits=hits, marks=marks)


def chosen(bare: Reading, *others: Reading, wanted: str | None = None) -> tuple[str, ZoneChoice]:
    choice = choose_zones([*others, bare], wanted).of(bare)
    return str(choice.zone), choice


@pytest.mark.parametrize("hours", [-12, -3.5, 5.75, 9, 14])
@pytest.mark.parametrize("resolution", [1, 60])
def test_a_listing_has_the_zone_in_which_it_shows_the_records_of_wtmp(hours: float, resolution: int) -> None:
    east = int(hours * 3600)
    wtmp = log("wtmp", logins(), utc=True)
    zone, choice = chosen(log("last.txt", logins(), east=east, resolution=resolution), wtmp)
    assert choice.zone.utcoffset(None) == timedelta(seconds=east), zone
    assert not choice.assumed
    assert "inferred: 6 of the 6 records of last.txt that may also stand in wtmp" in choice.reason.en


def test_the_case_is_shown_in_it() -> None:
    given_ = [log("wtmp", logins(), utc=True), log("last.txt", logins(), east=32400)]
    assert str(choose_zones(given_, None).shown) == "UTC+09:00"


def test_the_journal_tells_the_zone_of_a_system_log() -> None:
    journal = log("journal.json", lines(), source="journal", utc=True)
    late = [(time + timedelta(seconds=25), *rest) for time, *rest in lines()]
    messages = log("messages", late, east=32400, source="syslog", year=False)
    assert chosen(messages, journal)[0] == "UTC+09:00"
    # Its neighbours, of whose records nothing else is known, follow.
    secure = log("secure", [(START, "os.command", "x", {})], east=32400, source="syslog")
    assert chosen(secure, journal, messages)[0] == "UTC+09:00"


def test_audit_tells_the_zone_of_what_users_did() -> None:
    did: list[Record] = [(time, "os.command", "", {"user": "ope1"}) for time in TIMES]
    audit = log("audit.log", did, source="audit", utc=True)
    assert chosen(log("secure", did, east=32400, source="syslog", year=False), audit)[0] == "UTC+09:00"
    # Numbers in the place of names, and commands with and without their folders.
    typed: list[Record] = [(t, k, m, {"user": "uid 1000", "command": "shutdown -h now"}) for t, k, m, _ in did]
    full: list[Record] = [(t, k, m, {"user": "ope1", "command": "/usr/sbin/shutdown -h now"}) for t, k, m, _ in did]
    audit = log("audit.log", typed, source="audit", utc=True)
    assert chosen(log("secure", full, east=32400, source="syslog", year=False), audit)[0] == "UTC+09:00"


def test_a_year_that_turns_between_the_zones() -> None:
    eve = [datetime(2025, 12, 31, 14, 59, 50), datetime(2025, 12, 31, 15, 20, 5), datetime(2026, 1, 1, 3, 0, 1)]
    journal = log("journal.json", lines(eve), source="journal", utc=True)
    assert chosen(log("messages", lines(eve), east=32400, source="syslog", year=False), journal)[0] == "UTC+09:00"


# --- what else is told


@pytest.mark.parametrize(("option", "zone"), [("UTC", "UTC+09:00"), ("Asia/Tokyo", "Asia/Tokyo")])
def test_the_option_stands_where_the_records_fit_it(option: str, zone: str) -> None:
    found, choice = chosen(log("last.txt", logins(), east=32400), log("wtmp", logins(), utc=True), wanted=option)
    assert found == zone
    said = [note.en for note in choice.notes if note.en.startswith("--tz UTC is not used for these stamps")]
    assert len(said) == (option == "UTC")


def test_an_option_with_summer_time_fits_records_of_both() -> None:
    times = [datetime(2026, month, 3, 9, month * 3 % 60, 4) for month in range(1, 13)]
    bare = log("last.txt", logins(times))
    for hit in bare.hits:
        t = datetime(*hit.stamp[:6]) + timedelta(hours=2 if 4 <= hit.stamp.month <= 10 else 1)
        hit.stamp = hit.stamp._replace(day=t.day, hour=t.hour)
    assert chosen(bare, log("wtmp", logins(times), utc=True), wanted="Europe/Berlin")[0] == "Europe/Berlin"


def test_a_zone_file_that_the_records_contradict() -> None:
    told = Reading("timezone", ("timezone",), None, format=ZONE_NAME, facts=[Fact("zone", "Europe/Berlin", 1, "x")])
    journal = log("journal.json", lines(), source="journal", utc=True)
    messages = log("messages", lines(), east=32400, source="syslog")
    zone, choice = chosen(messages, journal, told)
    assert zone == "UTC+09:00"
    assert any("Europe/Berlin (timezone:1) is not used for these stamps" in note.en for note in choice.notes)
    # A listing that was made elsewhere says nothing of the server's own logs.
    listing, wtmp = log("last.txt", logins(), east=32400), log("wtmp", logins(), utc=True)
    other = log("cron", [(START, "os.command", "x", {})], source="syslog")
    choices = choose_zones([listing, wtmp, other, told], None)
    assert [str(choices.of(one).zone) for one in (listing, other)] == ["UTC+09:00", "Europe/Berlin"]


# --- what does not do


def test_one_record_and_one_moment_are_too_few() -> None:
    for times in (TIMES[:1], [START, START + timedelta(seconds=9)]):
        bare = log("last.txt", logins(times), east=32400)
        assert chosen(bare, log("wtmp", logins(times), utc=True))[1].assumed


def test_what_comes_every_hour_fits_many_offsets() -> None:
    hourly: list[Record] = [(START + timedelta(hours=n), "os.job_started", "Started sync.", {}) for n in range(48)]
    journal = log("journal.json", hourly, source="journal", utc=True)
    assert chosen(log("messages", hourly, east=32400, source="syslog"), journal)[1].assumed
    # Beside it a few lines are enough that come once.
    journal = log("journal.json", [*hourly, *lines()], source="journal", utc=True)
    assert chosen(log("messages", [*hourly, *lines()], east=32400, source="syslog"), journal)[0] == "UTC+09:00"


def test_records_of_other_days_and_other_servers_tell_nothing() -> None:
    later = [(time + timedelta(days=9), *rest) for time, *rest in logins()]
    assert chosen(log("last.txt", logins(), east=32400), log("wtmp", later, utc=True))[1].assumed
    elsewhere = log("b/wtmp", logins(), utc=True)
    for hit in elsewhere.hits:
        hit.host = "svr047"
    elsewhere.marks = [mark._replace(host="svr047") for mark in elsewhere.marks]
    assert "inferred" not in chosen(log("a/last.txt", logins(), east=32400), elsewhere)[1].reason.en


@given(
    st.lists(st.datetimes(datetime(1990, 1, 2), datetime(2199, 12, 30)), max_size=8),
    st.lists(st.datetimes(datetime(1990, 1, 2), datetime(2199, 12, 30)), max_size=8),
    st.booleans(),
)
def test_no_stamps_raise(one: list[datetime], other: list[datetime], year: bool) -> None:
    bare = log("messages", lines(one), source="syslog", year=year)
    assert chosen(bare, log("journal.json", lines(other), source="journal", utc=True))[0]


# --- whole cases

DUMP = """\
[2] [00000] [~~  ] [reboot  ] [~           ] [6.1.0               ] [0.0.0.0        ] [2026-11-23T09:31:29,722707+00:00]
[7] [00276] [ts/0] [ope1    ] [pts/0       ] [192.0.2.5           ] [192.0.2.5      ] [2026-11-23T09:33:12,434353+00:00]
[1] [00000] [~~  ] [shutdown] [~           ] [6.1.0               ] [0.0.0.0        ] [2026-11-23T09:40:28,318242+00:00]
[2] [00000] [~~  ] [reboot  ] [~           ] [6.1.0               ] [0.0.0.0        ] [2026-11-23T23:54:39,089311+00:00]
"""
LAST = """\
reboot   system boot  6.1.0            Tue Nov 24 08:54   still running
shutdown system down  6.1.0            Mon Nov 23 18:40 - 08:54  (14:14)
ope1     pts/0        192.0.2.5        Mon Nov 23 18:33 - down   (00:07)
reboot   system boot  6.1.0            Mon Nov 23 18:31 - 18:40  (00:09)
"""


@pytest.mark.parametrize("tz", [None, "UTC", "Europe/Berlin", "Asia/Tokyo"])
def test_every_boot_appears_once(tmp_path: Path, tz: str | None) -> None:
    (tmp_path / "svr031").mkdir()
    (tmp_path / "svr031/utmpdump.txt").write_text(DUMP)
    (tmp_path / "svr031/last-x.txt").write_text(LAST + "\nwtmp begins Mon Nov 23 18:31:29 2026\n")
    case = acforensics.analyze([tmp_path], tz=tz)
    assert len(case.boots) == 2
    assert len(case.shutdowns) == 1
    assert case.shutdowns[0].time.astimezone(UTC).replace(second=0, microsecond=0) == datetime(
        2026, 11, 23, 9, 40, tzinfo=UTC
    )
