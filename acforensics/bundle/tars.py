"""Opens tars so that little memory is needed, whatever their headers say."""

from __future__ import annotations

import tarfile
from typing import Any, cast

from acforensics.bundle.streams import SoftEnd

_LONGEST_EXTENSION = 1 << 20
_LONGEST_HEADER = 2 << 20
"""Of one member of a tar, with all that belongs to it: it is kept in memory."""
_EXTENSIONS = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)


def opened_tar(source: SoftEnd) -> tarfile.TarFile:
    """A tar, of which the library reads the first header at once."""
    with source.bounded(_LONGEST_HEADER):
        return tarfile.open(fileobj=cast("Any", source), mode="r|", tarinfo=_TarInfo)


def next_header(archive: tarfile.TarFile, source: SoftEnd) -> tarfile.TarInfo | None:
    """The next header. Memory stays flat over archives with very many members, and over headers without end."""
    archive.members = []  # type: ignore[attr-defined]
    with source.bounded(_LONGEST_HEADER):
        return archive.next()


def is_tar(head: bytes) -> bool:
    """Whether a file that begins so is a tar."""
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
