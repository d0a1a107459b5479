"""Dates as programs with a locale write them: the year first, or last in an order that the whole file must tell."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from acforensics.events import Stamp

DayOrder = Literal["month-first", "day-first"]

_CLOCK = (
    r"[T \t,]+(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"(?:[ \t]*(?P<half>[AaPp])\.?[Mm]\.?)?(?:[ \t]*(?P<zone>Z|[+-]\d\d:?\d\d))?"
)
_YEAR_FIRST = re.compile(r"(?P<year>\d{4})[/.-](?P<month>\d{1,2})[/.-](?P<day>\d{1,2})" + _CLOCK, re.ASCII)
_YEAR_LAST = re.compile(r"(?P<one>\d{1,2})[/.-](?P<two>\d{1,2})[/.-](?P<year>\d{4})" + _CLOCK, re.ASCII)
_ONE_AND_TWO = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-]\d{4}\b", re.ASCII)
_YEARS = range(1970, 2200)


def day_order(written: Iterable[str]) -> DayOrder | None:
    """Whether `12/04/2026` is December or April, where some other date of the file tells; `None` where none does."""
    found: set[DayOrder] = set()
    for value in written:
        match = _ONE_AND_TWO.match(value.strip())
        if match is not None and int(match[1]) > 12:
            found.add("day-first")
        elif match is not None and int(match[2]) > 12:
            found.add("month-first")
    return found.pop() if len(found) == 1 else None


def read_date(written: str, order: DayOrder | None) -> Stamp | None:
    """A date with its time, as a stamp; `None` where it is neither, or its order is not known."""
    written = written.strip()
    match = _YEAR_FIRST.fullmatch(written)
    if match is not None:
        month, day = int(match["month"]), int(match["day"])
    else:
        match = _YEAR_LAST.fullmatch(written)
        if match is None or order is None:
            return None
        month, day = int(match["one"]), int(match["two"])
        if order == "day-first":
            month, day = day, month
    hour = int(match["hour"])
    if match["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match["half"] in "Pp" else 0)
    year, minute, second = int(match["year"]), int(match["minute"]), int(match["second"] or 0)
    offset = _seconds(match["zone"]) if match["zone"] else None
    try:
        datetime(year, month, day, hour, minute, second)
    except ValueError:
        return None
    if year not in _YEARS or (offset is not None and abs(offset) > 14 * 3600):
        return None
    microsecond = int((match["fraction"] or "").ljust(6, "0")[:6])
    return Stamp(year, month, day, hour, minute, second, microsecond, offset, 1 if match["second"] else 60)


def _seconds(zone: str) -> int:
    if zone == "Z":
        return 0
    seconds = int(zone[1:3]) * 3600 + int(zone[-2:]) * 60
    return -seconds if zone[0] == "-" else seconds
