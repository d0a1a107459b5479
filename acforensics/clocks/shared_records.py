"""The zone of a file without one, from records that stand in it and, with UTC, in another file of the same server.

A login stands in `wtmp` in seconds since 1970 and in a listing of `last` in local time; a line of the system log in
the journal, too. The one offset at which most of them are the same records is the zone in which the file was written.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

from acforensics.clocks.places import Hosts, Place
from acforensics.clocks.years import at_year
from acforensics.events import Hit
from acforensics.sources import Reading

_GRID = 900
_WEST, _EAST = -12 * 3600, 14 * 3600
_TIDY = timedelta(seconds=2)
# A system log may be written some time after the journal, as long as it starts later.
_LATE = {"line": 60, "login": 2, "user": 2, "command": 2}
_USERS_KINDS = {"os.command", "os.session_opened", "os.session_closed"}
_MOST_RECORDS = 2000
_MOST_TIMES = 20_000
_MOST_TWINS = 64
"""What is repeated more often within a day, as a job of cron, tells no offset."""
_MOST_YEARS = 12
_LEAST_SHARE = 0.5
_NEXT_BEST = 0.8
_FITTING = 0.9
_APART = timedelta(minutes=15)

Key = tuple[str, str, str, str]


class _Twin(NamedTuple):
    """A record that may be the same one: the local time of the one, UTC of the other, and who wrote the other."""

    local: datetime
    utc: datetime
    slack: tuple[int, int]
    other: str

    def offset(self) -> int | None:
        """Seconds east of UTC at which both are the same; `None` where there is no such zone."""
        seconds = (self.local - self.utc).total_seconds()
        least, most = self.slack
        offset = round((seconds - (least + most) / 2) / _GRID) * _GRID
        fits = least <= seconds - offset <= most and _WEST <= offset <= _EAST
        return offset if fits else None

    def same_in(self, zone: tzinfo) -> bool:
        """Whether both are the same in a zone."""
        offset = self.utc.replace(tzinfo=UTC).astimezone(zone).utcoffset() or timedelta(0)
        return self.slack[0] <= (self.local - self.utc - offset).total_seconds() <= self.slack[1]


@dataclass(frozen=True)
class SharedRecords:
    """What the records that a file shares with others of its server show."""

    offset: int
    count: int
    """So many records are the same at this offset."""
    path: str
    other: str
    """The file with most of them."""
    twins: Sequence[Sequence[_Twin]]

    def contradict(self, zone: tzinfo) -> bool:
        """Whether the records do not fit a zone nearly as well."""
        return sum(any(twin.same_in(zone) for twin in own) for own in self.twins) < self.count * _FITTING


def shared_records(readings: Sequence[Reading], places: Sequence[Place], hosts: Hosts) -> dict[int, SharedRecords]:
    """What shared records show of each file; by the place of its reading."""
    bare = [_bare(reading, place, hosts) for reading, place in zip(readings, places, strict=True)]
    dated: dict[str, dict[Key, list[tuple[datetime, str]]]] = {}
    for reading, place, hits in zip(readings, places, bare, strict=True):
        for hit in hits:
            dated.setdefault(place.server, {}).update((key, []) for key in _keys(reading, hit))
    for reading, place in zip(readings, places, strict=True):
        for hit in reading.hits:
            own = dated.get(hosts.name(hit.host) or place.server)
            if own is None or hit.stamp.offset is None or hit.stamp.year is None:
                continue
            utc = at_year(hit.stamp, hit.stamp.year) - timedelta(seconds=hit.stamp.offset)
            for key in _keys(reading, hit):
                if key in own and len(own[key]) < _MOST_TIMES:
                    own[key].append((utc, reading.path))
    for own in dated.values():
        for times in own.values():
            times.sort()
    found = {}
    for i, (reading, place, hits) in enumerate(zip(readings, places, bare, strict=True)):
        shown = _shown(reading, hits, dated[place.server]) if hits else None
        if shown is not None:
            found[i] = shown
    return found


def _bare(reading: Reading, place: Place, hosts: Hosts) -> list[Hit]:
    """The server's own records without an offset in a file, or some of them throughout it."""
    found = [
        hit
        for hit in reading.hits
        if hit.stamp.offset is None and (hosts.name(hit.host) or place.server) == place.server
    ]
    return found[:: len(found) // _MOST_RECORDS + 1]


def _keys(reading: Reading, hit: Hit) -> Iterator[Key]:
    """What a record has in common with other records of the same; the first word says how near they must be."""
    user = hit.fields.get("user", "")
    if reading.source == "login-records":
        yield ("login", hit.kind, user, hit.fields.get("tty", ""))
    elif reading.source in ("syslog", "journal") and hit.message:
        yield ("line", hit.program, hit.message[:300], "")
    if user and hit.kind in _USERS_KINDS:
        yield ("user", hit.kind, user, "")
    if hit.kind == "os.command" and hit.fields.get("command"):
        # Where audit does not name the user; it has the command as it was typed, sudo with the program's folder.
        program, _, words = hit.fields["command"][:300].partition(" ")
        yield ("command", program.rpartition("/")[2], words, "")


def _shown(reading: Reading, bare: Sequence[Hit], dated: dict[Key, list[tuple[datetime, str]]]) -> SharedRecords | None:
    twins = [own for hit in bare if (own := list(_twins(reading, hit, dated)))]
    votes: Counter[int] = Counter()
    weights: dict[int, float] = {}
    for own in twins:
        offsets = {offset for twin in own if (offset := twin.offset()) is not None}
        for offset in offsets:
            votes[offset] += 1
            # What would do at many offsets speaks for none of them.
            weights[offset] = weights.get(offset, 0) + 1 / len(offsets)
    if not weights:
        return None
    best = max(sorted(weights), key=lambda offset: weights[offset])
    agreeing = [twin for own in twins for twin in own if twin.offset() == best]
    others = [weight for offset, weight in weights.items() if offset != best]
    if (
        votes[best] < _LEAST_SHARE * len(twins)
        or max(others, default=0) > _NEXT_BEST * weights[best]
        or not _are_several([twin.local for twin in agreeing])
    ):
        return None
    other = max(sorted(counts := Counter(twin.other for twin in agreeing)), key=lambda path: counts[path])
    return SharedRecords(best, votes[best], reading.path, other, twins)


def _twins(reading: Reading, hit: Hit, dated: dict[Key, list[tuple[datetime, str]]]) -> Iterator[_Twin]:
    """The records with UTC that this one may be, at any offset."""
    for key in _keys(reading, hit):
        times = dated.get(key)
        if not times:
            continue
        years = [hit.stamp.year] if hit.stamp.year is not None else _years(times)
        for local in (at_year(hit.stamp, year) for year in years):
            first = bisect_left(times, (local - timedelta(seconds=_EAST + _LATE[key[0]]), ""))
            last = bisect_left(times, (local - timedelta(seconds=_WEST) + _TIDY + timedelta(minutes=1), ""))
            if last - first <= _MOST_TWINS:
                slack = (-int(_TIDY.total_seconds()) - hit.stamp.resolution + 1, _LATE[key[0]])
                yield from (_Twin(local, utc, slack, path) for utc, path in times[first:last])


def _years(times: Sequence[tuple[datetime, str]]) -> Sequence[int]:
    """The years in which a record without one may be one of these."""
    first, last = (times[0][0] - timedelta(days=1)).year, (times[-1][0] + timedelta(days=1)).year
    return range(max(first, last - _MOST_YEARS), last + 1)


def _are_several(times: Sequence[datetime]) -> bool:
    """Whether the records stand at several times: what every start writes in its own rhythm counts once."""
    minutes = {time.replace(second=0, microsecond=0) for time in times}
    return len(minutes) > 1 and (len(minutes) > 2 or max(times) - min(times) > _APART)
