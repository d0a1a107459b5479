"""The records and boots of one server, to look up those of a time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime

from acforensics.clocks import CaseClock
from acforensics.events import Event
from acforensics.shutdowns import Judgement
from acforensics.shutdowns.records import Timed


class Records:
    """The records and boots of one server on the case's clock, to look up those of a time."""

    def __init__(self, judgements: Sequence[Judgement], clock: CaseClock) -> None:
        # Places are those of the log: what is taken off its times may change, and must not turn records round.
        events = ((judgement, event) for judgement in judgements for event in judgement.boot.events)
        placed = [
            (place, clock.corrected(event.server, event.time), judgement, event)
            for place, (judgement, event) in enumerate(events)
        ]
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
