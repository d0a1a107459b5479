"""Listings of `last`: their forms, the order of their records, and years from weekdays."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import acforensics
from acforensics.bundle import Member
from acforensics.sources import last, read_member

FULL = """\
runlevel (to lvl 5)   6.1.0-56-amd64   Thu Nov 26 08:55:04 2026   still running
reboot   system boot  6.1.0-56-amd64   Thu Nov 26 08:54:39 2026   still running
shutdown system down  6.1.0-56-amd64   Wed Nov 25 18:33:28 2026 - Thu Nov 26 08:54:39 2026  (14:21)
ope1     pts/0        192.0.2.5        Wed Nov 25 18:33:12 2026 - down                      (00:00)
runlevel (to lvl 5)   6.1.0-56-amd64   Wed Nov 25 18:32:49 2026 - Wed Nov 25 18:33:28 2026  (00:00)
reboot   system boot  6.1.0-56-amd64   Wed Nov 25 18:31:29 2026 - Wed Nov 25 18:33:28 2026  (00:01)

wtmp begins Wed Nov 25 18:31:29 2026
"""
SHORT = """\
runlevel (to lvl 5)   6.1.0-56-amd64   Thu Nov 26 08:55   still running
reboot   system boot  6.1.0-56-amd64   Thu Nov 26 08:54   still running
shutdown system down  6.1.0-56-amd64   Wed Nov 25 18:33 - 08:54  (14:21)
ope1     pts/0        192.0.2.5        Wed Nov 25 18:33 - down   (00:00)
runlevel (to lvl 5)   6.1.0-56-amd64   Wed Nov 25 18:32 - 18:33  (00:00)
reboot   system boot  6.1.0-56-amd64   Wed Nov 25 18:31 - 18:33  (00:01)

wtmp begins Wed Nov 25 18:31:29 2026
"""
HOST_LAST = """\
reboot   system boot  Thu Nov 26 08:54 - 09:00  (00:06)     6.1.0-56-amd64
shutdown system down  Wed Nov 25 18:33 - 08:54  (14:21)     6.1.0-56-amd64
ope1     pts/0        Wed Nov 25 18:33 - down   (00:00)     192.0.2.5
reboot   system boot  Wed Nov 25 18:31 - 18:33  (00:01)     6.1.0-56-amd64

wtmp begins Wed Nov 25 18:31:29 2026
"""
ISO = """\
reboot   system boot  6.1.0-56-amd64   2026-11-26T08:54:39+09:00   still running
shutdown system down  6.1.0-56-amd64   2026-11-25T18:33:28+09:00 - 2026-11-26T08:54:39+09:00  (14:21)
ope1     pts/0        192.0.2.5        2026-11-25T18:33:12+0900 - down                       (00:00)
reboot   system boot  6.1.0-56-amd64   2026-11-25T18:31:29+09:00 - 2026-11-25T18:33:28+09:00  (00:01)

