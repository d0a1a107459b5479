"""Two servers' events on one clock: planted offsets are found, shown beside the raw times, and never over-claimed."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

import acforensics
from acforensics.errors import UsageError
from samples.scenario import Machine

START = datetime(2026, 11, 24, 9, 0, 0)


def pair(
    skew: float, *, after: float | None = None, told: bool = False, hours: tuple[int, ...] = (0, 5, 18)
) -> tuple[Machine, Machine]:
    """Two servers that start, see one another, and are stopped together; the second one's clock may be set midway."""
    one, other = Machine("svr031", START), Machine("svr047", START, skew=skew)
    now = START
    for machine in (one, other):
        machine.at(now).boot(cluster=False)
    for turn, hour in enumerate(hours):
        now = START + timedelta(hours=hour, minutes=3)
        for machine in (one, other):
            machine.at(now + timedelta(seconds=0.4 if machine is other else 0))
            machine.event("pm", 1, "Starting the cluster daemon...")
            for name in ("svr031", "svr047"):
                machine.event("nm", 1, f"Server {name} has started.", wait=2)
            machine.event("nm", 6, "All servers have started.", wait=3)
        if turn == 1 and after is not None:
            other.at(now + timedelta(hours=1))
            if told:
                other.log("chronyd", f"System clock was stepped by {after - skew:.6f} seconds", pid=400)
            other.skew = after
        for machine in (one, other):
            machine.at(now + timedelta(hours=2, seconds=0.3 if machine is one else 0))
            machine.clp_stop("clpstdn")
            machine.wait(600).boot(cluster=False)
    return one, other


def analysed(tmp_path, machines, **options):
    for machine in machines:
        machine.write(tmp_path)
    return acforensics.analyze([tmp_path], tz="Asia/Tokyo", **options)


@pytest.mark.parametrize("skew", [-95, 3, 0, 3600])
def test_a_planted_offset_is_found_with_its_spread(tmp_path, skew):
    case = analysed(tmp_path, pair(skew))
    reference, other = case.model.servers
    assert reference.clock_offset_seconds == 0
    (offset,) = other.clock_offsets
    assert abs(offset.seconds - skew) <= 2
    assert abs(offset.seconds - skew) <= offset.spread <= 6
    assert offset.pairs >= 3
    assert {e.server for e in offset.evidence} == {"svr031", "svr047"}
    skewed = [f for f in case.findings if f.rule == "clock-skew"]
    assert [f.servers for f in skewed] == ([["svr047"]] if abs(skew) > offset.spread else [])


def test_restarts_at_equal_intervals_are_not_taken_for_an_offset_of_hours(tmp_path):
    case = analysed(tmp_path, pair(-95, hours=(0, 6, 12)))
    assert abs(case.model.servers[1].clock_offset_seconds + 95) <= 2


@pytest.mark.parametrize("told", [True, False])
def test_a_clock_set_midway_has_an_offset_on_each_side(tmp_path, told):
    case = analysed(tmp_path, pair(-95, after=40, told=told))
    offsets = case.model.servers[1].clock_offsets
    assert abs(offsets[0].seconds + 95) <= 2
    assert abs(offsets[-1].seconds - 40) <= 2
    assert offsets[0].until <= offsets[-1].since
    (finding,) = [f for f in case.findings if f.rule == "clock-skew"]
    assert finding.servers == ["svr047"]


def test_raw_times_stand_beside_corrected_ones_and_order_the_case(tmp_path):
    case = analysed(tmp_path, pair(-95))
    ends = [s for s in case.shutdowns if s.server == "svr047"]
    for end in ends:
        assert abs((end.corrected_time - end.time).total_seconds() - 95) <= 2
    assert all(s.corrected_time is None for s in case.shutdowns if s.server == "svr031")
    frame = case.timeline
    assert frame.index.is_monotonic_increasing
    own = frame[frame["server"] == "svr047"].iloc[0]
    shift = datetime.fromisoformat(own["local_time"]) - datetime.fromisoformat(own["server_time"])
    assert abs(shift.total_seconds() - 95) <= 2


def test_an_offset_that_is_told_overrides(tmp_path):
    case = analysed(tmp_path, pair(-95), clock={"SVR047.example.com": -90})
    assert [s.clock_offset_seconds for s in case.model.servers] == [0, -90]
    with pytest.raises(UsageError, match="svr099"):
        acforensics.analyze([tmp_path], clock={"svr099": 1})


def test_without_a_common_occurrence_nothing_is_claimed(tmp_path):
    one = Machine("svr031", START).boot().wait(60).disk_error_reboot().wait(60).boot()
    other = Machine("svr047", START, skew=-95).boot().wait(75).disk_error_reboot().wait(60).boot()
    case = analysed(tmp_path, (one, other))
    assert [s.clock_offset_seconds for s in case.model.servers] == [None, None]
    assert not [f for f in case.findings if f.rule == "clock-skew"]
    assert all(s.corrected_time is None for s in case.shutdowns)
