"""Each trigger with the case in which it is named, and the nearest case in which it must not be."""

from __future__ import annotations

import pytest

RSYSLOG_EXIT = '[origin software="rsyslogd" swVersion="8.2302.0" x-pid="256" x-info="https://www.rsyslog.com"] exiting on signal 15.'
RSYSLOG_START = '[origin software="rsyslogd" swVersion="8.2302.0" x-pid="999" x-info="https://www.rsyslog.com"] start'


def summary(shutdown):
    return shutdown.trigger, shutdown.mode, shutdown.confidence


# --- CLUSTERPRO


@pytest.mark.parametrize("os_first", [False, True])
@pytest.mark.parametrize(("command", "scope"), [("clpstdn", "cluster"), ("clpdown", "server")])
@pytest.mark.parametrize("reboot", [False, True])
def test_an_orderly_request_outranks_the_os_lines_that_follow_it(machine, end, command, scope, reboot, os_first):
    found = end(
        machine().boot().wait(60).login().wait(9).clp_stop(command, reboot=reboot, os_first=os_first).wait(60).boot()
    )
    assert summary(found) == ("clusterpro-command", "reboot" if reboot else "halt", "certain")
    assert (found.scope, found.ups_told) == (scope, "yes")


def test_a_typed_clp_command_names_its_user(machine, end):
    found = end(
        machine()
        .boot()
        .wait(60)
        .sudo("ope1", "/usr/sbin/clpdown -r")
        .wait(1)
        .clp_stop("clpdown", reboot=True)
        .wait(60)
        .boot()
    )
    assert (found.trigger, found.actor, found.command) == (
        "clusterpro-command",
        "ope1",
        "/usr/sbin/clpdown -r",
    )


def test_a_final_action_is_recovery(machine, end):
    found = end(machine().boot().wait(60).disk_error_reboot().wait(60).boot())
    assert summary(found) == ("clusterpro-recovery", "reboot", "certain")


def test_a_refused_request_is_none(machine, end):
    log = machine().boot().wait(60).login().event("down", 1, "There was a request to shutdown svr031 from the clpdown.")
    log.event("down", 11, "A request to shutdown svr031 failed(-1).").wait(120).sudo(
        "ope1", "/sbin/shutdown -h now"
    ).os_stop("halt")
    assert end(log.wait(60).boot()).trigger == "os-command"


def test_a_stop_of_the_service_alone_ends_no_boot(machine, case):
    log = (
        machine()
        .boot()
        .wait(60)
        .login()
        .sudo("root", "/usr/bin/systemctl stop clusterpro")
        .cluster_stop()
        .wait(900)
        .cluster_start()
    )
    found = case(log)
    assert found.shutdowns == []
    assert [boot.end_state for boot in found.boots] == ["running"]


# --- operating system


@pytest.mark.parametrize("style", ["systemd", "rhel7", "sysvinit", "upstart"])
@pytest.mark.parametrize(("command", "mode"), [("/sbin/shutdown -h now", "halt"), ("/sbin/reboot", "reboot")])
def test_a_recorded_command_names_its_user_on_every_init(machine, end, style, command, mode):
    found = end(machine(style=style).boot().wait(60).sudo("ope1", command).wait(1).os_stop(mode).wait(60).boot())
    assert summary(found) == ("os-command", mode, "certain")
    assert (found.actor, found.command) == ("ope1", command)


def test_a_reboot_with_a_person_logged_in_is_likely_and_names_nobody(machine, end):
    found = end(machine().boot().wait(60).login("root").wait(9).os_stop("reboot").wait(60).boot())
    assert summary(found) == ("os-command", "reboot", "likely")
    assert found.actor is None


def test_a_halt_that_nobody_is_seen_to_ask_for_stays_undecided(machine, end):
    found = end(machine().boot().wait(60).os_stop("halt").wait(4000).boot())
    assert summary(found) == ("unknown", "halt", "possible")
    assert found.ups_told == "unknown"
    assert any(reason.weight == "missing" for reason in found.reasons)