wtmp begins 2026-11-25T18:31:29+09:00
"""
EXPECTED = ["os.boot", "os.session_opened", "os.shutdown_recorded", "os.boot"]


def written(stamp):
    return stamp[:6], stamp.resolution


@pytest.fixture
def read_dated(recogniser):
    def reading(content, when=None, name="last.txt"):
        raw = content.encode()
        return read_member(Member(name, (name,), when, io.BytesIO(raw), raw[:1024]), recogniser)

    return reading


@pytest.mark.parametrize(
    ("listing", "resolution"), [(FULL, 1), (SHORT, 60), (HOST_LAST, 60), (ISO, 1), (SHORT.replace("\n", "\r\n"), 60)]
)
def test_every_form_gives_the_same_records_oldest_first(read_dated, listing, resolution):
    reading = read_dated(listing)
    assert [hit.kind for hit in reading.hits] == EXPECTED
    assert [hit.line for hit in reading.hits] == sorted((hit.line for hit in reading.hits), reverse=True)
    assert {hit.program for hit in reading.hits} == {"last"}
    assert (reading.source, reading.unframed) == ("login-records", 0)
    second = 28 if resolution == 1 else 0
    assert written(reading.hits[2].stamp) == ((2026, 11, 25, 18, 33, second), resolution)
    assert {"user": "ope1", "tty": "pts/0", "from": "192.0.2.5", "ended": "down"}.items() <= reading.hits[
        1
    ].fields.items()
    assert reading.hits[0].message == "system boot 6.1.0-56-amd64"


def test_iso_times_carry_their_offset(read_dated):
    assert {hit.stamp.offset for hit in read_dated(ISO).hits} == {9 * 3600}


def test_lines_are_counted_and_shown_as_they_stand(read_dated):
    reading = read_dated(FULL)
    assert (reading.lines, reading.records) == (8, 6)
    assert reading.hits[2].raw == FULL.splitlines()[2]


def test_plain_last_still_gives_the_boots(read_dated):
    plain = "".join(line for line in SHORT.splitlines(keepends=True) if not line.startswith(("runlevel", "shutdown")))
    assert [hit.kind for hit in read_dated(plain).hits] == ["os.boot", "os.session_opened", "os.boot"]


@pytest.mark.parametrize(("level", "mode"), [("0", "halt"), ("6", "reboot")])
def test_runlevels_of_sysvinit_tell_the_mode(read_dated, level, mode):
    line = f"runlevel (to lvl {level})   2.6.32-754.el6.x Wed Nov 25 18:33 - 18:33  (00:00)    \n"
    (hit,) = read_dated(line + "\nwtmp begins Wed Nov 25 18:31:29 2026\n").hits
    assert (hit.kind, hit.fields["mode"]) == ("os.runlevel_switched", mode)


def test_a_prompt_and_a_heading_are_counted_and_do_no_harm(read_dated):
    reading = read_dated("[root@svr031 ~]# last -x\n" + SHORT + "[root@svr031 ~]#\n")
    assert ([hit.kind for hit in reading.hits], reading.unframed) == (EXPECTED, 2)


@pytest.mark.parametrize(
    ("end", "ended"),
    [
        ("- crash  (00:23)", "crash"),
        ("  still logged in", "open"),
        ("  gone - no logout", "gone"),
        ("- down   (00:23)", "down"),
    ],
)
def test_how_a_session_ended_is_kept(read_dated, end, ended):
    (hit,) = read_dated(f"ope1     ttyS0                         Wed Nov 25 18:33 {end}\n").hits
    assert (hit.kind, hit.fields["ended"], "from" in hit.fields) == ("os.session_opened", ended, False)


def test_a_logout_is_a_record_of_its_own_in_its_place(read_dated):
    listing = """\
shutdown system down  6.1.0-56-amd64   Wed Nov 25 18:33 - 08:54  (14:21)
ope1     pts/1        192.0.2.5        Tue Nov 24 23:50 - 00:10  (00:20)
ope1     pts/0        192.0.2.5        Mon Nov 23 22:00 - 01:30 (1+03:30)
reboot   system boot  6.1.0-56-amd64   Mon Nov 23 18:31 - 18:33 (2+00:02)

