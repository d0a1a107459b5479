"""Schedule files of ESMPRO/AC become facts, never events; what is no entry is counted."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acforensics.bundle import Member
from acforensics.parsing.recognition import Recogniser
from acforensics.sources import Reading
from acforensics.sources.schedule import ScheduleReader

ENTRIES = "OFF=2026/11/24-20:00\nON=2026/11/25-08:00\nOFF=2026/11/25-20:00\n"


def plans(reading: Reading) -> list[tuple[str, str, int | None]]:
    return [(fact.name, fact.value, fact.line) for fact in reading.facts]


EXPECTED = [
    ("schedule-off", "2026-11-24T20:00", 1),
    ("schedule-on", "2026-11-25T08:00", 2),
    ("schedule-off", "2026-11-25T20:00", 3),
]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_every_entry_is_a_plan(read_file, codec, line_end):
    reading = read_file((ENTRIES * 3).replace("\n", line_end).encode(codec), "schedule.dat")
    assert plans(reading)[:3] == EXPECTED
    assert (reading.format, reading.source) == ("ESMPRO/AC schedule", "other")
    assert (reading.lines, reading.records, reading.unframed) == (9, 9, 0)
    assert (reading.hits, reading.marks) == ([], [])


def test_evidence_is_the_line_as_written(read_file):
    reading = read_file(b"# weekend\r\nOFF=2026/11/28-20:00\r\n", "x")
    assert [(fact.line, fact.text) for fact in reading.facts] == [(2, "OFF=2026/11/28-20:00")]


def test_a_last_line_without_its_end(read_file):
    assert plans(read_file(b"OFF=2026/11/24-20:00", "x")) == EXPECTED[:1]


def test_comments_blank_lines_and_japanese(read_file):
    content = f"; 当社の運用スケジュール\n\n[SVR031]\n{ENTRIES}".encode("cp932")
    reading = read_file(content, "x")
    assert [fact.line for fact in reading.facts] == [4, 5, 6]
    assert (reading.unframed, reading.encoding) == (0, "cp932")


@pytest.mark.parametrize(
    "bad",
    ["OFF=2026/13/01-20:00", "OFF=2026/02/30-20:00", "OFF=2026/11/24-25:00", "OFF=9999/11/24-20:00", "OFF=", "garbage"],
)
def test_what_is_no_time_is_counted_and_kept_out(read_file, bad):
    reading = read_file((ENTRIES * 2 + bad + "\n").encode(), "x")
    assert len(reading.facts) == 6
    assert reading.unframed == 1
    assert reading.unframed_samples == [(7, bad)]


@pytest.mark.parametrize(
    "content",
    [
        "Nov 24 20:00:00 svr031 ACDAEMON[1]: OFF=2026/11/24-20:00\n" * 5,
        "# OFF=2026/11/24-20:00\n# ON=2026/11/25-08:00\n",
        "NAME=svr031\nDEBUG=ON\nOFF=2026/11/24-20:00\nLEVEL=3\n",
        "ON=\nOFF=\n",
        "",
    ],
)
def test_other_files_are_none(read_file, content):
    reading = read_file(content.encode(), "schedule.dat")
    assert reading.facts == []
    assert reading.format != "ESMPRO/AC schedule"


def test_a_flood_is_bounded_and_said(read_file):
    reading = read_file(b"OFF=2026/11/24-20:00\n" * 30_000, "x")
    assert (reading.records, len(reading.facts)) == (30_000, 20_000)
    assert "10000" in reading.notes[0].en


def test_a_line_without_end_is_cut(read_file):
    reading = read_file(ENTRIES.encode() + b"x" * 3_000_000, "x")
    assert (len(reading.facts), reading.lines, reading.unframed) == (3, 4, 1)
    assert len(reading.unframed_samples[0][1]) <= 200


@settings(max_examples=60, deadline=None)
@given(
    lines=st.lists(
        st.sampled_from(
            [b"OFF=2026/11/24-20:00", b"ON=2026/11/25-08:00\r", b"", b"# x", b"\xff\xfe\x00", b"OFF=2026/99/99-99:99"]
        )
        | st.binary(max_size=40).filter(lambda raw: b"\n" not in raw),
        max_size=30,
    ),
    size=st.integers(1, 64),
)
def test_blocks_cut_anywhere_give_the_same(recogniser: Recogniser, lines: list[bytes], size: int):
    content = b"\n".join(lines)
    found = []
    for step in (size, len(content) + 1):
        reading = Reading("x", ("x",), None)
        reader = ScheduleReader(reading, recogniser)
        for start in range(0, len(content), step):
            reader.feed(content[start : start + step])
        reader.close()
        found.append((reading.lines, plans(reading), reading.unframed))
    assert found[0] == found[1]
    assert len(found[0][1]) >= lines.count(b"OFF=2026/11/24-20:00") - 1


def test_only_the_first_kilobyte_decides():
    head = (ENTRIES * 30).encode()[:1024]
    assert ScheduleReader.fits(Member("x", ("x",), None, None, head), head)  # type: ignore[arg-type]
