"""Streams as far as they concern one server, in file order, and how several of them are read as one.

Within a stream file order is kept, even where stamps tie or step back; streams of a server are merged by time.
"""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from acforensics.clocks import CaseClock
from acforensics.events import Event, Witness
from acforensics.servers import ServerMap
from acforensics.sources import Reading


class Item(NamedTuple):
    """A record of a track: its time, what it means (if anything), and its boot, where the source names it."""

    time: datetime
    event: Event | None = None
    boot: str = ""


@dataclass
class Track:
    """One stream as far as it concerns one server: its records in file order."""

    stream: str
    server: str
    items: list[Item] = field(default_factory=list)
    positions: array[int] = field(default_factory=lambda: array("q"))
    """Where each record that was placed stands in the stream, counted over the records of all servers."""

    @property
    def events(self) -> list[Event]:
        """The recognised records, in file order."""
        return [item.event for item in self.items if item.event is not None]


def build_tracks(
    stream: str,
    readings: Sequence[tuple[int, Reading]],
    times: Sequence[Sequence[datetime]],
    written: Sequence[Sequence[datetime]],
    servers: ServerMap,
    previous: Mapping[int, Witness],
) -> list[Track]:
    """Place the marks and hits of one stream on their servers.

    Args:
        stream: name of the rotation set.
        readings: (index, reading), oldest first.
        servers: which server a host name or a file belongs to.
        times: UTC times of each reading's marks, in an order that holds.
        written: the same as written, which differ where a hardware clock was dead.
        previous: `id(hit)` → the line before it.
    """
    tracks: dict[str, Track] = {}
    seen: set[tuple[object, ...]] = set()
    position = -1
    for (index, reading), stamps, raw in zip(readings, times, written, strict=True):
        hits = iter(reading.hits)
        pending = next(hits, None)
        copied = _copied_until(reading, seen)
        seen.update((hit.stamp, hit.raw) for hit in reading.hits)
        for mark, time, own in zip(reading.marks, stamps, raw, strict=True):
            position += 1
            if mark.offset <= copied:
                while pending is not None and pending.offset <= mark.offset:
                    pending = next(hits, None)
                continue
            server = servers.of(index, mark.host)
            track = tracks.setdefault(server, Track(stream, server))
            event = None
            if pending is not None and pending.offset == mark.offset and pending.stamp == mark.stamp:
                hit = pending
                witness = Witness(reading.path, hit.line, own, hit.raw)
                event = Event(
                    time=time,
                    server=server,
                    kind=hit.kind,
                    program=hit.program,
                    pid=hit.pid,
                    message=hit.message,
                    fields=hit.fields,
                    definition=hit.definition,
                    certainty=hit.certainty,
                    stream=stream,
                    witnesses=[witness],
                    previous=previous.get(id(hit)),
                    resolution=hit.stamp.resolution,
                )
                pending = next(hits, None)
            if event is not None and event.previous is not None and not track.items and not mark.boot:
                # Of a host among others the first records may not be sampled; it was there before this start.
                track.items.append(Item(event.previous.time))
                track.positions.append(position)
            track.items.append(Item(time, event, mark.boot))
            track.positions.append(position)
    return list(tracks.values())


def _copied_until(reading: Reading, seen: set[tuple[object, ...]]) -> int:
    """Up to which byte a file repeats what the file rotated before it holds; -1 where it repeats nothing.

    A log that is copied and then emptied, or collected twice, leaves such copies.
    """
    if not seen or not reading.hits or (reading.hits[0].stamp, reading.hits[0].raw) not in seen:
        return -1
    last = -1
    for hit in reading.hits:
        if (hit.stamp, hit.raw) not in seen:
            break
        last = hit.offset
    return last


def interleave(sequences: Sequence[Sequence[datetime]]) -> Iterator[tuple[int, int]]:
    """Merge by the times at the heads, so that each sequence's own order is kept whatever its stamps do.

    Yields:
        (number of the sequence, position in it).
    """
    heads = [(times[0], number, 0) for number, times in enumerate(sequences) if times]
    heapq.heapify(heads)
    while heads:
        _, number, position = heapq.heappop(heads)
        yield number, position
        if position + 1 < len(sequences[number]):
            heapq.heappush(heads, (sequences[number][position + 1], number, position + 1))


def on_one_clock(events: Sequence[Event], clock: CaseClock) -> list[Event]:
    """Give every event its time on the case's clock, and order them by it; each server's own order stays."""
    own: dict[str, list[Event]] = {}
    for event in events:
        corrected = clock.corrected(event.server, event.time)
        event.case_time = corrected if corrected != event.witnesses[0].time else None
        own.setdefault(event.server, []).append(event)
    lists = list(own.values())
    order = interleave([[event.case_time or event.time for event in events] for events in lists])
    return [lists[number][position] for number, position in order]
