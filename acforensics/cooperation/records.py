"""The records and boots of one server, to look up those of a time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta

from acforensics.clocks import CaseClock
from acforensics.events import Event
from acforensics.shutdowns import Judgement
from acforensics.shutdowns.records import Timed

_LEAST_SET_BACK = timedelta(seconds=5)
"""Lines of one file may stand in slightly mixed order."""


class Records:
    """The records and boots of one server on the case's clock, to look up those of a time."""

    def __init__(self, judgements: Sequence[Judgement], clock: CaseClock) -> None:
        # Places are those of the log: what is taken off its times may change, and must not turn records round.
        events = ((judgement, event) for judgement in judgements for event in judgement.boot.events)
        placed = [
            (place, clock.corrected(event.server, event.time), judgement, event)
            for place, (judgement, event) in enumerate(events)
        ]
        self._set_back, self._since = _set_back(placed)
        placed.sort(key=lambda entry: entry[1])
        self._entries = Timed(placed, lambda entry: entry[1])
        self._boots = sorted(
            ((clock.corrected(j.boot.server, j.boot.first), clock.corrected(j.boot.server, j.boot.last), j)
             for j in judgements),
            key=lambda boot: boot[0],
        )  # fmt: skip
        self._firsts = [first for first, _, _ in self._boots]

    def between(self, start: datetime, end: datetime) -> list[tuple[int, datetime, Judgement, Event]]:
        """Place, time, boot and event of the records of a time."""
        return self._entries.between(start, end)

    def set_back(self, start: datetime, end: datetime) -> bool:
        """Whether the clock was set back over a part of a time: what is stamped so is not where it belongs."""
        place = bisect_left(self._set_back, start)
        return place < len(self._since) and self._since[place] <= end

    def up(self, start: datetime, end: datetime) -> list[Judgement]:
        """Boots that run in a part of a time."""
        found = []
        for place in range(bisect_right(self._firsts, end) - 1, -1, -1):
            _, last, judgement = self._boots[place]
            if last < start:
                break
            found.append(judgement)
        return found

    def begins_unseen(self, start: datetime, end: datetime) -> list[Judgement]:
        """The first boot, where its start is not seen and its records begin in this time: it may have run before."""
        first, _, judgement = self._boots[0]
        return [judgement] if judgement.boot.start is None and start < first <= end else []


def _set_back(placed: Sequence[tuple[int, datetime, Judgement, Event]]) -> tuple[list[datetime], list[datetime]]:
    """Where the clock was set back in a stream: the times before, and the earliest after each and later ones."""
    latest: dict[str, datetime] = {}
    found: list[tuple[datetime, datetime]] = []
    for _, time, _, event in placed:
        before = latest.get(event.stream, time)
        if time < before - _LEAST_SET_BACK:
            found.append((before, time))
        latest[event.stream] = time
    found.sort()
    since: list[datetime] = []
    for _, time in reversed(found):
        since.append(min(time, since[-1]) if since else time)
    return [before for before, _ in found], since[::-1]