def test_a_halt_with_somebody_logged_in_for_hours_stays_undecided(machine, end):
    found = end(machine().boot().wait(60).login("ope1").wait(5 * 3600).os_stop("halt").wait(4000).boot())
    assert found.trigger == "unknown"


def test_a_halt_just_after_a_login_is_no_more_than_possible(machine, end):
    found = end(machine().boot().wait(60).login("root").wait(60).os_stop("halt").wait(4000).boot())
    assert summary(found) == ("os-command", "halt", "possible")
    assert found.actor is None


def test_somebody_who_logged_out_before_is_not_counted(machine, end):
    found = end(
        machine().boot().wait(60).login("root").wait(60).logout("root").wait(600).os_stop("reboot").wait(60).boot()
    )
    assert found.confidence == "possible"
    assert not any("root" in reason.text.en for reason in found.reasons if reason.weight == "for")


def test_a_scheduled_shutdown_counts_when_its_time_came(machine, end):
    log = (
        machine()
        .boot()
        .wait(60)
        .sudo("ope1", "/sbin/shutdown -r +1 maintenance")
        .wait(60)
        .os_stop("reboot", wall="maintenance")
    )
    found = end(log.wait(60).boot())
    assert (found.trigger, found.actor, found.confidence) == ("os-command", "ope1", "certain")


def test_a_cancelled_shutdown_says_nothing(machine, case):
    log = machine().boot().wait(60).sudo("ope1", "/sbin/shutdown -h 23:00").wait(60).sudo("ope1", "/sbin/shutdown -c")
    log.log("systemd-logind", "System shutdown has been cancelled", pid=258).wait(3600).log("app", "still here")
    found = case(log)
    assert found.shutdowns == []
    assert found.findings == []


def test_a_cancelled_schedule_accuses_nobody_of_a_later_reboot(machine, end):
    log = (
        machine()
        .boot()
        .wait(60)
        .sudo("ope1", "/sbin/shutdown -r +10")
        .wait(60)
        .sudo("ope1", "/sbin/shutdown -c")
        .wait(540)
    )
    found = end(log.os_stop("reboot").wait(60).boot())
    assert found.actor is None


@pytest.mark.parametrize(
    "command",
    ["/usr/bin/vi /etc/reboot.conf", "/usr/bin/systemctl status reboot.target", "/usr/bin/grep shutdown /var/log/messages",
     "/usr/bin/last reboot", "/sbin/shutdown --help", "/sbin/shutdown -k now", "/usr/bin/systemctl stop httpd", "/bin/echo reboot"],
)  # fmt: skip
def test_commands_that_only_mention_it_accuse_nobody(machine, end, command):
    found = end(machine().boot().wait(60).sudo("ope1", command).wait(5).os_stop("halt").wait(4000).boot())
    assert found.trigger == "unknown"
    assert found.actor is None


def test_a_refused_sudo_accuses_nobody(machine, end):
    log = machine().boot().wait(60)
    refused = "    ope1 : command not allowed ; TTY=pts/0 ; PWD=/home/ope1 ; USER=root ; COMMAND=/sbin/reboot"
    log.log("sudo", refused, file="secure").wait(5)
    found = end(log.os_stop("halt").wait(4000).boot())
    assert found.trigger == "unknown"


def test_cron_is_a_job_not_a_person(machine, end):
    log = (
        machine()
        .boot()
        .wait(60)
        .log("CROND", '(root) CMD (/sbin/shutdown -r now "weekly reboot")', pid=444, file="cron")
    )
    found = end(log.wait(1).os_stop("reboot", wall="weekly reboot").wait(60).boot())
    assert (found.trigger, found.confidence, found.actor) == ("os-command", "certain", None)


def test_a_forced_poweroff_is_known_by_its_record_only(machine, end):
    found = end(machine().boot().wait(60).sudo("ope1", "/usr/sbin/poweroff -f").wait(60).boot(recovered=True))
    assert (found.trigger, found.confidence) == ("os-command", "likely")


