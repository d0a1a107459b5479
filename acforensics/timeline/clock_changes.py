"""Starts with a wrong clock that was set soon after, as the streams of a server show them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from acforensics.clocks import seconds_told
from acforensics.events import Event, kind_of
from acforensics.timeline.tracks import Item, Track

_SOON = timedelta(minutes=15)
"""A clock that is set so soon after a start was wrong since that start."""
_LEAST = timedelta(minutes=1)
"""Less puts no record into another boot, nor a start behind what followed it."""
_ZONE_STEP = timedelta(minutes=15)
_LEAST_ZONE = timedelta(minutes=30)
_MOST_ZONE = timedelta(hours=14)
_BUSY = timedelta(minutes=2)
_ROUNDED = timedelta(seconds=5)
SAME_MOMENT = timedelta(seconds=10)
"""What stands at one place of a log may be stamped this far apart."""
EARLY_LINES = timedelta(seconds=120)
"""Lines of a boot may be stamped this much later than its first kernel line, and stand before it."""
SAME_START = timedelta(seconds=180)
"""Two streams may stamp one start this far apart (syslog writes kernel lines when it starts)."""
_TICK = timedelta.resolution
_NEVER = datetime.min.replace(tzinfo=UTC)
_LOOKED_AT = 200
_MOST_JUMPS = 8
_MOST_NEAR = 3
_YEARS = range(1900, 9900)
KERNEL_STARTS = ("os.boot", "os.boot_command_line")

ZoneOffset = Callable[[datetime], timedelta]


@dataclass(frozen=True)
class Change:
    """A clock that was wrong from a start on and then moved by `by`, as one stream shows it; times are as stamped."""

    begin: datetime
    last: datetime
    """The last record by the wrong clock."""
    first: datetime
    """The first record by the clock as it was set."""
    by: timedelta
    told: bool
    before: datetime | None
    """The last record of the boot before."""

    @property
    def since(self) -> datetime:
        """The earliest that another stream may have stamped of this start."""
        early = self.begin - min(SAME_START, abs(self.by) / 4)
        return early if self.before is None or self.before >= self.begin else max(early, self.before + _TICK)

    @property
    def until(self) -> datetime:
        """The latest that the wrong clock may have shown."""
        return max(self.last, min(self.first - self.by, self.begin + 2 * _SOON))


def find_changes(tracks: Sequence[Track], offset: ZoneOffset) -> list[Change]:
    """The starts of one server at which its clock was wrong, one each, in order of their stamps."""
    starts = [_starts(track.items) for track in tracks]
    begun = _Begun(tracks, starts)
    found: list[Change] = []
    for track, own in zip(tracks, starts, strict=True):
        found += _changes(track, own or _entries(track.items, begun), offset)
        found += _told(track, begun)
    return sorted(_joined(found), key=lambda change: change.since)


def _joined(changes: Sequence[Change]) -> list[Change]:
    """One change for each start, with the amount that a record tells, where one does; in order of their begin.

    What a gap between records suggests gives way to what a record of the same start tells, however much they differ.
    """
    found: list[Change] = []
    for change in sorted(changes, key=lambda change: change.begin):
        last = found[-1] if found else None
        another = last is not None and last.told == change.told and abs(change.by - last.by) > _BUSY
        if last is None or change.begin - last.begin > SAME_START or another:
            found.append(change)
            continue
        sure = change if change.told and not last.told else last
        befores = [one.before for one in (last, change) if one.before is not None]
        found[-1] = Change(
            last.begin,
            max(last.last, change.last),
            min(last.first, change.first),
            sure.by,
            sure.told,
            max(befores, default=None),
        )
    return found


class _Begun:
    """When the starts were that any stream shows, by their stamps, and the last record before each."""

    def __init__(self, tracks: Sequence[Track], starts: Sequence[Sequence[int]]) -> None:
        found: list[tuple[datetime, datetime]] = []
        for track, own in zip(tracks, starts, strict=True):
            for lower, start in pairwise([-1, *own]):
                before = _last_before(track.items, _cut(track.items, start, lower), start)
                found.append((track.items[start].time, before or _NEVER))
        found.sort()
        self._times = [time for time, _ in found]
        self._before = [before for _, before in found]

    def soon_before(self, time: datetime) -> tuple[datetime, datetime | None] | None:
        """The start that lies shortly before a stamp, and the last record before that."""
        place = bisect_right(self._times, time) - 1
        if place < 0 or time - self._times[place] > _SOON:
            return None
        return self._times[place], None if self._before[place] == _NEVER else self._before[place]


def _told(track: Track, begun: _Begun) -> Iterator[Change]:
    """Large steps that a record tells, soon after a start that any stream holds."""
    for event in track.events:
        by = _amount_told(event)
        if by is None or abs(by) <= _SOON or event.time.year not in _YEARS:
            continue
        left = event.time - by
        start = begun.soon_before(left + SAME_MOMENT)
        if start is not None:
            yield Change(start[0], start[0], event.time, by, told=True, before=start[1])


def _amount_told(event: Event | None) -> timedelta | None:
    seconds = seconds_told(event) if event is not None and event.kind == "os.clock_stepped" else None
    return timedelta(seconds=seconds) if seconds is not None else None


def _changes(track: Track, starts: Sequence[int], offset: ZoneOffset) -> Iterator[Change]:
    items = track.items
    cuts = [_cut(items, start, lower) for start, lower in zip(starts, [-1, *starts], strict=False)]
    for number, start in enumerate(starts):
        end = cuts[number + 1] if number + 1 < len(starts) else len(items)
        boot = _Boot(items, cuts[number], start, end)
        found = boot.told_change() or boot.shown_change(offset)
        if found is not None:
            yield found


def _starts(items: Sequence[Item]) -> list[int]:
    found: list[int] = []
    names: set[str] = set()
    for i, (time, event, name) in enumerate(items):
        named = bool(name) and name not in names
        names.add(name)
        begins = event is not None and event.kind in KERNEL_STARTS and "repeated" not in event.fields
        if (
            (named or begins)
            and time.year in _YEARS
            and not (found and abs(time - items[found[-1]].time) <= SAME_MOMENT)
        ):
            found.append(i)
    return found


def _entries(items: Sequence[Item], begun: _Begun) -> list[int]:
    """Where a stream that shows no starts leaps to the time of one."""
    found = []
    for i, item in enumerate(items):
        leaps = not i or abs(item.time - items[i - 1].time) >= _LEAST_ZONE
        if leaps and begun.soon_before(item.time + SAME_START) is not None:
            found.append(i)
    return found


def _cut(items: Sequence[Item], start: int, lower: int) -> int:
    """Where the records of a boot begin that stand before its kernel's first line."""
    cut = start
    while cut - 1 > lower:
        if not -SAME_MOMENT <= items[cut - 1].time - items[start].time <= EARLY_LINES or stops(items[cut - 1]):
            break
        cut -= 1
    return cut


