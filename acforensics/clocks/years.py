"""The year of a stamp that carries none, by walking from one whose year is known.

The year changes only where the calendar jumps by more than half a year, so that a clock set back by days is not
taken for a new year.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence, Set
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from acforensics.events import Stamp

_HALF_YEAR = timedelta(days=183)
_YEAR = timedelta(days=365)
_HOURS_WRONG = timedelta(hours=15)
_AHEAD = timedelta(days=2)


def resolve_years(
    stamps: Sequence[Stamp], anchors: dict[int, int], end: datetime | None, dead: Set[int] = frozenset()
) -> list[datetime]:
    """Give every stamp a year.

    Args:
        stamps: in file order, oldest first.
        anchors: index → year, where something in the text tells the year of that stamp.
        end: local time that the last stamp cannot be later than (much), used where no anchor stands in the text.
        dead: stamps of a dead hardware clock, which date no others; runs of 1 January are found here.

    Returns:
        Naive local datetimes, one a stamp; a 29 February that no year explains becomes the 28th.
    """
    if not stamps:
        return []
    known = {i: s.year for i, s in enumerate(stamps) if s.year is not None} | anchors
    skip = january_runs(stamps) | dead
    known = {i: year for i, year in known.items() if i not in skip or stamps[i].year is not None}
    years: list[int | None] = [known.get(i) for i in range(len(stamps))]
    if not any(i not in skip for i in known):
        last = max((i for i in range(len(stamps)) if i not in skip), default=len(stamps) - 1)
        if years[last] is None:
            years[last] = _year_at_end(stamps, last, skip, end or datetime.now(UTC).replace(tzinfo=None))
        known[last] = years[last] or 0
    marks = sorted(i for i in known if i not in skip) or sorted(known)
    _walk(stamps, years, skip, marks[0], range(marks[0] - 1, -1, -1))
    for lower, upper in pairwise(marks):
        split = _split(stamps, years, skip, lower, upper)
        _walk(stamps, years, skip, lower, range(lower + 1, split))
        _walk(stamps, years, skip, upper, range(upper - 1, split - 1, -1))
    _walk(stamps, years, skip, marks[-1], range(marks[-1] + 1, len(stamps)))
    neighbour = years[marks[0]]
    for i in range(len(stamps)):
        if years[i] is None:
            years[i] = neighbour
        neighbour = years[i]
    return [at_year(stamp, year or 1970) for stamp, year in zip(stamps, years, strict=True)]


def _split(stamps: Sequence[Stamp], years: list[int | None], skip: set[int], lower: int, upper: int) -> int:
    """Where the stamps between two known ones change sides: at the widest jump, for there a clock was set."""
    between = [lower, *(i for i in range(lower + 1, upper) if i not in skip), upper]
    year = years[upper] or 1970
    jumps = [(abs(at_year(stamps[b], year) - at_year(stamps[a], year)) % _YEAR, b) for a, b in pairwise(between)]
    return max((min(jump, _YEAR - jump), i) for jump, i in jumps)[1]


def _walk(stamps: Sequence[Stamp], years: list[int | None], skip: set[int], start: int, path: range) -> None:
    current = at_year(stamps[start], years[start] or 1970)
    year = years[start] or 1970
    for i in path:
        if i in skip or years[i] is not None:
            continue
        candidate = at_year(stamps[i], year)
        # Against the walk only where a clock was hours wrong at the turn of a year.
        if candidate - current > _HALF_YEAR and (
            path.step < 0 or abs(at_year(stamps[i], year - 1) - current) <= _HOURS_WRONG
        ):
            year -= 1
        elif current - candidate > _HALF_YEAR and (
            path.step > 0 or abs(at_year(stamps[i], year + 1) - current) <= _HOURS_WRONG
        ):
            year += 1
        candidate = at_year(stamps[i], year)
        years[i] = year
        current = candidate


def _year_at_end(stamps: Sequence[Stamp], last: int, skip: set[int], end: datetime) -> int:
    """The latest year in which the last stamp is not after `end`, and in which every 29 February exists."""
    first_choice = latest_year(stamps[last], end)
    leap_days = [i for i, s in enumerate(stamps) if (s.month, s.day) == (2, 29) and i not in skip]
    if not leap_days:
        return first_choice
    for year in range(first_choice, first_choice - 9, -1):
        years: list[int | None] = [None] * len(stamps)
        years[last] = year
        _walk(stamps, years, skip, last, range(last - 1, -1, -1))
        if all(_is_leap(years[i] or 1) for i in leap_days):
            return year
    return first_choice


def latest_year(stamp: Stamp, end: datetime) -> int:
    """The latest year in which a stamp is not after `end` (but for a clock that runs a little ahead)."""
    return end.year if at_year(stamp, end.year) <= end + _AHEAD else end.year - 1


def january_runs(stamps: Sequence[Stamp]) -> set[int]:
    """Runs that begin on 1 January amid another date: a hardware clock without battery, not a new year."""
    found: set[int] = set()
    i = 0
    while i < len(stamps):
        if stamps[i].year is not None or (stamps[i].month, stamps[i].day) != (1, 1):
            i += 1
            continue
        end = i
        day = 1
        while (
            end < len(stamps)
            and stamps[end].year is None
            and stamps[end].month == 1
            and 0 <= stamps[end].day - day <= 5
        ):
            # Until it is set, such a clock runs on through January.
            day = stamps[end].day
            end += 1
        if i > 0 and end < len(stamps):
            before, after = stamps[i - 1], stamps[end]
            apart = abs((at_year(after, 2023) - at_year(before, 2023)).days)
            if apart < 60 and before.month + (before.day > 3) > 1 and (before.month, before.day) < (12, 1):
                found.update(range(i, end))
        i = end
    return found


def nearest(times: Sequence[datetime], time: datetime) -> datetime | None:
    """Of some times, oldest first, the one next to another."""
    place = bisect_left(times, time)
    return min(times[max(place - 1, 0) : place + 1], key=lambda near: abs(near - time), default=None)


def at_year(stamp: Stamp, year: int) -> datetime:
    """A stamp in a year, as a naive local time; 29 February becomes the 28th in a year that has none."""
    day = min(stamp.day, 28) if stamp.month == 2 and stamp.day == 29 and not _is_leap(year) else stamp.day
    return datetime(year, stamp.month, day, stamp.hour, stamp.minute, stamp.second, stamp.microsecond)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