def test_without_that_record_it_is_what_the_evidence_shows(machine, end):
    found = end(machine().boot().wait(60).login("ope1").wait(60).boot(recovered=True))
    assert (found.trigger, found.confidence, found.actor) == ("power-loss", "possible", None)


# --- keys and agents


def test_a_power_button(machine, end):
    log = (
        machine()
        .boot()
        .wait(60)
        .log("systemd-logind", "Power key pressed short.", pid=258)
        .log("systemd-logind", "Powering off...", pid=258)
    )
    assert summary(end(log.os_stop("halt", announced=False).wait(60).boot())) == (
        "hardware-request",
        "halt",
        "certain",
    )


def test_a_power_button_that_did_nothing_is_not_blamed_for_a_later_reboot(machine, end):
    log = machine().boot().wait(60).log("systemd-logind", "Power key pressed short.", pid=258).wait(900)
    found = end(log.sudo("ope1", "/sbin/reboot").os_stop("reboot").wait(60).boot())
    assert (found.trigger, found.actor) == ("os-command", "ope1")


def test_ctrl_alt_del(machine, end):
    log = machine().boot().wait(60).log("systemd", "Received SIGINT.", pid=1)
    log.log("systemd", "Activating special unit reboot.target...", pid=1)
    log.log("systemd", "Stopped target multi-user.target - Multi-User System.", pid=1).cluster_stop()
    assert summary(end(log.wait(60).boot())) == ("hardware-request", "reboot", "certain")


def nut(machine):
    log = machine().boot().wait(60).log("nut-monitor", "UPS ups1@localhost on battery", pid=400).wait(30)
    log.log("nut-monitor", "UPS ups1@localhost battery is low", pid=400)
    log.log("upsd", "Client monuser@127.0.0.1 set FSD on UPS [ups1]", pid=401)
    return log.log("nut-monitor", "Executing automatic power-fail shutdown", pid=400)


def test_a_ups_agent_that_decided(machine, end):
    found = end(nut(machine).wait(5).os_stop("halt", announced=False).wait(4000).boot())
    assert summary(found) == ("ups-agent", "halt", "certain")
    assert found.ups_told == "not-applicable"


def test_a_person_who_writes_of_the_ups_is_no_ups_agent(machine, end):
    log = (
        machine()
        .boot()
        .wait(60)
        .login("root")
        .wait(60)
        .log("systemd-logind", "Creating /run/nologin, blocking further logins...", pid=258)
    )
    found = end(log.wait(60).os_stop("halt", wall="UPS battery replacement").wait(3600).boot())
    assert (found.trigger, found.confidence) == ("os-command", "possible")


def test_the_reason_that_apcupsd_gives_is_known(machine, end):
    found = end(machine().boot().wait(60).os_stop("halt", wall="apcupsd UPS ups1 initiated shutdown").wait(3600).boot())
    assert (found.trigger, found.confidence) == ("ups-agent", "likely")


def test_an_upsd_that_serves_another_server_is_not_this_ones_agent(machine, end):
    log = machine().boot().wait(60).log("upsd", "Client monuser@192.0.2.7 set FSD on UPS [ups2]", pid=401).wait(120)
    assert end(log.sudo("ope1", "/sbin/reboot").os_stop("reboot").wait(60).boot()).trigger == "os-command"


def test_a_short_outage_is_not_blamed_for_a_reboot(machine, end):
    log = machine().boot().wait(60).log("nut-monitor", "UPS ups1@localhost on battery", pid=400).wait(30)
    log.log("nut-monitor", "UPS ups1@localhost on line power", pid=400).wait(30).sudo("ope1", "/sbin/reboot")
    assert end(log.os_stop("reboot").wait(60).boot()).trigger == "os-command"


# --- sudden ends


def test_a_panic_in_the_log_is_a_crash(machine, end):
    log = machine().boot().wait(60).log("kernel", "[   62.100000] Kernel panic - not syncing: Fatal exception")
    assert summary(end(log.wait(60).boot(recovered=True))) == ("crash", "unknown", "certain")


