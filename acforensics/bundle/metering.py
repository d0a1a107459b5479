"""Streams that are measured: what comes out of the inputs, against what was read of them; and for how long."""

from __future__ import annotations

import time
from typing import IO

from acforensics.bundle.limits import LimitError, Limits, TooLargeError, shown
from acforensics.bundle.streams import COMPRESSED_BLOCK, EXPANDED_BLOCK, Stream
from acforensics.texts import Text, text


class Counter:
    """Counts the bytes of all expanded streams of a walk, so that a small archive cannot grow without bound."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._bytes = 0

    def add(self, count: int) -> None:
        """Count more bytes."""
        self._bytes += count
        if self._bytes > self.limits.expanded_size:
            limit = shown("expanded-size", self.limits.expanded_size)
            raise TooLargeError(text("input.too-large", limit=limit), of_all=True)


class Meter:
    """Sets what comes out of one input, a file on the disk, against what was read of it."""

    def __init__(self, counter: Counter) -> None:
        self.limits = counter.limits
        self.spent = 0.0
        self._counter = counter
        self._expanded = 0

    def add(self, count: int) -> None:
        """Count more expanded bytes."""
        self._counter.add(count)
        self._expanded += count
        if self.is_too_much(self._expanded, self.spent):
            raise TooLargeError(self.said(), of_all=False)

    def is_too_much(self, expanded: int, spent: float) -> bool:
        """Whether no honest stream gives so much; what was read ahead for it is granted."""
        ratio = self.limits.expansion_ratio
        return expanded > self.limits.expanded_freely and expanded > ratio * (spent + COMPRESSED_BLOCK)

    def said(self) -> Text:
        """What is said then."""
        return text("input.too-expanded", limit=self.limits.expansion_ratio)


class Metered(Stream):
    """A file on the disk, or a copy of what came out of one: each byte read stands for `rate` bytes of the input."""

    def __init__(self, inner: IO[bytes], meter: Meter, rate: float = 1) -> None:
        self._inner = inner
        self._meter = meter
        self._rate = rate

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes."""
        block = self._inner.read(size)
        self._meter.spent += len(block) * self._rate
        return block

    def seekable(self) -> bool:
        """As the file is."""
        return self._inner.seekable()

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go elsewhere."""
        return self._inner.seek(offset, whence)

    def tell(self) -> int:
        """Where it is."""
        return self._inner.tell()


class Counted(Stream):
    """An expanded stream: its bytes are counted, and it ends where it gives more than any honest one."""

    def __init__(self, inner: IO[bytes], meter: Meter) -> None:
        self._inner = inner
        self._meter = meter
        self._start = meter.spent
        self._bytes = 0

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes."""
        block = self._inner.read(EXPANDED_BLOCK if size < 0 else size)
        self._meter.add(len(block))
        self._bytes += len(block)
        if self._meter.is_too_much(self._bytes, self._meter.spent - self._start):
            raise LimitError(self._meter.said())
        return block


class Timed(Stream):
    """A file that is read no longer than it may be."""

    def __init__(self, inner: Stream, seconds: int) -> None:
        self._inner = inner
        self._seconds = seconds
        self._until = time.monotonic() + seconds

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes."""
        if time.monotonic() > self._until:
            raise LimitError(text("input.too-slow", limit=self._seconds))
        return self._inner.read(size)
