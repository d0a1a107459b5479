"""Places what was read: every record in time, every file on a server, every plan at the time that it names."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from itertools import accumulate, pairwise

from acforensics import clocks
from acforensics.clocks import Dating, Stream, ZoneChoice, ZoneChoices
from acforensics.events import BOOT_MARKS, Event, Witness
from acforensics.servers import ServerMap, identify
from acforensics.sources import Reading
from acforensics.sources.reading import FactName
from acforensics.texts import Text, text
from acforensics.timeline import Moved, Track, build_tracks, set_clocks

PLANNED = "ac.schedule_planned"
_SAID = 3
_STAMPS_OF_OTHERS = {"received": "received_utc", "other": "other_utc"}


@dataclass
class Dated:
    """Every mark and hit with its time; lists run alongside the readings and their marks.

    `times` are UTC, those of a dead hardware clock moved to where their order puts them, and those of a start before
    its clock was set on that clock; `written` are as written.
    """

    readings: Sequence[Reading]
    streams: list[Stream]
    times: list[list[datetime]]
    written: list[list[datetime]]
    notes: list[list[Text]]
    hit_times: list[list[datetime]]
    previous: dict[int, Witness]
    zones: ZoneChoices
    zone_of: dict[str, ZoneChoice] = field(default_factory=dict)
    """The zone of most of each server's records, whosever file they stand in; known when they are placed."""
    _said: Counter[int] = field(default_factory=Counter)

    def place(self) -> tuple[ServerMap, list[Track]]:
        """Decide the servers, and give each of them its part of every stream."""
        starts = [
            [
                time
                for hit, time in zip(reading.hits, times, strict=True)
                if hit.kind in BOOT_MARKS - {"os.audit_started"}
            ]
            for reading, times in zip(self.readings, self.hit_times, strict=True)
        ]
        servers = identify(self.readings, self.times, starts)
        index = {id(reading): i for i, reading in enumerate(self.readings)}
        tracks = [
            track
            for stream in self.streams
            for track in build_tracks(
                stream.name,
                [(index[id(reading)], reading) for reading in stream.readings],
                [self.times[index[id(reading)]] for reading in stream.readings],
                [self.written[index[id(reading)]] for reading in stream.readings],
                servers,
                self.previous,
            )
        ]
        self._set_clocks(tracks)
        return servers, tracks

    def _set_clocks(self, tracks: Sequence[Track]) -> None:
        """Put starts with a wrong clock on the clock that was set soon after, here and in the tracks."""
        index = {id(reading): i for i, reading in enumerate(self.readings)}
        streams = {stream.name: [index[id(reading)] for reading in stream.readings] for stream in self.streams}
        by_server: dict[str, list[Track]] = {}
        for track in tracks:
            by_server.setdefault(track.server, []).append(track)
        for server, own in by_server.items():
            self.zone_of[server] = self._zone_of(own, streams)
            offset = partial(_offset, self.zone_of[server].zone)
            for track, runs in zip(own, set_clocks(own, offset), strict=True):
                for run in runs:
                    self._note(track, run, streams[track.stream])
        for i, count in self._said.items():
            if count > _SAID:
                self.notes[i].append(text("clock.set-more", count=count - _SAID))

    def _zone_of(self, tracks: Sequence[Track], streams: Mapping[str, Sequence[int]]) -> ZoneChoice:
        """The zone of most of a server's records."""
        counts: Counter[str] = Counter()
        choices: dict[str, ZoneChoice] = {}
        for track in tracks:
            files = streams[track.stream]
            ends = [bisect_left(track.positions, first) for first in self._firsts(files)]
            for i, (begin, end) in zip(files, pairwise(ends), strict=True):
                choice = self.zones.of(self.readings[i])
                counts[str(choice.zone)] += end - begin
                choices.setdefault(str(choice.zone), choice)
        return choices[counts.most_common(1)[0][0]]

    def _firsts(self, files: Sequence[int]) -> list[int]:
        """At which position of a stream each of its files begins, and where the last one ends."""
        return list(accumulate((len(self.times[i]) for i in files), initial=0))

    def _note(self, track: Track, run: Moved, files: Sequence[int]) -> None:
        """Take over what was moved, and say it of each file that holds a part of it."""
        first = self._firsts(files)
        by_file: dict[int, list[int]] = {}
        for place in range(run.begin, run.end):
            position = track.positions[place]
            number = bisect_right(first, position) - 1
            mark = position - first[number]
            self.times[files[number]][mark] = track.items[place].time
            by_file.setdefault(files[number], []).append(mark)
        for i, marks in by_file.items():
            since = self.written[i][marks[0]].astimezone(self.zones.shown).isoformat(" ", "seconds")
            key = "clock.set-ahead" if run.seconds < 0 else "clock.set-behind"
            self._said[i] += 1
            if self._said[i] <= _SAID:
                self.notes[i].append(text(key, seconds=f"{abs(run.seconds):.0f}", since=since))


def _offset(zone: tzinfo, time: datetime) -> timedelta:
    return time.astimezone(zone).utcoffset() or timedelta(0)


