"""Base of readers that look at every line of a text file: small logs, in which any line may matter.

It knows where lines end, however damaged: NUL runs of a crash, carriage returns, lines without end.
"""

from __future__ import annotations

import re

from acforensics.lines import Record, decode_line, mask_secrets
from acforensics.masking import continued
from acforensics.parsing.recognition import Recogniser
from acforensics.sources.collecting import Collector
from acforensics.sources.reading import Reading
from acforensics.texts import text

LONGEST_LINE = 64 << 10
_SAMPLES_KEPT = 5
_TO_THE_MILLISECOND = re.compile(r"\d\d:\d\d:\d\d[.,]\d{3}")
_MOST_COMPARED = 1_000_000
_NUL_RUN = re.compile(rb"\0{2,}")
_SAMPLE_SHOWN = 200


class NulRuns:
    """A run of NUL bytes (megabytes after a crash) counts as one, so that what follows it in its line is in reach."""

    def __init__(self) -> None:
        self._within = False

    def squeezed(self, block: bytes) -> bytes:
        """The next block of a file, without all but the first byte of each run."""
        if not block or b"\0" not in block:
            self._within = self._within and not block
            return block
        if self._within:
            block = block.lstrip(b"\0")
        self._within = block.endswith(b"\0") or not block
        return _NUL_RUN.sub(b"\0", block)


class Copies:
    """Finds records that a log holds twice, as where a file was pasted behind itself: their boots were only once.

    Only stamps to the millisecond tell that: a clock that begins anew at each start writes the same seconds again.
    """

    def __init__(self) -> None:
        self.count = 0
        self._first = 0
        self._seen: set[int] = set()
        self._last = 0

    def is_copy(self, record: Record, raw: str, line: int) -> bool:
        """Whether the next record of the log stood in it before, other than just before."""
        if _TO_THE_MILLISECOND.search(raw) is None:
            return False
        before, self._last = self._last, hash((record.stamp, record.host, record.program, record.pid, record.message))
        if self._last not in self._seen:
            if len(self._seen) < _MOST_COMPARED:
                self._seen.add(self._last)
            return False
        if self._last == before:
            return False
        self.count += 1
        self._first = self._first or line
        return True

    def note(self, reading: Reading) -> None:
        """Say what was left out."""
        if self.count:
            reading.notes.append(text("damage.copies", count=self.count, line=self._first))


class LineReader:
    """Hands every line to `take_line`, decoded and without secrets; settles counts, format and encoding at the end."""

    def __init__(self, reading: Reading, recogniser: Recogniser) -> None:
        self.reading = reading
        self._collector = Collector(reading, recogniser)
        self._formats: dict[str, int] = {}
        self._encodings: set[str] = set()
        self._carry = b""
        self._length = 0
        self._offset = 0
        self._number = 0
        self._begun = ""
        self._long: list[int] = []
        self._nul_runs = NulRuns()

    def take_line(self, line: str, number: int, offset: int) -> None:
        """Take the next line: 1-based number, and its place in bytes. Blank ones are left out."""
        raise NotImplementedError

    def finish(self) -> None:
        """Take what is left when all lines were taken, before the collector closes."""

    def feed(self, block: bytes) -> None:
        """Take the next block of the file."""
        block = self._nul_runs.squeezed(block)
        start = 0
        while True:
            end = block.find(b"\n", start)
            piece = block[start : end if end >= 0 else len(block)]
            # What is longer than any log line is dropped, so that memory stays bounded.
            self._carry += piece[: max(0, LONGEST_LINE - len(self._carry))]
            self._length += len(piece)
            if end < 0:
                return
            self._end_line()
            start = end + 1

    def close(self) -> None:
        """End of the file: take the last line even without its newline."""
        if self._length:
            self._end_line()
        self.finish()
        self._collector.close()
        self.reading.lines = self._number
        note_long_lines(self.reading, self._long, records=bool(self._formats))
        if self._formats:
            ranked = sorted(self._formats, key=lambda name: (-self._formats[name], name))
            self.reading.format = ranked[0] if len(ranked) == 1 else "mixed: " + ", ".join(ranked)
        self.reading.encoding = name_encodings(self._encodings)

    def _end_line(self) -> None:
        self._number += 1
        if self._length > LONGEST_LINE:
            self._long.append(self._number)
        position = self._offset
        # Behind NUL bytes of a crash the next record begins within the same line.
        for part in self._carry.rstrip(b"\r").split(b"\0"):
            if part.strip():
                decoded, encoding = decode_line(part)
                self._encodings.add(encoding)
                self.take_line(mask_secrets(decoded, self._begun).rstrip("\r"), self._number, position)
                self._begun = continued(self._begun, decoded)
            position += len(part) + 1
        self._offset += self._length + 1
        self._carry = b""
        self._length = 0

    def take(self, record: Record, line: int, raw: str, offset: int) -> None:
        """Take a record of the file."""
        self._formats[record.format] = self._formats.get(record.format, 0) + 1
        self._collector.take(record, line, raw, offset)

    def unframed(self, line: str, number: int) -> None:
        """Count a line that fits no form."""
        count_unframed(self.reading, line, number)


def count_unframed(reading: Reading, line: str, number: int) -> None:
    """Count a line that fits no form, and keep the first few. `line` is without secrets."""
    reading.unframed += 1
    if len(reading.unframed_samples) < _SAMPLES_KEPT:
        reading.unframed_samples.append((number, line[:_SAMPLE_SHOWN]))


def note_long_lines(reading: Reading, long: list[int], *, records: bool) -> None:
    """Say which lines were longer than what is looked at of a line; in a log, that is a loss."""
    if not long:
        return
    note = text("damage.long-lines", count=len(long), line=long[0], limit=LONGEST_LINE >> 10)
    if records:
        reading.lose(note)
    else:
        reading.notes.append(note)


def name_encodings(found: set[str]) -> str:
    """One name for the encodings of a file's lines."""
    foreign = sorted(found - {"ascii"})
    return ("mixed: " + ", ".join(foreign)) if len(foreign) > 1 else (foreign[0] if foreign else "ascii")
