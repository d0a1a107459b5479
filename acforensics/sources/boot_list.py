"""Listings of `journalctl --list-boots`: with a heading (since systemd 254, earlier in Debian) or, before, without one.

Each boot gives two records, its first and its last entry. They name the boot and its span; how it began or ended they
do not tell.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

from acforensics.bundle import Member
from acforensics.events import Stamp
from acforensics.lines import Record, decode_line, frame, mask_secrets
from acforensics.parsing.recognition import Recogniser
from acforensics.sources.collecting import Collector
from acforensics.sources.reading import Reading

FORMAT = "journalctl --list-boots"
_PROGRAM = "list-boots"
_STAMP = r"(?:\S{1,12} )?(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?: ([A-Z]{1,5}|[+-]\d\d(?::?\d\d)?))?"
# Between the two stamps stands a long dash, or whatever is left of it in another encoding.
_ROW = re.compile(rf"[ \t]*(-?\d{{1,6}})[ \t]+([0-9a-f]{{32}})[ \t]+{_STAMP}[^0-9A-Za-z+]{{1,24}}{_STAMP}\s*")
_ROW_BEGINS = re.compile(rb"[ \t]*-?\d{1,6}[ \t]+[0-9a-f]{32}[ \t]+\S")
_HEADING = re.compile(rb"[ \t]*IDX[ \t]+BOOT[ _]ID\b")
_LONGEST_LINE = 1024
_MOST_ROWS = 100_000
_SAMPLES_KEPT = 5


class _Boot(NamedTuple):
    number: int
    line: int
    identifier: str
    first: Stamp
    last: Stamp
    shown: str


class BootList:
    """Reads a listing of boots."""

    def __init__(self, reading: Reading, recogniser: Recogniser) -> None:
        reading.source = "boot-list"
        reading.format = FORMAT
        self._reading = reading
        self._collector = Collector(reading, recogniser)
        self._boots: list[_Boot] = []
        self._carry = b""

    @staticmethod
    def fits(member: Member, head: bytes) -> bool:
        """Whether it holds boots and, behind the first of them, nothing else."""
        lines = [line for line in head.split(b"\n") if line.strip()]
        if not head.endswith(b"\n"):
            # The last line is cut, here or in the file itself.
            lines = lines[:-1] or lines
        rows = [_ROW_BEGINS.match(line) is not None or _HEADING.match(line) is not None for line in lines]
        return True in rows and all(rows[rows.index(True) :])

    def feed(self, block: bytes) -> None:
        """Take the next block."""
        lines = (self._carry + block).split(b"\n")
        self._carry = lines.pop()[:_LONGEST_LINE]
        for line in lines:
            self._line(line)

    def close(self) -> None:
        """End of the file: the boots in order, however they were listed."""
        if self._carry:
            self._line(self._carry)
        for number, boot in enumerate(sorted(self._boots, key=lambda boot: boot.number)):
            given = {"index": str(boot.number), "last_entry": _iso(boot.last)}
            message = f"boot listed: {boot.shown}"
            first = Record(boot.first, "", _PROGRAM, "", message, FORMAT, boot=boot.identifier, given=given)
            self._collector.take(first, boot.line, boot.shown, 2 * number)
            last = Record(boot.last, "", _PROGRAM, "", "last entry", FORMAT, boot=boot.identifier)
            self._collector.take(last, boot.line, boot.shown, 2 * number + 1)
        self._collector.close()

    def _line(self, line: bytes) -> None:
        self._reading.lines += 1
        decoded, encoding = decode_line(line[:_LONGEST_LINE])
        row = _ROW.fullmatch(decoded)
        first = _stamp(row[3], row[4]) if row is not None else None
        last = _stamp(row[5], row[6]) if row is not None else None
        if row is not None and first is not None and last is not None and len(self._boots) < _MOST_ROWS:
            shown = mask_secrets(decoded.strip())
            self._boots.append(_Boot(int(row[1]), self._reading.lines, row[2], first, last, shown))
            if encoding != "ascii":
                self._reading.encoding = encoding
        elif line.strip() and not _HEADING.match(line):
            self._reading.unframed += 1
            if len(self._reading.unframed_samples) < _SAMPLES_KEPT:
                self._reading.unframed_samples.append((self._reading.lines, mask_secrets(decoded)[:200]))


def _stamp(written: str, zone: str | None) -> Stamp | None:
    if zone is not None and zone[0] in "+-":
        written += zone if len(zone) > 3 else f"{zone}00"
        zone = None
    record = frame(f"{written} {zone or ''} {_PROGRAM}: ".replace("  ", " "))
    return record.stamp if record is not None else None


def _iso(stamp: Stamp) -> str:
    zone = None if stamp.offset is None else timezone(timedelta(seconds=stamp.offset))
    return datetime(stamp.year or 1970, *stamp[1:6], tzinfo=zone).isoformat()
