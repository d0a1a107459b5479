"""Stops and starts that went as they should, in other forms than the samples: none may be said to deviate."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

import acforensics
from samples.cluster import Server, pair
from samples.sequence_stops import MORNING, STOP, cluster_stop, disk_error, request, running, server_stop


@pytest.fixture
def judged(tmp_path):
    """Verdicts by server and sequence of an analysis; a server may be given several times for its later boots."""

    def analyse(*machines):
        for machine in machines:
            machine.write(tmp_path)
        found = acforensics.analyze([tmp_path]).model.sequences
        wrong = [
            (one.server, one.id, [(s.step, s.server, s.status) for s in one.steps if s.status not in ("observed", "not-observable")])
            for one in found
            if one.verdict == "deviates"
        ]  # fmt: skip
        assert wrong == []
        return {(one.server, one.id): one for one in found}

    return analyse


def statuses(one):
    return {step.step: step.status for step in one.steps}


def test_the_daemon_says_so_first(judged):
    """pm 30, pm 23 and pm 2 before the groups stop, instead of after rc 90."""
    first, second = running()
    for server in (first, second):
        server.asked(30, "stop").announced("halt").stop_groups().ended("cluster").os_goes("halt")
    assert judged(first, second)["svr031", "cluster-shutdown-halt"].verdict == "conforms"


def test_the_os_stops_first(judged):
    """clpstdn runs the OS's shutdown, which stops CLUSTERPRO: syslog lives on until stop.sh has ended."""
    first, second = running()
    for server in (first, second):
        server.asked(30, "stop").event("pm", 23, "The system will be stopped.")
        server.os_stop("halt", cluster=False)
        server.event("pm", 2, "Shutting down the cluster daemon...")
        server.stop_groups().ended("cluster")
    assert judged(first, second)["svr047", "cluster-shutdown-halt"].verdict == "conforms"


def test_a_group_was_stopped_by_hand_before(judged):
    first, second = running()
    first.event("rc", 20, "Stopping group failover1 has started.")
    first.event("rc", 21, "Stopping group failover1 has completed.").wait(240)
    request(first, "shutdown", "cluster", "clpstdn")
    second.at(first.now)
    cluster_stop(first, "halt", business="")
    cluster_stop(second, "halt")
    assert judged(first, second)["svr031", "cluster-shutdown-halt"].verdict == "conforms"


def test_a_server_was_down_already(judged):
    """svr047 was stopped by clpdown an hour before clpstdn."""
    first, second = running()
    server_stop(second, "halt")
    first.at(second.now + timedelta(seconds=30)).sees_down("svr047").takes_over("failover2").daily(5)
    request(first, "shutdown", "cluster", "clpstdn")
    cluster_stop(first, "halt")
    found = judged(first, second)
    assert found["svr031", "cluster-shutdown-halt"].verdict == "conforms"
    assert "other-ac-exec-first" not in statuses(found["svr031", "cluster-shutdown-halt"])


def three() -> list[Server]:
    servers = [Server(name, MORNING, ac_group=f"AC_{i}", group=f"failover{i}")
               for i, name in enumerate(("svr031", "svr047", "svr063"), 1)]  # fmt: skip
    for server in servers:
        server.start(*(other.name for other in servers if other is not server)).at(STOP)
    return servers


def test_three_servers(judged):
    servers = three()
    request(servers[0], "shutdown", "cluster", "clpstdn")
    for server in servers:
        cluster_stop(server, "halt")
    found = judged(*servers)
    one = found["svr063", "cluster-shutdown-halt"]
    assert one.verdict == "conforms"
    assert {s.server for s in one.steps if s.step == "other-ac-exec-first"} == {"svr031", "svr047"}


def test_one_of_three_servers_takes_over(judged):
    """Only svr063 takes over; svr047 just sees it."""
    servers = three()
    server_stop(servers[0], "halt")
    servers[1].at(servers[0].now + timedelta(seconds=30)).sees_down("svr031").daily(4)
    servers[2].at(servers[0].now + timedelta(seconds=31)).sees_down("svr031").takes_over("failover1").daily(4)
    assert judged(*servers)["svr031", "server-shutdown-halt"].verdict == "conforms"


@pytest.mark.parametrize("skew", [-400, 400, 4000])
def test_a_clock_that_is_wrong(judged, skew):
    first, second = pair(MORNING)
    second.skew = skew
    first.start("svr047").at(STOP)
    second.start("svr031").at(STOP + timedelta(seconds=3))
    request(first, "shutdown", "cluster", "clpstdn")
    cluster_stop(first, "halt")
    cluster_stop(second, "halt")
    assert judged(first, second)["svr031", "cluster-shutdown-halt"].verdict in ("conforms", "not-observable")


def silent(server: Server) -> None:
    """A start in which CLUSTERPRO names no other server."""
    server.kernel().event("pm", 1, "Starting the cluster daemon...").groups(server.group).daily()  # type: ignore[attr-defined]


