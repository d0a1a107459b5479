"""Measures the coverage of every source of every server."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from acforensics.boots import Boot
from acforensics.clocks import Stream
from acforensics.coverage.holes import find_breaks, plain_path
from acforensics.coverage.losses import find_losses
from acforensics.coverage.model import Coverage, Gap, Hole, SourceCoverage, Span
from acforensics.coverage.silences import SHORTEST_GAP, Silence, out_of_rhythm, watch
from acforensics.events import Event
from acforensics.sources import Reading
from acforensics.sources.reading import Source
from acforensics.timeline import Track

_STEADY: tuple[Source, ...] = ("syslog", "journal", "audit")
"""Sources that write all the time; others write when something happens, so that their silence says nothing."""
_ALIVE = 2
"""Records of other sources that show a machine alive; one may be a stray stamp."""
_CLOCK_SETTLES = timedelta(minutes=10)
_CLOCK_STEPPED = timedelta(minutes=2)


@dataclass
class _Own:
    """One track with what is looked up in it again and again, sorted by time."""

    track: Track
    times: list[datetime]
    events: list[Event]
    event_times: list[datetime] = field(init=False)

    def __post_init__(self) -> None:
        self.events.sort(key=lambda event: event.time)
        self.event_times = [event.time for event in self.events]

    def within(self, start: datetime, end: datetime) -> int:
        """The number of records between two times."""
        return max(0, bisect_left(self.times, end) - bisect_right(self.times, start))

    def nearest(self, start: datetime, end: datetime) -> tuple[Event | None, Event | None]:
        """The last event up to a time, and the first one from another time on."""
        before, after = bisect_right(self.event_times, start), bisect_left(self.event_times, end)
        return (
            self.events[before - 1] if before else None,
            self.events[after] if after < len(self.events) else None,
        )


@dataclass
class _Stream:
    """A rotation set: its files with their times, and the servers of which it holds records."""

    stream: Stream
    times: list[Sequence[datetime]]
    source: Source
    servers: list[_Own] = field(default_factory=list)


def cover(
    tracks: Sequence[Track],
    boots: Mapping[str, Sequence[Boot]],
    streams: Sequence[Stream],
    readings: Sequence[Reading],
    times: Sequence[Sequence[datetime]],
) -> Coverage:
    """Measure what the sources of a case cover.

    Args:
        tracks: all streams, one for each server that they hold records of, after events were merged.
        boots: by server, each oldest first; what belongs to no server here is left out.
        streams: the rotation sets that the tracks were built from.
        readings: every file of the case, also those without records.
        times: UTC times of each reading's marks.
    """
    stamps = {id(reading): own for reading, own in zip(readings, times, strict=True)}
    sets = {s.name: _Stream(s, [stamps[id(r)] for r in s.readings], _source(s)) for s in streams}
    by_server: dict[str, list[_Own]] = {}
    for track in tracks:
        if not track.items:
            continue
        own = _Own(track, sorted(item.time for item in track.items), list(track.events))
        sets[track.stream].servers.append(own)
        if track.server in boots:
            by_server.setdefault(track.server, []).append(own)
    spans = {server: _spans(own) for server, own in sorted(boots.items())}
    present = frozenset(plain_path(reading.path) for reading in readings)
    sources = [
        _Measurement(own, owns, sets[own.track.stream], spans[server]).result(present)
        for server, owns in sorted(by_server.items())
        for own in sorted(owns, key=lambda own: own.track.stream)
    ]
    return Coverage(tuple(sources), spans)


def _source(stream: Stream) -> Source:
    """What sort of log a set is: most of its files are, of those of which it is known."""
    counts: Counter[Source] = Counter(reading.source for reading in stream.readings if reading.source != "other")
    return max(sorted(counts), key=lambda source: counts[source]) if counts else "other"


def _spans(boots: Sequence[Boot]) -> list[Span]:
    """When the server was on. A boot whose clock was dead or far ahead for a while must not cover its neighbours."""
    found: list[Span] = []
    for boot in boots:
        span = Span(boot.id, min(boot.start or boot.first, boot.first), boot.last)
        if found and span.start <= found[-1].start:
            span = span._replace(start=min(found[-1].end + timedelta.resolution, span.end))
        elif found and span.start < found[-1].end:
            found[-1] = found[-1]._replace(end=span.start)
        found.append(span)
    return sorted(found, key=lambda span: span[1:])


@dataclass
class _Measurement:
    own: _Own
    on_server: Sequence[_Own]
    set: _Stream
    spans: Sequence[Span]

    def result(self, present: frozenset[str]) -> SourceCoverage:
        track, times = self.own.track, self.own.times
        holes = self._holes(present)
        inputs = [
            reading.path
            for reading, stamps in zip(self.set.stream.readings, self.set.times, strict=True)
            if stamps and min(stamps) <= times[-1] and max(stamps) >= times[0]
        ]
        shared = len(self.set.servers) > 1 or any(reading.part is not None for reading in self.set.stream.readings)
        return SourceCoverage(
            server=track.server,
            stream=track.stream,
            source=self.set.source,
            inputs=tuple(dict.fromkeys(inputs)),
            first=times[0],
            last=times[-1],
            marks=len(times),
            records=None if shared else sum(reading.records for reading in self.set.stream.readings),
            gaps=tuple(self._gaps(holes)) if self.set.source in _STEADY else (),
            holes=tuple(holes),
            # What several streams record belongs to the first of them.
            losses=tuple(find_losses([e for e in self.own.events if e.stream == track.stream], self.spans)),
            damaged=tuple(self._damaged()),
            kinds=frozenset(event.kind for event in self.own.events),
            seen=self._seen(),
        )

    def _damaged(self) -> Iterable[tuple[datetime, datetime]]:
        """Times of files that could be read in part only: what they lack may be anywhere up to the next file."""
        dated = [pair for pair in zip(self.set.stream.readings, self.set.times, strict=True) if pair[1]]
        for number, (reading, stamps) in enumerate(dated):
            if not reading.complete:
                until = min(dated[number + 1][1]) if number + 1 < len(dated) else max(stamps)
                yield min(stamps), max(*stamps, until)

    def _seen(self) -> dict[str, Span]:
        found = {}
        times = self.own.times
        for span in self.spans:
            begin, end = bisect_left(times, span.start), bisect_right(times, span.end)
            if begin < end:
                found[span.boot] = Span(span.boot, times[begin], times[end - 1])
        return found

    def _gaps(self, holes: Sequence[Hole]) -> list[Gap]:
        watched = watch(self.own.times, self.spans)
        kept = [silence for silence in watched.silences if not self._explained(silence, holes)]
        left_out = sum((s.length for s in watched.silences), timedelta(0)) - sum((s.length for s in kept), timedelta(0))
        found, rhythm = out_of_rhythm(watched._replace(total=watched.total - left_out, silences=kept))
        return [
            Gap(s.boot, s.start, s.end, rhythm, self._others(s.start, s.end), *self._nearest(s.start, s.end))
            for s in found
        ]

    def _explained(self, silence: Silence, holes: Sequence[Hole]) -> bool:
        """Whether it is no silence of this source: a missing file, a shared log, or a clock that was set."""
        if silence.length < SHORTEST_GAP:
            return False
        start, end = silence.start, silence.end
        if any(hole.start < end and hole.end > start for hole in holes):
            return True
        # Samples of a log that several servers write do not show every record of each.
        if any(other is not self.own and other.within(start, end) for other in self.set.servers):
            return True
        if self._others(start, end):
            return False
        stepped = any(
            event.kind == "os.clock_stepped"
            for own in self.on_server
            for event in _between(own, start - _CLOCK_STEPPED, end + _CLOCK_STEPPED)
        )
        return stepped or start - silence.boot_start <= _CLOCK_SETTLES

    def _holes(self, present: frozenset[str]) -> list[Hole]:
        times = self.own.times
        return [
            Hole(b.start, b.end, b.older, b.newer, b.missing, self._others(b.start, b.end),
                 *self._nearest(b.start, b.end))
            for b in find_breaks(self.set.stream, self.set.times, present)
            if times[0] <= b.start and b.end <= times[-1]
        ]  # fmt: skip

    def _others(self, start: datetime, end: datetime) -> tuple[str, ...]:
        """Streams of this server with records well within a time; those at its edges may be of another clock."""
        edge = (end - start) / 10
        alive = (own for own in self.on_server if own.track.stream != self.own.track.stream)
        return tuple(sorted(own.track.stream for own in alive if own.within(start + edge, end - edge) >= _ALIVE))

    def _nearest(self, start: datetime, end: datetime) -> tuple[Event | None, Event | None]:
        """The recognised records around a time, of this source, else of any other one of this server."""
        before, after = self.own.nearest(start, end)
        around = [own.nearest(start, end) for own in self.on_server]
        if before is None:
            before = max((b for b, _ in around if b is not None), key=lambda event: event.time, default=None)
        if after is None:
            after = min((a for _, a in around if a is not None), key=lambda event: event.time, default=None)
        return before, after


def _between(own: _Own, start: datetime, end: datetime) -> Iterable[Event]:
    return own.events[bisect_left(own.event_times, start) : bisect_right(own.event_times, end)]
