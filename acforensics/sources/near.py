"""What unknown programs say near a stop or a start, in a text file of which only candidate lines are parsed."""

from __future__ import annotations

from collections.abc import Callable

from acforensics.events import BOOT_MARKS, Hit
from acforensics.lines import Record, decode_line, mask_secrets
from acforensics.parsing.recognition import Recogniser
from acforensics.sources.chunks import Chunks
from acforensics.sources.collecting import Collector, select, select_last
from acforensics.sources.reading import Reading

_NEAR_BYTES = 64 << 10
_END_BYTES = 4 << 10


class Near:
    """Parses what stands near the stops and starts that are found, and keeps of it what may matter, in a `Reading`."""

    def __init__(
        self,
        reading: Reading,
        recogniser: Recogniser,
        collector: Collector,
        read: Chunks,
        frame: Callable[[str], Record | None],
    ) -> None:
        self._reading = reading
        self._recogniser = recogniser
        self._collector = collector
        self._read = read
        self._frame = frame
        self._background: list[Hit] = []
        self._parsed_until = 0
        self._kept: set[int] = set()
        self._starts: list[tuple[int, int, Hit]] = []

    def around(self, hit: Hit, chunk: bytes, start: int) -> None:
        """Before the hit now, behind the start of a boot as soon as enough of the file was read."""
        before = self._read.before(chunk, start, _NEAR_BYTES)
        line, place = hit.line or 0, self._read.offset + start
        self._parse_background(before, place - len(before), line - before.count(b"\n"))
        self._keep_near(hit)
        if hit.kind in BOOT_MARKS:
            behind = chunk[start : start + _NEAR_BYTES]
            if len(behind) < _NEAR_BYTES:
                # The rest of what is of interest comes with the next block.
                self._starts.append((place, line, hit))
            else:
                self._parse_background(behind[: behind.rfind(b"\n") + 1], place, line)
                self._keep_near(hit)

    def look_ahead(self, chunk: bytes = b"") -> None:
        """Behind the starts of boots that were found, as far as the file was read: to be called before more is."""
        if not self._starts:
            return
        read = self._read.tail + chunk[:_NEAR_BYTES]
        begins = self._read.offset - len(self._read.tail)
        for place, line, hit in self._starts:
            behind = read[place - begins : place - begins + _NEAR_BYTES] if place >= begins else b""
            if chunk:
                behind = behind[: behind.rfind(b"\n") + 1]
            self._parse_background(behind, place, line)
            self._keep_near(hit)
        self._starts = []

    def keep_last(self) -> None:
        """What began just before the log ends: what it asked for may stand in another log only."""
        if not self._reading.marks or not self._recogniser.near_programs:
            return
        last = self._read.tail[-_END_BYTES:]
        whole = len(last) == self._read.offset
        begin = 0 if whole else last.find(b"\n") + 1
        behind = self._read.lines - last.count(b"\n", begin) + last.endswith(b"\n")
        self._parse_background(last[begin:], self._read.offset - len(last) + begin, behind)
        self._keep(select_last(self._background, self._reading.marks[-1]))

    def _parse_background(self, data: bytes, offset: int, line: int) -> None:
        """Read what may be of interest near a stop or a start; each line once, however many of these there are."""
        done = max(0, self._parsed_until - offset)
        if done >= len(data):
            return
        line += data.count(b"\n", 0, done)
        offset += done
        for raw in data[done:].split(b"\n"):
            if raw:
                # Behind NUL bytes of a crash a record begins amid its line.
                begin = raw.rstrip(b"\0\r").rfind(b"\0") + 1
                decoded = mask_secrets(decode_line(raw[begin:].rstrip(b"\r"))[0])
                record = self._frame(decoded)
                hit = self._collector.background(record, line, decoded, offset + begin) if record is not None else None
                if hit is not None:
                    self._background.append(hit)
            offset += len(raw) + 1
            line += 1
        self._parsed_until = offset - (not data.endswith(b"\n"))

    def _keep_near(self, mark: Hit) -> None:
        self._background = [hit for hit in self._background if hit.offset >= mark.offset - _NEAR_BYTES]
        self._keep(select(self._background, mark))

    def _keep(self, near: list[Hit]) -> None:
        new = [hit for hit in near if hit.offset not in self._kept]
        self._kept.update(hit.offset for hit in new)
        self._reading.hits += new
