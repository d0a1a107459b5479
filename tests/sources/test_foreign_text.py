"""Text from other systems: UTF-16 whole and damaged, carriage returns as line ends, and what must stay as it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acforensics.sources import Reading
from acforensics.sources.foreign_text import ForeignText

ReadFile = Callable[..., Reading]

HEADING = "種別,受信時刻,発生時刻,サーバ名,モジュール名,イベントID,メッセージ\r\n"
ROWS = [
    f"情報,2026/12/04 {n // 60 % 24:02}:{n % 60:02}:36,2026/12/04 {n // 60 % 24:02}:{n % 60:02}:35,svr031,rc,10,"
    f"グループ failover{n} の起動を開始しました。\r\n"
    for n in range(200)
]
STOP = "Feb  4 09:34:20 svr031 systemd-logind[258]: System is powering down.\n"
SHORT_ISO = "2026-12-03T19:28:06+0900 svr031 systemd-logind[258]: System is powering down.\n"
AUDIT = 'type=EXECVE msg=audit(1795599318.228:{}): argc=2 a0="shutdown" a1="now"\n'


def table(codec: str) -> bytes:
    return (HEADING + "".join(ROWS)).encode(codec)


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_byte_lost_from_utf_16_costs_one_row_at_most(read_file: ReadFile, codec: str) -> None:
    content = table(codec)
    for place in range(20_000, 20_250, 17):
        reading = read_file(content[:place] + content[place + 1 :], "alert.csv")
        assert (reading.source, reading.records >= 199) == ("alert-log", True)
        (note,) = [note.en for note in reading.notes if "UTF-16" in note.en]
        line = content[: place // 2 * 2].decode(codec).count("\n") + 1
        assert f"in 1 place bytes of the UTF-16 text are missing or too many, first in line {line}" in note
        assert max(hit.line or 0 for hit in reading.hits) == 201


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_whatever_byte_is_lost_its_neighbours_are_read(codec: str) -> None:
    lines = [*ROWS[:3], "last\r\n"]
    content = ("\ufeff" + "".join(lines)).encode(codec)
    for place in range(2, len(content)):
        damaged = content[:place] + content[place + 1 :]
        text = ForeignText(damaged[:1024], damaged)
        shown = (text.feed(damaged) + text.close()).decode()
        found = [line for line in shown.replace("\r", "").split("\n") if line in [one.strip() for one in lines]]
        assert len(found) >= 3, (place, shown)
        assert len(text.notes()) == 1


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le"])
def test_utf_16_cut_at_odd_bytes(read_file: ReadFile, codec: str) -> None:
    content = table(codec)
    for damaged, least in (
        (content[1:], 200 if codec == "utf-16" else 199),
        (content[:10_001] + content[10_102:], 198),
        (content[:-3], 199),
        (content[:9000] + b"\0" * 333 + content[9000:], 199),
        (content[:9001] + bytes(range(255)) + content[9001:], 198),
    ):
        reading = read_file(damaged, "alert.csv")
        assert reading.records >= least
        assert any("UTF-16" in note.en for note in reading.notes)


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be"])
@settings(max_examples=25, deadline=None)
@given(
    lines=st.lists(st.text("abc 日本語ｱ、。\U0001f600\u3000", max_size=30), min_size=40, max_size=60),
    block=st.integers(1, 700),
)
def test_utf_16_that_is_whole_stays_as_it_is(codec: str, lines: list[str], block: int) -> None:
    shown = "plain words before them, several, so that it is known\r\n" * 40 + "\r\n".join(lines)
    content = shown.encode(codec)
    text = ForeignText(content[:1024], content)
    parts = [text.feed(content[start : start + block]) for start in range(0, len(content), block)]
    assert (b"".join(parts) + text.close()).decode() == shown
    assert text.notes() == []


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf\xff\xfe"])
@pytest.mark.parametrize("nul", [0, 1, 400])
def test_a_mark_before_plain_text_makes_no_utf_16_of_it(read_file: ReadFile, mark: bytes, nul: int) -> None:
    content = mark + (STOP * 3).encode() + b"\0" * nul + (STOP * 40).encode()
    assert len(read_file(content).hits) >= 42
    for codec in ("utf-16-le", "utf-16-be"):
        assert read_file(("\ufeff" + STOP * 40).encode(codec)).encoding == "utf-16"
        assert read_file("\ufeffグループ".encode(codec)).encoding == "utf-16"


def test_a_line_without_end_is_taken_as_it_comes() -> None:
    head = b"\xff\xfe" + "begin\n".encode("utf-16-le")
    text = ForeignText(head, head)
    taken = len(text.feed(head)) + sum(len(text.feed(b"\x01" * 99_999)) for _ in range(80))
    assert taken > 5_000_000
    assert taken + len(text.close()) > 7_900_000


# --- carriage returns


@pytest.mark.parametrize(
    "whole",
    [STOP * 300, SHORT_ISO * 3600, "".join(map(AUDIT.format, range(100))), (HEADING + ROWS[0]).replace("\r", "")],
    ids=["syslog", "short-iso", "audit", "csv"],
)
def test_carriage_returns_alone_end_lines(read_file: ReadFile, whole: str) -> None:
    expected = read_file(whole.encode(), "anything")
    assert not any("carriage returns" in note.en for note in expected.notes)
    hits = [(hit.kind, hit.line, hit.raw) for hit in expected.hits]
    for codec in ("utf-8", "utf-16"):
        reading = read_file(whole.replace("\n", "\r").encode(codec), "anything")
        assert (reading.source, reading.records, reading.lines) == (expected.source, expected.records, expected.lines)
        assert [(hit.kind, hit.line, hit.raw) for hit in reading.hits] == hits
        assert any("carriage returns" in note.en for note in reading.notes)


def test_a_carriage_return_within_a_line_ends_none(read_file: ReadFile) -> None:
    forged = STOP.rstrip().replace("powering", "\r" + STOP.rstrip() + "\rpowering") + "\n"
    reading = read_file((STOP.replace("System", "X") + forged * 3).encode())
    assert (reading.lines, reading.records) == (4, 4)


def test_newlines_behind_carriage_returns_are_line_ends_too(read_file: ReadFile) -> None:
    content = (STOP * 4000).replace("\n", "\r") + STOP.replace("\n", "\r\n") * 10 + STOP * 10
    reading = read_file(content.encode())
    assert (reading.lines, len(reading.hits), reading.unframed) == (4020, 4020, 0)
