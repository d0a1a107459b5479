"""The audit log: boots, stops, and who ran which command."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

import acforensics
from acforensics.lines import frame
from acforensics.lines.audit import command_line, login_user

START = 1_795_599_241  # 2026-11-25 09:34:01 UTC
SYSCALL = (
    "type=SYSCALL msg=audit({t}.228:{n}): arch=c000003e syscall=59 success=yes exit=0 items=3 ppid=485 pid=491 auid={auid} uid=0 "
    'gid=0 euid=0 tty={tty} ses=1 comm="{comm}" exe="/usr/bin/systemctl" subj=unconfined key="power"'
)
SYSTEM = (
    "type={kind} msg=audit({t}.720:53): pid=247 uid=0 auid=4294967295 ses=4294967295 subj=unconfined msg=' "
    'comm="systemd-update-utmp" exe="/usr/lib/systemd/systemd-update-utmp" hostname=? addr=? terminal=? res=success\''
)


def boot(t):
    daemon = "type=DAEMON_START msg=audit({t}.891:7906): op=start ver=3.0.9 format=enriched kernel=6.1.0 auid=4294967295 pid=206 uid=0 res=success"
    early = 'type=AVC msg=audit({t}.343:4): apparmor="STATUS" info="AppArmor Filesystem Enabled" pid=1 comm="swapper/0"'
    return [daemon.format(t=t), early.format(t=t - 27), SYSTEM.format(kind="SYSTEM_BOOT", t=t + 7)]


def command(t, arguments, *, auid=1000, tty="ttyS0", enriched="", serial=141):
    words = " ".join(f'a{i}="{word}"' for i, word in enumerate(arguments))
    call = SYSCALL.format(t=t, n=serial, auid=auid, tty=tty, comm=arguments[0].rpartition("/")[2])
    return [call + enriched, f"type=EXECVE msg=audit({t}.228:{serial}): argc={len(arguments)} {words}"]


def stop(t):
    return [
        SYSTEM.format(kind="SYSTEM_SHUTDOWN", t=t),
        f"type=DAEMON_END msg=audit({t + 1}.523:7907): op=terminate auid=0 uid=0 ses=4294967295 pid=1 res=success",
    ]


@pytest.fixture
def case(tmp_path):
    def analyse(lines, **options):
        folder = tmp_path / "svr031" / "var" / "log" / "audit"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "audit.log").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return acforensics.analyze([tmp_path], **options)

    return analyse


def test_a_record_is_framed_with_its_time_in_utc():
    record = frame(boot(START)[0])
    assert (record.program, record.format, record.stamp.offset) == ("audit", "audit", 0)
    assert (record.stamp.year, record.stamp.hour, record.stamp.microsecond) == (2026, 9, 891_000)


@pytest.mark.parametrize(
    "line", ["type=X msg=audit(99999999999.000:1): x", "type=X msg=audit(1.0:1): x", "type=X msg=audit(): x"]
)
def test_nonsense_does_not_raise(line):
    frame(line)


def test_arguments_in_hex_are_read():
    assert (
        command_line('argc=4 a0="shutdown" a1="-r" a2="now" a3=7765656B6C79207265626F6F74')
        == "shutdown -r now weekly reboot"
    )


def test_a_daemon_has_no_login_user():
    assert login_user({"auid": "4294967295"}) is None
    assert login_user({"auid": "1000"}) == "uid 1000"
    assert login_user({"auid": "1000", "name": "ope1"}) == "ope1"


def test_audit_alone_tells_boots_ends_and_who(case):
    enriched = '\x1dARCH=x86_64 SYSCALL=execve AUID="ope1" UID="root" GID="root"'
    lines = [
        *boot(START),
        *command(START + 77, ["shutdown", "-h", "now"], enriched=enriched),
        *stop(START + 83),
        *boot(START + 50_000),
    ]
    found = case(lines)
    assert len(found.boots) == 2
    assert [(s.trigger, s.mode, s.actor, s.command, s.confidence) for s in found.shutdowns] == [
        ("os-command", "halt", "ope1", "shutdown -h now", "certain")
    ]
    assert found.shutdowns[0].time.astimezone(UTC) == datetime.fromtimestamp(START + 77.228, UTC)


def test_a_forced_reboot_is_told_by_audit_only(case):
    lines = [*boot(START), *command(START + 77, ["reboot", "-f", "-f"]), *boot(START + 200)]
    assert [(s.trigger, s.actor, s.confidence) for s in case(lines).shutdowns] == [("os-command", "uid 1000", "likely")]


def test_a_command_without_login_and_terminal_is_a_job(case):
    lines = [
        *boot(START),
        *command(START + 77, ["/sbin/shutdown", "-r", "now"], auid=0, tty="(none)"),
        *stop(START + 80),
        *boot(START + 200),
    ]
    found = case(lines).shutdowns
    assert [(s.trigger, s.mode, s.actor) for s in found] == [("os-command", "reboot", None)]


def test_early_records_of_the_next_boot_are_not_the_last_of_the_one_before(case):
    lines = [*boot(START), *command(START + 77, ["ls"]), *boot(START + 1000)]
    last = case(lines).boots[0].end
    assert last.astimezone(UTC) < datetime.fromtimestamp(START + 100, UTC)


def test_its_stamps_say_nothing_of_the_zone_of_other_logs(case, tmp_path):
    (tmp_path / "svr031" / "var" / "log").mkdir(parents=True)
    line = "Nov 25 18:33:12 svr031 systemd-logind[258]: New session 1 of user ope1.\n"
    (tmp_path / "svr031" / "var" / "log" / "messages").write_text(line, encoding="utf-8")
    assert case(boot(START), tz="Asia/Tokyo").model.timezone == "Asia/Tokyo"
    assert "unknown" in " ".join(n.en for i in case(boot(START)).model.inputs for n in i.notes)


@pytest.mark.parametrize("missing", [1, 2])
def test_a_log_that_begins_within_a_start_shows_no_boot_before_it(case, missing):
    lines = [*boot(START), *stop(START + 600), *boot(START + 700)]
    service = "type=SERVICE_START msg=audit({t}.1{n:02d}:{n}): pid=1 uid=0 auid=4294967295 ses=4294967295 msg='unit=x res=success'"
    lines[2:2] = [service.format(t=START + 1 + n // 3, n=n) for n in range(10, 20)]
    found = case(lines[missing:])
    assert len(found.boots) == 2
    assert [s.trigger for s in found.shutdowns] == ["unknown"]
    assert found.findings == []
