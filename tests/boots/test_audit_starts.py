"""Where a boot begins in an audit log: with its daemon, whose first record may be lost, not with its boot record."""

from __future__ import annotations

import pytest

import acforensics

START = 1_796_389_200
DAEMON = "type=DAEMON_START msg=audit({t}.100:79): op=start ver=3.0.9 format=raw kernel=6.1.0 pid=206 uid=0 res=success"
SYSTEM = (
    "type=SYSTEM_BOOT msg=audit({t}.700:53): pid=247 uid=0 auid=4294967295 ses=4294967295 msg=' "
    'comm="systemd-update-utmp" exe="/usr/lib/systemd/systemd-update-utmp" hostname=? addr=? terminal=? res=success\''
)
SERVICE = (
    'type=SERVICE_START msg=audit({t}.300:42): pid=1 uid=0 auid=4294967295 ses=4294967295 msg=\'unit=x comm="systemd" '
    'exe="/usr/lib/systemd/systemd" hostname=? addr=? terminal=? res=success\''
)


def boot(at: int, *, daemon: bool) -> list[str]:
    lines = [SERVICE.format(t=START + at + second) for second in range(1, 7)]
    return [DAEMON.format(t=START + at)] * daemon + [*lines, SYSTEM.format(t=START + at + 7)]


def boots(tmp_path, lines: list[str]) -> list[tuple[int | None, int | None]]:
    """Start and end of each boot, in seconds."""
    folder = tmp_path / "svr031" / "var" / "log" / "audit"
    folder.mkdir(parents=True)
    (folder / "audit.log").write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = acforensics.analyze([tmp_path]).boots
    return [tuple(None if t is None else int(t.timestamp()) - START for t in (b.start, b.end)) for b in found]


@pytest.mark.parametrize("daemon", [True, False])
def test_a_log_that_begins_within_a_start_shows_no_boot_before_it(tmp_path, daemon):
    assert boots(tmp_path, boot(0, daemon=daemon)) == [(0 if daemon else 1, None)]


@pytest.mark.parametrize("daemon", [True, False])
def test_records_of_a_start_are_not_those_of_the_boot_that_was_cut_off_before(tmp_path, daemon):
    lines = [*boot(0, daemon=True), SERVICE.format(t=START + 60), *boot(1500, daemon=daemon)]
    assert boots(tmp_path, lines) == [(0, 60), (1500 if daemon else 1501, None)]


def test_what_was_written_half_a_minute_before_is_of_the_boot_before(tmp_path):
    lines = [*boot(0, daemon=True), SERVICE.format(t=START + 60), *boot(90, daemon=False)]
    found = boots(tmp_path, lines)
    assert found[0][0] == 0
    assert found[0][1] <= 60 < found[1][0]
