"""The reader of text files: exact line numbers, nothing lost, the same result whatever the blocks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acforensics.events import UNCLASSIFIED
from acforensics.lines import decode_line, frame, mask_secrets, split_records
from acforensics.parsing.definitions import DefinitionFile
from acforensics.parsing.recognition import Recogniser
from acforensics.sources import Reading
from samples.scenario import Machine

Read = Callable[..., Reading]
PLAIN = b"Feb  4 09:34:10 svr031 sshd[12]: Connection closed by 10.0.0.1\n"
BOOT = b"Feb  4 09:40:10 svr031 kernel: [    0.000000] Linux version 5.14.0 (mockbuild@example) #1 SMP\n"
STOP = b"Feb  4 09:34:20 svr031 systemd-logind[258]: System is powering down.\n"
SUDO = b"Feb  4 09:34:15 svr031 sudo:     ope1 : TTY=pts/0 ; PWD=/home/ope1 ; USER=root ; COMMAND=/sbin/reboot\n"
JAPANESE = "Feb  4 09:34:16 svr031 clusterpro: サーバ svr047 が停止しました。\n"
FRAGMENTS = [
    PLAIN,
    BOOT,
    STOP,
    SUDO,
    JAPANESE.encode(),
    JAPANESE.encode("euc_jp"),
    JAPANESE.encode("cp932"),
    STOP.replace(b"\n", b"\r\n"),
    b"2022-02-04T09:34:20.5+09:00 svr031 systemd-logind[258]: System is rebooting.\n",
    b"<30>1 2022-02-04T09:34:20+09:00 svr031 systemd-logind 258 - - System is rebooting.\n",
    b"Feb  4 09:34:21 svr031 last message repeated 3 times\n",
    b"\0" * 700 + BOOT,
    STOP[:40] + BOOT,
    b"\n",
    b"this line has no stamp\n",
    b"-- Boot 492d1e02b975448b83d9649c70e57cbf --\n",
    b"Feb 30 09:34:20 svr031 systemd-logind[258]: System is powering down.\n",
]


def essence(reading: Reading) -> tuple[Any, ...]:
    """All that must not depend on the blocks: stamps are sampled, so of the marks only those of hits count."""
    shown = [(h.offset, h.line, h.kind, h.raw, h.stamp, h.fields, h.previous) for h in reading.hits]
    return (
        reading.lines,
        reading.records,
        reading.unframed,
        reading.unframed_samples,
        reading.encoding,
        shown,
    )


NEAR_ONLY = (UNCLASSIFIED, "os.job_started")
"""Kept near stops and starts only: not what the scan is to find everywhere."""


def slow(content: bytes, recogniser: Recogniser) -> list[tuple[int, str, str]]:
    """Every line framed and recognised, without a scan (repetitions left out)."""
    found = []
    for number, line in enumerate(content.split(b"\n"), 1):
        for _, part in split_records(line.rstrip(b"\r")):
            decoded = mask_secrets(decode_line(part)[0])
            record = frame(decoded)
            recognised = recogniser.recognise(record) if record is not None else None
            # Audit's SYSCALL records are joined with the command that they tell of.
            if recognised is not None and recognised.kind not in ("os.audit_call", *NEAR_ONLY):
                found.append((number, recognised.kind, decoded))
    return found


def hits(reading: Reading) -> list[tuple[int, str, str]]:
    found = [h for h in reading.hits if "repeated" not in h.fields and h.kind not in NEAR_ONLY]
    return [(h.line, h.kind, h.raw) for h in found]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=25), st.booleans(), st.integers(1, 400))
def test_blocks_of_any_size_give_the_same(read: Read, fragments: list[bytes], ends: bool, block: int) -> None:
    content = b"".join(fragments)
    content = content if ends else content.rstrip(b"\n")
    whole = essence(read(content))
    assert essence(read(content, 1)) == whole
    assert essence(read(content, block)) == whole


@settings(max_examples=80, deadline=None)
@given(fragments=st.lists(st.sampled_from(FRAGMENTS), max_size=40))
def test_the_scan_finds_what_a_slow_reading_finds(read: Read, recogniser: Recogniser, fragments: list[bytes]) -> None:
    content = b"".join(fragments)
    assert hits(read(content)) == slow(content, recogniser)


def examples(file: DefinitionFile) -> list[str]:
    items = [item for event in file.event for item in (event, *event.refine)]
    return [e.line for item in items for e in item.examples] + [line for item in items for line in item.not_examples]


@pytest.mark.parametrize("codec", ["utf-8", "euc_jp", "cp932"])
def test_the_scan_finds_the_examples_of_all_definitions(read: Read, recogniser: Recogniser, codec: str) -> None:
    lines = [line for file in recogniser.files for line in examples(file)]
    content = b"".join(line.encode(codec, "ignore") + b"\n" for line in lines)
    found = hits(read(content))
    assert len(found) > 300
    assert found == slow(content, recogniser)


@pytest.mark.parametrize("style", ["systemd", "rhel7", "sysvinit", "upstart"])
@pytest.mark.parametrize("iso", [False, True])
def test_the_scan_finds_all_of_a_servers_life(read: Read, recogniser: Recogniser, style: Any, iso: bool) -> None:
    machine = Machine("svr031", datetime(2024, 6, 20, 9, 0), style=style, iso=iso)
    machine.boot().login().wait(500).sudo("ope1", "/sbin/reboot").clp_stop("clpdown", reboot=True).wait(60)
    machine.boot(recovered=True).disk_error_reboot().wait(90).boot()
    content = machine.content()
    found = hits(read(content))
    assert found == slow(content, recogniser)
    lines = content.decode().split("\n")
    assert all(lines[number - 1] == raw for number, _, raw in found)


def test_line_numbers_over_many_chunks(read: Read) -> None:
    content = PLAIN * 9000 + STOP + PLAIN * 9000 + b"no stamp\n" + BOOT
    for block in (256 << 10, 4096, 1 << 20):
        reading = read(content, block)
        assert [h.line for h in reading.hits] == [9001, 18003]
        assert (reading.lines, reading.records, reading.unframed) == (18003, 18002, 1)
        assert reading.unframed_samples == [(18002, "no stamp")]


def test_a_file_without_final_newline(read: Read) -> None:
    reading = read(PLAIN + STOP.rstrip())
    assert (reading.lines, reading.records) == (2, 2)
    assert [h.line for h in reading.hits] == [2]


@pytest.mark.parametrize("run", [1, 388, 1856, 200_000, 3_000_000])
@pytest.mark.parametrize("block", [256 << 10, 1000])
def test_a_record_behind_nul_bytes_counts(read: Read, run: int, block: int) -> None:
    reading = read(PLAIN + STOP.rstrip() + b"\0" * run + BOOT + PLAIN, block)
    assert [(h.line, h.kind) for h in reading.hits] == [(2, "os.shutdown_started"), (2, "os.boot")]
    previous = reading.hits[1].previous
    assert previous is not None
    assert (previous.line, previous.raw) == (2, STOP.decode().rstrip())
    assert [h.offset for h in reading.hits] == sorted({h.offset for h in reading.hits})
    assert reading.lines == 3


def test_marks_and_hits_agree_where_records_share_a_line(read: Read) -> None:
    reading = read(b"2022-02-04T09:50:20+09:00 a systemd-logind[1]: System is rebooting.\0" + STOP + PLAIN)
    places = {(mark.offset, mark.stamp) for mark in reading.marks}
    assert {(h.offset, h.stamp) for h in reading.hits} <= places
    assert [h.line for h in reading.hits] == [1, 1]
    assert [mark.offset for mark in reading.marks] == sorted(mark.offset for mark in reading.marks)


@pytest.mark.parametrize("length", [65_000, 65_536, 65_537, 300_000, 2_000_000])
@pytest.mark.parametrize("block", [256 << 10, 5000])
def test_an_overlong_line_is_one_line(read: Read, length: int, block: int) -> None:
    long = b"Feb  4 09:34:10 svr031 app: " + b"x" * length + b" System is powering down.\n"
    reading = read(PLAIN + long + STOP, block)
    assert (reading.lines, reading.records, reading.unframed) == (3, 3, 0)
    assert [h.line for h in reading.hits if h.kind != UNCLASSIFIED] == [3]


def test_repetitions_stand_for_the_line_before(read: Read) -> None:
    before = b"Feb  4 09:34:20 svr031 clusterpro: <type: rm><event: 9> Detected an error in monitoring diskw1.\n"
    reading = read(
        before
        + b"Feb  4 09:35:20 svr031 last message repeated 10 times\n"
        + PLAIN
        + b"Feb  4 09:36:20 svr031 last message repeated 2 times\n"
        + b"Feb  4 09:37:20 svr047 rsyslogd: message repeated 4 times: [ System is powering down.]\n"
        + STOP
        + b"Feb  4 09:38:20 svr031 rsyslogd: message repeated 3 times: [System is powering down.]\n"
        + b"Feb  4 09:39:20 svr031 systemd-logind[258]: message repeated 2 times: [ System is powering down.]\n"
    )
    assert [(h.line, h.kind, h.fields.get("repeated")) for h in reading.hits] == [
        (1, "clusterpro.monitor_error", None),
        (2, "clusterpro.monitor_error", "10"),
        (6, "os.shutdown_started", None),
        (7, "os.shutdown_started", "3"),
        (8, "os.shutdown_started", "2"),
    ]


def test_what_fits_no_framing_is_counted_and_shown(read: Read) -> None:
    reading = read(PLAIN + b"".join(b"odd line %d\n" % i for i in range(9)) + b"\n \t\r\n" + STOP)
    assert (reading.lines, reading.records, reading.unframed) == (13, 2, 9)
    assert reading.unframed_samples == [(n, f"odd line {n - 2}") for n in range(2, 7)]


def test_encodings_are_decided_line_by_line(read: Read) -> None:
    reading = read(b"".join(JAPANESE.encode(codec) for codec in ("utf-8", "euc_jp", "cp932")))
    assert reading.encoding == "mixed: cp932, euc-jp, utf-8"
    assert [h.raw for h in reading.hits] == [JAPANESE.rstrip()] * 3


@pytest.mark.parametrize("codec", ["utf-8", "euc_jp", "cp932"])
def test_stamps_in_japanese_count(read: Read, codec: str) -> None:
    reading = read("2月  4 09:34:20 svr031 systemd-logind[258]: System is powering down.\n".encode(codec) * 3)
    assert (reading.records, reading.unframed, len(reading.hits)) == (3, 0, 3)
    assert len(reading.marks) >= 4


def test_secrets_stay_nowhere(read: Read) -> None:
    secret = "Zk9x7Qw"
    line = SUDO.decode().replace("/sbin/reboot", f"/sbin/reboot AC_SECCODE={secret}")
    reading = read(f"odd line password={secret}\n{line}{BOOT.decode()}".encode())
    assert len(reading.hits) == 2
    assert reading.hits[1].previous is not None
    assert secret not in repr(reading)
    assert "****" in reading.hits[0].fields["command"]


NAMED = "492d1e02b975448b83d9649c70e57cbf"


def test_journalctl_text_is_read(read: Read) -> None:
    reading = read(
        b"-- Logs begin at Fri 2022-02-04 09:42:52 UTC, end at Fri 2022-02-04 11:33:06 UTC. --\n"
        b"Feb 04 09:34:10 svr031 systemd-logind[258]: System is powering down.\n"
        b"-- Reboot --\n"
        b"2022-02-04T09:34:10+0900 svr031 systemd-logind[258]: System is powering down.\n"
        b"-- Boot 492d1e02b975448b83d9649c70e57cbf --\n"
        b"2022-02-04T09:34:10.123456+0900 svr031 systemd-logind[258]: System is powering down.\n"
        b"Fri 2022-02-04 09:34:10 JST svr031 systemd-logind[258]: System is powering down.\n"
    )
    assert [(h.line, h.boot) for h in reading.hits] == [(2, "~0"), (4, "~1"), (6, NAMED), (7, NAMED)]
    assert (reading.records, reading.unframed) == (4, 0)


@settings(max_examples=60, deadline=None)
@given(content=st.binary(max_size=3000), block=st.integers(1, 700))
def test_no_bytes_raise(read: Read, content: bytes, block: int) -> None:
    reading = read(PLAIN + content + b"\n" + STOP, block)
    assert reading.hits[-1].line == reading.lines == content.count(b"\n") + 3


def test_syslog_ng_repeats_the_line_before(read: Read) -> None:
    content = (
        b"Feb  4 09:34:10 svr031 CLUSTERPRO[503]: AC EXEC COMMAND\n"
        b"Feb  4 09:34:20 svr031 syslog-ng[812]: Last message 'AC EXEC COMMAND' repeated 1 times, suppressed by syslog-ng on svr031\n"
    )
    assert [(h.line, h.kind, h.fields.get("repeated")) for h in read(content).hits] == [
        (1, "ac.exec_command", None),
        (2, "ac.exec_command", "1"),
    ]


SAYS = b"Feb  4 09:3%d:%02d svr031 acdaemon[7]: power of UPS %d lost\n"


@pytest.mark.parametrize("block", [256 << 10, 1000, 100_000])
@pytest.mark.parametrize("before", [0, 3000, 1_500])
def test_what_unknown_programs_say_near_a_start_is_kept_wherever_it_lies_in_a_block(
    read: Read, block: int, before: int
) -> None:
    flood = b"Feb  4 09:34:11 svr031 chatty[8]: again and again\n" * 300
    reading = read(PLAIN * before + SAYS % (0, 1, 1) + flood + BOOT + PLAIN + SAYS % (4, 22, 2) + PLAIN * 4000, block)
    said = [hit.message for hit in reading.hits if hit.kind == UNCLASSIFIED and hit.program == "acdaemon"]
    assert said == ["power of UPS 1 lost", "power of UPS 2 lost"]
    assert sum(hit.program == "chatty" for hit in reading.hits) <= 40


def test_before_a_silent_end_it_is_the_last_record_that_counts(read: Read) -> None:
    night = b"Feb  5 08:00:00 svr031 kernel: Linux version 5.14.0 (mockbuild@example) #1 SMP\n"
    reading = read(PLAIN + SAYS % (3, 0, 1) + PLAIN + night)
    assert [hit.kind for hit in reading.hits] == [UNCLASSIFIED, "os.boot"]


@pytest.mark.parametrize("length", [65_000, 70_000, 300_000, 3_000_000])
@pytest.mark.parametrize("ended", [True, False])
def test_a_line_too_long_to_be_read_is_said(read_file: Callable[..., Reading], length: int, ended: bool) -> None:
    line = "Feb  4 09:34:20 svr031 systemd-logind[258]: System is powering down.\n"
    long = f"Feb  4 09:34:21 svr031 app: {'x' * length}" + ("\n" + line if ended else "")
    reading = read_file((line * 3 + long).encode())
    assert len([hit for hit in reading.hits if hit.kind != UNCLASSIFIED]) == 3 + ended
    assert reading.complete is (length == 65_000)
    assert [note.en for note in reading.notes] == (
        [] if reading.complete else ["1 line is longer than 64 KiB, first line 4: only their beginning was read"]
    )
    other = read_file(b'{"settings": "' + b"x" * length + b'"}', "settings.json")
    assert (other.complete, len(other.notes)) == (True, length != 65_000)
