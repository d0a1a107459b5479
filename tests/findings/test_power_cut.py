"""`power-cut-during-shutdown`: a stop that broke off and left something broken, and the ends that only look like it."""

from __future__ import annotations

import pytest

RULE = "power-cut-during-shutdown"


def of(found, rule=RULE):
    return [finding for finding in found.findings if finding.rule == rule]


def stopping(log, command="clpstdn", reboot=False):
    """CLUSTERPRO was asked to stop, and its groups begin to."""
    number, verb = (32, "reboot") if reboot else (30, "stop")
    log.event("pm", number, f"Received a request to {verb} the system from {command}.")
    log.event("pm", 25 if reboot else 23, f"The system will be {'rebooted' if reboot else 'stopped'}.")
    log.event("pm", 2, "Shutting down the cluster daemon...").event("rc", 20, "Stopping group failover1 has started.")
    return log


def test_a_stop_of_clusterpro_that_breaks_off(machine, case):
    log = stopping(machine().boot().wait(600)).wait(600).boot(recovered=True)
    (finding,) = of(case(log))
    assert (finding.severity, finding.servers) == ("critical", ["svr031"])
    assert "likely" in finding.title.en
    assert "recovery required" in finding.summary.en
    assert "inferred" in finding.summary.en
    assert finding.related == ["svr031#1/end"]
    assert finding.evidence[0].text.endswith("Received a request to stop the system from clpstdn.")
    for value in (finding.title, finding.summary, finding.advice, finding.reference):
        assert value.en != value.ja


def test_a_stop_of_the_os_that_breaks_off_with_the_ups_on_battery(machine, case):
    log = machine().boot().wait(600).log("nut-monitor", "UPS ups1@localhost on battery", pid=400).wait(120)
    log.os_stop("halt").wait(600).boot(recovered=True)
    (finding,) = of(case(log))
    assert "Power had failed by then" in finding.summary.en


def test_syslog_that_merely_ends_early_says_nothing(machine, case):
    log = machine().boot().wait(600).clp_stop("clpstdn").wait(4000).boot()
    assert of(case(log)) == []
    assert of(case(stopping(machine("svr047").boot().wait(600)).wait(4000).boot())) == []


def test_something_broken_without_a_stop_is_no_cut_within_one(machine, case):
    assert of(case(machine().boot().wait(600).log("app", "works").wait(60).boot(recovered=True))) == []


@pytest.mark.parametrize(
    ("program", "line"),
    [
        ("systemd-journald", "Journal stopped"),
        ("systemd", "Reached target poweroff.target - System Power Off."),
        ("kernel", "[  123.456789] reboot: Power down"),
    ],
)
def test_an_end_that_a_log_shows_contradicts(machine, case, program, line):
    log = machine().boot().wait(600).clp_stop("clpstdn").log(program, line, pid=1 if program != "kernel" else "")
    assert of(case(log.wait(4000).boot(recovered=True))) == []


@pytest.mark.parametrize(
    ("program", "line"),
    [
        ("kernel", "[  999.100000] Kernel panic - not syncing: Fatal exception"),
        ("sbd", "/dev/sdb1:   notice: servant: Received command reset from svr047 on disk /dev/sdb1"),
        ("clusterpro", "<type: pm><event: 101> The system will be reset by ka."),
    ],
)
def test_a_crash_or_a_reset_on_record_explains_it_otherwise(machine, case, program, line):
    log = stopping(machine().boot().wait(600)).log(program, line, wait=5)
    assert of(case(log.wait(60).boot(recovered=True))) == []


def test_another_servers_reset_explains_it_otherwise(machine, case):
    log = stopping(machine().boot().wait(600))
    peer = machine("svr047").boot().at(log.now)
    peer.event("rc", 402, "System reset by BMC is requested. (destination server : svr031)")
    assert of(case(log.wait(60).boot(recovered=True), peer.wait(60).log("app", "works"))) == []


def test_a_reboot_needs_a_sign_of_the_power(machine, case):
    assert of(case(stopping(machine().boot().wait(600), "clpdown", reboot=True).wait(60).boot(recovered=True))) == []


def test_a_request_long_before_the_log_breaks_off_is_no_stop_under_way(machine, case):
    log = machine().boot().wait(600).event("down", 1, "There was a request to shutdown server from the clpdown.")
    assert of(case(log.wait(3600).log("app", "works").wait(60).boot(recovered=True))) == []


@pytest.mark.parametrize(("command", "fires"), [("/usr/sbin/clpdown", True), ("/usr/sbin/clpstat", False)])
def test_a_command_that_was_typed_just_before(machine, case, command, fires):
    log = machine().boot().wait(600).sudo("ope1", command).wait(9).log("app", "works").wait(600).boot(recovered=True)
    assert bool(of(case(log))) is fires


def test_a_broken_journal_file_alone_is_only_possible(machine, case):
    log = stopping(machine().boot().wait(600)).wait(600).boot()
    log.log(
        "systemd-journald",
        "File /var/log/journal/0af1/system.journal corrupted or uncleanly shut down, renaming and replacing.",
        pid=186,
    )
    (finding,) = of(case(log))
    assert finding.severity == "warning"
    assert "possible" in finding.title.en


def test_a_server_that_always_finds_something_broken_shows_nothing_by_it(machine, case):
    log = machine()
    for _ in range(5):
        log.boot(recovered=True).wait(600).clp_stop("clpstdn").wait(4000)
    assert of(case(log.boot(recovered=True))) == []
