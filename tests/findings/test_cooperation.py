"""Rules about servers, their shared disk, ESMPRO/AC and UPSs together: each fires, and the nearest case does not."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

TIMEOUT = "Timeout occurred during the wait for startup of all servers."
DISK_ERROR = "Detected an error in monitoring diskw1. (8 : Failed to open the device. Check the disk device /dev/sdb.)"


def of(found, rule):
    return [finding for finding in found.findings if finding.rule == rule]


def only(found, rule):
    (finding,) = of(found, rule)
    for value in (finding.title, finding.summary, finding.advice, finding.reference):
        assert value.en != value.ja
        assert "{" not in value.en + value.ja
    for evidence in finding.evidence:
        with open(evidence.input, encoding="utf-8") as file:  # noqa: PTH123
            assert file.read().splitlines()[evidence.line - 1] == evidence.text
    return finding


# --- startup-wait-timeout


def waiting(log, *, peer="svr047", minutes=5, number=7, text=TIMEOUT):
    """A boot that waits for all servers; `minutes` later the wait is over in the given way."""
    log.event("nm", 5, "Waiting for all servers to start.")
    return log.event("nm", number, text, wait=minutes * 60).wait(5).event("rc", 10, "Activating group failover1.")


def seen_before(log, peer="svr047"):
    """A boot in which the peer was seen, so that the case knows the cluster's members, and an orderly end."""
    log.boot().event("nm", 1, f"Server {peer} has started.").wait(60).clp_stop("clpstdn")
    return log.wait(3600)


def test_the_server_that_was_waited_for_and_how_long(machine, case):
    log = waiting(seen_before(machine()).boot())
    log.event("nm", 1, "Server svr047 has started.", wait=90)
    finding = only(case(log), "startup-wait-timeout")
    assert (finding.severity, finding.servers) == ("warning", ["svr031"])
    assert "without svr047" in finding.title.en
    assert "waited 5 min 0 s" in finding.summary.en
    assert "It saw svr047 start" in finding.summary.en
    assert "Logs of svr047 are not in this case" in finding.summary.en
    assert "HOWTO chapter 4" in finding.reference.en


@pytest.mark.parametrize(
    ("number", "text"),
    [(6, "All servers have started."), (9, "Waiting for startup of all servers has been canceled.")],
)
def test_a_wait_that_ended_otherwise_is_no_timeout(machine, case, number, text):
    log = waiting(seen_before(machine()).boot(), minutes=0.2, number=number, text=text)
    assert of(case(log), "startup-wait-timeout") == []


def test_one_wait_is_told_once(machine, case):
    log = waiting(seen_before(machine()).boot())
    log.event("nm", 8, f"{TIMEOUT} (Cannot communicate with some servers.)")
    assert len(of(case(log), "startup-wait-timeout")) == 1


def test_without_the_beginning_and_without_members_nothing_is_made_up(machine, case):
    log = machine().boot().event("nm", 8, f"{TIMEOUT} (Cannot communicate with some servers.)", wait=300)
    finding = only(case(log.wait(5).log("app", "works")), "startup-wait-timeout")
    assert "when the wait began is not in these logs" in finding.summary.en
    assert "Cannot communicate with some servers." in finding.summary.en
    assert "name no other server" in finding.summary.en


def test_a_server_that_was_seen_is_not_accused(machine, case):
    log = seen_before(machine()).boot().event("nm", 1, "Server svr047 has started.")
    finding = only(case(waiting(log)), "startup-wait-timeout")
    assert "svr047 had been seen to start" in finding.summary.en
    assert "without" not in finding.title.en


def two_servers(machine, case, late_by, **options):
    """svr031 waits 5 minutes; the boot of svr047 begins `late_by` seconds after the wait is over."""
    first, second = machine("svr031"), machine("svr047", **options)
    for own, other in ((first, second), (second, first)):
        own.boot().event("nm", 1, f"Server {other.name} has started.").at(datetime(2026, 11, 24, 9, 5, 0))
    for own in (first, second):
        own.clp_stop("clpstdn")
    first.at(datetime(2026, 11, 24, 12, 0, 0)).boot()
    waiting(first)
    end = first.now - timedelta(seconds=6)
    second.at(end + timedelta(seconds=late_by)).boot()
    first.at(second.now).event("nm", 1, "Server svr047 has started.")
    return only(case(first, second), "startup-wait-timeout")


