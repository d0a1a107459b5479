"""What each source of each server could have shown, and when."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from functools import cached_property
from itertools import accumulate
from typing import Literal, NamedTuple

from acforensics.boots import Boot
from acforensics.events import Event
from acforensics.sources.reading import Source

LOOKED_FOR: tuple[Source, ...] = ("syslog", "journal", "login-records", "audit")
"""Sources that every Linux server has or may have: those that a case lacks are listed."""
_GENERAL: tuple[Source, ...] = ("syslog", "journal")
"""Sources that many programs write to; others hold certain records only, and are asked for by the kinds of these."""
SPECIAL = re.compile(r"^(?:secure|auth|cron|mail)", re.IGNORECASE)
"""Logs of one purpose: with them alone nothing is known of the system's start and stop."""
# A loss in one log is a hole in every log that is fed from it.
_FEEDS: Mapping[str, tuple[Source, ...]] = {
    "syslog": ("syslog",),
    "journal": ("journal", "syslog"),
    "kernel": ("journal", "syslog"),
    "audit": ("audit",),
}


class Span(NamedTuple):
    """A boot from its first to its last record, over all sources of the server: the machine was on."""

    boot: str
    start: datetime
    end: datetime


class _Stretch:
    """A time without records."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """How long it lasts."""
        return self.end - self.start


@dataclass(frozen=True)
class Gap(_Stretch):
    """A silence within one boot, far longer than any other of this source.

    No other silence is longer than `rhythm`; `others` are the server's streams that have records meanwhile: without
    any, the machine may as well have been hung or had nothing to say.
    """

    boot: str
    start: datetime
    end: datetime
    rhythm: timedelta
    others: tuple[str, ...] = ()
    before: Event | None = None
    after: Event | None = None
    """The nearest recognised records before and after it."""


@dataclass(frozen=True)
class Hole(_Stretch):
    """A part of a rotation set that is not there: between the last record of `older` and the first of `newer`.

    `missing` names the files, where their numbers tell; else the dates of the files leave room for one or more.
    """

    start: datetime
    end: datetime
    older: str
    newer: str
    missing: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    before: Event | None = None
    after: Event | None = None


@dataclass(frozen=True)
class Loss:
    """A time in which a log says that it lost records.

    `log` is the one that lacks them: `syslog`, `journal`, `kernel` or `audit`; `units` (or pids) are whose records they
    were, as far as told. `count` adds up what is told; `None` where no message tells a number.
    """

    log: str
    start: datetime
    end: datetime
    count: int | None
    units: tuple[str, ...]
    events: tuple[Event, ...]
    """The first and the last message of it."""
    messages: int = 1


class Lack(NamedTuple):
    """Why a record of some time would not be seen in one log (`name`), or in none (empty).

    `damaged`: a file of it could be read in part only. `outside`: it has no records before, or none after.
    """

    name: str
    reason: Literal["absent", "outside", "gap", "hole", "loss", "damaged"]
    start: datetime
    end: datetime


@dataclass(frozen=True)
class SourceCoverage:
    """One rotation set as far as it concerns one server."""

    server: str
    stream: str
    source: Source
    inputs: tuple[str, ...]
    first: datetime
    last: datetime
    marks: int
    """Records that were looked at: all near starts and stops, samples elsewhere."""
    records: int | None
    """Records in its files; `None` where these hold records of several servers."""
    gaps: tuple[Gap, ...] = ()
    holes: tuple[Hole, ...] = ()
    losses: tuple[Loss, ...] = ()
    damaged: tuple[tuple[datetime, datetime], ...] = ()
    """From where to where a file reaches that could be read in part only: until the next one begins."""
    kinds: frozenset[str] = frozenset()
    """Kinds of events that it shows."""
    seen: Mapping[str, Span] = field(default_factory=dict)
    """Its first and last record in each boot."""

    def reaches(self, start: datetime, end: datetime) -> bool:
        """Whether it has records of one boot before and after a time."""
        starts, ends = self._reach
        before = bisect_right(starts, start)
        return before > 0 and end < ends[before - 1]

    @cached_property
    def _reach(self) -> tuple[list[datetime], list[datetime]]:
        """The starts of what it has seen, and up to each the latest end."""
        spans = sorted(self.seen.values(), key=lambda seen: seen.start)
        return [seen.start for seen in spans], list(accumulate((seen.end for seen in spans), max))

    @property
    def shared(self) -> bool:
        """Whether its files hold records of several servers."""
        return self.records is None

    @property
    def name(self) -> str:
        """The log's file name without rotation."""
        return self.stream.rpartition("/")[2]


