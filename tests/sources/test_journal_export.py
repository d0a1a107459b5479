"""The journal's export format: values with lengths, their lines, and lengths that lie."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acforensics.parsing.recognition import Recogniser
from acforensics.sources import Reading
from acforensics.sources.journal_export import ExportParser, JournalExport

ReadFile = Callable[..., Reading]
BOOT = "a3f2433e11534599bb433331cbc2d52d"
AT = 1_796_293_686_746_367


def field(name: str, value: bytes) -> bytes:
    """A field as journalctl writes it: with a length where it is no plain text."""
    if value.isascii() and b"\n" not in value:
        return name.encode() + b"=" + value + b"\n"
    return name.encode() + b"\n" + struct.pack("<Q", len(value)) + value + b"\n"


def entry(message: bytes = b"System is powering down.", seconds: int = 0, **fields: bytes) -> bytes:
    found = {
        "__CURSOR": b"s=30bf072fd8784ec09d7e71da5d9439cd;i=1",
        "__REALTIME_TIMESTAMP": str(AT + seconds * 1_000_000).encode(),
        "__MONOTONIC_TIMESTAMP": str(21_821_583 + seconds * 1_000_000).encode(),
        "_BOOT_ID": BOOT.encode(),
        "SYSLOG_IDENTIFIER": b"systemd-logind",
        **fields,
        "MESSAGE": message,
        "_HOSTNAME": b"svr031",
        "_PID": b"261",
    }
    return b"".join(field(name, value) for name, value in found.items()) + b"\n"


LINES = entry().count(b"\n")


def test_entries_are_records(read_file: ReadFile) -> None:
    reading = read_file(entry(b"nothing") + entry(seconds=1), "export.txt")
    assert (reading.source, reading.format, reading.records) == ("journal", "journal export", 2)
    assert (reading.lines, reading.unframed) == (2 * LINES, 0)
    (hit,) = reading.hits
    assert (hit.kind, hit.line, hit.pid, hit.boot) == ("os.shutdown_started", LINES + 1, "261", BOOT)
    assert hit.raw == "2026-12-03T10:28:07.746367Z svr031 systemd-logind[261]: System is powering down."


@pytest.mark.parametrize("codec", ["utf-8", "euc_jp", "cp932"])
def test_values_with_a_length(read_file: ReadFile, codec: str) -> None:
    before = entry("停電\n\n__CURSOR=forged\nMESSAGE=System is powering down.\n\n".encode(codec))
    content = before + entry("System is powering down (停電).".encode(codec), 1)
    (hit,) = read_file(content).hits
    assert (hit.line, hit.fields["wall"]) == (before.count(b"\n") + 1, "停電")
    assert read_file(content).lines == content.count(b"\n")


def test_the_first_of_several_values_counts(read_file: ReadFile) -> None:
    content = entry().replace(b"_HOSTNAME=svr031\n", b"MESSAGE=other\n_HOSTNAME=svr031\n_HOSTNAME=svr047\n")
    (hit,) = read_file(content).hits
    assert (hit.message, hit.host) == ("System is powering down.", "svr031")


def test_a_prompt_and_windows_newlines(read_file: ReadFile) -> None:
    content = b"[root@svr031 ~]# journalctl -o export\n" + entry() + entry(seconds=1)
    reading = read_file(content.replace(b"\n", b"\r\n"))
    assert ([hit.line for hit in reading.hits], reading.unframed) == ([2, 2 + LINES], 1)


def test_an_end_without_the_blank_line(read_file: ReadFile) -> None:
    assert len(read_file(entry()[:-1]).hits) == 1
    torn = read_file(entry()[:-3])
    assert (torn.hits, torn.records, torn.unframed, torn.lines) == ([], 0, 1, LINES - 1)


STRAY = b"\x07\x08\n"


@pytest.mark.parametrize(
    "damage",
    [
        b"MESSAGE\n" + struct.pack("<Q", 1 << 63),
        b"MESSAGE\n" + struct.pack("<Q", 700 << 20) + STRAY * 40_000,
        b"MESSAGE\n" + struct.pack("<Q", 500_000),
        b"MESSAGE\n" + struct.pack("<Q", 3) + b"abcdef\n",
        b"MESSAGE\n\x05\x00",
        b"MESSAGE=never ended\n",
        b"MESS",
        STRAY * 500,
        b"no name=at all\n",
        b"X" * 3_000_000 + b"=\n",
        b"Y" * 3_000_000 + b"\n",
        b"\n\n\n__CURSOR=s=x\n\n",
    ],
)
def test_damage_costs_one_entry(read_file: ReadFile, damage: bytes) -> None:
    content = entry() + b"__CURSOR=s=y\n" + damage + b"\n" + entry(seconds=2) * 3
    reading = read_file(content)
    assert reading.lines == content.count(b"\n")
    assert reading.unframed >= 1
    found = [hit.line for hit in reading.hits]
    assert found == [1, *(reading.lines - n * LINES + 1 for n in (3, 2, 1))]


def test_large_values_are_passed_over(read_file: ReadFile) -> None:
    core = b"\x00\n" * (3 << 20)
    content = entry(COREDUMP=core) + entry(seconds=1, LONG=b"x" * (3 << 20)) + entry(seconds=2)
    reading = read_file(content)
    assert [hit.line for hit in reading.hits] == [1, (3 << 20) + LINES + 3, (3 << 20) + 2 * LINES + 4]
    assert (reading.unframed, reading.lines) == (0, content.count(b"\n"))


WRONG = b"\n".join((b"__CURSOR=s=y", b"__REALTIME_TIMESTAMP=%d" % AT, b"MESSAGE", b"%shi\nyou", b"", b""))


@pytest.mark.parametrize(
    "length", [6, 100, 300, 5000, 40_000, 900_000, 1_500_000, 100 << 20, 700 << 20, 800 << 20, 1 << 63]
)
def test_a_damaged_length_costs_one_entry(read_file: ReadFile, length: int) -> None:
    before, behind = entry() + entry(b"x") * 50, entry(b"x") * 3000 + entry(seconds=9)
    wrong = WRONG % struct.pack("<Q", length)
    content = before + wrong + behind
    reading = read_file(content)
    assert [hit.line for hit in reading.hits] == [1, reading.lines - LINES + 1]
    if length == 6:
        assert (reading.records, reading.complete, reading.notes) == (3053, True, [])
        return
    assert (reading.records, reading.unframed, reading.complete) == (3052, 1, False)
    line = before.count(b"\n") + 1
    assert f"in 1 entry the length of a value is damaged, first in the entry at line {line}:" in reading.notes[0].en
    assert f": {len(wrong)} bytes" in reading.notes[0].en


def test_a_damaged_length_at_the_end_is_said(read_file: ReadFile) -> None:
    reading = read_file(entry() + (WRONG % struct.pack("<Q", 600 << 20)) + STRAY * 100_000)
    assert (len(reading.hits), reading.unframed, reading.complete) == (1, 1, False)
    assert f"{len(WRONG) + 6 + 300_000} bytes" in reading.notes[0].en
    cut = read_file(entry() + (WRONG % struct.pack("<Q", 600)))
    assert (len(cut.hits), cut.unframed) == (1, 1)


@pytest.mark.parametrize("size", [0, 2 << 20])
def test_entries_quoted_by_a_value_are_no_entries(read_file: ReadFile, size: int) -> None:
    quote = b"core\x00" + b"x" * size + b"\n\n" + entry(b"System is rebooting.", 3) + b"end\xff"
    content = entry(b"x") + entry(b"y", 1, QUOTE=quote) + entry(seconds=5)
    reading = read_file(content)
    (note,) = reading.notes
    if size:
        # Too large to see where it ends: what is read from there on is said to be read on the damage of a length.
        assert (reading.complete, "length of a value is damaged" in note.en) == (False, True)
        return
    assert ([hit.message for hit in reading.hits], reading.records) == (["System is powering down."], 3)
    assert (reading.unframed, reading.complete, reading.lines) == (0, True, content.count(b"\n"))
    assert f"what looks like other entries, first in the entry at line {LINES + 1}:" in note.en


def test_memory_stays_bounded_over_values_without_end() -> None:
    parser = ExportParser(lambda fields, line: None, lambda line, sample: None)
    for beginning in (b"MESSAGE=", b"\nMESSAGE\n" + struct.pack("<Q", 500 << 20), b"\xff"):
        parser.feed(beginning)
        for _ in range(40):
            parser.feed(b"x" * (256 << 10))
            assert sum(len(value) for value in vars(parser).values() if isinstance(value, bytes)) < 2 << 20


def collected(content: bytes, block: int) -> tuple[list[tuple[int, bytes | None]], list[int], int]:
    entries: list[tuple[int, bytes | None]] = []
    damaged: list[int] = []

    def take(fields: Mapping[bytes, bytes], line: int) -> None:
        entries.append((line, fields.get(b"MESSAGE")))

    parser = ExportParser(take, lambda line, sample: damaged.append(line))
    for start in range(0, len(content), block):
        parser.feed(content[start : start + block])
    parser.close()
    return entries, damaged, parser.lines


@settings(max_examples=80, deadline=None)
@given(
    messages=st.lists(st.binary(max_size=60), min_size=1, max_size=8),
    block=st.integers(1, 400),
)
def test_any_value_in_any_blocks(messages: list[bytes], block: int) -> None:
    content = b"".join(entry(message) for message in messages)
    entries, damaged, lines = collected(content, block)
    starts = [b"".join(entry(message) for message in messages[:n]).count(b"\n") + 1 for n in range(len(messages))]
    # A carriage return at the end of a plain value cannot be told from one of Windows.
    expected = [m.rstrip(b"\r") if m.isascii() and b"\n" not in m else m for m in messages]
    assert entries == list(zip(starts, expected, strict=True))
    assert (damaged, lines) == ([], content.count(b"\n"))


@settings(max_examples=80, deadline=None)
@given(start=st.integers(0, 1200), gone=st.integers(1, 900), junk=st.binary(max_size=30), block=st.integers(1, 900))
def test_what_is_behind_damage_is_found(recogniser: Recogniser, start: int, gone: int, junk: bytes, block: int) -> None:
    content = b"".join(entry(b"torn \xff here", n) for n in range(6))
    content = content[:start] + junk + content[start + gone :]
    content += b"\n" + entry(b"one", 7) + entry(b"two", 8) + entry(b"System is powering down.", 9)
    reading = Reading("export", ("export",), None, bytes=len(content))
    reader = JournalExport(reading, recogniser)
    for place in range(0, len(content), block):
        reader.feed(content[place : place + block])
    reader.close()
    assert reading.lines == content.count(b"\n")
    stops = [hit.line for hit in reading.hits if hit.kind == "os.shutdown_started"]
    assert stops == [reading.lines - LINES + 1]