wtmp begins Mon Nov 23 18:31:29 2026
"""
    hits = read_dated(listing).hits
    assert [(hit.kind.removeprefix("os."), hit.fields.get("tty"), hit.stamp[2:5]) for hit in hits] == [
        ("boot", None, (23, 18, 31)),
        ("session_opened", "pts/0", (23, 22, 0)),
        ("session_opened", "pts/1", (24, 23, 50)),
        ("session_closed", "pts/1", (25, 0, 10)),
        ("session_closed", "pts/0", (25, 1, 30)),
        ("shutdown_recorded", None, (25, 18, 33)),
    ]


def test_accounts_named_like_records_are_logins(read_dated):
    listing = "shutdown pts/0        192.0.2.5        Wed Nov 25 18:33   still logged in\nreboot   pts/1        192.0.2.5        Wed Nov 25 18:31   still logged in\n"
    assert [hit.kind for hit in read_dated(listing).hits] == ["os.session_opened"] * 2


def test_failed_logins_are_nobodys_session(read_dated):
    listing = "root     ssh:notty    192.0.2.66       Wed Nov 25 18:33 - 18:33  (00:00)\n         tty1                          Wed Nov 25 18:31 - 18:31  (00:00)\n\nbtmp begins Wed Nov 25 18:31:29 2026\n"
    reading = read_dated(listing)
    assert (reading.hits, reading.records, reading.unframed) == ([], 2, 0)


def test_a_clock_that_is_set_says_by_how_much(read_dated):
    listing = "         new time                      Wed Nov 25 18:31:25 2026\n         old time                      Wed Nov 25 18:33:00 2026\nreboot   system boot  6.1.0-56-amd64   Wed Nov 25 18:30:00 2026   still running\n"
    hits = read_dated(listing).hits
    assert [(hit.kind, hit.fields.get("offset")) for hit in hits][1:] == [("os.clock_stepped", "-95")]


# --- years


def test_weekdays_tell_years_over_a_gap_of_months(read_dated):
    # Eleven months without a record: the calendar alone would put both into one year.
    listing = """\
reboot   system boot  6.1.0-56-amd64   Sun Oct 25 09:00 - 18:33  (09:33)
reboot   system boot  6.1.0-56-amd64   Tue Nov 25 09:00 - 18:33  (09:33)

