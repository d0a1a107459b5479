"""Logs that were put together in one file (`cat messages messages.1 > all`): told apart where one ends and one begins.

Within a log the order of the file is the order of time, whatever its clock does. Where another log begins the records
go back as well, but no clock was set. What is not sure stays one log.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from acforensics.clocks.dating import written
from acforensics.clocks.own_clock import seconds_told
from acforensics.clocks.wrong_clocks import dead_runs
from acforensics.clocks.years import at_year, january_runs
from acforensics.events import BOOT_MARKS, Hit, Stamp
from acforensics.sources import Reading
from acforensics.sources.reading import Part
from acforensics.texts import Text, text

_LEAST = timedelta(minutes=1)
_LEAST_UNREPEATED = timedelta(hours=1)
_DAYS = timedelta(days=1)
# Clocks that are wrong by the offset of a zone come back by as much.
_ZONES = timedelta(hours=15)
_ZONE_STEP = timedelta(minutes=15)
_BUSY = timedelta(minutes=2)
_ABOUT = timedelta(minutes=10)
_SOON = timedelta(minutes=15)
_BEFORE, _AFTER = 2, 4
_LEAST_AFTER = 2
_NEAR = 4
_LOOKED_AT = 50
_REPEATED = 2
_MOST_PARTS = 64
# RHEL and Debian write what these say to logs of their own (secure or auth.log, cron), and nothing else there.
_OWN_LOGS = {
    **dict.fromkeys(["sshd", "sshd-session", "sudo", "su", "login", "doas", "polkitd", "pkexec"], "auth"),
    **dict.fromkeys(["crond", "cron", "anacron", "atd", "run-parts"], "cron"),
}
# Months without a record are more likely than a log of last year behind one of this year, but for weeks.
_HALF_YEAR, _YEAR = timedelta(days=183), timedelta(days=365)
_LAST_WEEKS = timedelta(days=305)


class _Row(NamedTuple):
    """A mark of a file that a clock at work made, and its time on a line that no turn of a year breaks."""

    place: int
    time: datetime


def separate_logs(readings: Sequence[Reading]) -> list[Reading]:
    """Every file of which several logs were put together as one reading for each of them, and a note of it."""
    return [part for reading in readings for part in _separated(reading)]


def _separated(reading: Reading) -> list[Reading]:
    rows = _rows(reading)
    seams = _seams(reading, rows)
    if not seams or len(seams) >= _MOST_PARTS:
        return [reading]
    bounds = [0, *seams, len(rows)]
    spans = [(rows[begin].time, max(row.time for row in rows[begin:end])) for begin, end in pairwise(bounds)]
    parts = _logs(spans)
    found: list[Reading] = []
    for part, begin, end in zip(parts, [0, *seams], [*seams, None], strict=True):
        since = reading.marks[rows[begin].place].offset if begin else 0
        until = reading.marks[rows[end].place].offset if end is not None else reading.marks[-1].offset + 1
        own = replace(
            reading,
            marks=[mark for mark in reading.marks if since <= mark.offset < until],
            hits=[hit for hit in reading.hits if since <= hit.offset < until],
            part=part,
        )
        if begin:
            last, first = rows[begin - 1].place, rows[begin].place
            own.hits = [*_without_line_above(own.hits, reading.marks[last].stamp, reading.marks[first].stamp)]
            # What is said of the file as a whole is said once.
            own = replace(own, bytes=0, lines=0, records=0, unframed=0, unframed_samples=[], facts=[])
            own.notes = [_note(reading, last, first)]
        found.append(own)
    return found


def _rows(reading: Reading) -> list[_Row]:
    """The marks that tell when a log was written; none where the source names boots, for then order says nothing."""
    marks = reading.marks
    stamps = [mark.stamp for mark in marks]
    if reading.source == "boot-list" or any(mark.boot for mark in marks) or not _goes_back(stamps):
        return []
    dead = january_runs(stamps) | dead_runs(stamps, [mark.host for mark in marks], [0] * len(marks))
    rows: list[_Row] = []
    for place, stamp in enumerate(stamps):
        if place in dead:
            continue
        if not rows:
            rows.append(_Row(place, at_year(stamp, stamp.year or 2023)))
        else:
            rows.append(_Row(place, rows[-1].time + _apart(stamps[rows[-1].place], stamp)))
    return rows


def _goes_back(stamps: Sequence[Stamp]) -> bool:
    """Whether any two of them may not be in order: most logs need not be looked at any closer."""
    # Without years, from January to the last months of a year is back as well.
    orders = [(s.year or 0, s.month, s.day, s.hour, s.minute, s.second) for s in stamps]
    pairs = zip(pairwise(orders), pairwise(stamps), strict=True)
    return any(
        _apart(*pair) <= -_LEAST for (before, after), pair in pairs if after < before or after[1] > before[1] + 8
    )


def _apart(earlier: Stamp, later: Stamp) -> timedelta:
    """From one stamp of a log to the next; without years, the turn of a year may lie between them."""
    if earlier.year is not None and later.year is not None:
        return at_year(later, later.year) - at_year(earlier, earlier.year)
    year = earlier.year or later.year or 2023
    apart = at_year(later, year) - at_year(earlier, year)
    return apart + _YEAR if apart < -_HALF_YEAR else apart - _YEAR if apart > _LAST_WEEKS else apart


def _seams(reading: Reading, rows: Sequence[_Row]) -> list[int]:
    """Of which rows another log begins."""
    back = [i for i in range(_BEFORE, len(rows)) if rows[i - 1].time - rows[i].time >= _LEAST]
    falls = sum(b.time < a.time for a, b in pairwise(rows)) if back else 0
    if not back or falls > sum(b.time > a.time for a, b in pairwise(rows)):
        return []
    found: list[int] = []
    log = _Log(reading, rows, back)
    for i in back:
        if log.begins_at(i, found[-1] if found else 0):
            found.append(i)
            if len(found) >= _MOST_PARTS:
                break
    return found


class _Log:
    """A file, looked at where its records go back."""

    def __init__(self, reading: Reading, rows: Sequence[_Row], back: Sequence[int]) -> None:
        self._reading, self._rows, self._back = reading, rows, back
        self._hits = sorted(reading.hits, key=lambda hit: hit.offset)
        self._offsets = [hit.offset for hit in self._hits]
        self._said: dict[tuple[Stamp, str], int] = {}
        for hit in self._hits:
            self._said.setdefault((hit.stamp, hit.raw), hit.offset)
        self._sorts: dict[str, list[int]] = {}
        for number, hit in enumerate(self._hits):
            self._sorts.setdefault(_OWN_LOGS.get(hit.program.lower(), ""), []).append(number)

    def begins_at(self, i: int, begun: int) -> bool:
        """Whether another log begins at a row; the one before it began at `begun`."""
        rows = self._rows
        left, entered = rows[i - 1].time, rows[i].time
        before, after = rows[max(begun, i - _BEFORE) : i], rows[i : i + _AFTER]
        if len(before) < _BEFORE or len(after) < _LEAST_AFTER:
            return False
        if min(row.time for row in before) <= entered or max(row.time for row in after) >= left:
            return False
        size = left - entered
        if self._repeats(i):
            return True
        if self._since_a_start(i, begun, size) or self._was_set(i, size):
            return False
        if self._another_sort(i, begun):
            return not self._returns(i, left, size, started=False)
        from_the_beginning = entered <= rows[begun].time + _ABOUT
        if size < _DAYS and not (from_the_beginning and size >= _LEAST_UNREPEATED and not _like_a_zone(size)):
            return False
        started = any(hit.kind in BOOT_MARKS for hit in self._near(i, 0, _NEAR))
        if started and not (from_the_beginning and size >= _DAYS):
            return False
        return not self._returns(i, left, size, started=started)

    def _repeats(self, i: int) -> bool:
        """Whether the records from there on stand above already, word for word."""
        cut = self._offset(i)
        place = bisect_left(self._offsets, cut)
        following = self._hits[place : place + _AFTER]
        above = [self._said[hit.stamp, hit.raw] < cut for hit in following]
        return len(above) >= _REPEATED and all(above)

    def _another_sort(self, i: int, begun: int) -> bool:
        """Whether what is said from there on is said in another log than all that was said since `begun`."""
        place = bisect_left(self._back, i + 1)
        until = self._back[place] if place < len(self._back) else len(self._rows)
        before, after = self._sorts_between(begun, i), self._sorts_between(i, until)
        return bool(before and after) and before.isdisjoint(after)

    def _sorts_between(self, begin: int, end: int) -> set[str]:
        """Into which sorts of logs the records of these rows are written; none where they are too few to tell."""
        since = bisect_left(self._offsets, self._offset(begin))
        until = bisect_left(self._offsets, self._offset(end)) if end < len(self._rows) else len(self._hits)
        if until - since < _REPEATED:
            return set()
        return {sort for sort, held in self._sorts.items() if bisect_left(held, since) < bisect_left(held, until)}

    def _since_a_start(self, i: int, begun: int, size: timedelta) -> bool:
        """Whether the clock was ahead by so much since a start just before: it leapt there, and here it is right again.

        Of a log that begins with that start less is known: then it must not go back by days.
        """
        rows = self._rows
        left, entered = rows[i - 1].time, rows[i].time
        first = next((n for n in range(i - 1, max(begun, i - _LOOKED_AT) - 1, -1) if rows[n].time < left - _SOON), None)
        first = begun if first is None and i - begun <= _LOOKED_AT else first
        if first is None:
            return False
        started = any(hit.kind in BOOT_MARKS for hit in self._hits_between(first, i))
        if rows[first].time >= left - _SOON:
            return started and size < _DAYS
        return started and rows[first].time - _LEAST <= entered and left - rows[first].time >= size / 2

    def _was_set(self, i: int, size: timedelta) -> bool:
        """Whether a record beside it tells that the clock was set, by so much or by nobody knows how much."""
        seconds = size.total_seconds()
        for hit in self._near(i, _NEAR, _NEAR):
            if hit.kind == "os.clock_stepped":
                by = seconds_told(hit)
                silent = not (hit.fields.get("seconds") or hit.fields.get("offset"))
                if silent or (by is not None and abs(by + seconds) <= seconds / 10):
                    return True
        return False

    def _returns(self, i: int, left: datetime, size: timedelta, *, started: bool) -> bool:
        """Whether soon the clock is right again that was wrong since a start, or only that of one of several hosts."""
        marks = self._reading.marks
        for earlier, later in pairwise(self._rows[i : i + _LOOKED_AT]):
            if later.time - earlier.time >= size / 2 and later.time >= left - _ABOUT:
                return started or marks[earlier.place].host != marks[later.place].host
        return False

    def _near(self, i: int, before: int, after: int) -> Sequence[Hit]:
        """The records from so many rows before a row to so many behind it."""
        return self._hits_between(max(0, i - before), min(i + after, len(self._rows)))

    def _hits_between(self, begin: int, end: int) -> Sequence[Hit]:
        """The records from one row to before another one."""
        since, until = self._offset(begin), self._offset(end - 1)
        return self._hits[bisect_left(self._offsets, since) : bisect_left(self._offsets, until + 1)]

    def _offset(self, i: int) -> int:
        return self._reading.marks[self._rows[i].place].offset


def _like_a_zone(size: timedelta) -> bool:
    """Whether a clock goes back so far that is set from one zone to another."""
    return size <= _ZONES and min(size % _ZONE_STEP, -size % _ZONE_STEP) <= _BUSY


def _logs(spans: Sequence[tuple[datetime, datetime]]) -> list[Part]:
    """Parts one behind the other in time are one log, as its rotated files are; the others are logs side by side."""
    ends: list[datetime] = []
    ages: list[int] = []
    found: dict[int, Part] = {}
    for number in sorted(range(len(spans)), key=lambda number: spans[number]):
        begin, end = spans[number]
        fitting = [log for log, last in enumerate(ends) if last <= begin]
        log = max(fitting, key=lambda log: ends[log], default=len(ends))
        if log == len(ends):
            ends.append(end)
            ages.append(0)
        else:
            ends[log] = end
            ages[log] += 1
        found[number] = Part(log, ages[log])
    return [found[number] for number in range(len(spans))]


def _without_line_above(hits: Sequence[Hit], last: Stamp, first: Stamp) -> Sequence[Hit]:
    """The line before a log's first start may be the last one of the log above it."""
    start = next((i for i, hit in enumerate(hits) if hit.previous is not None), None)
    line = hits[start].previous if start is not None else None
    if start is None or line is None or abs(_apart(last, line.stamp)) > abs(_apart(first, line.stamp)):
        return hits
    return [*hits[:start], replace(hits[start], previous=None), *hits[start + 1 :]]


def _note(reading: Reading, last: int, first: int) -> Text:
    """What is said of a log that begins below another one in its file."""
    offset = reading.marks[first].offset
    line = next((hit.line for hit in reading.hits if hit.offset >= offset and hit.line is not None), None)
    where = reading.path if line is None else f"{reading.path}:{line}"
    return text("clock.several-logs", where=where, before=written(reading, last), after=written(reading, first))
