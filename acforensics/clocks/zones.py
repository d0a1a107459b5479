"""The zone of stamps that carry none, decided once for a case; and UTC from local time."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil import tz as dateutil_tz

from acforensics.clocks.years import at_year
from acforensics.errors import UsageError
from acforensics.events import Stamp
from acforensics.sources import Reading
from acforensics.texts import Text, text

_CREDIBLE_YEARS = range(1995, 2200)
_DEAD_CLOCK_YEARS = (1970, 1980, 1999, 2000, 2001)


def parse_zone(name: str) -> tzinfo:
    """Return the zone that `--tz` names: an IANA name (`Asia/Tokyo`), `JST`, `UTC` or an offset (`+09:00`).

    Raises:
        UsageError: no such zone.
    """
    known = {"JST": timezone(timedelta(hours=9), "JST"), "UTC": UTC, "GMT": UTC, "Z": UTC}
    if name.upper() in known:
        return known[name.upper()]
    match = re.fullmatch(r"(?:UTC|GMT)?([+-])(\d{1,2}):?(\d\d)?", name)
    if match:
        seconds = int(match[2]) * 3600 + int(match[3] or 0) * 60
        if seconds <= 14 * 3600:
            return timezone(timedelta(seconds=seconds if match[1] == "+" else -seconds))
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError):
        raise UsageError(
            f"--tz {name}: no such time zone; use a name such as Asia/Tokyo or an offset such as +09:00"
        ) from None


@dataclass(frozen=True)
class ZoneChoice:
    """The zone of stamps that carry none, and why."""

    zone: tzinfo
    reason: Text
    assumed: bool


def choose_zone(readings: Sequence[Reading], wanted: str | None) -> ZoneChoice:
    """Decide the zone of stamps without one, for all the case.

    In this order: `--tz`; offsets written in other logs of the case; the kernel's UTC reading of the hardware clock
    against the stamp of the same line; file times against last stamps; else the stamps are shown as written.
    """
    if wanted is not None:
        return ZoneChoice(parse_zone(wanted), text("clock.zone-option", zone=wanted), False)
    # The audit log counts seconds since 1970: that says nothing of a zone.
    texts = [r for r in readings if r.format != "audit"]
    offsets = [m.stamp.offset for r in texts for m in r.marks if m.stamp.offset is not None]
    # Some programs write UTC wherever they run: only another offset says how the other clocks are set.
    written = _most_common([offset for offset in offsets if offset])
    if written is not None:
        return ZoneChoice(_fixed(written), text("clock.zone-written", zone=_name(written)), False)
    measured = _most_common(_hardware_clock_offsets(readings), least_share=0.6)
    if measured is not None and measured != 0:
        return ZoneChoice(_fixed(measured), text("clock.zone-hardware", zone=_name(measured)), False)
    if offsets:
        return ZoneChoice(UTC, text("clock.zone-written", zone=_name(0)), False)
    filed = _file_time_offsets(readings)
    agreed = _most_common(filed, least_share=0.6)
    if agreed is not None and len(filed) > 1:
        return ZoneChoice(_fixed(agreed), text("clock.zone-files", zone=_name(agreed), count=len(filed)), True)
    return ZoneChoice(UTC, text("clock.zone-assumed"), True)


def _hardware_clock_offsets(readings: Sequence[Reading]) -> list[int]:
    found = []
    for reading in readings:
        for hit in reading.hits:
            utc = clock_read(hit.fields) if hit.kind == "os.clock_read" else None
            if utc is None or hit.stamp.offset is not None:
                continue
            local = min((at_year(hit.stamp, utc.year + d) for d in (-1, 0, 1)), key=lambda t: abs(t - utc))
            seconds = (local - utc).total_seconds()
            offset = round((seconds - 60) / 900) * 900
            # The line is written when syslog starts, seconds to minutes after the clock was read.
            if -30 <= seconds - offset <= 600 and abs(offset) <= 14 * 3600:
                found.append(offset)
    return found


def _file_time_offsets(readings: Sequence[Reading]) -> list[int]:
    found = []
    for reading in readings:
        if reading.written is None or not reading.marks or reading.marks[-1].stamp.offset is not None:
            continue
        written = reading.written.replace(tzinfo=None)
        last = reading.marks[-1].stamp
        local = min((at_year(last, written.year + d) for d in (-1, 0, 1)), key=lambda t: abs(t - written))
        seconds = (local - written).total_seconds()
        offset = round(seconds / 1800) * 1800
        if -120 <= seconds - offset <= 2 and abs(offset) <= 14 * 3600:
            found.append(offset)
    return found


def _most_common(values: Sequence[int], least_share: float = 0.0) -> int | None:
    if not values:
        return None
    counts = Counter(values)
    best = max(sorted(counts), key=lambda value: counts[value])
    return best if counts[best] >= least_share * len(values) else None


def _fixed(offset: int) -> tzinfo:
    return timezone(timedelta(seconds=offset))


def _name(offset: int) -> str:
    sign = "-" if offset < 0 else "+"
    return f"{sign}{abs(offset) // 3600:02d}:{abs(offset) % 3600 // 60:02d}"


def clock_read(fields: dict[str, str]) -> datetime | None:
    """The UTC time that the kernel read from the hardware clock (naive), unless that clock was dead."""
    try:
        found = datetime.fromisoformat(f"{fields['date']}T{fields['clock']}")
    except (KeyError, ValueError):
        return None
    return found if found.year in _CREDIBLE_YEARS and found.year not in _DEAD_CLOCK_YEARS else None


def to_utc(local: datetime, offset: int | None, zone: tzinfo) -> datetime:
    """Local time to UTC: by its own offset, else in a zone; a time that the zone skips moves on by the gap."""
    if offset is not None:
        return local.replace(tzinfo=_fixed(offset)).astimezone(UTC)
    aware = local.replace(tzinfo=zone)
    if not dateutil_tz.datetime_exists(aware):
        aware = dateutil_tz.resolve_imaginary(aware)
    return aware.astimezone(UTC)


def near(stamp: Stamp, reference: datetime, zone: tzinfo) -> datetime:
    """Date a single stamp in the year that brings it nearest to a known UTC time."""
    years = [stamp.year] if stamp.year is not None else [reference.year + d for d in (-1, 0, 1)]
    candidates = [to_utc(at_year(stamp, y), stamp.offset, zone) for y in years]
    return min(candidates, key=lambda t: abs(t - reference))
