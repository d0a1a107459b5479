"""Every mark of every stream in UTC, and how that was decided."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from acforensics.clocks.evidence import clock_read
from acforensics.clocks.rotation import Stream
from acforensics.clocks.wrong_clocks import Step, dead_runs, find_steps
from acforensics.clocks.years import at_year, january_runs, latest_year, resolve_years
from acforensics.clocks.zones import ZoneChoice, ZoneChoices, exists_twice, is_skipped, to_utc
from acforensics.events import Stamp
from acforensics.sources import Mark, Reading
from acforensics.texts import Text, text

_STEPS_SAID = 3


@dataclass
class Dating:
    """How a stream's stamps become UTC: for each reading a list of its own, index-aligned with its marks.

    `times` are as written, whatever the clock was. `dead` marks those of a dead hardware clock, which must be placed
    by order. `steps` say where the clock was set back; `notes` say all of it.
    """

    times: list[list[datetime]]
    dead: list[list[bool]]
    steps: list[list[Step]]
    notes: list[list[Text]]


def date_streams(found: Sequence[Stream], choices: ZoneChoices, year: int | None) -> list[Dating]:
    """Date every mark of every stream.

    Streams whose text tells their years come first; their newest record then bounds the others.

    Args:
        found: rotation sets, each oldest first.
        choices: the zones for stamps without one.
        year: `--year`: the year of the newest stamp, where the text does not say.
    """
    anchors = [_anchors(stream) for stream in found]
    dead = [_dead(stream) for stream in found]
    sure = [
        bool(known) or any(m.stamp.year is not None for i, (_, m) in enumerate(_marks(s)) if i not in skip)
        for s, known, skip in zip(found, anchors, dead, strict=True)
    ]
    datings: dict[int, Dating] = {}
    newest: datetime | None = None
    for wanted in (True, False):
        for i, stream in enumerate(found):
            if sure[i] is wanted:
                datings[i] = _date_stream(stream, anchors[i], dead[i], choices, year, newest)
        if wanted:
            newest = max((t for d in datings.values() for group in d.times for t in group), default=None)
    return [datings[i] for i in range(len(found))]


def _marks(stream: Stream) -> list[tuple[int, Mark]]:
    return [(number, mark) for number, reading in enumerate(stream.readings) for mark in reading.marks]


def _dead(stream: Stream) -> set[int]:
    """Stamps of a dead hardware clock, with and without a year."""
    marks = _marks(stream)
    stamps = [mark.stamp for _, mark in marks]
    return january_runs(stamps) | dead_runs(stamps, [m.host for _, m in marks], [number for number, _ in marks])


def _date_stream(
    stream: Stream,
    anchors: dict[int, int],
    dead: set[int],
    choices: ZoneChoices,
    year: int | None,
    newest: datetime | None,
) -> Dating:
    stamps = [mark.stamp for _, mark in _marks(stream)]
    end, end_note = _end(stream, stamps[-1], choices.of(stream.readings[-1]), year, newest)
    by_rotation = _rotation_anchors(stream, anchors) if year is None else {}
    naive = resolve_years(stamps, anchors | by_rotation, end, dead)
    if all(stamp.year is not None for stamp in stamps):
        by = stream.readings[-1].years_by
        year_note = text("clock.year-written" if by == "text" else f"clock.year-{by}")
    else:
        embedded = anchors or any(s.year for i, s in enumerate(stamps) if i not in dead)
        year_note = text("clock.year-embedded") if embedded else _rotation_note(stream) or end_note
    dating = Dating([], [], [], [])
    start = 0
    for reading in stream.readings:
        end_of_file = start + len(reading.marks)
        own = {i - start for i in dead if start <= i < end_of_file}
        choice = choices.of(reading)
        times, zone_notes = _place_in_zone(reading, naive[start:end_of_file], choice)
        steps = find_steps(reading, times, own)
        dating.times.append(times)
        dating.dead.append([i in own for i in range(len(times))])
        dating.steps.append(steps)
        dating.notes.append(
            [year_note, *zone_notes, *_dead_notes(reading, own), *_step_notes(reading, times, steps, choice)]
        )
        start = end_of_file
    return dating


def _place_in_zone(
    reading: Reading, naive: Sequence[datetime], choice: ZoneChoice
) -> tuple[list[datetime], list[Text]]:
    """Local times to UTC; a host's record that seems to lie an hour before the one above it is in the second hour."""
    times: list[datetime] = []
    latest: dict[str, datetime] = {}
    twice: list[datetime] = []
    skipped: list[datetime] = []
    bare = False
    for mark, local in zip(reading.marks, naive, strict=True):
        time = to_utc(local, mark.stamp.offset, choice.zone, latest.get(mark.host))
        if mark.stamp.offset is None:
            bare = True
            if exists_twice(local, choice.zone):
                twice.append(local)
            elif is_skipped(local, choice.zone):
                skipped.append(local)
        latest[mark.host] = time
        times.append(time)
    notes = [choice.reason, *choice.notes] if bare else []
    if twice:
        notes.append(text("clock.local-twice", count=len(twice), first=twice[0].isoformat(" ")))
    if skipped:
        notes.append(text("clock.local-skipped", count=len(skipped), first=skipped[0].isoformat(" ")))
    return times, notes


def _dead_notes(reading: Reading, dead: Set[int]) -> list[Text]:
    if not dead:
        return []
    first = min(dead)
    return [text("clock.dead", count=len(dead), first=written(reading, first), where=_where(reading, first))]


def _step_notes(reading: Reading, times: Sequence[datetime], steps: Sequence[Step], choice: ZoneChoice) -> list[Text]:
    notes = []
    for step in steps[:_STEPS_SAID]:
        before, after = (
            times[i].astimezone(choice.zone).isoformat(" ", "seconds") for i in (step.position - 1, step.position)
        )
        where = _where(reading, step.position)
        notes.append(text("clock.step-back", seconds=round(step.seconds), where=where, before=before, after=after))
    if len(steps) > _STEPS_SAID:
        notes.append(text("clock.step-back-more", count=len(steps) - _STEPS_SAID))
    return notes


def written(reading: Reading, position: int) -> str:
    """A stamp as it is written."""
    stamp = reading.marks[position].stamp
    day = f"{stamp.month:02d}-{stamp.day:02d} {stamp.hour:02d}:{stamp.minute:02d}:{stamp.second:02d}"
    return day if stamp.year is None else f"{stamp.year}-{day}"


def _where(reading: Reading, position: int) -> str:
    """`file:line` of a mark; the file alone where only a record's place in it is known."""
    mark = reading.marks[position]
    line = next((hit.line for hit in reading.hits if hit.offset == mark.offset and hit.line is not None), None)
    return reading.path if line is None else f"{reading.path}:{line}"


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
