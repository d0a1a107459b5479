"""Time zones by name, and the name of a zone that is known by its compiled data only."""

from __future__ import annotations

import re
import struct
from bisect import bisect_right
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

MAGIC = b"TZif"
_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2}):?(\d\d)?", re.ASCII)
# What these mean depends on the machine that looks them up.
_NO_NAMES = {"localtime", "posixrules", "Factory"}
# Of several names for the same clock the one that most servers use.
_USUAL = (
    "Asia/Tokyo", "UTC", "Asia/Seoul", "Asia/Shanghai", "Asia/Taipei", "Asia/Hong_Kong", "Asia/Singapore",
    "Asia/Bangkok", "Asia/Kolkata", "Europe/London", "Europe/Paris", "Europe/Berlin", "America/New_York",
    "America/Chicago", "America/Denver", "America/Los_Angeles", "Australia/Sydney",
)  # fmt: skip
_HEADER = struct.Struct(">4sc15x6L")
_RULE = re.compile(
    r"(?P<name><[A-Za-z0-9+-]{3,12}>|[A-Za-z]{3,12})(?P<offset>[+-]?\d{1,3}(?::\d\d){0,2})"
    r"(?:(?P<summer><[A-Za-z0-9+-]{3,12}>|[A-Za-z]{3,12})(?P<summer_offset>[+-]?\d{1,3}(?::\d\d){0,2})?(?:,.{1,60})?)?",
    re.ASCII,
)
_PROBES = (datetime(2026, 1, 15, tzinfo=UTC), datetime(2026, 7, 15, tzinfo=UTC))
_MONTHS = [
    int(datetime(year, month, 15, tzinfo=UTC).timestamp()) for year in range(1970, 2037) for month in range(1, 13)
]
_RECENTLY = int(datetime(2016, 1, 1, tzinfo=UTC).timestamp())


def find_zone(name: str) -> tzinfo | None:
    """The zone of an IANA name (`Asia/Tokyo`), of `JST` or `UTC`, or of an offset (`+09:00`), if there is one."""
    known = {"JST": timezone(timedelta(hours=9), "JST"), "UTC": UTC, "GMT": UTC, "Z": UTC}
    if name.upper() in known:
        return known[name.upper()]
    match = _OFFSET.fullmatch(name)
    if match:
        seconds = int(match[2]) * 3600 + int(match[3] or 0) * 60
        if seconds <= 14 * 3600:
            return timezone(timedelta(seconds=seconds if match[1] == "+" else -seconds))
    if name in _NO_NAMES:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError):
        return None


class _Clock(NamedTuple):
    """What a clock shows: its distance from UTC in seconds, and what that is called."""

    offset: int
    name: str


class _Data(NamedTuple):
    """Compiled zone data from 1970 on; `rule` says what follows behind the last change (a POSIX TZ string)."""

    changes: list[tuple[int, _Clock]]
    rule: str


@lru_cache(maxsize=64)
def name_of(data: bytes) -> str | None:
    """The name of the zone that compiled data describe, or its offset from UTC; `None` where they are damaged.

    The zone is recognised by what its clock shows, since the data of two releases are not the same bytes.
    """
    try:
        found = _parse(data)
    except (struct.error, ValueError, IndexError):
        return None
    names = [*_USUAL, *sorted(available_timezones() - _NO_NAMES, key=lambda name: ("/" not in name, name))]
    # Laws change: an older or a newer release may know another past or another future.
    for since in (0, _RECENTLY):
        for name in names:
            zone = find_zone(name)
            if zone is not None and _same(found, zone, since):
                return name
    rule = _RULE.fullmatch(found.rule)
    if rule is not None and rule["summer"] is None:
        return _offset_name(_rule_offset(rule["offset"]))
    return None


