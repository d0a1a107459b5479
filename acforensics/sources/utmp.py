"""Binary login records: `struct utmp` as machines lay it out, and the line that `utmpdump` would print of it."""

from __future__ import annotations

import ipaddress
import struct
from typing import NamedTuple

from acforensics.lines import login_records as forms

JUDGED = 64
"""So many records at the beginning of a file tell its layout."""
_LATEST = 1 << 32
_FROM_1990 = 631_152_000
_PRINTABLE = bytes(byte for byte in range(32, 256) if byte != 127)
# As utmpdump: whatever could be taken for the end of a field is not shown.
_SHOWN = bytes(byte if 32 <= byte < 127 and byte not in b"[]" else ord("?") for byte in range(256))


class Layout(NamedTuple):
    """A machine's way of laying out `struct utmp`."""

    size: int
    order: str
    fields: struct.Struct

    @property
    def shown(self) -> str:
        """For people."""
        return f"{self.size} bytes, {'little' if self.order == '<' else 'big'}-endian"


def _layout(size: int, order: str) -> Layout:
    # Type, pid, line, id, user, host, exit status; session, seconds, microseconds; address, spare bytes.
    known = f"{order}h2si32s4s32s256s4x{'iIi' if size == 384 else 'qQq'}16s"
    return Layout(size, order, struct.Struct(f"{known}{size - struct.calcsize(known)}s"))


LAYOUTS = tuple(_layout(size, order) for size in (384, 400) for order in "<>")
SMALLEST = 384


class Fields(NamedTuple):
    """A record taken apart; `names` are id, user, line and host, `padding` what should be NUL."""

    kind: int
    pid: int
    names: tuple[bytes, bytes, bytes, bytes]
    seconds: int
    microsecond: int
    address: bytes
    padding: bytes


def unpack(data: bytes, start: int, layout: Layout) -> Fields:
    """Take apart the record at a place."""
    kind, padding, pid, line, identifier, user, host, _, seconds, microsecond, address, spare = (
        layout.fields.unpack_from(data, start)
    )
    names = (
        identifier.partition(b"\0")[0], user.partition(b"\0")[0], line.partition(b"\0")[0], host.partition(b"\0")[0]
    )  # fmt: skip
    return Fields(kind, pid, names, seconds, microsecond, address, padding + spare)


def plausible(fields: Fields) -> float:
    """How much a record looks like one: -1 no, 0 empty, up to 1 with a time and nothing amiss."""
    printable = not b"".join(fields.names).translate(None, _PRINTABLE)
    if not (0 <= fields.kind <= 9 and printable and 0 <= fields.microsecond < 1_000_000 and fields.seconds < _LATEST):
        return -1.0
    if fields.kind == 0:
        blank = not any((fields.pid, *fields.names, fields.seconds, fields.microsecond))
        return 0.0 if blank else -0.5
    score = 1.0 if fields.seconds >= _FROM_1990 and any(fields.names) else 0.25
    return score - 0.5 if any(fields.padding) else score


def best_layout(data: bytes) -> tuple[float, Layout]:
    """The layout in which most of the first records look like records; the commonest where nothing tells."""
    scores = []
    for layout in LAYOUTS:
        starts = range(0, min(len(data) - layout.size + 1, JUDGED * layout.size), layout.size)
        scores.append(sum(plausible(unpack(data, start, layout)) for start in starts))
    best = max(scores)
    return best, LAYOUTS[scores.index(best)]


def find_grid(data: bytes) -> tuple[Layout, int] | None:
    """Layout and place of the first whole record, where the first bytes are the rest of one that is cut.

    Unlike the records of a file that begins with one, these must leave no doubt, since their place is not known.
    """
    best: tuple[int, Layout, int] | None = None
    for layout in LAYOUTS:
        for start in range(1, min(layout.size, len(data) - layout.size + 1)):
            if not is_certain(data, start, layout):
                continue
            places = range(start, min(len(data) - layout.size + 1, start + JUDGED * layout.size), layout.size)
            good = sum(plausible(unpack(data, place, layout)) >= 0 for place in places)
            if good * 2 > len(places) and (best is None or good > best[0]):
                best = (good, layout, start)
    return best[1:] if best is not None else None


def is_certain(data: bytes, start: int, layout: Layout) -> bool:
    """Whether a record stands here beyond doubt: what is blank in every record is, and names are padded with NUL."""
    kind = data[start : start + 2]
    if not 1 <= kind[layout.order == ">"] <= 9 or kind[layout.order == "<"]:
        return False
    fields = unpack(data, start, layout)
    names = layout.fields.unpack_from(data, start)[3:7]
    tidy = all(not name[len(name.partition(b"\0")[0]) :].strip(b"\0") for name in names)
    _, user, line, _ = fields.names
    return tidy and plausible(fields) == 1 and fields.pid >= 0 and len(user + line) > 0


def rendered(fields: Fields) -> str:
    """The line that `utmpdump` prints."""
    identifier, user, line, host = (name.translate(_SHOWN).decode("ascii") for name in fields.names)
    names = (identifier, user, line, host)
    address = _address(fields.address)
    return forms.render(fields.kind, fields.pid, names, address, fields.seconds, fields.microsecond)


def _address(packed: bytes) -> str:
    long = any(packed[4:])
    return str(ipaddress.IPv6Address(packed) if long else ipaddress.IPv4Address(packed[:4]))
