"""The years of listings that only their weekdays tell: a weekday comes back to its date every five to eleven years.

The reader of a file takes the last ones before the file was written. Where that leaves years between the two, the other
files of the server know better.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from acforensics.clocks.evidence import DEAD_CLOCK_YEARS
from acforensics.clocks.places import Hosts, places
from acforensics.clocks.years import at_year, nearest
from acforensics.events import Stamp
from acforensics.sources import Reading

_YEAR = timedelta(days=366)
_SHIFTS = range(-56, 57)
_CREDIBLE_YEARS = range(1990, 2200)


def settle_weekdays(readings: Sequence[Reading]) -> None:
    """Put listings whose weekdays fit several years into those nearest to the other files of their server."""
    wanted = [i for i, reading in enumerate(readings) if reading.years_by == "weekdays" and _is_doubtful(reading)]
    if not wanted:
        return
    found = places(readings, Hosts.of(readings))
    by_server: dict[str, list[datetime]] = {}
    for reading, place in zip(readings, found, strict=True):
        if reading.years_by == "text":
            by_server.setdefault(place.server, []).extend(_told(reading))
    everywhere = sorted(time for times in by_server.values() for time in times)
    for i in wanted:
        known = sorted(by_server.get(found[i].server, [])) or everywhere
        if known:
            _settle(readings[i], known)


def _is_doubtful(reading: Reading) -> bool:
    """Whether its newest record is not from the year before it was written."""
    newest = max(_told(reading), default=None)
    return newest is not None and (reading.written is None or reading.written.replace(tzinfo=None) - newest > _YEAR)


def _told(reading: Reading) -> list[datetime]:
    stamps = [mark.stamp for mark in reading.marks]
    return [at_year(s, s.year) for s in stamps if s.year is not None and s.year not in DEAD_CLOCK_YEARS]


def _settle(reading: Reading, known: Sequence[datetime]) -> None:
    days = {(s.year, s.month, s.day) for mark in reading.marks if (s := mark.stamp).year is not None}
    newest = max((mark.stamp for mark in reading.marks if mark.stamp.year is not None), key=lambda s: s[:7])

    def distance(shift: int) -> tuple[timedelta, int]:
        time = at_year(newest, (newest.year or 0) + shift)
        near = nearest(known, time)
        return timedelta.max if near is None else abs(time - near), abs(shift)

    fitting = [s for s in _SHIFTS if all(_is_same_weekday(year or 0, month, day, s) for year, month, day in days)]
    shift = min(fitting, key=distance, default=0)
    if not shift:
        return
    reading.years_by = "weekdays-others"
    reading.marks = [mark._replace(stamp=_shifted(mark.stamp, shift)) for mark in reading.marks]
    for hit in reading.hits:
        hit.stamp = _shifted(hit.stamp, shift)
        if hit.previous is not None:
            hit.previous = hit.previous._replace(stamp=_shifted(hit.previous.stamp, shift))


def _is_same_weekday(year: int, month: int, day: int, shift: int) -> bool:
    try:
        other = date(year + shift, month, day)
    except ValueError:
        return False
    return other.year in _CREDIBLE_YEARS and other.weekday() == date(year, month, day).weekday()


def _shifted(stamp: Stamp, years: int) -> Stamp:
    return stamp if stamp.year is None else stamp._replace(year=stamp.year + years)
