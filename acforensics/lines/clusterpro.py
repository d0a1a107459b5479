"""CLUSTERPRO's own logs: the alert log, the internal logs of its modules, and logs of scripts (clusterpro-formats, 2).

A record of the alert log becomes what CLUSTERPRO writes to syslog for the same event, so that one definition knows
both: `[E] <type: rm><event: 9> Detected an error …`.
"""

from __future__ import annotations

import re

from acforensics.events import Stamp
from acforensics.lines.record import Record

PROGRAM = "clusterpro"
ALERT_FORMAT = "CLUSTERPRO alert log"
_LEVELS = {"1": "E", "2": "W", "3": "I"}
_ALERT = re.compile(
    r"\d{1,10}[ \t]+(?P<received>\d{4}/\d\d/\d\d[ \t]+\d\d:\d\d:\d\d(?:\.\d{1,6})?)[ \t]+"
    r"(?P<stamp>\d{4}/\d\d/\d\d[ \t]+\d\d:\d\d:\d\d(?:\.\d{1,6})?)[ \t]+"
    r"(?P<host>\S+)[ \t]+(?P<module>\w+)[ \t]+(?P<event>\d+)[ \t]+(?P<level>\w+)[ \t]+(?P<text>.*)$",
    re.DOTALL,
)
_STAMP = re.compile(r"(\d{4}|\d\d)/(\d\d)/(\d\d)[ \t]+(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?")


def frame(line: str) -> Record | None:
    """Frame a line of the alert log."""
    match = _ALERT.match(line)
    stamp = read_stamp(match["stamp"]) if match else None
    if match is None or stamp is None:
        return None
    return alert_record(stamp, match["host"], match["module"], match["event"], match["level"], match["text"],
                        received=match["received"])  # fmt: skip


def alert_record(
    stamp: Stamp, host: str, module: str, event: str, level: str, text: str, *, received: str = ""
) -> Record:
    """A record of the alert log in the words of syslog. `received`: when the server that holds the log got it."""
    message = f"[{_LEVELS.get(level, level)}] <type: {module}><event: {event}> {text.strip()}"
    return Record(stamp, host, PROGRAM, "", message, ALERT_FORMAT, given={"received": received} if received else {})


def read_stamp(written: str) -> Stamp | None:
    """`2026/12/04 22:01:35.123`, or with two digits of the year; local time without a zone."""
    match = _STAMP.match(written)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    if year < 100:
        year += 2000
    try:
        from datetime import datetime

        datetime(year, month, day, hour, minute, second)
    except ValueError:
        return None
    return Stamp(year, month, day, hour, minute, second, int((match[7] or "").ljust(6, "0")[:6]))
