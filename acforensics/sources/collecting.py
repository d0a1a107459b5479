"""Takes the records of one file in order: recognises them, keeps hits, and enough marks to date and cover the rest.

Readers of text find candidate lines by a scan and hand over only those; readers of journals and login records hand over
every record. Both keep what nobody knows: what programs that no definition names say shortly before a stop or after a
start is kept as `os.unclassified`, and what known agents say of power or an end in words that no definition knows: the
tool must not decide as if they had said nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta

from acforensics.events import BOOT_MARKS, STOP_MARKS, UNCLASSIFIED, Hit, PreviousLine, Stamp
from acforensics.lines import Record
from acforensics.masking import continued, mask_secrets
from acforensics.parsing.recognition import Recogniser, Recognition
from acforensics.sources.masked import mask_record
from acforensics.sources.reading import Mark, Reading

NEAR_STOP = timedelta(minutes=10)
NEAR_START = timedelta(minutes=5)
MOST_UNCLASSIFIED = 200
"""Near one stop or start."""
_STARTED_BEFORE = timedelta(minutes=1)
_OF_ONE_PROGRAM = 40
_MOST_PROGRAMS = 64
_SHOWN = 500
_SAMPLE_EVERY = 64
_PAUSE = timedelta(minutes=5)
_MOST_HOSTS = 1000


class Collector:
    """Collects one file's records into a `Reading`. `program` is that of records that name none themselves."""

    def __init__(self, reading: Reading, recogniser: Recogniser, program: str = "") -> None:
        self.reading = reading
        self.program = program
        self._recogniser = recogniser
        self._recent: dict[str, deque[Hit]] = {}
        self._last: tuple[Record, PreviousLine, int] | None = None
        self._last_of: dict[str, PreviousLine] = {}
        self._marked = -1
        self._boot_before: tuple[str, PreviousLine | None] = ("", None)
        self._watching: datetime | None = None
        self._watched = 0
        self._begun: dict[str, str] = {}

    # --- for readers that hand over every record

    def take(self, record: Record, line: int | None, raw: str, offset: int, *, candidate: bool = True) -> Hit | None:
        """Take the next record of the file, recognise it, and mark it where it is needed for dates and coverage.

        Args:
            record: as framed.
            line: 1-based, or the number of the record in a file without lines.
            raw: what is shown as evidence, without secrets.
            offset: its place; grows from record to record.
            candidate: false where a scan has told that no definition recognises it.
        """
        if self.program and not record.program:
            record = record._replace(program=self.program)
        record, raw = self._masked(record, raw)
        reading = self.reading
        reading.records += 1
        previous = self._last
        elsewhere = previous is not None and (previous[0].boot, previous[0].host) != (record.boot, record.host)
        if previous is not None and elsewhere:
            self._boot_before = (record.boot, previous[1])
        breaks = elsewhere or (previous is not None and apart(previous[0].stamp, record.stamp) > _PAUSE)
        if previous is not None and breaks:
            self._mark(previous[0], previous[2])
        hit = self._recognise(record, line, raw, offset) if candidate else None
        if hit is not None:
            if hit.kind in BOOT_MARKS:
                hit.previous = self._previous(record)
            reading.hits.append(hit)
        self._near(hit, None if hit is not None else self._background(record, line, raw, offset, checked=True), record)
        if hit is not None or previous is None or breaks or reading.records % _SAMPLE_EVERY == 0:
            self._mark(record, offset)
        self._last = (record, PreviousLine(line, record.stamp, raw), offset)
        if record.host in self._last_of or len(self._last_of) < _MOST_HOSTS:
            self._last_of[record.host] = self._last[1]
        return hit

    def close(self) -> None:
        """End of the file: its last record is always marked."""
        if self._last is not None:
            self._mark(self._last[0], self._last[2])
        places = {mark.offset for mark in self.reading.marks}
        self.reading.hits.sort(key=lambda hit: hit.offset)
        self.reading.marks += [
            Mark(hit.offset, hit.stamp, hit.host, hit.boot) for hit in self.reading.hits if hit.offset not in places
        ]
        self.reading.marks.sort(key=lambda mark: mark.offset)

    def _mark(self, record: Record, offset: int) -> None:
        if offset > self._marked:
            self.reading.marks.append(Mark(offset, record.stamp, record.host, record.boot))
            self._marked = offset

    def _previous(self, record: Record) -> PreviousLine | None:
        """The last record of the boot before, of that host."""
        if record.boot and self._boot_before[0] == record.boot:
            return self._boot_before[1]
        if self._last is None or record.boot:
            return None
        return self._last_of.get(record.host)

    # --- for all

    def recognise(self, record: Record, line: int | None, raw: str, offset: int) -> Hit | None:
        """What a record means, as a hit; `None` where no definition knows it."""
        named = mask_record(record)
        return self._recognise(named, line, _said_instead(raw, record.message, named.message), offset)

    def _recognise(self, record: Record, line: int | None, raw: str, offset: int) -> Hit | None:
        found = self._recogniser.recognise(record)
        if found is None or found.near_only:
            return None
        return _meaning(_hit(record, line, raw, offset), found)

    def background(self, record: Record, line: int | None, raw: str, offset: int) -> Hit | None:
        """A record that is of interest near a stop or a start only; to be called for these in order."""
        record, raw = self._masked(record, raw)
        return self._background(record, line, raw, offset, checked=False)

    def _background(self, record: Record, line: int | None, raw: str, offset: int, *, checked: bool) -> Hit | None:
        """`checked`: it means nothing elsewhere."""
        if not self._recogniser.may_matter_near(record):
            return None
        if not checked or record.program in self._recogniser.near_programs:
            found = self._recogniser.recognise(record)
            if found is not None and found.near_only:
                return _meaning(_hit(record, line, raw[:_SHOWN], offset), found)
            if found is not None:
                return None
        return self._unknown(record, line, raw, offset)

    def _masked(self, record: Record, raw: str) -> tuple[Record, str]:
        """The record and its line; a command that the same program began in its last record goes on in this one."""
        said = record.message
        record = mask_record(record)
        before = self._begun.pop(record.program, "") if self._begun else ""
        if before:
            record = record._replace(message=mask_secrets(record.message, before))
        raw = _said_instead(raw, said, record.message)
        if record.message.endswith("\\") and (begun := continued(before, record.message)):
            self._begun[record.program] = begun
            if len(self._begun) > _MOST_PROGRAMS:
                del self._begun[next(iter(self._begun))]
        return record, raw

    def _unknown(self, record: Record, line: int | None, raw: str, offset: int) -> Hit | None:
        if not record.program or self._recogniser.ignores(record.program, record.message):
            return None
        hit = _hit(record._replace(message=record.message[:_SHOWN]), line, raw[:_SHOWN], offset)
        if self._recogniser.knows(record.program):
            hit.fields["agent"] = record.program
        return hit

    def _near(self, hit: Hit | None, background: Hit | None, record: Record) -> None:
        """Keep what is of interest before stops, and unknown programs' records after starts."""
        if self._watching is not None and (
            self._watched >= MOST_UNCLASSIFIED or abs(_naive(record.stamp) - self._watching) > NEAR_START
        ):
            self._watching = None
        if background is not None:
            if self._watching is not None and background.kind == UNCLASSIFIED:
                self._watched += 1
                self.reading.hits.append(background)
            else:
                self._remember(background)
        elif hit is None:
            return
        elif hit.kind in STOP_MARKS or hit.kind in BOOT_MARKS:
            recent = [one for own in self._recent.values() for one in own]
            recent = [one for one in recent if hit.kind in STOP_MARKS or one.boot != hit.boot or not hit.boot]
            self.reading.hits += select(recent, hit)
            self._recent.clear()
            if hit.kind in BOOT_MARKS:
                self._watching, self._watched = _naive(hit.stamp), 0

    def _remember(self, hit: Hit) -> None:
        """Keep the last records of each program, of the programs that spoke last."""
        own = self._recent.pop(hit.program, deque(maxlen=_OF_ONE_PROGRAM))
        own.append(hit)
        self._recent[hit.program] = own
        if len(self._recent) > _MOST_PROGRAMS:
            del self._recent[next(iter(self._recent))]


