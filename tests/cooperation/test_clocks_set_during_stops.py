"""A clock that is set in the middle of a stop: what a log holds is not missing, whatever its stamps say."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from samples.cluster import Server
from samples.sequence_stops import halted, running, server_stop

DEVIATING = ("missing", "late", "out-of-order", "forbidden-observed")


def set_clock(server: Server, words: str, seconds: float, *, told: bool = False, which: int = 0) -> Server:
    """From a line on, to the end of the stop, the clock is ahead by so many seconds."""
    lines = server.files["messages"]
    at = [i for i, line in enumerate(lines) if words in line][which]
    ends = next((i for i, line in enumerate(lines) if i > at and "kernel:" in line), len(lines))
    for i in range(at, ends):
        moment = datetime.strptime(f"2026 {lines[i][:15]}", "%Y %b %d %H:%M:%S") + timedelta(seconds=seconds)
        lines[i] = f"{moment:%b %d %H:%M:%S}{lines[i][15:]}"
    if told:
        step = f"{lines[at][:15]} {server.name} chronyd[700]: System clock was stepped by {seconds}.000000 seconds"
        lines.insert(at, step)
    return server


def wrong(model):
    return {(one.server, s.step, s.server) for one in model.sequences for s in one.steps if s.status in DEVIATING}


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("seconds", [-25, -40, -300])
@pytest.mark.parametrize(
    "words", ["<event: 20>", "<event: 40>", "<event: 21>", "AC EXEC", "<event: 41>", "<event: 90>"]
)
def test_set_back_nothing_is_missing_or_out_of_order(analysed, words, seconds, told):
    first, second = halted()
    set_clock(second, words, seconds, told=told)
    assert wrong(analysed(first, second)) == set()


def test_set_forward_as_the_log_tells_nothing_is_late(analysed):
    """The nearest case: the log does not tell, so that stop.sh seems to have waited too long."""
    for told in (True, False):
        first, second = halted()
        set_clock(second, "AC EXEC", 90, told=told)
        found = {step for server, step, _ in wrong(analysed(first, second)) if server == "svr047"}
        assert found == (set() if told else {"ac-exec-first"})


@pytest.mark.parametrize("words", ["<event: 11> Activating group failover1", "<event: 61>"])
def test_set_back_on_the_server_that_takes_over(analysed, words):
    first, second = running()
    server_stop(first, "halt")
    second.at(first.now + timedelta(seconds=30)).sees_down("svr031").takes_over("failover1").daily(4)
    assert wrong(analysed(first, set_clock(second, words, -300))) == set()


def test_what_is_missing_with_a_steady_clock_is_missing(analysed):
    first, second = halted()
    second.files["messages"] = [
        line for line in second.files["messages"] if "<event: 21> Stopping group failover2" not in line
    ]
    assert ("svr047", "business-group-stopped", "svr047") in wrong(analysed(first, second))
