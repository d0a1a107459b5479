"""Chooses how a member is read, and turns read errors into notes so that nothing else is lost."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from typing import IO, Protocol

from acforensics.bundle import READ_ERRORS, Member, failure_text
from acforensics.parsing.recognition import Recogniser
from acforensics.sources.ahead import ahead
from acforensics.sources.alert_export import AlertExport
from acforensics.sources.boot_list import BootList
from acforensics.sources.cluster_state import ClusterConfiguration, ClusterState
from acforensics.sources.clusterpro_log import ClusterproLog
from acforensics.sources.documents import LinkageSetting, Shelf, ShellScript
from acforensics.sources.foreign_text import ForeignText
from acforensics.sources.journal_export import JournalExport
from acforensics.sources.journal_file import JournalFile
from acforensics.sources.journal_json import JournalJson
from acforensics.sources.journal_verbose import JournalVerbose
from acforensics.sources.last import LastListing
from acforensics.sources.login_records import BinaryLoginRecords, UtmpDump
from acforensics.sources.masked import mask_reading
from acforensics.sources.oldest_first import OldestFirst
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
    JournalVerbose,
    BootList,
    ClusterConfiguration,
    ClusterState,
    AlertExport,
    ClusterproLog,
    ScriptLog,
)
# Text that is kept whole as well, where nothing shows that it is binary.
WHOLE: Sequence[Storage] = (ShellScript, LinkageSetting)

_CHUNK = 256 << 10
# Of dmesg, and of what a console showed.
_SINCE_START = re.compile(rb"^(?:<\d{1,3}>)?\[ *\d{1,9}\.\d{3,6}\] \S", re.MULTILINE)
_TELLING = 3
_TEXT_CONTROLS = frozenset(b"\t\n\r\x0b\x0c\x1b\x1d\0")


def read_member(member: Member, recogniser: Recogniser, shelf: Shelf | None = None) -> Reading:
    """Read one file to its end (or to its damage) and return what it holds; `shelf` bounds what a case keeps whole."""
    reading = Reading(member.path, member.names, member.written)
    if member.link is not None:
        return mask_reading(read_link(reading, member.link))
    digest = hashlib.sha256()
    readers = _Readers(member, reading, recogniser)
    try:
        # Three that want two cores, two of them under one lock, are slower than two.
        for block in ahead(_hashed(blocks(member.stream), digest), lambda: readers.scan_beside):
            reading.bytes += len(block)
            readers.feed(block)
    except READ_ERRORS as error:
        reading.lose(failure_text(error))
    reading.sha256 = digest.hexdigest()
    readers.close()
    if shelf is not None:
        shelf.take(reading)
    return mask_reading(reading)


def _hashed(parts: Iterator[bytes], digest: hashlib._Hash) -> Iterator[bytes]:
    for part in parts:
        digest.update(part)
        yield part


class _Readers:
    """What reads a file: chosen by its beginning, once the first block is there; nothing, where it is binary."""

    def __init__(self, member: Member, reading: Reading, recogniser: Recogniser) -> None:
        self._member = member
        self._reading = reading
        self._recogniser = recogniser
        self._text: ForeignText | None = None
        self._reader: Reader | None = None
        self._lines: TextReader | None = None
        self._begun = False
        self._nothing = 0
        """Bytes of blocks without anything, which a crash may leave before the first record."""

    @property
    def scan_beside(self) -> bool:
        """Whether another process has taken over the scan of this file."""
        return self._lines is not None and self._lines.scans_beside

    def feed(self, block: bytes) -> None:
        if not self._begun and block and block.count(0) == len(block):
            self._nothing += len(block)
            return
        if not self._begun:
            self._begun = True
            self._reader = self._choose(block)
            while self._nothing > 0:
                self._hand(bytes(min(self._nothing, _CHUNK)))
                self._nothing -= _CHUNK
        self._hand(block)

    def _hand(self, block: bytes) -> None:
        if self._reader is not None:
            self._reader.feed(self._text.feed(block) if self._text is not None else block)

    def close(self) -> None:
        if not self._begun:
            self.feed(b"")
        if self._reader is None:
            return
        if self._text is not None:
            self._reader.feed(self._text.close())
        self._reader.close()
        if self._text is not None:
            self._reading.notes += self._text.notes()
            self._reading.encoding = self._text.encoding or self._reading.encoding

    def _choose(self, first: bytes) -> Reader | None:
        member, reading = self._member, self._reading
        foreign = ForeignText(member.head, first)
        if not foreign.encoding:
            binary = next((storage for storage in BINARY if storage.fits(member, member.head)), None)
            if binary is not None:
                return binary(reading, self._recogniser)
        # NUL bytes of a crash tell nothing: what is behind them does.
        begins = member.head if member.head.strip(b"\0") else first.lstrip(b"\0")[: len(member.head)] or member.head
        head = foreign.head(begins)
        self._text = foreign
        storage = next((storage for storage in TEXT if storage.fits(member, head)), None)
        if storage is None and not foreign.encoding and is_binary(begins):
            reading.format = "binary"
            reading.encoding = ""
            reading.notes.append(text("input.binary"))
            return None
        if storage is JournalJson:
            return OldestFirst(reading, JournalJson(reading, self._recogniser), entries=True)
        storage = storage or next((storage for storage in WHOLE if storage.fits(member, head)), None)
        if storage is None:
            if len(_SINCE_START.findall(head)) >= _TELLING:
                reading.notes.append(text("input.since-start"))
            self._lines = TextReader(reading, self._recogniser)
            return OldestFirst(reading, self._lines)
        return storage(reading, self._recogniser)


def blocks(stream: IO[bytes]) -> Iterator[bytes]:
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


def is_binary(head: bytes) -> bool:
    """Logs may hold NUL runs and escape codes, but not many other control characters."""
    body = head.replace(b"\0", b"")
    if head and not body:
        return True
    controls = sum(byte < 32 and byte not in _TEXT_CONTROLS for byte in body)
    return controls * 50 > len(body) or (head.count(b"\0") * 2 > len(head) and b"\n" not in body)
