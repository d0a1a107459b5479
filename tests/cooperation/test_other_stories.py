"""What happens beside a stop, or what a log has lost, must not be held against it; the nearest true deviation must be."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from samples import sequences
from samples.cluster import Server
from samples.sequence_stops import MORNING, STOP, cluster_stop, halted, request, running, server_stop

SITE = Path(sequences.__file__).parent / "sequences" / "power-failure-stop" / "conforms" / "parsers"


@pytest.fixture
def analysed(analysed):
    return partial(analysed, parsers=[SITE])


def wrong(model):
    return {
        (one.server, step.step, step.server, step.status)
        for one in model.sequences
        for step in one.steps
        if step.status not in ("observed", "not-observable")
    }


def rules(model):
    return {finding.rule for finding in model.findings}


def place(server: Server, words: str, which: int = 0) -> int:
    return [i for i, line in enumerate(server.files["messages"]) if words in line][which]


# --- what came before the request


@pytest.mark.parametrize("before", [True, False])
def test_a_failover_counts_only_after_the_request(analysed, before):
    """A group is stopped by hand on svr031 and fails over to svr047; minutes later somebody runs clpstdn."""
    first, second = running()
    first.event("rc", 20, "Stopping group failover1 has started.")
    first.event("rc", 21, "Stopping group failover1 has completed.", wait=5)
    if before:
        second.at(first.now + timedelta(seconds=5)).takes_over("failover1")
    first.wait(300)
    request(first, "shutdown", "cluster", "clpstdn")
    if not before:
        first.event("rc", 60, "Failover group failover2 has started.")
    second.at(first.now)
    cluster_stop(first, "halt", business="")
    cluster_stop(second, "halt")
    found = [step for _, step, _, _ in wrong(analysed(first, second))]
    assert found == ([] if before else ["failover"])


@pytest.mark.parametrize(("group", "deviates"), [("failover1", True), ("AC_1", False)])
def test_a_business_group_whose_failover_fails_is_a_deviation(analysed, group, deviates):
    """rc 62 on the healthy server; an AC group has nowhere else to go."""
    first, second = running()
    server_stop(first, "halt")
    second.at(first.now + timedelta(seconds=30)).sees_down("svr031")  # type: ignore[attr-defined]
    second.event("rc", 60, f"Failover group {group} has started.")
    second.event("rc", 62, f"Failover group {group} has failed.", wait=20).daily(5)  # type: ignore[attr-defined]
    model = analysed(first, second)
    assert wrong(model) == ({("svr031", "failover-failed", "svr047", "forbidden-observed")} if deviates else set())
    told = [finding.summary.en for finding in model.findings if finding.rule == "sequence-deviation"]
    assert [("[failover1] (svr047)" in one) for one in told] == [True] * deviates


def service_stopped(server: Server) -> Server:
    """clpcl -t: CLUSTERPRO alone is stopped, the machine runs on."""
    server.event("pm", 31, "Received a request to stop the cluster daemon from clpcl.")
    server.event("pm", 24, "The cluster daemon will be stopped.")
    server.event("pm", 2, "Shutting down the cluster daemon...")
    return server.stop_groups().daily(6)


def test_a_server_whose_service_is_stopped_takes_no_part_in_a_cluster_shutdown(analysed):
    first, second = running()
    service_stopped(second)
    first.daily(2).at(STOP + timedelta(minutes=30))
    request(first, "shutdown", "cluster", "clpstdn")
    cluster_stop(first, "halt")
    model = analysed(first, second.daily(4))
    assert wrong(model) == set()
    assert "cluster-shutdown-incomplete" not in rules(model)


def test_nobody_sees_a_server_stop_whose_service_was_stopped_before(analysed):
    first, second = running()
    service_stopped(first)
    second.sees_down("svr031").daily(12)  # type: ignore[attr-defined]
    first.ac("UPS ups1: input power lost", wait=20).wait(60)  # type: ignore[attr-defined]
    first.ac("shutting down the OS (UPS ups1)").os_stop("halt", cluster=False)
    assert wrong(analysed(first, second)) == set()


@pytest.mark.parametrize("there", [True, False])
def test_a_disk_that_fails_later_was_not_late(analysed, there):
    """The disk resource was active for minutes, or was never seen to be, when the disk's monitor found an error."""
    first, second = running()
    for server in (first, second):
        server.at(MORNING + timedelta(days=1))
    first.kernel().daemon("svr047").groups("failover1")
    if there:
        first.event("rc", 31, "Activating disk1 resource has completed.")
    first.wait(300).disk_error_reboot().wait(45)
    first.start("svr047")
    second.start("svr031")
    late = [one.id for one in analysed(first, second).sequences if one.id == "shared-disk-late"]
    assert late == ([] if there else ["shared-disk-late"])


