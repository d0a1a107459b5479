"""Reads the inputs twice: first who is unknown and speaks near a stop or a start, then everything that they say.

Files are read by the same readers as for an analysis, with a recogniser of its own each time; a file's result is
dropped when it has been counted, so that memory does not grow with the inputs.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

import re2

from acforensics.bundle import Limits, Walker, problem_text
from acforensics.events import BOOT_MARKS, STOP_MARKS, UNCLASSIFIED, Hit, Stamp
from acforensics.lines import Record, frame
from acforensics.masking import ShownNames, mask_path
from acforensics.parsing.definitions import DefinitionFile, load
from acforensics.parsing.recognition import Recogniser, Recognition
from acforensics.parsing.suggesting import Template
from acforensics.sources import Reading, read_member
from acforensics.sources.collecting import NEAR_START, NEAR_STOP
from acforensics.suggestion.writing import Suggestion, Unknown, write
from acforensics.texts import Language, Text, input_error, join, literal, text

_MOST_PROGRAMS = 20
_MOST_LINES = 50_000
_MOST_NAMES = 10_000
_ONE_STOP = 15 * 60
_ONE_START = 60
_SHORTEST_START = 5
"""No machine is back sooner; what stands closer before a kernel's first line belongs to the same start."""
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


@dataclass
class Looked:
    """What was looked at."""

    files: int = 0
    lines: int = 0
    records: int = 0
    stops: int = 0
    starts: int = 0
    programs: int = 0
    unfit: list[str] = field(default_factory=list)
    """Programs of which no message makes a template."""

    def nothing(self) -> Text:
        """Why there is nothing to suggest."""
        if self.unfit:
            return text("suggest.unfit", names=", ".join(self.unfit))
        key = "suggest.nothing" if self.stops or self.starts else "suggest.no-ends"
        counts = {"files": self.files, "lines": self.lines, "stops": self.stops, "starts": self.starts}
        return text(key, **counts, programs=self.programs)


@dataclass
class Result:
    """`suggestion` is `None` where nobody unknown speaks near a stop or a start."""

    suggestion: Suggestion | None
    looked: Looked
    problems: list[Text]


@dataclass
class _Place:
    """Ends and starts of one server as one file shows them, as seconds on the file's own time line."""

    ends: list[float] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)

    def before_end(self, at: float) -> tuple[float, float] | None:
        """The next end if it is near, as (distance, end)."""
        i = bisect_left(self.ends, at)
        near = i < len(self.ends) and self.ends[i] - at <= NEAR_STOP.total_seconds()
        return (self.ends[i] - at, self.ends[i]) if near else None

    def after_start(self, at: float) -> float | None:
        """Seconds since the last start, if it is near."""
        i = bisect_right(self.starts, at)
        near = i > 0 and at - self.starts[i - 1] <= NEAR_START.total_seconds()
        return at - self.starts[i - 1] if near else None


@dataclass
class _Seen:
    """An unknown program as the first pass found it."""

    closest: float | None = None
    count: int = 0


class _FirstPass(Recogniser):
    """Notes which programs are looked at."""

    def __init__(self, files: list[DefinitionFile]) -> None:
        super().__init__(files)
        self.programs: set[str] = set()

    def ignores(self, program: str, message: str) -> bool:
        """As ever."""
        if len(self.programs) < _MOST_NAMES:
            self.programs.add(program)
        return super().ignores(program, message)


