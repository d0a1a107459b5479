"""One story with one root: a power failure on one server, its shutdown, the failover, the late disk, the reboot loop."""

from __future__ import annotations

from datetime import datetime

import pytest

import acforensics
from samples.scenario import Machine

NIGHT = datetime(2026, 11, 24, 1, 0, 0)


def two():
    return Machine("svr031", NIGHT, ac_group="AC_1"), Machine("svr047", NIGHT.replace(second=7), ac_group="AC_2")


def analysed(tmp_path, *machines):
    for machine in machines:
        machine.write(tmp_path)
    return acforensics.analyze([tmp_path]).model


def power_failure(machine):
    """NUT sees the mains fail and shuts the server down."""
    machine.log("upsmon", "UPS ups1@localhost on battery", pid=700)
    machine.log("upsmon", "UPS ups1@localhost battery is low", pid=700, wait=240)
    machine.log("upsmon", "Executing automatic power-fail shutdown", pid=700, wait=1)
    machine.log("upsmon", "Auto logout and shutdown proceeding", pid=700)
    return machine.wait(5).os_stop("halt")


def takes_over(machine, other, group="failover1"):
    machine.event("nm", 4, f"Resource lankhb1 of server {other} has stopped.")
    machine.event("nm", 2, f"Server {other} has been stopped.")
    machine.event("rc", 60, f"Failover group {group} has started.")
    return machine.event("rc", 61, f"Failover group {group} has completed.", wait=9)


@pytest.fixture
def chain(tmp_path):
    first, second = two()
    for machine in (first, second):
        machine.boot().at(datetime(2026, 11, 24, 3, 0, 0))
    power_failure(first)
    second.at(first.now).wait(20)
    takes_over(second, "svr031")
    first.at(datetime(2026, 11, 24, 3, 30, 0))
    for _ in range(3):
        first.boot().disk_error_reboot()
        first.wait(45)
    first.boot().event("rm", 1, "Monitoring diskw1 has started.", wait=20)
    first.event("rm", 26, "Monitoring diskw1 status changed from error to normal.", wait=30)
    return analysed(tmp_path, first, second)


def rules(model, incident):
    return {model.findings[place].rule for place in incident.findings}


def test_the_whole_chain_is_one_incident_with_the_power_failure_as_its_root(chain):
    assert len(chain.incidents) == 1
    incident = chain.incidents[0]
    assert incident.servers == ["svr031", "svr047"]
    assert set(incident.shutdowns) == {shutdown.id for shutdown in chain.shutdowns}
    assert {"reboot-loop", "shared-disk-late"} <= rules(chain, incident)
    root = incident.parts[incident.root]
    assert "power failure" in root.text.en
    assert root.evidence[0].kind == "ups.on_battery"


def test_each_part_names_what_led_to_it(chain):
    incident = chain.incidents[0]
    texts = [part.text.en for part in incident.parts]

    def causes(start):
        part = next(part for part in incident.parts if start in part.text.en)
        return {(texts[one.part], one.recorded) for one in part.because if one.relation == "causes"}

    assert any("power failure" in cause for cause, _ in causes("svr031 shuts down"))
    assert any("svr031 shuts down" in cause for cause, recorded in causes("failover1 fails over to svr047") if recorded)
    assert any("svr031 shuts down" in cause for cause, recorded in causes("disk") if not recorded)
    assert any("disk" in cause for cause, recorded in causes("svr031 reboots") if recorded)


def test_both_readings_of_the_control_terminal_are_given_where_the_logs_do_not_decide(chain):
    readings = [reading.en for reading in chain.incidents[0].readings]
    assert len(readings) == 2
    assert "machine of its own" in readings[0]
    assert "a cluster server is the control terminal" in readings[1]


def test_the_parts_are_in_order_of_time_and_have_evidence(chain):
    parts = chain.incidents[0].parts
    assert [part.time for part in parts] == sorted(part.time for part in parts)
    assert all(part.evidence and part.evidence[0].line for part in parts)


