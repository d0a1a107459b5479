"""What the audit log alone tells: a typed clpstdn is no OS command, and amccmd's option says what was to follow."""

from __future__ import annotations

from pathlib import Path

import pytest

import acforensics

START = 1_796_389_200
UNSET = 4294967295
SYSTEM = (
    'type={kind} msg=audit({t}.720:53): pid=247 uid=0 auid=4294967295 ses=4294967295 msg=\' comm="systemd-update-utmp" '
    'exe="/usr/lib/systemd/systemd-update-utmp" hostname=? addr=? terminal=? res=success\''
)


class Audit:
    """An audit log, line by line; times in seconds since the first boot."""

    def __init__(self, server: str) -> None:
        self.server = server
        self.lines: list[str] = []
        self.serial = 100

    def boot(self, at: float) -> Audit:
        t = START + int(at)
        self.lines.append(
            f"type=DAEMON_START msg=audit({t}.891:79): op=start ver=3.0.9 format=raw kernel=6.1.0 pid=206 uid=0 res=success"
        )
        self.lines.append(SYSTEM.format(kind="SYSTEM_BOOT", t=t + 2))
        return self

    def stop(self, at: float) -> Audit:
        self.lines.append(SYSTEM.format(kind="SYSTEM_SHUTDOWN", t=START + int(at)))
        return self

    def run(self, at: float, *arguments: str, auid: int = 0, tty: str = "ttyS0") -> Audit:
        self.serial += 1
        head = f"msg=audit({START + int(at)}.259:{self.serial})"
        words = " ".join(f'a{i}="{word}"' for i, word in enumerate(arguments))
        name = next(a for a in arguments if not a.endswith("sh")).rpartition("/")[2]
        self.lines.append(
            f"type=SYSCALL {head}: arch=c000003e syscall=59 success=yes exit=0 items=2 ppid=1 pid=2 auid={auid} uid=0 gid=0 "
            f'euid=0 tty={tty} ses=1 comm="{name}" exe="/usr/bin/x" key="power"'
        )
        self.lines.append(f"type=EXECVE {head}: argc={len(arguments)} {words}")
        return self

    def write(self, root: Path) -> None:
        folder = root / self.server / "var" / "log" / "audit"
        folder.mkdir(parents=True)
        (folder / "audit.log").write_text("\n".join(self.lines) + "\n", encoding="utf-8")


def amccmd(log: Audit, at: float, option: str) -> Audit:
    return log.run(at, "/bin/sh", "/usr/local/AUTORC/amccmd", "-downrequest", option, "127.0.0.1", log.server, "VeryPrivate1",
                   auid=UNSET, tty="(none)")  # fmt: skip


@pytest.fixture
def ends(tmp_path):
    def only(*logs: Audit):
        for log in logs:
            log.write(tmp_path)
        case = acforensics.analyze([tmp_path])
        assert "VeryPrivate1" not in case.to_json()
        return {end.server: end for end in case.shutdowns}

    return only


def test_a_typed_clpstdn_runs_the_shutdown_that_follows(ends):
    log = Audit("svr031").boot(0).run(93, "/bin/bash", "/usr/sbin/clpstdn")
    amccmd(log, 100, "ShutdownOff").run(108, "/sbin/shutdown", "-h", "now").stop(110).boot(40_000)
    end = ends(log)["svr031"]
    assert (end.trigger, end.confidence, end.mode, end.scope) == ("clusterpro-command", "likely", "halt", "cluster")
    assert (end.actor, end.ups_told) == ("root", "yes")


def test_a_shutdown_without_one_is_an_os_command(ends):
    end = ends(Audit("svr031").boot(0).run(108, "/sbin/shutdown", "-h", "now").stop(110).boot(40_000))["svr031"]
    assert (end.trigger, end.confidence, end.ups_told) == ("os-command", "certain", "unknown")


