"""A cause comes before its effect, and what belongs to a failover is told with it."""

from __future__ import annotations

from datetime import timedelta

from samples.sequence_stops import STOP, running, server_stop


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
