"""`unclassified-near-shutdown`: who speaks before an end that is not certain, and who must not be named."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest

from acforensics.parsing.definitions import load

RULE = "unclassified-near-shutdown"


def findings(case):
    return [finding for finding in case.findings if finding.rule == RULE]


def undecided(log, program="ACDAEMON", before=60, text="input power lost", pid=812):
    """An hour, a message of an unknown program, and an orderly stop that nobody asked for."""
    return log.boot().wait(3600).log(program, text, pid=pid).wait(before).os_stop("halt").wait(4000).boot()


def test_an_unknown_program_before_an_undecided_end(machine, case):
    (finding,) = findings(case(undecided(machine())))
    assert finding.severity == "info"
    assert finding.servers == ["svr031"]
    assert "ACDAEMON" in finding.title.en
    assert "ACDAEMON" in finding.title.ja
    assert "60 s before svr031" in finding.summary.en
    assert "input power lost" in finding.summary.ja
    assert "parsers suggest" in finding.advice.en
    assert finding.related == ["svr031#1/end"]
    assert [evidence.text.endswith("ACDAEMON[812]: input power lost") for evidence in finding.evidence] == [True]
    assert finding.evidence[0].line is not None


@pytest.mark.parametrize(("before", "told"), [(600, True), (601, False)])
def test_ten_minutes_before_the_end_and_not_a_second_more(machine, case, before, told):
    assert bool(findings(case(undecided(machine(), before=before)))) is told


def test_one_finding_for_a_program_on_all_servers(machine, case):
    found = findings(case(undecided(machine("svr031")), undecided(machine("svr047"), before=20)))
    assert [finding.servers for finding in found] == [["svr031", "svr047"]]
    assert "before 2 ends" in found[0].summary.en
    assert "20 s before svr047" in found[0].summary.en


def test_bystanders_are_no_finding(machine, case):
    log = machine().boot().wait(3600)
    for program in ("dbus-daemon", "NetworkManager", "sssd_be", "systemd-udevd", "(sd-pam)"):
        log.log(program, "power lost", pid=7)
    assert findings(case(log.wait(5).os_stop("halt").wait(4000).boot())) == []


@pytest.fixture(scope="module")
def bystanders():
    return {one for file in load() for one in file.bystanders}


@pytest.mark.parametrize(
    "program",
    ["vmtoolsd", "waagent", "cloud-init", "libvirtd", "upowerd", "ipmievd", "puppet-agent", "ansible-command", "auditd",
     "needrestart", "unattended-upgrade", "packagekitd", "run-parts", "anacron", "watchdog", "snmpd", "usbhid-ups"],
)  # fmt: skip
def test_who_may_end_a_machine_is_no_bystander(bystanders, program):
    assert bystanders
    assert not any(fnmatchcase(program, one) for one in bystanders)


def test_silent_about_a_certain_end(machine, case):
    log = machine().boot().wait(3600).log("ACDAEMON", "hello", pid=812).wait(5).clp_stop("clpdown").wait(60).boot()
    assert findings(case(log)) == []


def certain(log, turns, gaps=(5,)):
    for _ in range(turns):
        log.boot().wait(3600)
        for gap in gaps:
            log.log("ACDAEMON", "hello", pid=812).wait(gap)
        log.clp_stop("clpdown").wait(60)
    return log.boot()


@pytest.mark.parametrize(("turns", "told"), [(3, True), (2, False)])
def test_right_before_each_of_many_certain_ends(machine, case, turns, told):
    found = findings(case(certain(machine(), turns)))
    assert bool(found) is told
    assert all("right before every one" in finding.summary.en for finding in found)


def test_a_program_that_always_talks_is_not_told_of_certain_ends(machine, case):
    assert findings(case(certain(machine(), 3, gaps=(100, 100, 100, 5)))) == []


def test_after_a_start_only_is_no_finding(machine, case):
    log = machine().boot().wait(20).log("ACDAEMON", "started", pid=812).wait(3600).os_stop("halt").wait(4000).boot()
    assert findings(case(log)) == []


def test_what_is_said_during_the_stop_is_a_consequence(machine, case):
    log = machine().boot().wait(3600).os_stop("halt").log("ACDAEMON", "stopped", pid=812).wait(4000).boot()
    assert findings(case(log)) == []


@pytest.mark.parametrize("text", ["UPS 電源異常を検出しました", "received event 12"])
def test_programs_of_guessed_names_count_as_unknown(machine, case, text):
    (finding,) = findings(case(undecided(machine(), program="AUTORC", text=text)))
    assert text in finding.summary.en


def test_many_programs_are_bounded(machine, case):
    log = machine().boot().wait(3600)
    for number in range(14):
        log.log(f"unknown{number:02d}", "hello", pid=7, wait=3)
    found = findings(case(log.wait(10).os_stop("halt").wait(4000).boot()))
    assert len(found) == 11
    (others,) = [finding for finding in found if "4 more programs" in finding.title.en]
    assert "unknown00, unknown03" not in others.summary.en
    assert all(f"unknown{number:02d}" in others.summary.en for number in range(4))
