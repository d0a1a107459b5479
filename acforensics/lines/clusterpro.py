"""CLUSTERPRO's own logs: the alert log, internal logs of its modules, output of scripts (clusterpro-formats, 2).

A record of the alert log becomes what CLUSTERPRO writes to syslog for the same event, so that one definition knows
both: `[E] <type: rm><event: 9> Detected an error …`.
"""

from __future__ import annotations

import re
from datetime import datetime

from acforensics.events import Stamp
from acforensics.lines.record import Record

PROGRAM = "clusterpro"
INTERNAL = "clp-internal"
"""Program of an internal log's records. Not `clusterpro-…`: their free text must not pass for messages of syslog."""
STOP_SCRIPT = "stop.sh"
SCRIPT = "exec-script"
"""Program of what a script wrote that is not known to be a line of stop.sh."""
ALERT_FORMAT = "CLUSTERPRO alert log"
INTERNAL_FORMAT = "CLUSTERPRO internal log"
SCRIPT_FORMAT = "CLUSTERPRO script log"
_LEVELS = {
    word: letter
    for letter, words in {
        "E": "1 e err error errors エラー 異常",
        "W": "2 w warn warning warnings 警告 ワーニング",
        "I": "3 i info information informational 情報",
    }.items()
    for word in words.split()
}
_YEARS = range(1970, 2200)
_WHOLE_STAMP = r"\d{4}/\d\d/\d\d[ \t]+\d\d:\d\d:\d\d(?:[.,]\d{1,6})?"
_SHORT_STAMP = r"\d\d/\d\d/\d\d[ \t]\d\d:\d\d:\d\d\.\d{3}"
_ALERT = re.compile(
    rf"(?P<index>\d{{1,10}}[ \t]+)?(?P<first>{_WHOLE_STAMP})[ \t]+(?:(?P<second>{_WHOLE_STAMP})[ \t]+)?"
    r"(?P<host>\S+)[ \t]+(?P<module>[A-Za-z]\w*)[ \t]+(?P<event>\d{1,6})(?:[ \t]+(?P<text>.*))?$",
    re.DOTALL | re.ASCII,
)
_INTERNAL = re.compile(rf"[^\d\s][ \t]{{1,2}}(?P<stamp>{_SHORT_STAMP})(?P<text>\[.*)$", re.DOTALL | re.ASCII)
_PAYLOAD = re.compile(
    rf"save alert to local file:[ \t]*(?P<stamp>{_WHOLE_STAMP})[ \t]*,[ \t]*(?P<module>\w+)[ \t]*,"
    r"[ \t]*(?P<event>\d{1,6})[ \t]*,(?P<text>.*)$",
    re.DOTALL | re.ASCII,
)
_SCRIPT = re.compile(
    rf"(?P<stamp>{_SHORT_STAMP})\[[ \t]*(?P<pid>\d{{1,10}})\](?:[ \t](?P<text>.*))?$", re.DOTALL | re.ASCII
)
_STAMP = re.compile(r"(\d{4}|\d\d)/(\d\d)/(\d\d)[ \t]+(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,6}))?", re.ASCII)
_OTHER_STAMP = re.compile(_WHOLE_STAMP, re.ASCII)
_ECHOED = re.compile(r"(?:AC (?:FACTOR|ACTION|EXEC COMMAND|EXIT COMMAND|SCRIPT EXIT)|stop\.sh (?:start|end))(?:\s|$)")


def frame(line: str) -> Record | None:
    """Frame a line of the alert log, of an internal log, or of a script's output with CLUSTERPRO's stamp."""
    line = line.lstrip(" \t\ufeff")
    if not line[:1].isdigit():
        return _frame_internal(line)
    return _frame_alert(line) or _frame_script(line)


def _frame_alert(line: str) -> Record | None:
    match = _ALERT.match(line)
    # Neither the index nor a second stamp: too little to be sure that it is this log.
    if match is None or not (match["index"] or match["second"]):
        return None
    stamp = read_stamp(match["second"] or match["first"])
    if stamp is None:
        return None
    received = read_stamp(match["first"]) if match["second"] else None
    level, text = _split_level(match["text"] or "", " ")
    return alert_record(
        stamp,
        match["host"],
        match["module"],
        match["event"],
        level,
        text,
        received=written_as_iso(received) if received is not None else "",
    )


def _frame_internal(line: str) -> Record | None:
    match = _INTERNAL.match(line)
    stamp = read_stamp(match["stamp"]) if match else None
    if match is None or stamp is None:
        return None
    text = match["text"]
    payload = _PAYLOAD.search(text)
    alert = read_stamp(payload["stamp"]) if payload else None
    if payload is not None and alert is not None:
        level, message = _split_level(payload["text"], ",")
        record = alert_record(alert, "", payload["module"], payload["event"], level, message)
        return record._replace(format=INTERNAL_FORMAT)
    given = {}
    if "SRVTIME" in text and (written := _OTHER_STAMP.search(text)) is not None:
        # Whose clock the second stamp is, nobody has documented: taken for the other server's.
        other = read_stamp(written[0])
        given = {"other": written_as_iso(other)} if other is not None else {}
    return Record(stamp, "", INTERNAL, "", text.strip(), INTERNAL_FORMAT, given=given)


def _frame_script(line: str) -> Record | None:
    match = _SCRIPT.match(line)
    stamp = read_stamp(match["stamp"]) if match else None
    if match is None or stamp is None:
        return None
    text = (match["text"] or "").strip()
    return Record(stamp, "", script_program(text), match["pid"], text, SCRIPT_FORMAT)


def script_program(text: str) -> str:
    """The program of a line of script output: stop.sh, where the line is one that it echoes."""
    return STOP_SCRIPT if _ECHOED.match(text) else SCRIPT


def _split_level(text: str, separator: str) -> tuple[str, str]:
    """`3,Monitoring …` → level and message; some versions may leave the level out."""
    word, _, rest = text.strip().partition(separator)
    bare = word.strip(" \t[]")
    if bare.casefold() in _LEVELS or (len(bare) == 1 and bare.isdigit()):
        return bare, rest
    return "", text


def alert_record(
    stamp: Stamp, host: str, module: str, event: str, level: str, text: str, *, received: str = ""
) -> Record:
    """A record of the alert log in the words of syslog.

    Args:
        stamp: by the clock of the server where it happened.
        host: that server.
        module: short name of the module (`rm`).
        event: number of the event within the module.
        level: a number, a letter or a word in either language; empty where none is written.
        text: the message.
        received: when the server that holds the log got it, by its own clock, in ISO 8601.
    """
    letter = _LEVELS.get(level.strip(" \t[]").casefold(), level)
    message = (f"[{letter}] " if letter else "") + f"<type: {module}><event: {event}> {text.strip()}"
    given = {"received": received} if received else {}
    return Record(stamp, host, PROGRAM, "", message.rstrip(), ALERT_FORMAT, given=given)


def read_stamp(written: str) -> Stamp | None:
    """`2026/12/04 22:01:35.123`, or with two digits of the year; local time without a zone."""
    match = _STAMP.match(written)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    if len(match[1]) == 2:
        year += 2000
    try:
        datetime(year, month, day, hour, minute, second)
    except ValueError:
        return None
    if year not in _YEARS:
        return None
    return Stamp(year, month, day, hour, minute, second, int((match[7] or "").ljust(6, "0")[:6]))


def written_as_iso(stamp: Stamp) -> str:
    """The stamp as local time in ISO 8601 with microseconds, without a zone."""
    year, month, day, hour, minute, second, microsecond = stamp[:7]
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{microsecond:06}"
