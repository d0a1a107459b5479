"""Silences of one source within boots, and which of them are out of its own rhythm.

Quiet is not a gap: a server that has only an hourly job to log is silent for an hour, and again the next hour. A
silence counts only where it is far longer than every other one of the same source, where such silences are few, and
where the source was watched long enough to say so.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from acforensics.coverage.model import Span
from acforensics.sources.reading import UNNOTICED

SHORTEST_GAP = timedelta(minutes=15)
_FAR_LONGER = 4
"""A gap is longer than this many of the longest silence that is none."""
_MOST_GAPS = 3
"""More silences of one length are a rhythm: nights, backups, weekends."""
_WATCHED = 3
"""The source must have been watched for this many times the length of its gaps without another one."""
_FEWEST_RECORDS = 20


class Silence(NamedTuple):
    """A time without a record of a source while its server was on. `boot_start`: it begins with the boot."""

    boot: str
    start: datetime
    end: datetime
    boot_start: datetime

    @property
    def length(self) -> timedelta:
        """How long it lasts."""
        return self.end - self.start


class Watched(NamedTuple):
    """How long a source was watched, by how many records, and its silences longer than three minutes."""

    total: timedelta
    records: int
    silences: list[Silence]


def watch(times: Sequence[datetime], spans: Sequence[Span]) -> Watched:
    """Find the silences of a source.

    Args:
        times: of its records, sorted.
        spans: the boots of its server, over all sources. Before the first and after the last record of the source
            nothing is known of it.
    """
    total, records, silences = timedelta(0), 0, []
    for span in spans if times else ():
        begin, end = max(span.start, times[0]), min(span.end, times[-1])
        if begin >= end:
            continue
        own = times[bisect_left(times, begin) : bisect_right(times, end)]
        total += end - begin
        records += len(own)
        silences += [
            Silence(span.boot, earlier, later, span.start)
            for earlier, later in _between(begin, own, end)
            if later - earlier > UNNOTICED
        ]
    return Watched(total, records, silences)


def _between(begin: datetime, times: Sequence[datetime], end: datetime) -> Iterator[tuple[datetime, datetime]]:
    earlier = begin
    for time in times:
        yield earlier, time
        earlier = time
    yield earlier, end


def out_of_rhythm(watched: Watched) -> tuple[list[Silence], timedelta]:
    """The silences that are gaps, in order, and the length that no other silence exceeds."""
    longest = sorted(watched.silences, key=lambda silence: (-silence.length, silence.start))
    for count in range(min(_MOST_GAPS, len(longest)), 0, -1):
        found = longest[:count]
        rhythm = longest[count].length if count < len(longest) else UNNOTICED
        silent = sum((silence.length for silence in found), timedelta(0))
        shortest = found[-1].length
        if (
            shortest >= SHORTEST_GAP
            and shortest > _FAR_LONGER * rhythm
            and watched.total - silent >= _WATCHED * silent
            and watched.records >= _FEWEST_RECORDS
        ):
            return sorted(found, key=lambda silence: silence.start), rhythm
    return [], timedelta(0)
