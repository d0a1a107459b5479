"""A cause comes before its effect, and what belongs to a failover is told with it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from samples import sequences
from samples.cluster import Server
from samples.sequence_stops import MORNING, STOP, ac_stop, running, server_stop

SITE = Path(sequences.__file__).parent / "sequences" / "schedule-stop" / "conforms" / "parsers"


def test_an_ac_group_that_moved_is_told_with_the_failover_that_moved_it(analysed):
    first, second = running()
    server_stop(first, "halt")
    second.at(first.now + timedelta(seconds=30)).sees_down("svr031").takes_over("failover1").takes_over("AC_1").daily(4)  # type: ignore[attr-defined]
    model = analysed(first, second)
    (incident,) = model.incidents
    assert {model.findings[i].rule for i in incident.findings} == {"ac-group-moved"}
    assert incident.parts[incident.root].shutdown == "svr031#1/end"
    (moved,) = (part for part in incident.parts if part.finding is not None)
    (because,) = moved.because
    assert "fails over to svr047" in incident.parts[because.part].text.en
    assert because.recorded


def test_an_end_is_not_the_cause_of_a_failover_before_it(analysed):
    """svr031 dies, svr047 takes over; svr031 comes back and is stopped by clpdown minutes later."""
    first, second = running()
    second.at(STOP + timedelta(seconds=30)).sees_down("svr031").takes_over("failover1")  # type: ignore[attr-defined]
    first.at(STOP + timedelta(seconds=100)).kernel(recovered=True).daemon("svr047").groups().wait(120)  # type: ignore[attr-defined]
    server_stop(first, "halt")
    second.at(first.now + timedelta(seconds=10)).sees_down("svr031").daily(3)  # type: ignore[attr-defined]
    model = analysed(first, second)
    by_end = {incident.shutdowns[0]: incident for incident in model.incidents}
    assert set(by_end) == {"svr031#1/end", "svr031#2/end"}
    texts = [part.text.en for part in by_end["svr031#1/end"].parts]
    assert any("fails over to svr047" in text for text in texts)
    assert by_end["svr031#1/end"].root == 0
    assert len(by_end["svr031#2/end"].parts) == 1


def test_with_clocks_unknown_a_later_end_is_no_cause(analysed):
    first, second = running()
    second.sees_down("svr031").takes_over("failover1").daily(1)
    first.at(STOP + timedelta(minutes=4)).sees_down("svr047").stop_groups().ended("server").announced("halt")  # type: ignore[attr-defined]
    first.os_goes("halt")
    model = analysed(first, second.daily(4))
    assert all(not part.because for incident in model.incidents for part in incident.parts)


def three() -> tuple[Server, Server, Server]:
    """Three servers, each with its own groups; it is 08:00."""
    servers = tuple(
        Server(name, MORNING, ac_group=f"AC_{i}", group=f"failover{i}")
        for i, name in enumerate(("svr031", "svr047", "svr063"), 1)
    )
    for server in servers:
        server.start(*(other.name for other in servers if other is not server)).at(STOP)
    return servers  # type: ignore[return-value]


@pytest.mark.parametrize("minutes", [1, 4])
def test_servers_that_go_one_after_the_other_each_lead_to_their_own_failover(analysed, minutes):
    """svr031 is stopped by clpdown; then svr047 dies. svr063 takes over from each of them."""
    first, second, third = servers = three()
    server_stop(first, "halt")
    third.at(first.now + timedelta(seconds=20)).sees_down("svr031").takes_over("failover1")  # type: ignore[attr-defined]
    second.at(third.now + timedelta(minutes=minutes)).log("CROND", "(root) CMD (run-parts /etc/cron.hourly)")
    third.at(second.now + timedelta(seconds=10)).sees_down("svr047").takes_over("failover2").daily(5)  # type: ignore[attr-defined]
    second.wait(900).start("svr063", recovered=True)  # type: ignore[attr-defined]
    by_end = {one.shutdowns[0]: [part.text.en for part in one.parts[1:]] for one in analysed(*servers).incidents}
    assert by_end == {
        "svr031#1/end": ["failover1 fails over to svr063"],
        "svr047#1/end": ["failover2 fails over to svr063"],
    }


@pytest.mark.parametrize("interleaved", [True, False])
def test_groups_that_come_from_two_servers_at_once_are_two_failovers(analysed, interleaved):
    """svr031 and svr047 are stopped by clpdown; svr063 sees both go before it takes over from either."""
    first, second, third = three()
    first.groups("failover4", ac=False)
    for server in (first, second):
        server.at(STOP)
        server_stop(server, "halt")
    third.at(second.now + timedelta(seconds=20)).sees_down("svr031").sees_down("svr047")  # type: ignore[attr-defined]
    for group in ("failover1", "failover2", "failover4") if interleaved else ("failover1", "failover4", "failover2"):
        third.takes_over(group)
    by_end = {
        one.shutdowns[0]: [p.text.en for p in one.parts[1:]]
        for one in analysed(first, second, third.daily(5)).incidents
    }
    assert by_end == {
        "svr031#1/end": ["failover1, failover4 fails over to svr063"],
        "svr047#1/end": ["failover2 fails over to svr063"],
    }


@pytest.mark.parametrize("came_from", ["svr031", "svr047"])
def test_a_group_of_a_server_that_runs_on_is_no_effect_of_anothers_stop(analysed, came_from):
    """svr031 is stopped; a minute later a group that ran on svr047 fails over too: something failed there."""
    first, second, third = three()
    if came_from == "svr031":
        second.groups("failover9", ac=False)
        first.wait(120).groups("failover9", ac=False)  # type: ignore[attr-defined]
    else:
        first.groups("failover9", ac=False).at(STOP)
        second.wait(120).groups("failover9", ac=False)  # type: ignore[attr-defined]
    first.at(STOP + timedelta(minutes=30))
    server_stop(first, "halt")
    third.at(first.now + timedelta(seconds=20)).sees_down("svr031").takes_over("failover1")  # type: ignore[attr-defined]
    third.wait(40).takes_over("failover9").daily(5)  # type: ignore[attr-defined]
    second.at(first.now).daily(6)  # type: ignore[attr-defined]
    (incident,) = analysed(first, second, third).incidents
    told = " ".join(part.text.en for part in incident.parts)
    assert "failover1" in told
    assert ("failover9" in told) is (came_from == "svr031")


@pytest.mark.parametrize(("minutes", "incidents"), [(0, 1), (20, 2)])
def test_what_the_schedule_stops_in_the_same_minutes_is_told_together(analysed, minutes, incidents):
    first, second = running()
    second.wait(minutes * 60)
    for server in (first, second):
        ac_stop(server.ac("schedule: power off now"), "schedule")
    model = analysed(first, second, parsers=[SITE])
    assert [end.trigger for end in model.shutdowns] == ["ac-schedule"] * 2
    assert len(model.incidents) == incidents
    because = [because for incident in model.incidents for part in incident.parts for because in part.because]
    assert [(one.relation, one.recorded) for one in because] == [("together", False)] * (2 - incidents)
