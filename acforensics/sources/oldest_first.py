"""Logs that were written out with the newest record first (`journalctl -r`, `tac`, a viewer's export).

All that follows takes the order of a file for the order of time: such a file is handed on from its end, and it is said.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import IO, Protocol, cast

from acforensics.lines import decode_line, frame
from acforensics.sources.last_lines import naive
from acforensics.sources.reading import Reading
from acforensics.sources.sequential import LONGEST_LINE, note_long_lines
from acforensics.texts import text

_LOOKED_AT = 400
_LEAST_STEPS = 4
_OTHERWISE = 20
"""One step forwards in so many backwards is a turn of the year, or a clock that was set."""
_IN_MEMORY = 32 << 20
_BLOCK = 256 << 10
_LONGEST_ENTRY = 4 << 20
_WRITTEN = re.compile(rb'"__REALTIME_TIMESTAMP"[ \t]*:[ \t]*"(\d{1,19})"')
_FURTHEST = 1 << 56
# It names the boot of the records that stand below it: read upwards, it names no boot of those that follow.
_NAMED_BOOT = re.compile(rb"^-- Boot [0-9a-f]{32} --")


class _Reader(Protocol):
    def feed(self, block: bytes) -> None: ...

    def close(self) -> None: ...


class OldestFirst:
    """Hands a file on to a reader of lines as it is or, where its beginning shows the newest records, from its end."""

    def __init__(self, reading: Reading, reader: _Reader, *, entries: bool = False) -> None:
        self._reading = reading
        self._reader = reader
        self._longest = _LONGEST_ENTRY if entries else LONGEST_LINE
        self._begun = False
        self._spool: IO[bytes] | None = None

    def feed(self, block: bytes) -> None:
        """Take the next block of the file."""
        if not self._begun and block.strip(b"\0"):
            self._begun = True
            if is_newest_first(block):
                self._spool = cast("IO[bytes]", tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115
        if self._spool is None:
            self._reader.feed(block)
        else:
            self._spool.write(block)

    def close(self) -> None:
        """End of the file."""
        if self._spool is None:
            self._reader.close()
            return
        with self._spool as spool:
            count, long = self._hand_on(spool)
        self._reader.close()
        reading = self._reading
        for hit in reading.hits:
            if hit.line is not None:
                hit.line = count + 1 - hit.line
            if hit.previous is not None and hit.previous.line is not None:
                hit.previous = hit.previous._replace(line=count + 1 - hit.previous.line)
        reading.unframed_samples = sorted((count + 1 - number, shown) for number, shown in reading.unframed_samples)
        note_long_lines(reading, sorted(count + 1 - number for number in long), records=True)
        reading.notes.append(text("damage.newest-first"))

    def _hand_on(self, spool: IO[bytes]) -> tuple[int, list[int]]:
        """Feed the lines from the last to the first; their number, and which of them were too long, so counted."""
        count = 0
        long: list[int] = []
        block: list[bytes] = []
        size = 0
        for line in _upwards(spool, self._longest + 1):
            count += 1
            if len(line) > self._longest:
                long.append(count)
            block.append(_NAMED_BOOT.sub(b"-- Reboot --", line[: self._longest]) + b"\n")
            size += len(block[-1])
            if size >= _BLOCK:
                self._reader.feed(b"".join(block))
                block, size = [], 0
        self._reader.feed(b"".join(block))
        return count, long


def is_newest_first(block: bytes) -> bool:
    """Whether the stamps of a file's first block fall, but for ties and single exceptions."""
    lines = block.split(b"\n")[:-1]
    times = [time for line in lines[:: max(1, len(lines) // _LOOKED_AT)] if (time := _time(line)) is not None]
    falls = sum(later < earlier for earlier, later in pairwise(times))
    rises = sum(later > earlier for earlier, later in pairwise(times))
    return falls >= _LEAST_STEPS and rises <= max(1, falls // _OTHERWISE)


def _time(line: bytes) -> datetime | None:
    """When a line was written, good for comparing within its file: a record, or a whole entry of a journal in JSON."""
    if line.startswith(b"{"):
        entry = _WRITTEN.search(line) if line.rstrip(b" \t\r").endswith(b"}") else None
        return datetime(1970, 1, 1) + timedelta(microseconds=int(entry[1]) % _FURTHEST) if entry is not None else None
    record = frame(decode_line(line[:512])[0])
    return naive(record.stamp) if record is not None else None


def _upwards(spool: IO[bytes], longest: int) -> Iterator[bytes]:
    """The lines of a file from its last one to its first, without line ends; of long ones the beginning."""
    place = spool.seek(0, 2)
    if not place:
        return
    rest = b""
    ended = False
    while place > 0:
        size = min(_BLOCK, place)
        place = spool.seek(place - size)
        data = spool.read(size)
        if not ended:
            data, ended = data.removesuffix(b"\n"), True
        first, *lines = data.split(b"\n")
        if lines:
            yield (lines.pop() + rest)[:longest]
            yield from (line[:longest] for line in reversed(lines))
            rest = b""
        rest = (first + rest)[:longest]
    yield rest
