"""Several records of one occurrence become one event with several witnesses.

The same line in `messages`, in `syslog` and in the journal; CLUSTERPRO's event in syslog and in its alert log; a
command as sudo and the audit log record it. What the witnesses say otherwise is kept with the event.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from datetime import timedelta
from itertools import islice

from acforensics.events import Disagreement, Event
from acforensics.lines.login_records import PROGRAMS as LOGIN_RECORDS
from acforensics.parsing.commands import plain_form
from acforensics.timeline.tracks import Track, interleave

# A flood of equal lines is joined as far as this; more would cost time without telling more.
_MOST_ALIKE = 200
_SAME_RECORD = timedelta(seconds=2)
_SAME_COMMAND = timedelta(seconds=3)
_WORDS = re.compile(r"\W+")
# Fields that tell one thing, whoever writes it: where two witnesses differ, they disagree.
_COMPARED = ("user", "mode", "scope")
_UNKNOWN = {"", "unknown", "?"}


def merge(tracks: Sequence[Track]) -> list[Event]:
    """All events in order, each occurrence once.

    The tracks then refer to the joined events, so that both views speak of the same objects.
    """
    merged: dict[int, Event] = {}
    recent: dict[Hashable, list[Event]] = {}
    coarse: list[tuple[Track, int]] = []
    for number, position in interleave([[item.time for item in track.items] for track in tracks]):
        track = tracks[number]
        event = track.items[position].event
        if event is None:
            continue
        if event.resolution > 1:
            coarse.append((track, position))
        earlier = recent.setdefault(_identity(event), [])
        twin = _twin(event, earlier)
        if twin is None:
            earlier.append(event)
            merged[id(event)] = event
        else:
            if event.resolution < twin.resolution:
                # A listing in minutes came first only because it cuts the seconds off.
                del merged[id(twin)]
                merged[id(twin)] = twin
            absorb(twin, event)
            track.items[position] = track.items[position]._replace(event=twin)
    for track, position in coarse:
        # What a listing cuts off the time, another log has told.
        joined = track.items[position].event
        if joined is not None and joined.resolution <= 1:
            track.items[position] = track.items[position]._replace(time=joined.time)
    return list(merged.values())


def absorb(event: Event, other: Event) -> None:
    """Take another record of the same occurrence as a witness, with what it adds and what it contradicts."""
    finer = other.resolution < event.resolution
    event.witnesses = [*other.witnesses, *event.witnesses] if finer else [*event.witnesses, *other.witnesses]
    event.streams |= other.streams
    for name, value in other.fields.items():
        own = event.fields.get(name, "")
        if own in _UNKNOWN:
            event.fields[name] = value
        elif name in _COMPARED and value not in _UNKNOWN and own != value:
            event.disagreements.append(Disagreement(name, value, other.witnesses[0]))
    if finer:
        event.time, event.resolution = other.time, other.resolution


def same_line(event: Event) -> tuple[str, str, str]:
    """What a line says, whatever its stamp: two streams of one boot that hold it hold one record."""
    return event.kind, event.program, event.message


def _identity(event: Event) -> Hashable:
    """What two records of one occurrence have in common."""
    fields = event.fields
    if event.layer == "clusterpro" and "module" in fields and "event" in fields:
        # The alert log has no tag; its level is a number, and some of its texts have other punctuation.
        return event.server, fields["module"], fields["event"], _WORDS.sub(" ", fields.get("text", "")).strip()
    if event.kind == "os.command" and "command" in fields:
        return event.server, event.kind, plain_form(fields["command"])
    if event.kind == "os.shutdown_recorded":
        # The same program writes the login record and the audit record.
        return event.server, event.kind
    if event.program in LOGIN_RECORDS:
        return event.server, event.kind, fields.get("user", ""), fields.get("tty", "")
    return event.server, *same_line(event)


def _twin(event: Event, earlier: Sequence[Event]) -> Event | None:
    if "repeated" in event.fields:
        return None
    tolerance = _SAME_COMMAND if event.kind == "os.command" else _SAME_RECORD
    candidates = []
    for other in islice(reversed(earlier), _MOST_ALIKE):
        # A listing in minutes cuts the seconds off.
        if abs(event.time - other.time) > max(tolerance, timedelta(seconds=max(event.resolution, other.resolution))):
            break
        if _may_be_one(event, other):
            candidates.append(other)
    # Of several records alike the first one that the other log has, too.
    return min(reversed(candidates), key=lambda other: abs(event.time - other.time), default=None)


def _may_be_one(event: Event, other: Event) -> bool:
    if event.kind == "os.command":
        users = {event.fields.get("user", ""), other.fields.get("user", "")} - _UNKNOWN
        # sudo and what it runs are recorded in one log, in different words; the same words twice are two commands.
        apart = event.stream in other.streams and any(
            w.input == event.witnesses[0].input and _said(w.text) == _said(event.witnesses[0].text)
            for w in other.witnesses
        )
        return len(users) < 2 and not apart
    # Some logs leave the pid out.
    same_pid = not event.pid or not other.pid or event.pid == other.pid or event.program in LOGIN_RECORDS
    return same_pid and event.stream not in other.streams


def _said(line: str) -> str:
    """A line without its stamp and numbers, so that two records of one command in the same words are equal."""
    return re.sub(r"\d+", "", line)
