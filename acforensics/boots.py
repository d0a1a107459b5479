"""Boots of each server: the time from a start of its kernel to its end, joined over all streams of that server.

A kernel's first line starts a boot; a restart of syslog or of a service does not. The segments that different streams
see are one boot where their spans overlap, because the stamps of a boot's first lines differ from stream to stream by
a minute.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from acforensics.events import Event, Witness, kind_of
from acforensics.lines.login_records import PROGRAMS as LOGIN_RECORDS
from acforensics.timeline import Item, Track, absorb, interleave, same_line

_EARLY_LINES = timedelta(seconds=120)
"""Lines of a boot may be stamped this much later than its first kernel line, and stand before it."""
_SAME_START = timedelta(seconds=180)
"""Two streams may stamp one start this far apart (syslog writes kernel lines when it starts)."""
_SAME_MOMENT = timedelta(seconds=10)
_MINUTE = 60
_CUT_OFF = timedelta(seconds=59)
_GOES_ON = timedelta(minutes=10)
_SAME_NAME = 1e12
_STOPPING = timedelta(seconds=120)
_CAUGHT_UP = 2000
_TWICE = timedelta(seconds=2)
_BEFORE_FIRST = timedelta(minutes=15)
# In a stream that holds no kernel lines, one of these says that the machine went down; the next record is a new boot.
_DECISIVE_STOPS = {
    "os.shutdown_started",
    "os.shutdown_recorded",
    "os.runlevel_switched",
    "os.target_reached",
    "clusterpro.stopping",
}


_KERNEL_STARTS = ("os.boot", "os.boot_command_line")


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

    @property
    def coarse(self) -> bool:
        """Whether its times are those of a listing in minutes."""
        return bool(self.events) and all(event.resolution >= _MINUTE for event in self.events)

    @property
    def until(self) -> datetime:
        """The latest that its last record may be of."""
        return self.last + _CUT_OFF if self.coarse else self.last


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


def find_boots(server: str, tracks: Sequence[Track]) -> list[Boot]:
    """Return the boots of one server, oldest first.

    Args:
        server: its name.
        tracks: its streams; each in file order.
    """
    joined: list[list[Segment]] = []
    loose: list[Track] = []
    with_boots = [(track, segments(track)) for track in tracks if track.items]
    with_boots.sort(key=lambda pair: (-sum(s.start_event is not None for s in pair[1]), pair[0].stream))
    for track, found in with_boots:
        if len(found) == 1 and found[0].start_event is None and not found[0].boot_id:
            loose.append(track)
        else:
            joined = _align(joined, found)
    if not joined:
        joined = [[_whole(track)] for track in loose[:1]]
        loose = loose[1:]
    boots = [_boot(server, number, group) for number, group in enumerate(joined, start=1)]
    boots = _place_loose(server, boots, loose)
    for number, boot in enumerate(boots, start=1):
        boot.id = f"{server}#{number}"
        _order_events(boot)
    for earlier, later in itertools.pairwise(boots):
        earlier.following = later
    return boots


def segments(track: Track) -> list[Segment]:
    """Cut one stream at every start of a kernel that it shows, or where its source names another boot."""
    if any(item.boot for item in track.items):
        return _named(track)
    starts = _starts(track)
    cuts = [_early_lines(track, index, lower) for index, lower in zip(starts, [-1, *starts], strict=False)]
    if cuts and _only_early_lines(track, cuts[0]):
        cuts[0] = 0
    if not starts:
        cuts = _cuts_without_kernel(track)
        starts = [-1] * len(cuts)
    bounds = [0, *cuts, len(track.items)]
    events = [None, *(track.items[i].event if i >= 0 else None for i in starts)]
    found = []
    for number, (begin, end) in enumerate(itertools.pairwise(bounds)):
        if begin == end:
            continue
        start_event = events[number]
        following = events[number + 1] if number + 1 < len(events) else None
        items = track.items[begin:end]
        first, last = items[0].time, items[-1].time
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
    return found


def _named(track: Track) -> list[Segment]:
    """One segment for each boot that the source names, in the order in which they come up."""
    groups: dict[str, list[Item]] = {}
    for item in track.items:
        groups.setdefault(item.boot, []).append(item)
    found = []
    for name, items in groups.items():
        times = [item.time for item in items]
        events = [item.event for item in items if item.event is not None]
        start = next((e for e in events if e.kind in _KERNEL_STARTS and "repeated" not in e.fields), None)
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
        begun - item.time <= _SAME_MOMENT and (item.event is None or kind_of(item.event.kind).phase == "start")
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
            near = last is not None and abs(time - last.time) <= _SAME_MOMENT
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
        time, event, _ = track.items[cut - 1]
        if not begun <= time <= begun + _EARLY_LINES:
            break
        if event is not None and kind_of(event.kind).phase == "stop":
            break
        cut -= 1
    return cut


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
        if abs(time - begun) > _EARLY_LINES or (event is not None and kind_of(event.kind).phase == "stop"):
            break
        if event is not None and event.kind == "os.audit_started":
            if mark is not None:
                mark.previous = event.previous
            return i
        if abs(time - begun) <= _SAME_MOMENT or i == 0:
            caught_up = i
    if mark is None or mark.program != "audit":
        return None
    if mark.previous is not None and abs(begun - mark.previous.time) <= _SAME_MOMENT:
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


def _whole(track: Track) -> Segment:
    times = [item.time for item in track.items]
    return Segment(track, None, min(times), max(times), track.events)


def _align(joined: list[list[Segment]], found: list[Segment]) -> list[list[Segment]]:
    """Match a stream's segments with the boots known so far: in order, one each, by overlap of their spans."""
    if not joined:
        return [[segment] for segment in found]
    rows, columns = len(joined), len(found)
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    for i in range(rows - 1, -1, -1):
        for j in range(columns - 1, -1, -1):
            score = _alike(joined[i], found[j])
            together = best[i + 1][j + 1] + score if score > 0 else -1.0
            best[i][j] = max(together, best[i + 1][j], best[i][j + 1])
    result: list[list[Segment]] = []
    i = j = 0
    while i < rows and j < columns:
        score = _alike(joined[i], found[j])
        if score > 0 and best[i][j] == best[i + 1][j + 1] + score:
            result.append([*joined[i], found[j]])
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j] and best[i + 1][j] == best[i][j + 1]:
            # Neither is matched here: the earlier one comes first.
            if min(s.first for s in joined[i]) <= found[j].first:
                result.append(joined[i])
                i += 1
            else:
                result.append([found[j]])
                j += 1
        elif best[i][j] == best[i + 1][j]:
            result.append(joined[i])
            i += 1
        else:
            result.append([found[j]])
            j += 1
    return result + joined[i:] + [[segment] for segment in found[j:]]


