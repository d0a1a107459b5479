"""The boots of one server, joined over all its streams."""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta
from heapq import heappop, heappush

from acforensics.boots.cutting import segments, whole
from acforensics.boots.matching import align
from acforensics.boots.missed import missed_starts
from acforensics.boots.model import Boot, Segment
from acforensics.events import Event, kind_of
from acforensics.lines.login_records import PROGRAMS as LOGIN_RECORDS
from acforensics.timeline import Track, absorb, interleave, same_line

_BEFORE_FIRST = timedelta(minutes=15)


def find_boots(server: str, tracks: Sequence[Track]) -> list[Boot]:
    """Return the boots of one server, oldest first.

    Args:
        server: its name.
        tracks: its streams; each in file order.
    """
    joined: list[list[Segment]] = []
    loose: list[Track] = []
    with_boots = [(track, segments(track)) for track in tracks if track.items]
    with_boots = [(track, _without_lost(track, found, with_boots)) for track, found in with_boots]
    with_boots.sort(key=lambda pair: (-sum(s.start_event is not None for s in pair[1]), pair[0].stream))
    _bridge([found for _, found in with_boots])
    for track, found in with_boots:
        if _is_loose(found):
            loose.append(track)
        else:
            joined = align(joined, found)
    if not joined:
        joined = [[whole(track)] for track in loose[:1]]
        loose = loose[1:]
    boots = [_boot(server, number, group) for number, group in enumerate(joined, start=1)]
    boots = _place_loose(server, boots, loose)
    for number, boot in enumerate(boots, start=1):
        boot.id = f"{server}#{number}"
        _order_events(boot)
    for earlier, later in itertools.pairwise(boots):
        earlier.following = later
    return boots


def _is_loose(found: Sequence[Segment]) -> bool:
    """Whether a stream shows no boots: its records go by their times."""
    return len(found) == 1 and found[0].start_event is None and not found[0].boot_id


def _bridge(streams: Sequence[Sequence[Segment]]) -> None:
    """Where a stream is silent the server may still be seen in those that show no boots: daily files, one by one."""
    bridges = sorted((s.first, s.until + s.silence) for found in streams if _is_loose(found) for s in found)
    firsts = [first for first, _ in bridges]
    latest = list(itertools.accumulate((until for _, until in bridges), max))
    for found in streams:
        for segment, following in itertools.zip_longest(found, found[1:]):
            reached = segment.last + segment.silence
            while (place := bisect_right(firsts, reached)) and latest[place - 1] > reached:
                reached = latest[place - 1]
            until = reached if following is None else min(reached, following.first)
            segment.silence = max(segment.silence, until - segment.last)


def _without_lost(
    track: Track, found: list[Segment], streams: Sequence[tuple[Track, Sequence[Segment]]]
) -> list[Segment]:
    """The segments of a stream, cut also where it lost a start that another stream holds."""
    if _is_loose(found) or any(segment.boot_id for segment in found):
        return found
    missed = missed_starts(found, [others for other, others in streams if other is not track])
    return segments(track, missed) if missed else found


def _boot(server: str, number: int, group: list[Segment]) -> Boot:
    start_events = sorted((s.start_event for s in group if s.start_event is not None), key=lambda e: e.time)
    # A boot whose first records are seen by one stream only from the middle still began where another saw it begin.
    # A listing in minutes cuts seconds off: it only tells where nothing else does.
    exact = [s for s in group if not s.coarse] or group
    whole = [s.first for s in exact if s.start_event is not None]
    starts = [s.start_event.time for s in exact if s.start_event is not None] or [e.time for e in start_events]
    return Boot(
        id=f"{server}#{number}",
        server=server,
        start=min([*starts, *whole]) if start_events else None,
        first=min(s.first for s in exact),
        last=max(s.last for s in exact),
        start_events=start_events,
        segments=group,
    )


def _place_loose(server: str, boots: list[Boot], tracks: list[Track]) -> list[Boot]:
    """Records of streams that show no boots (secure, cron, …) go to the boot that was running at their time."""
    early: list[Event] = []
    spans = _Spans(boots)
    for track in tracks:
        reached = 0
        for time, event, _ in track.items:
            # In file order, so that a clock that was wrong at a boot does not send a record back to an earlier one.
            found = spans.running(time, reached)
            if found is None:
                if event is not None:
                    early.append(event)
                continue
            reached = found
            if event is not None:
                boots[found].loose.append(event)
            boots[found].last = max(boots[found].last, time)
    relevant = [event for event in early if boots and boots[0].first - event.time <= _BEFORE_FIRST]
    if any(kind_of(e.kind).phase == "stop" or e.kind in ("os.command", "os.power_key") for e in relevant):
        whole = Segment(tracks[0], None, min(e.time for e in early), max(e.time for e in early), early)
        boots = [_boot(server, 0, [whole]), *boots]
    return boots


class _Spans:
    """From when to when each boot has records."""

    def __init__(self, boots: Sequence[Boot]) -> None:
        self._starts = [boot.start or boot.first for boot in boots]
        self._ends = [max(segment.until for segment in boot.segments) for boot in boots]
        self._begins_unseen = bool(boots) and boots[0].start is None
        # The earliest start of this boot and of those behind it.
        self._earliest = list(itertools.accumulate(reversed(self._starts), min))[::-1]

    def running(self, time: datetime, reached: int) -> int | None:
        """The boot whose records span this time, of those not before the last one that this stream has reached.

        Between two boots it is the earlier one, whose last lines others may lack.
        """
        begun: list[int] = []
        for i in range(reached, len(self._starts)):
            if self._earliest[i] > time:
                break
            if self._starts[i] <= time:
                if time <= self._ends[i]:
                    return i
                begun.append(i)
        if begun:
            return max(begun, key=lambda i: self._starts[i])
        return 0 if self._begins_unseen else None


def _order_events(boot: Boot) -> None:
    """One list in order: each segment keeps its file order; joined events appear once."""
    lists = [segment.events for segment in boot.segments] + [sorted(boot.loose, key=lambda event: event.time)]
    seen: set[int] = set()
    written: dict[tuple[str, str, str], _Written] = {}
    for number, position in interleave([[event.time for event in events] for events in lists]):
        event = lists[number][position]
        if id(event) in seen:
            continue
        seen.add(id(event))
        if kind_of(event.kind).phase != "start" or event.program in ("", *LOGIN_RECORDS):
            boot.events.append(event)
            continue
        # The same line of a start in another stream: syslog stamps it when it starts itself, a minute late.
        if written.setdefault(same_line(event), _Written()).witnessed_by(event):
            boot.doubles.append(event)
        else:
            boot.events.append(event)
    doubles = {id(event) for event in boot.doubles}
    boot.start_events = [event for event in boot.start_events if id(event) not in doubles]


class _Written:
    """The events of one text in a boot, by the streams that hold them, each in order."""

    def __init__(self) -> None:
        self._count = 0
        self._events: dict[frozenset[str], list[tuple[int, Event]]] = {}

    def witnessed_by(self, event: Event) -> bool:
        """Whether another stream holds this event: the first one that it does takes it as a witness."""
        apart = [held for streams, held in self._events.items() if held and not streams & event.streams]
        if not apart:
            self._add(self._count, event)
            self._count += 1
            return False
        number, twin = heappop(min(apart))
        absorb(twin, event)
        self._add(number, twin)
        return True

    def _add(self, number: int, event: Event) -> None:
        heappush(self._events.setdefault(frozenset(event.streams), []), (number, event))
