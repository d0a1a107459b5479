"""Rules that rest on judged sequences and on settings: each where it fires, and at the nearest place where it must not."""

from __future__ import annotations

from datetime import datetime

import pytest

import acforensics
from acforensics.case import to_json
from acforensics.rendering.markdown import render
from samples.scenario import Machine
from tests.settings.cluster import OWN_CODE, STOP, configuration

NIGHT = datetime(2026, 11, 24, 1, 0, 0)
EVENING = datetime(2026, 11, 24, 22, 0, 0)


def two():
    return Machine("svr031", NIGHT, ac_group="AC_1"), Machine("svr047", NIGHT.replace(second=7), ac_group="AC_2")


def analysed(tmp_path, *machines, files=None):
    for machine in machines:
        machine.write(tmp_path)
    for path, content in (files or {}).items():
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
    return acforensics.analyze([tmp_path]).model


def found(model, rule):
    return [finding for finding in model.findings if finding.rule == rule]


def orderly(machine, *, business=0.0, wait=30.0, lines=2, command="clpstdn", tag="CLUSTERPRO", text="AC EXEC COMMAND"):
    """A stop in which a business group takes `business` seconds, and stop.sh waits `wait`."""
    script = f"exec_{machine.ac_group.lower()}"
    machine.event("pm", 30, f"Received a request to stop the system from {command}.")
    machine.event("pm", 23, "The system will be stopped.")
    machine.event("pm", 2, "Shutting down the cluster daemon...", wait=0)
    machine.event("rc", 20, "Stopping group failover1 has started.", wait=0)
    machine.event("rc", 20, f"Stopping group {machine.ac_group} has started.", wait=0)
    machine.event("rc", 40, f"Stopping {script} resource has started.", wait=0)
    if business <= wait:
        machine.event("rc", 21, "Stopping group failover1 has completed.", wait=business)
    if lines:
        machine.log(tag, text, pid=None, wait=wait - business if business <= wait else wait)
    if lines > 1:
        machine.log(tag, text, pid=None, wait=2)
    if business > wait:
        machine.event("rc", 21, "Stopping group failover1 has completed.", wait=business - wait - 2)
    machine.wait(30)
    machine.event("rc", 41, f"Stopping {script} resource has completed.", wait=0)
    machine.event("rc", 21, f"Stopping group {machine.ac_group} has completed.", wait=0)
    ended = (
        (90, "All the servers in the cluster were shut down.")
        if command == "clpstdn"
        else (91, "The server was shut down.")
    )
    machine.event("rc", *ended)
    return machine.os_stop("halt", cluster=False)


# --- stop-wait-too-short


def test_a_wait_that_is_over_before_a_business_group_has_stopped_is_too_short(tmp_path):
    first, second = two()
    orderly(first.boot().at(EVENING), business=50)
    orderly(second.boot().at(EVENING), business=5)
    (finding,) = found(analysed(tmp_path, first, second), "stop-wait-too-short")
    assert finding.servers == ["svr031"]
    assert "failover1" in finding.summary.en
    # 50 s from the start of stop.sh, at least 10 s to spare, in tens.
    assert "60 seconds" in finding.summary.en
    assert "60 秒" in finding.summary.ja
    assert {evidence.kind for evidence in finding.evidence} >= {"ac.exec_command", "clusterpro.group_stopped"}
    assert all(evidence.line for evidence in finding.evidence)


def test_a_group_that_stops_in_the_same_second_as_the_command_but_before_it_is_in_time(tmp_path):
    first, _ = two()
    orderly(first.boot().at(EVENING), business=30, wait=30)
    assert not found(analysed(tmp_path, first), "stop-wait-too-short")


def test_the_ac_groups_own_stop_after_the_command_is_no_business_group_that_was_overtaken(tmp_path):
    first = Machine("svr031", NIGHT, ac_group="UPSGRP")
    orderly(first.boot().at(EVENING), business=5)
    model = analysed(tmp_path, first)
    assert not found(model, "stop-wait-too-short")
    assert not found(model, "sequence-deviation")


