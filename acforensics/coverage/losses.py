"""What logs say of records that they lost, summed up."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta

from acforensics.coverage.model import Loss, Span
from acforensics.events import Event

KIND = "os.records_lost"
_WINDOW = timedelta(minutes=10)
"""The longest interval of the usual rate limits: a message about a loss comes at its end."""
_ONE_EPISODE = timedelta(minutes=15)
_MOST_EPISODES = 200
_MOST_UNITS = 5
_MOST_DIGITS = 15


def find_losses(events: Sequence[Event], spans: Sequence[Span]) -> list[Loss]:
    """Losses in order; messages about one log in quick succession are one.

    Args:
        events: of one stream, each once.
        spans: the boots of the server; what was lost before a message was lost in the same boot.
    """
    by_log: dict[str, list[Event]] = {}
    for event in events:
        if event.kind == KIND:
            by_log.setdefault(event.fields.get("log", "syslog"), []).append(event)
    found = [
        _loss(log, episode, spans)
        for log, own in by_log.items()
        for episode in _episodes(sorted(own, key=lambda event: event.time))
    ]
    return sorted(found, key=lambda loss: (loss.start, loss.log))


def _episodes(events: list[Event]) -> list[list[Event]]:
    """A limit that is hit all the time gives fewer and longer ones, so that there is a bound to them."""
    apart = _ONE_EPISODE
    while True:
        found = [events[:1]]
        for event in events[1:]:
            if event.time - found[-1][-1].time <= apart:
                found[-1].append(event)
            else:
                found.append([event])
        if len(found) <= _MOST_EPISODES:
            return found
        apart *= 4


def _loss(log: str, events: list[Event], spans: Sequence[Span]) -> Loss:
    counts: list[int] = []
    total = 0
    for event in events:
        if (number := _number(event.fields.get("count"))) is not None:
            counts.append(number * (_number(event.fields.get("repeated")) or 1))
        elif (number := _number(event.fields.get("total"))) is not None:
            # A running total begins anew with the machine.
            counts.append(number - total if number >= total else number)
            total = number
    names = [event.fields.get("unit") or event.fields.get("sender") or event.fields.get("pid", "") for event in events]
    units = list(dict.fromkeys(name for name in names if name))[:_MOST_UNITS]
    first, last = events[0], events[-1]
    start = first.time if _begins(first) else max(first.time - _WINDOW, _boot_start(first.time, spans))
    end = last.time + _WINDOW if _begins(last) else last.time
    count = sum(counts) if counts else None
    return Loss(log, start, end, count, tuple(units), (first, last)[: len(events)], len(events))


def _begins(event: Event) -> bool:
    return event.fields.get("stage") == "begins"


def _number(value: str | None) -> int | None:
    return int(value[:_MOST_DIGITS]) if value is not None and value.isdecimal() else None


def _boot_start(time: datetime, spans: Sequence[Span]) -> datetime:
    i = bisect_right([span.start for span in spans], time) - 1
    return spans[i].start if i >= 0 else time - _WINDOW
