"""A line of `last`, taken apart, and the record that it stands for."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import NamedTuple

from acforensics.events import Stamp
from acforensics.lines import Record
from acforensics.lines import login_records as forms

PROGRAM = "last"
FORMAT = "login records, last"
_HALF_DAY = timedelta(hours=12)
_OF_DAY = re.compile(r"(\d\d):(\d\d)", re.ASCII)

_SHORT = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?:" + "|".join(forms.MONTHS) + r") [ \d]\d \d\d:\d\d"
_ISO = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[,.]\d{1,6})?[+-]\d\d:?\d\d"
_FULL = _SHORT + r":\d\d \d{4}"
_LINE = re.compile(
    rf"(?P<who>.{{0,300}}?) +(?P<stamp>{_FULL}|{_ISO}|{_SHORT})"
    rf"(?: +- +(?P<until>{_FULL}|{_ISO}|\d\d:\d\d|down|crash)(?: +\((?P<lasted>-?\d+(?:\+\d+)?:\d\d(?::\d\d)?)\))?"
    r"| +(?P<open>still logged in|still running|gone - no logout))?(?: +(?P<host>\S{1,255}))? *$",
    re.ASCII,
)
_BEGINS = re.compile(rf"(?P<file>\S{{1,255}}) begins (?P<stamp>{_FULL}|{_ISO}) *$", re.ASCII)
_LASTED = re.compile(r"(?P<sign>-?)(?:(?P<days>\d+)\+)?(?P<hours>\d+):(?P<minutes>\d\d)")
_SYSTEM = re.compile(
    r"(?P<boot>reboot +system boot)(?: +(?P<kernel>\S+))?$|(?P<down>shutdown +system down)(?: +(?P<stopped>\S+))?$"
    r"|runlevel +\(to lvl (?P<level>.)\)(?: +\S+)?$|\S* +(?P<clock>new|old) time(?: +\S+)?$"
)


class Row(NamedTuple):
    """A line of the listing, taken apart."""

    number: int
    raw: str
    who: str
    host: str
    stamp: Stamp
    weekday: str
    until: str
    lasted: timedelta | None
    end: str
    """How it ended, where no time is written: `down`, `crash`, `open`, `gone`."""


def match_line(line: str) -> re.Match[str] | None:
    """A line that says who, from when and until when; other programs write dates behind words, too."""
    match = _LINE.match(line)
    if match is None or _SYSTEM.match(match["who"]):
        return match
    ended = match["until"] or match["open"]
    return match if ended and 1 <= len(match["who"].split()) <= 3 else None


def match_trailer(line: str) -> tuple[str, Stamp] | None:
    """The last line of a listing: the name of its file, and the time of that file's first record."""
    match = _BEGINS.match(line)
    stamp = forms.stamp_of(match["stamp"]) if match is not None else None
    return (match["file"].lower(), stamp) if match is not None and stamp is not None else None


def row_of(number: int, raw: str, match: re.Match[str]) -> Row | None:
    """A line that matched, as a row; `None` where its date is none."""
    written = match["stamp"]
    stamp = forms.stamp_of(written) or _short_stamp(written)
    if stamp is None:
        return None
    until = match["until"] or ""
    end = until if until in ("down", "crash") else ""
    if match["open"]:
        end = "gone" if match["open"].startswith("gone") else "open"
    return Row(
        number,
        raw,
        match["who"],
        match["host"] or "",
        stamp,
        "" if written[0].isdigit() else written[:3],
        "" if until == end else until,
        _duration(match["lasted"]),
        end,
    )


def _short_stamp(written: str) -> Stamp | None:
    month, day = forms.MONTHS.index(written[4:7]) + 1, int(written[8:10])
    hour, minute = int(written[11:13]), int(written[14:16])
    try:
        datetime(2024, month, day, hour, minute)
    except ValueError:
        return None
    return Stamp(None, month, day, hour, minute, 0, resolution=60)


def _duration(lasted: str | None) -> timedelta | None:
    match = _LASTED.match(lasted) if lasted else None
    if match is None:
        return None
    # More than a century is no length of a session.
    days = min(int(match["days"] or 0), 36_500)
    length = timedelta(days=days, hours=min(int(match["hours"]), 36_500), minutes=int(match["minutes"]))
    return -length if match["sign"] else length


def record_of(row: Row) -> Record:
    """The record that a row stands for."""
    message, given = _meaning(row)
    return Record(row.stamp, "", PROGRAM, "", message, FORMAT, given=given)


def _meaning(row: Row) -> tuple[str, dict[str, str]]:
    system = _SYSTEM.match(row.who)
    if system is None:
        # A refused login may have no name.
        user, tty, host = (*(row.who if row.who[:1].strip() else f"- {row.who}").split(), "", "", "")[:3]
        message, given = forms.session(user, tty, _unless_zero(host or row.host))
        if row.end and "user" in given:
            given["ended"] = row.end
        return message, given
    if system["clock"]:
        return f"clock set {'to' if system['clock'] == 'new' else 'from'} this time", {}
    if system["level"]:
        return forms.runlevel(system["level"], "")
    kernel = _unless_zero(system["kernel"] or system["stopped"] or row.host)
    return forms.system_boot(kernel) if system["boot"] else forms.system_down(kernel)


def _unless_zero(host: str) -> str:
    """`last -i` shows addresses in the place of names."""
    return "" if host in ("0.0.0.0", "::") else host  # noqa: S104  (no address at all)


def end_of(row: Row) -> Stamp | None:
    """When a session ended, where the listing says so by a time."""
    if not row.until:
        return None
    full = forms.stamp_of(row.until)
    if full is not None:
        return full
    of_day = _OF_DAY.match(row.until)
    if of_day is None:
        # A whole date that cannot be one.
        return None
    hour, minute = map(int, of_day.groups())
    start = naive(row.stamp)
    if hour > 23 or minute > 59:
        return None
    try:
        about = start + (row.lasted or timedelta())
        end = about.replace(hour=hour, minute=minute)
        if row.lasted is None:
            end += timedelta(days=end < start)
        elif abs(end - about) > _HALF_DAY:
            end += timedelta(days=1 if end < about else -1)
    except OverflowError:
        # Beyond the last year that there is.
        return None
    year = end.year if row.stamp.year is not None else None
    return Stamp(year, end.month, end.day, hour, minute, 0, resolution=60)


def naive(stamp: Stamp) -> datetime:
    """A stamp of a listing on its own time line; without a year in one that has every day."""
    year = 2024 if stamp.year is None else stamp.year
    return datetime(year, stamp.month, stamp.day, *stamp[3:7])