wtmp begins Tue Nov 25 09:00:10 2025
"""
    assert [hit.stamp.year for hit in read_dated(listing).hits] == [2025, 2026]


def test_a_listing_cut_off_is_not_dated_by_the_beginning_of_its_file(read_dated):
    listing = SHORT.replace("Wed Nov 25 18:31:29 2026", "Fri Mar  1 10:00:00 2019")
    assert {hit.stamp.year for hit in read_dated(listing, datetime(2026, 12, 1, tzinfo=UTC)).hits} == {2026}
    assert {hit.stamp.year for hit in read_dated(listing).hits} == {None}


def test_without_its_last_line_the_time_of_writing_bounds_the_years(read_dated):
    listing = SHORT.partition("wtmp begins")[0]
    assert {hit.stamp.year for hit in read_dated(listing, datetime(2027, 3, 1, tzinfo=UTC)).hits} == {2026}
    assert {hit.stamp.year for hit in read_dated(listing).hits} == {None}


# --- several listings, other files, damage


def test_listings_of_rotated_files_are_put_in_order(read_dated):
    older = SHORT.replace("Thu Nov 26", "Mon Nov  2").replace("Wed Nov 25", "Sun Nov  1")
    for both in (SHORT + older, older + SHORT):
        days = [hit.stamp.day for hit in read_dated(both).hits]
        assert days == [1, 1, 1, 2, 25, 25, 25, 26]


def test_a_listing_that_stands_twice_counts_once(read_dated):
    plain = "".join(line for line in SHORT.splitlines(keepends=True) if not line.startswith("shutdown"))
    assert [hit.kind for hit in read_dated(plain + SHORT).hits] == EXPECTED


@pytest.mark.parametrize(
    "content",
    [
        "Nov 24 09:04:00 svr031 root: reboot   system boot  6.1.0 Wed Nov 25 18:33 - 18:34  (00:01)\n" * 4,
        "backup of svr031 began Wed Nov 25 18:33\n" * 4,
        "total 12\n-rw-r--r-- 1 root root 0 Nov 25 18:33 wtmp\n",
        "the service begins on Wed Nov 25\n",
    ],
)
def test_other_texts_are_not_taken_for_listings(read_dated, content):
    assert read_dated(content).source != "login-records"


def test_a_listing_beyond_bounds_is_read_from_its_newest_line(read_dated, monkeypatch):
    monkeypatch.setattr(last, "MOST_LINES", 3)
    reading = read_dated(SHORT)
    assert [hit.kind for hit in reading.hits] == ["os.shutdown_recorded", "os.boot"]
    assert reading.lines == 8
    assert reading.notes


@settings(deadline=None, max_examples=80)
@given(data=st.data())
def test_no_damage_raises(read_file, data):
    content = bytearray(data.draw(st.sampled_from([FULL, SHORT, HOST_LAST, ISO])).encode())
    for _ in range(data.draw(st.integers(0, 6))):
        start = data.draw(st.integers(0, len(content)))
        content[start : start + data.draw(st.integers(0, 40))] = data.draw(
            st.one_of(st.binary(max_size=20), st.text("0123456789:+- ()\n", max_size=12).map(str.encode))
        )
    reading = read_file(bytes(content), "last.txt")
    assert reading.records + reading.unframed <= reading.lines


# --- the whole way


@pytest.mark.parametrize(("listing", "second"), [(FULL, 28), (SHORT, 0)])
def test_a_listing_alone_tells_boots_and_the_time_of_a_stop(tmp_path, listing, second):
    (tmp_path / "svr031").mkdir()
    (tmp_path / "svr031" / "last-x.txt").write_text(listing, encoding="utf-8")
    case = acforensics.analyze([tmp_path], tz="Asia/Tokyo")
    assert len(case.boots) == 2
    (stop,) = case.shutdowns
    assert stop.time == datetime(2026, 11, 25, 9, 33, second, tzinfo=UTC)
    assert (stop.trigger, stop.mode, stop.actor) == ("unknown", "unknown", None)


def test_a_listing_in_minutes_does_not_put_the_stop_before_its_cause(tmp_path):
    folder = tmp_path / "svr031"
    folder.mkdir()
    (folder / "last-x.txt").write_text(SHORT, encoding="utf-8")
    (folder / "messages").write_text(
        "2026-11-25T18:31:40+09:00 svr031 kernel: Linux version 6.1.0-56-amd64 (debian-kernel@lists.debian.org)\n"
        "2026-11-25T18:33:26+09:00 svr031 systemd-logind[257]: Power key pressed short.\n"
        "2026-11-25T18:33:26+09:00 svr031 systemd-logind[257]: Powering off...\n"
        "2026-11-25T18:33:27+09:00 svr031 systemd-logind[257]: System is powering down.\n"
        "2026-11-26T08:55:02+09:00 svr031 kernel: Linux version 6.1.0-56-amd64 (debian-kernel@lists.debian.org)\n",
        encoding="utf-8",
    )
    (stop,) = acforensics.analyze([tmp_path], tz="Asia/Tokyo").shutdowns
    assert (stop.trigger, stop.confidence) == ("hardware-request", "certain")


@pytest.mark.parametrize("until", ["Tue Nov 31 08:00:00 2026", "Sat Feb 29 08:00:00 2026", "Tue Nov 24 25:61:00 2026"])
def test_an_end_that_cannot_be_one_is_left_out(read_file, until):
    """Found by the fuzzer: what is no time of day is not read as one."""
    listing = f"ope1     pts/0        192.0.2.66       Tue Nov 24 07:00:00 2026 - {until}  (01:00)\n"
    listing += "ope2     pts/0        192.0.2.66       Fri Dec 31 23:59:00 9999 - 00:01  (36500+00:00)\n"
    listing += "reboot   system boot  5.14.0-427.el9   Tue Nov 24 06:00:00 2026   still running\n"
    listing += "\nwtmp begins Tue Nov 24 05:00:00 2026\n"
    reading = read_file(listing.encode(), "last.txt")
    assert [hit.kind for hit in reading.hits if hit.kind == "os.boot"] == ["os.boot"]
    assert reading.records == 3