def _hit(record: Record, line: int | None, raw: str, offset: int) -> Hit:
    """A record of which nothing is known."""
    return Hit(
        line=line,
        stamp=record.stamp,
        host=record.host,
        program=record.program,
        pid=record.pid,
        message=record.message,
        raw=raw,
        kind=UNCLASSIFIED,
        fields={**record.given},
        definition="",
        certainty="unverified",
        offset=offset,
        boot=record.boot,
    )


def _meaning(hit: Hit, found: Recognition) -> Hit:
    hit.kind, hit.definition, hit.certainty = found.kind, found.definition, found.certainty
    hit.fields.update(found.fields)
    return hit


def _said_instead(raw: str, said: str, masked: str) -> str:
    """The line with its message masked, where that had to be done for itself."""
    if said == masked:
        return raw
    head, found, tail = raw.rpartition(said)
    return f"{head}{masked}{tail}" if found else masked


def select(hits: Iterable[Hit], mark: Hit) -> list[Hit]:
    """Of records that mean something near a stop or a start only: those near this one, bounded."""
    return _bounded([hit for hit in hits if hit.host == mark.host and _is_near(hit, mark)])


def select_last(hits: Iterable[Hit], last: Mark) -> list[Hit]:
    """Of the same those that mean something just before the end of a log; what unknown programs say there is left."""
    return [hit for hit in hits if hit.definition and apart(hit.stamp, last.stamp) <= _STARTED_BEFORE]


def _is_near(hit: Hit, mark: Hit) -> bool:
    """Whether a record stands near a stop or a start; before a start that is the end of the boot before."""
    if hit.definition and hit.offset >= mark.offset:
        return False
    within = NEAR_STOP if not hit.definition else _STARTED_BEFORE
    stamps = [mark.stamp] if mark.previous is None else [mark.stamp, mark.previous.stamp]
    return any(apart(hit.stamp, stamp) <= within for stamp in stamps)


def _bounded(hits: list[Hit]) -> list[Hit]:
    """The last of each program, so that one that floods the log hides no other."""
    counts: dict[str, int] = {}
    kept = []
    for hit in sorted(hits, key=lambda hit: -hit.offset):
        counts[hit.program] = counts.get(hit.program, 0) + 1
        if counts[hit.program] <= _OF_ONE_PROGRAM:
            kept.append(hit)
    return kept[MOST_UNCLASSIFIED - 1 :: -1] if len(kept) > MOST_UNCLASSIFIED else kept[::-1]


def _naive(stamp: Stamp) -> datetime:
    """A stamp on a time line that is good for distances: the year does not matter where none is written."""
    day = 28 if stamp.year is None and (stamp.month, stamp.day) == (2, 29) else stamp.day
    return datetime(stamp.year or 2023, stamp.month, day, stamp.hour, stamp.minute, stamp.second)


def apart(one: Stamp, other: Stamp) -> timedelta:
    """The distance of two stamps of one log."""
    return abs(_naive(other) - _naive(one))
