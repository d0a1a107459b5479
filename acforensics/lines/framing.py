"""The ways in which syslog text files frame a record: stamp, host, program, pid, text.

Formats: rsyslog traditional and file format, RFC 5424, forwarded lines with `<PRI>`, syslog-ng as on SUSE,
and the short forms of `journalctl`; all may alternate within one file (os-ups-formats, chapter 4).
"""

from __future__ import annotations

import re

from acforensics.events import Stamp
from acforensics.lines import audit, clusterpro, login_records
from acforensics.lines.record import Record

MONTHS = {
    name: number
    for number, names in enumerate(
        [
            "jan janv ene gen",
            "feb févr fév",
            "mar mär mars märz",
            "apr avr abr",
            "may mai mag",
            "jun juin giu",
            "jul juil lug",
            "aug août ago",
            "sep sept set",
            "oct okt out ott",
            "nov",
            "dec déc dez dic",
        ],
        start=1,
    )
    for name in names.split()
}
# Abbreviations that mean one offset only. IST, CST and the like do not, so they are left to --tz.
_ZONE_OFFSETS = {"Z": 0, "UTC": 0, "GMT": 0, "JST": 9 * 3600}

_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d\d):(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?"
_TRADITIONAL = re.compile(
    # The weekday as in the output of `date`.
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[ \t]+(?=[A-Z]))?"
    r"(?:(?P<year_before>\d{4})[ \t]+)?"
    r"(?:(?P<month>[A-Za-zÀ-ɏ]{3,5})\.?|(?P<month_number>\d{1,2})月)[ \t]+(?P<day>\d{1,2})日?[ \t]+"
    r"(?:(?P<year>\d{4})[ \t]+)?"
    + _CLOCK
    + r"(?:(?:[ \t]+(?P<zone>[A-Z]{3,5}))?[ \t]+(?P<year_after>(?:19|20)\d\d)(?=[ \t]|$))?",
    re.ASCII,
)
_ISO = re.compile(
    r"(?P<weekday>(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|[月火水木金土日])[ \t]+)?"
    r"(?P<year>\d{4})-(?P<month_number>\d\d)-(?P<day>\d\d)[T \t]" + _CLOCK +
    # `-o short-full` writes any abbreviation; elsewhere a word in capitals may as well be the host.
    r"(?:[ \t]?(?P<offset>Z|[+-]\d\d:?\d\d)(?=\s|$)"
    r"|[ \t](?P<zone>UTC|GMT|JST|(?(weekday)[A-Z]{3,5}))(?=[ \t]))?",
    re.ASCII,
)
_YEARS = range(1970, 2200)
_ISO_FORMAT = "syslog ISO 8601"
_PRIORITY = re.compile(r"<\d{1,3}>")
_RFC5424 = re.compile(
    r"1[ ](?P<stamp>\S+)[ ](?P<host>\S+)[ ](?P<program>\S+)[ ](?P<pid>\S+)[ ]\S+[ ]"
    r"(?:-|(?:\[(?:[^\]\\]|\\.)*\])+)(?:[ ](?P<message>.*))?$",
    re.DOTALL,
)
# A colon ends the tag; a few programs write a pid and leave it out.
_TAG = re.compile(
    r"(?P<program>\(?[^\s:\[\]()<>]{1,128}\)?)(?:\((?P<module>[^)\s]*)\))?"
    r"(?:(?:\[(?P<pid>[^\]]{0,20})\])?\]?:(?:[ \t]|$|(?=[<\[]))|\[(?P<bare_pid>\d{1,10})\](?=[ \t]))"
)
# First words of an application's own lines, where a log with hosts would have the host.
_LEVELS = {"DEBUG", "INFO", "NOTICE", "WARN", "WARNING", "ERROR", "CRITICAL", "FATAL", "TRACE"}
# Where a record begins behind another one in the same line: at its `<PRI>`, or at a stamp glued to what
# stands before it. A quoted record has a blank, a bracket or a quote before it.
_RUN_TOGETHER = re.compile(
    rb"""(?<=[^\s"'(<>\[=:,|\x00])(?:"""
    rb"<\d{1,3}>(?=(?:1 )?\d{4}-\d\d-\d\dT\d\d:|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d )"
    rb"|(?=[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d [^\s:]+ [^\s:]+: )"
    rb"|(?=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.,\d]*(?:Z|[+-]\d\d:?\d\d) [^\s:]+ [^\s:]+: ))"
)
# Forms that are no syslog; each begins with a mark of its own.
_OTHER_FORMS = (audit.frame, clusterpro.frame, login_records.frame)
# Newer kernels add the caller (`[    T1]`); old klogd left the priority (`<6>`).
_UPTIME = re.compile(r"(?:<\d>)?\[ *(?P<uptime>\d{1,9}\.\d{1,9})\](?:\[ *[TC]\d+\])? ?|<\d>")


def frame(line: str) -> Record | None:
    """Frame one decoded line (without its newline); `None` where it fits no known form."""
    for form in _OTHER_FORMS:
        record = form(line)
        if record is not None:
            return record
    line, forwarded = _without_priority(line)
    if line.startswith("1 "):
        record = _frame_rfc5424(line)
        if record is not None:
            return record
    found = _match_stamp(line)
    if found is None:
        return None
    stamp, end, format_name = found
    rest = line[end:]
    if not rest[:1].isspace():
        return None
    host, behind = _first_word(rest)
    plain = format_name == _ISO_FORMAT and "T" not in line[:end]
    if plain and (host in _LEVELS or _TAG.match(behind) is None):
        # `2024-01-31 09:00:00 some words` is an application's own line: its first word is not a host.
        return Record(stamp, "", "", "", rest.strip(" \t"), format_name)
    if not host or host.endswith(":"):
        # No host at all (some templates drop it): what follows is the tag.
        host, behind = "", f"{host} {behind}"
    return _with_tag(stamp, _clean_host(host), behind, ("<PRI> " if forwarded else "") + format_name)


