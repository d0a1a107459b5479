"""Binary login records and their dumps: layouts, damage, and what they say of boots, stops and people."""

from __future__ import annotations

import gzip
import random
import struct
import sys
import zlib
from datetime import UTC, datetime
from io import BytesIO
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import acforensics
from acforensics.bundle import Member
from acforensics.sources.login_records import BinaryLoginRecords

START = int(datetime(2026, 11, 25, 9, 31, 29, tzinfo=UTC).timestamp())
LAYOUTS = [(384, "<"), (384, ">"), (400, "<"), (400, ">")]


def record(kind, user="", tty="~", *, at=0, pid=0, host="", identifier="~~", address="0.0.0.0", layout=(384, "<")):
    size, order = layout
    head = struct.pack(
        f"{order}h2xi32s4s32s256s4x", kind, pid, tty.encode(), identifier.encode(), user.encode(), host.encode()
    )
    times = struct.pack(order + ("iIi" if size == 384 else "qQq"), 0, at if at < 0 else START + at, 722_707)
    return (head + times + ip_address(address).packed).ljust(size, b"\0")


def life(layout=(384, "<")):
    """A boot, a login that the shutdown ends, and the next boot."""
    of = {"layout": layout, "host": "6.1.0-56-amd64"}
    return [
        record(2, "reboot", **of),
        record(6, "LOGIN", "tty1", at=50, pid=275, identifier="tty1", layout=layout),
        record(1, "runlevel", at=80, pid=53, **of),
        record(7, "ope1", "pts/0", at=100, pid=276, host="192.0.2.5", address="192.0.2.5", layout=layout),
        record(8, "", "tty1", at=110, pid=275, layout=layout),
        record(1, "shutdown", at=119, **of),
        record(2, "reboot", at=40_000, **of),
        record(1, "runlevel", at=40_030, pid=53, **of),
    ]


def kinds(reading):
    return [hit.kind for hit in reading.hits]


EXPECTED = ["os.boot", "os.session_opened", "os.shutdown_recorded", "os.boot"]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", ["wtmp", "collected.bin"])
def test_every_layout_is_told_by_content(read_file, layout, name):
    reading = read_file(b"".join(life(layout)), name)
    assert kinds(reading) == EXPECTED
    assert reading.source == "login-records"
    assert f"{layout[0]} bytes, {'little' if layout[1] == '<' else 'big'}-endian" in reading.format
    assert (reading.lines, reading.records, reading.unframed) == (8, 8, 0)
    opened = reading.hits[1]
    assert (opened.line, opened.stamp[:7]) == (4, (2026, 11, 25, 9, 33, 9, 722_707))
    assert {"user": "ope1", "tty": "pts/0", "from": "192.0.2.5", "via": "wtmp"}.items() <= opened.fields.items()


def test_a_record_is_shown_as_utmpdump_prints_it(read_file):
    reading = read_file(b"".join(life()), "wtmp")
    assert reading.hits[0].raw == (
        "[2] [00000] [~~  ] [reboot  ] [~           ] [6.1.0-56-amd64      ] [0.0.0.0        ] "
        "[2026-11-25T09:31:29,722707+00:00]"
    )


def test_a_dump_says_the_same_as_the_file_it_was_made_of(read_file):
    binary = read_file(
        b"".join([*life(), record(7, "ope1", "tty1", at=40_100), record(8, "", "tty1", at=40_200)]), "wtmp"
    )
    lines = read_file(b"".join(life()), "wtmp")
    dump = "Utmp dump of /var/log/wtmp\n" + "\n".join(hit.raw for hit in binary.hits) + "\n"
    reading = read_file(dump.encode(), "utmpdump.txt")
    assert [(h.kind, h.message, h.stamp, h.raw) for h in reading.hits] == [
        (h.kind, h.message, h.stamp, h.raw) for h in binary.hits
    ]
    assert (reading.source, reading.hits[0].line, reading.unframed) == ("login-records", 2, 1)
    assert kinds(lines) == EXPECTED


def test_ipv6_addresses_and_brackets_in_names(read_file):
    content = record(2, "reboot") + record(7, "op]e[1", "pts/0", at=5, address="2001:db8::5")
    fields = read_file(content, "wtmp").hits[1].fields
    assert (fields["user"], fields["from"]) == ("op?e?1", "2001:db8::5")


# --- what records mean


@pytest.mark.parametrize(("level", "mode"), [("0", "halt"), ("6", "reboot")])
def test_a_switch_to_runlevel_0_or_6_tells_the_mode(read_file, level, mode):
    reading = read_file(record(2, "reboot") + record(1, "runlevel", at=900, pid=ord(level) + 256 * ord("3")), "wtmp")
    assert [(h.kind, h.fields.get("mode")) for h in reading.hits][1:] == [("os.runlevel_switched", mode)]