@pytest.mark.parametrize(
    ("typed", "told", "trigger"),
    [
        (("clpstdn",), True, "clusterpro-command"),
        (("clpdown", "-h", "svr047"), True, "clusterpro-command"),
        (("clpstdn",), False, "unknown"),  # two stops may coincide
        (("clpdown",), True, "unknown"),  # for the other server only
        (("clpdown", "-h", "svr099"), True, "unknown"),
    ],
)
def test_a_command_on_the_other_server(ends, typed, told, trigger):
    there = Audit("svr031").boot(0).run(93, "/bin/bash", "/usr/sbin/" + typed[0], *typed[1:]).stop(130).boot(40_000)
    here = Audit("svr047").boot(0)
    if told:
        amccmd(here, 101, "ShutdownOff")
    here.stop(112).boot(40_000)
    assert ends(there, here)["svr047"].trigger == trigger


@pytest.mark.parametrize(
    ("option", "mode", "told"),
    [("ShutdownReboot", "reboot", "yes"), ("ShutdownOff", "halt", "yes"), ("", "unknown", "no")],
)
def test_the_option_of_amccmd_tells_what_follows_but_not_who_asked(ends, option, mode, told):
    log = amccmd(Audit("svr031").boot(0), 101, option).stop(112).boot(200)
    end = ends(log)["svr031"]
    assert (end.trigger, end.mode, end.ups_told) == ("unknown", mode, told)


def test_what_sudo_was_told_in_hex_names_the_user(ends):
    log = Audit("svr031").boot(0)
    command = b"shutdown -h now".hex().upper()
    log.lines.append(
        f'type=USER_CMD msg=audit({START + 108}.100:9): pid=9 uid=1000 auid=1000 ses=3 msg=\'cwd="/home/ope1" cmd={command} '
        'exe="/usr/bin/sudo" terminal=pts/0 res=success\'\x1dUID="ope1" AUID="ope1"'
    )
    end = ends(log.stop(110).boot(40_000))["svr031"]
    assert (end.trigger, end.actor, end.command) == ("os-command", "ope1", "shutdown -h now")


def test_a_call_that_failed_ran_nothing(ends):
    log = Audit("svr031").boot(0).run(80, "shutdown", "-h", "now", auid=1000)
    log.lines = [line.replace("success=yes exit=0", "success=no exit=-13") for line in log.lines]
    assert ends(log.stop(110).boot(40_000))["svr031"].trigger == "unknown"


def test_a_person_without_roots_rights_is_not_taken_at_their_word(ends):
    log = Audit("svr031").boot(0).run(80, "shutdown", "-h", "now", auid=1000)
    log.lines = [line.replace(" uid=0 gid=0 euid=0", " uid=1000 gid=1000 euid=1000") for line in log.lines]
    assert ends(log.stop(110).boot(40_000))["svr031"].actor is None


@pytest.mark.parametrize(
    "command",
    ["env AC_SECCODE=VeryPrivate1 shutdown -h now", "amccmd -downrequest ShutdownOff 192.0.2.1 svr031 VeryPrivate1"],
)
def test_a_secret_in_hex_is_masked_in_command_and_evidence(tmp_path, command):
    log = Audit("svr031").boot(0)
    encoded = command.encode().hex().upper()
    log.lines.append(
        f'type=USER_CMD msg=audit({START + 108}.100:9): pid=9 uid=1000 auid=1000 ses=3 msg=\'cwd="/home/ope1" cmd={encoded} '
        'exe="/usr/bin/sudo" terminal=pts/0 res=success\'\x1dUID="ope1" AUID="ope1"'
    )
    log.run(109, "mysqladmin-x", "shutdown", "--password", "VeryPrivate1")
    log.run(109, "shutdown", "--password", "VeryPrivate1", "-h", "now")
    log.stop(110).boot(40_000).write(tmp_path)
    case = acforensics.analyze([tmp_path])
    shown = case.to_json() + case.timeline.to_csv() + case.to_html()
    assert "VeryPrivate1" not in shown
    assert b"VeryPrivate1".hex() not in shown.lower()
    assert any(kind == "os.command" for kind in case.timeline["kind"])
