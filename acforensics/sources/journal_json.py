"""The journal in JSON: `journalctl -o json`, an object a line, and its relatives json-pretty, json-sse and json-seq.

Tools that pass journals on may leave out the line ends, or make one array of it: entries are told by how they begin.
A message may be a string, an array of bytes (in any encoding), an array of several of either, or null, where it was too
large to be exported. The first value that says anything counts.
"""

from __future__ import annotations

import json
import re
from typing import Any

from acforensics.bundle import Member
from acforensics.lines import decode_line, frame
from acforensics.parsing.recognition import Recogniser
from acforensics.sources.journal import LONGEST_VALUE, WANTED, Entries
from acforensics.sources.reading import Reading
from acforensics.texts import text

_OBJECT = re.compile(rb"^(?:\xef\xbb\xbf)?[\x1e\[ \t]*(?:data: ?)?\{\s*\"", re.MULTILINE)
_AMID_A_LINE = re.compile(rb"[^\n]*?[\"\]][\x1e, \t]*\}[\x1e, \t]*(?=\{\")")
# Where an entry begins. Within one this does not stand: it holds no objects, and in a string quotes are escaped.
_BEGINNING = re.compile(rb'\{[ \t]*"[A-Z_][A-Z0-9_]{0,63}"[ \t]*:')
_NAMES = re.compile(
    rb'"(?:__REALTIME_TIMESTAMP|__MONOTONIC_TIMESTAMP|__CURSOR|_BOOT_ID|_MACHINE_ID|_HOSTNAME|_TRANSPORT|MESSAGE'
    rb'|MESSAGE_ID|SYSLOG_IDENTIFIER|SYSLOG_FACILITY|_SYSTEMD_[A-Z_]+|_CAP_EFFECTIVE|_RUNTIME_SCOPE)"\s*:'
)
_LONGEST_LINE = 4 << 20
_LONGEST_BEGINNING = 256
_MOST_NESTED = 8
"""Other programs that write journals put objects into an entry; so many are looked for, and so often in a file."""
_MOST_TRIES = 10_000
_BETWEEN = re.compile(r"[ \t\r\x1e,\[\]]*")
_AROUND = b" \t\r\x1e\0\xef\xbb\xbf"
_DECODER = json.JSONDecoder(strict=False)


