"""Reads a zip from its front, where its table of contents at the end is lost."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import IO, Any, NamedTuple, cast

from isal import igzip_lib

from acforensics.bundle.streams import Expanding, Part, Peekable, Stream

_HEADER = struct.Struct("<4sHHHHHIIIHH")
_SIGNATURE = b"PK\x03\x04"
_ENCRYPTED, _SIZES_FOLLOW = 0x1, 0x8
_STORED, _DEFLATED = 0, 8


class LocalFile(NamedTuple):
    """A file as its own header in the zip tells: name as written, local time of writing, content."""

    name: bytes
    written: tuple[int, ...]
    stream: Stream


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
