"""Cluster WebUI's table of alerts, whatever the order of its columns and rows, its language and its encoding."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acforensics.parsing.recognition import Recogniser
from acforensics.sources import Reading

ReadFile = Callable[..., Reading]

ENGLISH = "Received Time,Event Time,Server,Module,Event ID,Type,Message"
JAPANESE = "種別,受信時刻,発生時刻,サーバ名,モジュール名,イベントID,メッセージ"
ROWS = [
    ("2026/12/04 22:01:36.001", "2026/12/04 22:01:35.123", "svr047", "rm", "9", "Error", "Detected an error in monitoring diskw1. (8 : x)"),
    ("2026/12/04 22:01:36.002", "2026/12/04 22:01:36.000", "svr031", "rc", "20", "Info", "Stopping group failover1 has started."),
    ("2026/12/04 22:02:36.003", "2026/12/04 22:02:36.000", "svr031", "pm", "23", "Info", "The system will be stopped."),
]  # fmt: skip
KINDS = ["clusterpro.monitor_error", "clusterpro.group_stopping", "clusterpro.stopping"]


def english(rows: list[tuple[str, ...]] = ROWS) -> str:
    return "\r\n".join([ENGLISH, *(",".join(f'"{cell}"' for cell in row) for row in rows)]) + "\r\n"


def japanese() -> str:
    rows = [(row[5], *row[:5], row[6]) for row in ROWS]
    level = {"Error": "エラー", "Info": "情報"}
    return "\n".join([JAPANESE, *(",".join((level[row[0]], *row[1:])) for row in rows)]) + "\n"


def kinds(reading: Reading) -> list[str]:
    return [hit.kind for hit in reading.hits]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp932"])
@pytest.mark.parametrize("content", [english(), japanese()])
def test_each_language_in_each_encoding(read_file: ReadFile, content: str, codec: str) -> None:
    reading = read_file(content.encode(codec), "alert.csv")
    assert kinds(reading) == KINDS
    assert (reading.source, reading.lines, reading.records, reading.unframed) == ("alert-log", 4, 3, 0)
    first = reading.hits[0]
    assert (first.host, first.line, first.stamp[:7]) == ("svr047", 2, (2026, 12, 4, 22, 1, 35, 123000))
    assert first.message == "[E] <type: rm><event: 9> Detected an error in monitoring diskw1. (8 : x)"
    assert first.fields["received"] == "2026-12-04T22:01:36.001000"
    if codec == "cp932" and "受信" in content:
        assert reading.encoding == "cp932"


def test_newest_first_is_turned_round_and_keeps_its_line_numbers(read_file: ReadFile) -> None:
    reading = read_file(english(ROWS[::-1]).encode(), "alert.csv")
    assert kinds(reading) == KINDS
    assert [hit.line for hit in reading.hits] == [4, 3, 2]
    assert [mark.stamp for mark in reading.marks] == [hit.stamp for hit in reading.hits]


def test_a_table_sorted_by_another_column_is_put_in_order(read_file: ReadFile) -> None:
    rows = [(f"2026/12/04 22:{n:02}:37", f"2026/12/04 22:{n:02}:36", *row[2:]) for n, row in enumerate(ROWS * 6)]
    by_module = sorted(rows, key=lambda row: row[3])
    reading = read_file(english(by_module).encode(), "alert.csv")
    assert [hit.stamp.minute for hit in reading.hits] == list(range(18))
    assert reading.hits[0].line == 2 + [row[3] for row in by_module].index("rm")
    assert any("not in order of time" in note.en for note in reading.notes)
    clock_set = [rows[n] for n in (0, 1, 2, 6, 7, 3, 4, 5, 8, 9)]
    dead = [(*(cell.replace("2026/12/04", "2000/01/01") for cell in row[:2]), *row[2:]) for row in rows[:2]]
    for others in (clock_set, dead + rows[:3] + dead + rows[3:6] + dead + rows[6:8]):
        kept = read_file(english(others).encode(), "alert.csv")
        assert (kept.notes, [mark.stamp.minute for mark in kept.marks]) == ([], [int(row[1][14:16]) for row in others])


def test_tabs_and_a_mixed_heading_in_another_order(read_file: ReadFile) -> None:
    lines = ["メッセージ\tModule Name\tイベント ID\tServer Name\tTime"]
    lines += ["\t".join((row[6], row[3], row[4], row[2], row[1])) for row in ROWS]
    reading = read_file("\n".join(lines).encode(), "alert.tsv")
    assert kinds(reading) == KINDS
    assert "received" not in reading.hits[0].fields


def test_a_japanese_message_is_known_by_its_number(read_file: ReadFile) -> None:
    content = (
        f"{JAPANESE}\nエラー,2026/12/04 22:01:36,2026/12/04 22:01:35,svr031,rm,9,監視 diskw1 は、異常を検出しました\n"
    )
    reading = read_file(content.encode("cp932"), "x")
    assert kinds(reading) == ["clusterpro.monitor_error"]


def test_a_table_that_was_put_together_from_pieces(read_file: ReadFile) -> None:
    title, heading, *rows = ["Alert Logs", *english().splitlines()]
    later = [row.replace("2026/12/04", "2026/12/05") for row in rows]
    content = "\r\n".join([title, *later[:1], heading, *rows, heading, *rows, *later[1:]])
    reading = read_file(content.encode(), "alert.csv")
    assert (sorted(kinds(reading)), reading.records, reading.unframed) == (sorted(KINDS * 2), 6, 0)
    (note,) = reading.notes
    assert "3 records stand in it a second time, to the millisecond, first in line 8" in note.en


def test_a_dead_clock_writes_the_same_seconds_again(read_file: ReadFile) -> None:
    content = (
        english().replace(".123", "").replace(".001", "").replace(".002", "").replace(".003", "").replace(".000", "")
    )
    heading, *rows = content.splitlines(keepends=True)
    assert read_file((heading + "".join(rows * 2)).encode(), "alert.csv").records == 6


def test_an_unquoted_message_may_hold_the_delimiter(read_file: ReadFile) -> None:
    content = f"{ENGLISH}\n{','.join(ROWS[0])}, and more\n"
    assert read_file(content.encode(), "x").hits[0].message.endswith("(8 : x), and more")


def test_torn_rows_are_counted_and_take_no_other_with_them(read_file: ReadFile) -> None:
    lines = english().splitlines()
    torn = '"2026/12/04 22:01:36.001","2026/12/04 22:0'
    content = "\n".join([lines[0], lines[1], torn, lines[2], '"nonsense', lines[3], lines[1][:40]])
    reading = read_file(content.encode(), "alert.csv")
    assert kinds(reading) == KINDS
    assert reading.unframed == 3
    assert [number for number, _ in reading.unframed_samples] == [3, 5, 7]


def test_a_quoted_message_over_two_lines_is_one_row(read_file: ReadFile) -> None:
    lines = english().splitlines()
    broken = lines[1].replace("in monitoring", "in\nmonitoring")
    reading = read_file("\n".join([lines[0], broken, lines[2]]).encode(), "alert.csv")
    assert [(hit.kind, hit.line) for hit in reading.hits] == [(KINDS[0], 2), (KINDS[1], 4)]
    assert (reading.unframed, reading.lines) == (0, 4)


def english_dates(*dates: str) -> bytes:
    rows = [f"{date},svr031,rc,20,Stopping group failover1 has started." for date in dates]
    return "\n".join(["Time,Server,Module,Event ID,Message", *rows]).encode()


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (["12/04/2026 10:01:35 PM", "12/13/2026 12:01:35 AM"], [(2026, 12, 4, 22, 1, 35), (2026, 12, 13, 0, 1, 35)]),
        (["04/12/2026 22:01:35", "13/12/2026 00:01:35"], [(2026, 12, 4, 22, 1, 35), (2026, 12, 13, 0, 1, 35)]),
        (["2026-12-04T22:01:35.5", "2026/12/5 1:02"], [(2026, 12, 4, 22, 1, 35), (2026, 12, 5, 1, 2, 0)]),
    ],
)
def test_dates_in_each_order(read_file: ReadFile, dates: list[str], expected: list[tuple[int, ...]]) -> None:
    reading = read_file(english_dates(*dates), "alert.csv")
    assert [hit.stamp[:6] for hit in reading.hits] == expected
    assert reading.unframed == 0


@pytest.mark.parametrize(
    "dates", [["12/04/2026 22:01:35", "12/05/2026 22:01:35"], ["12/13/2026 22:01:35", "13/12/2026 22:01:35"]]
)
def test_dates_that_may_be_read_in_two_ways_are_not_guessed(read_file: ReadFile, dates: list[str]) -> None:
    reading = read_file(english_dates(*dates, "2026/12/06 10:00:00"), "alert.csv")
    assert [hit.stamp[:3] for hit in reading.hits] == [(2026, 12, 6)]
    assert reading.unframed == 2
    assert len(reading.notes) == 1
    assert "day or the month" in reading.notes[0].en


def test_a_date_without_seconds_says_so(read_file: ReadFile) -> None:
    assert read_file(english_dates("2026/12/4 22:01"), "x").hits[0].stamp.resolution == 60


def test_only_the_time_of_receipt_is_used_and_said(read_file: ReadFile) -> None:
    content = "Received Time,Server,Module,Event ID,Message\n2026/12/04 22:01:36,svr031,rc,20,x\n"
    hit = read_file(content.encode(), "x").hits[0]
    assert hit.stamp[:6] == (2026, 12, 4, 22, 1, 36)
    assert hit.fields["time_inferred"] == "received"


def test_secrets_are_masked(read_file: ReadFile) -> None:
    content = f'{ENGLISH}\n"2026/12/04 22:01:36","2026/12/04 22:01:35","svr031","logcmd","1","Info","amccmd -downrequest ShutdownOff 127.0.0.1 svr031 s3cret"\n"torn -downrequest ShutdownOff 127.0.0.1 svr031 s3cret\n'
    reading = read_file(content.encode(), "x")
    assert len(reading.hits) == 1
    assert reading.unframed == 1
    assert "s3cret" not in repr(reading)


@pytest.mark.parametrize(
    "content",
    [
        "Level,Date and Time,Source,Event ID,Task Category\nInformation,2026/12/04 22:01:35,x,1,None\n",
        "Dec  4 22:01:35 svr031 app: Time,Module,Message\n",
    ],
)
def test_tables_of_others_are_left_alone(read_file: ReadFile, content: str) -> None:
    assert read_file(content.encode(), "x.csv").source != "alert-log"


@settings(max_examples=60, deadline=None)
@given(
    garbage=st.lists(st.binary(max_size=60), max_size=8),
    at=st.integers(0, 2000),
    nul=st.integers(0, 50),
    cut=st.integers(0, 400),
)
def test_damage_is_survived(recogniser: Recogniser, garbage: list[bytes], at: int, nul: int, cut: int) -> None:
    from acforensics.sources.alert_export import AlertExport

    whole = english().encode()
    at = len(ENGLISH) + 2 + at % (len(whole) - len(ENGLISH) - 2)
    content = whole[:at] + b"\0" * nul + b"\n".join(garbage) + whole[at:]
    content = content[: len(content) - cut]
    reading = Reading("x", ("x",), None, bytes=len(content))
    reader = AlertExport(reading, recogniser)
    for start in range(0, len(content), 37):
        reader.feed(content[start : start + 37])
    reader.close()
    assert reading.records + reading.unframed <= reading.lines
    assert len(reading.hits) <= reading.records
