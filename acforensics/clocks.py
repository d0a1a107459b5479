"""From stamps as written to UTC: years of rotation sets, the zone, and how each was decided.

A stamp without a year is dated by walking from a known date (an embedded year, a rotation name, the time at which the file
was last written): the year changes only where the calendar jumps by more than half a year, so that a clock set back by
days is not taken for a new year.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil import tz as dateutil_tz

from acforensics.errors import UsageError
from acforensics.events import Stamp
from acforensics.sources import Reading
from acforensics.texts import Text, text

_HALF_YEAR = timedelta(days=183)
_AHEAD = timedelta(days=2)
_OLDEST_YEAR = 1995
_COMPRESSION = re.compile(r"\.(?:gz|xz|bz2|zst|Z|lzma)$")
_ROTATION = re.compile(
    r"[-.](?P<date>(?:19|20)\d{6})(?:[-_T]?\d{2,6})?$|[-.](?P<dashed>(?:19|20)\d\d-\d\d-\d\d)(?:[-_T]\d+)?$"
    r"|\.(?P<number>\d{1,3})$|\.(?P<old>old|bak)$|-(?P<epoch>1\d{9})$"
)
_DEAD_CLOCK_YEARS = (1970, 1980, 1999, 2000, 2001)


@dataclass
class Stream:
    """A rotation set: the readings of one log of one place, oldest first."""

    name: str
    readings: list[Reading]
    rotation_dates: list[date | None]


@dataclass
class Dating:
    """How a stream's stamps become UTC. `local` is index-aligned with the marks of all readings, oldest first."""

    zone: tzinfo
    times: list[list[datetime]]
    notes: list[Text] = field(default_factory=list)


def streams(readings: Sequence[Reading]) -> list[Stream]:
    """Group readings into rotation sets by directory and name, each set oldest first."""
    groups: dict[tuple[str, ...], list[tuple[tuple[int, ...], date | None, Reading]]] = {}
    for reading in readings:
        base, order, rotated = _rotation(reading.names[-1] if reading.names else reading.path)
        groups.setdefault((*reading.names[:-1], base), []).append((order, rotated, reading))
    found = []
    for names, members in groups.items():
        members.sort(key=lambda member: (member[0], member[2].path))
        found.append(Stream("/".join(names), [m[2] for m in members], [m[1] for m in members]))
    return found


def _rotation(name: str) -> tuple[str, tuple[int, ...], date | None]:
    name = _COMPRESSION.sub("", name)
    match = _ROTATION.search(name)
    if match is None or match.start() == 0:
        return name, (2,), None
    base = name[: match.start()]
    if match["number"]:
        return base, (1, -int(match["number"])), None
    if match["old"]:
        return base, (1, -1), None
    try:
        if match["epoch"]:
            rotated = datetime.fromtimestamp(int(match["epoch"]), UTC).date()
        else:
            rotated = datetime.strptime((match["date"] or match["dashed"]).replace("-", ""), "%Y%m%d").date()
    except ValueError:
        return name, (2,), None
    return base, (0, rotated.toordinal()), rotated


def parse_zone(name: str) -> tzinfo:
    """Return the zone that `--tz` names: an IANA name (`Asia/Tokyo`), `JST`, `UTC` or an offset (`+09:00`).

    Raises:
        UsageError: no such zone.
    """
    known = {"JST": timezone(timedelta(hours=9), "JST"), "UTC": UTC, "GMT": UTC, "Z": UTC}
    if name.upper() in known:
        return known[name.upper()]
    match = re.fullmatch(r"(?:UTC|GMT)?([+-])(\d{1,2}):?(\d\d)?", name)
    if match:
        seconds = int(match[2]) * 3600 + int(match[3] or 0) * 60
        if seconds <= 14 * 3600:
            return timezone(timedelta(seconds=seconds if match[1] == "+" else -seconds))
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError):
        raise UsageError(
            f"--tz {name}: no such time zone; use a name such as Asia/Tokyo or an offset such as +09:00"
        ) from None


# --- years


def resolve_years(stamps: Sequence[Stamp], anchors: dict[int, int], end: datetime | None) -> list[datetime]:
    """Give every stamp a year.

    Args:
        stamps: in file order, oldest first.
        anchors: index → year, where something in the text tells the year of that stamp.
        end: local time that the last stamp cannot be later than (much), used where no anchor stands in the text.

    Returns:
        Naive local datetimes, one a stamp; a 29 February that no year explains becomes the 28th.
    """
    if not stamps:
        return []
    known = {i: s.year for i, s in enumerate(stamps) if s.year is not None} | anchors
    skip = _dead_clock_runs(stamps)
    known = {i: year for i, year in known.items() if i not in skip or stamps[i].year is not None}
    years: list[int | None] = [known.get(i) for i in range(len(stamps))]
    if not any(i not in skip for i in known):
        last = max((i for i in range(len(stamps)) if i not in skip), default=len(stamps) - 1)
        years[last] = _year_at_end(stamps, last, skip, end or datetime.now(UTC).replace(tzinfo=None))
        known[last] = years[last] or 0
    marks = sorted(i for i in known if i not in skip) or sorted(known)
    for position, index in enumerate(marks):
        lower = marks[position - 1] if position else -1
        _walk(stamps, years, skip, index, range(index - 1, lower, -1))
    _walk(stamps, years, skip, marks[-1], range(marks[-1] + 1, len(stamps)))
    neighbour = years[marks[0]]
    for i in range(len(stamps)):
        if years[i] is None:
            years[i] = neighbour
        neighbour = years[i]
    return [_naive(stamp, year or 1970) for stamp, year in zip(stamps, years, strict=True)]


