"""The pipeline on one page: inputs → readings → dated events on servers → boots → shutdowns → findings → `Case`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from dateutil import parser as date_parser

from acforensics import case as models
from acforensics import clocks
from acforensics import servers as identity
from acforensics.boots import Boot, find_boots
from acforensics.bundle import Walker, problem_text
from acforensics.errors import InputError, UsageError
from acforensics.events import Event, Witness, kind_of
from acforensics.findings import FindingContext, find_all
from acforensics.findings.context import DEFAULT_LOOP_WINDOW
from acforensics.parsing.definitions import load
from acforensics.parsing.recognition import Recogniser
from acforensics.shutdowns import Judgement, judge_boots
from acforensics.sources import Reading, read_member
from acforensics.texts import Language, Text, text
from acforensics.timeline import Track, build_tracks, interleave, merge, to_frame

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Options:
    """Options of an analysis; times are compared in the case's zone."""

    tz: str | None = None
    year: int | None = None
    since: str | None = None
    until: str | None = None
    parsers: tuple[Path, ...] = ()
    loop_window: timedelta = DEFAULT_LOOP_WINDOW

    def shown(self) -> dict[str, object]:
        """For the result: without machine-specific paths, so that the same input gives the same bytes."""
        return {
            "tz": self.tz,
            "year": self.year,
            "since": self.since,
            "until": self.until,
            "parsers": [path.name for path in self.parsers],
            "loop_window_minutes": self.loop_window.total_seconds() / 60,
        }


@dataclass
class Case:
    """All inputs analysed together. Build it with `analyze()`."""

    model: models.CaseModel
    events: list[Event] = field(repr=False)
    zone: tzinfo

    @cached_property
    def timeline(self) -> pd.DataFrame:
        """One row an event, UTC index; columns as in `acforensics.timeline.COLUMNS`."""
        return to_frame(self.events, self.zone)

    @property
    def shutdowns(self) -> list[models.Shutdown]:
        """The ends of boots, by time."""
        return self.model.shutdowns

    @property
    def findings(self) -> list[models.Finding]:
        """What a reviewer must know, by time."""
        return self.model.findings

    @property
    def boots(self) -> list[models.Boot]:
        """Every boot of every server."""
        return self.model.boots

    def to_json(self, lang: Language = "en") -> str:
        """The result as JSON (`acforensics/case/1`)."""
        return models.to_json(self.model, lang)

    def to_html(self, lang: Language = "en") -> str:
        """The report as one self-contained HTML page."""
        from acforensics.rendering.html import render

        return render(self.model, self.timeline, lang)


def analyze(
    inputs: Sequence[str | Path],
    *,
    tz: str | None = None,
    year: int | None = None,
    since: str | None = None,
    until: str | None = None,
    parsers: Sequence[str | Path] = (),
    loop_window: timedelta = DEFAULT_LOOP_WINDOW,
) -> Case:
    """Analyse inputs together as one case.

    Args:
        inputs: files, directories or archives.
        tz: zone of stamps without one (`Asia/Tokyo`, `+09:00`); by default it is inferred where possible.
        year: year of the newest stamp without one.
        since: leave out events before this local time.
        until: leave out events after this local time.
        parsers: folders with a site's own definitions.
        loop_window: longest time between two starts of a reboot loop.

    Raises:
        InputError: no input could be read, or nothing in them was recognised.
        UsageError: an argument does not fit.
        DefinitionError: a definition is wrong.
    """
    if isinstance(inputs, str | Path):
        inputs = [inputs]
    options = Options(tz, year, since, until, tuple(Path(p) for p in parsers), loop_window)
    if tz is not None:
        clocks.parse_zone(tz)
    recogniser = Recogniser(load(list(options.parsers)))
    readings: list[Reading] = []
    problems: list[Text] = []
    for given in inputs:
        walker = Walker()
        found = [read_member(member, recogniser) for member in walker.walk([Path(given)])]
        problems += [problem_text(problem) for problem in walker.problems]
        problems += [_incomplete(reading) for reading in found if not reading.complete]
        if not walker.problems and not any(reading.hits for reading in found):
            problems.append(_nothing_in(str(given), found))
        readings += found
    if not any(reading.hits for reading in readings):
        raise InputError("\n  ".join(problem.en for problem in problems[:10]))
    return _judge(_unique(readings), problems, options)


