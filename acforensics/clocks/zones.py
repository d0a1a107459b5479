"""The zone of stamps that carry none, decided for each server; and UTC from local time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache

from acforensics.clocks.evidence import EXPORTED, Evidence, gather, most_common
from acforensics.clocks.places import Hosts, places
from acforensics.clocks.shared_records import SharedRecords, shared_records
from acforensics.clocks.years import at_year
from acforensics.errors import UsageError
from acforensics.events import Stamp
from acforensics.sources import Reading
from acforensics.sources.reading import Part
from acforensics.sources.zone_names import find_zone
from acforensics.texts import Text, text

# Records of one minute may stand in any order.
_ANY_ORDER = timedelta(minutes=1)
_REST_OF_DAY = timedelta(days=1, microseconds=-1)
_PROBES = [datetime(year, month, 15) for year in (2010, 2020, 2026) for month in (1, 7)]


def parse_zone(name: str) -> tzinfo:
    """Return the zone that `--tz` names: an IANA name (`Asia/Tokyo`), `JST`, `UTC` or an offset (`+09:00`).

    Raises:
        UsageError: no such zone.
    """
    zone = find_zone(name)
    if zone is None:
        raise UsageError(f"--tz {name}: no such time zone; use a name such as Asia/Tokyo or an offset such as +09:00")
    return zone


@dataclass(frozen=True)
class ZoneChoice:
    """The zone of a server's stamps that carry none, why, and what speaks against it. `assumed`: on weak grounds."""

    zone: tzinfo
    reason: Text
    assumed: bool
    notes: tuple[Text, ...] = ()


@dataclass(frozen=True)
class ZoneChoices:
    """The zone in which a case is shown, and the zone of each server's stamps."""

    shown: tzinfo
    by_file: Mapping[tuple[str, Part | None], ZoneChoice]
    otherwise: ZoneChoice

    def of(self, reading: Reading) -> ZoneChoice:
        """The zone of a file's stamps that carry none."""
        return self.by_file.get((reading.path, reading.part), self.otherwise)


@dataclass(frozen=True)
class _Wanted:
    """`--tz`."""

    name: str
    zone: tzinfo


def choose_zones(readings: Sequence[Reading], wanted: str | None) -> ZoneChoices:
    """Decide the zone of each server's stamps without one, and the zone in which the case is shown.

    In this order: what the bundle tells of that server (its files, then offsets in its logs, then records that stand
    in two files, once in UTC); `--tz`; what can be inferred of that server; what the bundle tells of others; else the
    stamps are taken for UTC. Shared records overrule a zone that they do not fit. The case is shown in `--tz`, else in
    the zone of most of its servers.
    """
    option = _Wanted(wanted, parse_zone(wanted)) if wanted is not None else None
    hosts = Hosts.of(readings)
    found = places(readings, hosts)
    evidence = gather(readings, found, hosts)
    shared = shared_records(readings, found, hosts)
    for i, records in shared.items():
        own = evidence[found[i].server]
        (own.shared_exported if readings[i].source in EXPORTED else own.shared).append(records)
    told = {server: choice for server, one in evidence.items() if (choice := _told(one, option)) is not None}
    inferred = {server: choice for server, one in evidence.items() if (choice := _inferred(one)) is not None}
    choices = {}
    for server, one in evidence.items():
        choice = told.get(server)
        if choice is None and option is not None:
            choice = ZoneChoice(option.zone, text("clock.zone-option", zone=option.name), False)
        choices[server] = choice or inferred.get(server) or _of_others(one, told, inferred, evidence)
    by_file = {(r.path, r.part): choices[place.server] for r, place in zip(readings, found, strict=True)}
    for i, records in shared.items():
        file = (readings[i].path, readings[i].part)
        if records.contradict(by_file[file].zone):
            by_file[file] = _by_records(records, str(by_file[file].zone))
    otherwise = ZoneChoice(UTC, text("clock.zone-assumed"), True)
    return ZoneChoices(option.zone if option is not None else _most_usual(choices, evidence), by_file, otherwise)


def _by_records(records: SharedRecords, *unused: str) -> ZoneChoice:
    """The zone that shared records show, and the zones that they do not fit."""
    zone = _name(records.offset)
    said = {"count": records.count, "total": len(records.twins), "path": records.path, "other": records.other}
    notes = [text("clock.zone-records-against", zone=zone, unused=name, **said) for name in unused]
    return ZoneChoice(_fixed(records.offset), text("clock.zone-records", zone=zone, **said), False, tuple(notes))


def _most(shared: Sequence[SharedRecords]) -> SharedRecords | None:
    return max(sorted(shared, key=lambda one: one.path), key=lambda one: one.count, default=None)


