"""One stream is cut into boots: at every start of a kernel that it shows, or where its source names another boot."""

from __future__ import annotations

import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta

from acforensics.boots.missed import Missed, entry
from acforensics.boots.model import Segment
from acforensics.events import kind_of
from acforensics.lines.login_records import PROGRAMS as LOGIN_RECORDS
from acforensics.timeline import EARLY_LINES, KERNEL_STARTS, SAME_MOMENT, Item, Track, stops

_STOPPING = timedelta(seconds=120)
_CAUGHT_UP = 2000
_TWICE = timedelta(seconds=2)
_ONE_MISSED = 2
"""A stream that goes by hours may be silent for two."""
# In a stream that holds no kernel lines, one of these says that the machine went down; the next record is a new boot.
_DECISIVE_STOPS = {
    "os.shutdown_started",
    "os.shutdown_recorded",
    "os.runlevel_switched",
    "os.target_reached",
    "clusterpro.stopping",
}


def segments(track: Track, missed: Sequence[Missed] = ()) -> list[Segment]:
    """Cut one stream at every start of a kernel that it shows, or where its source names another boot.

    Args:
        track: the stream.
        missed: starts that it lost, in order of time.
    """
    if any(item.boot for item in track.items):
        return _named(track)
    starts = _starts(track)
    cuts = [_early_lines(track, index, lower) for index, lower in zip(starts, [-1, *starts], strict=False)]
    for cut, start in zip(cuts, starts, strict=True):
        _forget_early_line(track, cut, start)
    if cuts and _only_early_lines(track, cuts[0]):
        cuts[0] = 0
    if not starts:
        cuts = _cuts_without_kernel(track)
        starts = [-1] * len(cuts)
    lost = _lost(track, [0, *cuts, len(track.items)], missed)
    both = sorted([*zip(cuts, starts, strict=True), *((place, -1) for place in lost)])
    bounds = [0, *(cut for cut, _ in both), len(track.items)]
    events = [None, *(track.items[i].event if i >= 0 else None for _, i in both)]
    found = []
    for number, (begin, end) in enumerate(itertools.pairwise(bounds)):
        if begin == end:
            continue
        start_event = events[number]
        following = events[number + 1] if number + 1 < len(events) else None
        items = track.items[begin:end]
        first, last = min(items[0].time, lost.get(begin, items[0].time)), items[-1].time
        before = following.previous.time if following is not None and following.previous is not None else None
        if following is not None and before is not None and before >= first:
            last = max(last, before) if last <= following.time else before
        found.append(
            Segment(
                track,
                start_event,
                min(first, last),
                max(first, last),
                [item.event for item in items if item.event is not None],
            )
        )
    _set_silences(track, bounds, found)
    return found


def _set_silences(track: Track, bounds: Sequence[int], found: Sequence[Segment]) -> None:
    """How long each of them may have been silent: as long as the stream is elsewhere, at most until its next start.

    Login records may say nothing between two starts.
    """
    logins = any(event.program in LOGIN_RECORDS for segment in found for event in segment.events[:1])
    times = [item.time for item in track.items]
    inside = (
        itertools.pairwise(times)
        if logins
        else itertools.chain.from_iterable(
            itertools.pairwise(times[begin:end]) for begin, end in itertools.pairwise(bounds)
        )
    )
    longest = max((later - earlier for earlier, later in inside), default=timedelta(0))
    for segment, following in itertools.zip_longest(found, found[1:]):
        until = _ONE_MISSED * longest if following is None else following.first - segment.last
        segment.silence = max(timedelta(0), until if logins else min(until, _ONE_MISSED * longest))


def _lost(track: Track, bounds: Sequence[int], missed: Sequence[Missed]) -> dict[int, datetime]:
    """Where boots begin whose starts the stream lost, and when they began."""
    found: dict[int, datetime] = {}
    starts = [start.time for start in missed]
    for begin, end in itertools.pairwise(bounds) if missed else ():
        since = begin
        times = [item.time for item in track.items[begin:end]]
        inside = slice(bisect_left(starts, min(times)), bisect_right(starts, max(times))) if times else slice(0)
        for start in missed[inside]:
            place = entry(track.items, since, end, start)
            if place is not None:
                found[place] = start.time
                since = place
    return found


def whole(track: Track) -> Segment:
    """A stream that shows no boots, as one."""
    times = [item.time for item in track.items]
    return Segment(track, None, min(times), max(times), track.events)