def _judge(readings: list[Reading], problems: list[Text], options: Options) -> Case:
    choice = clocks.choose_zone(readings, options.tz)
    dated = _date(readings, choice, options.year)
    boot_times = [
        [
            t
            for hit, t in zip(r.hits, dated.hit_times[i], strict=True)
            if hit.kind in ("os.boot", "os.boot_command_line")
        ]
        for i, r in enumerate(readings)
    ]
    server_map = identity.identify(readings, dated.times, boot_times)
    tracks = [
        track
        for stream in dated.streams
        for track in build_tracks(
            stream.name,
            [(dated.index[id(r)], r) for r in stream.readings],
            [dated.times[dated.index[id(r)]] for r in stream.readings],
            server_map,
            dated.previous,
        )
    ]
    _restrict(tracks, options, choice.zone)
    events = merge(tracks)
    # A server is a machine of which something is known: a host name that only stands in unrelated lines is not one.
    names = sorted({event.server for event in events})
    boots = {name: find_boots(name, [track for track in tracks if track.server == name]) for name in names}
    judgements = judge_boots(boots, choice.zone)
    ids = {id(j): f"{j.boot.id}/end" for j in judgements if j.chosen is not None}
    findings = find_all(FindingContext(boots, judgements, ids, choice.zone, options.loop_window))
    model = models.CaseModel(
        generator=models.Generator(name="acforensics", version=version("acforensics"), options=options.shown()),
        timezone=str(choice.zone),
        inputs=[_input(i, reading, dated, server_map, choice.zone) for i, reading in enumerate(readings)],
        servers=_servers(server_map, boots),
        boots=_boots(judgements, boots, choice.zone),
        shutdowns=[_shutdown(j, ids[id(j)], choice.zone) for j in judgements if j.chosen is not None],
        findings=findings,
        problems=problems,
    )
    return Case(model, events, choice.zone)


# --- reading and dating


@dataclass
class _Dated:
    streams: list[clocks.Stream]
    index: dict[int, int]
    times: list[list[datetime]]
    hit_times: list[list[datetime]]
    previous: dict[int, Witness]
    notes: list[list[Text]]


def _unique(readings: list[Reading]) -> list[Reading]:
    """Drop second copies of a file: the same bytes given twice are not two witnesses."""
    seen: dict[tuple[str, str], Reading] = {}
    found = []
    for reading in readings:
        key = (reading.sha256, reading.names[-1] if reading.names else "")
        first = seen.get(key)
        if first is not None and reading.hits:
            reading = replace(reading, hits=[], marks=[], records=0)  # noqa: PLW2901
            reading.notes = [*reading.notes, text("input.duplicate", path=first.path)]
        seen.setdefault(key, reading)
        found.append(reading)
    return found


def _date(readings: list[Reading], choice: clocks.ZoneChoice, year: int | None) -> _Dated:
    index = {id(reading): i for i, reading in enumerate(readings)}
    found = clocks.streams([reading for reading in readings if reading.marks])
    dated = _Dated(found, index, [[] for _ in readings], [[] for _ in readings], {}, [[] for _ in readings])
    for stream, dating in zip(found, clocks.date_streams(found, choice, year), strict=True):
        for reading, times in zip(stream.readings, dating.times, strict=True):
            i = index[id(reading)]
            dated.times[i] = times
            dated.notes[i] = dating.notes
            by_mark = {(m.offset, m.stamp): t for m, t in zip(reading.marks, times, strict=True)}
            for hit in reading.hits:
                time = by_mark[(hit.offset, hit.stamp)]
                dated.hit_times[i].append(time)
                if hit.previous is not None:
                    before = clocks.near(hit.previous.stamp, time, choice.zone)
                    dated.previous[id(hit)] = Witness(reading.path, hit.previous.line, before, hit.previous.raw)
    return dated


def _nothing_in(given: str, readings: list[Reading]) -> Text:
    """What was read of an input in which no line means anything, and what to do about it."""
    looked = "; ".join(
        f"{r.path}: {r.format}" + (f" ({r.unframed_samples[0][1]!r})" if r.unframed_samples else "")
        for r in readings[:5]
    )
    lines = sum(reading.lines for reading in readings)
    return text("input.nothing-recognised", path=given, files=len(readings), lines=lines, looked=looked or "-")