class _Boot:
    """A boot in one stream, up to the time in which a clock that was wrong at its start is set."""

    def __init__(self, items: Sequence[Item], cut: int, start: int, end: int) -> None:
        self._items, self._cut, self._end = items, cut, end
        self._begun = items[start].time
        self._before = _last_before(items, cut, start)
        self._jumps: list[int] = []
        self._steps: list[int] = []
        elapsed = timedelta(0)
        for i in range(start + 1, end):
            size = items[i].time - items[i - 1].time
            if abs(size) >= _LEAST:
                self._jumps.append(i)
            if abs(size) < _SOON:
                elapsed += size
            if elapsed > _SOON or len(self._jumps) > _MOST_JUMPS:
                break
            event = items[i].event
            if event is not None and event.kind == "os.clock_stepped":
                self._steps.append(i)

    def told_change(self) -> Change | None:
        """A change of which a record tells the amount."""
        for step in self._steps:
            by = _amount_told(self._items[step].event)
            if by is None or abs(by) < _LEAST:
                continue
            fitting = [i for i in self._soon() if i <= step + _MOST_NEAR and -_ROUNDED <= self._size(i) - by <= _SOON]
            if fitting:
                return self._change(min(fitting, key=lambda i: abs(self._size(i) - by)), by, told=True)
        return None

    def shown_change(self, offset: ZoneOffset) -> Change | None:
        """A change that only the stamps show: by the offset of the zone, by which such clocks are wrong."""
        for i in self._soon():
            by = self._amount(i, offset)
            if by is None or abs(by) < _LEAST_ZONE:
                continue
            if self._follows(by) and (by > timedelta(0) or self._stays(i)):
                return self._change(i, by, told=False)
        return None

    def _soon(self) -> list[int]:
        return [
            i
            for i in self._jumps
            if abs(self._items[i - 1].time - self._begun) <= _SOON and self._items[i].time.year in _YEARS
        ]

    def _size(self, i: int) -> timedelta:
        return self._items[i].time - self._items[i - 1].time

    def _change(self, i: int, by: timedelta, *, told: bool) -> Change:
        near = (item.time for item in self._items[self._cut : i])
        own = [time for time in near if abs(time - self._begun) <= _SOON]
        return Change(min(own), max(own), self._items[i].time, by, told, self._before)

    def _amount(self, i: int, offset: ZoneOffset) -> timedelta | None:
        size = self._size(i)
        by = abs(offset(self._begun)) * (1 if size > timedelta(0) else -1)
        between = size - by
        if abs(by) >= _LEAST_ZONE and between >= -_ROUNDED:
            # Logs with few records show the time between two of them as well. What fell back was set in any case, but
            # by that much only where most of it shows: a clock that is set back by minutes is not one of another zone.
            most = abs(by) / 2 if by < timedelta(0) else 2 * by
            if between <= (_BUSY if self._before is None and by > timedelta(0) else most):
                return by
        # The same of another zone, where records are dense.
        by = (size + _ROUNDED) // _ZONE_STEP * _ZONE_STEP
        if size - by <= _BUSY and abs(by) <= _MOST_ZONE and (self._before is not None or by < timedelta(0)):
            return by
        said = any(abs(step - i) <= _MOST_NEAR for step in self._steps)
        return size if said and size < timedelta(0) else None

    def _follows(self, by: timedelta) -> bool:
        """Whether the boot then begins where the one before ended; a clock that fell behind must have done so."""
        if self._before is None:
            return True
        fell = by < timedelta(0) or self._begun < self._before - _LEAST
        return fell and self._begun + by >= self._before - SAME_MOMENT

    def _stays(self, i: int) -> bool:
        """Whether time goes on from there: late records, and programs that write in another zone, go back soon."""
        items = self._items
        middle = items[i - 1].time + self._size(i) / 2
        return not any(
            following.time >= middle and item.time - items[i].time <= _SOON
            for item, following in pairwise(items[i : min(self._end, i + _LOOKED_AT)])
        )


def _last_before(items: Sequence[Item], cut: int, start: int) -> datetime | None:
    """The time of the last record before a boot."""
    event = items[start].event
    line = event.previous if event is not None else None
    if line is not None and abs(line.time - items[start].time) > EARLY_LINES:
        found: datetime | None = line.time
    else:
        found = items[cut - 1].time if cut else None
    return found if found is not None and found.year in _YEARS else None


def stops(item: Item) -> bool:
    """Whether a record is of a stop."""
    return item.event is not None and kind_of(item.event.kind).phase == "stop"
