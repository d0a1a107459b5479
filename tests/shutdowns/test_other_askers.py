"""Others who may have asked although a person was there, or whose command is on record: nobody is named for them."""

from __future__ import annotations

import pytest

SU = "pam_unix(su-l:session): session opened for user root(uid=0) by ope1(uid=1000)"
RSYSLOG_START = '[origin software="rsyslogd" swVersion="8.2102.0" x-pid="999" x-info="https://www.rsyslog.com"] start'


@pytest.mark.parametrize(
    ("program", "message", "named"),
    [
        ("systemd", "Starting apt-daily-upgrade.service - Daily apt upgrade and clean activities...", False),
        ("systemd", "Starting dnf automatic install updates...", False),
        ("systemd", "Starting apt-daily.service - Daily apt download activities...", True),
    ],
)
def test_updates_that_restart_a_server_may_have_begun_long_before(machine, end, program, message, named):
    log = machine().boot().wait(900).log(program, message, pid=1).wait(600).login("ope1").wait(30)
    log.log("su", SU, pid=480, file="secure")
    found = end(log.wait(240).os_stop("reboot").wait(60).boot())
    expected = ("likely", "ope1") if named else ("possible", None)
    assert (found.trigger, found.confidence, found.actor) == ("os-command", *expected)


@pytest.mark.parametrize(("after", "named"), [(40, False), (None, True)])
def test_a_job_with_such_a_command_in_the_same_minute_may_have_been_it(machine, end, after, named):
    log = machine().boot().wait(900).sudo("ope1", "/usr/sbin/reboot").wait(after or 1)
    if after is not None:
        log.log("CROND", "(root) CMD (/sbin/shutdown -r now)", pid=444, file="cron").wait(1)
    found = end(log.os_stop("reboot").wait(60).boot())
    assert (found.trigger, found.confidence, found.actor) == ("os-command", "certain", "ope1" if named else None)


@pytest.mark.parametrize(("minutes", "expected"), [(10, ("certain", "ope1")), (11, ("possible", None))])
def test_a_schedule_that_was_not_due_yet_is_no_more_than_possible(machine, end, minutes, expected):
    log = machine().boot().wait(900).sudo("ope1", f"/usr/sbin/shutdown -h +{minutes}").wait(600)
    found = end(log.os_stop("halt").wait(4000).boot())
    assert (found.trigger, found.confidence, found.actor) == ("os-command", *expected)


def test_a_restart_that_the_hypervisor_asked_for_is_nobodys_command(machine, end):
    log = machine().boot().wait(900).login("ope1").log("su", SU, pid=480, file="secure").wait(60)
    log.log("kernel", "[ 5211.123456] hv_utils: Restart request received - graceful restart initiated")
    found = end(log.wait(1).os_stop("reboot").wait(60).boot())
    assert (found.trigger, found.mode, found.actor) == ("hardware-request", "reboot", None)


@pytest.mark.parametrize("pressed", [True, False])
def test_only_a_key_that_was_pressed_makes_its_action_certain(machine, end, pressed):
    log = machine().boot().wait(900)
    if pressed:
        log.log("systemd-logind", "Power key pressed short.", pid=258)
    log.log("systemd-logind", "Powering off...", pid=258)
    found = end(log.os_stop("halt").wait(4000).boot())
    assert (found.trigger, found.confidence) == ("hardware-request", "certain" if pressed else "likely")


def test_what_syslog_writes_of_a_stop_at_its_next_start_belongs_to_that_stop(machine, end):
    # It reads the journal, from where it had stopped: first it says that it starts, then come older lines.
    log = machine().boot().wait(900).sudo("ope1", "/usr/sbin/shutdown -h now").wait(1)
    log.log("systemd-logind", "System is powering down.", pid=258).wait(300)
    log.log("rsyslogd", RSYSLOG_START).wait(-299)
    log.log("systemd", "Stopped target multi-user.target - Multi-User System.", pid=1)
    found = end(log.wait(280).boot())
    assert (found.trigger, found.mode, found.confidence, found.actor) == ("os-command", "halt", "certain", "ope1")


@pytest.mark.parametrize(("user", "meant"), [("root", True), ("oracle", False)])
def test_a_command_that_su_is_given_is_roots_only(machine, end, user, meant):
    log = machine().boot().wait(900).sudo("ope1", f"/usr/bin/su - {user} -c /sbin/shutdown -h now").wait(1)
    found = end(log.os_stop("halt").wait(4000).boot())
    assert found.actor == ("ope1" if meant else None)
    assert (found.trigger == "os-command") is meant


@pytest.mark.parametrize(("later", "trigger"), [(90, "os-command"), (1, "hardware-request")])
def test_a_key_that_came_to_nothing_gives_way_to_the_command_that_followed(machine, end, later, trigger):
    log = machine().boot().wait(900).log("systemd-logind", "Power key pressed short.", pid=258)
    log.log("systemd-logind", "Powering off...", pid=258).wait(later).sudo("ope1", "/usr/sbin/poweroff")
    assert end(log.os_stop("halt").wait(4000).boot()).trigger == trigger


@pytest.mark.parametrize(
    "asked",
    [
        ("apisv", 11, "There was a request to shutdown server from the Cluster WebUI(IP=192.0.2.10)."),
        ("rm", 17, "Rebooting the system has been required because an error was detected in monitoring diskw1."),
    ],
)
@pytest.mark.parametrize(("later", "by_command"), [(120, True), (10, False)])
def test_a_request_that_came_to_nothing_gives_way_to_the_command_that_followed(machine, end, asked, later, by_command):
    log = machine().boot().wait(900).event(*asked).wait(later).sudo("ope1", "/usr/sbin/reboot")
    found = end(log.wait(1).os_stop("reboot").wait(60).boot())
    assert (found.trigger == "os-command", found.actor == "ope1") == (by_command, by_command)


def test_a_stop_under_way_is_clusterpros_whatever_is_typed_meanwhile(machine, end):
    log = machine().boot().wait(900)
    log.event("apisv", 12, "There was a request to reboot server from the Cluster WebUI(IP=192.0.2.10).")
    log.event("pm", 2, "Shutting down the cluster daemon...").wait(120).sudo("ope1", "/usr/sbin/reboot")
    found = end(log.wait(1).os_stop("reboot", cluster=False).wait(60).boot())
    assert (found.trigger, found.actor) == ("clusterpro-command", None)


def test_cluster_records_that_were_lost_meanwhile_leave_the_request_its_stop(machine, end):
    log = machine().boot().wait(900)
    log.event("apisv", 12, "There was a request to reboot server from the Cluster WebUI(IP=192.0.2.10).").wait(60)
    log.log("rsyslogd", "imjournal: 123 messages lost due to rate-limiting").wait(60).sudo("ope1", "/usr/sbin/reboot")
    found = end(log.wait(1).os_stop("reboot").wait(60).boot())
    assert (found.trigger, found.confidence, found.actor) == ("clusterpro-command", "likely", None)


@pytest.mark.parametrize(("before", "told"), [(1, True), (1200, False)])
def test_an_agent_that_had_decided_may_have_run_the_clp_command(machine, end, before, told):
    log = machine().boot().wait(60).log("upsmon", "Executing automatic power-fail shutdown", pid=4).wait(before)
    found = end(log.clp_stop("clpdown").wait(600).boot())
    assert (found.trigger, found.confidence, found.actor) == ("clusterpro-command", "certain", None)
    said = [reason for reason in found.reasons if "upsmon had decided" in reason.text.en]
    assert [(one.weight, len(one.evidence)) for one in said] == ([("against", 1)] if told else [])
