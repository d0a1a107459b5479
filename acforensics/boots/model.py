"""A boot as one stream shows it, and as all streams of a server show it together."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from acforensics.events import Event, Witness
from acforensics.timeline import Track

_MINUTE = 60
CUT_OFF = timedelta(seconds=59)
"""What a listing in minutes may cut off a time."""


@dataclass
class Segment:
    """A boot as one stream shows it. `start_event` is the kernel's first line, absent where the stream begins later."""

    track: Track
    start_event: Event | None
    first: datetime
    last: datetime
    events: list[Event]
    boot_id: str = ""
    """The journal's name of the boot, where the stream has it."""
    silence: timedelta = timedelta(0)
    """How long the stream may have said nothing behind it although the boot went on: it holds no start until then."""

    @property
    def coarse(self) -> bool:
        """Whether its times are those of a listing in minutes, as far as no other log tells them better."""
        return any(event.resolution >= _MINUTE for event in self.events)

    @property
    def until(self) -> datetime:
        """The latest that its last record may be of."""
        return self.last + CUT_OFF if self.coarse else self.last


@dataclass
class Boot:
    """One boot of a server. `start` is `None` where no stream holds its beginning; `last` is its last record (UTC)."""

    id: str
    server: str
    start: datetime | None
    first: datetime
    last: datetime
    start_events: list[Event]
    segments: list[Segment]
    loose: list[Event] = field(default_factory=list)
    """Events of streams that show no boots, placed here by their time."""
    events: list[Event] = field(default_factory=list)
    """All of them, in order of occurrence."""
    doubles: list[Event] = field(default_factory=list)
    """Records of events that another stream stamps otherwise: they are witnesses of those now."""
    following: Boot | None = None

    @property
    def lines_before(self) -> list[Witness]:
        """The lines with which the logs of this server broke off, or ended in order, before this boot."""
        starts = [segment.start_event for segment in self.segments if segment.start_event is not None]
        return [event.previous for event in starts if event.previous is not None]
