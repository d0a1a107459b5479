"""Names and times as inputs tell them: fit to be shown, never used to open or write anything."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from pathlib import Path

_EARLIEST = datetime(1985, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)
_UTF8_FLAG = 0x800


def clean(name: str) -> str:
    """Make a hostile name fit to be shown: no control characters, no lone surrogates."""
    shown = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in shown)


def split(path: str) -> tuple[str, ...]:
    """The parts of a path inside an archive, as far as they name something."""
    return tuple(part for part in path.replace("\\", "/").split("/") if part not in ("", ".", ".."))


def directory_names(path: Path) -> tuple[str, ...]:
    """The name of an input directory is a part of its files' paths; `.` has the name of the folder it means."""
    name = path.name if path.name not in ("", "..") else path.resolve().name
    return (clean(name),) if name else ()


def time(seconds: float) -> datetime | None:
    """A time of last writing, unless it cannot be true."""
    try:
        found = datetime.fromtimestamp(float(seconds), UTC)
    except (OverflowError, OSError, ValueError):
        return None
    return found if _EARLIEST < found < _LATEST else None


def zip_time(parts: tuple[int, ...]) -> datetime | None:
    """Zip times are local times of an unknown zone and start in 1980: good for a year, not for an hour."""
    try:
        found = datetime(*parts[:6], tzinfo=UTC)  # type: ignore[misc, arg-type]
    except ValueError:
        return None
    return found if _EARLIEST < found < _LATEST else None


def zip_name(info: zipfile.ZipInfo) -> str:
    """The name of a zip's member: without its UTF-8 mark it is in the encoding of the machine that packed it."""
    if info.flag_bits & _UTF8_FLAG or info.filename.isascii():
        return info.filename
    return native_name(info.filename.encode("cp437", "replace"))


def native_name(raw: bytes) -> str:
    """A name without a declared encoding: UTF-8, else the one of Japanese Windows."""
    for codec in ("utf-8", "cp932"):
        try:
            return raw.decode(codec)
        except UnicodeDecodeError:
            continue
    return raw.decode("utf-8", "surrogateescape")
