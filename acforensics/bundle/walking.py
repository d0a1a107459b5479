"""The walk over inputs and over what lies inside them."""

from __future__ import annotations

import io
import stat
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, cast

from acforensics.bundle import names as naming
from acforensics.bundle.streams import READ_ERRORS, Counted, Counter, Part, Peekable, SoftEnd, TooLargeError, expander
from acforensics.bundle.tornzip import local_files
from acforensics.masking import ShownNames, mask_secrets
from acforensics.texts import Text, text

_HEAD = 1024
_SPOOL_IN_MEMORY = 32 << 20
# A link that is never followed, but whose target tells something: the zone of its server.
_TELLING_LINK = "localtime"
_LONGEST_TARGET = 4096
_LONGEST_EXTENSION = 1 << 20
_EXTENSIONS = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)


@dataclass(frozen=True)
class Limits:
    """Bounds against hostile archives; each has a clear message when it is reached.

    `depth` counts every layer: a `.tar.gz` has two.
    """

    depth: int = 10
    members: int = 200_000
    expanded_bytes: int = 256 << 30


@dataclass
class Member:
    """One file of an input. `stream` can be read once, before the next member is asked for.

    `path` is for people (`bundle.tar.gz!var/log/messages`), `names` holds its parts from the outside in, `written`
    is when it was last written (UTC) as far as the file system or the archive tells. `link`: it is a link, empty
    here and not followed, with this text as its target. `archives`: how many of its names lead to each archive that
    it lies in.
    """

    path: str
    names: tuple[str, ...]
    written: datetime | None
    stream: IO[bytes]
    head: bytes
    link: str | None = None
    archives: tuple[int, ...] = ()


@dataclass
class Problem:
    """Something that could not be read: where, and what to do about it."""

    path: str
    message: Text