def frame_own(line: str, program: str) -> Record | None:
    """Frame a line of a file that holds one program's records only: a stamp, then the text."""
    found = _match_stamp(line.lstrip(" \t\ufeff"))
    if found is None:
        return None
    stamp, end, _ = found
    return Record(stamp, "", program, "", line.lstrip(" \t\ufeff")[end:].strip(" \t"), "program's own log")


def split_records(line: bytes) -> list[tuple[int, bytes]]:
    """Take apart the records that stand in one line of a file: (position, record).

    A crash leaves NUL bytes, or nothing at all, where the next record should have begun on a line of its own;
    forwarded dumps have records run together.
    """
    found = []
    start = 0
    for end in [m.start() for m in _RUN_TOGETHER.finditer(line)] + [len(line)]:
        position = start
        for part in line[start:end].split(b"\0"):
            if part:
                found.append((position, part))
            position += len(part) + 1
        start = end
    return found


def _without_priority(line: str) -> tuple[str, bool]:
    line = line.lstrip(" \t\ufeff")
    priority = _PRIORITY.match(line)
    return (line[priority.end() :].lstrip(" \t\ufeff"), True) if priority else (line, False)


def _first_word(rest: str) -> tuple[str, str]:
    words = rest.strip(" \t").split(" ", 1)
    if "\t" in words[0]:
        words = rest.strip(" \t").split("\t", 1)
    return words[0], words[1].lstrip(" \t") if len(words) > 1 else ""


def _frame_rfc5424(line: str) -> Record | None:
    match = _RFC5424.match(line)
    if match is None:
        return None
    found = _match_stamp(match["stamp"])
    if found is None or found[1] != len(match["stamp"]):
        return None
    host, program, pid = ("" if match[name] == "-" else match[name] for name in ("host", "program", "pid"))
    message = (match["message"] or "").lstrip("\ufeff ")
    return _record(found[0], _clean_host(host), program, pid, message, "syslog RFC 5424")


def _with_tag(stamp: Stamp, host: str, rest: str, format_name: str) -> Record:
    rest = rest.lstrip(" ")
    tag = _TAG.match(rest)
    if tag is None:
        return Record(stamp, host, "", "", rest, format_name)
    pid = tag["pid"] or tag["bare_pid"] or ""
    return _record(stamp, host, tag["program"], pid, rest[tag.end() :].lstrip(" \t"), format_name)


def _record(stamp: Stamp, host: str, program: str, pid: str, message: str, format_name: str) -> Record:
    program = program.rpartition("/")[2] or program
    uptime = None
    if program == "kernel" and (written := _UPTIME.match(message)):
        uptime = float(written["uptime"]) if written["uptime"] else None
        message = message[written.end() :]
    return Record(stamp, host, program, pid, message, format_name, uptime)


def _clean_host(host: str) -> str:
    """`src@host/host` of syslog-ng's long host names → the host that logged."""
    return host.rpartition("@")[2].partition("/")[0].rstrip(":")


def _match_stamp(line: str) -> tuple[Stamp, int, str] | None:
    match = _ISO.match(line)
    if match is not None:
        format_name = _ISO_FORMAT
        year: int | None = int(match["year"])
        month = int(match["month_number"])
        offset = _offset(match["offset"], match["zone"])
    else:
        match = _TRADITIONAL.match(line)
        if match is None:
            return None
        format_name = "syslog"
        written = match["year"] or match["year_before"] or match["year_after"]
        year = int(written) if written else None
        if year is not None:
            format_name = "syslog with year"
        month = int(match["month_number"]) if match["month_number"] else MONTHS.get(match["month"].lower(), 0)
        offset = _offset(None, match["zone"])
    day, hour, minute, second = (
        int(match["day"]),
        int(match["hour"]),
        int(match["minute"]),
        int(match["second"]),
    )
    if not (
        (year is None or year in _YEARS)
        and 1 <= month <= 12
        and 1 <= day <= _longest_month(month, year)
        and hour <= 23
        and minute <= 59
        and second <= 60
    ):
        return None
    fraction = (match["fraction"] or "").ljust(6, "0")[:6]
    # A leap second is kept as the last microsecond before it.
    microsecond = int(fraction)
    if second == 60:
        second, microsecond = 59, 999_999
    return Stamp(year, month, day, hour, minute, second, microsecond, offset), match.end(), format_name


def _longest_month(month: int, year: int | None) -> int:
    if month == 2:
        leap = year is None or (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0))
        return 29 if leap else 28
    return 30 if month in (4, 6, 9, 11) else 31


def _offset(numeric: str | None, zone: str | None) -> int | None:
    if numeric is not None and numeric != "Z":
        sign = -1 if numeric[0] == "-" else 1
        hours, minutes = int(numeric[1:3]), int(numeric[-2:])
        if hours > 14 or minutes > 59:
            return None
        return sign * (hours * 3600 + minutes * 60)
    return _ZONE_OFFSETS.get(numeric or zone or "")
