"""Files that are missing from a rotation set: by their numbers, or by dates that leave room for one."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from statistics import median
from typing import NamedTuple

from acforensics.clocks import Stream
from acforensics.sources import Reading

_NUMBER = re.compile(r"\.(?P<number>\d{1,3})(?=(?:\.(?:gz|xz|bz2|zst|Z|lzma|log|txt))*$)")
_COMPRESSION = re.compile(r"\.(?:gz|xz|bz2|zst|Z|lzma)$")
_LAST_PART = re.compile(r"[/!]")
_NO_LOSS = timedelta(minutes=1)
_FEWEST_SPACINGS = 3
_MOST_NAMED = 10


class Break(NamedTuple):
    """Two files of a rotation set between which one is missing, and the time between their records."""

    older: str
    newer: str
    start: datetime
    end: datetime
    missing: tuple[str, ...]


class _File(NamedTuple):
    path: str
    number: int | None
    rotated: date | None
    first: datetime
    last: datetime


def find_breaks(stream: Stream, times: Sequence[Sequence[datetime]], present: Collection[str]) -> list[Break]:
    """Look between every two files of a rotation set.

    Args:
        stream: the set, oldest first.
        times: UTC times of the marks of each of its readings.
        present: paths of every file of the case, also of those without records, without compression.
    """
    files = [
        _File(reading.path, _number(reading), rotated, stamps[0], stamps[-1])
        for reading, rotated, stamps in zip(stream.readings, stream.rotation_dates, times, strict=True)
        if stamps
    ]
    spacing = _usual_spacing([file.rotated for file in files if file.rotated is not None])
    found = []
    for older, newer in itertools.pairwise(files):
        if newer.first - older.last <= _NO_LOSS:
            continue
        missing = _missing_numbers(older, newer, present)
        if missing or _leaves_room(older, newer, spacing):
            found.append(Break(older.path, newer.path, older.last, newer.first, missing))
    return found


def plain_path(path: str) -> str:
    """A path without the ending of a compressed file."""
    return _COMPRESSION.sub("", path)


def _number(reading: Reading) -> int | None:
    """Its place in a numbered set: 0 for the file that is still written to."""
    name = reading.names[-1] if reading.names else reading.path
    match = _NUMBER.search(name)
    if match is not None:
        return int(match["number"])
    return 1 if plain_path(name).endswith((".old", ".bak")) else 0


def _missing_numbers(older: _File, newer: _File, present: Collection[str]) -> tuple[str, ...]:
    if older.number is None or newer.number is None or older.rotated is not None or newer.rotated is not None:
        return ()
    path = plain_path(older.path)
    names = (_NUMBER.sub(f".{number}", path) for number in range(older.number - 1, newer.number, -1))
    lacking = (name for name in names if name not in present)
    return tuple(_LAST_PART.split(name)[-1] for name in itertools.islice(lacking, _MOST_NAMED))


def _usual_spacing(dates: Sequence[date]) -> timedelta | None:
    spacings = [(later - earlier).days for earlier, later in itertools.pairwise(dates)]
    usual = median(spacings) if len(spacings) >= _FEWEST_SPACINGS else 0
    return timedelta(days=usual) if usual > 0 else None


def _leaves_room(older: _File, newer: _File, spacing: timedelta | None) -> bool:
    """Dates much farther apart than the others, and no records in between: a file that merely grew has them."""
    if spacing is None or older.rotated is None or newer.rotated is None:
        return False
    return (newer.rotated - older.rotated) * 2 > spacing * 3 and (newer.first - older.last) * 2 > spacing
