"""Clocks that were wrong within a log: dead ones, which begin at 1970 or 2000 at every boot, and ones set back.

Times stay as they are written; these stretches are only named, so that they are placed by order and not by time.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from acforensics.events import Stamp, kind_of
from acforensics.sources import Reading

_DAY = timedelta(days=1)
_LONG = timedelta(days=183)
_YEARS = timedelta(days=730)
# No log of these products is as old as this.
_EARLIEST_YEAR = 1995
# Where hardware clocks and firmware begin to count.
_EPOCHS = tuple(datetime(year, 1, 1) for year in (2000, 2001))

_LEAST_STEP = timedelta(minutes=1)
# After a start, records that were kept in memory are written late, behind newer ones.
_FLUSHED = timedelta(minutes=15)
_NEAR_START = timedelta(minutes=10)
_BEFORE, _AFTER = 2, 3
_HALF_HOUR = timedelta(minutes=30)
_MOST_STEPS = 50


class Step(NamedTuple):
    """The mark of a reading at which its host's clock was set back, and by how many seconds."""

    position: int
    seconds: float


def dead_runs(stamps: Sequence[Stamp], hosts: Sequence[str], files: Sequence[int]) -> set[int]:
    """Indexes of stamps with a written year that a dead hardware clock made.

    Such a run begins where time falls back by years and ends where it leaps forward again; a year in which none of
    these products existed needs no such proof.

    Args:
        stamps: of one stream, in file order.
        hosts: of the records.
        files: which file each stands in.
    """
    by_host: dict[str, list[int]] = {}
    for i, stamp in enumerate(stamps):
        if stamp.year is not None:
            by_host.setdefault(hosts[i], []).append(i)
    found: set[int] = set()
    for indexes in by_host.values():
        times = [_utc(stamps[i]) for i in indexes]
        for begin, end in _runs(times, [files[i] for i in indexes]):
            found.update(indexes[begin:end])
    return found


def _runs(times: Sequence[datetime], files: Sequence[int]) -> list[tuple[int, int]]:
    found = []
    position = 0
    while position < len(times):
        end = _end_of_run(times, files, position)
        if end is not None:
            found.append((position, end))
        position = end or position + 1
    return found


def _end_of_run(times: Sequence[datetime], files: Sequence[int], begin: int) -> int | None:
    """Where the run ends that begins here; `None` if none does."""
    rest = range(begin + 1, len(times))
    if times[begin].year < _EARLIEST_YEAR:
        return next((i for i in rest if times[i].year >= _EARLIEST_YEAR), len(times))
    at_epoch = any(-_DAY <= times[begin] - epoch <= 2 * _DAY for epoch in _EPOCHS)
    if begin == 0:
        if not at_epoch:
            return None
        return next((i for i in rest if times[i] - times[i - 1] > _YEARS), None)
    before = times[begin - 1]
    if before - times[begin] <= _LONG:
        return None
    end = next((i for i in rest if times[i] - times[i - 1] > _LONG), None)
    if end is None:
        return len(times) if at_epoch and before - times[begin] > _YEARS else None
    # From file to file time falls back also where they are in a wrong order.
    same_file = files[begin - 1] == files[begin] == files[end]
    return end if times[end] >= before - _DAY and (at_epoch or same_file) else None


def _utc(stamp: Stamp) -> datetime:
    day = datetime(stamp.year or 1970, stamp.month, stamp.day, stamp.hour, stamp.minute, stamp.second)
    return day - timedelta(seconds=stamp.offset or 0)


def find_steps(reading: Reading, times: Sequence[datetime], dead: Set[int]) -> list[Step]:
    """Where a host's clock was set back within a file, by a minute at least, and stayed behind.

    Late records, single odd stamps, what is flushed after a start, lists with the newest first, and programs that
    write in another zone are none. What is not sure is left out.

    Args:
        reading: one file.
        times: UTC times of its marks.
        dead: marks of a dead clock.
    """
    by_host: dict[str, list[int]] = {}
    for i, mark in enumerate(reading.marks):
        if i not in dead:
            by_host.setdefault(mark.host, []).append(i)
    starts = {(hit.offset, hit.stamp) for hit in reading.hits if kind_of(hit.kind).phase == "start"}
    found: list[Step] = []
    for indexes in by_host.values():
        started = [times[i] for i in indexes if (reading.marks[i].offset, reading.marks[i].stamp) in starts]
        found += [Step(indexes[i], seconds) for i, seconds in _steps([times[i] for i in indexes], started)]
    return sorted(found)[:_MOST_STEPS]


def _steps(times: Sequence[datetime], starts: Sequence[datetime]) -> list[tuple[int, float]]:
    back = [i for i in range(1, len(times)) if times[i - 1] - times[i] >= _LEAST_STEP]
    if not back or sum(b < a for a, b in pairwise(times)) > sum(b > a for a, b in pairwise(times)):
        return []
    found = []
    for i in back:
        size = times[i - 1] - times[i]
        before, after = times[max(0, i - _BEFORE) : i], times[i : i + _AFTER + 1]
        if len(before) < _BEFORE or len(after) <= _AFTER:
            continue
        if min(before) <= times[i] or max(after) >= times[i - 1]:
            continue
        if size < _FLUSHED and any(min(abs(s - times[i]), abs(s - times[i - 1])) <= _NEAR_START for s in starts):
            continue
        if not _in_another_zone(times, i, size):
            found.append((i, size.total_seconds()))
    return found


def _in_another_zone(times: Sequence[datetime], begin: int, size: timedelta) -> bool:
    """Whether only a program writes in another zone: as far back as zones lie apart, and then forward again."""
    odd = size % _HALF_HOUR
    if size < _HALF_HOUR - _LEAST_STEP or min(odd, _HALF_HOUR - odd) > _LEAST_STEP or size > _DAY:
        return False
    return any(times[i] - times[i - 1] >= size - _HALF_HOUR / 2 for i in range(begin + 1, len(times)))
