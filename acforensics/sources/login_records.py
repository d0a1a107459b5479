"""Login records: the binary files wtmp, utmp and btmp, and what `utmpdump` makes of them.

A binary record is shown as the line that `utmpdump` would print, and its number in the file (from 1) stands for the
line. The layout is found by content: 384 bytes, or 400 where times have 64 bits (aarch64, s390), in either byte order.
"""

from __future__ import annotations

import codecs
import re
from datetime import UTC, datetime

from acforensics.bundle import Member
from acforensics.events import Stamp
from acforensics.lines import Record, decode_line, mask_secrets
from acforensics.lines import login_records as forms
from acforensics.parsing.recognition import Recogniser
from acforensics.sources import utmp
from acforensics.sources.collecting import Collector
from acforensics.sources.reading import Reading
from acforensics.texts import text

FAILED = "btmp"
"""Program of failed logins: whatever they look like, nobody was logged in."""
_NAMED = re.compile(r"(?:wtmp|utmp|btmp)x?(?:[-.].*)?", re.IGNORECASE)
_DUMP = re.compile(rb"^\[\d\] \[\d{5,10}\] \[[^\[\]\n]{0,8}\] \[", re.MULTILINE)
_EMPTY_DUMP = re.compile(r"\[0\] \[")
_MOST_SEARCHES = 256
_FAILED_STEP = 100
"""Of failed logins, of which some servers hold millions, one in so many is looked at: only their times matter."""
_SAMPLES_KEPT = 5
_LONGEST_LINE = 4 << 10


def _is_named(name: str) -> bool:
    return _NAMED.fullmatch(name) is not None


class Follower:
    """Adds to login records what those before them tell: whose session ends, and by how much a clock was set."""

    def __init__(self) -> None:
        self._users: dict[str, str] = {}
        self._set_from: Stamp | None = None

    def complete(self, record: Record) -> Record:
        """The next record of the file, with what is known from those before it."""
        set_from, self._set_from = self._set_from, None
        message, tty = record.message, record.given.get("tty", "")
        if message.startswith("system boot"):
            self._users.clear()
        elif message.startswith("session opened") and len(self._users) < 100_000:
            self._users[tty] = record.given["user"]
        elif message.startswith("session closed"):
            user = self._users.pop(tty, "")
            if not user:
                # A getty that waited in vain, or a session that began before this file.
                return record._replace(message=f"process ended on {tty}", given={})
            message, given = forms.session_closed(user, tty)
            return record._replace(message=message, given=given)
        elif message == "clock set from this time":
            self._set_from = record.stamp
        elif message == "clock set to this time" and set_from is not None:
            seconds = (_moment(record.stamp) - _moment(set_from)).total_seconds()
            return record._replace(given={**record.given, "offset": f"{seconds:+.6f}"})
        return record


def _moment(stamp: Stamp) -> datetime:
    return datetime(stamp.year or 1970, *stamp[1:7], tzinfo=UTC)


class _Source:
    """What binary files and listings of them have in common."""

    def __init__(self, reading: Reading, recogniser: Recogniser) -> None:
        self._reading = reading
        reading.source = "login-records"
        self._collector = Collector(reading, recogniser)
        self._failed = bool(reading.names) and reading.names[-1].lower().startswith(FAILED)
        self._follower = Follower()
        self._taken = 0

    def _take(self, line: str, number: int) -> None:
        record = forms.frame(line)
        if record is None:
            self._unframed(number, line[:200])
            return
        if self._failed:
            record = record._replace(program=FAILED, message=f"failed login: {record.message}", given={})
        else:
            record = self._follower.complete(record)
        self._taken += 1
        self._collector.take(record, number, line, self._taken)

    def _unframed(self, number: int, sample: str) -> None:
        self._reading.unframed += 1
        if len(self._reading.unframed_samples) < _SAMPLES_KEPT:
            self._reading.unframed_samples.append((number, sample))