def test_the_wait_of_the_script_in_the_bundle_is_named(tmp_path):
    first, _ = two()
    orderly(first.boot().at(EVENING), business=50)
    files = {"svr031/etc/clp.conf": configuration(), "svr031/scripts/AC_1/exec_ac1/stop.sh": STOP}
    (finding,) = found(analysed(tmp_path, first, files=files), "stop-wait-too-short")
    assert "waits 30 seconds" in finding.summary.en
    assert "stop.sh:" in finding.summary.en


@pytest.mark.parametrize(("place", "fires"), [(0, False), (2, True)])
def test_a_group_whose_stop_has_failed_is_not_waited_for(tmp_path, place, fires):
    """rc 22 of a business group, before the first line of stop.sh or after the second."""
    log, _ = two()
    log.boot().at(EVENING)
    log.event("rc", 20, "Stopping group failover1 has started.")
    log.event("rc", 20, "Stopping group AC_1 has started.").event("rc", 40, "Stopping exec_ac_1 resource has started.")
    for number in range(3):
        if number == place:
            log.event("rc", 22, "Stopping group failover1 has failed.", wait=9)
        if number < 2:
            log.log("CLUSTERPRO", "AC EXEC COMMAND", pid=None, wait=9)
    log.event("rc", 41, "Stopping exec_ac_1 resource has completed.", wait=30)
    log.event("rc", 21, "Stopping group AC_1 has completed.")
    log.event("rc", 90, "All the servers in the cluster were shut down.")
    log.event("pm", 30, "Received a request to stop the system from clpstdn.").event(
        "pm", 23, "The system will be stopped."
    )
    assert bool(found(analysed(tmp_path, log.os_stop("halt", cluster=False)), "stop-wait-too-short")) is fires


# --- cluster-shutdown-incomplete


def test_a_group_that_was_stopped_long_before_does_not_date_the_request(tmp_path):
    first, second = two()
    second.boot().at(EVENING.replace(hour=21, minute=40))
    second.event("rc", 20, "Stopping group AC_2 has started.").event("rc", 21, "Stopping group AC_2 has completed.")
    orderly(first.boot().at(EVENING), business=5)
    orderly(second.at(EVENING), business=5, lines=0)
    (finding,) = found(analysed(tmp_path, first, second), "cluster-shutdown-incomplete")
    assert "asked to stop at 2026-11-24 22:00:0" in finding.summary.en
    assert len(finding.related) == 2


def test_a_server_of_a_cluster_shutdown_without_its_ac_command_is_named(tmp_path):
    first, second = two()
    orderly(first.boot().at(EVENING), business=5)
    orderly(second.boot().at(EVENING), business=5, lines=0)
    (finding,) = found(analysed(tmp_path, first, second), "cluster-shutdown-incomplete")
    assert finding.servers == ["svr047"]
    assert "svr031" in finding.summary.en
    assert len(finding.related) == 2


def test_a_complete_cluster_shutdown_is_none(tmp_path):
    first, second = two()
    for machine in (first, second):
        orderly(machine.boot().at(EVENING), business=5)
    model = analysed(tmp_path, first, second)
    assert not found(model, "cluster-shutdown-incomplete")
    assert {shutdown.verdict for shutdown in model.shutdowns} == {"conforms"}


def test_a_log_that_breaks_off_before_the_command_proves_nothing(tmp_path):
    first, second = two()
    orderly(first.boot().at(EVENING), business=5)
    orderly(second.boot().at(EVENING), business=5, lines=0)
    second.files["messages"] = [line for line in second.files["messages"] if line.split()[2] <= "22:00:09"]
    model = analysed(tmp_path, first, second)
    assert not found(model, "cluster-shutdown-incomplete")


