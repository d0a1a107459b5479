"""Blocks of a file as chunks of whole lines, scanned; and where one stands in the file."""

from __future__ import annotations

from collections.abc import Iterator

from acforensics.parsing.recognition import Recogniser
from acforensics.parsing.scanning import Beside, Scanned, scan
from acforensics.sources.sequential import LONGEST_LINE, NulRuns

_LARGE = 32 << 20
"""Behind so much a process more is worth its start, a quarter of a second of a core."""
TAIL_KEPT = 128 << 10


class Chunks:
    """Makes chunks out of blocks, each scanned. While one is handed out, the counts are those of what stands before it.

    A large file is scanned by a process of its own, some chunks ahead.
    """

    def __init__(self, recogniser: Recogniser) -> None:
        self._recogniser = recogniser
        self.offset = 0
        self.lines = 0
        self.tail = b""
        """The last `TAIL_KEPT` bytes, or more of them."""
        self.long: list[int] = []
        """Lines of which only the beginning is looked at."""
        self._carry = b""
        self._cut = False
        self._nul_runs = NulRuns()
        self._beside: Beside | None = None
        self._read = 0

    @property
    def scanned_beside(self) -> bool:
        """Whether another process has taken over the scan."""
        return self._beside is not None and self._beside.works

    def feed(self, block: bytes) -> Iterator[tuple[bytes, Scanned]]:
        """Take the next block of the file; the chunks that are ready."""
        block = self._nul_runs.squeezed(block)
        if self._cut:
            # The rest of a line larger than any log line is dropped, so that memory stays bounded.
            newline = block.find(b"\n")
            if newline < 0:
                return
            block = block[newline:]
            self._cut = False
        end = block.rfind(b"\n") + 1
        # The only copy that is made of most of a file.
        lines = b"".join((self._carry, memoryview(block)[:end])) if end else b""
        rest = block[end:] if end else self._carry + block
        self._carry = rest[:LONGEST_LINE]
        self._cut = len(rest) > LONGEST_LINE
        if _may_hold_long(lines):
            yield from self._waiting()
            lines = self._shortened(lines)
        if lines:
            yield from self._scanned(lines)
        if self._cut:
            yield from self._waiting()
            self.long.append(self.lines + 1)

    def close(self) -> Iterator[tuple[bytes, Scanned]]:
        """End of the file: the chunks that are left. The last line may be without its newline."""
        if self._carry:
            yield from self._scanned(self._carry)
            self._carry = b""
        yield from self._waiting()
        if self._beside is not None:
            self._beside.close()

    def before(self, chunk: bytes, start: int, size: int) -> bytes:
        """So many bytes before a place in the chunk that was handed out."""
        found = chunk[max(0, start - size) : start]
        return found if start >= size else (self.tail[-size:] + found)[-size:]

    def _scanned(self, chunk: bytes) -> Iterator[tuple[bytes, Scanned]]:
        self._read += len(chunk)
        if self._beside is None and self._read > _LARGE and self._recogniser.steady:
            self._beside = Beside(self._recogniser.scan)
        if self._beside is None:
            yield from self._handed_out(chunk, scan(self._recogniser.scan, chunk))
        elif (ready := self._beside.take(chunk)) is not None:
            yield from self._handed_out(*ready)

    def _waiting(self) -> Iterator[tuple[bytes, Scanned]]:
        while self._beside is not None and (ready := self._beside.give()) is not None:
            yield from self._handed_out(*ready)

    def _handed_out(self, chunk: bytes, scanned: Scanned) -> Iterator[tuple[bytes, Scanned]]:
        yield chunk, scanned
        self.offset += len(chunk)
        self.lines += scanned.lines
        self.tail = chunk if len(chunk) >= TAIL_KEPT else (self.tail + chunk)[-TAIL_KEPT:]

    def _shortened(self, chunk: bytes) -> bytes:
        """The chunk, with no line longer than the longest that is looked at."""
        lines = chunk.split(b"\n")
        self.long += [self.lines + i for i, line in enumerate(lines, start=1) if len(line) > LONGEST_LINE]
        return b"\n".join(line[:LONGEST_LINE] for line in lines)


def _may_hold_long(chunk: bytes) -> bool:
    window = LONGEST_LINE // 2
    return any(chunk.find(b"\n", start, start + window) < 0 for start in range(0, len(chunk) - window, window))
