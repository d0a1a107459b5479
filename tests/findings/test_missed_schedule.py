"""`missed-schedule`: a plan that was observably not followed, and all the ways in which that cannot be told."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

import acforensics

RULE = "missed-schedule"
OFF = datetime(2026, 11, 24, 20, 0, 0)
ON = datetime(2026, 11, 25, 8, 0, 0)


@pytest.fixture
def missed(tmp_path):
    """Analyse machines with the same schedule in each of their folders."""

    def analyse(*machines, plan=(f"OFF={OFF:%Y/%m/%d-%H:%M}", f"ON={ON:%Y/%m/%d-%H:%M}"), with_plan=None):
        for one in machines:
            folder = one.write(tmp_path)
            if with_plan is None or one.name in with_plan:
                (folder / "schedule.dat").write_text("\n".join(plan) + "\n", encoding="utf-8")
        found = acforensics.analyze([tmp_path], tz="Asia/Tokyo")
        return [finding for finding in found.findings if finding.rule == RULE]

    return analyse


def busy(log, until, every=240):
    """The machine logs on until a time."""
    while log.now < until:
        log.wait(every).log("app", "works")
    return log


def test_a_server_that_stays_on_through_a_planned_off(machine, missed):
    log = busy(machine().boot(), OFF + timedelta(hours=1))
    (finding,) = missed(log, plan=[f"OFF={OFF:%Y/%m/%d-%H:%M}"])
    assert (finding.severity, finding.servers) == ("warning", ["svr031"])
    assert "2026-11-24 20:00:00" in finding.summary.en
    assert "a plan as it stood when it was collected" in finding.summary.en
    assert finding.evidence[0].text == "OFF=2026/11/24-20:00"
    assert (finding.evidence[0].line, finding.evidence[0].kind) == (1, "ac.schedule_planned")
    for value in (finding.title, finding.summary, finding.advice, finding.reference):
        assert value.en != value.ja


def test_an_os_command_before_is_named(machine, missed):
    log = machine().boot().wait(600).sudo("ope1", "/sbin/reboot").os_stop("reboot").wait(60).boot()
    (finding,) = missed(busy(log, OFF + timedelta(hours=1)), plan=[f"OFF={OFF:%Y/%m/%d-%H:%M}"])
    assert "by an OS command (certain)" in finding.summary.en
    assert finding.related == ["svr031#1/end"]


@pytest.mark.parametrize("minutes", [-10, 0, 3, 14])
def test_a_stop_near_the_planned_time_follows_the_plan(machine, missed, minutes):
    log = busy(machine().boot(), OFF - timedelta(minutes=20)).at(OFF + timedelta(minutes=minutes)).os_stop("halt")
    assert missed(log.at(ON).boot()) == []


def test_a_server_that_was_off_then_missed_nothing(machine, missed):
    log = busy(machine().boot(), OFF - timedelta(hours=3)).clp_stop("clpstdn").at(ON).boot()
    assert missed(busy(log, ON + timedelta(hours=1))) == []


def test_a_gap_at_the_planned_time_shows_nothing(machine, missed):
    log = busy(machine().boot(), OFF - timedelta(hours=1), every=60).at(OFF + timedelta(hours=2)).log("app", "works")
    assert missed(busy(log, OFF + timedelta(hours=5), every=60)) == []


def test_logs_that_end_before_the_plan_is_due_show_nothing(machine, missed):
    assert missed(busy(machine().boot(), OFF + timedelta(minutes=10))) == []


def test_a_clock_that_jumped_over_the_planned_time_shows_nothing(machine, missed):
    log = busy(machine().boot(), OFF - timedelta(hours=1)).at(OFF + timedelta(hours=1))
    log.log("chronyd", "System clock was stepped by 7200.000000 seconds", pid=811)
    assert missed(busy(log, OFF + timedelta(hours=2))) == []


def pair(machine, late, halt="clpstdn"):
    """Both servers go down in the evening; svr031 comes back as planned, svr047 `late` after that."""
    first, second = machine("svr031"), machine("svr047", ac_group="AC_2")
    for own, other in ((first, "svr047"), (second, "svr031")):
        own.boot().event("nm", 1, f"Server {other} has started.").at(OFF)
    first.clp_stop("clpstdn")
    if halt == "os":
        second.sudo("ope1", "/sbin/halt").os_stop("halt")
    else:
        second.clp_stop("clpstdn", reboot=halt == "reboot")
    first.at(ON + timedelta(minutes=1)).boot()
    second.at(ON + late).boot()
    first.at(second.now - timedelta(seconds=3)).event("nm", 1, "Server svr047 has started.")
    return busy(first, second.now + timedelta(minutes=20)), busy(second, second.now + timedelta(minutes=20))


def test_a_server_that_does_not_start_with_the_others(machine, missed):
    (finding,) = missed(*pair(machine, timedelta(hours=2)))
    assert finding.servers == ["svr047"]
    assert "while svr031 did start then" in finding.summary.en
    assert "ON=2026/11/25-08:00" in [evidence.text for evidence in finding.evidence]


def test_the_halt_by_an_os_command_explains_it(machine, missed):
    (finding,) = missed(*pair(machine, timedelta(hours=2), halt="os"))
    assert "by an OS command" in finding.summary.en
    assert finding.related == ["svr047#1/end"]


def test_a_start_within_the_window_follows_the_plan(machine, missed):
    assert missed(*pair(machine, timedelta(minutes=9))) == []


def test_a_reboot_that_took_long_missed_no_start(machine, missed):
    assert missed(*pair(machine, timedelta(hours=2), halt="reboot")) == []


def test_alone_nothing_tells_a_missed_start_from_an_outage(machine, missed):
    _, second = pair(machine, timedelta(hours=2))
    assert missed(second) == []


def test_a_server_without_a_plan_missed_none(machine, missed):
    assert missed(*pair(machine, timedelta(hours=2)), with_plan=["svr031"]) == []


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ("OFF=2026/11/24-23:30", False),
        ("OFF=2026/11/23-20:00\nOFF=2026/11/25-20:00", False),
        ("OFF=2026/11/24-20:00", True),
        ("OFF=2026/12/24-20:00", True),
    ],
)
def test_a_plan_that_another_schedule_of_the_server_lacks_is_no_plan(machine, missed, tmp_path, other, told):
    (tmp_path / "svr031").mkdir()
    (tmp_path / "svr031" / "schedule.dat.bak").write_text(other + "\n", encoding="utf-8")
    log = busy(machine().boot(), OFF + timedelta(hours=1))
    assert len(missed(log, plan=[f"OFF={OFF:%Y/%m/%d-%H:%M}"])) == told
