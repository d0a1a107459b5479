"""Stamps of a text file, sampled all along it: for years, coverage, gaps and hosts."""

from __future__ import annotations

from bisect import insort
from datetime import timedelta
from operator import attrgetter

from acforensics.lines import Record, decode_line, frame, frame_own
from acforensics.sources.chunks import Chunks
from acforensics.sources.collecting import apart
from acforensics.sources.reading import UNNOTICED, Mark, Reading

_SAMPLE_STEP = 4 << 10
_SPARSE_STEP = 64 << 10
_MANY_HOSTS = 32
_MARKS_OF_A_CHUNK = 4096
_QUIET = timedelta(minutes=10)
_PLACE = attrgetter("offset")


class Stamps:
    """Marks of the chunks that are read, into a `Reading`; `own` is the program whose own log the file is."""

    def __init__(self, reading: Reading, read: Chunks, own: str) -> None:
        self._reading = reading
        self._read = read
        self._own = own
        self._hosts: set[str] = set()
        self.formats: dict[str, int] = {}
        """Forms of the lines that were sampled, and how many had each."""

    def frame(self, line: str) -> Record | None:
        """Frame a line of this file."""
        return frame_own(line, self._own) if self._own else frame(line)

    def add(self, record: Record, offset: int) -> None:
        """Mark a record that was recognised."""
        insort(self._reading.marks, Mark(offset, record.stamp, record.host), key=_PLACE)
        self._note_host(record.host)

    def sample(self, chunk: bytes) -> None:
        """Read stamps all along; the more of them, the more time lies between two, and all where that is long.

        In a log of many servers each needs its own: there a stamp is read every few KiB.
        """
        previous: tuple[Mark, int] | None = None
        position = 0
        while 0 <= position < len(chunk):
            mark, line_end = self._mark_at(chunk, position)
            if mark is not None:
                if previous is not None:
                    self._sample_between(chunk, *previous, mark, position)
                self._keep_mark(mark)
                previous = (mark, line_end)
            if line_end >= len(chunk):
                break
            step = _SAMPLE_STEP if mark is None or len(self._hosts) > 1 else _SPARSE_STEP
            following = chunk.find(b"\n", max(line_end, position + step) - 1)
            if following < 0 or following + 1 >= len(chunk):
                # The last line is always sampled.
                following = chunk.rfind(b"\n", 0, len(chunk) - 1)
                if following < line_end - 1:
                    break
            position = following + 1

    def mark_last_of_each_host(self, chunk: bytes) -> None:
        """In a log of several hosts: the last line of each, which samples of the busy ones would miss."""
        if len(self._hosts) < 2:
            return
        marked = {mark.offset for mark in self._reading.marks[-_MARKS_OF_A_CHUNK:]}
        for host in sorted(self._hosts - {""}):
            place = chunk.rfind(f" {host} ".encode())
            start = chunk.rfind(b"\n", 0, max(0, place)) + 1
            if place >= 0 and self._read.offset + start not in marked:
                mark = self._mark_at(chunk, start)[0]
                if mark is not None and mark.host == host:
                    insort(self._reading.marks, mark, key=_PLACE)

    def mark_around(self, chunk: bytes, start: int, end: int) -> None:
        """The record before a line between boots, and the one behind it, bound both (a chunk's own ends are marked)."""
        places = [chunk.rfind(b"\n", 0, start - 1) + 1] if start else []
        for place in (*places, end + 1):
            mark = self._mark_at(chunk, place)[0] if place < len(chunk) else None
            if mark is not None:
                insort(self._reading.marks, mark, key=_PLACE)

    def _sample_between(self, chunk: bytes, earlier: Mark, start: int, later: Mark, end: int) -> None:
        """Read stamps of the lines from `start` to `end`, as many as the time between their neighbours asks for."""
        distance = apart(earlier.stamp, later.stamp)
        if distance <= UNNOTICED or start >= end:
            return
        if end - start > _SAMPLE_STEP:
            middle = chunk.find(b"\n", (start + end) // 2) + 1
            mark, line_end = self._mark_at(chunk, middle) if start < middle < end else (None, end)
            if mark is not None:
                self._sample_between(chunk, earlier, start, mark, middle)
                self._keep_mark(mark)
                self._sample_between(chunk, mark, line_end, later, end)
                return
        if distance > _QUIET:
            while start < end:
                mark, start = self._mark_at(chunk, start)
                if mark is not None:
                    self._keep_mark(mark)

    def _keep_mark(self, mark: Mark) -> None:
        self._reading.marks.append(mark)
        self._note_host(mark.host)

    def _note_host(self, host: str) -> None:
        if len(self._hosts) < _MANY_HOSTS:
            self._hosts.add(host)

    def _mark_at(self, chunk: bytes, start: int) -> tuple[Mark | None, int]:
        end = chunk.find(b"\n", start)
        end = len(chunk) if end < 0 else end
        # Behind NUL bytes of a crash, which stand where a line of its own should have begun.
        start += chunk[start:end].rstrip(b"\0\r").rfind(b"\0") + 1
        record = self.frame(decode_line(chunk[start : min(end, start + 512)])[0])
        if record is None:
            return None, end + 1
        self.formats[record.format] = self.formats.get(record.format, 0) + 1
        return Mark(self._read.offset + start, record.stamp, record.host), end + 1