class _SecondPass(Recogniser):
    """Finds what some programs say and no definition means; gives back only what is wanted as an example."""

    steady = False

    def __init__(self, files: list[DefinitionFile], programs: Sequence[Unknown]) -> None:
        super().__init__(files)
        self.wanted: dict[str, Template] = {}
        self._ends: dict[str, set[tuple[str, str, float]]] = {program.name: set() for program in programs}
        self._programs = {program.name: program for program in programs}
        self.scan = _scan_for(self._programs)
        # Every record of them is counted, and once.
        self.near_programs = set()
        self._places: dict[str, _Place] = {}
        self._path = ""

    def begin(self, path: str, places: dict[str, _Place]) -> None:
        """A file follows, with these ends and starts by host."""
        self._path, self._places = path, places
        self.wanted = {}

    def count_ends(self) -> None:
        """Tell each program before how many ends it spoke: the same end in several files counts once."""
        for name, found in self._ends.items():
            in_file = Counter((path, host) for path, host, _ in found)
            hosts = {host for _, host in in_file}
            self._programs[name].ends = sum(
                max(count for (_, other), count in in_file.items() if other == host) for host in hosts
            )

    def ignores(self, program: str, message: str) -> bool:
        """Nobody else is of interest now."""
        return True

    def recognise(self, record: Record) -> Recognition | None:
        """Count what one of the programs says."""
        program = self._programs.get(record.program)
        if program is None or not record.message.strip() or super().recognise(record) is not None:
            return None
        if program.templates.count >= _MOST_LINES:
            if not program.more:
                # A program like that is none that now and then stops a machine.
                program.more = True
                self.scan = _scan_for([name for name, other in self._programs.items() if not other.more])
            return None
        place = self._places.get(record.host, _Place())
        at = _seconds(record.stamp)
        end, start = place.before_end(at), place.after_start(at)
        if end is not None:
            self._ends[record.program].add((self._path, record.host, end[1]))
        found = program.templates.add(record.message, record.host, end[0] if end is not None else None, start)
        if found is None or not found[1]:
            return None
        key = f"{record.program} {found[0].number}"
        self.wanted[key] = found[0]
        return Recognition(UNCLASSIFIED, {}, key, "unverified")


def suggest(
    inputs: Sequence[str | Path],
    *,
    parsers: Sequence[Path],
    name: str,
    lang: Language,
    limits: Limits | None = None,
) -> Result:
    """Look for programs that nobody knows near stops and starts, and write definitions of what they say.

    Args:
        inputs: files, directories or archives.
        parsers: folders with a site's own definitions.
        name: of the new file's definitions.
        lang: of the comments.
        limits: bounds against hostile inputs, where others than the usual ones are wanted.

    Raises:
        InputError: no record was found in the inputs.
        DefinitionError: a definition is wrong.
    """
    files = load(list(parsers))
    looked, problems, names = Looked(), list[Text](), ShownNames()
    places: dict[str, dict[str, _Place]] = {}
    # A guess is no knowledge: what only a guess names is what a site must define.
    firm = [file.model_copy(update={"event": [e for e in file.event if not e.yields]}) for file in files]
    seen = _find_unknown(inputs, Walker(limits, names), _FirstPass(firm), looked, places, problems)
    if not looked.records:
        told = problems or [text("suggest.no-records", inputs=", ".join(map(mask_path, inputs)), files=looked.files)]
        raise input_error(told)
    ranked = sorted(seen, key=lambda p: (seen[p].closest is None, seen[p].closest or 0, -seen[p].count, p))
    if not ranked:
        return Result(None, looked, problems)
    guesses = [program for file in files for event in file.event if event.yields for program in event.programs]
    chosen = [Unknown(one, any(fnmatchcase(one, guess) for guess in guesses)) for one in ranked[:_MOST_PROGRAMS]]
    _gather(inputs, Walker(limits, names), _SecondPass(firm, chosen), places)
    suggestion = write(chosen, ranked[_MOST_PROGRAMS:], name, files, lang)
    if not suggestion.events:
        looked.unfit = [program.name for program in chosen]
        return Result(None, looked, problems)
    return Result(suggestion, looked, problems)


def _find_unknown(
    inputs: Sequence[str | Path],
    walker: Walker,
    recogniser: _FirstPass,
    looked: Looked,
    places: dict[str, dict[str, _Place]],
    problems: list[Text],
) -> dict[str, _Seen]:
    """The first pass: who is unknown, and where the ends and starts are."""
    seen: dict[str, _Seen] = {}
    for given in inputs:
        before = len(walker.problems)
        for member in walker.walk([Path(given)]):
            reading = read_member(member, recogniser)
            looked.files += 1
            looked.lines += reading.lines or reading.records
            looked.records += reading.records
            if not reading.complete:
                problems.append(join([literal(f"{reading.path}: "), reading.notes[0]], literal("")))
            found = places[reading.path] = _ends_and_starts(reading)
            for hit in reading.hits:
                room = hit.program in seen or len(seen) < _MOST_NAMES
                if hit.kind == UNCLASSIFIED and not hit.definition and "*" not in hit.program and room:
                    _note(seen.setdefault(hit.program, _Seen()), hit, found)
        problems += [problem_text(problem) for problem in walker.problems[before:]]
    looked.programs = len(recogniser.programs)
    looked.stops, looked.starts = _most(places, "ends"), _most(places, "starts")
    return seen