def unique(readings: Sequence[Reading]) -> list[Reading]:
    """Drop second copies of a file: the same bytes given twice are not two witnesses."""
    seen: dict[tuple[str, str], Reading] = {}
    found = []
    for reading in readings:
        key = (reading.sha256, reading.names[-1] if reading.names else "")
        first = seen.get(key)
        if first is not None and reading.hits:
            reading = replace(reading, hits=[], marks=[], records=0)  # noqa: PLW2901
            reading.notes = [*reading.notes, text("input.duplicate", path=first.path)]
        seen.setdefault(key, reading)
        found.append(reading)
    return found


def date(readings: Sequence[Reading], zones: ZoneChoices, year: int | None) -> Dated:
    """Date every mark and hit."""
    index = {id(reading): i for i, reading in enumerate(readings)}
    found = clocks.streams([reading for reading in readings if reading.marks])
    empty: list[list[datetime]] = [[] for _ in readings]
    dated = Dated(readings, found, list(empty), list(empty), [[] for _ in readings], [[] for _ in readings], {}, zones)
    for stream, dating in zip(found, clocks.date_streams(found, zones, year), strict=True):
        placed = _by_order(dating)
        for reading, times, written, notes in zip(stream.readings, placed, dating.times, dating.notes, strict=True):
            i = index[id(reading)]
            dated.times[i], dated.written[i], dated.notes[i] = times, written, notes
            by_mark = {(m.offset, m.stamp): t for m, t in zip(reading.marks, times, strict=True)}
            zone = zones.of(reading).zone
            for hit in reading.hits:
                time = by_mark[(hit.offset, hit.stamp)]
                dated.hit_times[i].append(time)
                if hit.previous is not None:
                    before = clocks.near(hit.previous.stamp, time, zone)
                    dated.previous[id(hit)] = Witness(reading.path, hit.previous.line, before, hit.previous.raw)
    return dated


def _by_order(dating: Dating) -> list[list[datetime]]:
    """Times of a dead hardware clock are moved behind the last credible one before them, at the earliest.

    Without one before, they end at the first credible one behind them.
    """
    flat = [time for times in dating.times for time in times]
    dead = [one for run in dating.dead for one in run]
    for start, end in _runs(dead):
        first, last = flat[start], flat[end - 1]
        before, after = flat[start - 1] if start else None, flat[end] if end < len(flat) else None
        for i in range(start, end):
            if before is not None:
                moved = before + max(timedelta(0), flat[i] - first)
                flat[i] = min(moved, after) if after is not None and after >= before else moved
            elif after is not None:
                flat[i] = after - max(timedelta(0), last - flat[i])
    times = iter(flat)
    return [[next(times) for _ in own] for own in dating.times]


def _runs(dead: Sequence[bool]) -> Iterator[tuple[int, int]]:
    start: int | None = None
    for i, one in enumerate([*dead, False]):
        if one and start is None:
            start = i
        elif not one and start is not None:
            yield start, i
            start = None


def stamps_of_others(readings: Sequence[Reading], servers: ServerMap, zones: ZoneChoices) -> None:
    """Resolve stamps by another server's clock that records hold: when its alert log received them, and the like.

    They are local times of the server in whose file they stand, and only tell something where that is another one.
    """
    for i, reading in enumerate(readings):
        for hit in reading.hits:
            for written, resolved in _STAMPS_OF_OTHERS.items():
                time = _local(hit.fields.get(written, ""), zones, reading)
                keeper = servers.of_file(reading)
                if time is None or (written == "received" and keeper in ("", servers.of(i, hit.host))):
                    continue
                hit.fields[resolved] = time.isoformat()
                if written == "received":
                    hit.fields["received_by"] = keeper


def _local(written: str, zones: ZoneChoices, reading: Reading) -> datetime | None:
    try:
        found = datetime.fromisoformat(written.replace("/", "-"))
    except ValueError:
        return None
    if found.tzinfo is None:
        found = found.replace(tzinfo=zones.of(reading).zone)
    try:
        return found.astimezone(UTC)
    except OverflowError:
        return None


def planned_offs(readings: Sequence[Reading], servers: ServerMap, zones: ZoneChoices) -> Mapping[str, Sequence[Event]]:
    """When schedule files of ESMPRO/AC plan to turn a server off, as events that are no records; by server."""
    return _planned("schedule-off", readings, servers, zones)


def planned_ons(readings: Sequence[Reading], servers: ServerMap, zones: ZoneChoices) -> Mapping[str, Sequence[Event]]:
    """When they plan to turn it on."""
    return _planned("schedule-on", readings, servers, zones)


def _planned(
    wanted: FactName, readings: Sequence[Reading], servers: ServerMap, zones: ZoneChoices
) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = {}
    for i, reading in enumerate(readings):
        for fact in reading.facts:
            time = _local(fact.value, zones, reading) if fact.name == wanted else None
            if time is None:
                continue
            server = servers.by_reading.get(i, "")
            witness = Witness(reading.path, fact.line, time, fact.text)
            found.setdefault(server, []).append(
                Event(time, server, PLANNED, "", "", fact.text, {}, "", "verified", reading.path, [witness])
            )
    return {server: sorted(events, key=lambda event: event.time) for server, events in found.items()}


def synchronised(readings: Sequence[Reading], servers: ServerMap) -> set[str]:
    """Servers of which a file says that their clock followed a time server when it was collected."""
    return {
        servers.by_reading.get(i, "")
        for i, reading in enumerate(readings)
        if any(fact.name == "clock-synchronised" and fact.value == "yes" for fact in reading.facts)
    }
