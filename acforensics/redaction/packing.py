"""Writes files below a folder or into archives within archives, packed as their names say."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import stat
import tarfile
import tempfile
import zipfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Protocol, cast

import zstandard

_BLOCK = 1 << 20
_SPOOL_IN_MEMORY = 8 << 20
_TAR_SUFFIXES = {"tgz": "gz", "tbz": "bz2", "tbz2": "bz2", "txz": "xz", "tzst": "zst"}
_OLDEST_IN_ZIP, _NEWEST_IN_ZIP = 1980, 2107


def packing_of(name: str) -> str:
    """How the name of a file says that its content is packed: `gz`, `xz`, `bz2`, `zst`, or not at all."""
    suffix = name.lower().rpartition(".")[2]
    return _TAR_SUFFIXES.get(suffix, suffix if suffix in ("gz", "xz", "bz2", "zst") else "")


def packed(target: IO[bytes], packing: str) -> IO[bytes]:
    """A stream that packs into another one, which stays open; the same content gives the same bytes."""
    if packing == "gz":
        return cast("IO[bytes]", gzip.GzipFile(filename="", mode="wb", fileobj=target, mtime=0))
    if packing == "xz":
        return cast("IO[bytes]", lzma.LZMAFile(target, "wb"))
    if packing == "bz2":
        return cast("IO[bytes]", bz2.BZ2File(target, "wb"))
    if packing == "zst":
        return cast("IO[bytes]", zstandard.ZstdCompressor().stream_writer(target, closefd=False))
    return cast("IO[bytes]", _Unclosed(target))


class _Unclosed(io.RawIOBase):
    """Writes through, and leaves the other stream open."""

    def __init__(self, target: IO[bytes]) -> None:
        self._target = target

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        return self._target.write(cast("bytes", data))


class Container(Protocol):
    """Takes files."""

    def add(self, parts: tuple[str, ...], content: IO[bytes], size: int, written: datetime | None) -> None:
        """Add a file."""

    def link(self, parts: tuple[str, ...], target: str, written: datetime | None) -> None:
        """Add a link."""

    def close(self) -> None:
        """Nothing follows."""


class FolderContainer:
    """A folder of the file system, which is ours alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, parts: tuple[str, ...], content: IO[bytes], size: int, written: datetime | None) -> None:
        """Write a file."""
        del size
        path = self._place(parts)
        with path.open("xb") as target:
            while block := content.read(_BLOCK):
                target.write(block)
        if written is not None:
            os.utime(path, (written.timestamp(), written.timestamp()))

    def link(self, parts: tuple[str, ...], target: str, written: datetime | None) -> None:
        """Make a link, which nobody follows here."""
        del written
        self._place(parts).symlink_to(target)

    def close(self) -> None:
        """Nothing is left to do."""

    def _place(self, parts: tuple[str, ...]) -> Path:
        path = self._folder.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


class TarContainer:
    """A tar archive, packed."""

    def __init__(self, target: IO[bytes], packing: str) -> None:
        self._stream = packed(target, packing)
        self._tar = tarfile.open(fileobj=self._stream, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115

    def add(self, parts: tuple[str, ...], content: IO[bytes], size: int, written: datetime | None) -> None:
        """Add a file."""
        info = _tar_info(parts, written)
        info.size = size
        self._tar.addfile(info, content)

    def link(self, parts: tuple[str, ...], target: str, written: datetime | None) -> None:
        """Add a link."""
        info = _tar_info(parts, written)
        info.type, info.linkname = tarfile.SYMTYPE, target
        self._tar.addfile(info)

    def close(self) -> None:
        """Write its end."""
        self._tar.close()
        self._stream.close()


def _tar_info(parts: tuple[str, ...], written: datetime | None) -> tarfile.TarInfo:
    info = tarfile.TarInfo("/".join(parts))
    info.mtime = int(written.timestamp()) if written is not None else 0
    info.mode = 0o644
    return info


class ZipContainer:
    """A zip archive."""

    def __init__(self, target: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED)

    def add(self, parts: tuple[str, ...], content: IO[bytes], size: int, written: datetime | None) -> None:
        """Add a file."""
        del size
        with self._zip.open(_zip_info(parts, written, stat.S_IFREG | 0o644), "w", force_zip64=True) as target:
            while block := content.read(_BLOCK):
                target.write(block)

    def link(self, parts: tuple[str, ...], target: str, written: datetime | None) -> None:
        """Add a link."""
        self._zip.writestr(_zip_info(parts, written, stat.S_IFLNK | 0o777), target)

    def close(self) -> None:
        """Write its end."""
        self._zip.close()


def _zip_info(parts: tuple[str, ...], written: datetime | None, mode: int) -> zipfile.ZipInfo:
    time = written if written is not None and _OLDEST_IN_ZIP <= written.year <= _NEWEST_IN_ZIP else None
    time = time or datetime(_OLDEST_IN_ZIP, 1, 1, tzinfo=UTC)
    info = zipfile.ZipInfo("/".join(parts), time.timetuple()[:6])
    info.compress_type, info.external_attr, info.create_system = zipfile.ZIP_DEFLATED, mode << 16, 3
    return info


@dataclass
class _Open:
    """An archive that is being written."""

    names: tuple[str, ...]
    parts: tuple[str, ...]
    written: datetime | None
    spool: IO[bytes]
    container: Container


@dataclass
class Packer:
    """Writes files where they lie: below the outermost container, within archives that are written as they end.

    Files of an archive must come one after another.
    """

    outermost: Container
    scratch: Path
    """Where temporary files lie."""
    _opened: list[_Open] = field(default_factory=list)

    def scratch_file(self) -> IO[bytes]:
        """A temporary file."""
        return cast("IO[bytes]", tempfile.SpooledTemporaryFile(_SPOOL_IN_MEMORY, dir=str(self.scratch)))

    def container(self, names: tuple[str, ...], archives: tuple[int, ...], written: datetime | None) -> Container:
        """The container of a file, by its names and the places of archives among them."""
        wanted = [names[:length] for length in archives]
        kept = 0
        while kept < min(len(wanted), len(self._opened)) and self._opened[kept].names == wanted[kept]:
            kept += 1
        while len(self._opened) > kept:
            self._end_archive()
        for number in range(kept, len(wanted)):
            begin = archives[number - 1] if number else 0
            spool = self.scratch_file()
            name = wanted[number][-1]
            container: Container = (
                ZipContainer(spool) if name.lower().endswith(".zip") else TarContainer(spool, packing_of(name))
            )
            self._opened.append(_Open(wanted[number], wanted[number][begin:], written, spool, container))
        return self._opened[-1].container if self._opened else self.outermost

    def close(self) -> None:
        """Write what is open."""
        while self._opened:
            self._end_archive()
        self.outermost.close()

    def _end_archive(self) -> None:
        ended = self._opened.pop()
        parent = self._opened[-1].container if self._opened else self.outermost
        with ExitStack() as files:
            files.enter_context(ended.spool)
            ended.container.close()
            size = ended.spool.tell()
            ended.spool.seek(0)
            parent.add(ended.parts, ended.spool, size, ended.written)
