"""The alert log and the internal logs, read line by line."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acforensics.parsing.recognition import Recogniser
from acforensics.sources import Reading

ReadFile = Callable[..., Reading]

HEADING = "No.       Received Time           Event Time              Server   Module  Event ID  Type  Message\n"
ALERTS = (
    "1         2026/12/04 22:01:35.200 2026/12/04 22:01:35.123 svr031   pm      30        3     Received a request to stop the system from clpstdn.\n"
    "2         2026/12/04 22:01:36.001 2026/12/04 22:01:40.500 svr047   rm      9         1     監視 diskw1 は異常を検出しました。(8 : x)\n"
    "3         2026/12/04 22:01:41.001 2026/12/04 22:01:41.000 svr031   mrw     901       3     Something of a newer version.\n"
)
KINDS = ["clusterpro.stop_received", "clusterpro.monitor_error", "clusterpro.message"]
INTERNAL = (
    "***** log begins *****\n"
    "rc.log.cur not exist, now create it\n"
    "I 26/12/04 22:01:35.123[ 1312: 1320] rc_main.c 100 begin\n"
    "I 26/12/04 22:01:36.123[ 1312: 1320] rc_srv.c SRVTIME svr047 2026/12/04 22:03:11.120\n"
    "E 26/12/04 22:01:37.123[ 1312: 1320] rc_main.c There was a request to shutdown cluster from the clpstdn.\n"
)


@pytest.mark.parametrize("codec", ["utf-8", "euc_jp", "cp932", "utf-16"])
def test_an_alert_log_is_known_by_module_and_number(read_file: ReadFile, codec: str) -> None:
    reading = read_file((HEADING + ALERTS).encode(codec), "alertlog.alt")
    assert [hit.kind for hit in reading.hits] == KINDS
    assert [(hit.host, hit.line, hit.stamp.second) for hit in reading.hits] == [
        ("svr031", 2, 35),
        ("svr047", 3, 40),
        ("svr031", 4, 41),
    ]
    assert reading.hits[1].fields["received"] == "2026-12-04T22:01:36.001000"
    assert (reading.source, reading.lines, reading.records, reading.unframed) == ("alert-log", 4, 3, 0)


def test_a_copy_of_an_alert_log_needs_no_name(read_file: ReadFile) -> None:
    reading = read_file(ALERTS.encode(), "from-the-customer.txt")
    assert [hit.kind for hit in reading.hits] == KINDS


def test_an_internal_log(read_file: ReadFile) -> None:
    reading = read_file(INTERNAL.encode(), "rc.log.cur")
    assert [(hit.kind, hit.line) for hit in reading.hits] == [("clusterpro.server_time", 4)]
    assert reading.hits[0].fields["other"] == "2026-12-04T22:03:11.120000"
    assert (reading.source, reading.format) == ("clusterpro-log", "CLUSTERPRO internal log")
    assert (reading.lines, reading.records, reading.unframed) == (5, 3, 0)


def test_alerts_within_an_internal_log(read_file: ReadFile) -> None:
    line = "I 26/12/04 22:01:35.200[ 1: 2] alert.c save alert to local file:2026/12/04 22:01:35.120,pm,30,3,Received a request to stop the system from clpstdn.\n"
    reading = read_file((INTERNAL + line).encode(), "alert.log.pre")
    assert [hit.kind for hit in reading.hits] == ["clusterpro.server_time", "clusterpro.stop_received"]
    assert reading.hits[1].host == ""
    assert reading.source == "clusterpro-log"


def test_syslog_with_a_line_pasted_from_these_logs_stays_syslog(read_file: ReadFile) -> None:
    line = "Dec  4 22:01:35 svr031 systemd-logind[258]: System is powering down.\n"
    reading = read_file((ALERTS.splitlines(keepends=True)[0] + line * 20).encode(), "messages")
    assert reading.source != "clusterpro-log"
    assert sum(hit.kind == "os.shutdown_started" for hit in reading.hits) == 20


def test_what_is_torn_is_counted(read_file: ReadFile) -> None:
    lines = ALERTS.splitlines(keepends=True)
    torn = "up failover1 has completed.\n"
    content = (
        torn + lines[0].replace("\n", "\r\n") + "3         2026/12/04 22:0\n" + "\0" * 300 + lines[1] + lines[2][:60]
    )
    reading = read_file(content.encode(), "alertlog.alt")
    assert [hit.kind for hit in reading.hits][:2] == KINDS[:2]
    assert reading.hits[1].line == 4
    assert reading.unframed_samples[0] == (1, torn.strip())
    assert reading.unframed >= 2


def test_a_line_without_end_stays_bounded(read_file: ReadFile) -> None:
    later = ALERTS.replace("2026/12/04", "2026/12/05")
    reading = read_file(ALERTS.encode() + b"x" * (3 << 20) + b"\n" + later.encode(), "alertlog.alt")
    assert len(reading.hits) == 6
    assert reading.lines == 7
    assert len(reading.unframed_samples[0][1]) == 200
    assert reading.complete is False
    assert "1 line is longer than 64 KiB, first line 4" in reading.notes[0].en


@pytest.mark.parametrize("name", ["alertlog.alt", "copied.txt"])
def test_records_that_stand_there_twice_count_once(read_file: ReadFile, name: str) -> None:
    renumbered = ALERTS.replace("1         2026", "4         2026").replace("2         2026", "5         2026")
    reading = read_file((HEADING + ALERTS + HEADING + renumbered + ALERTS).encode(), name)
    assert [(hit.kind, hit.line) for hit in reading.hits] == [(kind, n + 2) for n, kind in enumerate(KINDS)]
    (note,) = reading.notes
    assert "6 records stand in it a second time, to the millisecond, first in line 6" in note.en


def test_the_same_line_at_once_is_no_copy(read_file: ReadFile) -> None:
    one = INTERNAL.splitlines(keepends=True)[3]
    assert read_file((INTERNAL + one * 3).encode(), "rc.log.cur").records == 5
    seconds = re.sub(r"\.\d{3} ", " ", ALERTS)
    assert read_file((seconds * 2).encode(), "alertlog.alt").records == 6


def test_a_record_behind_a_run_of_nul_bytes_is_read(read_file: ReadFile) -> None:
    lines = ALERTS.encode().splitlines(keepends=True)
    reading = read_file(lines[0] + b"\0" * (2 << 20) + lines[1] + lines[2], "alertlog.alt")
    assert [hit.kind for hit in reading.hits] == KINDS
    assert (reading.hits[1].line, reading.complete, reading.notes) == (2, True, [])


@settings(max_examples=60, deadline=None)
@given(
    garbage=st.binary(max_size=200),
    at=st.integers(0, 10_000),
    cut=st.integers(0, 100),
    size=st.integers(1, 300),
    internal=st.booleans(),
)
def test_damage_is_survived(
    recogniser: Recogniser, garbage: bytes, at: int, cut: int, size: int, internal: bool
) -> None:
    from acforensics.sources.clusterpro_log import ClusterproLog

    whole = (INTERNAL if internal else HEADING + ALERTS).encode("euc_jp")
    at %= len(whole)
    content = (whole[:at] + garbage + whole[at:])[cut:]
    reading = Reading("x", ("x",), None, bytes=len(content))
    reader = ClusterproLog(reading, recogniser)
    for start in range(0, len(content), size):
        reader.feed(content[start : start + size])
    reader.close()
    assert reading.lines == content.count(b"\n") + (not content.endswith(b"\n") and bool(content))
    assert {hit.offset for hit in reading.hits} <= {mark.offset for mark in reading.marks}