# --- what a log has lost


@pytest.mark.parametrize("behind", [1, 2])
def test_a_log_that_begins_within_the_stop_lacks_nothing(analysed, behind):
    """It begins behind the first or the second line of stop.sh."""
    first, second = halted()
    lines = first.files["messages"]
    del lines[: place(first, "AC EXEC COMMAND") + behind]
    model = analysed(first, second)
    assert wrong(model) == set()
    assert rules(model).isdisjoint({"cluster-shutdown-incomplete", "ac-command-unfinished", "sequence-deviation"})


@pytest.mark.parametrize("cut", [True, False])
def test_a_peer_whose_log_begins_within_the_stop_may_have_run(analysed, cut):
    first, second = halted()
    lines = second.files["messages"]
    if cut:
        del lines[: place(second, "AC EXEC COMMAND", 1) + 1]
    (end,) = [one for one in analysed(first, second).sequences if one.shutdown and one.server == "svr031"]
    steps = {step.step: step.status for step in end.steps if step.server == "svr047"}
    assert steps["other-ac-exec-first"] == ("not-observable" if cut else "observed")
    assert end.verdict == ("not-observable" if cut else "conforms")


@pytest.mark.parametrize(("start", "end"), [("Stopping group failover2 has started", "exec"), ("exec", "exec")])
def test_records_that_syslog_lost_are_not_missing(analysed, start, end):
    """From the groups' stop to the second line of stop.sh, or the first line of stop.sh alone."""
    first, second = halted()
    lines = second.files["messages"]
    whole = start != "exec"
    since = place(second, "AC EXEC COMMAND" if start == "exec" else start)
    until = place(second, "AC EXEC COMMAND", 1 if whole else 0)
    stamp = lines[until][:15]
    lines[since : until + 1] = [f"{stamp} svr047 rsyslogd: imjournal: 40 messages lost due to rate-limiting"]
    model = analysed(first, second)
    assert wrong(model) == set()
    assert rules(model).isdisjoint(
        {"cluster-shutdown-incomplete", "ac-command-unfinished", "ups-not-told", "sequence-deviation"}
    )
    assert {end.server: end.ups_told for end in model.shutdowns} == {"svr031": "yes", "svr047": "unknown"}


def test_one_line_that_is_not_there_is_missing(analysed):
    first, second = halted()
    del second.files["messages"][place(second, "AC EXEC COMMAND")]
    model = analysed(first, second)
    assert ("svr047", "ac-exec-second", "svr047", "missing") in wrong(model)
    assert "ac-command-unfinished" in rules(model)


# --- a clock that is set after a start


@pytest.mark.parametrize("stepped", [True, False])
def test_a_start_with_a_slow_hardware_clock_is_no_start_at_once(analysed, stepped):
    """svr031 is off for eight hours; its hardware clock had stopped, and chronyd sets the time after the start."""
    first, second = running()
    request(first, "shutdown", "cluster", "clpstdn")
    cluster_stop(first, "halt")
    cluster_stop(second, "halt")
    first.wait(20).kernel()  # type: ignore[attr-defined]
    if stepped:
        first.log("chronyd", "System clock was stepped by 28800.103938 seconds", wait=5)
        first.now += timedelta(hours=8)
    first.daemon("svr047").groups("failover1").daily()
    second.at(first.now - timedelta(minutes=30)).start("svr031")  # type: ignore[attr-defined]
    found = {step for server, step, _, _ in wrong(analysed(first, second)) if server == "svr031"}
    assert found == (set() if stepped else {"comes-back-at-once"})


# --- what stop.sh logs

SCRIPT = """#! /bin/sh
logger -i -t ACSTOP "stop.sh begins"
sleep 30
logger -i -t ACSTOP "telling the UPS"
/usr/local/AUTORC/bin/amccmd -downrequest ShutdownOff 192.0.2.1 svr031 own-code
logger -i -t ACSTOP "UPS is told"
sleep 30
logger -i -t ACSTOP "stop.sh ends"
exit 0
"""


def test_of_many_lines_of_a_stop_script_those_around_amccmd_count(analysed):
    first, second = halted()
    for server in (first, second):
        lines = server.files["messages"]
        for which, words in enumerate(("telling the UPS", "UPS is told")):
            at = place(server, "AC EXEC COMMAND")
            lines[at] = f"{lines[at][:15]} {server.name} ACSTOP[{900 + which}]: {words}"
        for words, own, behind in (("event: 40>", "stop.sh begins", 1), ("event: 41>", "stop.sh ends", 0)):
            at = place(server, words)
            lines.insert(at + behind, f"{lines[at][:15]} {server.name} ACSTOP[950]: {own}")
    scripts = {f"{name}/scripts/AC_{i}/exec_ac_{i}/stop.sh": SCRIPT for i, name in enumerate(("svr031", "svr047"), 1)}
    model = analysed(first, second, files=scripts)
    assert wrong(model) == set()
    assert "stop-wait-too-short" not in rules(model)
    stops = [one for one in model.sequences if one.id == "cluster-shutdown-halt"]
    assert [one.verdict for one in stops] == ["conforms", "conforms"]


