"""Which recorded commands end the machine, and how."""

from __future__ import annotations

import pytest

from acforensics.parsing.commands import understand


@pytest.mark.parametrize(
    ("command", "effect", "mode"),
    [
        ("/sbin/reboot", "end", "reboot"),
        ("/usr/sbin/poweroff", "end", "halt"),
        ("/sbin/halt -p", "end", "halt"),
        ("/sbin/shutdown -h now", "end", "halt"),
        ("/sbin/shutdown -hy 0", "end", "halt"),
        ("/sbin/shutdown -r now maintenance", "end", "reboot"),
        ("/sbin/shutdown -r +5", "schedule", "reboot"),
        ("/sbin/shutdown -h 23:00", "schedule", "halt"),
        ("/sbin/shutdown", "schedule", "unknown"),
        ("/sbin/shutdown -c", "cancel", "unknown"),
        ("/sbin/init 6", "end", "reboot"),
        ("/sbin/telinit 0", "end", "halt"),
        ("/usr/bin/systemctl reboot", "end", "reboot"),
        ("/usr/bin/systemctl isolate reboot.target", "end", "reboot"),
        ("/usr/bin/systemctl start poweroff.target", "end", "halt"),
        ("/bin/bash -c sync; reboot", "end", "reboot"),
        ("/bin/bash -lc reboot", "end", "reboot"),
        ("/bin/bash -euo pipefail --login -c sync; reboot", "end", "reboot"),
        ("sudo -u root /sbin/reboot", "end", "reboot"),
        ("/sbin/shutdown -t 5 -r now", "end", "reboot"),
        ("/sbin/telinit -t 5 6", "end", "reboot"),
        ("/usr/sbin/clpstdn -r", "cluster-end", "reboot"),
        ("/usr/sbin/clpdown", "cluster-end", "halt"),
        ("/usr/sbin/clpcl -t -a", "cluster-service", "unknown"),
        ("/usr/bin/systemctl stop clusterpro", "cluster-service", "unknown"),
        ("sh -c 'echo c > /proc/sysrq-trigger'", "crash", "unknown"),
        ("/sbin/upsmon -c fsd", "ups-drill", "halt"),
    ],
)
def test_what_a_command_asks_for(command, effect, mode):
    meaning = understand(command)
    assert meaning is not None
    assert (meaning.effect, meaning.mode) == (effect, mode)


@pytest.mark.parametrize(
    "command",
    ["", "/usr/bin/vi /etc/reboot.conf", "/bin/echo reboot", "/usr/bin/man shutdown", "/sbin/shutdown --help", "/sbin/reboot --version",
     "/sbin/shutdown -k now", "/sbin/reboot -w", "/usr/bin/systemctl status reboot.target", "/usr/bin/systemctl list-units",
     "/sbin/init q", "/sbin/init 3", "/usr/sbin/clpstat", "/usr/sbin/clpcl -s", "/usr/bin/last reboot", "/usr/bin/grep shutdown /var/log/messages",
     "/usr/bin/systemctl stop httpd", "/usr/sbin/upsmon", "reboot.sh", "'unclosed quote reboot",
     "/bin/grep -E shutdown|reboot /var/log/messages", "/usr/bin/journalctl -g reboot|halt|poweroff", "/usr/bin/logger x; reboot planned",
     "/usr/bin/wall Attention; reboot at 22:00", "/bin/bash -c ssh svr047 sync; reboot", "/usr/bin/systemctl --host=svr047 reboot",
     "/usr/bin/systemctl -H svr047 reboot", "/usr/bin/systemctl --machine=web reboot", "/opt/app/bin/halt", "/home/ope1/reboot",
     "/usr/bin/systemctl reboot --when=show", "/sbin/shutdown -?", "sh -c 'echo h > /proc/sysrq-trigger'", "docker exec web reboot", "sudo -l /sbin/reboot", "sudo --list reboot",
     "/bin/bash /root/check.sh -c reboot", "/bin/sh check.sh -c reboot"],
)  # fmt: skip
def test_what_only_mentions_it(command):
    assert understand(command) is None


@pytest.mark.parametrize(
    ("command", "forced"),
    [("/sbin/reboot -f", True), ("/sbin/reboot", False), ("/usr/bin/systemctl --force --force reboot", True), ("/usr/bin/systemctl -ff poweroff", True),
     ("/usr/bin/systemctl --force reboot", False)],
)  # fmt: skip
def test_forced_commands_run_no_stop_jobs(command, forced):
    assert understand(command).forced is forced


@pytest.mark.parametrize(
    ("command", "conditional"),
    [("[ -f /x ] && /sbin/shutdown -h now", True), ("if true; then reboot; fi", True), ("sync; reboot", False), ("sync && reboot", True), ("/sbin/reboot", False)],
)  # fmt: skip
def test_a_condition_before_it_is_told(command, conditional):
    assert understand(command, script=True).conditional is conditional


def test_the_scope_of_clusterpro_commands():
    assert understand("clpstdn").scope == "cluster"
    assert understand("clpdown").scope == "server"
    assert understand("clpdown -h svr047 -r")[:6] == ("cluster-end", "reboot", False, "server", "svr047", False)


def test_a_script_of_cron_is_split_and_the_words_of_sudo_are_not():
    assert understand("/usr/bin/sync; /sbin/reboot", script=True).effect == "end"
    assert understand("/usr/bin/sync; /sbin/reboot") is None