def test_a_log_that_breaks_off_is_power_loss_at_most_possible(machine, end):
    found = end(machine().boot().wait(600).log("app", "last words").wait(60).boot(recovered=True))
    assert summary(found) == ("power-loss", "unknown", "possible")
    assert found.time.isoformat() == "2026-11-24T09:10:10+09:00"
    last = found.evidence[0]
    assert (last.kind, last.text.endswith("last words")) == ("os.last_record", True)


def test_a_silent_end_without_any_sign_stays_undecided(machine, end):
    found = end(machine().boot().wait(600).log("app", "last words").wait(60).boot())
    assert found.trigger == "unknown"


def test_a_syslog_restart_is_no_boot_and_no_end(machine, case):
    log = (
        machine()
        .boot()
        .wait(60)
        .log("rsyslogd", RSYSLOG_EXIT)
        .wait(1)
        .log("rsyslogd", RSYSLOG_START)
        .wait(600)
        .log("app", "goes on")
    )
    found = case(log)
    assert found.shutdowns == []
    assert len(found.boots) == 1


def test_a_user_manager_going_down_is_no_end(machine, case):
    log = (
        machine()
        .boot()
        .wait(60)
        .log("systemd", "Reached target shutdown.target - Shutdown.", pid=481)
        .wait(60)
        .log("app", "goes on")
    )
    assert case(log).shutdowns == []


def test_fencing_seen_by_both(machine, case):
    struck = machine("svr031").boot().wait(60)
    struck.log("sbd", "/dev/sdb1:   notice: servant: Received command reset from svr047 on disk /dev/sdb1", pid=3).wait(
        30
    ).boot(recovered=True)
    peer = machine("svr047").boot().wait(57)
    peer.log(
        "pacemaker-schedulerd",
        "warning: Cluster node svr031 will be fenced: peer is no longer part of the cluster",
        pid=77,
    )
    peer.wait(300).log("app", "goes on")
    found = case(struck, peer).shutdowns
    assert [(s.server, s.trigger, s.confidence) for s in found] == [("svr031", "fencing", "certain")]


def test_another_server_fenced_is_not_this_one(machine, case):
    cut = machine("svr031").boot().wait(60).log("app", "x").wait(30).boot(recovered=True)
    peer = machine("svr047").boot().wait(57)
    peer.log(
        "pacemaker-schedulerd",
        "warning: Cluster node svr099 will be fenced: peer is no longer part of the cluster",
        pid=77,
    )
    found = case(cut, peer.wait(300).log("app", "goes on")).shutdowns
    assert [s.trigger for s in found] == ["power-loss"]


# --- which of several requests


def test_what_fails_after_a_command_is_its_consequence(machine, end):
    log = machine().boot().wait(600).sudo("ope1", "/sbin/reboot").os_stop("reboot", cluster=False)
    log.event("rm", 9, "Detected an error in monitoring diskw1. (8 : x)", wait=5)
    log.event("rm", 17, "Rebooting the system has been required because an error was detected in monitoring diskw1.")
    found = end(log.event("pm", 32, "Received a request to reboot the system from rm.").wait(60).boot())
    assert (found.trigger, found.actor) == ("os-command", "ope1")


def test_a_final_action_without_effect_is_not_blamed_later(machine, end):
    log = machine().boot().wait(600)
    log.event(
        "rm", 17, "Rebooting the system has been required because an error was detected in monitoring diskw1."
    ).wait(1200)
    assert end(log.sudo("ope1", "/sbin/reboot").os_stop("reboot").wait(60).boot()).trigger == "os-command"


def test_a_request_for_the_other_server_is_not_this_ones(machine, case):
    log = (
        machine().boot().wait(600).event("down", 1, "There was a request to shutdown svr047 from the clpdown.").wait(5)
    )
    log.sudo("ope1", "/sbin/reboot").os_stop("reboot").wait(60).boot()
    peer = machine("svr047").boot().wait(5000).log("app", "x")
    assert [(s.server, s.trigger) for s in case(log, peer).shutdowns] == [("svr031", "os-command")]


