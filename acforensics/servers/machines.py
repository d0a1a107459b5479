"""What starts tell of folders: a machine that starts is seen to start in each of its logs.

Logs of two folders that were both kept over the same time and agree on no start are of two machines, whatever name they
have. A clock or a zone that is read wrong shifts all starts of a log alike: that is no contradiction.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import product

# Journal and syslog stamp one start minutes apart, where syslog starts late.
_SAME_START = timedelta(minutes=10)
_LONGEST_SHIFT = timedelta(hours=26)
_SHIFT_STEP = timedelta(minutes=30)
_SHIFT_APART = timedelta(minutes=2)
_LOOKED_AT = 20

Folder = tuple[str, ...]


@dataclass
class Life:
    """From when to when a log was kept, and the starts of its machine that it holds."""

    first: datetime
    last: datetime
    starts: list[datetime] = field(default_factory=list)

    def contradicts(self, other: Life) -> bool:
        """Whether the two cannot be of one machine."""
        since, until = max(self.first, other.first), min(self.last, other.last)
        own, theirs = ([time for time in life.starts if since <= time <= until] for life in (self, other))
        if not own or not theirs or any(_near(time, other.starts, _SAME_START) for time in own):
            return False
        shifts = {later - time for time, later in product(own[:_LOOKED_AT], theirs[:_LOOKED_AT])}
        return not any(
            _agree(own, other.starts, by) or _agree(theirs, self.starts, -by) for by in filter(_is_shift, shifts)
        )


def together(lives: Iterable[Life]) -> Life | None:
    """Several logs of one machine as one; nothing where there are none."""
    found = list(lives)
    if not found:
        return None
    starts = sorted(time for life in found for time in life.starts)
    return Life(min(life.first for life in found), max(life.last for life in found), starts)


def apart(folders: Mapping[Folder, Sequence[Life]]) -> list[list[Folder]]:
    """Folders with logs of one name, by machine: more than one where their logs contradict one another."""
    machines: list[list[Folder]] = []
    lives = {folder: life for folder, logs in folders.items() if (life := together(logs)) is not None}
    for folder, life in sorted(lives.items(), key=lambda one: (len(one[0]), one[0])):
        fitting = (own for own in machines if not any(life.contradicts(lives[other]) for other in own))
        own = next(fitting, None)
        if own is None:
            machines.append(own := [])
        own.append(folder)
    return machines


def near(folder: Folder, machine: Sequence[Folder]) -> tuple[int, int]:
    """How near a folder lies to those of a machine: it shares more of its path, or has less below what it shares."""
    return max((_shared(folder, other), -len(other)) for other in machine)


def _shared(one: Folder, other: Folder) -> int:
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _near(time: datetime, starts: Sequence[datetime], within: timedelta) -> bool:
    place = bisect_left(starts, time - within)
    return place < len(starts) and starts[place] <= time + within


def _is_shift(by: timedelta) -> bool:
    """Whether a zone that is read wrong shifts stamps by so much."""
    return abs(by) <= _LONGEST_SHIFT and min(by % _SHIFT_STEP, -by % _SHIFT_STEP) <= _SHIFT_APART


def _agree(own: Sequence[datetime], theirs: Sequence[datetime], by: timedelta) -> bool:
    """Whether starts that are shifted by so much are all held by the other log."""
    return all(_near(time + by, theirs, _SHIFT_APART) for time in own)
