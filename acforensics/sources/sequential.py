"""Base of readers that look at every line of a text file: small logs, in which any line may matter.

It knows where lines end, however damaged: NUL runs of a crash, carriage returns, lines without end.
"""

from __future__ import annotations

from acforensics.lines import Record, decode_line, mask_secrets
from acforensics.parsing.recognition import Recogniser
from acforensics.sources.collecting import Collector
from acforensics.sources.reading import Reading

_LONGEST_LINE = 64 << 10
_SAMPLES_KEPT = 5
_SAMPLE_SHOWN = 200


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

    def take_line(self, line: str, number: int, offset: int) -> None:
        """Take the next line: 1-based number, and its place in bytes. Blank ones are left out."""
        raise NotImplementedError

    def finish(self) -> None:
        """Take what is left when all lines were taken, before the collector closes."""

    def feed(self, block: bytes) -> None:
        """Take the next block of the file."""
        start = 0
        while True:
            end = block.find(b"\n", start)
            piece = block[start : end if end >= 0 else len(block)]
            # What is longer than any log line is dropped, so that memory stays bounded.
            self._carry += piece[: max(0, _LONGEST_LINE - len(self._carry))]
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
        if self._formats:
            ranked = sorted(self._formats, key=lambda name: (-self._formats[name], name))
            self.reading.format = ranked[0] if len(ranked) == 1 else "mixed: " + ", ".join(ranked)
        self.reading.encoding = name_encodings(self._encodings)

    def _end_line(self) -> None:
        self._number += 1
        position = self._offset
        # Behind NUL bytes of a crash the next record begins within the same line.
        for part in self._carry.rstrip(b"\r").split(b"\0"):
            if part.strip():
                decoded, encoding = decode_line(part)
                self._encodings.add(encoding)
                self.take_line(mask_secrets(decoded).rstrip("\r"), self._number, position)
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


def name_encodings(found: set[str]) -> str:
    """One name for the encodings of a file's lines."""
    foreign = sorted(found - {"ascii"})
    return ("mixed: " + ", ".join(foreign)) if len(foreign) > 1 else (foreign[0] if foreign else "ascii")
