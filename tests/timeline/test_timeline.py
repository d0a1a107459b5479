"""Order, witnesses, the DataFrame and its exports."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acforensics.errors import UsageError
from acforensics.events import Event, Hit, Stamp, Witness
from acforensics.plain import visible
from acforensics.servers import Server, ServerMap
from acforensics.sources import Mark, Reading
from acforensics.timeline import COLUMNS, Item, Track, build_tracks, export, interleave, merge, to_frame

START = datetime(2024, 6, 21, tzinfo=UTC)
JST = timezone(timedelta(hours=9))


def event(seconds: float, message: str = "m", stream: str = "messages", line: int = 1, **fields: str) -> Event:
    time = START + timedelta(seconds=seconds)
    witness = Witness(f"svr031/{stream}", line, time, message)
    return Event(time, "svr031", "os.boot", "kernel", "", message, fields, "linux/x", "verified", stream, [witness])


def track(name: str, *seconds: float, message: str | None = None) -> Track:
    found = Track(name, "svr031")
    for line, second in enumerate(seconds, 1):
        made = event(second, message or f"{name}{line}", name, line)
        found.items.append(Item(made.time, made))
    return found


def test_ties_and_backward_steps_keep_file_order() -> None:
    merged = merge([track("a", 10, 10, 5, 20), track("b", 7, 12, 12)])
    assert [e.message for e in merged] == ["b1", "a1", "a2", "a3", "b2", "b3", "a4"]


@given(st.lists(st.lists(st.integers(0, 50), max_size=8), max_size=4))
def test_interleaving_keeps_every_sequence(sequences: list[list[int]]) -> None:
    times = [[START + timedelta(seconds=s) for s in sequence] for sequence in sequences]
    order = list(interleave(times))
    assert sorted(order) == [(n, p) for n, sequence in enumerate(times) for p in range(len(sequence))]
    for number in range(len(times)):
        assert [p for n, p in order if n == number] == list(range(len(times[number])))
    if all(sequence == sorted(sequence) for sequence in sequences):
        shown = [times[n][p] for n, p in order]
        assert shown == sorted(shown)


def test_the_same_record_in_two_logs_is_one_event() -> None:
    tracks = [track("messages", 0, 1, message="x"), track("syslog", 0.2, 1.2, message="x")]
    merged = merge(tracks)
    assert [[(w.input, w.line) for w in e.witnesses] for e in merged] == [
        [("svr031/messages", 1), ("svr031/syslog", 1)],
        [("svr031/messages", 2), ("svr031/syslog", 2)],
    ]
    assert [e.streams for e in merged] == [{"messages", "syslog"}] * 2
    assert tracks[1].events == merged


def test_equal_stamps_pair_in_order() -> None:
    merged = merge([track("messages", 0, 0, message="x"), track("syslog", 0, 0, message="x")])
    assert [[w.line for w in e.witnesses] for e in merged] == [[1, 1], [2, 2]]


def test_records_of_one_file_are_never_joined() -> None:
    assert len(merge([track("messages", 0, 0, 1, message="x")])) == 3


@pytest.mark.parametrize(("apart", "events"), [(2.0, 1), (2.001, 2)])
def test_the_limit_of_joining(apart: float, events: int) -> None:
    assert len(merge([track("messages", 0, message="x"), track("syslog", apart, message="x")])) == events


def test_repetitions_are_not_joined() -> None:
    one, two = Track("messages", "svr031"), Track("syslog", "svr031")
    for found in (one, two):
        made = event(0, "x", found.stream, repeated="3")
        found.items.append(Item(made.time, made))
    assert len(merge([one, two])) == 2


def test_marks_and_hits_go_to_their_servers() -> None:
    stamp = Stamp(2024, 6, 21, 0, 0, 0)
    hits = [
        Hit(n, stamp, host, "kernel", "", "m", "raw", "os.boot", {}, "linux/x", "verified", offset)
        for n, host, offset in ((2, "a", 10), (4, "b", 30))
    ]
    marks = [Mark(0, stamp, "a"), Mark(10, stamp, "a"), Mark(10, stamp, "a"), Mark(20, stamp, ""), Mark(30, stamp, "b")]
    reading = Reading("messages", ("messages",), None, marks=marks, hits=hits)
    servers = ServerMap({n: Server(n) for n in "ab"}, {"a": "a", "b": "b"}, {0: "b"})
    tracks = build_tracks("messages", [(0, reading)], [[START] * 5], [[START] * 5], servers, {})
    assert {t.server: [e.witnesses[0].line for e in t.events] for t in tracks} == {"a": [2], "b": [4]}
    assert {t.server: len(t.items) for t in tracks} == {"a": 3, "b": 2}


# --- the DataFrame and its exports

HARMFUL = ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＠x"]
MESSAGES = [*HARMFUL, "サーバを停止します。", 'quote " comma , end', "two\r\nlines", "nul-free \x1b[31m", "-- MARK --"]


@pytest.fixture
def frame() -> pd.DataFrame:
    return to_frame([event(n + n / 1000, m, line=n + 1, user="＝x") for n, m in enumerate(MESSAGES)], JST)


def test_columns_and_index(frame: pd.DataFrame) -> None:
    assert list(frame.columns) == list(COLUMNS)
    assert str(frame.index.dtype) == "datetime64[us, UTC]"
    assert frame.index.name == "time"
    assert list(frame["message"]) == MESSAGES
    assert list(frame["line"]) == list(range(1, len(MESSAGES) + 1))
    assert frame["local_time"].iloc[1] == "2024-06-21T09:00:01.001000+09:00"


def test_csv_loads_into_timesketch_and_is_harmless(frame: pd.DataFrame, tmp_path: Path) -> None:
    export(frame, tmp_path / "t.csv")
    loaded = pd.read_csv(tmp_path / "t.csv", keep_default_na=False)
    assert list(loaded.columns[:3]) == ["datetime", "timestamp_desc", "message"]
    times = pd.to_datetime(loaded["datetime"], format="ISO8601")
    assert list(times) == list(frame.index)
    assert str(times.dt.tz) == "UTC"
    assert [m.removeprefix("'") for m in loaded["message"]] == [visible(m) for m in MESSAGES]
    assert not [m for m in loaded["message"] if m.startswith(("=", "+", "-", "@", "＝", "＠"))]
    assert loaded["message"][0] == "'=cmd|' /C calc'!A0"


def test_jsonl_loads_and_is_as_written(frame: pd.DataFrame, tmp_path: Path) -> None:
    export(frame, tmp_path / "t.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "t.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["message"] for row in rows] == MESSAGES
    assert {"datetime", "message", "timestamp_desc"} <= set(rows[0])
    assert "サーバ" in (tmp_path / "t.jsonl").read_text(encoding="utf-8")
    loaded = pd.read_json(tmp_path / "t.jsonl", lines=True)
    assert list(pd.to_datetime(loaded["datetime"], format="ISO8601", utc=True)) == list(frame.index)


STEERING = "\x1b]0;own\x07\x9b31m\u202egpj\u2066\u200f\x00"


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_nothing_that_steers_a_terminal_stands_raw_in_an_export(ending: str, tmp_path: Path) -> None:
    hostile = event(0, f"m{STEERING}", user=f"u{STEERING}")
    hostile.pid, hostile.program, hostile.server = f"1{STEERING}", f"p{STEERING}", f"svr{STEERING}"
    export(to_frame([hostile], JST), tmp_path / f"t.{ending}")
    written = (tmp_path / f"t.{ending}").read_bytes().decode()
    assert [c for c in written if not c.isprintable() and c not in "\r\n"] == []
    if ending == "csv":
        row = pd.read_csv(tmp_path / "t.csv", dtype=str).iloc[0]
        assert row["message"] == r"m\x1b]0;own\x07\x9b31m\u202egpj\u2066\u200f\x00"
        assert row["pid"].startswith(r"1\x1b]0;own")
    else:
        row = json.loads(written)
        assert (row["message"], row["server"]) == (f"m{STEERING}", f"svr{STEERING}")
    assert json.loads(row["fields"]) == {"user": f"u{STEERING}"}


def test_parquet_loads(frame: pd.DataFrame, tmp_path: Path) -> None:
    export(frame, tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "t.parquet"), frame)


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_an_empty_timeline(ending: str, tmp_path: Path) -> None:
    empty = to_frame([], UTC)
    assert (len(empty), list(empty.columns)) == (0, list(COLUMNS))
    export(empty, tmp_path / f"t.{ending}")
    if ending == "csv":
        assert list(pd.read_csv(tmp_path / "t.csv").columns)[:3] == ["datetime", "timestamp_desc", "message"]
    if ending == "jsonl":
        assert (tmp_path / "t.jsonl").read_text().strip() == ""
    if ending == "parquet":
        assert str(pd.read_parquet(tmp_path / "t.parquet").index.dtype) == "datetime64[us, UTC]"


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_two_runs_give_the_same_bytes(ending: str, tmp_path: Path) -> None:
    chance = random.Random(1)
    seconds = [chance.randrange(30) for _ in range(60)]
    for run in ("one", "two"):
        events = merge([track("messages", *seconds, message="x"), track("syslog", *sorted(seconds), message="x")])
        export(to_frame(events, JST), tmp_path / f"{run}.{ending}")
    assert (tmp_path / f"one.{ending}").read_bytes() == (tmp_path / f"two.{ending}").read_bytes()


def test_another_ending_is_refused(frame: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.csv, \.jsonl or \.parquet"):
        export(frame, tmp_path / "t.xlsx")
