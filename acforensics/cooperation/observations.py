"""From the records of a server to what the engine looks at: each once, with its place and time in the stop."""

from __future__ import annotations

from datetime import datetime, timedelta

from acforensics.cooperation.definitions import BootPlace
from acforensics.cooperation.model import Observation
from acforensics.cooperation.moments import begin_of, begin_place, on_last_clock
from acforensics.events import Event
from acforensics.shutdowns import Judgement
from acforensics.shutdowns.ups import ac_commands

SCRIPT_LINE = "ac.exec_command"
_LEAST_SET_BACK = timedelta(seconds=5)
"""Lines of one file may stand in slightly mixed order."""
_MOST_REPEATED = 10
"""More of one line tell nothing more."""


def own_records(judgement: Judgement) -> tuple[datetime, list[Observation], timedelta]:
    """A server's own records from when its stop began, that time, and by how much its clock was set meanwhile.

    Times are those of the clock that it ended with. A record belongs to the stop by its place in the log: one that was
    stamped after the clock had been set back may seem to come before it.
    """
    boot, chosen = judgement.boot, judgement.chosen
    events, times = boot.events, on_last_clock(boot)
    begin, first = begin_of(judgement), begin_place(judgement)
    start = begin + (times[first] - events[first].time if first < len(events) else timedelta(0))
    lines = {id(event) for event in ac_commands(judgement.view, chosen.time)} if chosen is not None else set()
    found: list[Observation] = []
    latest: dict[str, datetime] = {}
    slack = timedelta(0)
    for i, (event, time) in enumerate(zip(events, times, strict=True)):
        if i < first and event.time < begin:
            continue
        back = latest.get(event.stream, event.time) - event.time
        slack = max(slack, abs(time - event.time), back if back > _LEAST_SET_BACK else slack)
        latest[event.stream] = max(event.time, latest.get(event.stream, event.time))
        if event.kind == SCRIPT_LINE:
            # Each run of `logger` once, however many logs hold it.
            found += repeated(event, i, time) if id(event) in lines else []
        elif "repeated" not in event.fields:
            found.append(observation(event, i, "this", time))
    return start, found, slack


def repeated(event: Event, order: int, time: datetime) -> list[Observation]:
    """A line that syslog says was repeated stands for as many."""
    count = event.fields.get("repeated", "1")[:9]
    return [observation(event, order, "this", time)] * (min(int(count), _MOST_REPEATED) if count.isdecimal() else 1)


def observation(event: Event, order: int, boot: BootPlace, time: datetime) -> Observation:
    """A record as the engine sees it."""
    return Observation(
        event.server, event.kind, time, order, event.fields, frozenset(event.streams), event.resolution, boot, event
    )
