"""Every mark of every stream in UTC, and how that was decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo

from acforensics.clocks.rotation import Stream
from acforensics.clocks.years import at_year, latest_year, resolve_years
from acforensics.clocks.zones import ZoneChoice, clock_read, to_utc
from acforensics.events import Stamp
from acforensics.texts import Text, text


@dataclass
class Dating:
    """How a stream's stamps become UTC. `times` has one list a reading, index-aligned with its marks."""

    zone: tzinfo
    times: list[list[datetime]]
    notes: list[Text] = field(default_factory=list)


def date_streams(found: Sequence[Stream], choice: ZoneChoice, year: int | None) -> list[Dating]:
    """Date every mark of every stream.

    Streams whose text tells their years come first; their newest record then bounds the others.

    Args:
        found: rotation sets, each oldest first.
        choice: the zone for stamps without one.
        year: `--year`: the year of the newest stamp, where the text does not say.
    """
    anchors = [_anchors(stream) for stream in found]
    sure = [
        bool(known) or any(m.stamp.year for r in s.readings for m in r.marks)
        for s, known in zip(found, anchors, strict=True)
    ]
    datings: dict[int, Dating] = {}
    newest: datetime | None = None
    for wanted in (True, False):
        for i, stream in enumerate(found):
            if sure[i] is wanted:
                datings[i] = _date_stream(stream, anchors[i], choice, year, newest)
        if wanted:
            newest = max((t for d in datings.values() for group in d.times for t in group), default=None)
    return [datings[i] for i in range(len(found))]


def _date_stream(
    stream: Stream, anchors: dict[int, int], choice: ZoneChoice, year: int | None, newest: datetime | None
) -> Dating:
    stamps = [mark.stamp for reading in stream.readings for mark in reading.marks]
    end, end_note = _end(stream, stamps[-1], choice, year, newest)
    by_rotation = _rotation_anchors(stream, anchors) if year is None else {}
    naive = resolve_years(stamps, anchors | by_rotation, end)
    times: list[list[datetime]] = []
    position = 0
    for reading in stream.readings:
        group = []
        for mark in reading.marks:
            group.append(to_utc(naive[position], mark.stamp.offset, choice.zone))
            position += 1
        times.append(group)
    notes = []
    if all(stamp.year is not None for stamp in stamps):
        notes.append(text("clock.year-written"))
    else:
        embedded = anchors or any(s.year for s in stamps)
        notes.append(text("clock.year-embedded") if embedded else _rotation_note(stream) or end_note)
    if any(stamp.offset is None for stamp in stamps):
        notes.append(choice.reason)
    return Dating(choice.zone, times, notes)


def _anchors(stream: Stream) -> dict[int, int]:
    """Stamps whose year the text itself tells: the kernel's reading of the hardware clock."""
    found: dict[int, int] = {}
    start = 0
    for reading in stream.readings:
        by_offset = {mark.offset: start + i for i, mark in enumerate(reading.marks)}
        for hit in reading.hits:
            utc = clock_read(hit.fields) if hit.kind == "os.clock_read" else None
            if utc is not None and hit.stamp.year is None and hit.offset in by_offset:
                year = min((utc.year + d for d in (-1, 0, 1)), key=lambda y: abs(at_year(hit.stamp, y) - utc))
                if abs(at_year(hit.stamp, year) - utc) < timedelta(days=2):
                    found[by_offset[hit.offset]] = year
        start += len(reading.marks)
    return found


def _rotation_anchors(stream: Stream, embedded: dict[int, int]) -> dict[int, int]:
    """The last stamps of rotated files whose names carry a date, where their text does not tell the year."""
    found: dict[int, int] = {}
    start = 0
    for reading, rotated in zip(stream.readings, stream.rotation_dates, strict=True):
        end = start + len(reading.marks)
        told = any(mark.stamp.year for mark in reading.marks) or any(start <= i < end for i in embedded)
        if rotated is not None and not told and reading.marks:
            found[end - 1] = latest_year(reading.marks[-1].stamp, _end_of(rotated))
        start = end
    return found


def _rotation_note(stream: Stream) -> Text | None:
    dates = [d for d in stream.rotation_dates if d is not None]
    return text("clock.year-rotation", date=max(dates).isoformat()) if dates else None


def _end_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 23, 59, 59)


def _end(
    stream: Stream, last: Stamp, choice: ZoneChoice, year: int | None, newest: datetime | None
) -> tuple[datetime, Text]:
    """The local time that the last stamp cannot be later than: of several witnesses the nearest one."""
    if year is not None:
        return datetime(year, 12, 31, 23, 59, 59), text("clock.year-option", year=year)
    rotated = stream.rotation_dates[-1]
    if rotated is not None:
        return _end_of(rotated), text("clock.year-rotation", date=rotated.isoformat())
    candidates = []
    for time, key in (
        (stream.readings[-1].written, "clock.year-written-time"),
        (newest, "clock.year-other-logs"),
    ):
        if time is not None:
            local = time.astimezone(choice.zone).replace(tzinfo=None)
            candidates.append((local, text(key, date=local.date().isoformat())))
    if not candidates:
        now = datetime.now(UTC).replace(tzinfo=None)
        return now, text("clock.year-today", date=now.date().isoformat())

    def distance(end: datetime) -> timedelta:
        return abs(end - at_year(last, latest_year(last, end)))

    return min(candidates, key=lambda candidate: distance(candidate[0]))
