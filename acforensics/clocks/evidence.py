"""What a bundle shows of the zone in which a server writes its stamps: told, or to be inferred."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import NamedTuple

from acforensics.clocks.places import Hosts, Place
from acforensics.clocks.shared_records import SharedRecords
from acforensics.clocks.years import at_year
from acforensics.sources import Reading
from acforensics.sources.reading import Source
from acforensics.sources.zone_files import CLOCK_SETTINGS, DATE_OUTPUT, TIMEDATECTL, ZONE_DATA, ZONE_LINK, ZONE_NAME
from acforensics.sources.zone_names import find_zone

_CREDIBLE_YEARS = range(1995, 2200)
DEAD_CLOCK_YEARS = (1970, 1980, 1999, 2000, 2001)
_MOST_SAMPLES = 1000
# What decides for the server itself stands before what only should, or what a shell was set to.
_RANKS = {TIMEDATECTL: 0, ZONE_LINK: 0, ZONE_DATA: 0, ZONE_NAME: 1, CLOCK_SETTINGS: 2, DATE_OUTPUT: 3}
# These count seconds from 1970: that they show UTC says nothing of a zone.
_WITHOUT_ZONE: tuple[Source, ...] = ("audit", "journal", "login-records", "boot-list")
# Their text is written by the machine, and by the person, that exported it.
EXPORTED: tuple[Source, ...] = ("journal", "login-records", "boot-list")


class Told(NamedTuple):
    """A zone that a file of the server names; the least rank counts most."""

    rank: int
    where: str
    name: str
    zone: tzinfo


@dataclass
class Evidence:
    """What is known of one server's zone; offsets are seconds east of UTC."""

    roots: set[str] = field(default_factory=set)
    told: list[Told] = field(default_factory=list)
    own: Counter[int] = field(default_factory=Counter)
    """Offsets that its own logs write."""
    exported: Counter[int] = field(default_factory=Counter)
    """Offsets in listings, which have the zone of whoever exported them."""
    shared: list[SharedRecords] = field(default_factory=list)
    """Its own logs whose records also stand elsewhere, in UTC."""
    shared_exported: list[SharedRecords] = field(default_factory=list)
    """The same of listings."""
    zero: str = ""
    """A log in which every offset is zero."""
    samples: dict[tuple[datetime, int], str] = field(default_factory=dict)
    """(local hour, offset) → a file in which a stamp says so."""
    hardware: list[int] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    marks: int = 0


def gather(readings: Sequence[Reading], places: Sequence[Place], hosts: Hosts) -> dict[str, Evidence]:
    """Collect the evidence for each server."""
    found: dict[str, Evidence] = {}
    for reading, place in zip(readings, places, strict=True):
        evidence = found.setdefault(place.server, Evidence())
        evidence.roots.add(place.root)
        evidence.marks += len(reading.marks)
        for fact in reading.facts:
            zone = find_zone(fact.value) if fact.name == "zone" else None
            if zone is not None:
                where = reading.path if fact.line is None else f"{reading.path}:{fact.line}"
                evidence.told.append(Told(_RANKS.get(reading.format, 4), where, fact.value, zone))
        _offsets(reading, place.server, hosts, found)
        evidence.hardware += _hardware_clock_offsets(reading)
        evidence.files += _file_time_offset(reading)
    for evidence in found.values():
        evidence.told.sort(key=lambda told: (told.rank, told.where))
    return found


def _offsets(reading: Reading, server: str, hosts: Hosts, found: dict[str, Evidence]) -> None:
    """Count the offsets that stamps write, each for the host of its record."""
    written = [mark for mark in reading.marks if mark.stamp.offset is not None]
    if not any(mark.stamp.offset for mark in written):
        # The forms of a journal that have no zone are told from those in which it happens to be UTC by their stamps.
        as_text = reading.source not in _WITHOUT_ZONE or "ISO 8601" in reading.format
        if written and as_text and reading.source != "audit":
            found[server].zero = found[server].zero or reading.path
        return
    for mark in written:
        stamp = mark.stamp
        if not stamp.offset:
            continue
        evidence = found.setdefault(hosts.name(mark.host) or server, Evidence())
        counts = evidence.exported if reading.source in EXPORTED else evidence.own
        counts[stamp.offset] += 1
        if stamp.year is not None and len(evidence.samples) < _MOST_SAMPLES:
            hour = datetime(stamp.year, stamp.month, stamp.day, stamp.hour)
            evidence.samples.setdefault((hour, stamp.offset), reading.path)


def _hardware_clock_offsets(reading: Reading) -> list[int]:
    found = []
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


def _file_time_offset(reading: Reading) -> list[int]:
    if reading.written is None or not reading.marks or reading.marks[-1].stamp.offset is not None:
        return []
    written = reading.written.replace(tzinfo=None)
    last = reading.marks[-1].stamp
    local = min((at_year(last, written.year + d) for d in (-1, 0, 1)), key=lambda t: abs(t - written))
    seconds = (local - written).total_seconds()
    offset = round(seconds / 1800) * 1800
    return [offset] if -120 <= seconds - offset <= 2 and abs(offset) <= 14 * 3600 else []


def most_common(values: Iterable[int], least_share: float = 0.0) -> int | None:
    """The most frequent value, if it has its share; of several the least."""
    counts = Counter(values)
    if not counts:
        return None
    best = max(sorted(counts), key=lambda value: counts[value])
    return best if counts[best] >= least_share * counts.total() else None


def clock_read(fields: dict[str, str]) -> datetime | None:
    """The UTC time that the kernel read from the hardware clock (naive), unless that clock was dead."""
    try:
        found = datetime.fromisoformat(f"{fields['date']}T{fields['clock']}")
    except (KeyError, ValueError):
        return None
    return found if found.year in _CREDIBLE_YEARS and found.year not in DEAD_CLOCK_YEARS else None