class BinaryLoginRecords(_Source):
    """Reads wtmp, utmp or btmp."""

    def __init__(self, reading: Reading, recogniser: Recogniser) -> None:
        """Make a reader for one file."""
        super().__init__(reading, recogniser)
        self._layout: utmp.Layout | None = None
        self._data = b""
        self._number = 0
        self._searches = 0
        self._passed = 0
        self._held: tuple[int, utmp.Fields] | None = None

    @staticmethod
    def fits(member: Member, head: bytes) -> bool:
        """By the first records; by its name only where the file is empty, begins with NUL bytes, or is torn."""
        named = bool(member.names) and _is_named(member.names[-1])
        if named and not head.strip(b"\0"):
            return True
        if len(head) < utmp.SMALLEST:
            return named and b"\0" in head and (1 <= head[0] <= 9 or (head[0] == 0 and 1 <= head[1] <= 9))
        score, _ = utmp.best_layout(head)
        return (score > 0 if named else score >= 1) or utmp.find_grid(head) is not None

    def feed(self, block: bytes) -> None:
        """Take the next block."""
        self._data += block
        if self._layout is None and len(self._data) >= utmp.JUDGED * 400:
            self._layout = self._find_layout()
        if self._layout is not None:
            self._records(self._layout)

    def close(self) -> None:
        """End of the file: what is left of a record is torn."""
        layout = self._layout or self._find_layout()
        self._records(layout, final=True)
        if self._held is not None:
            number, fields = self._held
            self._passed -= 1
            self._show(fields, number)
        if self._data.strip(b"\0"):
            self._number += 1
            self._unframed(self._number, f"torn: {len(self._data)} of {layout.size} bytes: {self._data[:24].hex(' ')}")
        reading = self._reading
        self._collector.close()
        reading.lines = self._number
        reading.records += self._passed
        reading.encoding = ""
        reading.format = f"{forms.FORMAT}, {layout.shown}" if self._number or reading.bytes else "empty"

    def _find_layout(self) -> utmp.Layout:
        """By the first records; what stands before them, where the file is cut at its front, is skipped, and said."""
        score, layout = utmp.best_layout(self._data)
        whole = min(utmp.JUDGED, len(self._data) // layout.size)
        found = utmp.find_grid(self._data) if score * 2 < whole or score <= 0 else None
        if found is None:
            return layout
        layout, start = found
        self._number += 1
        self._unframed(self._number, f"torn: {start} of {layout.size} bytes: {self._data[:24].hex(' ')}")
        self._reading.notes.append(text("damage.login-records-cut", bytes=start))
        self._data = self._data[start:]
        return layout

    def _records(self, layout: utmp.Layout, *, final: bool = False) -> None:
        start, size = 0, layout.size
        # A record that is none can only be judged with the one behind it.
        ahead = 0 if final else size
        while start + size + ahead <= len(self._data):
            self._number += 1
            fields = utmp.unpack(self._data, start, layout)
            if utmp.plausible(fields) > -1 and fields.kind != 0:
                if self._failed and self._taken and self._number % _FAILED_STEP:
                    self._passed += 1
                    self._held = (self._number, fields)
                else:
                    self._show(fields, self._number)
                start += size
            elif not any(self._data[start : start + size]):
                start += size
            else:
                following = self._behind_garbage(start, layout)
                torn = following != start + size and any(self._data[start:following])
                if fields.kind != 0 or utmp.plausible(fields) == -1 or torn:
                    self._unframed(self._number, f"not a record: {self._data[start : start + 24].hex(' ')}")
                start = following
        self._data = self._data[start:]

    def _show(self, fields: utmp.Fields, number: int) -> None:
        self._held = None
        self._take(mask_secrets(utmp.rendered(fields)), number)

    def _behind_garbage(self, start: int, layout: utmp.Layout) -> int:
        """Where records go on: one record further, or amid this one, where a part of the file is lost or NUL bytes."""
        following = start + layout.size
        if self._is_record(following, layout) or self._searches >= _MOST_SEARCHES:
            return following
        self._searches += 1
        return next((p for p in range(start + 1, following) if self._is_record(p, layout)), following)

    def _is_record(self, start: int, layout: utmp.Layout) -> bool:
        whole = start + layout.size <= len(self._data)
        return whole and utmp.plausible(utmp.unpack(self._data, start, layout)) >= 1


class UtmpDump(_Source):
    """Reads a listing made by `utmpdump`."""

    def __init__(self, reading: Reading, recogniser: Recogniser) -> None:
        """Make a reader for one file."""
        super().__init__(reading, recogniser)
        self._carry = b""
        self._number = 0
        self._encodings: set[str] = set()

    @staticmethod
    def fits(member: Member, head: bytes) -> bool:
        """By its lines, of which the first few may be a prompt or a heading."""
        found = _DUMP.search(head)
        return found is not None and head.count(b"\n", 0, found.start()) <= 3

    def feed(self, block: bytes) -> None:
        """Take the next block."""
        *lines, carry = (self._carry + block).split(b"\n")
        # What is longer than any line of it is cut, so that memory stays bounded.
        self._carry = carry[:_LONGEST_LINE]
        for line in lines:
            self._line(line)

    def close(self) -> None:
        """End of the file."""
        if self._carry:
            self._line(self._carry)
        self._collector.close()
        reading = self._reading
        reading.lines = self._number
        reading.format = f"{forms.FORMAT}, utmpdump"
        others = sorted(self._encodings - {"ascii"})
        reading.encoding = others[0] if others else "ascii"

    def _line(self, raw: bytes) -> None:
        self._number += 1
        decoded, encoding = decode_line(raw[:_LONGEST_LINE].removeprefix(codecs.BOM_UTF8).strip(b"\0\r\t "))
        if not decoded:
            return
        self._encodings.add(encoding)
        line = mask_secrets(decoded)
        if _EMPTY_DUMP.match(line) is None:
            self._take(line, self._number)