def test_a_line_that_is_repeated_without_end(analysed):
    first, second = halted()
    lines = first.files["messages"]
    at = place(first, "AC EXEC COMMAND", 1)
    lines[at - 1] = lines[at - 1].replace(lines[at - 1].split()[4], "CLUSTERPRO:")
    lines[at] = f"{lines[at][:15]} svr031 last message repeated 2147483647 times"
    assert ("svr031", "ac-exec-third", "svr031", "forbidden-observed") in wrong(analysed(first, second))


def test_servers_that_only_an_alert_log_tells_of_are_each_looked_for_once(analysed):
    """The alert log holds all servers' records; no server is its own peer."""
    rows = ["種類,受信時刻,発生時刻,サーバ名,モジュール名,イベントID,メッセージ"]
    for second, server, module, event, message in (
        (0, "svr031", "nm", 1, "Server svr031 has started."),
        (1, "svr047", "nm", 1, "Server svr047 has started."),
        (2, "svr031", "nm", 6, "All servers have started."),
        (20, "svr031", "down", 1, "There was a request to shutdown cluster from the clpstdn."),
        (21, "svr031", "pm", 2, "Shutting down the cluster daemon..."),
        (21, "svr047", "pm", 2, "Shutting down the cluster daemon..."),
        (50, "svr031", "rc", 90, "All the servers in the cluster were shut down."),
        (50, "svr047", "rc", 90, "All the servers in the cluster were shut down."),
        (51, "svr031", "pm", 23, "The system will be stopped."),
        (51, "svr047", "pm", 23, "The system will be stopped."),
    ):
        stamp = f"2026/11/24 08:00:{second:02d}"
        rows.append(f"情報,{stamp},{stamp},{server},{module},{event},{message}")
    ends = [one for one in analysed(files={"alert.csv": "\n".join(rows) + "\n"}).sequences if one.shutdown]
    others = {one.server: [s.server for s in one.steps if s.step == "other-ac-exec-first"] for one in ends}
    assert others == {"svr031": ["svr047"], "svr047": ["svr031"]}


# --- which story a record belongs to


@pytest.mark.parametrize("later", [5, 30, 240])
def test_a_server_that_starts_later_tells_of_the_power_too(analysed, later):
    """svr031 records that the disk's UPS is on; svr047 had started before it, and nothing tells how their clocks stand."""
    first, second = running()
    for server, wait in ((first, later), (second, 0)):
        server.ac("UPS ups0@ctl001: on battery")  # type: ignore[attr-defined]
        server.at(STOP + timedelta(minutes=30, seconds=wait)).kernel(recovered=True).daemon()
    first.ac("UPS of disk1: output turned on", wait=20).groups("failover1").daily()  # type: ignore[attr-defined]
    second.groups("failover2").daily()
    model = analysed(first, second)
    assert {one.server for one in model.sequences if one.id == "terminal-shared"} == {"svr031", "svr047"}
    assert not any(one.verdict == "deviates" for one in model.sequences if one.id.startswith("terminal"))


@pytest.mark.parametrize("again", [True, False])
def test_a_failover_that_fails_after_it_had_completed_is_another_story(analysed, again):
    """failover1 is on svr047 already when its next failover fails, or never came there."""
    first, second = running()
    server_stop(first, "halt")
    second.at(first.now + timedelta(seconds=30))
    if again:
        second.takes_over("failover1").wait(600)  # type: ignore[attr-defined]
    else:
        second.sees_down("svr031")  # type: ignore[attr-defined]
    second.event("rc", 60, "Failover group failover1 has started.")
    second.event("rc", 62, "Failover group failover1 has failed.", wait=20).daily(5)  # type: ignore[attr-defined]
    found = {step for _, step, _, _ in wrong(analysed(first, second))}
    assert ("failover-failed" in found) is not again


def test_alike_lines_are_counted_in_the_order_of_their_log(analysed):
    """The clock of svr047 is set back by 40 seconds between the two lines of its stop.sh."""
    first, second = halted()
    at = place(second, "AC EXEC COMMAND") + 1
    lines = second.files["messages"]
    ends = place(second, "exiting on signal 15") + 1
    for i in range(at, ends):
        moment = datetime.strptime(f"2026 {lines[i][:15]}", "%Y %b %d %H:%M:%S") - timedelta(seconds=40)
        lines[i] = f"{moment:%b %d %H:%M:%S}{lines[i][15:]}"
    assert wrong(analysed(first, second)) == set()