class JournalJson:
    """Reads `journalctl -o json`, one object a line, and its relatives json-pretty, json-sse and json-seq."""

    def __init__(self, reading: Reading, recogniser: Recogniser) -> None:
        self._reading = reading
        self._entries = Entries(reading, recogniser, "journal json")
        self._carry = b""
        self._within = False
        self._skipping = False
        self._lines = 0
        self._encodings: set[str] = set()
        self._tries = _MOST_TRIES
        self._large: list[int] = []
        self._object: list[bytes] = []
        self._object_size = 0
        self._object_line = 0

    @staticmethod
    def fits(member: Member, head: bytes) -> bool:
        """Whether an object with the journal's field names begins at a line of it, or behind a torn one."""
        found = _OBJECT.search(head)
        if found is None and frame(decode_line(head.partition(b"\n")[0])[0]) is None:
            found = _AMID_A_LINE.match(head)
        return found is not None and _NAMES.search(head, found.end() - 1) is not None

    def feed(self, block: bytes) -> None:
        """Take the next block."""
        *lines, rest = (self._carry + block).split(b"\n")
        for line in lines:
            self._end_line(line)
        self._carry = self._take_begun(rest)

    def close(self) -> None:
        """End of the file."""
        if self._carry or self._within:
            self._end_line(self._carry)
        self._drop_object()
        self._entries.close(self._lines, self._encodings)
        if self._large:
            note = text("damage.large-entries", count=len(self._large), line=self._large[0], limit=_LONGEST_LINE >> 20)
            self._reading.lose(note)

    def _end_line(self, line: bytes) -> None:
        """Take a line, or what is left of one whose entries were taken while it went on."""
        self._lines += 1
        line = self._behind_skipped(line)
        if self._skipping:
            line = b""
        if self._within:
            self._pieces(line.strip(_AROUND), self._lines)
        else:
            self._line(line)
        self._within = self._skipping = False

    def _take_begun(self, line: bytes) -> bytes:
        """Take the entries of a line that goes on (a whole journal may be one), and return what may not be whole."""
        line = self._behind_skipped(line)
        if self._skipping or len(line) <= LONGEST_VALUE:
            return line[-_LONGEST_BEGINNING:] if self._skipping else line
        last = max((match.start() for match in _BEGINNING.finditer(line)), default=0)
        if last:
            self._drop_object()
            self._pieces(line[:last].strip(_AROUND), self._lines + 1)
            self._within = True
            line = line[last:]
        if len(line) > _LONGEST_LINE:
            self._large.append(self._lines + 1)
            self._damaged(self._lines + 1, line)
            self._within = self._skipping = True
            return line[-_LONGEST_BEGINNING:]
        return line

    def _behind_skipped(self, line: bytes) -> bytes:
        """Behind an entry without end: what of the line begins another one."""
        found = _BEGINNING.search(line) if self._skipping else None
        if found is not None:
            self._skipping = False
            return line[found.start() :]
        return line

    def _line(self, line: bytes) -> None:
        line = line.strip(_AROUND).removeprefix(b"data:").lstrip()
        if line.endswith(b"{") and not line.strip(b"[]{}, \t"):
            if self._object and line.startswith(b"}"):
                self._object.append(b"}")
                self._end_object()
            self._drop_object()
            self._object, self._object_size, self._object_line = [b"{"], 0, self._lines
        elif self._object and not line.startswith(b'{"'):
            self._object.append(line)
            self._object_size += len(line)
            if line.rstrip(b"], \t") == b"}":
                self._object[-1] = b"}"
                self._end_object()
            elif self._object_size > _LONGEST_LINE or len(self._object) > _LONGEST_LINE // 8:
                self._large.append(self._object_line)
                self._drop_object()
        elif line.strip(b"[], \t"):
            self._drop_object()
            self._pieces(line, self._lines)

    def _end_object(self) -> None:
        parts, self._object = self._object, []
        self._pieces(b"\n".join(parts), self._object_line)

    def _drop_object(self) -> None:
        if self._object:
            self._damaged(self._object_line, b" ".join(self._object[:10]))
            self._object = []

    def _damaged(self, line: int, sample: bytes) -> None:
        self._entries.damaged(line, decode_line(sample[:1024])[0])

    def _pieces(self, data: bytes, number: int) -> None:
        """Take the entries of a line: one as a rule; each is read from where it begins to where the next one does."""
        bounds = [match.start() for match in _BEGINNING.finditer(data)]
        bounds = [*([] if bounds[:1] == [0] else [0]), *bounds, len(data)]
        i = 0
        while i + 1 < len(bounds):
            following = i + 1
            found, whole = self._objects(data[bounds[i] : bounds[following]])
            while not found and following < min(i + _MOST_NESTED, len(bounds) - 1) and self._tries:
                following += 1
                self._tries -= 1
                found, whole = self._objects(data[bounds[i] : bounds[following]])
            if not found:
                following = i + 1
            for one in found:
                self._entry(one, number)
            if not whole:
                self._damaged(number, data[bounds[i] : bounds[following]])
            i = following

    def _objects(self, piece: bytes) -> tuple[list[dict[str, Any]], bool]:
        """The objects that stand in it one behind the other, and whether there is nothing else."""
        try:
            written = piece.decode()
            encoding = "ascii" if piece.isascii() else "utf-8"
        except UnicodeDecodeError:
            written, encoding = decode_line(piece)
        self._encodings.add(encoding)
        found: list[dict[str, Any]] = []
        position = _between(written, 0)
        while written.startswith("{", position):
            try:
                one, position = _DECODER.raw_decode(written, position)
            except (ValueError, RecursionError):
                return found, False
            found.append(one)
            position = _between(written, position)
        return found, position == len(written)

    def _entry(self, found: dict[str, Any], number: int) -> None:
        fields = {
            name: value if type(value) is str and value.isascii() else _field(value)
            for name, value in found.items()
            if name in WANTED
        }
        if "MESSAGE" in found and found["MESSAGE"] is None:
            self._entries.silent()
        self._entries.take(fields, number)


def _between(written: str, position: int) -> int:
    found = _BETWEEN.match(written, position)
    return found.end() if found is not None else position


def _field(value: Any) -> str:
    """The text of a field: a string, a list of bytes, or a list of several of them; the first one that says anything.

    A field that was too large, or that is of no kind that journalctl writes, says nothing.
    """
    if not isinstance(value, list) or _is_bytes(value):
        return _single(value)
    return next((found for part in value if (found := _single(part))), "")


def _is_bytes(value: list[Any]) -> bool:
    return all(type(byte) is int and 0 <= byte < 256 for byte in value)


def _single(value: Any) -> str:
    if isinstance(value, str):
        # Half a pair of surrogates can be written in JSON, but nowhere else.
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, list) and _is_bytes(value):
        return decode_line(bytes(value[:LONGEST_VALUE]))[0]
    return str(value) if type(value) is int and 0 <= value < 1 << 64 else ""
