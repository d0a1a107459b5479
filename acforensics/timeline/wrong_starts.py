"""Starts with a wrong clock: what it stamped goes on the clock that was set soon after.

A hardware clock may hold local time while the kernel takes it for UTC, or the other way round; until a time server is
asked the first records of a boot are then hours ahead or behind. What was written stays with each witness.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from acforensics.events import kind_of
from acforensics.timeline.clock_changes import EARLY_LINES, KERNEL_STARTS, Change, ZoneOffset, find_changes, stops
from acforensics.timeline.tracks import Track

_ONE_CLOCK = timedelta(hours=1)


class Moved(NamedTuple):
    """Successive records of a track that were put on the clock that was set later."""

    begin: int
    end: int
    seconds: float


def set_clocks(tracks: Sequence[Track], offset: ZoneOffset) -> list[list[Moved]]:
    """Put the first records of boots whose clock was set soon after their start on that clock.

    Args:
        tracks: the streams of one server, each in file order; their items and events are changed.
        offset: of the server's zone from UTC.

    Returns:
        For each track what was moved.
    """
    changes = find_changes(tracks, offset)
    return [_move(track, changes) for track in tracks] if changes else [[] for _ in tracks]


def _move(track: Track, changes: Sequence[Change]) -> list[Moved]:
    times = [item.time for item in track.items]
    moved: list[Moved] = []
    sure: set[int] = set()
    starts: dict[int, list[Moved]] = {}
    for number, begin, end in _within(track, times, changes):
        run = Moved(begin, end, changes[number].by.total_seconds())
        if _by_wrong_clock(track, times, begin, end, changes[number].by):
            sure.add(number)
            moved.append(run)
        elif any(item.event is not None and item.event.kind in KERNEL_STARTS for item in track.items[begin:end]):
            starts.setdefault(number, []).append(run)
    # A stream that holds little more than starts shows no clock that is set; its only start of that time is this one.
    moved += [runs[0] for number, runs in starts.items() if number not in sure and len(runs) == 1]
    moved.sort()
    _shift_lines_before(track, times, moved)
    for run in moved:
        by = timedelta(seconds=run.seconds)
        for i in range(run.begin, run.end):
            item = track.items[i]
            if item.event is not None:
                item.event.time += by
            track.items[i] = item._replace(time=item.time + by)
    return moved


def _within(track: Track, times: Sequence[datetime], changes: Sequence[Change]) -> Iterator[tuple[int, int, int]]:
    """Successive records with stamps that a wrong clock gave: (number of the change, begin, end)."""
    sinces = [change.since for change in changes]
    position = 0
    while position < len(times):
        number = bisect_right(sinces, times[position]) - 1
        change = changes[number]
        end = position
        while number >= 0 and end < len(times) and change.since <= times[end] <= change.until:
            end += 1
            if stops(track.items[end - 1]) and _starts_behind(track, times, end, change):
                # Still of the boot before, though its clock was ahead of that of the start.
                position = end
        if position < end:
            yield number, position, end
        position = max(end, position + 1)


def _starts_behind(track: Track, times: Sequence[datetime], place: int, change: Change) -> bool:
    """Whether a kernel starts in what follows within the stretch of a change."""
    for i in range(place, len(times)):
        event = track.items[i].event
        if not change.since <= times[i] <= change.until:
            return False
        if event is not None and event.kind in KERNEL_STARTS:
            return True
    return False


def _by_wrong_clock(track: Track, times: Sequence[datetime], begin: int, end: int, by: timedelta) -> bool:
    """Whether records with such stamps are of the wrong clock: the same times come again when it is right.

    Where time falls back behind them (or fell back before them) they are. So is a start at the edge of a stream, and
    one after which time leaps: a clock that had stood still.
    """
    half = abs(by) / 2
    begins = any(
        item.event is not None and kind_of(item.event.kind).phase == "start" for item in track.items[begin:end]
    )
    if by < timedelta(0):
        if end < len(times):
            return times[end - 1] - times[end] >= half
        return begins and (not begin or times[begin] - times[begin - 1] >= half)
    fell = begin > 0 and times[begin - 1] - times[begin] >= half
    leaps = end < len(times) and times[end] - times[end - 1] >= half
    return fell or (leaps and (begins or not begin)) or (begins and not begin)


def _shift_lines_before(track: Track, times: Sequence[datetime], moved: Sequence[Moved]) -> None:
    """The line before a record is of the same clock, but where the clock changed between the two."""
    done: set[int] = set()
    for run in moved:
        for i in range(run.begin, min(run.end + 1, len(times))):
            event = track.items[i].event
            line = event.previous if event is not None else None
            if event is None or line is None or id(event) in done:
                continue
            apart = abs(line.time - times[i])
            if i == run.begin:
                moves = apart <= EARLY_LINES and (not i or apart < abs(line.time - times[i - 1]))
            else:
                moves = apart <= _ONE_CLOCK if i < run.end else abs(line.time - times[i - 1]) < min(apart, _ONE_CLOCK)
            if moves:
                done.add(id(event))
                event.previous = replace(line, time=line.time + timedelta(seconds=run.seconds))