def test_a_network_partition_is_recovery(machine, end):
    log = machine().boot().wait(600).login("root").wait(9)
    log.event("nm", 30, "Network partition was detected. Shut down the server svr031 to protect data.")
    assert end(log.os_stop("halt").wait(600).boot()).trigger == "clusterpro-recovery"


def test_clusterpros_own_reset_is_recovery(machine, end):
    log = machine().boot().wait(600).event("pm", 37, "Received a request to reset by keepalive driver from userw.")
    found = end(log.event("pm", 101, "The system will be reset by ka.").wait(60).boot(recovered=True))
    assert found.trigger == "clusterpro-recovery"


def test_clusterpro_that_stopped_before_the_os_was_not_passed_by(machine, end):
    log = (
        machine()
        .boot()
        .wait(600)
        .login("root")
        .wait(60)
        .cluster_stop(ac_lines=2)
        .wait(3)
        .os_stop("reboot", cluster=False)
    )
    found = end(log.wait(60).boot())
    assert (found.trigger, found.confidence) == ("clusterpro-command", "possible")


def test_of_two_commands_the_first_that_worked_is_named(machine, end):
    log = machine().boot().wait(600).sudo("ope1", "/sbin/reboot").wait(1).os_stop("reboot", cluster=False).wait(10)
    assert end(log.sudo("ope2", "/sbin/poweroff").wait(60).boot()).actor == "ope1"


def test_a_command_that_nothing_followed_is_no_accusation(machine, end):
    log = machine().boot().wait(600).sudo("ope1", "/usr/bin/systemctl reboot").wait(240).os_stop("halt")
    found = end(log.wait(3600).boot())
    assert (found.confidence, found.actor) == ("possible", None)


def test_rights_given_up_long_ago_name_nobody(machine, end):
    log = (
        machine()
        .boot()
        .wait(60)
        .log("su", "pam_unix(su-l:session): session opened for user root(uid=0) by ope1(uid=1000)", pid=484)
    )
    found = end(log.wait(20 * 86400).os_stop("reboot").wait(60).boot())
    assert found.actor is None


# --- was the UPS told


@pytest.mark.parametrize(("lines", "told"), [(2, "yes"), (1, "partly"), (0, "no")])
def test_ups_told_by_the_lines_of_stop_sh(machine, case, lines, told):
    log = machine().boot().wait(60).clp_stop("clpdown").wait(60).boot().wait(60).clp_stop("clpdown", ac_lines=lines)
    assert [s.ups_told for s in case(log.wait(60).boot()).shutdowns] == ["yes", told]


def test_without_those_lines_anywhere_a_changed_script_is_not_accused(machine, end):
    assert end(machine().boot().wait(60).clp_stop("clpdown", ac_lines=0).wait(60).boot()).ups_told == "unknown"


def test_one_line_written_twice_by_syslog_is_one_line(machine, end):
    log = machine().boot().wait(60).clp_stop("clpdown", ac_lines=1).wait(60).boot()
    lines = log.files["messages"]
    position = next(i for i, line in enumerate(lines) if "AC EXEC" in line)
    lines.insert(position, lines[position])
    assert end(log).ups_told == "partly"


def test_the_pair_without_a_request_proves_nothing(machine, end):
    log = (
        machine().boot().wait(60).sudo("ope1", "/sbin/reboot").os_stop("reboot", cluster=False).cluster_stop(ac_lines=2)
    )
    assert end(log.wait(60).boot()).ups_told == "unknown"


def test_logs_that_end_before_the_script_tell_nothing(machine, end):
    found = end(machine().boot().wait(60).sudo("ope1", "/sbin/reboot").os_stop("reboot", cluster=False).wait(60).boot())
    assert found.ups_told == "unknown"


# --- one source and several


def test_the_same_stop_in_two_logs_is_one_stop(machine, end):
    log = machine().boot().wait(60).clp_stop("clpdown").wait(60).boot()
    log.files["syslog"] = list(log.files["messages"])
    found = end(log)
    assert (found.ups_told, found.confidence) == ("yes", "certain")