@pytest.mark.parametrize("pid", [ord("5"), ord("5") + 256 * ord("N"), ord("3") + 256 * ord("5"), 0, -1])
def test_other_runlevels_are_no_stop(read_file, pid):
    assert kinds(read_file(record(2, "reboot") + record(1, "runlevel", at=80, pid=pid), "wtmp")) == ["os.boot"]


def test_a_logout_ends_the_session_of_its_terminal_and_no_other(read_file):
    content = b"".join(
        [
            record(2, "reboot"),
            record(7, "ope1", "pts/0", at=10, pid=500),
            record(8, "", "tty1", at=20, pid=275),
            record(8, "", "pts/0", at=30, pid=500),
            record(8, "", "pts/0", at=40, pid=501),
        ]
    )
    reading = read_file(content, "wtmp")
    closed = [hit for hit in reading.hits if hit.kind == "os.session_closed"]
    assert [(hit.line, hit.fields["user"], hit.fields["tty"]) for hit in closed] == [(4, "ope1", "pts/0")]


def test_an_account_named_like_a_record_is_a_login(read_file):
    reading = read_file(record(2, "reboot") + record(7, "shutdown", "pts/0", at=10, pid=500), "wtmp")
    assert kinds(reading) == ["os.boot", "os.session_opened"]


def test_a_clock_that_is_set_says_by_how_much(read_file):
    content = record(2, "reboot") + record(4, "date", "|", at=300) + record(3, "date", "{", at=205)
    reading = read_file(content, "wtmp")
    assert [(h.kind, h.fields.get("offset")) for h in reading.hits][1:] == [("os.clock_stepped", "-95.000000")]


@pytest.mark.parametrize("name", ["btmp", "btmp-20261201"])
def test_failed_logins_are_nobodys_session(read_file, name):
    content = record(6, "root", "ssh:notty", pid=900, identifier="") + record(7, "root", "tty1", at=5, pid=901)
    reading = read_file(content, name)
    assert (kinds(reading), reading.records, reading.source) == ([], 2, "login-records")


def test_a_hardware_clock_without_battery_keeps_its_place_and_its_time(read_file):
    dead = struct.pack("<iI", 0, 35)
    boot = record(2, "reboot")
    boot = boot[:336] + dead + boot[344:]
    reading = read_file(b"".join([record(2, "reboot"), boot, record(1, "shutdown", at=90)]), "wtmp")
    assert kinds(reading) == ["os.boot", "os.boot", "os.shutdown_recorded"]
    assert reading.hits[1].stamp[:6] == (1970, 1, 1, 0, 0, 35)


# --- damage


def test_empty_records_are_passed_over(read_file):
    empty = record(0, "", "pts/3", at=7, pid=77)
    content = b"".join([bytes(384), life()[0], empty, *life()[1:], bytes(384)])
    reading = read_file(content, "wtmp")
    assert (kinds(reading), reading.unframed, reading.records) == (EXPECTED, 0, 8)
    assert [hit.line for hit in reading.hits] == [2, 6, 8, 9]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_torn_last_record_is_counted(read_file, layout):
    reading = read_file(b"".join(life(layout)) + record(7, "ope1", "pts/1", at=40_100, layout=layout)[:200], "wtmp")
    assert (kinds(reading), reading.unframed) == (EXPECTED, 1)
    assert reading.unframed_samples[0][0] == 9


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", ["wtmp", "collected.bin"])
@pytest.mark.parametrize("cut", [1, 4, 44, 100, 333, 383])
def test_a_file_that_begins_amid_a_record_is_read(read_file, layout, name, cut):
    torn = record(7, "ope9", "pts/9", at=0, pid=99, host="192.0.2.9", layout=layout)[cut:]
    reading = read_file(torn + b"".join(life(layout)), name)
    assert (reading.source, kinds(reading), reading.records) == ("login-records", EXPECTED, 8)
    assert (reading.unframed, reading.lines, reading.hits[0].line) == (1, 9, 2)
    assert f"the first {len(torn)} byte" in reading.notes[0].en


def test_other_binaries_are_not_taken_for_a_file_that_begins_amid_a_record(read_file):
    chance = random.Random(8)
    blobs = [chance.randbytes(1024 + n % 3000) for n in range(2000)]
    blobs += [bytes(chance.choice(b"\0\0\0\0\1\2\7reboot~") for _ in range(2000)) for _ in range(100)]
    program = Path(sys.executable).read_bytes()
    blobs += [program[n : n + 4096] for n in range(0, 1 << 20, 4001)]
    blobs += [b"LPKSHHRH" + program[:3000], gzip.compress(program[:20_000]), zlib.compress(program[:20_000])]
    blobs += [b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + program[:900], bytes(range(256)) * 8]
    blobs += [struct.pack("<2000I", *range(2000)), struct.pack("<500Q", *range(START, START + 500))]
    assert [
        blob[:40] for blob in blobs if BinaryLoginRecords.fits(Member("x", ("x",), None, BytesIO(), b""), blob[:1024])
    ] == []
    assert read_file(program[:5000], "wtmp").source != "login-records"