def _walk(stamps: Sequence[Stamp], years: list[int | None], skip: set[int], start: int, path: range) -> None:
    current = _naive(stamps[start], years[start] or 1970)
    year = years[start] or 1970
    for i in path:
        if i in skip or years[i] is not None:
            continue
        candidate = _naive(stamps[i], year)
        if path.step < 0 and candidate - current > _HALF_YEAR:
            year -= 1
        elif path.step > 0 and current - candidate > _HALF_YEAR:
            year += 1
        candidate = _naive(stamps[i], year)
        years[i] = year
        current = candidate


def _year_at_end(stamps: Sequence[Stamp], last: int, skip: set[int], end: datetime) -> int:
    """The latest year in which the last stamp is not after `end`, and in which every 29 February exists."""
    first_choice = end.year if _naive(stamps[last], end.year) <= end + _AHEAD else end.year - 1
    leap_days = [i for i, s in enumerate(stamps) if (s.month, s.day) == (2, 29) and i not in skip]
    if not leap_days:
        return first_choice
    for year in range(first_choice, first_choice - 9, -1):
        years: list[int | None] = [None] * len(stamps)
        years[last] = year
        _walk(stamps, years, skip, last, range(last - 1, -1, -1))
        if all(_is_leap(years[i] or 1) for i in leap_days):
            return year
    return first_choice


def _dead_clock_runs(stamps: Sequence[Stamp]) -> set[int]:
    """Runs of 1 January amid another date: a hardware clock without battery, not a new year."""
    found: set[int] = set()
    i = 0
    while i < len(stamps):
        if stamps[i].year is not None or (stamps[i].month, stamps[i].day) != (1, 1):
            i += 1
            continue
        end = i
        while end < len(stamps) and stamps[end].year is None and (stamps[end].month, stamps[end].day) == (1, 1):
            end += 1
        if i > 0 and end < len(stamps):
            before, after = stamps[i - 1], stamps[end]
            apart = abs((_naive(after, 2023) - _naive(before, 2023)).days)
            if apart < 60 and before.month + (before.day > 3) > 1 and (before.month, before.day) < (12, 1):
                found.update(range(i, end))
        i = end
    return found


def _naive(stamp: Stamp, year: int) -> datetime:
    day = min(stamp.day, 28) if stamp.month == 2 and stamp.day == 29 and not _is_leap(year) else stamp.day
    return datetime(year, stamp.month, day, stamp.hour, stamp.minute, stamp.second, stamp.microsecond)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


# --- zone


@dataclass(frozen=True)
class ZoneChoice:
    """The zone of stamps that carry none, and why."""

    zone: tzinfo
    reason: Text
    assumed: bool


def choose_zone(readings: Sequence[Reading], wanted: str | None) -> ZoneChoice:
    """Decide the zone of stamps without one, for all the case.

    In this order: `--tz`; offsets written in other logs of the case; the kernel's UTC reading of the hardware clock
    against the stamp of the same line; file times against last stamps; else the stamps are shown as written.
    """
    if wanted is not None:
        return ZoneChoice(parse_zone(wanted), text("clock.zone-option", zone=wanted), False)
    written = _most_common([m.stamp.offset for r in readings for m in r.marks if m.stamp.offset is not None])
    if written is not None:
        return ZoneChoice(_fixed(written), text("clock.zone-written", zone=_name(written)), False)
    measured = _most_common(_hardware_clock_offsets(readings), least_share=0.6)
    if measured is not None and measured != 0:
        return ZoneChoice(_fixed(measured), text("clock.zone-hardware", zone=_name(measured)), False)
    filed = _file_time_offsets(readings)
    agreed = _most_common(filed, least_share=0.6)
    if agreed is not None and len(filed) > 1:
        return ZoneChoice(_fixed(agreed), text("clock.zone-files", zone=_name(agreed), count=len(filed)), True)
    return ZoneChoice(UTC, text("clock.zone-assumed"), True)


def _hardware_clock_offsets(readings: Sequence[Reading]) -> list[int]:
    found = []
    for reading in readings:
        for hit in reading.hits:
            utc = clock_read(hit.fields) if hit.kind == "os.clock_read" else None
            if utc is None or hit.stamp.offset is not None:
                continue
            local = min((_naive(hit.stamp, utc.year + d) for d in (-1, 0, 1)), key=lambda t: abs(t - utc))
            seconds = (local - utc).total_seconds()
            offset = round((seconds - 60) / 900) * 900
            # The line is written when syslog starts, seconds to minutes after the clock was read.
            if -30 <= seconds - offset <= 600 and abs(offset) <= 14 * 3600:
                found.append(offset)
    return found