def test_a_shutdown_of_one_server_is_no_incomplete_one_of_the_cluster(tmp_path):
    first, second = two()
    orderly(first.boot().at(EVENING), business=5, command="clpdown")
    second.boot().at(EVENING).wait(60).event("nm", 2, "Server svr031 has been stopped.")
    second.wait(600).event("rm", 1, "Monitoring userw has started.")
    assert not found(analysed(tmp_path, first, second), "cluster-shutdown-incomplete")


# --- ac-option-mismatch


AMCCMD = 'type=EXECVE msg=audit({at}.000:9): argc=7 a0="/usr/local/AUTORC/amccmd" a1="-downrequest" a2="{option}" a3="127.0.0.1" a4="svr031" a5="x"'


@pytest.mark.parametrize(("option", "fires"), [("ShutdownReboot", True), ("ShutdownOff", False)])
def test_another_option_than_what_follows_is_a_mismatch(tmp_path, option, fires):
    first, _ = two()
    orderly(first.boot().at(EVENING), business=5)
    at = int(datetime.fromisoformat("2026-11-24T22:00:34+09:00").timestamp())
    files = {"svr031/var/log/audit/audit.log": AMCCMD.format(at=at, option=option) + "\n"}
    assert bool(found(analysed(tmp_path, first, files=files), "ac-option-mismatch")) == fires


def test_a_script_that_would_give_the_wrong_option_is_one_as_well(tmp_path):
    first, _ = two()
    orderly(first.boot().at(EVENING), business=5)
    wrong = STOP.replace("ShutdownReboot", "ShutdownOff")
    files = {"svr031/etc/clp.conf": configuration(), "svr031/scripts/AC_1/exec_ac1/stop.sh": wrong}
    (finding,) = found(analysed(tmp_path, first, files=files), "ac-option-mismatch")
    assert finding.evidence[0].input.endswith("stop.sh")
    assert finding.evidence[0].line


# --- sequence-deviation


def test_a_step_that_no_other_rule_speaks_of_is_a_deviation(tmp_path):
    first, second = two()
    for machine in (first, second):
        orderly(machine.boot().at(EVENING), business=5)
    first.files["messages"] = [line for line in first.files["messages"] if "<event: 41>" not in line]
    (finding,) = found(analysed(tmp_path, first, second), "sequence-deviation")
    assert finding.servers == ["svr031"]
    assert "Missing: stop.sh has waited again and has ended (rc 41)" in finding.summary.en
    assert "欠落" in finding.summary.ja


def test_what_another_rule_tells_is_not_told_again(tmp_path):
    first, second = two()
    orderly(first.boot().at(EVENING), business=50)
    orderly(second.boot().at(EVENING), business=5)
    model = analysed(tmp_path, first, second)
    assert found(model, "stop-wait-too-short")
    assert not found(model, "sequence-deviation")


def test_a_wait_beyond_the_default_is_late_only_where_the_script_does_not_say_so(tmp_path):
    first, _ = two()
    orderly(first.boot().at(EVENING), business=5, wait=90)
    (finding,) = found(analysed(tmp_path / "without", first), "sequence-deviation")
    assert "HOWTO's default" in finding.summary.en
    assert "If a longer time is set on this cluster, this is not late" in finding.summary.en
    longer = STOP.replace("sleep 30s          # 業務用", "sleep 90s          # 業務用")
    files = {"svr031/etc/clp.conf": configuration(), "svr031/scripts/AC_1/exec_ac1/stop.sh": longer}
    assert not found(analysed(tmp_path / "with", first, files=files), "sequence-deviation")
    configured = {**files, "svr031/scripts/AC_1/exec_ac1/stop.sh": STOP}
    (finding,) = found(analysed(tmp_path / "shorter", first, files=configured), "sequence-deviation")
    assert finding.summary.en.count("Late: ") == 1
    assert "is set on this cluster" not in finding.summary.en


# --- settings