def _most(places: dict[str, dict[str, _Place]], what: Literal["ends", "starts"]) -> int:
    """Several files show the same ends: each server has as many as the file that shows most of them."""
    counts: dict[str, int] = {}
    for found in places.values():
        for host, place in found.items():
            counts[host] = max(counts.get(host, 0), len(getattr(place, what)))
    named = [count for host, count in counts.items() if host]
    return sum(named) or counts.get("", 0)


def _note(seen: _Seen, hit: Hit, places: dict[str, _Place]) -> None:
    seen.count += 1
    place = places.get(hit.host)
    end = place.before_end(_seconds(hit.stamp)) if place is not None else None
    if end is not None and (seen.closest is None or end[0] < seen.closest):
        seen.closest = end[0]


def _ends_and_starts(reading: Reading) -> dict[str, _Place]:
    """By host: when each stop was first seen, or a boot's last record where none was, and when each boot began."""
    found: dict[str, _Place] = {}
    stopped: dict[str, float] = {}
    for hit in reading.hits:
        place, at = found.setdefault(hit.host, _Place()), _seconds(hit.stamp)
        if hit.kind in STOP_MARKS:
            if at - stopped.get(hit.host, -_ONE_STOP - at) > _ONE_STOP:
                place.ends.append(at)
            stopped[hit.host] = at
        elif hit.kind in BOOT_MARKS and not (place.starts and 0 <= at - place.starts[-1] <= _ONE_START):
            last = _seconds(hit.previous.stamp) if hit.previous is not None else at
            if hit.host not in stopped and at - last >= _SHORTEST_START:
                place.ends.append(last)
            place.starts.append(at)
            stopped.pop(hit.host, None)
    for place in found.values():
        place.ends.sort()
        place.starts.sort()
    return found


def _gather(
    inputs: Sequence[str | Path],
    walker: Walker,
    recogniser: _SecondPass,
    places: dict[str, dict[str, _Place]],
) -> None:
    """The second pass: all that the chosen programs say."""
    for member in walker.walk([Path(given) for given in inputs]):
        recogniser.begin(member.path, places.get(member.path, {}))
        for hit in read_member(member, recogniser).hits:
            template = recogniser.wanted.get(hit.definition)
            if template is not None:
                template.keep(member.path if hit.line is None else f"{member.path}:{hit.line}", _as_line(hit))
    recogniser.count_ends()


def _as_line(hit: Hit) -> str:
    """The line as it stands in the log; where that is no line of syslog, as it would stand there."""
    record = frame(hit.raw)
    message = hit.message.split("\n", 1)[0]
    if record is not None and (record.program, record.message) == (hit.program, message):
        return hit.raw
    stamp = hit.stamp
    pid = f"[{hit.pid}]" if hit.pid else ""
    clock = f"{_MONTHS[stamp.month - 1]} {stamp.day:2d} {stamp.hour:02d}:{stamp.minute:02d}:{stamp.second:02d}"
    return f"{clock} {hit.host or 'host'} {hit.program}{pid}: {message}"


def _seconds(stamp: Stamp) -> float:
    """A stamp as seconds on a time line that is good for distances within one file."""
    day = 28 if stamp.year is None and (stamp.month, stamp.day) == (2, 29) else stamp.day
    moment = datetime(stamp.year or 2023, stamp.month, day, stamp.hour, stamp.minute, stamp.second, stamp.microsecond)
    return (moment - datetime(1970, 1, 1)).total_seconds()


def _scan_for(programs: Iterable[str]) -> Any:
    """Finds lines that hold one of the names, in any encoding that can write it."""
    names = set()
    for program in programs:
        for codec in ("utf-8", "euc_jp", "cp932"):
            with suppress(UnicodeEncodeError):
                names.add(b"".join(b"\\x%02x" % byte for byte in program.encode(codec)))
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    options.never_capture = True
    # Without a name it finds nothing.
    return re2.compile(b"|".join(sorted(names)) or rb"[^\x00-\xff]", options)
