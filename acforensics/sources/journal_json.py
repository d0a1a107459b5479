"""The journal in JSON: `journalctl -o json`, an object a line, and its relatives json-pretty, json-sse and json-seq.

A message may be a string, an array of bytes (in any encoding), an array of several of either, or null, where it was too
large to be exported. The first value that says anything counts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from acforensics.bundle import Member
from acforensics.lines import decode_line
from acforensics.parsing.recognition import Recogniser
from acforensics.sources.journal import LONGEST_VALUE, WANTED, Entries
from acforensics.sources.reading import Reading

_OBJECT = re.compile(rb"^(?:\xef\xbb\xbf)?[\x1e\[ \t]*(?:data: ?)?\{\s*\"", re.MULTILINE)
_NAMES = re.compile(
    rb'"(?:__REALTIME_TIMESTAMP|__MONOTONIC_TIMESTAMP|__CURSOR|_BOOT_ID|_MACHINE_ID|_HOSTNAME|_TRANSPORT|MESSAGE'
    rb'|MESSAGE_ID|SYSLOG_IDENTIFIER|SYSLOG_FACILITY|_SYSTEMD_[A-Z_]+|_CAP_EFFECTIVE|_RUNTIME_SCOPE)"\s*:'
)
_LONGEST_LINE = 4 << 20
_MOST_OBJECTS = 8
_AROUND = b" \t\r\x1e\0\xef\xbb\xbf"
_DECODER = json.JSONDecoder(strict=False)


class JournalJson:
    """Reads `journalctl -o json`, one object a line, and its relatives json-pretty, json-sse and json-seq."""

    def __init__(self, reading: Reading, recogniser: Recogniser) -> None:
        self._entries = Entries(reading, recogniser, "journal json")
        self._carry = b""
        self._cut = False
        self._lines = 0
        self._encodings: set[str] = set()
        self._object: list[bytes] = []
        self._object_size = 0
        self._object_line = 0

    @staticmethod
    def fits(member: Member, head: bytes) -> bool:
        """Whether an object with the journal's field names begins at a line of it."""
        found = _OBJECT.search(head)
        return found is not None and _NAMES.search(head, found.start()) is not None

    def feed(self, block: bytes) -> None:
        """Take the next block."""
        lines = (self._carry + block).split(b"\n")
        self._carry = lines.pop()
        if self._cut and lines:
            self._lines += 1
            self._damaged(self._lines, lines.pop(0))
            self._cut = False
        for line in lines:
            self._line(line)
        if len(self._carry) > _LONGEST_LINE:
            self._cut = True
        if self._cut:
            self._carry = self._carry[:LONGEST_VALUE]

    def close(self) -> None:
        """End of the file."""
        if self._carry and self._cut:
            self._lines += 1
            self._damaged(self._lines, self._carry)
        elif self._carry:
            self._line(self._carry)
        self._drop_object()
        self._entries.close(self._lines, self._encodings)

    def _line(self, line: bytes) -> None:
        self._lines += 1
        line = line.strip(_AROUND).removeprefix(b"data:").lstrip()
        if line == b"{":
            self._drop_object()
            self._object, self._object_size, self._object_line = [line], 0, self._lines
        elif self._object and not line.startswith(b'{"'):
            self._object.append(line)
            self._object_size += len(line)
            if line in (b"}", b"},"):
                parts, self._object = self._object, []
                self._parse(b"\n".join(parts), self._object_line)
            elif self._object_size > _LONGEST_LINE or len(self._object) > _LONGEST_LINE // 8:
                self._drop_object()
        elif line and line not in (b"[", b"]"):
            self._drop_object()
            self._parse(line, self._lines)

    def _drop_object(self) -> None:
        if self._object:
            self._damaged(self._object_line, b" ".join(self._object[:10]))
            self._object = []

    def _damaged(self, line: int, sample: bytes) -> None:
        self._entries.damaged(line, decode_line(sample[:1024])[0])

    def _parse(self, line: bytes, number: int) -> None:
        try:
            decoded = line.decode()
            encoding = "ascii" if line.isascii() else "utf-8"
        except UnicodeDecodeError:
            decoded, encoding = decode_line(line)
        self._encodings.add(encoding)
        whole = True
        for found in _objects(decoded):
            if found is None:
                whole = False
            else:
                self._entry(found, number)
        if not whole:
            self._damaged(number, line)

    def _entry(self, found: dict[str, Any], number: int) -> None:
        fields = {
            name: value if type(value) is str and value.isascii() else _field(value)
            for name, value in found.items()
            if name in WANTED
        }
        if "MESSAGE" in found and found["MESSAGE"] is None:
            self._entries.silent()
        self._entries.take(fields, number)


def _objects(line: str) -> Iterator[dict[str, Any] | None]:
    """The objects in a line: one as a rule; `None` for what is none, as where a tear ran two lines together.

    Within an object no other one begins, and in a string the quote would be escaped.
    """
    position = 0
    for _ in range(_MOST_OBJECTS):
        start = position if line.startswith("{", position) else line.find('{"', position)
        if start < 0:
            break
        if line[position:start].strip(" \t,[]"):
            yield None
        try:
            found, position = _DECODER.raw_decode(line, start)
            yield found if isinstance(found, dict) else None
        except (ValueError, RecursionError):
            position = start + 1
            yield None
    if line[position:].strip(" \t,[]"):
        yield None


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
