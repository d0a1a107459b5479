"""Listings of `last` and `last -x`: the login records as administrators send them, newest first.

The whole listing is read (within bounds) and handed on oldest first, with its true line numbers. Its short form has
minutes and no year, but weekdays: together with the line `wtmp begins …` they tell the year of every line.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from heapq import heappop, heappush
from typing import NamedTuple

from acforensics.bundle import Member
from acforensics.events import Stamp
from acforensics.lines import Record, decode_line, mask_secrets
from acforensics.lines import login_records as forms
from acforensics.parsing.recognition import Recogniser
from acforensics.sources.collecting import Collector
from acforensics.sources.last_lines import (
    FORMAT,
    Row,
    end_of,
    match_line,
    match_trailer,
    naive,
    record_of,
    row_of,
)
from acforensics.sources.login_records import FAILED
from acforensics.sources.reading import Reading
from acforensics.texts import text

MOST_LINES = 1_000_000
MOST_BYTES = 64 << 20
_LONGEST_LINE = 1 << 10
_SAMPLES_KEPT = 5
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_AHEAD = timedelta(days=2)
_YEAR = timedelta(days=366)


class _Section(NamedTuple):
    """One listing of a file: its rows, oldest first, and what its last line says."""

    rows: list[Row]
    file: str
    begins: Stamp | None


class LastListing:
    """Reads a listing of `last`."""

    def __init__(self, reading: Reading, recogniser: Recogniser) -> None:
        """Make a reader for one file."""
        self._reading = reading
        reading.source = "login-records"
        reading.format = FORMAT
        self._collector = Collector(reading, recogniser)
        self._carry = b""
        self._lines: list[tuple[int, bytes]] = []
        self._number = 0
        self._kept = 0
        self._taken = 0
        self._encodings: set[str] = set()
        self._years_by_text = False
        self._years_by_weekdays = False

    @staticmethod
    def fits(member: Member, head: bytes) -> bool:
        """By its lines: most of the first ones look like it, or one does behind a prompt."""
        *whole, rest = head.split(b"\n")
        lines = [line.decode("utf-8", "replace").strip("\0\r") for line in (whole or [rest]) if line.strip()]
        found = sum(match_line(line) is not None or match_trailer(line) is not None for line in lines)
        return found > 0 and found * 2 >= len(lines)

    def feed(self, block: bytes) -> None:
        """Take the next block."""
        *lines, carry = (self._carry + block).split(b"\n")
        self._carry = carry[:_LONGEST_LINE]
        for line in lines:
            self._keep(line)

    def _keep(self, line: bytes) -> None:
        self._number += 1
        if line.strip() and len(self._lines) < MOST_LINES and self._kept + len(line) <= MOST_BYTES:
            self._kept += len(line)
            self._lines.append((self._number, line[:_LONGEST_LINE]))
        elif line.strip():
            self._kept = MOST_BYTES

    def close(self) -> None:
        """End of the listing: hand its records on, oldest first."""
        if self._carry:
            self._keep(self._carry)
        reading = self._reading
        if self._kept >= MOST_BYTES:
            reading.lose(text("input.last-too-long", count=len(self._lines)))
        sections = _in_order(self._sections())
        framed = sum(len(section.rows) for section in sections)
        named = reading.names[-1].lower() if reading.names else ""
        for section in sections:
            self._hand_on(section, failed=(section.file or named).startswith((FAILED, "lastb")))
        self._collector.close()
        if self._years_by_weekdays and not self._years_by_text:
            reading.years_by = "weekdays"
        reading.records = framed
        reading.lines = self._number
        others = sorted(self._encodings - {"ascii"})
        reading.encoding = others[0] if others else "ascii"

    def _sections(self) -> Iterator[_Section]:
        rows: list[Row] = []
        for number, raw in self._lines:
            decoded, encoding = decode_line(raw.strip(b"\0\r"))
            self._encodings.add(encoding)
            line = mask_secrets(decoded)
            trailer = match_trailer(line)
            if trailer is not None:
                yield _Section(rows[::-1], *trailer)
                rows = []
                continue
            match = match_line(line)
            row = row_of(number, line, match) if match is not None else None
            if row is not None:
                rows.append(row)
                continue
            self._reading.unframed += 1
            if len(self._reading.unframed_samples) < _SAMPLES_KEPT:
                self._reading.unframed_samples.append((number, line[:200]))
        if rows:
            yield _Section(rows[::-1], "", None)

    def _hand_on(self, section: _Section, *, failed: bool) -> None:
        rows, by_weekdays = _with_years(section, self._reading.written)
        self._years_by_weekdays |= by_weekdays
        self._years_by_text |= not by_weekdays and any(row.stamp.year is not None for row in rows)
        ends: list[tuple[datetime, int, Record, Row]] = []
        set_from: Stamp | None = None
        for row in rows:
            record = record_of(row)
            if failed:
                record = record._replace(program=FAILED, message=f"failed login: {record.message}", given={})
            starts = record.message.startswith("system boot")
            while ends and (starts or ends[0][0] <= naive(row.stamp)):
                self._take(*heappop(ends)[2:])
            if record.message == "clock set to this time" and set_from is not None:
                seconds = (naive(row.stamp) - naive(set_from)).total_seconds()
                record = record._replace(given={"offset": f"{seconds:+.0f}"})
            set_from = row.stamp if record.message == "clock set from this time" else None
            self._take(record, row)
            closed = end_of(row) if record.message.startswith("session opened") else None
            if closed is not None:
                message, given = forms.session_closed(record.given["user"], record.given["tty"])
                closing = record._replace(stamp=closed, message=message, given=given)
                heappush(ends, (naive(closed), row.number, closing, row))
        while ends:
            self._take(*heappop(ends)[2:])

    def _take(self, record: Record, row: Row) -> None:
        self._taken += 1
        self._collector.take(record, row.number, row.raw, self._taken)


# --- several listings in one file, and years


def _in_order(found: Iterator[_Section]) -> list[_Section]:
    """The listings of a file, oldest first; of two of the same file the longer one."""
    sections: list[_Section] = []
    for section in found:
        same = [s for s in sections if (s.file, s.begins) == (section.file, section.begins) and s.begins is not None]
        if not same:
            sections.append(section)
        elif len(section.rows) > len(same[0].rows):
            sections[sections.index(same[0])] = section
    begun = [naive(section.begins) for section in sections if section.begins is not None]
    if len(begun) == len(sections):
        return [section for _, section in sorted(zip(begun, sections, strict=True), key=lambda pair: pair[0])]
    return sections[::-1]


def _with_years(section: _Section, written: datetime | None) -> tuple[list[Row], bool]:
    """The rows with their years, as far as weekdays and the listing's last line tell them; whether only weekdays do."""
    rows = section.rows
    missing = [i for i, row in enumerate(rows) if row.stamp.year is None]
    if not missing:
        return rows, False
    place = missing[0] if section.begins is not None else missing[-1]
    year = _year_after(rows[place], section.begins)
    by_weekdays = year is None and len(missing) == len(rows)
    if year is None:
        year = _year_before(rows[place], section.begins, written)
    if year is None:
        return rows, False
    years: dict[int, int] = {place: year}
    for path in (range(place + 1, len(rows)), range(place - 1, -1, -1)):
        current = year
        for i in path:
            fitting = [y for y in (current, current + 1, current - 1, current + 2, current - 2) if _fits(rows[i], y)]
            if rows[i].stamp.year is None and fitting:
                current = years[i] = fitting[0]
    dated = [r._replace(stamp=r.stamp._replace(year=years[i])) if i in years else r for i, r in enumerate(rows)]
    return dated, by_weekdays