def test_the_late_servers_own_boot_is_put_on_the_cases_clock(machine, case):
    summary = two_servers(machine, case, 120, skew=3600).summary.en
    assert "svr047 began to boot at 2026-11-24 13:07:11 (case clock 12:07:11)" in summary
    assert "after the wait had ended" in summary


def test_no_order_is_claimed_inside_the_uncertainty(machine, case):
    summary = two_servers(machine, case, 0).summary.en
    assert "which came first cannot be told" in summary or "clock compares is not known" in summary


# --- shared-disk-late


def late_disk(log, turns=2):
    for _ in range(turns):
        log.boot().disk_error_reboot().wait(45)
    return log.boot()


def test_a_disk_that_is_back_after_reboots(machine, case):
    log = late_disk(machine()).event("rm", 1, "Monitoring diskw1 has started.", wait=20)
    finding = only(case(log.wait(300).log("app", "works")), "shared-disk-late")
    assert (finding.severity, finding.servers) == ("warning", ["svr031"])
    assert "2 boots in a row" in finding.summary.en
    assert "is monitored and the logs of that boot hold no further error" in finding.summary.en
    assert "inferred" in finding.summary.en
    assert "own machine" in finding.advice.en
    assert "on a cluster server" in finding.advice.en
    assert "footnote 3" in finding.reference.en


@pytest.mark.parametrize(
    ("module", "number", "text", "told"),
    [
        ("rm", 26, "diskw1 status changed from error to normal.", "back to normal"),
        ("rm", 26, "Monitoring diskw1 status changed from error to normal.", "back to normal"),
        ("rm", 100, "Restart count exceeded the maximum of 2. Final action of monitoring diskw1 will not be executed.",
         "restart limit was reached"),
        ("rm", 192, "Ignored the recovery action in monitoring diskw1 because the recovery function is disabled.",
         "suppressed"),
    ],
)  # fmt: skip
def test_how_it_ended_in_the_same_boot(machine, case, module, number, text, told):
    found = case(machine().boot().event("rm", 9, DISK_ERROR, wait=60).event(module, number, text, wait=120))
    assert told in only(found, "shared-disk-late").summary.en


def test_a_disk_resource_that_is_activated_later(machine, case):
    log = machine().boot().event("rc", 32, "Activating disk1 resource has failed.(99 : Mount failed.)", wait=60)
    log.event("rc", 31, "Activating disk1 resource has completed.", wait=200)
    assert "disk1 could not be activated" in only(case(log), "shared-disk-late").summary.en


def test_an_error_in_the_middle_of_a_long_uptime_is_no_late_disk(machine, case):
    log = machine().boot().wait(20 * 60).event("rm", 9, DISK_ERROR)
    log.event("rm", 26, "Monitoring diskw1 status changed from error to normal.", wait=60)
    assert of(case(log), "shared-disk-late") == []


def test_a_disk_that_fails_at_work_and_keeps_failing_is_no_late_disk(machine, case):
    log = machine().boot().wait(3600).disk_error_reboot().wait(45)
    log.boot().disk_error_reboot().wait(45).boot().event("rm", 26, "diskw1 status changed from error to normal.")
    assert of(case(log), "shared-disk-late") == []


def judged_as(found):
    return [one.id for one in found.model.sequences if one.id in ("shared-disk-late", "normal-start")]