def test_a_server_of_which_nothing_is_known(judged):
    """svr047 names nobody and its clock cannot be compared: that it is of this cluster is not known."""
    first, second = pair(MORNING)
    silent(first)
    second.skew = 60
    silent(second)
    first.at(STOP)
    server_stop(first, "halt")
    second.at(STOP).daily(3)
    one = judged(first, second)["svr031", "server-shutdown-halt"]
    assert statuses(one)["others-see-it-stop"] == "not-observable"


def test_another_cluster_in_the_case(judged):
    """svr101 and svr102 are another cluster: they neither stop nor see anything."""
    first, second = running()
    others = [Server(name, MORNING, ac_group=f"AC_{name}", group="failover9") for name in ("svr101", "svr102")]
    others[0].start("svr102").daily(6)
    others[1].start("svr101").daily(6)
    request(first, "shutdown", "cluster", "clpstdn")
    cluster_stop(first, "halt")
    cluster_stop(second, "halt")
    one = judged(first, second, *others)["svr031", "cluster-shutdown-halt"]
    assert one.verdict == "conforms"
    assert {s.server for s in one.steps if s.step == "other-ac-exec-first"} == {"svr047"}


def test_a_machine_without_clusterpro_in_the_case(judged):
    """A control terminal takes no part in the cluster's stop, and has no start to be judged."""
    first, second = running()
    terminal = Server("ctl001", MORNING).kernel().daily(9)
    terminal.ac("UPS of svr031: output turned off")
    request(first, "shutdown", "cluster", "clpstdn")
    cluster_stop(first, "halt")
    cluster_stop(second, "halt")
    found = judged(first, second, terminal)
    assert found["svr031", "cluster-shutdown-halt"].verdict == "conforms"
    assert not any(server == "ctl001" for server, _ in found)


def test_lines_that_syslog_counts(judged):
    """`last message repeated` stands for the second line of stop.sh where `logger` writes no pid."""
    first, second = running()
    request(first, "shutdown", "cluster", "clpstdn")
    for server in (first, second):
        cluster_stop(server, "halt")
        lines = server.files["messages"]
        one, two = (i for i, line in enumerate(lines) if "AC EXEC COMMAND" in line)
        lines[one] = lines[one].replace(lines[one].split()[4], "CLUSTERPRO:")
        lines[two] = f"{lines[two][:15]} {server.name} last message repeated 1 times"
    assert judged(first, second)["svr031", "cluster-shutdown-halt"].verdict == "conforms"


def test_messages_and_journal(judged, tmp_path):
    """The journal holds the same records, stamped a second later."""
    first, second = running()
    request(first, "shutdown", "cluster", "clpstdn")
    for server in (first, second):
        cluster_stop(server, "halt")
        folder = tmp_path / server.name
        folder.mkdir()
        entries = [entry(line, server.name) for line in server.files["messages"]]
        (folder / "journal.json").write_text("".join(json.dumps(one) + "\n" for one in entries), encoding="utf-8")
    one = judged(first, second)["svr031", "cluster-shutdown-halt"]
    assert one.verdict == "conforms"
    assert "ac-exec-third" not in {s.step for s in one.steps if s.status == "forbidden-observed"}


def entry(line: str, server: str) -> dict[str, str]:
    moment = datetime.strptime(f"2026 {line[:15]} +0900", "%Y %b %d %H:%M:%S %z") + timedelta(seconds=1)
    tag, _, message = line[16 + len(server) + 1 :].partition(": ")
    program, _, pid = tag.partition("[")
    micros = str(int(moment.timestamp() * 1e6))
    return {
        "__REALTIME_TIMESTAMP": micros, "_BOOT_ID": "0f" * 16, "_HOSTNAME": server, "SYSLOG_IDENTIFIER": program,
        "SYSLOG_PID": pid.rstrip("]"), "MESSAGE": message,
    }  # fmt: skip


def test_alert_logs_only(judged, tmp_path):
    """The alert log has no resources and no lines of stop.sh: nothing of them is missing."""
    first, second = running()
    request(first, "shutdown", "cluster", "clpstdn")
    for server in (first, second):
        cluster_stop(server, "halt")
        folder = tmp_path / server.name / "log" / "alt"
        folder.mkdir(parents=True)
        shown = [
            line for line in server.files.pop("messages") if "<type:" in line and "<type: rc><event: [34]" not in line
        ]
        rows = [row(i, line, server.name) for i, line in enumerate(shown, 1)]
        (folder / "alertlog.alt").write_text("".join(f"{one}\n" for one in rows if one), encoding="utf-8")
    found = judged(first, second)
    assert "missing" not in {s.status for one in found.values() for s in one.steps}


def row(number: int, line: str, server: str) -> str:
    moment = datetime.strptime(f"2026 {line[:15]}", "%Y %b %d %H:%M:%S").strftime("%Y/%m/%d %H:%M:%S.000")
    words, _, message = line.partition("<event: ")
    event, _, message = message.partition("> ")
    module = words.partition("<type: ")[2].rstrip("> ")
    if module == "rc" and event[0] in "34":
        return ""
    return f"{number:<10}{moment} {moment} {server} {module} {event} 3 {message}"


