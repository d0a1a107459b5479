"""Lines of CLUSTERPRO's own logs become the records that its lines in syslog are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acforensics.lines import frame, mask_secrets
from acforensics.lines.clusterpro import ALERT_FORMAT, INTERNAL_FORMAT, SCRIPT_FORMAT, read_stamp

ERROR = "[E] <type: rm><event: 9> Detected an error in monitoring diskw1. (8 : Failed to open the device.)"
TEXT = ERROR.partition("> D")[2]


@pytest.mark.parametrize("level", ["1", "E", "e", "ERR", "ERROR", "Error", "エラー", "異常", "[E]"])
def test_every_word_for_a_level_is_one_letter(level: str) -> None:
    line = f"9         2026/12/04 22:01:36.001 2026/12/04 22:01:35.123 svr047 rm 9 {level} D{TEXT}"
    record = frame(line)
    assert record is not None
    assert (record.program, record.host, record.message) == ("clusterpro", "svr047", ERROR)
    assert record.format == ALERT_FORMAT
    assert record.stamp[:8] == (2026, 12, 4, 22, 1, 35, 123000, None)
    assert record.given == {"received": "2026-12-04T22:01:36.001000"}


@pytest.mark.parametrize(
    ("line", "message", "microsecond", "received"),
    [
        ("9 2026/12/04 22:01:35 svr031 rc 20 3 Stopping group x has started.", "[I] <type: rc><event: 20> Stopping group x has started.", 0, {}),
        ("9\t2026/12/04 22:01:35.5\tsvr031\trc\t20\tStopping group x has started.", "<type: rc><event: 20> Stopping group x has started.", 500000, {}),
        ("9 2026/12/04 22:01:35 svr031 mrw 901 7 New.", "[7] <type: mrw><event: 901> New.", 0, {}),
        ("9 2026/12/04 22:01:35 svr031 rc 20 2", "[W] <type: rc><event: 20>", 0, {}),
        ("9 2026/12/04 22:01:35 svr031 rc 20", "<type: rc><event: 20>", 0, {}),
        # A first line that lost its beginning.
        ("2026/12/04 22:01:40 2026/12/04 22:01:35 svr031 rc 20 3 x", "[I] <type: rc><event: 20> x", 0, {"received": "2026-12-04T22:01:40.000000"}),
    ],
)  # fmt: skip
def test_an_alert_with_less_than_everything(
    line: str, message: str, microsecond: int, received: dict[str, str]
) -> None:
    record = frame(line)
    assert record is not None
    assert (record.host, record.message, record.given) == ("svr031", message, received)
    assert record.stamp[3:7] == (22, 1, 35, microsecond)


@pytest.mark.parametrize(
    "line",
    [
        "2026/12/04 22:01:35 svr031 app 12 started",
        "2026/12/04 22:01:35 [error] 1234#0: *1 open() failed",
        "9 2026/13/04 22:01:35 svr031 rc 20 3 Stopping group x has started.",
        "9 0026/12/04 22:01:35 svr031 rc 20 3 Stopping group x has started.",
        "9 2026/12/04 22:01:35.000 (snip) postgres-sss-1 (snip) Activating group failover has completed.",
        "2023/01/20 16:34:51.571  00000d40 00000d9c INFO  [cmd  ] clpcl.exe : 0 : Command succeeded.",
        "26/12/04 22:01:35 INFO app.Main started",
        "26/12/04 22:01:35.123 svr031 app[12]: started",
        "I 26/12/04 22:01:35.123",
        "E 26/02/30 22:01:35.123[1] text",
        "Index  Received Time  Event Time  Server  Module  Event ID  Level  Message",
    ],
)
def test_lines_of_others_are_not_taken_for_clusterpros(line: str) -> None:
    record = frame(line)
    assert record is None or record.format not in {ALERT_FORMAT, INTERNAL_FORMAT, SCRIPT_FORMAT}


def test_the_alert_record_of_an_internal_log_is_dated_by_its_payload() -> None:
    record = frame(
        "I 26/12/04 22:01:35.200[ 1312: 1320] alert.c 123 save alert to local file:"
        "2026/12/04 22:01:35.120,rc,20,3,Stopping group failover1, and more, has started."
    )
    assert record is not None
    assert record.message == "[I] <type: rc><event: 20> Stopping group failover1, and more, has started."
    assert (record.program, record.host, record.format) == ("clusterpro", "", INTERNAL_FORMAT)
    assert record.stamp.microsecond == 120000


def test_a_payload_without_its_level_keeps_its_text() -> None:
    record = frame("I 26/12/04 22:01:35.200[1] save alert to local file:2026/12/04 22:01:35.120,rc,20,One, two")
    assert record is not None
    assert record.message == "<type: rc><event: 20> One, two"


def test_the_second_stamp_of_a_server_time() -> None:
    record = frame("I 26/12/04 22:01:35.123[ 1312: 1320] rc_srv.c SRVTIME svr047 2026/12/04 22:03:10.120")
    assert record is not None
    assert record.given == {"other": "2026-12-04T22:03:10.120000"}
    assert (record.program, record.stamp[:7]) == ("clp-internal", (2026, 12, 4, 22, 1, 35, 123000))
    plain = frame("I 26/12/04 22:01:35.123[ 1312: 1320] rc.c begin 2026/12/04 22:03:10.120")
    assert plain is not None
    assert not plain.given


def test_text_of_an_internal_log_is_no_message_of_syslog() -> None:
    record = frame("I 26/12/04 22:01:35.123[1312] There was a request to shutdown cluster from the clpstdn.")
    assert record is not None
    assert not record.program.startswith("clusterpro")


@pytest.mark.parametrize(
    ("text", "program"),
    [
        ("AC FACTOR CLUSTERSHUTDOWN", "stop.sh"),
        ("AC SCRIPT EXIT", "stop.sh"),
        ("stop.sh start CLP_FACTOR= CLP_LASTACTION=", "stop.sh"),
        ("NORMAL1", "exec-script"),
        ("+ echo 'AC EXEC COMMAND'", "exec-script"),
        ("AC FACTORY reset", "exec-script"),
        ("", "exec-script"),
    ],
)
def test_a_script_line(text: str, program: str) -> None:
    record = frame(f"26/12/04 22:01:35.123[1312] {text}")
    assert record is not None
    assert (record.program, record.message, record.pid, record.format) == (program, text, "1312", SCRIPT_FORMAT)


@pytest.mark.parametrize(
    "traced",
    [
        "+ /usr/local/AUTORC/amccmd -downrequest ShutdownOff 127.0.0.1 svr031 s3cret",
        "+ /usr/local/AUTORC/amccmd -downrequest '' 127.0.0.1 svr031 's3cret'",
        "+ AC_SECCODE=s3cret",
    ],
)
def test_a_traced_script_does_not_tell_its_code(traced: str) -> None:
    masked = mask_secrets(f"26/12/04 22:01:35.123[1312] {traced}")
    assert "s3cret" not in masked
    assert frame(masked) is not None


@given(st.text(max_size=200))
def test_any_text_is_framed_or_not_without_an_error(line: str) -> None:
    frame(line)
    for begin in ("9 2026/12/04 22:01:35 ", "I 26/12/04 22:01:35.123[", "26/12/04 22:01:35.123[1] "):
        frame(begin + line)


@given(st.datetimes().map(lambda time: time.strftime("%Y/%m/%d %H:%M:%S.%f").rjust(26, "0")))
def test_stamps_of_all_years_are_read_or_refused(written: str) -> None:
    stamp = read_stamp(written)
    assert stamp is None or (stamp.year, stamp.microsecond) == (int(written[:4]), int(written[-6:]))