@pytest.mark.parametrize(("watched", "late"), [(300, True), (480, False)])
def test_a_disk_that_its_monitor_watched_for_minutes_was_there(machine, case, watched, late):
    """Within the first quarter of an hour: longer than a monitor takes to find an error, and not so long."""
    log = machine().boot().event("rm", 1, "Monitoring diskw1 has started.", wait=60)
    log.wait(watched - 20).disk_error_reboot().wait(45).boot()
    found = case(log.event("rm", 1, "Monitoring diskw1 has started.", wait=20).log("app", "works", wait=3600))
    assert bool(of(found, "shared-disk-late")) is late
    assert judged_as(found) == ["shared-disk-late" if late else "normal-start", "normal-start"]


@pytest.mark.parametrize("power", [True, False])
def test_a_start_after_a_disk_failed_in_use_is_no_start_with_a_late_disk(machine, case, power):
    """Unless power failed: that may be why the disk was gone, and why it is late."""
    log = machine().boot().event("rm", 1, "Monitoring diskw1 has started.").wait(3600)
    if power:
        log.event("rm", 9, DISK_ERROR).wait(60).boot(recovered=True)
    else:
        log.disk_error_reboot().wait(45).boot()
    log.disk_error_reboot().wait(45).boot().event("rm", 26, "diskw1 status changed from error to normal.")
    found = case(log.log("app", "works", wait=600))
    before = found.shutdowns[0].trigger
    assert before == ("power-loss" if power else "clusterpro-recovery"), before
    assert judged_as(found) == ["normal-start", "shared-disk-late" if power else "normal-start", "normal-start"]
    assert not any("shared disk is not there" in finding.title.en for finding in found.findings)


def test_a_disk_that_was_usable_before_in_this_boot_is_no_late_disk(machine, case):
    log = (
        machine().boot().event("rc", 31, "Activating disk1 resource has completed.").event("rm", 9, DISK_ERROR, wait=99)
    )
    log.event("rm", 26, "Monitoring diskw1 status changed from error to normal.", wait=60)
    assert of(case(log), "shared-disk-late") == []


def test_a_disk_that_never_comes_back_is_not_called_late(machine, case):
    assert of(case(late_disk(machine()).wait(300).log("app", "works")), "shared-disk-late") == []


def test_a_start_that_the_logs_do_not_show_proves_nothing(machine, case):
    log = machine().event("rm", 9, DISK_ERROR, wait=60).event("rm", 26, "diskw1 status changed from error to normal.")
    assert of(case(log), "shared-disk-late") == []


@pytest.mark.parametrize("name", ["mdw1", "miiw1"])
def test_mirrored_disks_and_other_monitors_are_not_shared_disks(machine, case, name):
    detail = "65 : Both local and remote mirror disks are abnormal.(md1)" if name == "mdw1" else "8 : device down"
    log = machine().boot().event("rm", 9, f"Detected an error in monitoring {name}. ({detail})", wait=60)
    log.event("rm", 26, f"Monitoring {name} status changed from error to normal.", wait=60)
    assert of(case(log), "shared-disk-late") == []


def test_a_power_loss_before_supports_it_and_is_not_required(machine, case):
    log = machine().boot().wait(600).log("app", "works").wait(900).boot(recovered=True).event("rm", 9, DISK_ERROR)
    log.event("rm", 26, "Monitoring diskw1 status changed from error to normal.", wait=60)
    assert "supports it" in only(case(log), "shared-disk-late").summary.en


OUTPUT_ON = """
name = "site-ups"
title = { en = "UPS of this site", ja = "この拠点の UPS" }
description = "Its outputs."
[[event]]
id = "output-on"
kind = "ups.output_on"
programs = ["upslog"]
pattern = '^outlet (?P<ups>\\\\S+) on$'
status = "unverified"
source = "test"
examples = ["Nov 24 09:04:23 svr031 upslog: outlet disk on"]
"""