def test_a_start_that_a_stop_cuts_short(judged):
    """Nobody waits for groups of a server that is stopped two minutes after its start."""
    first, second = running()
    server_stop(first, "reboot")
    second.at(first.now + timedelta(seconds=30)).sees_down("svr031")
    first.wait(40).kernel().daemon("svr047").wait(60)  # type: ignore[attr-defined]
    second.at(first.now - timedelta(seconds=60)).event("nm", 1, "Server svr031 has started.")
    server_stop(first, "halt", business="")
    second.at(first.now + timedelta(seconds=30)).sees_down("svr031").daily(6)  # type: ignore[attr-defined]
    judged(first, second)


@pytest.mark.parametrize("seconds", [0, 20, 200, 800])
def test_a_log_that_was_collected_soon_after_a_start(judged, seconds):
    """Two days: what a start looks like is known; the last log ends early."""
    first, second = running()
    for server in (first, second):
        cluster_stop(server, "halt")
        server.at(MORNING + timedelta(days=1))
    first.kernel().event("pm", 1, "Starting the cluster daemon...", wait=8)
    first.event("nm", 5, "Waiting for all servers to start.")
    if seconds:
        first.log("CROND", "(root) CMD (run-parts /etc/cron.hourly)", pid=None, wait=seconds)
    assert judged(first, second)["svr031", "normal-start"].verdict == "not-observable"


def test_a_person_ends_the_wait_for_other_servers(judged):
    first, second = running()
    for server in (first, second):
        cluster_stop(server, "halt")
    first.at(MORNING + timedelta(days=1)).kernel().daemon()  # type: ignore[attr-defined]
    first.event("nm", 9, "Waiting for startup of all servers has been canceled.", wait=50)
    first.groups("failover1").daily()
    assert judged(first, second)["svr031", "normal-start"].verdict == "conforms"


def test_a_monitor_first_restarts_the_group(judged):
    """rm 13 before rm 17: the group was stopped, started and stopped again."""
    first, second = running()
    first.event("rm", 9, "Detected an error in monitoring diskw1. (8 : Failed to open the device.)")
    first.event("rm", 13, "Recovery target failover1 has restarted because an error was detected in monitoring diskw1.")
    first.event("rc", 20, "Stopping group failover1 has started.")
    first.event("rc", 21, "Stopping group failover1 has completed.", wait=5)
    first.activate("failover1").wait(60)
    disk_error(first)
    second.at(first.now + timedelta(seconds=30)).sees_down("svr031").takes_over("failover1").daily(3)
    first.wait(40).kernel().daemon("svr047").groups().daily()  # type: ignore[attr-defined]
    assert judged(first, second)["svr031", "recovery-reboot"].verdict == "conforms"


def test_a_failover_that_found_no_place_to_go(judged):
    """The AC group of svr031 may start nowhere else: an attempt that ends at once is no move."""
    first, second = running()
    server_stop(first, "halt")
    second.at(first.now + timedelta(seconds=30)).sees_down("svr031").takes_over("failover1")
    second.event("rc", 60, "Failover group AC_1 has started.")
    second.event("rc", 62, "Failover group AC_1 has failed.").daily(4)  # type: ignore[attr-defined]
    assert judged(first, second)["svr031", "server-shutdown-halt"].verdict == "conforms"


def test_a_wait_of_stop_sh_that_the_site_made_longer(judged):
    """Three minutes instead of 30 s, and syslog stops before they are over: a default proves no absence."""
    first, second = running()
    request(first, "shutdown", "cluster", "clpstdn")
    cluster_stop(second, "halt")
    first.event("rc", 20, "Stopping group failover1 has started.")
    first.event("rc", 40, "Stopping exec_ac_1 resource has started.")
    first.event("rc", 21, "Stopping group failover1 has completed.", wait=8)
    first.log("CROND", "(root) CMD (run-parts /etc/cron.hourly)", pid=None, wait=90)
    first.os_goes("halt")
    assert judged(first, second)["svr031", "cluster-shutdown-halt"].verdict == "not-observable"


def test_a_server_restarts_while_the_other_runs(judged):
    first, second = running()
    server_stop(first, "reboot")
    second.at(first.now + timedelta(seconds=30)).sees_down("svr031").takes_over("failover1")
    first.wait(50).kernel()  # type: ignore[attr-defined]
    first.event("pm", 1, "Starting the cluster daemon...", wait=8)
    first.event("nm", 1, "Server svr031 has started.").groups().daily()  # type: ignore[attr-defined]
    second.at(first.now - timedelta(minutes=30)).event("nm", 1, "Server svr031 has started.")
    second.event("rc", 50, "Moving group failover1 has started.")
    second.event("rc", 51, "Moving group failover1 has completed.", wait=9).daily()  # type: ignore[attr-defined]
    found = judged(first, second)
    assert found["svr031", "server-shutdown-reboot"].verdict == "conforms"
    assert found["svr031", "normal-start"].verdict == "conforms"