@dataclass(frozen=True)
class Coverage:
    """What the case's sources could have shown. Sources are ordered by server and stream."""

    sources: tuple[SourceCoverage, ...] = ()
    spans: Mapping[str, Sequence[Span]] = field(default_factory=dict)
    """The boots of each server, oldest first."""

    def of(self, server: str) -> list[SourceCoverage]:
        """The sources of one server."""
        return [source for source in self.sources if source.server == server]

    def absent(self, server: str) -> list[Source]:
        """Usual sources of which this server has none."""
        present = {source.source for source in self.of(server)}
        return [source for source in LOOKED_FOR if source not in present]

    def would_show(self, server: str, kinds: Collection[str]) -> list[SourceCoverage]:
        """Sources of a server that hold such records: those that do, else the logs of the names that do elsewhere.

        Which log a record goes to is each server's own setting: what its own logs show outweighs another server's.

        Args:
            server: its name.
            kinds: event kinds; `clusterpro.*` for any of a layer.
        """
        showing = [
            source for source in self.sources if any(fnmatchcase(seen, kind) for seen in source.kinds for kind in kinds)
        ]
        own = [source for source in showing if source.server == server]
        shown = {(source.source, source.name) for source in own or showing}
        return [source for source in self.of(server) if (source.source, source.name) in shown]

    def covers(
        self,
        server: str,
        start: datetime,
        end: datetime | None = None,
        *,
        kinds: Collection[str] = (),
        sources: Collection[str] = (),
    ) -> bool:
        """Whether a record written at any time from `start` to `end` would be in one of the server's sources.

        Only then is its absence worth anything. The source must have records of the same boot before and after, and
        no gap, hole or loss between; towards the end of a boot, syslog stops before the machine does.

        Args:
            server: its name.
            start: a time (UTC).
            end: later or equal; by default `start`.
            kinds: only sources that show such records elsewhere (see `would_show`).
            sources: only sources of these sorts, or streams of these names. Without this and `kinds`: syslog files and
                journals.
        """
        found = self.would_show(server, kinds) if kinds else self.of(server)
        sources = sources or (() if kinds else _GENERAL)
        return any(
            self.source_covers(source, start, end or start)
            for source in found
            if not sources or source.source in sources or source.stream in sources
        )

    def general(self, server: str) -> list[SourceCoverage]:
        """Logs of a server that many programs write to; not those of one purpose, such as secure or cron."""
        return [s for s in self.of(server) if s.source in _GENERAL and not SPECIAL.match(s.name)]

    def source_covers(self, source: SourceCoverage, start: datetime, end: datetime) -> bool:
        """Whether this one source would have shown a record written at any time from `start` to `end`."""
        return self.lack(source, start, end) is None

    def lack(self, source: SourceCoverage, start: datetime, end: datetime) -> Lack | None:
        """Why this one source may not have shown a record written at some time from `start` to `end`."""
        if not source.reaches(start, end):
            return Lack(source.name, "outside", start, end)
        for hole in source.holes:
            if start < hole.end and end > hole.start:
                return Lack(source.name, "hole", hole.start, hole.end)
        for gap in source.gaps:
            if start < gap.end and end > gap.start:
                return Lack(source.name, "gap", gap.start, gap.end)
        for since, until in source.damaged:
            if start <= until and end >= since:
                return Lack(source.name, "damaged", since, until)
        return self._lost(source, start, end)

    def _lost(self, source: SourceCoverage, start: datetime, end: datetime) -> Lack | None:
        for recording in self.of(source.server):
            for loss in recording.losses:
                if source.source in _FEEDS.get(loss.log, ()) and start <= loss.end and end >= loss.start:
                    return Lack(source.name, "loss", loss.start, loss.end)
        return None

    def seam(self, source: SourceCoverage, boot: Boot, following: Boot) -> Lack | None:
        """Why this one source may lack the end of a boot: records between its last one and the next boot's first."""
        before, after = source.seen.get(boot.id), source.seen.get(following.id)
        if before is None or after is None:
            return Lack(source.name, "outside", boot.last, following.start or following.first)
        for hole in source.holes:
            if before.end <= hole.end and hole.start <= after.start:
                return Lack(source.name, "hole", hole.start, hole.end)
        for since, until in source.damaged:
            if before.end <= until and since <= after.start:
                return Lack(source.name, "damaged", since, until)
        return None
