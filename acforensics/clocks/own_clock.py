"""What a server's own log says of its clock: steps with their amount, other places where it may have been set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from acforensics.events import Event, Hit

MarkKind = Literal["step", "jump", "boot"]

# Smaller steps lie within what pairs of records can tell.
_LEAST_STEP = 1.0
_MOST_STEP = 10 * 366 * 86400.0
# A clock that is set so soon after a start was read wrongly from the hardware clock at that start.
_SOON_AFTER_BOOT = timedelta(minutes=15)
_SAME_STEP = timedelta(seconds=5)
_SAME_CHANGE = timedelta(minutes=2)
# Lines of one file may stand in slightly mixed order; more than this is a clock set back.
_LEAST_JUMP = timedelta(seconds=5)
# A clock that is set without end tells nothing any more.
_MOST_STEPS = 64
_MOST_JUMPS = 20


@dataclass(frozen=True)
class ClockMark:
    """A place in a server's events at which its clock may have been set."""

    order: int
    time: datetime
    kind: MarkKind


@dataclass(frozen=True)
class Step:
    """A step whose amount the log tells: the clock was moved by `seconds` just before `time` (its new reading).

    `since` is the position from which the clock had been wrong by that much: its boot, or 0.
    """

    order: int
    time: datetime
    seconds: float
    stream: str
    since: int

    @property
    def left(self) -> datetime:
        """The old reading at the moment of the step."""
        return self.time - timedelta(seconds=self.seconds)


@dataclass
class OwnClock:
    """One server's events with the steps of its clock that its log tells."""

    server: str
    events: Sequence[Event]
    steps: list[Step] = field(default_factory=list)
    marks: list[ClockMark] = field(default_factory=list)

    def shift(self, order: int) -> float:
        """Seconds from an event's stamp to the server's last clock, as far as the log tells its steps."""
        return sum(step.seconds for step in self.steps if order >= step.since and self._before(order, step))

    def _before(self, order: int, step: Step) -> bool:
        event = self.events[order]
        if event.stream == step.stream:
            return order < step.order
        # Streams are merged by time: around a step their order is not the true one.
        if step.seconds > 0:
            return event.time < step.left + (step.time - step.left) / 2
        if event.time < step.time:
            return True
        return event.time < step.left and order < step.order


def read_clock(server: str, events: Sequence[Event]) -> OwnClock:
    """Collect from a server's events, in order, what they say of its clock."""
    clock = OwnClock(server, events)
    last: dict[str, datetime] = {}
    jumps: dict[str, list[ClockMark]] = {}
    boots: list[tuple[int, Event]] = []
    for order, event in enumerate(events):
        if event.stream in last and event.time < last[event.stream] - _LEAST_JUMP:
            jumps.setdefault(event.stream, []).append(ClockMark(order, event.time, "jump"))
        last[event.stream] = event.time
        if event.kind == "os.boot":
            boots.append((order, event))
            clock.marks.append(ClockMark(order, event.time, "boot"))
        elif event.kind == "os.clock_stepped" and not _is_in_times(event, boots):
            clock.marks.append(ClockMark(order, event.time, "step"))
            _add_step(clock, order, event, boots)
    clock.steps = clock.steps[-_MOST_STEPS:]
    # A stream that is not written in the order of time (a listing) says nothing by its order.
    clock.marks += [mark for found in jumps.values() if len(found) <= _MOST_JUMPS for mark in found]
    clock.marks.sort(key=lambda mark: mark.order)
    return clock


def _add_step(clock: OwnClock, order: int, event: Event, boots: Sequence[tuple[int, Event]]) -> None:
    seconds = seconds_told(event)
    if seconds is None:
        return
    # One step may be told twice, by one program in two forms or in two logs.
    for known in reversed(clock.steps[-4:]):
        if abs(known.time - event.time) <= _SAME_STEP and abs(known.seconds - seconds) < 0.01:
            return
    try:
        step = Step(order, event.time, seconds, event.stream, 0)
        boot = _boot_of(event, boots)
        if boot is not None and step.left - boot[1].time <= _SOON_AFTER_BOOT:
            step = Step(order, event.time, seconds, event.stream, boot[0])
    except OverflowError:
        return
    clock.steps.append(step)


def _is_in_times(event: Event, boots: Sequence[tuple[int, Event]]) -> bool:
    """Whether the start of its boot is already on the clock that this step set, and no record on the one before."""
    boot, seconds = _boot_of(event, boots), seconds_told(event)
    if boot is None or seconds is None:
        return False
    since = event.time - boot[1].time
    if not -_SAME_STEP <= since <= _SOON_AFTER_BOOT + _SAME_CHANGE:
        return False
    moved = (boot[1].time - boot[1].witnesses[0].time).total_seconds() if boot[1].witnesses else 0.0
    by_other_clock = abs(seconds) > (_SOON_AFTER_BOOT + _SAME_CHANGE).total_seconds()
    return by_other_clock or (moved != 0 and abs(moved - seconds) <= _SAME_CHANGE.total_seconds())


def _boot_of(event: Event, boots: Sequence[tuple[int, Event]]) -> tuple[int, Event] | None:
    """The start of the boot that a record belongs to: by its own log, else by any."""
    for boot in reversed(boots[-8:]):
        if event.stream in boot[1].streams:
            return boot
    return boots[-1] if boots else None


def seconds_told(event: Event | Hit) -> float | None:
    """By how much a record says that the clock was moved (positive: forward), unless it was next to nothing."""
    try:
        found = float(event.fields.get("seconds") or event.fields.get("offset") or "")
    except ValueError:
        return None
    return found if _LEAST_STEP <= abs(found) <= _MOST_STEP else None
