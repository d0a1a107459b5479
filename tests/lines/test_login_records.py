"""Lines of utmpdump: times, names, levels, and what is not taken for a login."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acforensics.lines import frame
from acforensics.lines.login_records import stamp_of


def dumped(kind, pid, user, tty, host="", time="2026-11-25T09:33:28,318242+00:00", identifier="~~", address="0.0.0.0"):
    return f"[{kind}] [{pid:05d}] [{identifier:<4}] [{user:<8}] [{tty:<12}] [{host:<20}] [{address:<15}] [{time:<28}]"


def test_a_record_is_framed_with_its_time_in_utc_and_to_the_microsecond():
    record = frame(dumped(1, 0, "shutdown", "~", "6.1.0-56-amd64"))
    assert (record.program, record.pid, record.host) == ("wtmp", "", "")
    assert record.message == "system down 6.1.0-56-amd64"
    assert tuple(record.stamp) == (2026, 11, 25, 9, 33, 28, 318_242, 0, 1)


@pytest.mark.parametrize(
    ("written", "offset"),
    [
        ("Wed Nov 25 18:33:28 2026 JST", 9 * 3600),
        ("Wed Nov 25 18:33:28 2026 UTC", 0),
        # India, Ireland or Israel: left to --tz.
        ("Wed Nov 25 18:33:28 2026 IST", None),
        ("Wed Nov 25 18:33:28 2026", None),
    ],
)
def test_local_times_of_older_versions_have_an_offset_where_the_zone_means_one(written, offset):
    stamp = frame(dumped(2, 0, "reboot", "~", "2.6.32-754.el6", time=written)).stamp
    assert (stamp[:6], stamp.offset) == ((2026, 11, 25, 18, 33, 28), offset)


@pytest.mark.parametrize("written", ["Wed Foo 25 18:33:28 2026", "2026-13-25T09:33:28,318242+00:00", "0000-00-00", ""])
def test_a_time_that_is_none_makes_no_record(written):
    assert frame(dumped(2, 0, "reboot", "~", time=written)) is None


@pytest.mark.parametrize(
    ("pid", "message", "level"),
    [
        (ord("0") + 256 * ord("3"), "runlevel 0, before it 3", "0"),
        (ord("6") + 256 * ord("N"), "runlevel 6, before it N", "6"),
        (ord("5"), "runlevel 5", "5"),
        (0, "runlevel ?", "?"),
    ],
)
def test_the_pid_of_a_runlevel_record_holds_both_levels(pid, message, level):
    record = frame(dumped(1, pid, "runlevel", "~"))
    assert (record.message, record.given["level"]) == (message, level)


def test_a_login_names_user_terminal_and_origin():
    record = frame(dumped(7, 1200, "ope1", "pts/0", address="192.0.2.5", identifier="ts/0"))
    assert record.message == "session opened for ope1 on pts/0 from 192.0.2.5"
    assert (record.pid, dict(record.given)) == ("1200", {"user": "ope1", "tty": "pts/0", "from": "192.0.2.5"})


@pytest.mark.parametrize(
    ("user", "tty"),
    [("ope1", "ssh:notty"), ("ope1", "vsftpd:2200"), ("", "tty1")],
)
def test_refused_logins_and_file_transfers_are_no_sessions(user, tty):
    assert not frame(dumped(7, 1200, user, tty)).message.startswith("session")


def test_empty_records_are_none():
    assert frame(dumped(0, 0, "", "", time="1970-01-01T00:00:00,000000+00:00")) is None


@given(st.text(alphabet=st.sampled_from("[]0127~ abc:,+-T\t\0é"), max_size=200))
def test_nothing_in_brackets_raises(line):
    frame("[" + line)
    stamp_of(line)
