"""Outputs appear when they are whole: written beside their place, then renamed."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from acforensics.errors import UsageError

_LONGEST_PREFIX = 40
_REMEDIES = {
    errno.ENOSPC: "make room on the disk",
    errno.EDQUOT: "make room within your quota",
    errno.EACCES: "you may not write there",
    errno.EPERM: "you may not write there",
    errno.EROFS: "the file system is read-only",
    errno.ENOENT: "its folder does not exist",
}


@contextmanager
def replacing(target: Path, *, private: bool = False, force: bool = False) -> Iterator[Path]:
    """A temporary file beside the target, which takes its place if nothing goes wrong; it may be made a folder.

    A device or a pipe stays what it is: it is given the content once that is whole.

    Args:
        target: a file that is there already is replaced.
        private: for the user's eyes only (mode 0600).
        force: whatever is there is replaced, be it a folder.

    Raises:
        UsageError: it cannot be written.
    """
    stream = _is_stream(target)
    folder = None if stream else target.parent
    try:
        handle, name = tempfile.mkstemp(dir=folder, prefix=f".{target.stem}-"[:_LONGEST_PREFIX], suffix=target.suffix)
    except OSError as error:
        raise UsageError(_cannot(target, error)) from None
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        if stream:
            with temporary.open("rb") as source, target.open("wb") as sink:
                shutil.copyfileobj(source, sink)
            return
        # mkstemp makes private files; a report is as readable as the user's other files.
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o600 if private else (0o777 if temporary.is_dir() else 0o666) & ~mask)
        old = temporary.with_name(f"{temporary.name}.old")
        if force and target.exists():
            target.rename(old)
        temporary.replace(target)
        _remove(old)
    except OSError as error:
        raise UsageError(_cannot(target, error)) from None
    finally:
        _remove(temporary)


def _is_stream(target: Path) -> bool:
    """Whether it is written to and never replaced: /dev/null, /dev/stdout (be it a file just now), a named pipe."""
    parts = Path(os.path.abspath(target)).parts  # noqa: PTH100  (links are not followed)
    if parts[1:2] in (("dev",), ("proc",)) and parts[2:3] != ("shm",):
        return True
    try:
        mode = target.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _cannot(target: Path, error: OSError) -> str:
    remedy = _REMEDIES.get(error.errno or 0, "choose another place for it")
    return f"{target}: cannot be written ({error.strerror or error}): {remedy}; what was there before is unchanged"


def _remove(path: Path) -> None:
    remove: Callable[[Path], object] = shutil.rmtree if path.is_dir() and not path.is_symlink() else Path.unlink
    if path.exists():
        remove(path)
