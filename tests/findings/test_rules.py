"""Each rule: a case in which it fires, and the nearest one in which it does not."""

from __future__ import annotations

from datetime import timedelta

import pytest


def rules(case):
    return sorted({finding.rule for finding in case.findings})


def test_os_command_shutdown_says_who_what_and_what_to_use(machine, case):
    found = case(machine().boot().wait(60).sudo("ope1", "/sbin/reboot").wait(1).os_stop("reboot").wait(60).boot())
    finding = next(f for f in found.findings if f.rule == "os-command-shutdown")
    assert finding.severity == "critical"
    assert "ope1" in finding.summary.en
    assert "/sbin/reboot" in finding.summary.en
    assert "clpdown -r" in finding.advice.en
    assert "第 5 章" in finding.reference.ja
    assert finding.evidence[0].text.endswith("COMMAND=/sbin/reboot")


def test_os_command_shutdown_names_both_signatures(machine, case):
    with_pair = (
        machine("svr031")
        .boot()
        .wait(60)
        .sudo("ope1", "/sbin/reboot")
        .os_stop("reboot", cluster=False)
        .cluster_stop(ac_lines=2)
    )
    without = machine("svr047").boot().wait(90).sudo("ope1", "/sbin/reboot").os_stop("reboot")
    found = case(with_pair.wait(60).boot(), without.wait(60).boot())
    texts = {f.servers[0]: f.summary.en for f in found.findings if f.rule == "os-command-shutdown"}
    assert "stop.sh did run amccmd" in texts["svr031"]
    assert "without the AC command" in texts["svr047"]


def test_os_command_shutdown_is_silent_for_clpdown(machine, case):
    assert rules(case(machine().boot().wait(60).login().clp_stop("clpdown").wait(600).boot())) == []


def test_a_server_without_clusterpro_is_not_critical(machine, case):
    log = (
        machine()
        .boot(cluster=False)
        .wait(60)
        .sudo("ope1", "/sbin/reboot")
        .os_stop("reboot", cluster=False)
        .wait(60)
        .boot(cluster=False)
    )
    assert [(f.rule, f.severity) for f in case(log).findings] == [("os-command-shutdown", "warning")]


def loop(log, turns, pause=45):
    for _ in range(turns):
        log.boot().disk_error_reboot().wait(pause)
    return log.boot().wait(300).log("app", "stays up")


def test_three_boots_by_recovery_are_a_loop_with_one_cause(machine, case):
    found = case(loop(machine(), 2))
    finding = next(f for f in found.findings if f.rule == "reboot-loop")
    assert finding.severity == "critical"
    assert "diskw1" in finding.summary.en
    assert "shared disk" in finding.summary.en
    assert "stays up" in finding.summary.en


@pytest.mark.parametrize(("reason", "one_story"), [("diskw1", True), ("userw", False)])
def test_a_disk_that_failed_in_use_begins_the_loop_and_was_not_late(machine, case, reason, one_story):
    log = machine().boot().wait(7200)
    log.event("rm", 9, f"Detected an error in monitoring {reason}. (8 : Failed to open the device.)")
    log.event("rm", 17, f"Rebooting the system has been required because an error was detected in monitoring {reason}.")
    log.event("pm", 32, "Received a request to reboot the system from rm.").event(
        "pm", 25, "The system will be rebooted."
    )
    found = case(loop(log.os_stop("reboot", cluster=False).wait(45), 2)).model
    finding = next(f for f in found.findings if f.rule == "reboot-loop")
    assert ("svr031#1/end" in finding.related) is one_story
    assert ("comes back late" not in finding.summary.en) is one_story
    assert len(found.incidents) == (1 if one_story else 2)


def test_two_boots_are_no_loop(machine, case):
    assert "reboot-loop" not in rules(case(loop(machine(), 1)))


@pytest.mark.parametrize("how", ["sudo", "clpdown"])
def test_planned_reboots_are_no_loop(machine, case, how):
    log = machine()
    for _ in range(4):
        log.boot().wait(60)
        if how == "sudo":
            log.sudo("ope1", "/sbin/reboot").os_stop("reboot")
        else:
            log.clp_stop("clpdown", reboot=True)
        log.wait(40)
    assert "reboot-loop" not in rules(case(log.boot()))