def _named(track: Track) -> list[Segment]:
    """One segment for each boot that the source names, in the order in which they come up."""
    groups: dict[str, list[Item]] = {}
    for item in track.items:
        groups.setdefault(item.boot, []).append(item)
    found = []
    for name, items in groups.items():
        times = [item.time for item in items]
        events = [item.event for item in items if item.event is not None]
        start = next((e for e in events if e.kind in KERNEL_STARTS and "repeated" not in e.fields), None)
        identifier = "" if name.startswith("~") else name
        found.append(Segment(track, start, min(times), max(times), events, identifier))
    return found


def _only_early_lines(track: Track, cut: int) -> bool:
    """Whether what stands before a stream's first boot is that boot's own: nothing but start-up, just before.

    Logs that were sorted by time have the lines of a boot before its first kernel line, which is stamped late.
    """
    begun = track.items[cut].time
    before = track.items[:cut]
    return all(
        begun - item.time <= SAME_MOMENT and (item.event is None or kind_of(item.event.kind).phase == "start")
        for item in before
    )


def _starts(track: Track) -> list[int]:
    """Positions of first kernel lines; a command line belongs to the `Linux version` just before it."""
    found: list[int] = []
    for i, (time, event, _) in enumerate(track.items):
        if event is None or "repeated" in event.fields:
            continue
        if event.kind == "os.boot":
            if not _same_start(track, found, i):
                found.append(i)
        elif event.kind == "os.boot_command_line":
            last = track.items[found[-1]] if found else None
            near = last is not None and abs(time - last.time) <= SAME_MOMENT
            if not near or _stopped_within(track.items[found[-1] : i]):
                found.append(i)
    return found


def _same_start(track: Track, found: list[int], position: int) -> bool:
    """Whether a kernel's first line is written twice (two inputs of syslog read the kernel's log)."""
    if not found:
        return False
    (earlier_time, earlier, _), (time, event, _) = track.items[found[-1]], track.items[position]
    if earlier is None or event is None or earlier.message != event.message or abs(time - earlier_time) > _TWICE:
        return False
    return not _stopped_within(track.items[found[-1] : position])


def _stopped_within(items: Sequence[Item]) -> bool:
    return any(item.event is not None and item.event.kind in _DECISIVE_STOPS for item in items)


def _early_lines(track: Track, start: int, lower: int) -> int:
    """Include the lines of the new boot that stand before its first kernel line."""
    begun = track.items[start].time
    daemon = _audit_start(track, start, lower)
    if daemon is not None:
        return daemon
    cut = start
    while cut - 1 > lower:
        item = track.items[cut - 1]
        if not begun <= item.time <= begun + EARLY_LINES or stops(item):
            break
        cut -= 1
    return cut


def _forget_early_line(track: Track, cut: int, start: int) -> None:
    """A file may begin with the early lines of a boot: the line before its start is none of the boot before then."""
    event = track.items[start].event
    line = event.previous if event is not None else None
    if event is not None and line is not None and any(item.time == line.time for item in track.items[cut:start]):
        event.previous = None


def _audit_start(track: Track, start: int, lower: int) -> int | None:
    """Where an audit log shows the start that this mark belongs to; `None` in other logs, or where it shows no more.

    Its boot record comes seconds after the daemon's start and behind the kernel's earlier records, with which the log
    catches up. Where the daemon's start is lost, the records of the seconds before are of that boot as well; in a log
    that begins shortly before, all are.
    """
    begun, mark = track.items[start].time, track.items[start].event
    caught_up = start
    for i in range(start - 1, max(lower, start - _CAUGHT_UP), -1):
        time, event, _ = track.items[i]
        if abs(time - begun) > EARLY_LINES or stops(track.items[i]):
            break
        if event is not None and event.kind == "os.audit_started":
            if mark is not None:
                mark.previous = event.previous
            return i
        if abs(time - begun) <= SAME_MOMENT or i == 0:
            caught_up = i
    if mark is None or mark.program != "audit":
        return None
    if mark.previous is not None and abs(begun - mark.previous.time) <= SAME_MOMENT:
        # Not the last line of the boot before.
        mark.previous = None
    return caught_up


def _cuts_without_kernel(track: Track) -> list[int]:
    cuts: list[int] = []
    stopped: datetime | None = None
    for i, (time, event, _) in enumerate(track.items):
        if stopped is not None:
            begins = event is not None and kind_of(event.kind).phase == "start"
            if begins or time - stopped > _STOPPING:
                cuts.append(i)
                stopped = None
        if event is not None and event.kind in _DECISIVE_STOPS and "repeated" not in event.fields:
            stopped = time
        elif event is not None and event.kind == "os.shutdown_cancelled":
            stopped = None
    return cuts
