"""What a file holds, block by block: lines of text, login records, or bytes that nobody can read here."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Literal, Protocol

from acforensics.bundle import Member
from acforensics.sources import utmp
from acforensics.sources.foreign_text import ForeignText
from acforensics.sources.journal_file import JournalFile
from acforensics.sources.login_records import BinaryLoginRecords
from acforensics.sources.reader import is_binary

Sort = Literal["", "text", "logins", "zone", "journal", "binary"]

_LONGEST_LINE = 1 << 20
_ZONE = b"TZif"
_NO_ADDRESS = bytes(16)
# Places of fields that are the same in every layout, and that of the address by the size of a record.
_USER, _HOST = slice(44, 76), slice(76, 332)
_ADDRESS = {384: slice(348, 364), 400: slice(360, 376)}
# Boots and changes of the runlevel have the kernel's version in the place of a host.
_SYSTEM_KINDS = (1, 2, 3, 4)


@dataclass(frozen=True)
class LoginFields:
    """The names in a login record; `host` is empty where the system itself wrote it."""

    user: str
    host: str
    address: str


class Handler(Protocol):
    """What is done with contents; everything it returns is written in their stead."""

    def lines(self, block: bytes) -> bytes:
        """Whole lines of text, with their ends; in UTF-8 where the file is in UTF-16."""

    def login(self, fields: LoginFields) -> LoginFields:
        """The names of a login record."""

    def scrap(self, data: bytes) -> bytes:
        """What lies between login records; as many bytes."""


class Content:
    """Takes a file apart; `sort` is known behind the first block."""

    def __init__(self, member: Member, handler: Handler) -> None:
        self._member = member
        self._handler = handler
        self._foreign: ForeignText | None = None
        self._codec = ""
        self._data = b""
        self._layout: utmp.Layout | None = None
        self.sort: Sort = ""

    def feed(self, block: bytes) -> bytes:
        """Take the next block; what is written for it."""
        mark = b""
        if not self.sort:
            self.sort = self._sort(block)
            mark = self._member.head[:2] if self._codec and self._member.head[:2] in (b"\xff\xfe", b"\xfe\xff") else b""
        if self.sort == "zone":
            return block
        if self.sort == "text":
            return mark + self._text(self._foreign.feed(block) if self._foreign is not None else block)
        if self.sort == "logins":
            self._data += block
            return self._logins(final=False)
        return b""

    def close(self) -> bytes:
        """End of the file; what is written for the rest."""
        if self.sort == "logins":
            return self._logins(final=True)
        if self.sort != "text":
            return b""
        written = self._text(self._foreign.close()) if self._foreign is not None else b""
        rest, self._data = self._data, b""
        return written + (self._encoded(self._handler.lines(rest)) if rest else b"")

    def _sort(self, first: bytes) -> Sort:
        member = self._member
        foreign = ForeignText(member.head, first)
        if foreign.encoding:
            self._foreign = foreign
            big = member.head[:2] == b"\xfe\xff" or foreign.encoding == "utf-16-be"
            self._codec = "utf-16-be" if big else "utf-16-le"
            return "text"
        if JournalFile.fits(member, member.head):
            return "journal"
        if BinaryLoginRecords.fits(member, member.head):
            return "logins"
        if member.head.startswith(_ZONE):
            return "zone"
        return "binary" if is_binary(member.head) else "text"

    def _text(self, block: bytes) -> bytes:
        """All lines that are whole; a line larger than any is cut, so that memory stays bounded."""
        data = self._data + block
        end = max(data.rfind(b"\n"), data.rfind(b"\r")) + 1
        if len(data) - end > _LONGEST_LINE:
            end = max(data.rfind(b" "), data.rfind(b",")) + 1 or len(data)
        self._data = data[end:]
        return self._encoded(self._handler.lines(data[:end])) if end else b""

    def _encoded(self, written: bytes) -> bytes:
        return written.decode("utf-8", "replace").encode(self._codec) if self._codec else written

    # --- login records

    def _logins(self, *, final: bool) -> bytes:
        if self._layout is None:
            if not final and len(self._data) < utmp.JUDGED * 400:
                return b""
            score, self._layout = utmp.best_layout(self._data)
            whole = min(utmp.JUDGED, len(self._data) // self._layout.size)
            if score <= 0 or score * 2 < whole:
                found = utmp.find_grid(self._data)
                self._layout = found[0] if found is not None else self._layout
        layout, written, at = self._layout, [], 0
        while at + layout.size * (1 if final else 2) <= len(self._data):
            fields = utmp.unpack(self._data, at, layout)
            if utmp.plausible(fields) >= 0:
                written.append(self._login(at, layout, fields))
                at += layout.size
                continue
            end = self._next(at, layout)
            written.append(self._scrap(self._data[at:end]))
            at = end
        self._data = self._data[at:]
        if final:
            written.append(self._scrap(self._data))
            self._data = b""
        return b"".join(written)

    def _next(self, at: int, layout: utmp.Layout) -> int:
        """Where records go on behind damage, at most one record further."""
        last = min(at + layout.size, len(self._data) - layout.size)
        return next((p for p in range(at + 1, last + 1) if utmp.is_certain(self._data, p, layout)), at + layout.size)

    def _scrap(self, data: bytes) -> bytes:
        return self._handler.scrap(data) if data.strip(b"\0") else data

    def _login(self, at: int, layout: utmp.Layout, fields: utmp.Fields) -> bytes:
        record = self._data[at : at + layout.size]
        if fields.kind == 0:
            return record if not record.strip(b"\0") else bytes(len(record))
        _, user, _, host = (name.decode("latin-1") for name in fields.names)
        system = fields.kind in _SYSTEM_KINDS
        given = LoginFields("" if system else user, "" if system else host, _shown(fields.address))
        new = self._handler.login(given)
        if new == given:
            return record
        written = bytearray(record)
        if not system:
            written[_USER] = _fitted(new.user, _USER)
            written[_HOST] = _fitted(new.host, _HOST)
        if new.address:
            place = _ADDRESS[layout.size]
            written[place] = ipaddress.ip_address(new.address).packed.ljust(len(fields.address), b"\0")
        return bytes(written)


def _fitted(name: str, place: slice) -> bytes:
    """A name in its field, filled up with NUL; the last byte of a field may be one of the name."""
    size = place.stop - place.start
    return name.encode("latin-1", "replace")[:size].ljust(size, b"\0")


def _shown(packed: bytes) -> str:
    if packed == _NO_ADDRESS:
        return ""
    return str(ipaddress.IPv6Address(packed) if any(packed[4:]) else ipaddress.IPv4Address(packed[:4]))
