"""Lines and login records of a small stop and start, as they lie on a disk."""

from __future__ import annotations

import struct
from datetime import UTC, datetime

T0 = 1_795_599_318


def stamp(seconds: int) -> str:
    """A syslog stamp, so many seconds after the beginning (UTC)."""
    return datetime.fromtimestamp(T0 + seconds, UTC).strftime("%b %e %H:%M:%S")


def syslog(*said: str, host: str = "svr031", user: str = "root") -> str:
    """A stop and a start, and what was said before them."""
    lines = [f"{stamp(0)} {host} systemd[1]: Started Session 1 of user {user}."]
    lines += [f"{stamp(10 + i)} {host} {one}" for i, one in enumerate(said)]
    lines += [
        f"{stamp(40)} {host} systemd-logind[3]: System is rebooting.",
        f"{stamp(41)} {host} systemd[1]: Stopping System Logging Service...",
        f"{stamp(90)} {host} kernel: Linux version 5.14.0-1 (x) #1",
    ]
    return "\n".join(lines) + "\n"


def login(kind: int, line: str, user: str, host: str, seconds: int, address: bytes = b"") -> bytes:
    """A record of wtmp."""
    form = "<h2si32s4s32s256s4xiIi16s20s"
    texts = (line.encode(), b"~~", user.encode(), host.encode())
    return struct.pack(form, kind, b"", 0, *texts, 0, T0 + seconds, 0, address, b"")
