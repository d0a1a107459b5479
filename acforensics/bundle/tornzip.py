"""Reads a zip from its front, where its table of contents at the end is lost, or is too long to be kept in memory."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import IO, Any, NamedTuple, cast

from isal import igzip_lib

from acforensics.bundle.streams import Expanding, Part, Peekable, Stream

_HEADER = struct.Struct("<4sHHHHHIIIHH")
_SIGNATURE = b"PK\x03\x04"
_ENCRYPTED, _SIZES_FOLLOW = 0x1, 0x8
_STORED, _DEFLATED = 0, 8
_END, _END64 = struct.Struct("<4s4H2LH"), struct.Struct("<4sQ2H2L4Q")
_LOCATOR = 20
_TAIL = (1 << 16) + _END.size + _LOCATOR + _END64.size
_LONGEST_TABLE = 32 << 20
"""Some ten times as much memory is needed to keep it."""


class LocalFile(NamedTuple):
    """A file as its own header in the zip tells: name as written, local time of writing, content."""

    name: bytes
    written: tuple[int, ...]
    stream: Stream


def fits_in_memory(source: Any) -> bool:
    """Whether the table of contents is as long as those of honest archives are."""
    size = source.seek(0, io.SEEK_END)
    source.seek(max(0, size - _TAIL))
    tail = source.read(_TAIL)
    at = tail.find(b"PK\5\6")
    # Each mark is taken at its word: which of them the library goes by is its own affair.
    while 0 <= at <= len(tail) - _END.size:
        length = _END.unpack_from(tail, at)[5]
        large = at - _LOCATOR - _END64.size
        if large >= 0 and tail.startswith(b"PK\6\7", at - _LOCATOR) and tail.startswith(b"PK\6\6", large):
            length = _END64.unpack_from(tail, large)[8]
        if length > _LONGEST_TABLE:
            return False
        at = tail.find(b"PK\5\6", at + 1)
    return True


def local_files(source: IO[bytes]) -> Iterator[LocalFile]:
    """Yield the files that stand at the front of a zip; each must be read before the next one is asked for.

    Ends at the first one that cannot be read without the table of contents.
    """
    reader = Peekable(source)
    while len(head := reader.peek(_HEADER.size)) == _HEADER.size and head.startswith(_SIGNATURE):
        _, _, flags, method, time, date, _, packed, _, name_length, extra_length = _HEADER.unpack(head)
        front = Part(reader, _HEADER.size + name_length + extra_length, lambda: None)
        name = _all(front)[_HEADER.size : _HEADER.size + name_length]
        if flags & _ENCRYPTED or method not in (_STORED, _DEFLATED):
            return
        unknown = bool(flags & _SIZES_FOLLOW)
        if unknown and method == _STORED:
            return
        content: Stream = reader if unknown else Part(reader, packed, lambda: None)
        expanding = None
        if method == _DEFLATED:
            content = expanding = Expanding(cast("IO[bytes]", content), _inflater, b"")
        yield LocalFile(name, _dos_time(date, time), content)
        while content.read(1 << 20):
            pass
        if unknown and expanding is not None:
            reader.unread(expanding.rest())
            reader.skip_to(_SIGNATURE)


def _inflater() -> Any:
    return igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_DEFLATE)


def _all(part: Part) -> bytes:
    return b"".join(iter(lambda: part.read(1 << 16), b""))


def _dos_time(date: int, time: int) -> tuple[int, ...]:
    return (
        (date >> 9) + 1980,
        date >> 5 & 15,
        date & 31,
        time >> 11,
        time >> 5 & 63,
        (time & 31) * 2,
    )
