"""Orders events, joins the witnesses of one event, and builds the DataFrame.

Within a stream file order is kept, even where stamps tie or step back; streams of a server are merged by time.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from acforensics.errors import UsageError
from acforensics.events import Event, Witness
from acforensics.servers import ServerMap
from acforensics.sources import Reading

if TYPE_CHECKING:
    import pandas as pd

# A flood of equal lines is joined as far as this; more would cost time without telling more.
_MOST_ALIKE = 200
_SAME_EVENT = timedelta(seconds=2)
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

COLUMNS: dict[str, str] = {
    "server": "server the record belongs to",
    "layer": "os, clusterpro, ac or ups",
    "kind": "what the record means",
    "message": "the record's text after its tag",
    "program": "tag of the record",
    "pid": "process id as written, empty where none",
    "fields": "values read from the message, as JSON",
    "certainty": "verified, inferred or unverified: how sure we are of this format",
    "definition": "file and id of the definition that recognised it",
    "input": "file it was read from",
    "line": "1-based line in that file",
    "witnesses": "number of files that record it",
    "local_time": "time as the case's zone shows it, ISO 8601",
}


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

    @property
    def events(self) -> list[Event]:
        """The recognised records, in file order."""
        return [item.event for item in self.items if item.event is not None]


def build_tracks(
    stream: str,
    readings: Sequence[tuple[int, Reading]],
    times: Sequence[Sequence[datetime]],
    servers: ServerMap,
    previous: Mapping[int, Witness],
) -> list[Track]:
    """Place the marks and hits of one stream on their servers.

    Args:
        stream: name of the rotation set.
        readings: (index, reading), oldest first.
        servers: which server a host name or a file belongs to.
        times: UTC times of each reading's marks.
        previous: `id(hit)` → the line before it.
    """
    tracks: dict[str, Track] = {}
    seen: set[tuple[object, ...]] = set()
    for (index, reading), stamps in zip(readings, times, strict=True):
        hits = iter(reading.hits)
        pending = next(hits, None)
        copied = _copied_until(reading, seen)
        seen.update((hit.stamp, hit.raw) for hit in reading.hits)
        for mark, time in zip(reading.marks, stamps, strict=True):
            if mark.offset <= copied:
                while pending is not None and pending.offset <= mark.offset:
                    pending = next(hits, None)
                continue
            server = servers.of(index, mark.host)
            track = tracks.setdefault(server, Track(stream, server))
            event = None
            if pending is not None and pending.offset == mark.offset and pending.stamp == mark.stamp:
                hit = pending
                witness = Witness(reading.path, hit.line, time, hit.raw)
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
            track.items.append(Item(time, event, mark.boot))
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


def merge(tracks: Sequence[Track]) -> list[Event]:
    """All events in order; the same record in two streams of a server becomes one event with two witnesses.

    The tracks then refer to the joined events, so that both views speak of the same objects.
    """
    merged: list[Event] = []
    recent: dict[tuple[str, str, str, str], list[Event]] = {}
    for number, position in interleave([[item.time for item in track.items] for track in tracks]):
        track = tracks[number]
        event = track.items[position].event
        if event is None:
            continue
        key = (event.server, event.kind, event.program, event.message)
        twin = _twin(event, recent.setdefault(key, []))
        if twin is None:
            recent[key].append(event)
            merged.append(event)
        else:
            twin.witnesses += event.witnesses
            twin.streams.add(event.stream)
            track.items[position] = track.items[position]._replace(event=twin)
    return merged


def _twin(event: Event, earlier: list[Event]) -> Event | None:
    if "repeated" in event.fields:
        return None
    candidates = []
    for other in islice(reversed(earlier), _MOST_ALIKE):
        if abs(event.time - other.time) > _SAME_EVENT:
            break
        # Some logs leave the pid out.
        same_pid = not event.pid or not other.pid or event.pid == other.pid
        if same_pid and event.stream not in other.streams:
            candidates.append(other)
    # Of several records alike the first one that the other log has, too.
    return min(reversed(candidates), key=lambda other: abs(event.time - other.time), default=None)


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


def to_frame(events: Sequence[Event], zone: tzinfo) -> pd.DataFrame:
    """The timeline as a DataFrame: one row an event in order, UTC index `time`, columns as in `COLUMNS`."""
    import pandas as pd

    rows = [
        (
            event.server,
            event.layer,
            event.kind,
            event.message,
            event.program,
            event.pid,
            json.dumps(event.fields, ensure_ascii=False, sort_keys=True),
            event.certainty,
            event.definition,
            event.witnesses[0].input,
            event.witnesses[0].line,
            len(event.witnesses),
            event.time.astimezone(zone).isoformat(timespec="microseconds"),
        )
        for event in events
    ]
    index = pd.DatetimeIndex([event.time for event in events], name="time", dtype="datetime64[us, UTC]")
    frame = pd.DataFrame(rows, columns=list(COLUMNS), index=index)
    return frame.astype({"line": "int64", "witnesses": "int64"})


def export(frame: pd.DataFrame, path: Path) -> None:
    """Write the timeline; the ending chooses the form: `.csv`, `.jsonl` (both load into Timesketch) or `.parquet`.

    Raises:
        UsageError: another ending.
    """
    ending = path.suffix.lower()
    if ending not in (".csv", ".jsonl", ".parquet"):
        raise UsageError(f"--timeline {path}: the name must end in .csv, .jsonl or .parquet")
    if ending == ".parquet":
        frame.to_parquet(path)
        return
    flat = frame.reset_index(drop=True)
    flat.insert(0, "datetime", [stamp.isoformat(timespec="microseconds") for stamp in frame.index])
    flat.insert(1, "timestamp_desc", flat.pop("kind"))
    flat.insert(2, "message", flat.pop("message"))
    if ending == ".csv":
        text_columns = flat.select_dtypes(include=["object", "string"]).columns
        flat[text_columns] = flat[text_columns].map(_harmless_cell)
        # The line ends of RFC 4180: with them, a carriage return within a text is quoted, too.
        flat.to_csv(path, index=False, lineterminator="\r\n")
    else:
        flat.to_json(path, orient="records", lines=True, force_ascii=False)


def _harmless_cell(value: str) -> str:
    """Spreadsheets run cells that begin like a formula (in Japan also a full-width one); log text is data."""
    return "'" + value if value.startswith(_FORMULA_SIGNS) else value
