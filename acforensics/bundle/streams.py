"""Streams under a walk: each gives all that it can read before it fails, and is bounded."""

from __future__ import annotations

import bz2
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any, cast

import zstandard
from isal import igzip_lib

_ISAL_ERROR = cast("type[Exception]", igzip_lib.error)  # its stub says that it is an instance
# Whatever a damaged or hostile stream may raise while it is read: decoders of other people's making, which also ask for
# as much memory as a stream says that they need.
READ_ERRORS = (
    OSError,
    EOFError,
    ValueError,
    ArithmeticError,
    LookupError,
    zlib.error,
    _ISAL_ERROR,
    lzma.LZMAError,
    zstandard.ZstdError,
    struct.error,
    tarfile.TarError,
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
    MemoryError,
)

COMPRESSED_BLOCK = 64 << 10
EXPANDED_BLOCK = 256 << 10
# zstandard knows no limit for what it returns; one byte of input may expand to tens of kilobytes.
_ZSTD_BLOCK = 2 << 10
_XZ_MEMORY = 256 << 20
"""Four times what `xz -9` needs."""


class Stream(io.RawIOBase):
    """A readable raw stream in terms of `read`, which may return less than was asked for."""

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer as far as one read goes."""
        block = self.read(len(buffer)) or b""
        buffer[: len(block)] = block
        return len(block)


class Peekable(Stream):
    """A stream whose beginning can be looked at. An error is raised behind the last byte that was read before it."""

    def __init__(self, inner: IO[bytes]) -> None:
        self._inner = inner
        self._ahead = b""
        self.failure: Exception | None = None

    def peek(self, size: int) -> bytes:
        """Return the next bytes, without taking them; an error is kept for later unless there is nothing else."""
        while len(self._ahead) < size and self.failure is None:
            block = self._take(size - len(self._ahead))
            if not block:
                break
            self._ahead += block
        if self.failure is not None and not self._ahead:
            raise self.failure
        return self._ahead[:size]

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes, or all."""
        if size < 0:
            return b"".join(iter(lambda: self.read(EXPANDED_BLOCK), b""))
        if self._ahead:
            block, self._ahead = self._ahead[:size], self._ahead[size:]
            return block
        block = self._take(size) if self.failure is None else b""
        if not block and self.failure is not None:
            raise self.failure
        return block

    def unread(self, block: bytes) -> None:
        """Put bytes back that were read too far."""
        self._ahead = block + self._ahead

    def skip_to(self, mark: bytes) -> None:
        """Skip what stands before a mark, or everything."""
        while (at := self.peek(COMPRESSED_BLOCK).find(mark)) < 0 and len(self._ahead) >= len(mark):
            self._ahead = self._ahead[-len(mark) + 1 :]
            if len(self.peek(COMPRESSED_BLOCK)) < len(mark):
                break
        self._ahead = self._ahead[at:] if at >= 0 else b""

    def _take(self, size: int) -> bytes:
        try:
            return self._inner.read(size)
        except READ_ERRORS as error:
            self.failure = error
            return b""


class SoftEnd(Stream):
    """Ends where its source fails, so that a reader on top of it keeps what it has; the failure is kept."""

    def __init__(self, inner: Stream) -> None:
        self._inner = inner
        self._left: int | None = None
        self.failure: Exception | None = None

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes."""
        if self.failure is not None:
            return b""
        try:
            block = self._inner.read(size)
            if self._left is not None:
                self._left -= len(block)
                if self._left < 0:
                    raise ValueError("a header without end")
            return block
        except READ_ERRORS as error:
            self.failure = error
            return b""

    @contextmanager
    def bounded(self, most: int) -> Iterator[None]:
        """Here so many bytes may be read at most: a reader on top of it that keeps what it reads stays small."""
        self._left = most
        try:
            yield
        finally:
            self._left = None


class Part(Stream):
    """The next bytes of a stream, as many as an archive said; it fails where the stream ends before them."""

    def __init__(self, source: Any, size: int, failure: Callable[[], Exception | None]) -> None:
        self._source = source
        self._left = max(0, size)
        self._failure = failure

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes."""
        wanted = self._left if size < 0 else min(size, self._left)
        block = bytes(self._source.read(min(wanted, EXPANDED_BLOCK))) if wanted else b""
        self._left -= len(block)
        if wanted and not block:
            raise self._failure() or EOFError("the archive ends within this file")
        return block


