"""A start that one log lost, and another one tells: what each boot held stays with it."""

from __future__ import annotations

import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import acforensics
from acforensics.case import CaseModel
from samples.scenario import ZONE_HOURS, Machine

Make = Callable[..., Machine]


def login_record(kind: int, user: str, now: datetime) -> bytes:
    form = "<h2si32s4s32s256s4xiIi16s20s"
    seconds = int((now - timedelta(hours=ZONE_HOURS)).replace(tzinfo=UTC).timestamp())
    return struct.pack(form, kind, b"", 0, b"~", b"~~", user.encode(), b"5.14", 0, seconds, 0, b"", b"")


def analysed(folder: Path, files: dict[str, list[str]], logins: list[bytes]) -> CaseModel:
    log = folder / "svr031/var/log"
    log.mkdir(parents=True)
    for name, lines in files.items():
        (log / name).write_text("".join(f"{line}\n" for line in lines))
    (log / "wtmp").write_bytes(b"".join(logins))
    return acforensics.analyze([folder], tz="Asia/Tokyo").model


@pytest.mark.parametrize("cut", [False, True])
def test_the_file_that_held_a_stop_and_a_start_is_missing(machine: Make, tmp_path: Path, cut: bool) -> None:
    """The second boot's reboot is not told of the first one, which was cut off or halted."""
    one = machine()
    logins = [login_record(2, "reboot", one.now)]
    one.boot().wait(86_400)
    before = len(one.files["messages"])
    if not cut:
        one.os_stop("halt")
        logins.append(login_record(1, "shutdown", one.now))
    logins.append(login_record(2, "reboot", one.wait(3600).now))
    one.boot().wait(7200)
    behind = len(one.files["messages"])
    for number in range(5):
        one.log("systemd", f"Started Session {number} of user root.", pid=1).wait(600)
    one.sudo("ope1", "/sbin/reboot").wait(1).os_stop("reboot")
    logins += [login_record(1, "shutdown", one.now), login_record(2, "reboot", one.wait(80).now)]
    one.boot().wait(600).log("systemd", "Started Session 1 of user root.", pid=1)
    lines = one.files["messages"]
    files = {"messages-20261124": lines[:before], "messages": lines[behind:], "secure": one.files["secure"]}
    model = analysed(tmp_path, files, logins)
    ends = [boot.end for boot in model.boots]
    starts: list[Any] = [boot.start for boot in model.boots]
    assert len(model.boots) == 3
    assert all(end is not None and end < start for end, start in zip(ends, starts[1:], strict=False))
    first, second = model.shutdowns
    assert (first.actor, first.command, first.mode) == (None, None, "unknown")
    assert first.trigger not in ("os-command", "clusterpro-command")
    assert (second.trigger, second.actor, second.mode) == ("os-command", "ope1", "reboot")


def test_a_log_that_was_taken_soon_behind_a_start_that_it_lost(machine: Make, tmp_path: Path) -> None:
    one = machine()
    logins = [login_record(2, "reboot", one.now)]
    one.boot().wait(600).log("systemd", "Started Session 4 of user root.", pid=1).wait(3600)
    logins.append(login_record(2, "reboot", one.now))
    one.wait(40).log("systemd", "Started Session 1 of user root.", pid=1)
    model = analysed(tmp_path, {"messages": one.files["messages"]}, logins)
    assert [boot.end_state for boot in model.boots][-1] == "running"
    end, start = model.boots[0].end, model.boots[1].start
    assert end is not None
    assert start is not None
    assert end < start


def test_a_log_that_stamps_its_starts_otherwise_is_left_as_it_is(machine: Make, tmp_path: Path) -> None:
    """Where the clocks of two logs differ, a start of the one tells nothing of the records of the other."""
    one = machine()
    off = timedelta(hours=2)
    logins = [login_record(2, "reboot", one.now - off)]
    one.boot().wait(9000).os_stop("reboot")
    logins += [login_record(1, "shutdown", one.now - off), login_record(2, "reboot", one.wait(60).now - off)]
    one.boot().wait(9000).os_stop("halt")
    logins += [login_record(1, "shutdown", one.now - off), login_record(2, "reboot", one.wait(60).now - off)]
    one.boot().wait(600)
    alone = one.files["messages"]
    model = analysed(tmp_path, {"messages": alone}, logins)
    assert [end.mode for end in model.shutdowns if end.mode != "unknown"] == ["reboot", "halt"]
