"""The logs of two clusters in one case, and two stops of one cluster soon after one another: neither is mixed up."""

from __future__ import annotations

from datetime import timedelta

from samples.cluster import Server
from samples.sequence_stops import MORNING, STOP, cluster_stop, request, running


def found(model, rule):
    return [finding for finding in model.findings if finding.rule == rule]


def others() -> tuple[Server, Server]:
    """Another cluster, which runs at 08:00:20."""
    first, second = (Server(name, MORNING, ac_group=f"AC_{name}", group="failover9") for name in ("svr101", "svr102"))
    first.start("svr102").at(STOP + timedelta(seconds=20))
    second.start("svr101").at(STOP + timedelta(seconds=22))
    return first, second


def test_two_clusters_that_stop_in_the_same_minute_are_two_stops(analysed):
    """In the second cluster svr102 runs no AC command."""
    first, second = running()
    third, fourth = others()
    for server in (first, third):
        request(server, "shutdown", "cluster", "clpstdn")
    for server in (first, second, third):
        cluster_stop(server, "halt")
    cluster_stop(fourth, "halt", lines=0, sleep=62)
    model = analysed(first, second, third, fourth)
    (finding,) = found(model, "cluster-shutdown-incomplete")
    assert finding.servers == ["svr102"]
    assert set(finding.related) == {"svr101#1/end", "svr102#1/end"}
    assert "svr031" not in finding.summary.en
    assert sorted(incident.servers for incident in model.incidents) == [["svr031", "svr047"], ["svr101", "svr102"]]


def test_a_second_stop_with_every_ac_command_does_not_hide_the_first_without(analysed):
    """clpstdn -r in which svr047 lacks its AC command, then clpstdn two minutes after the start."""
    first, second = running()
    request(first, "reboot", "cluster", "clpstdn")
    cluster_stop(first, "reboot")
    cluster_stop(second, "reboot", lines=0, sleep=62)
    for server, other in ((first, "svr047"), (second, "svr031")):
        server.wait(40)
        server.kernel().daemon(other).groups(server.group).wait(60)
    request(first, "shutdown", "cluster", "clpstdn")
    cluster_stop(first, "halt")
    cluster_stop(second, "halt")
    model = analysed(first, second)
    (finding,) = found(model, "cluster-shutdown-incomplete")
    assert finding.servers == ["svr047"]
    assert set(finding.related) == {"svr031#1/end", "svr047#1/end"}
    told = [sorted(incident.shutdowns) for incident in model.incidents]
    assert told == [["svr031#1/end", "svr047#1/end"], ["svr031#2/end", "svr047#2/end"]]


def test_a_server_waits_for_those_of_its_own_cluster_only(analysed):
    first, second = running()
    third, fourth = others()
    request(first, "shutdown", "cluster", "clpstdn")
    for server in (first, second):
        cluster_stop(server, "halt")
    first.at(MORNING + timedelta(days=1)).kernel().daemon()  # type: ignore[attr-defined]
    first.event("nm", 7, "Waiting for all servers to start has timed out.", wait=300).groups("failover1").daily()  # type: ignore[attr-defined]
    (finding,) = found(analysed(first, second, third.daily(3), fourth.daily(3)), "startup-wait-timeout")
    assert "without svr047:" in finding.title.en
    assert "svr101" not in finding.summary.en


def test_disks_of_two_clusters_that_are_late_are_two_findings(analysed):
    servers = (*running(), *others())
    for server, other in zip(servers, ("svr047", "svr031", "svr102", "svr101"), strict=True):
        server.at(MORNING + timedelta(days=1)).kernel(recovered=True).daemon(other)  # type: ignore[attr-defined]
        server.event("rm", 9, "Detected an error in monitoring diskw1. (8 : Failed to open the device.)")
        server.event("rm", 26, "Monitoring diskw1 status changed from error to normal.", wait=40)
        server.groups(server.group).daily()
    late = found(analysed(*servers), "shared-disk-late")
    assert sorted(finding.servers for finding in late) == [["svr031", "svr047"], ["svr101", "svr102"]]


class OwnNames(Server):
    """A server of a cluster in which nothing of ESMPRO/AC's has a name that says so."""

    @property
    def exec_name(self) -> str:
        return "stopups_" + self.name


def test_what_one_cluster_calls_its_ac_groups_says_nothing_of_another(analysed, tmp_path):
    """On svr101 and svr102 the exec resource is known by the lines of three stops; then svr102 runs no AC command."""
    servers = third, fourth = [
        OwnNames(name, MORNING, ac_group=f"power{i}", group=f"failover{i}")
        for i, name in enumerate(("svr101", "svr102"))
    ]
    for turn in range(4):
        for server, other in ((third, "svr102"), (fourth, "svr101")):
            server.start(other).at(STOP + timedelta(hours=3 * turn))
            request(server, "reboot", "cluster", "clpstdn")
            last = turn == 3 and server is fourth
            cluster_stop(server, "reboot", lines=0 if last else 2, sleep=62 if last else 30).wait(60)
    first, second = running()
    request(first, "shutdown", "cluster", "clpstdn")
    for server in (first, second):
        cluster_stop(server, "halt")

    def about(model):
        named = {"svr101", "svr102"}
        verdicts = [(one.server, one.id, one.verdict) for one in model.sequences if one.server in named]
        told = [(one.server, one.ups_told) for one in model.shutdowns if one.server in named]
        return verdicts, told, sorted(one.rule for one in model.findings if set(one.servers) <= named)

    alone, beside = about(analysed(*servers)), about(analysed(first, second, *servers))
    assert beside == alone
    assert alone[1][-1] == ("svr102", "no")
    assert alone[2] == ["cluster-shutdown-incomplete", "ups-not-told"]