def test_settings_as_the_howto_wants_them_raise_nothing(tmp_path):
    first, second = two()
    for machine in (first, second):
        orderly(machine.boot().at(EVENING), business=5)
    files = {
        f"{server}/{path}": content
        for server in ("svr031", "svr047")
        for path, content in {
            "etc/clp.conf": configuration(),
            "scripts/AC_1/exec_ac1/stop.sh": STOP,
            "scripts/AC_2/exec_ac2/stop.sh": STOP,
        }.items()
    }
    model = analysed(tmp_path, first, second, files=files)
    assert not found(model, "settings-differ")
    assert not found(model, "default-recognition-code")
    assert model.settings
    step = next(s for s in model.sequences[-1].steps if s.expected_from) if model.sequences else None
    assert step is not None


def test_settings_that_differ_are_one_finding_with_a_place_for_each(tmp_path):
    first, _ = two()
    orderly(first.boot().at(EVENING), business=5)
    wrong = configuration().replace("<start>1</start>", "<start>0</start>")
    model = analysed(tmp_path, first, files={"svr031/etc/clp.conf": wrong})
    (finding,) = found(model, "settings-differ")
    # What stands as evidence are our words, in the reader's language in every output.
    in_japanese = {one.title.ja for one in model.settings if one.status == "differs"}
    for shown in (to_json(model, "ja"), render(model, "ja")):
        assert any(f"{title}: " in shown for title in in_japanese)
    assert all(one.within("en") != one.within("ja") for one in finding.evidence)
    assert finding.evidence[0].input.endswith("clp.conf")
    assert finding.evidence[0].line


def test_the_default_code_is_told_and_never_shown(tmp_path):
    first, _ = two()
    orderly(first.boot().at(EVENING), business=5)
    default = STOP.replace(OWN_CODE, "ESMACnet")
    files = {"svr031/etc/clp.conf": configuration(), "svr031/scripts/AC_1/exec_ac1/stop.sh": default}
    model = analysed(tmp_path, first, files=files)
    assert len(found(model, "default-recognition-code")) == 1
    for lang in ("en", "ja"):
        assert "ESMACnet" not in to_json(model, lang)


def test_an_own_code_is_neither_told_nor_shown(tmp_path):
    first, _ = two()
    orderly(first.boot().at(EVENING), business=5)
    files = {"svr031/etc/clp.conf": configuration(), "svr031/scripts/AC_1/exec_ac1/stop.sh": STOP}
    model = analysed(tmp_path, first, files=files)
    assert not found(model, "default-recognition-code")
    assert OWN_CODE not in to_json(model)


def test_a_line_that_only_this_cluster_s_stop_sh_logs_is_looked_for(tmp_path):
    first, second = two()
    for machine in (first, second):
        orderly(machine.boot().at(EVENING), business=5, tag="UPSJOB", text="telling the UPS")
    own = STOP.replace('-t CLUSTERPRO "AC EXEC COMMAND"', '-t UPSJOB "telling the UPS"')
    files = {"svr031/etc/clp.conf": configuration(), "svr031/scripts/AC_1/exec_ac1/stop.sh": own}
    model = analysed(tmp_path, first, second, files=files)
    assert {shutdown.ups_told for shutdown in model.shutdowns} == {"yes"}
    assert {shutdown.verdict for shutdown in model.shutdowns} == {"conforms"}


def test_without_that_script_such_a_line_is_not_known_and_nothing_is_claimed(tmp_path):
    first, second = two()
    for machine in (first, second):
        orderly(machine.boot().at(EVENING), business=5, tag="UPSJOB", text="telling the UPS")
    model = analysed(tmp_path, first, second)
    assert {shutdown.ups_told for shutdown in model.shutdowns} == {"unknown"}
    assert {shutdown.verdict for shutdown in model.shutdowns} == {"not-observable"}
    assert not found(model, "cluster-shutdown-incomplete")
