"""A UPS that goes on battery and back thousands of times is told in one line.

Only for what is shown: whoever judges an end looks at all events. What decides anything is never summarised.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, timedelta

from acforensics.events import Certainty, Event, kind_of

KIND = "ups.flapping"
_STATES = ("ups.on_battery", "ups.on_line", "ups.communication_lost", "ups.communication_restored")
_FLAPPING = frozenset({*_STATES, "ups.message"})
_PAUSE = timedelta(hours=1)
_MANY = 20
"""Changes from one state to another; fewer are read faster than they are explained."""
_KEPT = 2
"""Events that stay as they are at either end of a run."""
_WEAKEST: tuple[Certainty, ...] = ("unverified", "inferred", "verified")


def condense(events: Sequence[Event]) -> list[Event]:
    """Replace the middle of long runs of alternating UPS events by one event each; everything else stays in its place.

    A run is of one server and one UPS (or one program, where no UPS is named). It ends with a pause of an hour, with
    anything that a UPS agent or ESMPRO/AC decided, and where the server stops or starts.

    Args:
        events: of all servers, in order.

    Returns:
        The events in the same order. An `ups.flapping` event stands where the first of those stood that it replaces;
        its field `count` says how many they are.
    """
    runs = _Runs(events)
    for position, event in enumerate(events):
        if event.kind in _FLAPPING:
            runs.extend(position)
        elif event.layer in ("ac", "ups") or kind_of(event.kind).phase != "run":
            runs.end(event.server)
    for server in list(runs.open):
        runs.end(server)
    if not runs.summaries:
        return list(events)
    kept = (runs.summaries.get(p) or (None if runs.gone[p] else event) for p, event in enumerate(events))
    return [event for event in kept if event is not None]


class _Runs:
    """Runs that are still open, by server and UPS, and what the finished ones leave."""

    def __init__(self, events: Sequence[Event]) -> None:
        self.events = events
        self.open: dict[str, dict[str, list[int]]] = {}
        self.summaries: dict[int, Event] = {}
        self.gone = bytearray(len(events))

    def extend(self, position: int) -> None:
        event = self.events[position]
        own = self.open.setdefault(event.server, {})
        run = own.setdefault(event.fields.get("ups") or event.program, [])
        if run and abs(event.time - self.events[run[-1]].time) >= _PAUSE:
            self._close(run)
            run.clear()
        run.append(position)

    def end(self, server: str) -> None:
        for run in self.open.pop(server, {}).values():
            self._close(run)

    def _close(self, run: list[int]) -> None:
        if _changes([self.events[p] for p in run]) <= _MANY:
            return
        between = run[_KEPT:-_KEPT]
        self.summaries[between[0]] = _summary([self.events[p] for p in between])
        for position in between:
            self.gone[position] = True


def _changes(events: Sequence[Event]) -> int:
    """How often one state (or one message, such as of a timer that is started and cancelled) followed another."""
    states = [event.kind if event.kind in _STATES else event.definition for event in events]
    return sum(state != before for before, state in itertools.pairwise(states))


def _summary(events: Sequence[Event]) -> Event:
    first, last = events[0], events[-1]
    times = _times(events)
    told = [
        f"{times['ups.on_battery']:,} times on battery, {times['ups.on_line']:,} times on line",
        f"communication lost {times['ups.communication_lost']:,} times",
    ]
    counted = [times["ups.on_battery"] or times["ups.on_line"], times["ups.communication_lost"]]
    parts = [part for part, count in zip(told, counted, strict=True) if count]
    fields = {
        "count": str(len(events)),
        "on_battery": str(times["ups.on_battery"]),
        "on_line": str(times["ups.on_line"]),
        "communication_lost": str(times["ups.communication_lost"]),
        "first": first.time.astimezone(UTC).isoformat(),
        "last": last.time.astimezone(UTC).isoformat(),
    }
    if "ups" in first.fields:
        fields["ups"] = first.fields["ups"]
    found = Event(
        time=first.time,
        server=first.server,
        kind=KIND,
        program=first.program,
        pid="",
        message=", ".join([*parts, f"{len(events):,} records"]),
        fields=fields,
        definition="",
        certainty=min((event.certainty for event in events), key=_WEAKEST.index),
        stream=first.stream,
        witnesses=[*first.witnesses[:1], *last.witnesses[-1:]],
        resolution=max(event.resolution for event in events),
    )
    found.streams.update(*(event.streams for event in events))
    return found


def _times(events: Sequence[Event]) -> Counter[str]:
    """How often each state was entered: several records of one state in a row are one time."""
    found: Counter[str] = Counter()
    power = link = ""
    for event in events:
        if event.kind in ("ups.on_battery", "ups.on_line"):
            found[event.kind] += event.kind != power
            power = event.kind
        elif event.kind in _STATES:
            found[event.kind] += event.kind != link
            link = event.kind
    return found
