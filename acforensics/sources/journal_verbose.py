"""The journal as `journalctl -o verbose` shows it: a heading with the entry's cursor, then a field a line.

The cursor holds what no program can choose: the boot, and both times of the entry in microseconds. The time before it
is for people only.
"""

from __future__ import annotations

import re

from acforensics.bundle import Member
from acforensics.parsing.recognition import Recogniser
from acforensics.sources.journal import LONGEST_VALUE, WANTED, Entries
from acforensics.sources.reading import Reading
from acforensics.sources.sequential import LineReader

FORMAT = "journal verbose"
_HEADING = (
    r"(?:\S{1,20} )?\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})? \S{1,10} "
    r"\[s=[0-9a-f]{1,32};i=[0-9a-f]{1,16};b=(?P<boot>[0-9a-f]{32});m=(?P<monotonic>[0-9a-f]{1,16})"
    r";t=(?P<realtime>[0-9a-f]{1,16});x=[0-9a-f]{1,16}\]"
)
_BEGINS = re.compile(rf"^{_HEADING}\r?$".encode(), re.MULTILINE)
_ENTRY = re.compile(_HEADING)
_FIELD = re.compile(r" {4}([A-Z_][A-Z0-9_]{0,63})=(.*)")
_CONTINUED = " " * 5


class JournalVerbose(LineReader):
    """Reads `journalctl -o verbose`."""

    def __init__(self, reading: Reading, recogniser: Recogniser) -> None:
        super().__init__(reading, recogniser)
        self._entries = Entries(reading, recogniser, FORMAT)
        self._fields: dict[str, str] = {}
        self._begun_at = 0
        self._last = ""

    @staticmethod
    def fits(member: Member, head: bytes) -> bool:
        """Whether one of its lines is the heading of an entry."""
        return _BEGINS.search(head) is not None

    def take_line(self, line: str, number: int, offset: int) -> None:
        """Take the next line."""
        heading = _ENTRY.fullmatch(line)
        field = _FIELD.fullmatch(line) if heading is None else None
        if heading is not None:
            self._end_entry()
            self._begun_at = number
            self._fields = {
                "_BOOT_ID": heading["boot"],
                "__MONOTONIC_TIMESTAMP": str(int(heading["monotonic"], 16)),
                "__REALTIME_TIMESTAMP": str(int(heading["realtime"], 16)),
            }
        elif field is not None and self._begun_at:
            name, value = field.groups()
            self._last = name if name in WANTED and name not in self._fields else ""
            if self._last:
                self._fields[name] = value
        elif line.startswith(_CONTINUED) and self._begun_at:
            held = self._fields.get(self._last, "")
            if self._last and len(held) < LONGEST_VALUE:
                self._fields[self._last] = f"{held}\n{line.strip()}"
        elif not line.startswith("-- "):
            self.unframed(line, number)

    def _end_entry(self) -> None:
        if self._begun_at:
            self._entries.take(self._fields, self._begun_at)
        self._fields, self._begun_at, self._last = {}, 0, ""

    def finish(self) -> None:
        """End of the file: its last entry may lack fields."""
        self._end_entry()
        self._entries.close(self._number, self._encodings)
