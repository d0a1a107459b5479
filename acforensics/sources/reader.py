"""Chooses how a member is read, and turns read errors into notes so that nothing else is lost."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterator, Sequence
from typing import IO, Protocol

from acforensics.bundle import READ_ERRORS, Member, describe
from acforensics.parsing.recognition import Recogniser
from acforensics.sources.alert_export import AlertExport
from acforensics.sources.boot_list import BootList
from acforensics.sources.cluster_state import ClusterConfiguration, ClusterState
from acforensics.sources.clusterpro_log import ClusterproLog
from acforensics.sources.journal_export import JournalExport
from acforensics.sources.journal_file import JournalFile
from acforensics.sources.journal_json import JournalJson
from acforensics.sources.last import LastListing
from acforensics.sources.login_records import BinaryLoginRecords, UtmpDump
from acforensics.sources.reading import Reading
from acforensics.sources.schedule import ScheduleReader
from acforensics.sources.script_log import ScriptLog
from acforensics.sources.text import TextReader
from acforensics.sources.zone_files import ZoneFile, read_link
from acforensics.texts import text


class Reader(Protocol):
    """Reads one file, block by block, into a `Reading`."""

    def feed(self, block: bytes) -> None:
        """Take the next block."""

    def close(self) -> None:
        """End of the file, or of what could be read of it."""


class Storage(Protocol):
    """A way of storing records: its class makes a reader for one file."""

    def __call__(self, reading: Reading, recogniser: Recogniser) -> Reader:
        """Make a reader."""

    def fits(self, member: Member, head: bytes) -> bool:
        """Whether a file is of this sort: by its name and its first kilobyte (text in UTF-8)."""


# The first that fits; text with stamps is what is left. Each looks at content first: names are the administrator's.
BINARY: Sequence[Storage] = (JournalFile, BinaryLoginRecords)
TEXT: Sequence[Storage] = (
    ZoneFile,
    ScheduleReader,
    UtmpDump,
    LastListing,
    JournalJson,
    JournalExport,
    BootList,
    ClusterConfiguration,
    ClusterState,
    AlertExport,
    ClusterproLog,
    ScriptLog,
)

_CHUNK = 256 << 10
_TEXT_CONTROLS = frozenset(b"\t\n\r\x0b\x0c\x1b\x1d\0")


def read_member(member: Member, recogniser: Recogniser) -> Reading:
    """Read one file to its end (or to its damage) and return what it holds."""
    reading = Reading(member.path, member.names, member.written)
    if member.link is not None:
        return read_link(reading, member.link)
    digest = hashlib.sha256()
    wide = _wide_encoding(member.head)
    reader = _choose(member, reading, recogniser, wide)
    decoder = codecs.getincrementaldecoder(wide)("replace") if wide else None
    try:
        for block in _blocks(member.stream):
            digest.update(block)
            reading.bytes += len(block)
            if reader is not None:
                reader.feed(decoder.decode(block).encode("utf-8") if decoder is not None else block)
    except READ_ERRORS as error:
        reading.complete = False
        reading.notes.append(text("input.unreadable", error=describe(error)))
    reading.sha256 = digest.hexdigest()
    if reader is not None:
        reader.close()
    if wide:
        reading.encoding = wide
    return reading


def _choose(member: Member, reading: Reading, recogniser: Recogniser, wide: str | None) -> Reader | None:
    head = codecs.getincrementaldecoder(wide)("replace").decode(member.head).encode() if wide else member.head
    storages: Sequence[Storage] = TEXT if wide else (*BINARY, *TEXT)
    for storage in storages:
        if storage.fits(member, head):
            return storage(reading, recogniser)
    if wide is None and _is_binary(member.head):
        reading.format = "binary"
        reading.encoding = ""
        reading.notes.append(text("input.binary"))
        return None
    return TextReader(reading, recogniser)


def _blocks(stream: IO[bytes]) -> Iterator[bytes]:
    """Blocks of one size, however short the reads are; before an error what was read until then."""
    parts: list[bytes] = []
    gathered = 0
    failure: Exception | None = None
    while failure is None:
        try:
            block = stream.read(_CHUNK - gathered)
        except READ_ERRORS as error:
            block, failure = b"", error
        parts.append(block)
        gathered += len(block)
        if gathered >= _CHUNK or not block:
            if gathered:
                yield b"".join(parts)
            parts, gathered = [], 0
        if not block:
            break
    if failure is not None:
        raise failure


def _wide_encoding(head: bytes) -> str | None:
    """UTF-16, as written by tools on Windows, some of which leave out the mark at the beginning."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    even, odd = head[::2], head[1::2]
    for name, zeros, letters in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if len(head) >= 16 and zeros.count(0) * 10 > len(zeros) * 8 and b"\0" not in letters:
            return name
    return None


def _is_binary(head: bytes) -> bool:
    """Logs may hold NUL runs and escape codes, but not many other control characters."""
    body = head.replace(b"\0", b"")
    if head and not body:
        return True
    controls = sum(byte < 32 and byte not in _TEXT_CONTROLS for byte in body)
    return controls * 50 > len(body) or (head.count(b"\0") * 2 > len(head) and b"\n" not in body)