class Walker:
    """Walks inputs; what could not be read is collected in `problems`.

    `names` are those of a case; the inputs lie `within` this folder, which is not shown.
    """

    def __init__(
        self, limits: Limits | None = None, names: ShownNames | None = None, within: Path | None = None
    ) -> None:
        self.limits = limits or Limits()
        self._within = within or Path()
        self.names = names or ShownNames()
        self.problems: list[Problem] = []
        self._members = 0
        self._counter = Counter(self.limits.expanded_bytes)

    def walk(self, inputs: list[Path]) -> Iterator[Member]:
        """Yield every regular file of the inputs, in a stable order."""
        for path in inputs:
            try:
                yield from self._walk_path(self._within / path, self._shown(str(path)), ())
            except TooLargeError as error:
                self._problem(self._shown(str(path)), text("input.too-large", error=describe(error)))
                return
            if self._members > self.limits.members:
                return

    def _walk_path(self, path: Path, shown: str, names: tuple[str, ...]) -> Iterator[Member]:
        try:
            status = path.stat() if not names else path.lstat()
            if stat.S_ISDIR(status.st_mode):
                for child in sorted(path.iterdir()):
                    name = self._shown(child.name)
                    inner = (*(names or tuple(map(self._shown, naming.directory_names(path)))), name)
                    yield from self._walk_path(child, f"{shown.rstrip('/')}/{name}", inner)
                return
            place = _Place(shown, names or (self._shown(path.name),), naming.time(status.st_mtime), path)
            if stat.S_ISLNK(status.st_mode):
                yield from self._walk_link(place, str(path.readlink()))
                return
            if not stat.S_ISREG(status.st_mode):
                if not names:
                    self._problem(shown, text("input.not-a-file"))
                return
            with path.open("rb") as stream:
                yield from self._walk_stream(stream, place)
        except TooLargeError:
            raise
        except PermissionError:
            self._problem(shown, text("input.permission"))
        except FileNotFoundError:
            self._problem(shown, text("input.not-found"))
        except READ_ERRORS as error:
            self._problem(shown, text("input.unreadable", error=describe(error)))

    def _walk_stream(self, stream: IO[bytes], place: _Place) -> Iterator[Member]:
        if self._members > self.limits.members:
            return
        reader = Peekable(stream)
        head = reader.peek(_HEAD)
        expand = expander(head)
        is_zip, is_tar = head.startswith((b"PK\x03\x04", b"PK\x05\x06")), _is_tar(head)
        if (expand or is_zip or is_tar) and place.depth >= self.limits.depth:
            self._problem(place.shown, text("input.too-deep", limit=self.limits.depth))
        elif expand is not None:
            inner = Counted(expand(cast("IO[bytes]", reader)), self._counter)
            yield from self._walk_stream(cast("IO[bytes]", inner), place.expanded())
        elif is_zip:
            yield from self._walk_zip(reader, place)
        elif is_tar:
            yield from self._walk_tar(reader, place)
        elif self._count(place):
            stream = cast("IO[bytes]", reader)
            yield Member(place.shown, place.names, place.written, stream, head, archives=place.archives)

    def _walk_link(self, place: _Place, target: str) -> Iterator[Member]:
        if place.names[-1:] == (_TELLING_LINK,) and self._members <= self.limits.members and self._count(place):
            link = naming.clean(target)[:_LONGEST_TARGET]
            yield Member(place.shown, place.names, place.written, io.BytesIO(), b"", link, place.archives)

    def _count(self, place: _Place) -> bool:
        """Count a member; false, and said, where it is one too many."""
        self._members += 1
        if self._members > self.limits.members:
            self._problem(place.shown, text("input.too-many", limit=self.limits.members))
        return self._members <= self.limits.members

    def _walk_tar(self, reader: Peekable, place: _Place) -> Iterator[Member]:
        count = 0
        source = SoftEnd(reader)
        failure: Exception | None = None
        try:
            with tarfile.open(fileobj=cast("Any", source), mode="r|", tarinfo=_TarInfo) as archive:
                for info in archive:
                    # Memory stays flat over archives with very many members.
                    archive.members = []  # type: ignore[attr-defined]
                    if info.isreg():
                        count += 1
                        content: Any = archive.extractfile(info)
                        if not info.issparse():
                            content = Part(archive.fileobj, info.size, lambda: source.failure)
                        yield from self._walk_member(content, self._inside(place, info.name, naming.time(info.mtime)))
                    elif info.issym() or info.islnk():
                        yield from self._walk_link(
                            self._inside(place, info.name, naming.time(info.mtime)), info.linkname
                        )
                    # Skipped here, because the library goes on for as long as a header claims, even behind the end.
                    rest = Part(archive.fileobj, archive.offset - archive.fileobj.tell(), lambda: source.failure)
                    while rest.read(1 << 20):
                        pass
            # What the archive's own end mark leaves over decides whether its compressed form is whole.
            while source.read(1 << 20):
                pass
        except TooLargeError:
            raise
        except READ_ERRORS as error:
            failure = error
        failure = source.failure or failure
        if isinstance(failure, TooLargeError):
            raise failure
        if failure is not None:
            self._problem(place.shown, text("input.torn-archive", count=count, error=describe(failure)))

    def _walk_zip(self, reader: Peekable, place: _Place) -> Iterator[Member]:
        count = 0
        try:
            with ExitStack() as files:
                spool = files.enter_context(tempfile.SpooledTemporaryFile(max_size=_SPOOL_IN_MEMORY))
                # The directory of a zip is at its end: inside a stream its packed bytes are kept until it is read.
                failure = _copy(reader, cast("IO[bytes]", spool)) if place.file is None else None
                source: Any = spool if place.file is None else files.enter_context(place.file.open("rb"))
                try:
                    archive = zipfile.ZipFile(source)
                except READ_ERRORS as error:
                    failure = failure or error
                    source.seek(0)
                    for local in local_files(source):
                        count += 1
                        inner = self._inside(place, naming.native_name(local.name), naming.zip_time(local.written))
                        yield from self._walk_member(Counted(cast("IO[bytes]", local.stream), self._counter), inner)
                    raise failure from None
                for info in archive.infolist():
                    mode = info.external_attr >> 16
                    inner = self._inside(place, naming.zip_name(info), naming.zip_time(info.date_time))
                    is_link = stat.S_ISLNK(mode) and inner.names[-1:] == (_TELLING_LINK,)
                    if info.is_dir() or (stat.S_IFMT(mode) and not stat.S_ISREG(mode) and not is_link):
                        continue
                    count += 1
                    try:
                        with archive.open(info) as content:
                            if is_link:
                                target = content.read(_LONGEST_TARGET).decode("utf-8", "surrogateescape")
                                yield from self._walk_link(inner, target)
                                continue
                            yield from self._walk_member(Counted(content, self._counter), inner)
                    except TooLargeError:
                        raise
                    except READ_ERRORS as error:
                        self._problem(inner.shown, text("input.unreadable", error=describe(error)))
        except TooLargeError:
            raise
        except READ_ERRORS as error:
            self._problem(place.shown, text("input.torn-archive", count=count, error=describe(error)))

    def _walk_member(self, stream: Any, place: _Place) -> Iterator[Member]:
        try:
            yield from self._walk_stream(stream, place)
        except TooLargeError:
            raise
        except READ_ERRORS as error:
            self._problem(place.shown, text("input.unreadable", error=describe(error)))

    def _inside(self, place: _Place, name: str, written: datetime | None) -> _Place:
        return place.inside(self._shown(name), written)

    def _shown(self, name: str) -> str:
        """A name or path as it is shown everywhere; files are opened by their own."""
        return self.names.path(naming.clean(name))

    def _problem(self, path: str, message: Text) -> None:
        self.problems.append(Problem(path, message))