def _parse(data: bytes) -> _Data:
    """Read compiled zone data without trusting them.

    Raises:
        ValueError, IndexError, struct.error: they are no such data.
    """
    start, width = 0, 4
    version, sizes = _header(data, 0)
    if version >= b"2":
        start, width = _HEADER.size + _length(sizes, 4), 8
        _, sizes = _header(data, start)
    _, _, _, times, types, characters = sizes
    position = start + _HEADER.size
    moments = struct.unpack_from(f">{times}{'q' if width == 8 else 'l'}", data, position)
    position += times * width
    kinds = data[position : position + times]
    position += times
    entries = [struct.unpack_from(">lbB", data, position + 6 * i) for i in range(types)]
    position += 6 * types
    names = data[position : position + characters]
    clocks = [_Clock(offset, names[at : names.index(b"\0", at)].decode("ascii")) for offset, _, at in entries]
    rule = ""
    if width == 8:
        end = start + _HEADER.size + _length(sizes, 8)
        rule = data[end:].split(b"\n")[1].decode("ascii")
    changes = [(moment, clocks[kind]) for moment, kind in zip(moments, kinds, strict=True)]
    before = [clock for moment, clock in changes if moment <= 0]
    changes = [(0, before[-1] if before else clocks[0]), *(change for change in changes if change[0] > 0)]
    return _Data(changes, rule)


def _header(data: bytes, start: int) -> tuple[bytes, tuple[int, ...]]:
    magic, version, *sizes = _HEADER.unpack_from(data, start)
    if magic != MAGIC or any(size > 2_000 for size in sizes):
        raise ValueError("no zone data")
    return version, tuple(sizes)


def _length(sizes: tuple[int, ...], width: int) -> int:
    universal, standard, leaps, times, types, characters = sizes
    return times * (width + 1) + types * 6 + characters + leaps * (width + 4) + standard + universal


def _same(data: _Data, zone: tzinfo, since: int) -> bool:
    """Whether a zone's clock shows what the data say: in our days, then all the time since."""
    today = {_shown(zone, probe) for probe in _PROBES}
    if data.rule:
        rule = _RULE.fullmatch(data.rule)
        if rule is None:
            return False
        standard = _rule_offset(rule["offset"])
        expected = {_Clock(standard, rule["name"].strip("<>"))}
        if rule["summer"]:
            ahead = _rule_offset(rule["summer_offset"]) if rule["summer_offset"] else standard + 3600
            expected.add(_Clock(ahead, rule["summer"].strip("<>")))
    else:
        expected = {_at(data, int(probe.timestamp())) for probe in _PROBES}
    if today != expected:
        return False
    last = data.changes[-1][0]
    changes = [moment + step for moment, _ in data.changes[1:] for step in (-1, 0)]
    moments = [m for m in (*changes, *_MONTHS) if since <= m <= min(last, _MONTHS[-1])]
    return all(_shown(zone, datetime.fromtimestamp(m, UTC)) == _at(data, m) for m in moments)


def _at(data: _Data, moment: int) -> _Clock:
    return data.changes[max(bisect_right(data.changes, moment, key=lambda change: change[0]) - 1, 0)][1]


def _shown(zone: tzinfo, moment: datetime) -> _Clock:
    local = moment.astimezone(zone)
    offset = local.utcoffset()
    return _Clock(int(offset.total_seconds()) if offset is not None else 0, local.tzname() or "")


def _rule_offset(written: str) -> int:
    """POSIX counts to the west."""
    sign = 1 if written.startswith("-") else -1
    hours, minutes, seconds = (*map(int, written.lstrip("+-").split(":")), 0, 0)[:3]
    return sign * (hours * 3600 + minutes * 60 + seconds)


def _offset_name(seconds: int) -> str | None:
    """An offset as a name of a zone; `None` where no clock is that far from UTC."""
    if abs(seconds) > 14 * 3600:
        return None
    sign = "-" if seconds < 0 else "+"
    return f"{sign}{abs(seconds) // 3600:02d}:{abs(seconds) % 3600 // 60:02d}"
