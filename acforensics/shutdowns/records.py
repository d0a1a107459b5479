"""What other servers recorded, to be searched by kind and by time: a case may hold thousands of ends."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import cached_property
from typing import Generic, TypeVar

from acforensics.events import Event

Entry = TypeVar("Entry")


class Timed(Generic[Entry]):
    """Entries in some order, of which those of a stretch of time are found at once."""

    def __init__(self, entries: Sequence[Entry], time: Callable[[Entry], datetime]) -> None:
        self._entries = entries
        self._order = sorted(range(len(entries)), key=lambda position: time(entries[position]))
        self._times = [time(entries[position]) for position in self._order]

    def between(self, since: datetime, until: datetime) -> list[Entry]:
        """Entries from `since` to `until`, in their order."""
        positions = self._order[bisect_left(self._times, since) : bisect_right(self._times, until)]
        return [self._entries[position] for position in sorted(positions)]


class Records:
    """The events of one server, in order."""

    def __init__(self, events: Sequence[Event]) -> None:
        self.events = events

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    def between(self, kinds: Iterable[str], since: datetime, until: datetime) -> list[Event]:
        """Events of the given kinds from `since` to `until` (UTC by the server's own clock), in order."""
        found: list[tuple[int, Event]] = []
        for kind in set(kinds) & self._by_kind.keys():
            found += self._by_kind[kind].between(since, until)
        return [event for _, event in sorted(found, key=lambda entry: entry[0])]

    @cached_property
    def _by_kind(self) -> dict[str, Timed[tuple[int, Event]]]:
        kinds: dict[str, list[tuple[int, Event]]] = {}
        for entry in enumerate(self.events):
            kinds.setdefault(entry[1].kind, []).append(entry)
        return {kind: Timed(entries, lambda entry: entry[1].time) for kind, entries in kinds.items()}