def _told(evidence: Evidence, option: _Wanted | None) -> ZoneChoice | None:
    """What files and logs of a server say, and where they disagree."""
    notes: list[Text] = []
    written = most_common(evidence.own.elements())
    exported = most_common(evidence.exported.elements())
    records = _most(evidence.shared)
    if evidence.told and records is not None and records.contradict(evidence.told[0].zone):
        unused = [f"{evidence.told[0].name} ({evidence.told[0].where})"]
        if option is not None and records.contradict(option.zone):
            unused.append(f"--tz {option.name}")
        return _by_records(records, *unused)
    if evidence.told:
        first = evidence.told[0]
        name, where, zone = first.name, first.where, first.zone
        reason = text("clock.zone-file", zone=name, where=where)
        others = {told.name: told for told in reversed(evidence.told) if not _alike(told.zone, zone)}
        notes += [
            text("clock.zone-disagrees", zone=name, where=where, other=told.name, there=told.where)
            for told in others.values()
        ]
        notes += _against(evidence, zone, name, where)
    elif written is not None:
        zone, name, where = _fixed(written), _name(written), _witness(evidence, written)
        reason = text("clock.zone-written", zone=name)
        notes += _several(evidence.own)
    elif exported is None or records is not None:
        records = records or _most(evidence.shared_exported)
        if records is None:
            return None
        if option is None:
            return _by_records(records)
        if records.contradict(option.zone):
            return _by_records(records, f"--tz {option.name}")
        return ZoneChoice(option.zone, text("clock.zone-option", zone=option.name), False)
    else:
        zone, name, where = _fixed(exported), _name(exported), _witness(evidence, exported)
        reason = text("clock.zone-exported", zone=name, path=where)
        notes += _several(evidence.exported)
    if option is not None and name[0] in "+-" and _fits(option.zone, zone, evidence):
        # The same, but it knows of summer time what an offset does not.
        return ZoneChoice(option.zone, text("clock.zone-option", zone=option.name), False)
    if option is not None and not _alike(option.zone, zone):
        notes.append(text("clock.zone-option-unused", option=option.name, zone=name, where=where))
    return ZoneChoice(zone, reason, False, tuple(notes))


def _against(evidence: Evidence, zone: tzinfo, name: str, where: str) -> list[Text]:
    """Offsets in logs that do not fit the zone that a file names."""
    wrong: dict[int, str] = {}
    for (hour, offset), path in evidence.samples.items():
        if not _shows(zone, hour, offset):
            wrong.setdefault(offset, path)
    if evidence.zero and all(zone.utcoffset(probe) for probe in _PROBES):
        wrong.setdefault(0, evidence.zero)
    return [
        text("clock.zone-disagrees", zone=name, where=where, other=_name(offset), there=path)
        for offset, path in sorted(wrong.items())
    ]


def _several(offsets: Counter[int]) -> list[Text]:
    if len(offsets) < 2:
        return []
    return [text("clock.zone-several", offsets=", ".join(_name(offset) for offset in sorted(offsets)))]


def _witness(evidence: Evidence, offset: int) -> str:
    return next((path for (_, written), path in evidence.samples.items() if written == offset), _name(offset))


def _fits(option: tzinfo, zone: tzinfo, evidence: Evidence) -> bool:
    """Whether `--tz` has the offset that is told, and every one that stamps show, when they show it."""
    shown = all(_shows(option, hour, offset) for hour, offset in evidence.samples)
    return shown and any(option.utcoffset(probe) == zone.utcoffset(probe) for probe in _PROBES)


def _shows(zone: tzinfo, hour: datetime, offset: int) -> bool:
    """Whether a zone has an offset at a local hour, be it the first or the second of that name."""
    return any(zone.utcoffset(hour.replace(fold=fold)) == timedelta(seconds=offset) for fold in (0, 1))


def _inferred(evidence: Evidence) -> ZoneChoice | None:
    """What a server's stamps show without saying it."""
    measured = most_common(evidence.hardware, least_share=0.6)
    # Zero is also what a hardware clock in local time looks like.
    if measured is not None and measured != 0:
        return ZoneChoice(_fixed(measured), text("clock.zone-hardware", zone=_name(measured)), False)
    # Some programs write UTC wherever they run: that counts only where nothing else is known.
    if evidence.zero:
        return ZoneChoice(UTC, text("clock.zone-written", zone=_name(0)), False)
    agreed = most_common(evidence.files, least_share=0.6)
    if agreed is not None and len(evidence.files) > 1:
        reason = text("clock.zone-files", zone=_name(agreed), count=len(evidence.files))
        return ZoneChoice(_fixed(agreed), reason, True)
    return None


