"""Listings of boots: each names a boot and its span, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from acforensics.events import Stamp
from acforensics.sources import Reading

ReadFile = Callable[..., Reading]
FIRST, SECOND = "a3f2433e11534599bb433331cbc2d52d", "059079dbfd214e87a963a5e55e43e55c"
TABLE = f"""\
IDX BOOT ID                          FIRST ENTRY                 LAST ENTRY
 -1 {FIRST} Thu 2026-12-03 19:28:06 JST Thu 2026-12-03 19:29:01 JST
  0 {SECOND} Thu 2026-12-03 19:52:51 JST Thu 2026-12-03 19:53:23 JST
"""
DASHES = f"""\
-1 {FIRST} Thu 2026-12-03 19:28:06 JST—Thu 2026-12-03 19:29:01 JST
 0 {SECOND} Thu 2026-12-03 19:52:51 JST—Thu 2026-12-03 19:53:23 JST
"""


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (TABLE.encode(), 2),
        (DASHES.encode(), 1),
        (TABLE.replace("\n", "\r\n").encode(), 2),
        (DASHES.encode("utf-16"), 1),
        (DASHES.encode("euc_jp", "replace"), 1),
        (DASHES.replace("—", " - ").encode(), 1),
        (("$ journalctl --list-boots\n\n" + TABLE).encode(), 4),
        (TABLE.rstrip().encode(), 2),
    ],
)
def test_both_ends_of_each_boot_are_marked(read_file: ReadFile, content: bytes, line: int) -> None:
    reading = read_file(content, "boots.txt")
    assert (reading.source, reading.format, reading.records) == ("boot-list", "journalctl --list-boots", 4)
    assert [(mark.boot, mark.stamp) for mark in reading.marks] == [
        (FIRST, Stamp(2026, 12, 3, 19, 28, 6, 0, 32400)),
        (FIRST, Stamp(2026, 12, 3, 19, 29, 1, 0, 32400)),
        (SECOND, Stamp(2026, 12, 3, 19, 52, 51, 0, 32400)),
        (SECOND, Stamp(2026, 12, 3, 19, 53, 23, 0, 32400)),
    ]
    assert [(hit.kind, hit.line, hit.boot) for hit in reading.hits] == [
        ("os.boot_listed", line, FIRST),
        ("os.boot_listed", line + 1, SECOND),
    ]
    assert reading.hits[0].fields["last_entry"] == "2026-12-03T19:29:01+09:00"
    assert reading.hits[0].raw.startswith(f"-1 {FIRST} Thu 2026-12-03 19:28:06 JST")


@pytest.mark.parametrize(
    ("zone", "offset"),
    [(" JST", 32400), (" UTC", 0), (" GMT", 0), (" +09", 32400), (" -0330", -12600), (" IST", None), ("", None)],
)
def test_zones(read_file: ReadFile, zone: str, offset: int | None) -> None:
    for content in (TABLE.replace(" JST", zone), DASHES.replace(" JST", zone)):
        reading = read_file(content.encode())
        assert [mark.stamp.offset for mark in reading.marks] == [offset] * 4
        written = timedelta(seconds=offset or 0)
        assert reading.hits[0].fields["last_entry"].startswith("2026-12-03T19:29:01")
        assert (len(reading.hits[0].fields["last_entry"]) > 19) is (offset is not None), written


def test_newest_first_is_put_in_order(read_file: ReadFile) -> None:
    rows = TABLE.splitlines(keepends=True)
    reading = read_file("".join([rows[0], *reversed(rows[1:])]).encode())
    assert [(hit.boot, hit.line) for hit in reading.hits] == [(FIRST, 3), (SECOND, 2)]
    assert [mark.boot for mark in reading.marks] == [FIRST, FIRST, SECOND, SECOND]


def test_a_long_list_is_read_to_its_end(read_file: ReadFile) -> None:
    row = "{} {:032x} Thu 2026-12-03 19:28:06 JST Thu 2026-12-03 19:29:01 JST\n"
    reading = read_file("".join(row.format(n - 4999, n) for n in range(5000)).encode())
    assert (len(reading.hits), reading.records, reading.lines, reading.unframed) == (5000, 10000, 5000, 0)


@pytest.mark.parametrize(
    "damage",
    [
        f" -1 {FIRST} Thu 2026-12-03 19:28:06 JST Thu 2026-12-",
        f" -1 {FIRST} Thu 2026-99-03 19:28:06 JST Thu 2026-12-03 19:29:01 JST",
        f" -1 {FIRST[:30]} Thu 2026-12-03 19:28:06 JST Thu 2026-12-03 19:29:01 JST",
        "password=Qx7pass9",
        "x" * 3_000_000,
    ],
)
def test_torn_rows_are_counted(read_file: ReadFile, damage: str) -> None:
    reading = read_file((TABLE + damage).encode())
    assert (len(reading.hits), reading.records, reading.unframed) == (2, 4, 1)
    ((line, sample),) = reading.unframed_samples
    assert line == 4
    assert len(sample) <= 200
    assert "Qx7pass9" not in sample


def test_a_listing_with_the_journal_behind_it_is_read_as_text(read_file: ReadFile) -> None:
    reading = read_file((TABLE + "Dec  3 19:28:30 svr031 systemd-logind[258]: System is powering down.\n").encode())
    assert [hit.kind for hit in reading.hits] == ["os.shutdown_started"]
