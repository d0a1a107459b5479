"""Where cases come from and where results go: a folder of this machine, or a URL that fsspec can open (`s3://…`)."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from acforensics.errors import InputError, UsageError
from acforensics.masking import mask_path, mask_secrets
from acforensics.writing import replacing

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_BLOCK = 1 << 20


class Fetched(NamedTuple):
    """A case as files of this machine: its name, and the folder that it lies in."""

    within: Path
    name: str


class Storage(Protocol):
    """A folder, wherever it lies. Paths are relative to it, with `/` between their parts."""

    def children(self) -> list[str]:
        """Names of what lies in it, sorted; nothing that begins with a dot."""

    def content(self, name: str) -> str:
        """A digest of a child's content: names, sizes, times and, where they can be read cheaply, the bytes."""

    def fetched(self, name: str) -> contextlib.AbstractContextManager[Fetched]:
        """A child as files of this machine, as long as the context lasts."""

    def read(self, path: str) -> bytes | None:
        """A file's content; `None` where there is none."""

    def write(self, path: str, content: bytes) -> None:
        """Write a file; it appears when it is whole."""

    def put(self, path: str, source: Path) -> None:
        """The same of a file that lies on this machine, which may be moved."""

    def remove(self, path: str) -> None:
        """Remove a file, if it is there."""


def storage(place: str) -> Storage:
    """The storage that a path or URL names.

    Raises:
        UsageError: a URL, and fsspec or its part for this protocol is not installed, or refuses it.
    """
    return RemoteStorage(place) if "://" in place else LocalStorage(Path(place))


class LocalStorage:
    """A folder of this machine, or of one that it has mounted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def children(self) -> list[str]:
        """List the names in the folder."""
        try:
            return sorted(child.name for child in self.folder.iterdir() if not child.name.startswith("."))
        except OSError as error:
            raise InputError(f"{mask_path(self.folder)}: cannot be listed: {error.strerror}") from None

    def content(self, name: str) -> str:
        """Digest what the analysis of a child depends on."""
        digest = hashlib.sha256()
        for path in _files(self.folder / name):
            shown = os.fsencode(path.relative_to(self.folder))
            digest.update(b"%d:%s" % (len(shown), shown))
            digest.update(_digest(path))
        return digest.hexdigest()

    @contextmanager
    def fetched(self, name: str) -> Iterator[Fetched]:
        """Give a child as files of this machine."""
        yield Fetched(self.folder, name)

    def read(self, path: str) -> bytes | None:
        """Read a file, if it is there."""
        try:
            return (self.folder / path).read_bytes()
        except OSError:
            return None

    def write(self, path: str, content: bytes) -> None:
        """Write a file as a whole."""
        with self._placed(path) as temporary:
            temporary.write_bytes(content)

    def put(self, path: str, source: Path) -> None:
        """Copy this machine's file as a whole."""
        with self._placed(path) as temporary:
            shutil.copyfile(source, temporary)

    @contextmanager
    def _placed(self, path: str) -> Iterator[Path]:
        target = self.folder / path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"{mask_path(target.parent)}: cannot be made: {error.strerror}") from None
        with replacing(target) as temporary:
            yield temporary

    def remove(self, path: str) -> None:
        """Remove a file, if it is there."""
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            (self.folder / path).unlink()


def _files(path: Path) -> Iterator[Path]:
    """A file, or all below a folder, in a stable order; links are not followed."""
    if not path.is_dir() or path.is_symlink():
        yield path
        return
    for folder, inner, files in os.walk(path):
        inner.sort()
        for name in sorted(files):
            yield Path(folder) / name


def _digest(path: Path) -> bytes:
    """What the analysis of a file depends on: its content, and when it was last written."""
    try:
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            return b"link " + os.fsencode(path.readlink())
        if not stat.S_ISREG(status.st_mode):
            return b"special"
        with path.open("rb") as stream:
            return b"%d %s" % (status.st_mtime_ns, hashlib.file_digest(stream, "sha256").digest())
    except OSError as error:
        return b"unreadable %d" % (error.errno or 0)