def clock_read(fields: dict[str, str]) -> datetime | None:
    """The UTC time that the kernel read from the hardware clock (naive), unless that clock was dead."""
    try:
        found = datetime.fromisoformat(f"{fields['date']}T{fields['clock']}")
    except (KeyError, ValueError):
        return None
    return found if found.year >= _OLDEST_YEAR and found.year not in _DEAD_CLOCK_YEARS else None


def _file_time_offsets(readings: Sequence[Reading]) -> list[int]:
    found = []
    for reading in readings:
        if reading.written is None or not reading.marks or reading.marks[-1].stamp.offset is not None:
            continue
        written = reading.written.replace(tzinfo=None)
        last = reading.marks[-1].stamp
        local = min((_naive(last, written.year + d) for d in (-1, 0, 1)), key=lambda t: abs(t - written))
        seconds = (local - written).total_seconds()
        offset = round(seconds / 1800) * 1800
        if -120 <= seconds - offset <= 2 and abs(offset) <= 14 * 3600:
            found.append(offset)
    return found


def _most_common(values: Sequence[int], least_share: float = 0.0) -> int | None:
    if not values:
        return None
    counts = {value: values.count(value) for value in set(values)} if len(values) < 5000 else _counted(values)
    best = max(sorted(counts), key=lambda value: counts[value])
    return best if counts[best] >= least_share * len(values) else None


def _counted(values: Sequence[int]) -> dict[int, int]:
    counts: dict[int, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    return counts


def _fixed(offset: int) -> tzinfo:
    return timezone(timedelta(seconds=offset))


def _name(offset: int) -> str:
    sign = "-" if offset < 0 else "+"
    return f"{sign}{abs(offset) // 3600:02d}:{abs(offset) % 3600 // 60:02d}"


# --- dating


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
    naive = resolve_years(stamps, anchors, end)
    times: list[list[datetime]] = []
    position = 0
    for reading in stream.readings:
        group = []
        for mark in reading.marks:
            group.append(_to_utc(naive[position], mark.stamp.offset, choice.zone))
            position += 1
        times.append(group)
    notes = []
    if all(stamp.year is not None for stamp in stamps):
        notes.append(text("clock.year-written"))
    else:
        notes.append(text("clock.year-embedded") if anchors or any(s.year for s in stamps) else end_note)
    if any(stamp.offset is None for stamp in stamps):
        notes.append(choice.reason)
    return Dating(choice.zone, times, notes)


def _anchors(stream: Stream) -> dict[int, int]:
    """Stamps whose year the text itself tells: the kernel's reading of the hardware clock."""
    found: dict[int, int] = {}
    start = 0
    for reading in stream.readings:
        by_offset = {mark.offset: start + i for i, mark in enumerate(reading.marks)}
        for hit, offset in zip(reading.hits, reading.hit_offsets, strict=True):
            utc = clock_read(hit.fields) if hit.kind == "os.clock_read" else None
            if utc is not None and hit.stamp.year is None and offset in by_offset:
                year = min((utc.year + d for d in (-1, 0, 1)), key=lambda y: abs(_naive(hit.stamp, y) - utc))
                if abs(_naive(hit.stamp, year) - utc) < timedelta(days=2):
                    found[by_offset[offset]] = year
        start += len(reading.marks)
    return found


def _end(
    stream: Stream, last: Stamp, choice: ZoneChoice, year: int | None, newest: datetime | None
) -> tuple[datetime, Text]:
    """The local time that the last stamp cannot be later than: of several witnesses the one that it comes nearest to."""
    if year is not None:
        return datetime(year, 12, 31, 23, 59, 59), text("clock.year-option", year=year)
    rotated = stream.rotation_dates[-1]
    if rotated is not None:
        end = datetime(rotated.year, rotated.month, rotated.day, 23, 59, 59)
        return end, text("clock.year-rotation", date=rotated.isoformat())
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
        this_year = _naive(last, end.year)
        return abs(end - (this_year if this_year <= end + _AHEAD else _naive(last, end.year - 1)))

    return min(candidates, key=lambda candidate: distance(candidate[0]))


def _to_utc(local: datetime, offset: int | None, zone: tzinfo) -> datetime:
    if offset is not None:
        return local.replace(tzinfo=_fixed(offset)).astimezone(UTC)
    aware = local.replace(tzinfo=zone)
    if not dateutil_tz.datetime_exists(aware):
        aware = dateutil_tz.resolve_imaginary(aware)
    return aware.astimezone(UTC)


def near(stamp: Stamp, reference: datetime, zone: tzinfo) -> datetime:
    """Date a single stamp in the year that brings it nearest to a known UTC time."""
    years = [stamp.year] if stamp.year is not None else [reference.year + d for d in (-1, 0, 1)]
    candidates = [_to_utc(_naive(stamp, y), stamp.offset, zone) for y in years]
    return min(candidates, key=lambda t: abs(t - reference))
