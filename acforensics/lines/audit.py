"""Records of the kernel's audit log: `type=EXECVE msg=audit(1795599318.228:141): argc=3 a0="shutdown" …`.

Stamps are UTC. Arguments with blanks are written in hex. Several records with one serial number are one event.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from acforensics.events import Stamp
from acforensics.lines.record import Record

FORMAT = "audit"
PROGRAM = "audit"
_HEAD = re.compile(
    r"(?:node=(?P<node>\S+) )?type=(?P<type>\w+) "
    r"msg=audit\((?P<seconds>\d{1,11})\.(?P<fraction>\d{3}):(?P<serial>\d+)\): ?"
)
_ARGUMENT = re.compile(r"\ba(\d{1,3})=(?:\"([^\"]*)\"|([0-9A-Fa-f]+)|(\S+))")
_UNSET = {"4294967295", "-1", "unset"}


def frame(line: str) -> Record | None:
    """Frame a record of the audit log; its message is the whole line, its host the node that wrote it, if named."""
    match = _HEAD.match(line)
    if match is None:
        return None
    try:
        time = datetime.fromtimestamp(int(match["seconds"]), UTC)
    except (OverflowError, OSError, ValueError):
        return None
    stamp = Stamp(
        time.year, time.month, time.day, time.hour, time.minute, time.second, int(match["fraction"]) * 1000, 0
    )
    return Record(stamp, (match["node"] or "").partition("/")[0], PROGRAM, "", line, FORMAT)


def command_line(text: str) -> str:
    """The command of an EXECVE record, its arguments joined by blanks."""
    arguments: dict[int, str] = {}
    for number, quoted, encoded, bare in _ARGUMENT.findall(text):
        arguments.setdefault(int(number), quoted or _from_hex(encoded) or bare)
    return " ".join(arguments[number] for number in sorted(arguments))


def decoded(value: str) -> str:
    """A value as the audit log writes it: quoted, or in hex where it has blanks."""
    return value[1:-1] if value.startswith('"') else _from_hex(value)


def _from_hex(encoded: str) -> str:
    try:
        return bytes.fromhex(encoded).decode("utf-8", "backslashreplace") if len(encoded) > 1 else encoded
    except ValueError:
        return encoded


def login_user(fields: dict[str, str]) -> str | None:
    """Who had logged in (audit's login uid): the name where the log is enriched, else `uid N`; `None` for a daemon."""
    name = fields.get("name")
    number = fields.get("auid", "")
    if number in _UNSET or name == "unset":
        return None
    return name or ("root" if number == "0" else f"uid {number}" if number else None)
