"""A stop of the cluster that was asked for on svr031; the log of svr047 breaks off while its groups are stopping."""

from __future__ import annotations

from datetime import timedelta

import pytest

from samples.cluster import Server
from samples.sequence_stops import cluster_stop, request, running


def breaks_off(server: Server, *, lines: int = 1) -> Server:
    """Its groups stop; stop.sh runs as far as its first or second line, or not so far."""
    server.event("rc", 20, f"Stopping group {server.group} has started.")
    server.event("rc", 20, f"Stopping group {server.ac_group} has started.")
    server.event("rc", 40, f"Stopping {server.exec_name} resource has started.")
    server.event("rc", 21, f"Stopping group {server.group} has completed.", wait=12)
    for number in range(lines):
        server.log("CLUSTERPRO", "AC EXEC COMMAND", pid=None, wait=2 if number else 18)
    return server


def back(*servers: Server) -> tuple[Server, ...]:
    """They start again an hour later."""
    time = max(server.now for server in servers) + timedelta(hours=1)
    for i, server in enumerate(servers):
        others = [other.name for other in servers if other is not server]
        server.at(time + timedelta(seconds=4 * i)).start(*others, recovered=i == 1)  # type: ignore[attr-defined]
    return servers


def second_end(model):
    return next(end for end in model.shutdowns if end.server == "svr047")


@pytest.mark.parametrize("lines", [0, 1, 2])
def test_it_is_the_end_that_was_asked_for_and_was_cut_short(analysed, lines):
    first, second = running()
    request(first, "shutdown", "cluster", "clpstdn")
    cluster_stop(first, "halt")
    breaks_off(second, lines=lines)
    model = analysed(*back(first, second))
    end = second_end(model)
    assert (end.trigger, end.mode, end.scope, end.confidence, end.command) == (
        "clusterpro-command", "halt", "cluster", "likely", "clpstdn",
    )  # fmt: skip
    assert (end.sequence, end.verdict) == ("cluster-shutdown-halt", "not-observable")
    rules = {finding.rule for finding in model.findings}
    assert "power-cut-during-shutdown" in rules
    assert "power-loss" not in rules
    (incident,) = model.incidents
    assert len(incident.shutdowns) == 2


@pytest.mark.parametrize("why", ["refused", "one server", "later", "went on", "started again", "panic", "service"])
def test_what_is_no_answer_to_a_request_is_none(analysed, why):
    first, second = running()
    if why == "later":
        first.wait(300)
    one = why == "one server"
    request(first, "shutdown", "server" if one else "cluster", "clpdown" if one else "clpstdn")
    if why == "refused":
        first.event("down", 11, "A request to shutdown cluster failed(-1).").daily()  # type: ignore[attr-defined]
    else:
        cluster_stop(first, "halt")
    if why == "service":
        second.event("apisv", 10, "There was a request to stop server from the Cluster WebUI(IP=192.0.2.10).")
    breaks_off(second)
    if why == "went on":
        second.daily(7)
    if why == "started again":
        second.groups(second.group).daily(1)
    if why == "panic":
        second.log("kernel", "[ 3600.000000] Kernel panic - not syncing: Fatal exception", wait=1)
    assert second_end(analysed(*back(first, second))).trigger != "clusterpro-command"


def test_a_request_in_another_cluster_asked_nobody_here(analysed):
    """svr047 names no svr031: that both belong to one cluster is not known."""
    first, second = running()
    second.files["messages"] = [line for line in second.files["messages"] if "svr031" not in line]
    request(first, "shutdown", "cluster", "clpstdn")
    cluster_stop(first, "halt")
    breaks_off(second)
    assert second_end(analysed(*back(first, second))).trigger != "clusterpro-command"


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("stopped before", "began before the request"),
        ("own cause", "a cause of its own"),
        ("no effect there", "not seen to act on that request"),
        ("long after", "had begun to stop more than a minute before"),
        ("one group", "not all groups of this server"),
        ("clocks unknown", "cannot be compared"),
    ],
)
def test_what_leaves_open_whether_the_request_was_the_cause_makes_it_possible_only(analysed, why, said):
    first, second = running()
    if why == "stopped before":
        # By less than what the two clocks leave open: it stops at 08:00:04.
        first.wait(6)
    request(first, "shutdown", "cluster", "clpstdn")
    cluster_stop(first, "halt") if why != "no effect there" else first.daily(4)
    if why == "own cause":
        second.event("rm", 9, "Detected an error in monitoring diskw1. (8 : Failed to open the device.)")
    if why == "long after":
        second.wait(150)
    if why == "one group":
        second.event("rc", 20, f"Stopping group {second.group} has started.")
    else:
        breaks_off(second)
    back(first, second)
    if why == "clocks unknown":
        first.files["messages"] = [line for line in first.files["messages"] if "<type: nm>" not in line]
    model = analysed(first, second)
    end = second_end(model)
    assert (end.trigger, end.confidence) == ("clusterpro-command", "possible")
    cut = [finding for finding in model.findings if finding.rule == "power-cut-during-shutdown"]
    assert bool(cut) is (why != "one group")
    assert any(said in reason.text.en for reason in end.reasons), [reason.text.en for reason in end.reasons]


def test_a_stop_that_surely_began_before_the_request_has_nothing_to_do_with_it(analysed):
    first, second = running()
    first.wait(40)
    request(first, "shutdown", "cluster", "clpstdn")
    cluster_stop(first, "halt")
    breaks_off(second)
    assert second_end(analysed(*back(first, second))).trigger != "clusterpro-command"
