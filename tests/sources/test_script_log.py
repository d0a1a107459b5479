"""What stop.sh wrote, and when: by the product's stamps, by the site's own, by the file's time, or not at all."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acforensics.bundle import Member
from acforensics.parsing.recognition import Recogniser
from acforensics.sources import Reading, read_member

ReadFile = Callable[..., Reading]

ECHOED = ["AC FACTOR CLUSTERSHUTDOWN", "AC ACTION HALT", "AC EXEC COMMAND", "AC EXIT COMMAND", "AC SCRIPT EXIT"]
KINDS = ["ac.script_factor", "ac.script_action", "ac.script_exec", "ac.script_exit_command", "ac.script_exit"]
STARTED = "2026-12-04 22:01:35 stop.sh start CLP_FACTOR=CLUSTERSHUTDOWN CLP_LASTACTION=HALT"
ENDED = "2026-12-04 22:01:47 stop.sh end"
WRITTEN = datetime(2026, 12, 4, 13, 1, 47, tzinfo=UTC)


@pytest.fixture
def read_written(recogniser: Recogniser) -> Callable[..., Reading]:
    def reading(lines: list[str], written: datetime | None = WRITTEN, name: str = "ac_stop.txt") -> Reading:
        content = "\n".join(lines).encode() + b"\n"
        return read_member(Member(name, (name,), written, io.BytesIO(content), content[:1024]), recogniser)

    return reading


def kinds(reading: Reading) -> list[str]:
    return [hit.kind for hit in reading.hits]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_the_products_stamps(read_file: ReadFile, ending: str) -> None:
    lines = [f"26/12/04 22:01:{35 + i}.123[1312] {line}" for i, line in enumerate(["NORMAL1", *ECHOED])]
    reading = read_file(ending.join(lines).encode(), "anything")
    assert kinds(reading) == KINDS
    assert [hit.stamp.second for hit in reading.hits] == [36, 37, 38, 39, 40]
    assert (reading.source, reading.records, reading.unframed) == ("script-log", 6, 0)
    assert reading.hits[1].fields == {"action": "HALT", "mode": "halt"}
    assert all(hit.program == "stop.sh" and hit.pid == "1312" for hit in reading.hits)


def test_a_sites_own_stamps_date_the_lines_behind_them(read_file: ReadFile) -> None:
    reading = read_file("\n".join([STARTED, *ECHOED, ENDED]).encode(), "exec_ac.log")
    assert kinds(reading) == ["ac.script_started", *KINDS]
    assert {hit.stamp[:6] for hit in reading.hits} == {(2026, 12, 4, 22, 1, 35)}
    assert [hit.fields.get("time_inferred") for hit in reading.hits] == [None, *["after"] * 5]
    assert [hit.line for hit in reading.hits] == [1, 2, 3, 4, 5, 6]
    assert reading.hits[0].fields == {"factor": "CLUSTERSHUTDOWN", "action": "HALT", "mode": "halt"}


@pytest.mark.parametrize("stamp", ["2026/12/04 22:01:35", "Dec  4 22:01:35", "2026-12-04T22:01:35+09:00"])
def test_other_stamps_of_a_site(read_file: ReadFile, stamp: str) -> None:
    host = " svr031 stop.sh:" if stamp.startswith("Dec") else ""
    reading = read_file(f"AC SCRIPT EXIT\n{stamp}{host} AC FACTOR SERVERSHUTDOWN\nAC ACTION REBOOT\n".encode())
    assert kinds(reading)[-1] == "ac.script_action"
    assert reading.hits[-1].stamp[1:6] == (12, 4, 22, 1, 35)


def test_a_run_behind_the_end_of_another_does_not_take_its_time(read_written: Callable[..., Reading]) -> None:
    reading = read_written([STARTED, *ECHOED, *ECHOED, STARTED.replace("04", "05"), *ECHOED], None)
    assert [hit.line for hit in reading.hits] == [*range(1, 7), *range(12, 18)]
    assert reading.hits[-1].stamp.day == 5
    assert "1 run of" in reading.notes[0].en


def test_without_stamps_the_files_time_dates_the_last_run_only(read_written: Callable[..., Reading]) -> None:
    reading = read_written(["NORMAL1", "EXIT", *ECHOED, "NORMAL1", *ECHOED, *ECHOED])
    assert kinds(reading) == KINDS
    assert [hit.line for hit in reading.hits] == [14, 15, 16, 17, 18]
    assert {hit.stamp for hit in reading.hits} == {reading.hits[0].stamp}
    assert reading.hits[0].stamp[:8] == (2026, 12, 4, 13, 1, 47, 0, 0)
    assert {hit.fields["time_inferred"] for hit in reading.hits} == {"file-time"}
    assert [note.en[:7] for note in reading.notes] == ["5 lines", "2 runs "]


def test_what_follows_the_last_run_is_what_the_files_time_dates(read_written: Callable[..., Reading]) -> None:
    reading = read_written([*ECHOED, "NORMAL1", "EXIT"])
    assert reading.hits == []
    assert reading.records == 2
    assert "1 run of" in reading.notes[0].en


def test_a_run_that_was_cut_off_is_dated_too(read_written: Callable[..., Reading]) -> None:
    reading = read_written([*ECHOED, *ECHOED[:3]])
    assert kinds(reading) == KINDS[:3]


def test_without_any_time_nothing_is_dated(read_written: Callable[..., Reading]) -> None:
    reading = read_written([*ECHOED], None)
    assert (reading.hits, reading.records, reading.unframed) == ([], 0, 5)
    assert "1 run of" in reading.notes[0].en


def test_only_the_line_that_the_os_command_leaves(read_written: Callable[..., Reading]) -> None:
    lines = ["2026-11-25 18:33:26 stop.sh start CLP_FACTOR= CLP_LASTACTION=", "AC SCRIPT EXIT", "2026-11-25 18:33:26 stop.sh end"]  # fmt: skip
    reading = read_written(lines)
    assert kinds(reading) == ["ac.script_started", "ac.script_exit"]
    assert reading.hits[0].fields == {"factor": "", "action": ""}


def test_a_traced_script_keeps_its_code_to_itself(read_written: Callable[..., Reading]) -> None:
    traced = [
        "+ AC_SECCODE=s3cret",
        "AC FACTOR CLUSTERSHUTDOWN",
        "+ /usr/local/AUTORC/amccmd -downrequest ShutdownOff 127.0.0.1 svr031 s3cret",
        "+ /usr/local/AUTORC/amccmd -downrequest '' 127.0.0.1 svr031 s3cret",
    ]
    for reading in (read_written(traced), read_written(traced, None), read_written([STARTED, *traced])):
        assert reading.records + reading.unframed >= 4
        assert "s3cret" not in repr(reading)


def test_words_of_other_programs_in_it_are_nothing_else(read_written: Callable[..., Reading]) -> None:
    reading = read_written([
        "26/12/04 22:01:35.123[1312] The system is going down for reboot NOW!",
        "26/12/04 22:01:36.123[1312] Linux version 5.14.0",
        "26/12/04 22:01:37.123[1312] Detected an error in monitoring diskw1. (8 : x)",
    ])  # fmt: skip
    assert (reading.hits, reading.records) == ([], 3)


@pytest.mark.parametrize(
    "content",
    [
        '    echo "AC FACTOR CLUSTERSHUTDOWN"\n    sleep 30s\n    echo "AC EXEC COMMAND"\n',
        "Dec  4 22:01:35 svr031 CLUSTERPRO[1312]: AC EXEC COMMAND\n",
        "AC FACTOR SERVERSHUTDOWN\n" + "Dec  4 22:01:35 svr031 CLUSTERPRO[1312]: AC EXEC COMMAND\n" * 3,
    ],
)
def test_the_script_itself_and_syslog_are_no_script_logs(read_file: ReadFile, content: str) -> None:
    assert read_file(content.encode(), "stop.sh").source != "script-log"


def test_a_name_within_clusterpros_folders(recogniser: Recogniser) -> None:
    names = ("svr031", "opt", "nec", "clusterpro", "log", "exec_db.log")
    content = b"starting the database\n"
    reading = read_member(Member("/".join(names), names, None, io.BytesIO(content), content), recogniser)
    assert (reading.source, reading.unframed) == ("script-log", 1)


@settings(max_examples=60, deadline=None)
@given(
    lines=st.lists(
        st.one_of(
            st.sampled_from([STARTED, ENDED, "26/12/04 22:01:35.123[1] AC EXEC COMMAND", *ECHOED]),
            st.binary(max_size=40).map(lambda raw: raw.decode("latin-1")),
        ),
        max_size=30,
    ),
    nul=st.integers(0, 40),
    size=st.integers(1, 200),
    dated=st.booleans(),
)
def test_damage_is_survived(recogniser: Recogniser, lines: list[str], nul: int, size: int, dated: bool) -> None:
    from acforensics.sources.script_log import ScriptLog

    content = b"\r\n".join(line.encode("latin-1") for line in lines) + b"\0" * nul + b"\nAC FACTOR CLUST"
    reading = Reading("x", ("x",), WRITTEN if dated else None, bytes=len(content))
    reader = ScriptLog(reading, recogniser)
    for start in range(0, len(content), size):
        reader.feed(content[start : start + size])
    reader.close()
    assert reading.lines == content.count(b"\n") + 1
    offsets = [mark.offset for mark in reading.marks]
    assert offsets == sorted(offsets)
    assert {hit.offset for hit in reading.hits} <= set(offsets)


def test_a_flood_in_one_run_stays_bounded(read_written: Callable[..., Reading]) -> None:
    reading = read_written(["AC ACTION HALT"] * 20_000)
    assert len(reading.hits) == 5000
    assert reading.unframed == 15_000