class Expanding(Stream):
    """Decompresses a stream of one or more frames, giving every byte that can be had before it fails."""

    def __init__(self, inner: IO[bytes], decompressor: Callable[[], Any], magic: bytes) -> None:
        self._inner = inner
        self._new = decompressor
        self._magic = magic
        self._current: Any = decompressor()
        self._input = b""
        self._ended = False

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes, or as many as one step gives."""
        limit = EXPANDED_BLOCK if size < 0 else size
        stalled = False
        while limit and not self._ended:
            if self._current.eof and not self._next_frame():
                break
            if not self._input and (self._current.needs_input or stalled):
                self._input = self._inner.read(COMPRESSED_BLOCK)
                if not self._input:
                    raise EOFError("the compressed data ends before its end mark")
            taken, self._input = self._input, b""
            block = bytes(self._current.decompress(taken, limit))
            if block:
                return block
            stalled = True
        return b""

    def rest(self) -> bytes:
        """What was read beyond the end of the compressed data."""
        return bytes(self._current.unused_data)

    def _next_frame(self) -> bool:
        """Begin another frame where one follows; padding and foreign bytes behind the last one are no part of it."""
        rest = self.rest()
        while len(rest) < len(self._magic) and (more := self._inner.read(COMPRESSED_BLOCK)):
            rest += more
        self._ended = not self._magic or not rest.startswith(self._magic)
        if not self._ended:
            self._current, self._input = self._new(), rest
        return not self._ended


class _Zstd:
    """zstandard's decompressor in terms of the standard library's (a limited output, and what it waits for)."""

    def __init__(self) -> None:
        self._inner = zstandard.ZstdDecompressor().decompressobj()
        self._pending = b""
        self._out = b""

    @property
    def eof(self) -> bool:
        return self._inner.eof and not self._out

    @property
    def needs_input(self) -> bool:
        return not self._pending and not self._out

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data + self._pending

    def decompress(self, data: bytes, max_length: int) -> bytes:
        self._pending += data
        while not self._out and self._pending and not self._inner.eof:
            block, self._pending = self._pending[:_ZSTD_BLOCK], self._pending[_ZSTD_BLOCK:]
            self._out = self._inner.decompress(block)
        given, self._out = self._out[:max_length], self._out[max_length:]
        return given


def _gzip() -> Any:
    return igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)


def _xz() -> Any:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, _XZ_MEMORY)


_FORMATS: tuple[tuple[bytes, Callable[[], Any]], ...] = (
    (b"\x1f\x8b", _gzip),
    (b"BZh", bz2.BZ2Decompressor),
    (b"\xfd7zXZ\x00", _xz),
    (b"\x28\xb5\x2f\xfd", _Zstd),
)


def expander(head: bytes) -> Callable[[IO[bytes]], IO[bytes]] | None:
    """What reads a compressed stream that begins like this; `None` where it is not compressed."""
    for magic, decompressor in _FORMATS:
        if head.startswith(magic):
            if magic == b"BZh" and not _is_bzip2(head):
                return None
            return lambda stream: cast("IO[bytes]", Expanding(stream, decompressor, magic))
    return None


def _is_bzip2(head: bytes) -> bool:
    """`BZh` and a digit may begin a text; behind them stands the first block, or the end of an empty file."""
    return head[3:4].isdigit() and any(mark.startswith(head[4:10]) for mark in (b"1AY&SY", b"\x17rE8P\x90"))