@pytest.mark.parametrize(("beyond", "is_loop"), [(0, True), (1, False)])
def test_the_window_is_measured_from_start_to_start(machine, case, beyond, is_loop):
    log = machine()
    window = timedelta(minutes=10)
    start = log.now
    for turn in range(3):
        log.at(start + turn * (window + timedelta(seconds=beyond))).boot()
        if turn < 2:
            log.disk_error_reboot()
    assert ("reboot-loop" in rules(case(log, loop_window=window))) is is_loop


def test_servers_that_loop_together_share_one_finding(machine, case):
    found = case(loop(machine("svr031"), 3), loop(machine("svr047"), 3, pause=50))
    loops = [f for f in found.findings if f.rule == "reboot-loop"]
    assert [f.servers for f in loops] == [["svr031", "svr047"]]


def test_the_end_of_a_loop_by_the_restart_limit_is_said(machine, case):
    log = machine()
    for _ in range(2):
        log.boot().disk_error_reboot().wait(45)
    log.boot().event("rm", 9, "Detected an error in monitoring diskw1. (8 : Failed)", wait=30)
    log.event(
        "rm",
        100,
        "Restart count exceeded the maximum of 2. Final action of monitoring diskw1 will not be executed.",
    )
    finding = next(f for f in case(log).findings if f.rule == "reboot-loop")
    assert "restart limit" in finding.summary.en


def test_ups_not_told_on_an_orderly_stop_without_the_ac_command(machine, case):
    log = machine().boot().wait(60).clp_stop("clpdown").wait(600).boot().wait(60).clp_stop("clpdown", ac_lines=0)
    assert rules(case(log.wait(600).boot())) == ["ups-not-told"]


def test_ups_not_told_is_not_claimed_where_nobody_knows_who_asked(machine, case):
    assert rules(case(machine().boot().wait(60).os_stop("halt").wait(4000).boot())) == []


def test_ac_command_unfinished_needs_exactly_one_line(machine, case):
    assert rules(case(machine().boot().wait(60).clp_stop("clpdown", ac_lines=1).wait(600).boot())) == [
        "ac-command-unfinished"
    ]


def test_ac_command_finished(machine, case):
    assert rules(case(machine().boot().wait(60).clp_stop("clpdown", ac_lines=2).wait(600).boot())) == []


def test_power_loss_crash_and_fencing_have_findings(machine, case):
    lost = machine("svr031").boot().wait(60).log("dbus-daemon", "x").wait(30).boot(recovered=True)
    crashed = (
        machine("svr047")
        .boot()
        .wait(9000)
        .log("kernel", "[   62.100000] Kernel panic - not syncing: oops")
        .wait(30)
        .boot(recovered=True)
    )
    struck = machine("svr099").boot().wait(20000)
    struck.log("sbd", "/dev/sdb1:   notice: servant: Received command reset from svr031 on disk /dev/sdb1", pid=3).wait(
        30
    ).boot(recovered=True)
    assert rules(case(lost, crashed, struck)) == ["crash", "fenced", "power-loss"]


def test_a_reset_of_another_server_is_no_fencing_of_this_one(machine, case):
    silent = machine("svr099").boot().wait(20000).log("dbus-daemon", "x").wait(30).boot(recovered=True)
    peer = machine("svr031").boot().wait(19998)
    peer.log(
        "pacemaker-schedulerd", "warning: Cluster node svr047 will be fenced: peer is no longer part of the cluster"
    )
    assert rules(case(silent, peer.wait(300).log("app", "goes on"))) == ["power-loss"]


def test_every_finding_speaks_both_languages_and_cites_lines_that_are_there(machine, case, tmp_path):
    found = case(
        loop(machine("svr031"), 2),
        machine("svr047").boot().wait(60).sudo("ope1", "/sbin/halt").os_stop("halt").wait(60).boot(),
    )
    assert found.findings
    for finding in found.findings:
        for value in (finding.title, finding.summary, finding.advice, finding.reference):
            assert value.en != value.ja
        assert finding.evidence
        for evidence in finding.evidence:
            with open(evidence.input, encoding="utf-8") as file:  # noqa: PTH123
                assert file.read().splitlines()[evidence.line - 1] == evidence.text