@pytest.mark.parametrize(("at", "told"), [("between", True), ("before", False)])
def test_a_record_of_the_ups_output_is_shown_if_it_lies_between(machine, case, tmp_path, at, told):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "ups.toml").write_text(OUTPUT_ON.replace("\\\\S", "\\S"), encoding="utf-8")
    log = machine()
    if at == "before":
        log.log("upslog", "outlet disk on").wait(60)
    log.boot().event("rm", 9, DISK_ERROR)
    if at == "between":
        log.wait(30).log("upslog", "outlet disk on")
    log.event("rm", 26, "Monitoring diskw1 status changed from error to normal.", wait=60)
    finding = only(case(log, parsers=[tmp_path / "site"]), "shared-disk-late")
    assert ("outlet disk on" in finding.summary.en) is told
    assert ("no record in this case tells" in finding.summary.en) is not told


def test_servers_that_lack_their_disk_together_share_one_finding(machine, case):
    logs = [late_disk(machine(name)).event("rm", 26, "Monitoring diskw1 status changed from error to normal.")
            for name in ("svr031", "svr047")]  # fmt: skip
    assert only(case(*logs), "shared-disk-late").servers == ["svr031", "svr047"]


# --- restart-limit-reached


def test_the_restart_limit_with_its_number_and_monitor(machine, case):
    log = machine().boot().event("rm", 9, DISK_ERROR, wait=30)
    log.event(
        "rm", 100, "Restart count exceeded the maximum of 3. Final action of monitoring diskw1 will not be executed."
    )
    finding = only(case(log), "restart-limit-reached")
    assert finding.severity == "warning"
    assert "diskw1" in finding.title.en
    assert "The limit is 3." in finding.summary.en
    assert "stays up with the error" in finding.summary.en
    assert [e.kind for e in finding.evidence] == ["clusterpro.restart_limit_reached", "clusterpro.monitor_error"]


def test_the_limit_of_a_resource_and_an_error_that_is_over(machine, case):
    log = machine().boot()
    log.event(
        "rc", 100, "Restart count exceeded the maximum value 2. Final action of resource disk1 will not be executed."
    )
    log.event("rc", 31, "Activating disk1 resource has completed.", wait=99)
    assert "The error of disk1 was over" in only(case(log), "restart-limit-reached").summary.en


def test_a_final_action_that_was_run_is_no_limit(machine, case):
    assert of(case(machine().boot().disk_error_reboot().wait(45).boot()), "restart-limit-reached") == []


# --- benign-stop-failed-message

FAILED = "clusterpro.service: Failed with result 'exit-code'."


def test_a_failed_stop_after_a_clp_command_is_harmless(machine, case):
    log = machine().boot().wait(60).clp_stop("clpstdn").log("systemd", FAILED, pid=1)
    log.log("clusterpro", "Shutting down CLUSTERPRO X daemon:  [FAILED]", pid=801)
    finding = only(case(log.wait(4000).boot()), "benign-stop-failed-message")
    assert finding.severity == "info"
    assert "2 lines" in finding.summary.en
    assert "HOWTO chapter 5" in finding.reference.en


def test_after_an_os_command_it_is_not_called_harmless(machine, case):
    log = machine().boot().wait(60).sudo("ope1", "/sbin/halt").os_stop("halt").log("systemd", FAILED, pid=1)
    assert of(case(log.wait(4000).boot()), "benign-stop-failed-message") == []


@pytest.mark.parametrize("line", ["httpd.service: Failed with result 'exit-code'.", "clusterpro.service: Deactivated."])
def test_other_messages_are_not_called_harmless(machine, case, line):
    log = machine().boot().wait(60).clp_stop("clpstdn").log("systemd", line, pid=1)
    assert of(case(log.wait(4000).boot()), "benign-stop-failed-message") == []


def test_a_failure_before_the_stop_is_not_called_harmless(machine, case):
    log = machine().boot().log("systemd", FAILED, pid=1).wait(600).clp_stop("clpstdn")
    assert of(case(log.wait(4000).boot()), "benign-stop-failed-message") == []


def test_a_group_that_really_failed_to_stop_is_not_called_harmless(machine, case):
    log = machine().boot().wait(60).clp_stop("clpstdn")
    log.event("rc", 22, "Stopping group failover1 has failed.").log("systemd", FAILED, pid=1)
    assert of(case(log.wait(4000).boot()), "benign-stop-failed-message") == []