@dataclass(frozen=True)
class _Place:
    """Where in the inputs a stream lies. `file`: it is this file, as it lies on the disk."""

    shown: str
    names: tuple[str, ...]
    written: datetime | None
    file: Path | None = None
    depth: int = 0
    archives: tuple[int, ...] = ()

    def expanded(self) -> _Place:
        return _Place(self.shown, self.names, self.written, None, self.depth + 1, self.archives)

    def inside(self, name: str, written: datetime | None) -> _Place:
        names = (*self.names, *naming.split(name))
        archives = (*self.archives, len(self.names))
        return _Place(f"{self.shown}!{name}", names, written, None, self.depth + 1, archives)


class _TarInfo(tarfile.TarInfo):
    """Headers of tar members: a damaged one is an error, wherever it stands, and none may claim absurd sizes."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _TarInfo:
        info = super().frombuf(buf, encoding, errors)
        if info.size < 0 or (info.type in _EXTENSIONS and info.size > _LONGEST_EXTENSION):
            raise tarfile.ReadError(f"a header with the size {info.size}")
        return info

    @classmethod
    def fromtarfile(cls, tarfile_: tarfile.TarFile) -> _TarInfo:
        try:
            return super().fromtarfile(tarfile_)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]
            raise
        except tarfile.HeaderError as error:
            # The base class takes a damaged header for the end.
            raise tarfile.ReadError(f"{error} at byte {tarfile_.offset}") from error


def _copy(reader: Peekable, target: IO[bytes]) -> Exception | None:
    """Copy all that can be read."""
    try:
        while block := reader.read(1 << 20):
            target.write(block)
    except TooLargeError:
        raise
    except READ_ERRORS as error:
        return error
    return None


def _is_tar(head: bytes) -> bool:
    if len(head) < tarfile.BLOCKSIZE:
        return False
    if head[257:262] == b"ustar":
        return True
    # The oldest tars have no magic: their header sums up instead.
    try:
        written = int(head[148:156].strip(b"\0 ") or b"x", 8)
    except ValueError:
        return False
    return written == sum(head[:148]) + 8 * 32 + sum(head[156:512])


def problem_text(problem: Problem) -> Text:
    """`path: message`, for terminals and notes."""
    return Text(en=f"{problem.path}: {problem.message.en}", ja=f"{problem.path}: {problem.message.ja}")


def describe(error: BaseException) -> str:
    """What a library says of a failure, fit to be shown: it may name the file."""
    return mask_secrets(naming.clean(str(error))) or type(error).__name__