class RemoteStorage:
    """A folder that fsspec can open. What a write leaves appears when it is whole, as object stores do it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._system, self._root = _open(url)

    def _path(self, path: str) -> str:
        return f"{self._root.rstrip('/')}/{path}"

    def children(self) -> list[str]:
        """List the names in the folder."""
        try:
            found = self._system.ls(self._root, detail=False)
        except Exception as error:
            raise InputError(f"{mask_secrets(self._url)}: cannot be listed: {_told(error)}") from None
        names = {one.rstrip("/").rpartition("/")[2] for one in found if one.rstrip("/") != self._root.rstrip("/")}
        return sorted(name for name in names if name and not name.startswith("."))

    def content(self, name: str) -> str:
        """Digest what the analysis of a child depends on."""
        digest = hashlib.sha256()
        for path, info in sorted(self._infos(name).items()):
            known = [info.get(key) for key in ("size", "ETag", "etag", "LastModified", "mtime", "updated")]
            digest.update(f"{path.removeprefix(self._root)} {known}\n".encode())
        return digest.hexdigest()

    def _infos(self, name: str) -> dict[str, dict[str, Any]]:
        """Every file of a child, by its path."""
        path = self._path(name)
        self._system.invalidate_cache(path)
        found = self._system.find(path, detail=True)
        return dict(found) if isinstance(found, dict) else {one["name"]: one for one in found}

    @contextmanager
    def fetched(self, name: str) -> Iterator[Fetched]:
        """Give a child as files of this machine."""
        with tempfile.TemporaryDirectory(prefix="acforensics-") as folder:
            within = Path(folder)
            base = self._path(name)
            for path, info in sorted(self._infos(name).items()):
                inner = path.removeprefix(base).strip("/")
                # Names come from strangers: none leads out of the folder.
                parts = [part for part in inner.split("/") if part not in ("", ".", "..")]
                target = within.joinpath(name, *parts)
                if info.get("type") == "directory" or not target.resolve().is_relative_to(within.resolve()):
                    continue
                target.parent.mkdir(parents=True, exist_ok=True)
                self._system.get_file(path, str(target))
                written = info.get("LastModified") or info.get("mtime") or info.get("updated")
                if isinstance(written, datetime):
                    os.utime(target, (written.timestamp(), written.timestamp()))
            yield Fetched(within, name)

    def read(self, path: str) -> bytes | None:
        """Read a file, if it is there."""
        try:
            return bytes(self._system.cat_file(self._path(path)))
        except FileNotFoundError:
            return None

    def write(self, path: str, content: bytes) -> None:
        """Write a file as a whole."""
        self._system.makedirs(self._path(path).rpartition("/")[0], exist_ok=True)
        self._system.pipe_file(self._path(path), content)

    def put(self, path: str, source: Path) -> None:
        """Copy this machine's file as a whole."""
        self._system.makedirs(self._path(path).rpartition("/")[0], exist_ok=True)
        self._system.put_file(str(source), self._path(path))

    def remove(self, path: str) -> None:
        """Remove a file, if it is there."""
        with contextlib.suppress(FileNotFoundError):
            self._system.rm_file(self._path(path))


def _open(url: str) -> tuple[AbstractFileSystem, str]:
    try:
        from fsspec.core import url_to_fs

        system, root = url_to_fs(url, use_listings_cache=False)
    except ImportError as error:
        raise UsageError(
            f"{mask_secrets(url)}: needs {error.name or 'fsspec'}; install acforensics[s3] "
            "(for stores other than S3 the package that fsspec names for them)"
        ) from None
    except ValueError as error:
        raise UsageError(f"{mask_secrets(url)}: not a URL that fsspec can open: {_told(error)}") from None
    return system, str(root)


def _told(error: Exception) -> str:
    return mask_secrets(str(error)) or type(error).__name__
