"""Starts of a server that one of its streams lost: a file of its rotation is missing, or lines of it are.

What such a stream holds before and behind a lost start is of two boots; a stream that holds this start tells where one
ends. That is believed only where it also holds every other start of the stream that lost one, at the same time.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from acforensics.boots.model import CUT_OFF, Segment
from acforensics.timeline import SAME_START, Item, stops

_TOLERANCE = SAME_START + CUT_OFF


class Missed(NamedTuple):
    """A start that another stream holds; `slack`: what its stamp may have been cut off."""

    time: datetime
    slack: timedelta


def missed_starts(own: Sequence[Segment], others: Sequence[Sequence[Segment]]) -> list[Missed]:
    """The starts that a stream lost, as the stream that holds most of them tells, in order of time."""
    held = sorted(segment.start_event.time for segment in own if segment.start_event is not None)
    best: list[Missed] = []
    for segments in others:
        starts = sorted(
            Missed(segment.start_event.time, CUT_OFF if segment.coarse else timedelta(0))
            for segment in segments
            if segment.start_event is not None
        )
        times = [start.time for start in starts]
        since, until = min(s.first for s in segments), max(s.until for s in segments)
        common = [time for time in held if since - _TOLERANCE <= time <= until]
        if all(_holds(times, time) for time in common):
            found = [start for start in starts if not _holds(held, start.time)]
            best = max(best, found, key=len)
    return best


def _holds(times: Sequence[datetime], time: datetime) -> bool:
    place = bisect_left(times, time - _TOLERANCE)
    return place < len(times) and times[place] <= time + _TOLERANCE


def entry(items: Sequence[Item], begin: int, end: int, missed: Missed) -> int | None:
    """Where the boot of a lost start begins in these successive records; `None` where they are not of two boots."""
    times = [item.time for item in items[begin:end]]
    # A stop so soon behind it may be that of the boot before, where one of the two stamps is a little off.
    stopped = any(stops(items[begin + i]) for i, time in enumerate(times) if time >= missed.time)
    until = missed.time + (_TOLERANCE if stopped else missed.slack)
    if not times or min(times) >= missed.time - _TOLERANCE or max(times) <= until:
        return None
    place = next(i for i, time in enumerate(times) if time >= missed.time)
    last = bisect_right(times, missed.time + missed.slack, lo=place)
    place = max((i + 1 for i in range(place, last) if stops(items[begin + i])), default=place)
    # A start is stamped late by some: its records stand behind the longest silence shortly before.
    earliest = place
    while earliest > 0 and times[earliest - 1] >= missed.time - SAME_START and not stops(items[begin + earliest - 1]):
        earliest -= 1
    places = range(max(1, earliest), place + 1)
    return begin + max(places, key=lambda i: times[i] - times[i - 1]) if places and place < len(times) else None