def _of_others(
    own: Evidence,
    told: Mapping[str, ZoneChoice],
    inferred: Mapping[str, ZoneChoice],
    evidence: Mapping[str, Evidence],
) -> ZoneChoice:
    """The zone of most other servers; first of those whose files lie in the same place."""
    near = {server: choice for server, choice in told.items() if evidence[server].roots & own.roots}
    for choices in (near, told, inferred):
        if choices:
            zone = _most_usual(choices, evidence)
            return ZoneChoice(zone, text("clock.zone-others", zone=str(zone)), True)
    return ZoneChoice(UTC, text("clock.zone-assumed"), True)


def _most_usual(choices: Mapping[str, ZoneChoice], evidence: Mapping[str, Evidence]) -> tzinfo:
    """The zone of most servers; those of which something is known count first, then those with many records."""
    logs = {server: choice for server, choice in choices.items() if evidence[server].marks}
    sure = {server: choice for server, choice in logs.items() if not choice.assumed}
    considered = sure or logs or choices
    weights: dict[str, list[int]] = {}
    zones: dict[str, tzinfo] = {}
    for server, choice in considered.items():
        name = str(choice.zone)
        zones[name] = choice.zone
        weight = weights.setdefault(name, [0, 0])
        weight[0] += 1
        weight[1] += evidence[server].marks
    return zones[max(sorted(weights), key=lambda name: weights[name])] if weights else UTC


def _alike(one: tzinfo, other: tzinfo) -> bool:
    return all(one.utcoffset(probe) == other.utcoffset(probe) for probe in _PROBES)


def _fixed(offset: int) -> tzinfo:
    return timezone(timedelta(seconds=offset))


def _name(offset: int) -> str:
    sign = "-" if offset < 0 else "+"
    return f"{sign}{abs(offset) // 3600:02d}:{abs(offset) % 3600 // 60:02d}"


# --- UTC


def to_utc(local: datetime, offset: int | None, zone: tzinfo, after: datetime | None = None) -> datetime:
    """Local time to UTC: by its own offset, else in a zone.

    A time that the zone skips moves on by the gap. Of a time that exists twice the second one is meant where the first
    would lie before `after`, the record before it.
    """
    if offset is not None:
        return (local - timedelta(seconds=offset)).replace(tzinfo=UTC)
    first, second = _offsets(local, zone)
    found = _minus(local, first)
    if after is not None and first > second and found < after - _ANY_ORDER:
        later = _minus(local, second)
        return later if later >= after - _ANY_ORDER else found
    return found


def exists_twice(local: datetime, zone: tzinfo) -> bool:
    """Whether a clock in this zone shows a local time twice, because summer time ends."""
    first, second = _offsets(local, zone)
    return first > second


def is_skipped(local: datetime, zone: tzinfo) -> bool:
    """Whether no clock in this zone shows a local time, because summer time begins."""
    first, second = _offsets(local, zone)
    return first < second


def _minus(local: datetime, offset: timedelta) -> datetime:
    return (local - offset).replace(tzinfo=UTC)


def _offsets(local: datetime, zone: tzinfo) -> tuple[timedelta, timedelta]:
    """The offsets of a local time: of the first and of the second of that name."""
    return _of_day(local.year, local.month, local.day, zone) or _both(local, zone)


@lru_cache(maxsize=4096)
def _of_day(year: int, month: int, day: int, zone: tzinfo) -> tuple[timedelta, timedelta] | None:
    """The offsets of a whole local day, unless the zone changes on it: no zone changes twice a day.

    Thousands of stamps are of one day, and a zone of Python's takes long to tell the offset of each.
    """
    begins = datetime(year, month, day)
    found = {offset for time in (begins, begins + _REST_OF_DAY) for offset in _both(time, zone)}
    return (found.pop(),) * 2 if len(found) == 1 else None


def _both(local: datetime, zone: tzinfo) -> tuple[timedelta, timedelta]:
    first, second = (local.replace(tzinfo=zone, fold=fold).utcoffset() or timedelta(0) for fold in (0, 1))
    return first, second


def near(stamp: Stamp, reference: datetime, zone: tzinfo) -> datetime:
    """Date a single stamp in the year (and in the hour, of two of one name) that brings it nearest to a known time."""
    years = [stamp.year] if stamp.year is not None else [reference.year + d for d in (-1, 0, 1)]
    locals_ = [at_year(stamp, year) for year in years]
    candidates = [to_utc(local, stamp.offset, zone) for local in locals_]
    if stamp.offset is None:
        candidates += [_minus(local, _offsets(local, zone)[1]) for local in locals_ if exists_twice(local, zone)]
    return min(candidates, key=lambda t: abs(t - reference))
