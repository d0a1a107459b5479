"""One clock for a case: what is known of every server's clock, and times turned from one to the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Literal

from acforensics.events import Event
from acforensics.texts import Text

Basis = Literal["reference", "estimated", "bounded", "given", "unknown"]


@dataclass(frozen=True)
class Pair:
    """Two records of one occurrence, on two servers, each in UTC as its own clock wrote it; `one` < `other`.

    `slack`: by how many seconds the record on `other` may lie after that on `one` in truth: (least, most).
    """

    one: str
    other: str
    one_time: datetime
    other_time: datetime
    one_event: Event
    other_event: Event
    slack: tuple[float, float]
    kind: str


@dataclass(frozen=True)
class Span:
    """A stretch of one server's own time (UTC by its own clock) with one offset.

    `offset`: seconds that its clock is ahead of the case's clock (negative: behind), right within ± `spread`.
    After a clock was set back two spans overlap: readings of that stretch occurred twice.
    """

    since: datetime | None
    until: datetime | None
    offset: float
    spread: float
    pairs: tuple[Pair, ...] = ()

    @property
    def correction(self) -> float:
        """Seconds that are taken off: nothing where the offset cannot be told from none."""
        return self.offset if abs(self.offset) > self.spread else 0.0

    def covers(self, time: datetime) -> bool:
        """Whether the server's clock may have shown this time in this span."""
        return (self.since is None or time >= self.since) and (self.until is None or time <= self.until)


@dataclass(frozen=True)
class ServerClock:
    """What is known of one server's clock. Stretches of which nothing is known have no span."""

    server: str
    basis: Basis
    spans: tuple[Span, ...]
    note: Text
    anchor: str = ""
    """The server from whose clock its offset counts, where that is not the case's: nothing joins the two."""

    def at(self, time: datetime) -> Span | None:
        """The span of a reading of this clock; of two that overlap the later one."""
        return next((span for span in reversed(self.spans) if span.covers(time)), None)


@dataclass(frozen=True)
class CaseClock:
    """One clock for a case: every server's own time can be turned into it, where the offset is known."""

    servers: Mapping[str, ServerClock]

    def corrected(self, server: str, time: datetime) -> datetime:
        """A server's own UTC as UTC of the case's clock; unchanged where nothing is known or nothing can be told."""
        span = self._span(server, time) if server in self._moved else None
        if span is None or not span.correction:
            return time
        try:
            return time - timedelta(seconds=span.correction)
        except OverflowError:
            return time

    def corrections(self, server: str) -> tuple[timedelta, timedelta]:
        """The least and the most that is taken off any time of a server."""
        clock = self.servers.get(server)
        seconds = [0.0, *(span.correction for span in clock.spans)] if clock is not None else [0.0]
        return timedelta(seconds=min(seconds)), timedelta(seconds=max(seconds))

    def uncertainty(self, one: str, other: str, time: datetime) -> timedelta | None:
        """By how much corrected times of two servers about `time` may be apart in truth though they are equal.

        `None`: not known at all.
        """
        if one == other:
            return timedelta(0)
        anchors = {self.servers[server].anchor for server in (one, other) if server in self.servers}
        if len(anchors) > 1:
            return None
        total = 0.0
        for server in (one, other):
            span = self._span(server, time)
            if span is None:
                return None
            twins = [twin for twin in self.servers[server].spans if twin.covers(time)]
            total += max(abs(twin.offset - span.correction) + twin.spread for twin in twins)
        return timedelta(seconds=total)

    @cached_property
    def _moved(self) -> set[str]:
        """Servers from whose times anything is taken off."""
        return {name for name, clock in self.servers.items() if any(span.correction for span in clock.spans)}

    def _span(self, server: str, time: datetime) -> Span | None:
        clock = self.servers.get(server)
        return clock.at(time) if clock is not None else None