def _year_after(row: Row, begins: Stamp | None) -> int | None:
    """The year of the oldest row where it is the first after the file's beginning.

    A listing cut off by `-n` ends with the beginning of the file, too: then its oldest line may be years younger.
    """
    if begins is None:
        return None
    year = next(iter(_years(row, begins)), None)
    return year if year is not None and _day(row, year) - _start(begins) < _YEAR else None


def _year_before(row: Row, begins: Stamp | None, written: datetime | None) -> int | None:
    """The last year before the listing was made."""
    if written is None:
        return None
    latest = (written + _AHEAD).date()
    return max((y for y in _years(row, begins) if _day(row, y) <= latest), default=None)


def _years(row: Row, begins: Stamp | None) -> list[int]:
    """The years in which the weekday of a row fits, after the file's beginning where that is known."""
    if begins is None:
        return [y for y in range(1990, 2200) if _fits(row, y)]
    start = _start(begins)
    return [y for y in range(start.year, start.year + 30) if _fits(row, y) and _day(row, y) >= start]


def _start(begins: Stamp) -> date:
    return date(begins.year or 0, begins.month, begins.day)


def _fits(row: Row, year: int) -> bool:
    try:
        return _WEEKDAYS[date(year, row.stamp.month, row.stamp.day).weekday()] == row.weekday
    except ValueError:
        return False


def _day(row: Row, year: int) -> date:
    return date(year, row.stamp.month, row.stamp.day)
