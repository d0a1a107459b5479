"""Logs with the newest record first are read like the same logs in order, and it is said."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

import acforensics
from acforensics.sources import Reading
from tests.raw_logs import T0, stamp, syslog

Read = Callable[..., Reading]
NOTE = "newest records stand first"
LOG = [*syslog(*(f"sshd[{i}]: Connection closed by 192.0.2.1" for i in range(9))).splitlines(),
       f"{stamp(95)} svr031 systemd[1]: Started OpenSSH server daemon."]  # fmt: skip


def backwards(lines: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in reversed(lines)).encode()


def forwards(lines: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def said(reading: Reading) -> bool:
    return any(NOTE in note.en for note in reading.notes)


def test_it_means_the_same_at_the_lines_where_it_stands(read_file: Read) -> None:
    right, wrong = read_file(forwards(LOG)), read_file(backwards(LOG))
    assert said(wrong)
    assert not said(right)
    assert [(hit.kind, hit.stamp, hit.raw) for hit in wrong.hits] == [(h.kind, h.stamp, h.raw) for h in right.hits]
    shown = backwards(LOG).decode().splitlines()
    assert all(hit.line and shown[hit.line - 1] == hit.raw for hit in wrong.hits)
    assert [mark.stamp for mark in wrong.marks] == sorted(mark.stamp for mark in wrong.marks)
    assert (wrong.records, wrong.lines, wrong.sha256 == right.sha256) == (right.records, right.lines, False)


def test_no_boot_is_invented(tmp_path) -> None:
    (tmp_path / "messages").write_bytes(backwards(LOG))
    model = acforensics.analyze([tmp_path]).model
    assert [boot.end_state for boot in model.boots] == ["clean", "running"]
    assert [(end.mode, end.trigger) for end in model.shutdowns] == [("reboot", "unknown")]


def test_the_journal_in_json(read_file: Read) -> None:
    entries = [
        json.dumps({
            "__REALTIME_TIMESTAMP": str((T0 + seconds) * 1_000_000), "_BOOT_ID": boot * 32, "_HOSTNAME": "svr031",
            "SYSLOG_IDENTIFIER": "systemd-logind", "MESSAGE": message,
        })
        for seconds, boot, message in [(0, "a", "New seat seat0."), (9, "a", "Power key pressed short."),
                                       (10, "a", "System is powering down."), (90, "b", "New seat seat0."),
                                       (91, "b", "Watching system buttons.")]
    ]  # fmt: skip
    right, wrong = read_file(forwards(entries), "journal.json"), read_file(backwards(entries), "journal.json")
    assert said(wrong)
    assert not said(right)
    assert [(hit.kind, hit.boot) for hit in wrong.hits] == [(hit.kind, hit.boot) for hit in right.hits]
    assert [hit.line for hit in wrong.hits] == [6 - hit.line for hit in right.hits if hit.line]


def test_a_line_between_boots_names_none_that_it_does_not_stand_above(read_file: Read) -> None:
    """`journalctl -r` writes the name of a boot above its newest record, which is below all of the next boot."""
    old, new = LOG[:-2], LOG[-2:]
    reading = read_file(backwards(new) + b"-- Boot " + b"c" * 32 + b" --\n" + backwards(old))
    assert said(reading)
    assert reading.source == "journal"
    assert {mark.boot for mark in reading.marks} == {"~0", "~1"}


@pytest.mark.parametrize("size", [300 << 10, 70 << 10])
def test_blocks_long_lines_and_a_last_line_without_end(read_file: Read, size: int) -> None:
    long = f"{stamp(3)} svr031 sshd[1]: {'x' * size}"
    many = [f"{stamp(i // 100 - 90)} svr031 sshd[{i}]: Connection closed by 192.0.2.1" for i in range(9000)]
    content = backwards([*many, long, *LOG])[:-1]
    reading = read_file(content)
    assert said(reading)
    assert reading.lines == reading.records == content.count(b"\n") + 1
    shown = content.decode().splitlines()
    assert all(hit.line and shown[hit.line - 1] == hit.raw for hit in reading.hits)
    assert any(f"first line {len(LOG) + 1}:" in note.en for note in reading.notes)
    assert not reading.complete


@pytest.mark.parametrize("lines", [[], LOG[:1], LOG, [*LOG[6:], *LOG[:6]], LOG[:6] * 5, ["x"] * 50, LOG[3::-1]])
def test_what_is_in_order_or_in_none_is_left_as_it_is(read_file: Read, lines: list[str]) -> None:
    assert not said(read_file(forwards(lines)))
