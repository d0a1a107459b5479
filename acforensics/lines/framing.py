"""The ways in which syslog text files frame a record: stamp, host, program, pid, text.

Formats: rsyslog traditional and file format, RFC 5424, forwarded lines with `<PRI>`, syslog-ng as on SUSE, and the
short forms of `journalctl`, all of which may alternate within one file (os-ups-formats, chapter 4).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from acforensics.events import Stamp


class Record(NamedTuple):
    """One framed line. `program` is empty where the line has no tag; `uptime` is the kernel's own seconds, if written."""

    stamp: Stamp
    host: str
    program: str
    pid: str
    message: str
    format: str
    uptime: float | None = None


_MONTHS = {
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
    r"(?:(?P<year_before>\d{4})[ \t]+)?"
    r"(?:(?P<month>[^\W\d_]{3,5})\.?|(?P<month_number>\d{1,2})月)[ \t]+(?P<day>\d{1,2})日?[ \t]+"
    r"(?:(?P<year>\d{4})[ \t]+)?" + _CLOCK + r"(?:[ \t]+(?P<year_after>(?:19|20)\d\d)(?=[ \t]))?"
)
_ISO = re.compile(
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|[月火水木金土日])[ \t]+)?"
    r"(?P<year>\d{4})-(?P<month_number>\d\d)-(?P<day>\d\d)[T \t]"
    + _CLOCK
    + r"(?:[ \t]?(?P<offset>Z|[+-]\d\d:?\d\d)|"
    r"[ \t](?P<zone>[A-Z]{3,5})(?=[ \t]))?"
)
_ISO_FORMAT = "syslog ISO 8601"
_PRIORITY = re.compile(r"<\d{1,3}>")
_RFC5424 = re.compile(
    r"1[ ](?P<stamp>\S+)[ ](?P<host>\S+)[ ](?P<program>\S+)[ ](?P<pid>\S+)[ ]\S+[ ]"
    r"(?:-|(?:\[(?:[^\]\\]|\\.)*\])+)(?:[ ](?P<message>.*))?",
    re.DOTALL,
)
_TAG = re.compile(
    r"(?P<program>\(?[^\s:\[\]()<>]{1,64}\)?)(?:\((?P<module>[^)\s]*)\))?(?:\[(?P<pid>[^\]]{0,20})\])?\]?:(?:[ \t]|$|(?=[<\[]))"
)
# Newer kernels add the caller (`[    T1]`); old klogd left the priority (`<6>`).
_UPTIME = re.compile(r"(?:<\d>)?\[ *(?P<uptime>\d{1,9}\.\d{1,9})\](?:\[ *[TC]\d+\])? ?|<\d>")


def frame(line: str) -> Record | None:
    """Frame one decoded line (without its newline); `None` where it fits no known form."""
    format_prefix = ""
    priority = _PRIORITY.match(line)
    if priority:
        line = line[priority.end() :]
        format_prefix = "<PRI> "
    line = line.lstrip(" \t\ufeff")
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
    plain = format_name == _ISO_FORMAT and "T" not in line[:end]
    if plain and _TAG.match(rest.strip(" \t").partition(" ")[2]) is None:
        # `2024-01-31 09:00:00 some words` is an application's own line: its first word is not a host.
        return Record(stamp, "", "", "", rest.strip(" \t"), format_name)
    host, _, rest = rest.strip(" \t").partition(" ")
    if not host or host.endswith(":"):
        # No host at all (some templates drop it): what follows is the tag.
        host, rest = "", f"{host} {rest}"
    return _with_tag(stamp, _clean_host(host), rest.lstrip(" "), format_prefix + format_name)


def read_stamp(line: str) -> Stamp | None:
    """Read only the stamp at the start of a line."""
    priority = _PRIORITY.match(line)
    if priority:
        line = line[priority.end() :]
    line = line.removeprefix("1 ").lstrip(" \t\ufeff")
    found = _match_stamp(line)
    return found[0] if found else None


def _frame_rfc5424(line: str) -> Record | None:
    match = _RFC5424.match(line)
    if match is None:
        return None
    found = _match_stamp(match["stamp"])
    if found is None:
        return None

    def present(value: str | None) -> str:
        return "" if value in (None, "-") else str(value)

    message = present(match["message"]).lstrip("\ufeff ")
    return Record(found[0], _clean_host(present(match["host"])), _clean_program(present(match["program"])),
                  present(match["pid"]), message, "syslog RFC 5424")  # fmt: skip


def _with_tag(stamp: Stamp, host: str, rest: str, format_name: str) -> Record:
    tag = _TAG.match(rest)
    if tag is None:
        return Record(stamp, host, "", "", rest, format_name)
    program, pid = _clean_program(tag["program"]), tag["pid"] or ""
    message = rest[tag.end() :].lstrip(" \t")
    uptime = None
    if program == "kernel":
        stamped = _UPTIME.match(message)
        if stamped:
            uptime = float(stamped["uptime"]) if stamped["uptime"] else None
            message = message[stamped.end() :]
    return Record(stamp, host, program, pid, message, format_name, uptime)


def _clean_host(host: str) -> str:
    """`src@host/host` of syslog-ng's long host names → the host that logged."""
    return host.rpartition("@")[2].partition("/")[0].rstrip(":")


def _clean_program(program: str) -> str:
    return program.rpartition("/")[2] or program


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
        month = (
            int(match["month_number"]) if match["month_number"] else _MONTHS.get(match["month"].lower(), 0)
        )
        offset = None
    day, hour, minute, second = (
        int(match["day"]),
        int(match["hour"]),
        int(match["minute"]),
        int(match["second"]),
    )
    if not (
        1 <= month <= 12
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
