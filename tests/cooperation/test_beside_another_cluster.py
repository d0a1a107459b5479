"""The logs of a second cluster with the HOWTO's own names in the same case change nothing about the first."""

from __future__ import annotations

from datetime import timedelta

import pytest

from samples.cluster import Server
from samples.sequence_stops import MORNING, STOP, cluster_stop, request, running, server_stop


def second_cluster(begins=MORNING):
    """Its servers have the same groups as svr031 and svr047, and start twice."""
    servers = [
        Server(name, begins + timedelta(seconds=4 * place), ac_group=f"AC_{place + 1}", group=f"failover{place + 1}")
        for place, name in enumerate(("svr101", "svr102"))
    ]
    for server, other in zip(servers, ("svr102", "svr101"), strict=True):
        server.start(other).at(begins + timedelta(hours=1))
        request(server, "reboot", "cluster", "clpstdn")
        cluster_stop(server, "reboot").wait(60)
        server.start(other).daily(3)
    return servers


def verdicts(model, *servers):
    return [(one.server, one.id, one.verdict) for one in model.sequences if one.server in servers]


def told(model, *servers):
    return sorted((one.rule, *one.servers) for one in model.findings if set(one.servers) & set(servers))


@pytest.mark.parametrize("days", [-3, 0])
@pytest.mark.parametrize("fails", [True, False])
def test_a_second_cluster_changes_no_verdict(analysed, days, fails):
    first, second = running()
    server_stop(first, "halt")
    second.at(first.now + timedelta(seconds=30)).sees_down("svr031")
    second.event("rc", 60, "Failover group failover1 has started.")
    second.event(
        "rc", 62 if fails else 61, f"Failover group failover1 has {'failed' if fails else 'completed'}.", wait=9
    )
    second.daily(5)
    alone = analysed(first, second)
    both = analysed(first, second, *second_cluster(MORNING + timedelta(days=days, seconds=40)))
    ours = ("svr031", "svr047")
    assert verdicts(both, *ours) == verdicts(alone, *ours)
    assert told(both, *ours) == told(alone, *ours)
    assert ("sequence-deviation", "svr031") in told(both, *ours) or not fails
    assert not told(both, "svr101", "svr102")


def test_clusters_that_stop_in_the_same_minute_tell_nothing_of_each_others_clocks(analysed):
    """clpstdn 45 seconds apart: the second one's clock is right."""
    servers = [*running()]
    for name, other, number in (("svr101", "svr102", 1), ("svr102", "svr101", 2)):
        server = Server(name, MORNING, ac_group=f"AC_{number}", group=f"failover{number}")
        servers.append(server.start(other).at(STOP + timedelta(seconds=45 + 3 * number)))
    for asked, other in (servers[:2], servers[2:]):
        request(asked, "shutdown", "cluster", "clpstdn")
        cluster_stop(asked, "halt")
        cluster_stop(other, "halt")
    assert analysed(*servers).findings == []
