"""Readings made by hand, and what the rooms below make of them: for tests of coverage and of its finding."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from acforensics.boots import Boot, find_boots
from acforensics.clocks import streams
from acforensics.coverage import Coverage, cover
from acforensics.events import Event, Stamp, Witness
from acforensics.servers import Server
from acforensics.sources import Mark, Reading
from acforensics.sources.reading import Source
from acforensics.timeline import Item, Track, merge

START = datetime(2026, 11, 24, tzinfo=UTC)
MINUTE, HOUR, DAY = 60, 3600, 86400
NOTHING: Mapping[str, str] = MappingProxyType({})

Record = tuple[float, str] | tuple[float, str, dict[str, str]]
"""Seconds from `START`, kind (empty: a record that nobody knows), fields."""


class Bundle:
    """Files are added one by one; `events`, `boots` and `coverage` are then what the rooms make of them."""

    def __init__(self) -> None:
        self.readings: list[Reading] = []
        self.records: list[list[tuple[str, datetime, Event | None]]] = []
        self.servers: dict[str, Server] = {}

    def add(self, path: str, source: Source, records: Iterable[Record], **more: Iterable[Record]) -> Bundle:
        """A file of the server that its path begins with; `more` are records of other servers in the same file."""
        names = tuple(path.split("/"))
        listed = [(names[0], record) for record in records]
        listed += [(other, record) for other, own in more.items() for record in own]
        listed.sort(key=lambda pair: pair[1][0])
        reading = Reading(path, names, None, source=source, records=len(listed))
        placed = []
        for number, (host, record) in enumerate(listed):
            time = START + timedelta(seconds=record[0])
            self.servers.setdefault(host, Server(host))
            reading.marks.append(Mark(number, Stamp(*time.timetuple()[:6], time.microsecond, 0), host))
            placed.append((host, time, self._event(path, number + 1, host, time, *record[1:]) if record[1] else None))
        self.readings.append(reading)
        self.records.append(placed)
        return self

    @staticmethod
    def _event(
        path: str, line: int, host: str, time: datetime, kind: str, fields: Mapping[str, str] = NOTHING
    ) -> Event:
        message = f"{kind} {sorted(fields.items())}"
        witness = Witness(path, line, time, f"{time:%Y-%m-%dT%H:%M:%S} {host} x: {message}")
        return Event(time, host, kind, "x", "", message, dict(fields), "t/x", "verified", "", [witness])

    def build(self) -> Bundle:
        placed = {id(reading): records for reading, records in zip(self.readings, self.records, strict=True)}
        found = streams([reading for reading in self.readings if reading.marks])
        tracks: dict[tuple[str, str], Track] = {}
        for stream in found:
            for host, time, event in (record for reading in stream.readings for record in placed[id(reading)]):
                if event is not None:
                    event.stream, event.streams = stream.name, {stream.name}
                tracks.setdefault((stream.name, host), Track(stream.name, host)).items.append(Item(time, event))
        listed = list(tracks.values())
        self.events: list[Event] = merge(listed)
        self.boots: dict[str, list[Boot]] = {
            name: find_boots(name, [track for track in listed if track.server == name])
            for name in sorted({event.server for event in self.events})
        }
        times = [[time for _, time, _ in records] for records in self.records]
        self.coverage: Coverage = cover(listed, self.boots, found, self.readings, times)
        return self

    def source(self, stream: str, server: str = "svr031"):
        """The coverage of one stream of one server."""
        return next(s for s in self.coverage.sources if (s.server, s.name) == (server, stream))


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def every(step: float, start: float, end: float) -> list[Record]:
    """Records nobody knows, in steps, from start to before end."""
    found: list[Record] = []
    while start < end:
        found.append((start, ""))
        start += step
    return found


def boot(start: float) -> list[Record]:
    """What every start leaves: the kernel's first line and a burst."""
    return [(start, "os.boot"), *every(0.5, start + 1, start + 60)]


def stop(time: float) -> list[Record]:
    return [(time, "os.shutdown_started", {"mode": "halt"}), (time + 1, "os.stop_progress")]
