"""The journal's export format: `NAME=value` lines, or a name, a length and as many bytes; a blank line ends an entry.

Lengths are not believed blindly. A value ends with a newline, and behind it stands another field or the blank line that
ends the entry; where a length does not lead there, or a name is no name, the entry is given up, and the next one begins
where a line says `__CURSOR=`. A text may quote a journal, so that entries seem to stand within a value whose length
leads where it should: they are no entries, and it is said. A value too large to be kept until its end is seen is given
up as soon as an entry begins in it. Newlines within values count as lines.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from acforensics.bundle import Member
from acforensics.lines import decode_line
from acforensics.parsing.recognition import Recogniser
from acforensics.sources.journal import LONGEST_VALUE, WANTED, Entries
from acforensics.sources.reading import Reading
from acforensics.texts import text

_WANTED = frozenset(name.encode() for name in WANTED)
_CURSOR = b"__CURSOR"
_BEGINNING = re.compile(rb"^(?:__CURSOR=s=|__REALTIME_TIMESTAMP=\d{10,18}\r?$)", re.MULTILINE)
_NEXT_ENTRY = re.compile(rb"\n(?=__(?:CURSOR|REALTIME_TIMESTAMP)=)")
# An entry within a value, with more of it than a few words about journals would have.
_ENTRY = re.compile(
    rb"\n\r?\n(?=__CURSOR=[^\n]{1,500}\n__[A-Z_]{1,60}=\d|__REALTIME_TIMESTAMP=\d{10,18}\r?\n[A-Z_][A-Z0-9_]{0,63}[=\n])"
)
_LONGEST_ENTRY_BEGINNING = 1024
_BEHIND_A_VALUE = re.compile(rb"\r?\n|[A-Z_][A-Z0-9_]{0,63}(?:=|\r?\n)")
_LONGEST_NAME = 64
_LONGEST_BEGINNING = 32
_LENGTH = 8
_LOOKED_AT = 1 << 20
"""A value up to this is kept until its end is seen, so that a wrong length loses nothing behind it."""
_LONG_LOSS = 64 << 10
_LARGEST = 768 << 20
"""The journal stores no larger value."""


class ExportParser:
    """Takes blocks of bytes; calls `entry` with the wanted fields and the first line of each entry, or `damaged`."""

    def __init__(
        self, entry: Callable[[Mapping[bytes, bytes], int], None], damaged: Callable[[int, bytes], None]
    ) -> None:
        self.lines = 0
        self._entry = entry
        self._damaged = damaged
        self._data = b""
        self._at = 0
        self._fields: dict[bytes, bytes] = {}
        self._begun = 0
        self._skip = 0
        self._cut = False
        self._lost = False
        self._ended = False
        self._offset = 0
        self._begun_at = 0
        self._lost_from = 0
        self._lost_line = 0
        self._by_length = False
        self.wrong_lengths: list[int] = []
        """The first lines of entries that were given up because of the length of a value."""
        self.lost_bytes = 0
        """Of those entries, and of what stands between them and the next ones."""
        self.quotes: list[int] = []
        """The first lines of entries in which a value seems to hold entries."""

    def feed(self, block: bytes) -> None:
        """Take the next block."""
        self._offset += self._at
        self._data = self._data[self._at :] + block
        self._at = 0
        while self._step():
            pass

    def close(self) -> None:
        """End of the file: the last entry may lack the blank line behind it, but nothing else."""
        torn = self._data[-1:] not in (b"\n", b"")
        self._ended = True
        while self._step():
            pass
        if self._skip or self._cut:
            self._give_up(b"", by_length=self._skip > 0)
        # Half a line, or a value that says to be longer than what is left of the file: entries may lie in it.
        while self._at < len(self._data) and not self._lost:
            sample = self._data[self._at : self._at + LONGEST_VALUE].partition(b"\n")[0]
            self._give_up(sample, by_length=_is_name(sample))
            while self._step():
                pass
        if self._begun:
            self._finish()
        if self._lost and self._by_length and self._offset + len(self._data) - self._lost_from > _LONG_LOSS:
            self._count_lost(self._offset + len(self._data))
        self._advance(len(self._data))
        self.lines += torn

    def _step(self) -> bool:
        """Take one line or value; false where more bytes are needed."""
        if self._lost:
            return self._find_next()
        if self._skip:
            return self._skip_on()
        data, at = self._data, self._at
        end = data.find(b"\n", at)
        if end < 0:
            return self._endless()
        line = data[at:end]
        if self._cut:
            self._cut = False
        elif line in (b"", b"\r"):
            if self._begun:
                self._finish()
        elif b"=" not in line and _is_name(line):
            return self._value(line, end + 1)
        elif not self._text(line):
            return True
        self.lines += 1
        self._at = end + 1
        return True

    def _text(self, line: bytes) -> bool:
        name, equals, value = line.partition(b"=")
        if not equals or not _is_name(name):
            self._give_up(line)
            return False
        self._add(name, value[:LONGEST_VALUE].rstrip(b"\r"))
        return True

    def _add(self, name: bytes, value: bytes) -> None:
        if name == _CURSOR and self._begun:
            # Without a blank line before it: the end of the entry before is missing.
            self._damaged(self._begun, self._fields.get(b"MESSAGE", b""))
            self._fields, self._begun = {}, 0
        if not self._begun:
            self._begun = self.lines + 1
            self._begun_at = self._offset + self._at
        if name in _WANTED:
            self._fields.setdefault(name, value)

    def _value(self, name: bytes, start: int) -> bool:
        """A value with its length before it."""
        data = self._data
        if len(data) < start + _LENGTH:
            return False
        length = int.from_bytes(data[start : start + _LENGTH], "little")
        begin = start + _LENGTH
        if length > _LARGEST:
            self._give_up(name, by_length=True)
            return True
        if length > _LOOKED_AT:
            if len(data) < begin + LONGEST_VALUE:
                return False
            self._add(name, data[begin : begin + LONGEST_VALUE])
            self._advance(begin)
            self._skip = length
            return True
        end = begin + length
        leads = self._leads(end)
        if leads is None:
            return False
        if not leads:
            self._give_up(name, by_length=True)
            return True
        self._add(name, data[begin : min(end, begin + LONGEST_VALUE)])
        if _ENTRY.search(data, begin, end) is not None:
            self.quotes.append(self._begun)
        self._advance(end + 1)
        return True

    def _leads(self, end: int) -> bool | None:
        """Whether a value may end here; `None`: more bytes are needed to tell."""
        behind = self._data[end : end + 2 + _LONGEST_NAME + 2]
        if len(behind) > 1 or (behind and self._ended):
            if behind[:1] != b"\n":
                return False
            if _BEHIND_A_VALUE.match(behind, 1) is not None or (self._ended and behind == b"\n"):
                return True
        return False if (self._ended and behind) or len(behind) == 2 + _LONGEST_NAME + 2 else None

    def _skip_on(self) -> bool:
        """Pass over a large value, and the newline behind it."""
        available = min(self._skip, len(self._data) - self._at)
        entry = _ENTRY.search(self._data, self._at)
        if entry is not None and entry.start() < self._at + available:
            # The length was damaged: another entry begins within what it claims.
            self._advance(entry.start())
            self._give_up(b"", by_length=True)
            return True
        if self._skip > available:
            # What stands at the end may be the beginning of an entry.
            taken = max(0, available - _LONGEST_ENTRY_BEGINNING)
            self._skip -= taken
            self._advance(self._at + taken)
            return False
        leads = self._leads(self._at + self._skip)
        if leads is None:
            return False
        self._advance(self._at + self._skip)
        self._skip = 0
        if leads:
            self._advance(self._at + 1)
        else:
            self._give_up(b"", by_length=True)
        return True

    def _endless(self) -> bool:
        """A line whose end is not in sight: its beginning is taken once it is too long, and the rest passed over."""
        if self._cut:
            self._at = len(self._data)
        elif len(self._data) - self._at > _LOOKED_AT:
            if not self._text(self._data[self._at : self._at + LONGEST_VALUE]):
                return True
            self._cut = True
            self._at = len(self._data)
        return False

    def _give_up(self, sample: bytes, *, by_length: bool = False) -> None:
        self._damaged(self._begun or self.lines + 1, self._fields.get(b"MESSAGE") or sample)
        self._lost_from = self._begun_at if self._begun else self._offset + self._at
        self._lost_line = self._begun or self.lines + 1
        self._by_length = by_length
        self._fields, self._begun = {}, 0
        self._skip, self._cut = 0, False
        self._lost = True

    def _find_next(self) -> bool:
        found = _NEXT_ENTRY.search(self._data, self._at)
        if found is None:
            self._advance(max(self._at, len(self._data) - _LONGEST_BEGINNING))
            return False
        self._lost = False
        self._advance(found.end())
        if self._by_length:
            self._count_lost(self._offset + self._at)
        return True

    def _count_lost(self, end: int) -> None:
        self.wrong_lengths.append(self._lost_line)
        self.lost_bytes += end - self._lost_from

    def _finish(self) -> None:
        self._entry(self._fields, self._begun)
        self._fields, self._begun = {}, 0

    def _advance(self, position: int) -> None:
        self.lines += self._data.count(b"\n", self._at, position)
        self._at = position


class JournalExport:
    """Reads `journalctl -o export`."""

    def __init__(self, reading: Reading, recogniser: Recogniser) -> None:
        self._reading = reading
        self._entries = Entries(reading, recogniser, "journal export")
        self._encodings: set[str] = set()
        self._parser = ExportParser(self._take, self._damaged)

    @staticmethod
    def fits(member: Member, head: bytes) -> bool:
        """Whether one of its lines is that with which entries begin."""
        return _BEGINNING.search(head) is not None

    def feed(self, block: bytes) -> None:
        """Take the next block."""
        self._parser.feed(block)

    def close(self) -> None:
        """End of the file."""
        parser, reading = self._parser, self._reading
        parser.close()
        self._entries.close(parser.lines, self._encodings)
        if wrong := parser.wrong_lengths:
            note = text("damage.export-length", count=len(wrong), line=wrong[0], bytes=parser.lost_bytes)
            reading.lose(note)
        if quotes := parser.quotes:
            reading.notes.append(text("damage.export-quote", count=len(quotes), line=quotes[0]))

    def _take(self, fields: Mapping[bytes, bytes], line: int) -> None:
        self._entries.take(decoded(fields, self._encodings), line)

    def _damaged(self, line: int, sample: bytes) -> None:
        self._entries.damaged(line, decode_line(sample[:1024])[0])


def decoded(fields: Mapping[bytes, bytes], encodings: set[str]) -> dict[str, str]:
    """The fields of an entry as text; the encodings met are added to those known."""
    found = {}
    for name, value in fields.items():
        found[name.decode("ascii")], encoding = decode_line(value)
        encodings.add(encoding)
    return found


def _is_name(name: bytes) -> bool:
    return len(name) <= _LONGEST_NAME and name.isascii() and name.isupper() and name.replace(b"_", b"").isalnum()