def test_a_cluster_shutdown_is_one_incident_without_findings(tmp_path):
    first, second = two()
    for machine in (first, second):
        machine.boot().at(datetime(2026, 11, 24, 22, 0, 0)).clp_stop("clpstdn")
    model = analysed(tmp_path, first, second)
    assert [(incident.servers, incident.severity) for incident in model.incidents] == [(["svr031", "svr047"], None)]
    (because,) = model.incidents[0].parts[1].because
    assert (because.relation, because.part) == ("together", 0)


def test_two_operators_on_two_servers_are_two_incidents(tmp_path):
    first, second = two()
    for machine, user in ((first, "ope1"), (second, "ope2")):
        machine.boot().at(datetime(2026, 11, 24, 18, 0, 0)).login(user)
        machine.sudo(user, "/usr/sbin/shutdown -h now").wait(1).os_stop("halt")
    model = analysed(tmp_path, first, second)
    assert [incident.servers for incident in model.incidents] == [["svr031"], ["svr047"]]
    assert all(not part.because for incident in model.incidents for part in incident.parts)


def test_a_failover_is_not_laid_at_the_door_of_a_server_that_nobody_saw_stop(tmp_path):
    first, second = two()
    for machine in (first, second):
        machine.boot().at(datetime(2026, 11, 24, 18, 0, 0))
    first.login("ope1").sudo("ope1", "/usr/sbin/shutdown -h now").wait(1).os_stop("halt")
    # svr047 moves a group at the same time, without a word of svr031.
    second.event("rc", 60, "Failover group failover2 has started.")
    model = analysed(tmp_path, first, second)
    (incident,) = model.incidents
    assert incident.servers == ["svr031"]
    assert len(incident.parts) == 1


def test_power_that_came_back_before_a_later_loss_is_not_its_cause(tmp_path):
    first, _ = two()
    first.boot().at(datetime(2026, 11, 24, 3, 0, 0))
    first.log("upsmon", "UPS ups1@localhost on battery", pid=700)
    first.log("upsmon", "UPS ups1@localhost on line power", pid=700, wait=60)
    first.at(datetime(2026, 11, 24, 4, 0, 0)).log("CROND", "(root) CMD (x)", pid=9)
    first.at(datetime(2026, 11, 24, 4, 30, 0)).boot(recovered=True)
    model = analysed(tmp_path, first)
    (incident,) = model.incidents
    assert incident.parts[incident.root].shutdown is not None
    assert not incident.parts[0].because


def test_every_end_is_in_exactly_one_incident(chain):
    named = [name for incident in chain.incidents for name in incident.shutdowns]
    assert sorted(named) == sorted(shutdown.id for shutdown in chain.shutdowns)


@pytest.mark.parametrize("ran_on_third", [True, False])
def test_a_failover_of_what_ran_on_a_third_server_is_no_effect_of_the_server_that_stopped(tmp_path, ran_on_third):
    """svr031 stops; two minutes later failover3 comes to svr047: a monitor failed on svr053, which runs on."""
    first, second = two()
    third = Machine("svr053", NIGHT.replace(second=9), ac_group="AC_3")
    for machine in (first, second, third):
        machine.boot()
    (third if ran_on_third else first).event("rc", 11, "Activating group failover3 has completed.")
    for machine in (first, second, third):
        machine.at(datetime(2026, 11, 24, 3, 0, 0))
    power_failure(first)
    second.at(first.now).wait(20)
    second.event("nm", 2, "Server svr031 has been stopped.")
    second.event("rc", 60, "Failover group failover3 has started.", wait=120)
    incidents = analysed(tmp_path, first, second, third).incidents
    assert [incident.servers for incident in incidents] == [["svr031"] if ran_on_third else ["svr031", "svr047"]]


@pytest.mark.parametrize("tested", [True, False])
def test_a_battery_that_is_only_tested_is_no_power_failure(machine, case, tested) -> None:
    log = machine("svr031").boot().wait(600)
    if tested:
        log.log("upsmon", "UPS ups1@localhost: calibration in progress", pid=412).wait(1)
    log.log("upsmon", "UPS ups1@localhost on battery", pid=412).wait(30)
    log.log("upsmon", "Executing automatic power-fail shutdown", pid=412).wait(2).os_stop("halt").wait(600).boot()
    (incident,) = case(log).model.incidents
    assert ("power failure" in incident.parts[incident.root].text.en) == (not tested)
