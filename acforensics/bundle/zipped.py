"""Opens a file of a zip so that little memory is needed, however it is packed."""

from __future__ import annotations

import bz2
import copy
import io
import lzma
import struct
import zipfile
from typing import IO, Any, cast

from acforensics.bundle.streams import Expanding, Stream

_PROPERTIES = struct.Struct("<2xH")
_UNKNOWN = 0xFFFFFFFFFFFFFFFF
_HAS_END_MARK = 0x2
_MEMORY = 256 << 20


def opened(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> IO[bytes]:
    """The content of a file.

    The library unpacks bzip2 and LZMA in one piece for as many packed bytes as are asked for: gigabytes out of a few.
    """
    if info.compress_type not in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        return archive.open(info)
    packed = copy.copy(info)
    packed.compress_type, packed.file_size = zipfile.ZIP_STORED, info.compress_size
    # It is that of the content.
    del packed.CRC
    raw = archive.open(packed)
    if info.compress_type == zipfile.ZIP_BZIP2:
        return cast("IO[bytes]", Expanding(raw, bz2.BZ2Decompressor, b""))
    return cast("IO[bytes]", Expanding(cast("IO[bytes]", _alone(raw, info)), _lzma, b""))


def _lzma() -> Any:
    return lzma.LZMADecompressor(lzma.FORMAT_ALONE, _MEMORY)


def _alone(raw: IO[bytes], info: zipfile.ZipInfo) -> Stream:
    """LZMA as a zip has it, with the header that it has in a file of its own."""
    (length,) = _PROPERTIES.unpack(raw.read(_PROPERTIES.size))
    size = _UNKNOWN if info.flag_bits & _HAS_END_MARK else info.file_size
    return _Joined(raw.read(length) + size.to_bytes(8, "little"), raw)


class _Joined(Stream):
    """Some bytes, and a stream behind them."""

    def __init__(self, front: bytes, inner: IO[bytes]) -> None:
        self._front = io.BytesIO(front)
        self._inner = inner

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes."""
        return self._front.read(size) or self._inner.read(size)
