"""The walk over inputs and over what lies inside them."""

from __future__ import annotations

import io
import stat
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, cast

from acforensics.bundle import names as naming
from acforensics.bundle.limits import LimitError, Limits, TooLargeError
from acforensics.bundle.metering import Counted, Counter, Meter, Metered, Timed
from acforensics.bundle.streams import READ_ERRORS, Part, Peekable, SoftEnd, expander
from acforensics.bundle.tars import is_tar, next_header, opened_tar
from acforensics.bundle.tornzip import fits_in_memory, local_files
from acforensics.bundle.zipped import opened
from acforensics.masking import ShownNames, mask_secrets
from acforensics.texts import Text, text

_HEAD = 1024
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_SPOOL_IN_MEMORY = 32 << 20
# A link that is never followed, but whose target tells something: the zone of its server.
_TELLING_LINK = "localtime"
_LONGEST_TARGET = 4096


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
        self._at = ""
        self._ended: TooLargeError | None = None
        self._counter = Counter(self.limits)

    def walk(self, inputs: list[Path]) -> Iterator[Member]:
        """Yield every regular file of the inputs, in a stable order."""
        for path in inputs:
            self._at = self._shown(str(path))
            if self._ended is None:
                try:
                    yield from self._walk_path(self._within / path, self._at, ())
                except TooLargeError as error:
                    self._ended = error
            if self._ended is not None:
                self._problem(self._at, self._ended.said)

    def _walk_path(self, path: Path, shown: str, names: tuple[str, ...]) -> Iterator[Member]:
        try:
            status = path.stat() if not names else path.lstat()
            if stat.S_ISDIR(status.st_mode):
                for child in sorted(path.iterdir()):
                    name = self._shown(child.name)
                    inner = (*(names or tuple(map(self._shown, naming.directory_names(path)))), name)
                    yield from self._walk_path(child, f"{shown.rstrip('/')}/{name}", inner)
                return
            meter = Meter(self._counter)
            place = _Place(shown, names or (self._shown(path.name),), naming.time(status.st_mtime), meter, path)
            if stat.S_ISLNK(status.st_mode):
                yield from self._walk_link(place, str(path.readlink()))
                return
            if not stat.S_ISREG(status.st_mode):
                if not names:
                    self._problem(shown, text("input.not-a-file"))
                return
            with path.open("rb") as stream:
                yield from self._walk_stream(cast("IO[bytes]", Metered(stream, meter)), place)
        except TooLargeError as error:
            if error.of_all:
                raise
            self._problem(self._at, error.said)
        except PermissionError:
            self._problem(shown, text("input.permission"))
        except FileNotFoundError:
            self._problem(shown, text("input.not-found"))
        except READ_ERRORS as error:
            self._problem(shown, failure_text(error))

    def _walk_stream(self, stream: IO[bytes], place: _Place) -> Iterator[Member]:
        self._at = place.shown
        reader = Peekable(stream)
        head = reader.peek(_HEAD)
        expand = expander(head)
        is_zip, in_tar = head.startswith(_ZIP), is_tar(head)
        if (expand or is_zip or in_tar) and place.depth >= self.limits.depth:
            self._problem(place.shown, text("input.too-deep", limit=self.limits.depth))
        elif expand is not None:
            inner = Counted(expand(cast("IO[bytes]", reader)), place.meter)
            yield from self._walk_stream(cast("IO[bytes]", inner), place.expanded())
        elif is_zip:
            yield from self._walk_zip(reader, place)
        elif in_tar:
            yield from self._walk_tar(reader, place)
        else:
            self._count(place)
            stream = cast("IO[bytes]", Timed(reader, self.limits.seconds_per_file))
            yield Member(place.shown, place.names, place.written, stream, head, archives=place.archives)

    def _walk_link(self, place: _Place, target: str) -> Iterator[Member]:
        if place.names[-1:] == (_TELLING_LINK,):
            link = naming.clean(target)[:_LONGEST_TARGET]
            yield Member(place.shown, place.names, place.written, io.BytesIO(), b"", link, place.archives)

    def _count(self, place: _Place) -> None:
        """Count a file, or what else an archive lists."""
        self._members += 1
        if self._members > self.limits.members:
            self._at = place.shown
            raise TooLargeError(text("input.too-many", limit=self.limits.members), of_all=True)

    def _walk_tar(self, reader: Peekable, place: _Place) -> Iterator[Member]:
        count = 0
        source = SoftEnd(reader)
        failure: Exception | None = None
        try:
            with opened_tar(source) as archive:
                while (info := next_header(archive, source)) is not None:
                    inner = self._inside(place, info.name, naming.time(info.mtime))
                    if info.isreg():
                        count += 1
                        content: Any = Part(archive.fileobj, info.size, lambda: source.failure)
                        if info.issparse():
                            # Its holes stand nowhere in the archive.
                            content = Counted(cast("IO[bytes]", archive.extractfile(info)), place.meter)
                        yield from self._walk_member(content, inner)
                    else:
                        self._count(inner)
                        if info.issym() or info.islnk():
                            yield from self._walk_link(inner, info.linkname)
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
            self._torn(place, count, failure)

    def _walk_zip(self, reader: Peekable, place: _Place) -> Iterator[Member]:
        count = 0
        try:
            with ExitStack() as files:
                spool = files.enter_context(tempfile.SpooledTemporaryFile(max_size=_SPOOL_IN_MEMORY))
                # The directory of a zip is at its end: inside a stream its packed bytes are kept until it is read.
                begun = place.meter.spent
                failure = _copy(reader, cast("IO[bytes]", spool)) if place.file is None else None
                stored = files.enter_context(place.file.open("rb")) if place.file is not None else spool
                size = stored.seek(0, io.SEEK_END)
                rate = (place.meter.spent - begun) / max(1, size) if place.file is None else 1
                source: Any = Metered(cast("IO[bytes]", stored), place.meter, rate)
                archive = None
                try:
                    if fits_in_memory(source):
                        archive = zipfile.ZipFile(source)
                except READ_ERRORS as error:
                    failure = failure or error
                if archive is None:
                    source.seek(0)
                    for local in local_files(source):
                        count += 1
                        inner = self._inside(place, naming.native_name(local.name), naming.zip_time(local.written))
                        yield from self._walk_member(Counted(cast("IO[bytes]", local.stream), place.meter), inner)
                    if failure is not None:
                        raise failure
                    return
                for info in archive.infolist():
                    mode = info.external_attr >> 16
                    inner = self._inside(place, naming.zip_name(info), naming.zip_time(info.date_time))
                    is_link = stat.S_ISLNK(mode) and inner.names[-1:] == (_TELLING_LINK,)
                    is_file = not info.is_dir() and stat.S_IFMT(mode) in (0, stat.S_IFREG)
                    count += is_file
                    if not is_file:
                        self._count(inner)
                    if not is_file and not is_link:
                        continue
                    try:
                        with opened(archive, info) as content:
                            packed = Counted(content, place.meter)
                            if is_link:
                                target = packed.read(_LONGEST_TARGET).decode("utf-8", "surrogateescape")
                                yield from self._walk_link(inner, target)
                            else:
                                yield from self._walk_member(packed, inner)
                    except TooLargeError:
                        raise
                    except READ_ERRORS as error:
                        self._problem(inner.shown, failure_text(error))
        except TooLargeError:
            raise
        except READ_ERRORS as error:
            self._torn(place, count, error)

    def _walk_member(self, stream: Any, place: _Place) -> Iterator[Member]:
        try:
            yield from self._walk_stream(stream, place)
        except TooLargeError:
            raise
        except READ_ERRORS as error:
            self._problem(place.shown, failure_text(error))

    def _torn(self, place: _Place, count: int, failure: Exception) -> None:
        torn = text("input.torn-archive", count=count, error=describe(failure))
        self._problem(place.shown, failure.said if isinstance(failure, LimitError) else torn)

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
    meter: Meter
    file: Path | None = None
    depth: int = 0
    archives: tuple[int, ...] = ()

    def expanded(self) -> _Place:
        return _Place(self.shown, self.names, self.written, self.meter, None, self.depth + 1, self.archives)

    def inside(self, name: str, written: datetime | None) -> _Place:
        names = (*self.names, *naming.split(name))
        archives = (*self.archives, len(self.names))
        return _Place(f"{self.shown}!{name}", names, written, self.meter, None, self.depth + 1, archives)


def is_archive(head: bytes) -> bool:
    """Whether a file that begins so is one that is walked into."""
    return head.startswith(_ZIP) or expander(head) is not None or is_tar(head)


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


def problem_text(problem: Problem) -> Text:
    """`path: message`, for terminals and notes."""
    return Text(en=f"{problem.path}: {problem.message.en}", ja=f"{problem.path}: {problem.message.ja}")


def failure_text(error: BaseException) -> Text:
    """Why a file could not be read to its end, and what to do."""
    return error.said if isinstance(error, LimitError) else text("input.unreadable", error=describe(error))


def describe(error: BaseException) -> str:
    """What a library says of a failure, fit to be shown: it may name the file."""
    return mask_secrets(naming.clean(str(error))) or type(error).__name__
