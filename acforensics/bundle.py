"""Walks inputs as streams: directories, single files, archives, archives in archives. Nothing is unpacked to disk.

What an archive says about itself is never trusted: links and devices are passed over, names are only shown, and
depth, number and size of members are bounded.
"""

from __future__ import annotations

import bz2
import io
import lzma
import os
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, cast

import zstandard
from isal import igzip

from acforensics.texts import Text, text

# Whatever a damaged or hostile stream may raise while it is read.
READ_ERRORS = (
    OSError,
    EOFError,
    ValueError,
    zlib.error,
    lzma.LZMAError,
    zstandard.ZstdError,
    tarfile.TarError,
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
)

_HEAD = 1024
_SPOOL_IN_MEMORY = 32 << 20
_EARLIEST = datetime(1985, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Limits:
    """Bounds against hostile archives; each has a clear message when it is reached."""

    depth: int = 5
    members: int = 200_000
    expanded_bytes: int = 256 << 30


@dataclass
class Member:
    """One file of an input. `stream` can be read once, before the next member is asked for.

    `path` is for people (`bundle.tar.gz!var/log/messages`), `names` holds its parts from the outside in, `written`
    is when it was last written (UTC) as far as the file system or the archive tells.
    """

    path: str
    names: tuple[str, ...]
    written: datetime | None
    stream: IO[bytes]
    head: bytes


@dataclass
class Problem:
    """Something that could not be read: where, and what to do about it."""

    path: str
    message: Text


@dataclass
class Walker:
    """Walks inputs; what could not be read is collected in `problems`."""

    limits: Limits = field(default_factory=Limits)
    problems: list[Problem] = field(default_factory=list)
    _members: int = 0
    _expanded: int = 0

    def walk(self, inputs: list[Path]) -> Iterator[Member]:
        """Yield every regular file of the inputs, in a stable order."""
        for path in inputs:
            yield from self._walk_path(path, _clean(str(path)), ())

    def _walk_path(self, path: Path, shown: str, names: tuple[str, ...]) -> Iterator[Member]:
        try:
            status = path.stat() if not names else path.lstat()
            if stat.S_ISDIR(status.st_mode):
                for child in sorted(os.listdir(path)):
                    inner = (*(names or _directory_names(path)), _clean(child))
                    yield from self._walk_path(path / child, f"{shown.rstrip('/')}/{_clean(child)}", inner)
                return
            if not stat.S_ISREG(status.st_mode):
                if not names:
                    self._problem(shown, text("input.not-a-file"))
                return
            written = _time(status.st_mtime)
            with path.open("rb") as stream:
                yield from self._walk_stream(stream, shown, names or (_clean(path.name),), written, 0, path)
        except PermissionError:
            self._problem(shown, text("input.permission"))
        except FileNotFoundError:
            self._problem(shown, text("input.not-found"))
        except READ_ERRORS as error:
            self._problem(shown, text("input.unreadable", error=describe(error)))

    def _walk_stream(
        self,
        stream: IO[bytes],
        shown: str,
        names: tuple[str, ...],
        written: datetime | None,
        depth: int,
        path: Path | None,
    ) -> Iterator[Member]:
        reader = _Peekable(stream)
        head = reader.peek(_HEAD)
        opener = _decompressor(head)
        if opener is not None:
            if depth >= self.limits.depth:
                self._problem(shown, text("input.too-deep", limit=self.limits.depth))
                return
            inner = cast("IO[bytes]", _Counted(opener(reader), self))
            yield from self._walk_stream(inner, shown, names, written, depth + 1, None)
        elif head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            if depth >= self.limits.depth:
                self._problem(shown, text("input.too-deep", limit=self.limits.depth))
                return
            yield from self._walk_zip(reader, shown, names, depth, path)
        elif _is_tar(head):
            if depth >= self.limits.depth:
                self._problem(shown, text("input.too-deep", limit=self.limits.depth))
                return
            yield from self._walk_tar(reader, shown, names, depth)
        else:
            self._members += 1
            if self._members > self.limits.members:
                if self._members == self.limits.members + 1:
                    self._problem(shown, text("input.too-many", limit=self.limits.members))
                return
            yield Member(shown, names, written, cast("IO[bytes]", reader), head)

    def _walk_tar(
        self, reader: _Peekable, shown: str, names: tuple[str, ...], depth: int
    ) -> Iterator[Member]:
        count = 0
        try:
            with tarfile.open(fileobj=cast("Any", reader), mode="r|", errorlevel=1) as archive:
                for info in archive:
                    if not info.isreg():
                        continue
                    count += 1
                    content = archive.extractfile(info)
                    if content is None:
                        continue
                    inner = _clean(info.name)
                    yield from self._walk_member(
                        content, f"{shown}!{inner}", (*names, *_split(inner)), _time(info.mtime), depth + 1
                    )
                    # Memory stays flat over archives with very many members.
                    archive.members = []
        except READ_ERRORS as error:
            self._problem(shown, text("input.torn-archive", count=count, error=describe(error)))

    def _walk_zip(
        self, reader: _Peekable, shown: str, names: tuple[str, ...], depth: int, path: Path | None
    ) -> Iterator[Member]:
        count = 0
        try:
            with tempfile.SpooledTemporaryFile(max_size=_SPOOL_IN_MEMORY) as spool:
                source: Any = path
                if path is None:
                    # A zip inside a stream has its directory at the end: its compressed bytes are kept until it is read.
                    while block := reader.read(1 << 20):
                        spool.write(block)
                    spool.seek(0)
                    source = spool
                with zipfile.ZipFile(source) as archive:
                    for info in archive.infolist():
                        mode = info.external_attr >> 16
                        if info.is_dir() or (mode and not stat.S_ISREG(mode) and stat.S_IFMT(mode)):
                            continue
                        count += 1
                        inner = _clean(info.filename)
                        place = f"{shown}!{inner}"
                        try:
                            with archive.open(info) as content:
                                counted = cast("IO[bytes]", _Counted(content, self))
                                yield from self._walk_member(
                                    counted, place, (*names, *_split(inner)), _zip_time(info), depth + 1
                                )
                        except READ_ERRORS as error:
                            self._problem(place, text("input.unreadable", error=describe(error)))
        except READ_ERRORS as error:
            self._problem(shown, text("input.torn-archive", count=count, error=describe(error)))

    def _walk_member(
        self, stream: IO[bytes], shown: str, names: tuple[str, ...], written: datetime | None, depth: int
    ) -> Iterator[Member]:
        try:
            yield from self._walk_stream(stream, shown, names, written, depth, None)
        except _TooLarge:
            raise
        except READ_ERRORS as error:
            self._problem(shown, text("input.unreadable", error=describe(error)))

    def _problem(self, path: str, message: Text) -> None:
        self.problems.append(Problem(path, message))


class _TooLarge(OSError):
    """The expanded size of the inputs passed the limit."""


class _Reading(io.RawIOBase):
    """A readable raw stream in terms of `read`."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = self.read(len(buffer)) or b""
        buffer[: len(block)] = block
        return len(block)


class _Counted(_Reading):
    """Counts expanded bytes, so that a small archive cannot grow without bound."""

    def __init__(self, inner: IO[bytes], walker: Walker) -> None:
        self._inner = inner
        self._walker = walker

    def read(self, size: int = -1) -> bytes:
        block = self._inner.read(size)
        self._walker._expanded += len(block)
        if self._walker._expanded > self._walker.limits.expanded_bytes:
            raise _TooLarge(
                f"more than {self._walker.limits.expanded_bytes >> 30} GiB after expansion: stopped"
            )
        return block


class _Peekable(_Reading):
    """A stream whose beginning can be looked at; reads fill the size asked for unless the stream ends."""

    def __init__(self, inner: IO[bytes]) -> None:
        self._inner = inner
        self._ahead = b""

    def peek(self, size: int) -> bytes:
        while len(self._ahead) < size:
            block = self._inner.read(size - len(self._ahead))
            if not block:
                break
            self._ahead += block
        return self._ahead[:size]

    def read(self, size: int = -1) -> bytes:
        if size is None or size < 0:
            blocks = [self._ahead]
            self._ahead = b""
            while block := self._inner.read(1 << 20):
                blocks.append(block)
            return b"".join(blocks)
        if self._ahead:
            block, self._ahead = self._ahead[:size], self._ahead[size:]
            return block
        return self._inner.read(size) or b""


def _decompressor(head: bytes) -> Any:
    if head.startswith(b"\x1f\x8b"):
        return lambda stream: igzip.IGzipFile(fileobj=stream, mode="rb")
    if head.startswith(b"BZh") and head[3:4].isdigit() and head[4:10] in (b"1AY&SY", b"\x17rE8P\x90"):
        return lambda stream: bz2.BZ2File(stream)
    if head.startswith(b"\xfd7zXZ\x00"):
        return lambda stream: lzma.LZMAFile(stream)
    if head.startswith(b"\x28\xb5\x2f\xfd"):
        return lambda stream: zstandard.ZstdDecompressor().stream_reader(stream, read_across_frames=True)
    return None


def _is_tar(head: bytes) -> bool:
    if len(head) < 512:
        return False
    if head[257:262] == b"ustar":
        return True
    # The oldest tars have no magic: their header sums up instead.
    try:
        written = int(head[148:156].strip(b"\0 ") or b"x", 8)
    except ValueError:
        return False
    return written == sum(head[:148]) + 8 * 32 + sum(head[156:512])


def _directory_names(path: Path) -> tuple[str, ...]:
    """The name of an input directory counts as a part of its files' paths; `.` has the name of the folder it means."""
    name = path.resolve().name
    return (_clean(name),) if name else ()


def _split(path: str) -> tuple[str, ...]:
    return tuple(part for part in path.replace("\\", "/").split("/") if part not in ("", ".", ".."))


def _clean(name: str) -> str:
    """Make a hostile name fit to be shown: no control characters, no lone surrogates."""
    shown = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in shown)


def _time(seconds: float) -> datetime | None:
    try:
        found = datetime.fromtimestamp(float(seconds), UTC)
    except (OverflowError, OSError, ValueError):
        return None
    return found if found > _EARLIEST else None


def _zip_time(info: zipfile.ZipInfo) -> datetime | None:
    # Zip times are local times of an unknown zone and start in 1980: good for a year, not for an hour.
    try:
        found = datetime(*info.date_time, tzinfo=UTC)
    except ValueError:
        return None
    return found if found > _EARLIEST else None


def problem_text(problem: Problem) -> Text:
    """`path: message`, for terminals and notes."""
    return Text(en=f"{problem.path}: {problem.message.en}", ja=f"{problem.path}: {problem.message.ja}")


def describe(error: BaseException) -> str:
    """What a library says of a failure, fit to be shown."""
    return _clean(str(error)) or type(error).__name__