def test_a_file_that_is_less_than_a_record_is_counted(read_file):
    reading = read_file(record(2, "reboot")[:100], "wtmp")
    assert (reading.source, reading.unframed, reading.hits) == ("login-records", 1, [])


@pytest.mark.parametrize("content", [b"", bytes(384 * 9), bytes(500)])
def test_a_file_of_nothing_is_no_error(read_file, content):
    reading = read_file(content, "wtmp")
    assert (reading.source, reading.unframed, reading.hits) == ("login-records", 0, [])


@pytest.mark.parametrize(
    ("garbage", "counted"),
    [(b"\xff" * 384, 1), (b"\xff" * 384 * 3, 3), (b"\xa5" * 100, 1), (bytes(384), 0), (bytes(100), 0)],
    ids=["record", "records", "unaligned", "nul-record", "nul-unaligned"],
)
def test_what_is_behind_garbage_is_read(read_file, garbage, counted):
    records = life()
    reading = read_file(b"".join([*records[:3], garbage, *records[3:]]), "wtmp")
    assert (kinds(reading), reading.unframed, reading.records) == (EXPECTED, counted, 8)


def test_a_record_that_lost_its_beginning_is_counted(read_file):
    records = life()
    reading = read_file(
        b"".join([*records[:3], record(7, "ope9", "pts/9", host="192.0.2.9")[100:], *records[3:]]), "wtmp"
    )
    assert (kinds(reading), reading.unframed, reading.records, reading.lines) == (EXPECTED, 1, 8, 9)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"\x7fELF" + bytes(2000), "wtmp"),
        (bytes(range(256)) * 8, "wtmp"),
        (b"\x02\0\0\0" + b"\xff" * 1000, "wtmp"),
        (b"Nov 24 09:04:00 svr031 sshd[1]: hello\n" * 20, "wtmp"),
        (bytes(2000), "disk.img"),
    ],
)
def test_other_files_are_not_taken_for_login_records(read_file, content, name):
    assert read_file(content, name).source != "login-records"


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_no_damage_raises_or_loses_count(read_file, data):
    content = bytearray(b"".join(life(data.draw(st.sampled_from(LAYOUTS)))))
    for _ in range(data.draw(st.integers(0, 4))):
        start = data.draw(st.integers(0, len(content) - 1))
        content[start : start + data.draw(st.integers(0, 500))] = data.draw(st.binary(max_size=500))
        if not content:
            break
    reading = read_file(bytes(content), "wtmp")
    if reading.source == "login-records" and reading.encoding == "":
        assert reading.records + reading.unframed <= reading.lines
        assert all(hit.line <= reading.lines for hit in reading.hits)


def test_a_large_file_is_read_in_blocks(read_file):
    first, *others = life()
    content = first + b"".join(others[:4]) * 2000 + b"".join(others[4:])
    reading = read_file(content, "wtmp")
    assert (reading.records, reading.unframed) == (8004, 0)
    assert [h.kind for h in reading.hits if h.kind != "os.session_opened"] == [
        "os.boot",
        "os.shutdown_recorded",
        "os.boot",
    ]


# --- the whole way


@pytest.fixture
def analyse(tmp_path):
    def run(**files):
        folder = tmp_path / "svr031" / "var" / "log"
        folder.mkdir(parents=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
        return acforensics.analyze([tmp_path])

    return run


def test_wtmp_alone_tells_boots_and_the_time_of_a_stop_but_not_who_asked(analyse):
    case = analyse(wtmp=b"".join(life()))
    assert [boot.server for boot in case.boots] == ["svr031", "svr031"]
    (stop,) = case.shutdowns
    assert stop.time == datetime(2026, 11, 25, 9, 33, 28, 722_707, tzinfo=UTC)
    assert (stop.trigger, stop.mode, stop.actor) == ("unknown", "unknown", None)


def asked(second):
    return f"2026-11-25T09:33:{second}+00:00 svr031 systemd-logind[260]: System is rebooting.\n".encode()


MESSAGES = (
    b"2026-11-25T09:31:40+00:00 svr031 kernel: Linux version 6.1.0-56-amd64 (debian-kernel@lists.debian.org)\n"
    + asked(20)
    + b"2026-11-25T20:38:20+00:00 svr031 kernel: Linux version 6.1.0-56-amd64 (debian-kernel@lists.debian.org)\n"
)


def test_who_was_logged_in_counts_as_present(analyse):
    (stop,) = analyse(wtmp=b"".join(life()), messages=MESSAGES).shutdowns
    assert (stop.trigger, stop.confidence) == ("os-command", "possible")
    assert any(e.text.startswith("[7] [00276]") for reason in stop.reasons for e in reason.evidence)


def test_who_had_logged_out_was_not_there(analyse):
    records = life()
    records[4] = record(8, "", "pts/0", at=101, pid=276)
    (stop,) = analyse(wtmp=b"".join(records), messages=MESSAGES).shutdowns
    assert not any(e.text.startswith("[7]") for reason in stop.reasons for e in reason.evidence)