def _incomplete(reading: Reading) -> Text:
    return Text(en=f"{reading.path}: {reading.notes[0].en}", ja=f"{reading.path}: {reading.notes[0].ja}")


def _restrict(tracks: list[Track], options: Options, zone: tzinfo) -> None:
    """Leave out what lies outside `--since` and `--until`."""
    since, until = _moment(options.since, "--since", zone), _moment(options.until, "--until", zone)
    for track in tracks:
        if since is not None:
            track.items = [item for item in track.items if item.time >= since]
        if until is not None:
            track.items = [item for item in track.items if item.time <= until]


def _moment(value: str | None, option: str, zone: tzinfo) -> datetime | None:
    if value is None:
        return None
    try:
        found = date_parser.parse(value)
    except (ValueError, OverflowError):
        raise UsageError(f"{option} {value}: not a time; write for example '2026-11-24 09:00'") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=zone)


# --- the result


def _input(i: int, reading: Reading, dated: _Dated, server_map: identity.ServerMap, zone: tzinfo) -> models.Input:
    times = dated.times[i]
    notes = [*reading.notes, *dated.notes[i]]
    if reading.unframed:
        sample = reading.unframed_samples[0] if reading.unframed_samples else (0, "")
        notes.append(text("input.unframed", count=reading.unframed, line=sample[0], sample=sample[1]))
    hosts = {server_map.of(i, mark.host) for mark in reading.marks}
    return models.Input(
        path=reading.path,
        sha256=reading.sha256,
        bytes=reading.bytes,
        format=reading.format,
        encoding=reading.encoding,
        server=", ".join(sorted(hosts)) or server_map.by_reading.get(i, ""),
        records=reading.records,
        events=len(reading.hits),
        first=min(times).astimezone(zone) if times else None,
        last=max(times).astimezone(zone) if times else None,
        notes=notes,
    )


def _servers(server_map: identity.ServerMap, boots: dict[str, list[Boot]]) -> list[models.Server]:
    return [
        models.Server(
            name=server.name,
            aliases=sorted(server.aliases),
            clock_offset_seconds=None,
            clock_offset_basis=text("clock.offset-not-estimated"),
            notes=server.notes,
        )
        for name, server in sorted(server_map.servers.items())
        if name in boots
    ]


def _boots(judgements: list[Judgement], boots: dict[str, list[Boot]], zone: tzinfo) -> list[models.Boot]:
    by_boot = {id(judgement.boot): judgement for judgement in judgements}
    found = []
    lists = list(boots.values())
    for number, position in interleave([[boot.first for boot in own] for own in lists]):
        boot = lists[number][position]
        judgement = by_boot[id(boot)]
        evidence = boot.start_events or [e for e in boot.events if kind_of(e.kind).phase == "start"]
        found.append(
            models.Boot(
                id=boot.id,
                server=boot.server,
                start=boot.start.astimezone(zone) if boot.start is not None else None,
                end=boot.last.astimezone(zone) if judgement.chosen is not None else None,
                end_state=judgement.end_state,
                evidence=[models.evidence_of(event, zone) for event in evidence[:3]],
            )
        )
    return found


def _shutdown(judgement: Judgement, identifier: str, zone: tzinfo) -> models.Shutdown:
    chosen = judgement.chosen
    assert chosen is not None  # noqa: S101  (the caller leaves out running boots)
    return models.Shutdown(
        id=identifier,
        server=judgement.boot.server,
        time=chosen.time.astimezone(zone),
        boot=judgement.boot.id,
        trigger=chosen.trigger,
        mode=chosen.mode,
        scope=chosen.scope,
        actor=chosen.actor,
        command=chosen.command,
        confidence=chosen.confidence,
        ups_told=judgement.ups_told,
        reasons=[
            models.Reason(text=a.text, weight=a.weight, evidence=[models.evidence_of(e, zone) for e in a.events])
            for a in chosen.arguments
        ],
        evidence=[models.evidence_of(event, zone) for event in judgement.evidence],
    )