def _alike(group: list[Segment], segment: Segment) -> float:
    names = {s.boot_id for s in group if s.boot_id}
    if names and segment.boot_id:
        return _SAME_NAME if segment.boot_id in names else 0.0
    first, last = min(s.first for s in group), max(s.until for s in group)
    overlap = (min(last, segment.until) - max(first, segment.first)).total_seconds()
    score = max(0.0, overlap)
    starts = [s for s in group if s.start_event is not None]
    if starts and segment.start_event is not None:
        apart = min(_starts_apart(segment, other) for other in starts)
        if apart <= _SAME_START and overlap > -_SAME_START.total_seconds():
            score += 1.0 + (_SAME_START - apart).total_seconds()
    elif overlap == 0 and first <= segment.first <= last:
        score += 0.5
    elif segment.start_event is None and starts and timedelta(0) < segment.first - last <= _GOES_ON:
        # A log that shows no starts goes on where one that shows nothing else than starts ends.
        score += 0.25
    return score


def _starts_apart(one: Segment, other: Segment) -> timedelta:
    """How far two starts are apart at least: a listing in minutes cuts seconds off."""
    if one.start_event is None or other.start_event is None:
        return timedelta.max
    ahead = one.start_event.time - other.start_event.time
    slack = (other if ahead > timedelta(0) else one).coarse
    return max(timedelta(0), abs(ahead) - (_CUT_OFF if slack else timedelta(0)))


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
    for track in tracks:
        reached = 0
        for time, event, _ in track.items:
            # In file order, so that a clock that was wrong at a boot does not send a record back to an earlier one.
            found = _running(boots, time, reached)
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


def _running(boots: list[Boot], time: datetime, reached: int) -> int | None:
    """The boot whose records span this time, of those not before the last one that this stream has reached.

    Between two boots it is the earlier one, whose last lines others may lack.
    """
    for i in range(reached, len(boots)):
        if (boots[i].start or boots[i].first) <= time <= max(segment.until for segment in boots[i].segments):
            return i
    begun = [i for i in range(reached, len(boots)) if (boots[i].start or boots[i].first) <= time]
    if begun:
        return max(begun, key=lambda i: boots[i].start or boots[i].first)
    return 0 if boots and boots[0].start is None else None


def _order_events(boot: Boot) -> None:
    """One list in order: each segment keeps its file order; joined events appear once."""
    lists = [segment.events for segment in boot.segments] + [sorted(boot.loose, key=lambda event: event.time)]
    seen: set[int] = set()
    written: dict[tuple[str, str, str], list[Event]] = {}
    for number, position in interleave([[event.time for event in events] for events in lists]):
        event = lists[number][position]
        if id(event) in seen:
            continue
        seen.add(id(event))
        twin = _stamped_otherwise(event, written)
        if twin is None:
            boot.events.append(event)
        else:
            absorb(twin, event)
            boot.doubles.append(event)
    doubles = {id(event) for event in boot.doubles}
    boot.start_events = [event for event in boot.start_events if id(event) not in doubles]


def _stamped_otherwise(event: Event, written: dict[tuple[str, str, str], list[Event]]) -> Event | None:
    """The same line of a start in another stream: syslog stamps it when it starts itself, a minute late."""
    if kind_of(event.kind).phase != "start" or event.program in ("", *LOGIN_RECORDS):
        return None
    earlier = written.setdefault(same_line(event), [])
    twin = next((other for other in earlier if not other.streams & event.streams), None)
    if twin is None:
        earlier.append(event)
    return twin
