"""Schedule files of ESMPRO/AC: planned power-on and power-off times, one a line. They are plans, never events.

A file is known by its content: `ON=2026/11/24-08:00` and `OFF=2026/11/24-20:00` (os-ups-formats, chapter 1.2).
"""

from __future__ import annotations

import re
from datetime import datetime

from acforensics.bundle import Member
from acforensics.lines import decode_line, mask_secrets
from acforensics.parsing.recognition import Recogniser
from acforensics.sources.reading import Fact, FactName, Reading
from acforensics.texts import text

FORMAT = "ESMPRO/AC schedule"
_ENTRY = re.compile(
    rb"[ \t]*(ON|OFF)[ \t]*=[ \t]*(\d{4})/(\d{1,2})/(\d{1,2})[ \t]*-[ \t]*(\d{1,2}):(\d\d)(?::\d\d)?[ \t]*(?:[#;].*)?",
    re.IGNORECASE | re.DOTALL,
)
_COMMENTS = (b"#", b";", b"//", b"[")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_BLANKS = b" \t\r\0\x1a"
_NEARLY_ALL = 0.8
_YEARS = range(1990, 2200)
_MOST_ENTRIES = 20_000
_LONGEST_LINE = 4 << 10
_SAMPLES_KEPT = 5
_SHOWN = 200


class ScheduleReader:
    """Reads one schedule file into the facts `schedule-on` and `schedule-off` of its reading."""

    def __init__(self, reading: Reading, recogniser: Recogniser) -> None:
        self._reading = reading
        self._carry = b""
        self._encodings: set[str] = set()
        self._left_out = 0

    @staticmethod
    def fits(member: Member, head: bytes) -> bool:
        """Whether nearly all lines, but for comments, are entries."""
        lines = head.removeprefix(_BYTE_ORDER_MARK).split(b"\n")
        if len(lines) > 1:
            # The last one may be cut.
            lines.pop()
        spoken = [line for line in (line.strip(_BLANKS) for line in lines) if line and not line.startswith(_COMMENTS)]
        entries = sum(_ENTRY.fullmatch(line) is not None for line in spoken)
        return entries > 0 and entries >= len(spoken) * _NEARLY_ALL

    def feed(self, block: bytes) -> None:
        """Take the next block of the file."""
        *lines, rest = block.split(b"\n")
        for line in lines:
            self._take(self._begun(line))
            self._carry = b""
        self._carry = self._begun(rest)

    def close(self) -> None:
        """End of the file."""
        if self._carry:
            self._take(self._carry)
            self._carry = b""
        reading = self._reading
        reading.source = "other"
        reading.format = FORMAT
        found = sorted(self._encodings - {"ascii"})
        reading.encoding = ("mixed: " + ", ".join(found)) if len(found) > 1 else (found[0] if found else "ascii")
        if self._left_out:
            reading.notes.append(text("input.schedule-long", kept=_MOST_ENTRIES, count=self._left_out))

    def _begun(self, more: bytes) -> bytes:
        """The line so far. No entry is long: of a line without end only its beginning is kept."""
        return (self._carry + more[:_LONGEST_LINE])[:_LONGEST_LINE]

    def _take(self, raw: bytes) -> None:
        reading = self._reading
        reading.lines += 1
        if reading.lines == 1:
            raw = raw.removeprefix(_BYTE_ORDER_MARK)
        raw = raw.strip(_BLANKS)
        if not raw:
            return
        decoded, encoding = decode_line(raw)
        self._encodings.add(encoding)
        if raw.startswith(_COMMENTS):
            return
        shown = mask_secrets(decoded)[:_SHOWN]
        planned = _planned(raw)
        if planned is None:
            reading.unframed += 1
            if len(reading.unframed_samples) < _SAMPLES_KEPT:
                reading.unframed_samples.append((reading.lines, shown))
            return
        reading.records += 1
        if len(reading.facts) < _MOST_ENTRIES:
            reading.facts.append(Fact(*planned, reading.lines, shown))
        else:
            self._left_out += 1


def _planned(line: bytes) -> tuple[FactName, str] | None:
    """What a line plans, and when (local time, minutes); `None` where it is no entry, or its date does not exist."""
    match = _ENTRY.fullmatch(line)
    if match is None or int(match[2]) not in _YEARS:
        return None
    try:
        time = datetime(*(int(match[i]) for i in range(2, 7)))  # type: ignore[arg-type]
    except ValueError:
        return None
    return "schedule-on" if match[1].upper() == b"ON" else "schedule-off", time.isoformat(timespec="minutes")
