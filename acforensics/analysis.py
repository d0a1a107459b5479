"""The pipeline on one page: inputs → readings → dated events on servers → boots → shutdowns → findings → `Case`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from acforensics import case as models
from acforensics import clocks, cooperation, moments, placing, result, settings
from acforensics import servers as identity
from acforensics.analysed import Case
from acforensics.boots import Boot, find_boots
from acforensics.bundle import Limits, Walker, problem_text
from acforensics.coverage import cover, find_missing, members_named
from acforensics.errors import AcforensicsError, UsageError
from acforensics.events import UNCLASSIFIED, Event
from acforensics.findings import FindingContext, find_all
from acforensics.findings.context import DEFAULT_LOOP_WINDOW
from acforensics.flapping import condense
from acforensics.incidents import assemble
from acforensics.masking import ShownNames, mask_path, mask_secrets
from acforensics.parsing.definitions import kinds_of, load
from acforensics.parsing.recognition import Recogniser
from acforensics.period import Period, parse_period, period_text
from acforensics.period import shown as period_shown
from acforensics.shutdowns import judge_boots
from acforensics.sources import Reading, Shelf, read_member
from acforensics.texts import Text, input_error, text
from acforensics.timeline import merge, on_one_clock

if TYPE_CHECKING:
    from acforensics.redaction import Learner, Rewriter


@dataclass(frozen=True)
class Options:
    """Options of an analysis; times are compared in the case's zone."""

    tz: str | None = None
    year: int | None = None
    since: str | None = None
    until: str | None = None
    parsers: tuple[Path, ...] = ()
    sequences: tuple[Path, ...] = ()
    loop_window: timedelta = DEFAULT_LOOP_WINDOW
    clock: Mapping[str, float] = field(default_factory=dict)
    redact: bool = False
    within: Path | None = None
    strict: bool = True
    limits: Limits = field(default_factory=Limits)

    def shown(self) -> dict[str, object]:
        """For the result: without machine-specific paths, so that the same input gives the same bytes."""
        return {
            "tz": self.tz,
            "year": self.year,
            "since": self.since,
            "until": self.until,
            "parsers": [mask_path(path.name) for path in self.parsers],
            "sequences": [mask_path(path.name) for path in self.sequences],
            "loop_window_minutes": self.loop_window.total_seconds() / 60,
            "clock": {mask_secrets(server): seconds for server, seconds in sorted(self.clock.items())},
            **({"redact": True} if self.redact else {}),
            **({"limits": changed} if (changed := self.limits.changed()) else {}),
        }


def analyze(
    inputs: Sequence[str | Path],
    *,
    tz: str | None = None,
    year: int | None = None,
    since: str | None = None,
    until: str | None = None,
    parsers: Sequence[str | Path] = (),
    sequences: Sequence[str | Path] = (),
    loop_window: timedelta = DEFAULT_LOOP_WINDOW,
    clock: Mapping[str, float] | None = None,
    redact: bool = False,
    within: str | Path | None = None,
    strict: bool = True,
    limits: Limits | None = None,
) -> Case:
    """Analyse inputs together as one case.

    Args:
        inputs: files, directories or archives.
        tz: zone of stamps without one (`Asia/Tokyo`, `+09:00`); by default it is inferred where possible.
        year: year of the newest stamp without one.
        since: show what touches the time from here on, in the case's zone; all that was read is judged.
        until: show what touches the time up to here.
        parsers: folders with a site's own definitions.
        sequences: folders with a site's own expected sequences.
        loop_window: longest time between two starts of a reboot loop.
        clock: server → seconds that its clock was ahead (negative: behind), where that is known better.
        redact: put stand-ins in the place of names of servers, users and domains, of addresses and identifiers, once
            all is judged; errors have them, too.
        within: the folder that the inputs lie in; only what is below it is shown in their paths.
        strict: false where `clock` may name servers that this case does not have.
        limits: bounds against hostile inputs, where others than the usual ones are wanted.

    Raises:
        InputError: no input could be read, or nothing in them was recognised.
        UsageError: an argument does not fit.
        DefinitionError: a definition is wrong.
    """
    if isinstance(inputs, str | Path):
        inputs = [inputs]
    options = Options(
        tz,
        year,
        since,
        until,
        tuple(Path(p) for p in parsers),
        tuple(Path(p) for p in sequences),
        loop_window,
        clock or {},
        redact,
        Path(within) if within is not None else None,
        strict,
        limits or Limits(),
    )
    if not redact:
        return _analyze(inputs, options)
    from acforensics.redaction import Learner, redact_events, redact_model

    learner = Learner()
    try:
        plain = _analyze(inputs, options, learner)
    except AcforensicsError as error:
        sentence = _rewriter(learner, inputs).sentence
        raise type(error)(sentence(str(error)), sentence(error.ja)) from None
    for server in plain.model.servers:
        learner.host(server.name)
    rewriter = _rewriter(learner, inputs)
    model, events = redact_model(plain.model, rewriter), redact_events(plain.events, rewriter)
    return Case(model, events, plain.zone, inputs, plain.within, plain, rewriter, options.limits)


def _rewriter(learner: Learner, inputs: Sequence[str | Path]) -> Rewriter:
    from acforensics.redaction import Pseudonyms, Rewriter

    return Rewriter(Pseudonyms(learner.names), tuple(str(Path(given).parent) for given in inputs))


def _analyze(inputs: Sequence[str | Path], options: Options, learner: Learner | None = None) -> Case:
    if options.tz is not None:
        clocks.parse_zone(options.tz)
    parse_period(options.since, options.until, UTC)
    recogniser = Recogniser(load(list(options.parsers))) if options.parsers else _our_recogniser()
    sequences = _sequences(options, recogniser)
    readings, problems = _read(inputs, options, recogniser, learner)
    of_scripts = cooperation.lines_of_scripts(settings.read(readings, {})) if _has_scripts(readings) else None
    if of_scripts is not None:
        # The stop scripts of this case log other lines than the HOWTO's: now it is known what to look for.
        readings, problems = _read(inputs, options, Recogniser([*recogniser.files, of_scripts]), learner)
    if not any(_is_recognised(reading) for reading in readings):
        problems = problems or [_nothing_in(", ".join(mask_path(given) for given in inputs), readings)]
        raise input_error(problems)
    return _judge(placing.unique(readings), problems, options, inputs, sequences)


def _has_scripts(readings: Sequence[Reading]) -> bool:
    return any(reading.document is not None and reading.document.kind == "script" for reading in readings)


def _read(
    inputs: Sequence[str | Path], options: Options, recogniser: Recogniser, learner: Learner | None = None
) -> tuple[list[Reading], list[Text]]:
    """Every file of the inputs, and what could not be read; `learner` sees all of it."""
    readings: list[Reading] = []
    problems: list[Text] = []
    shelf, names = Shelf(), ShownNames()
    walker = Walker(options.limits, names, options.within)
    for given in inputs:
        before = len(walker.problems)
        members = walker.walk([Path(given)])
        members = map(learner.watch, members) if learner is not None else members
        found = [read_member(member, recogniser, shelf) for member in members]
        told = walker.problems[before:]
        problems += [problem_text(problem) for problem in told]
        problems += [_incomplete(reading) for reading in found if not reading.complete]
        if not told and not any(map(_tells_something, found)):
            problems.append(_nothing_in(names.path(str(given)), found))
        readings += found
    if learner is not None:
        for reading in readings:
            learner.take_reading(reading)
    return readings, problems


@cache
def _our_recogniser() -> Recogniser:
    """Our own definitions, compiled once for all cases of a process."""
    return Recogniser(load())


def _judge(
    readings: list[Reading],
    problems: list[Text],
    options: Options,
    inputs: Sequence[str | Path],
    expected_sequences: Sequence[cooperation.SequenceDefinition],
) -> Case:
    clocks.settle_weekdays(readings)
    readings = clocks.separate_logs(readings)
    zones = clocks.choose_zones(readings, options.tz)
    dated = placing.date(readings, zones, options.year)
    servers, tracks = dated.place()
    placing.stamps_of_others(readings, servers, zones)
    events = merge(tracks)
    # A server is a machine of which something is known: a host name that only stands in unrelated lines is not one.
    names = sorted({event.server for event in events if event.kind != UNCLASSIFIED})
    boots = {name: find_boots(name, [track for track in tracks if track.server == name]) for name in names}
    synchronised = placing.synchronised(readings, servers)
    clock = clocks.estimate(_by_server(boots), _given(options, servers, names), synchronised)
    coverage = cover(tracks, boots, dated.streams, readings, dated.times)
    of_servers = {server: choice.zone for server, choice in dated.zone_of.items()}
    planned = placing.planned_offs(readings, servers, zones)
    judgements = judge_boots(boots, zones.shown, of_servers, clock, planned, coverage)
    doubles = {id(event) for own in boots.values() for boot in own for event in boot.doubles}
    shown = condense(on_one_clock([e for e in events if id(e) not in doubles and e.server in boots], clock))
    ids = {id(j): f"{j.boot.id}/end" for j in judgements if j.chosen is not None}
    members = members_named(readings, events)
    missing = find_missing(members, servers.servers, coverage)
    found = settings.read(readings, servers.by_reading)
    groups = cooperation.learn(boots, cooperation.ac_homes(found), cooperation.ac_names(found))
    observed = cooperation.observe(boots, groups, clock)
    rows = [row.setting() for row in settings.audit(found, observed)] if found else []
    problems = [*problems, *found.problems()]
    facts = cooperation.CaseFacts(
        judgements,
        coverage,
        clock,
        cooperation.limits(found),
        groups,
        logs_script_line=partial(cooperation.logs_line, found),
        absent=[one.server for one in missing if one.what == "server"],
    )
    sequences = cooperation.judge_sequences(expected_sequences, facts)
    expected = {id(one.judgement): one for one in reversed(sequences) if one.judgement is not None}
    context = FindingContext(
        boots,
        judgements,
        ids,
        zones.shown,
        options.loop_window,
        coverage,
        clock,
        sequences=sequences,
        settings=rows,
        members=tuple(members),
        planned_ons=placing.planned_ons(readings, servers, zones),
        ac_groups=groups,
        clusters=facts.clusters,
    )
    findings = find_all(context)
    zone = zones.shown
    model = models.CaseModel(
        generator=models.Generator(name="acforensics", version=version("acforensics"), options=options.shown()),
        timezone=str(zone),
        missing=result.missing_of(missing),
        inputs=result.inputs_of(dated, servers, zone),
        servers=result.servers_of(servers, clock, {n: dated.zone_of[n] for n in names}, zone),
        boots=result.boots_of(judgements, boots, clock, zone),
        shutdowns=[
            result.shutdown_of(j, ids[id(j)], expected.get(id(j)), clock, zone)
            for j in judgements
            if j.chosen is not None
        ],
        sequences=result.sequences_of(sequences, ids, clock, zone),
        findings=findings,
        incidents=result.incidents_of(assemble(context, findings), findings, ids, clock, zone),
        coverage=result.coverage_of(coverage, zone),
        settings=rows,
        problems=problems,
    )
    period = parse_period(options.since, options.until, zone)
    within = [event for event in shown if period.touches(event.case_time or event.time, event.case_time or event.time)]
    _check_period(model, period, options)
    return Case(period_shown(model, period), within, zone, tuple(inputs), options.within, limits=options.limits)


@cache
def _our_sequences() -> list[cooperation.SequenceDefinition]:
    return cooperation.load()


def _sequences(options: Options, recogniser: Recogniser) -> list[cooperation.SequenceDefinition]:
    if not options.sequences:
        return _our_sequences()
    return cooperation.load(options.sequences, kinds_of(recogniser.files))


def _by_server(boots: Mapping[str, Sequence[Boot]]) -> dict[str, list[Event]]:
    return {server: [event for boot in own for event in boot.events] for server, own in boots.items()}


def _given(options: Options, servers: identity.ServerMap, names: Sequence[str]) -> dict[str, float]:
    """Offsets that the user tells, by the names that the case gives the servers."""
    found = {}
    for name, seconds in options.clock.items():
        server = servers.by_host.get(servers.hosts.name(name), name)
        if server not in names and not options.strict:
            continue
        if server not in names:
            raise UsageError(f"--clock {name}={seconds:g}: no such server in this case; it has {', '.join(names)}")
        found[server] = seconds
    return found


# --- what cannot be judged


def _is_recognised(reading: Reading) -> bool:
    return any(hit.kind != UNCLASSIFIED for hit in reading.hits)


def _tells_something(reading: Reading) -> bool:
    return _is_recognised(reading) or bool(reading.facts)


def _nothing_in(given: str, readings: list[Reading]) -> Text:
    """What was read of an input in which no line means anything, and what to do about it."""
    looked = "; ".join(
        f"{r.path}: {r.format}" + (f" ({r.unframed_samples[0][1]!r})" if r.unframed_samples else "")
        for r in readings[:5]
    )
    lines = sum(reading.lines for reading in readings)
    return text("input.nothing-recognised", path=given, files=len(readings), lines=lines, looked=looked or "-")


def _check_period(model: models.CaseModel, period: Period, options: Options) -> None:
    """Nothing is no good news where no log reaches into that time."""
    spans = [(one.first, one.last) for one in model.inputs if one.first is not None and one.last is not None]
    if not spans or any(period.touches(*span) for span in spans):
        return
    first, last = min(span[0] for span in spans), max(span[1] for span in spans)
    wanted = period_text(options.since, options.until)
    told = text("input.nothing-in-period", period=wanted, first=moments.clock(first), last=moments.clock(last))
    raise input_error([told])


def _incomplete(reading: Reading) -> Text:
    return Text(en=f"{reading.path}: {reading.notes[0].en}", ja=f"{reading.path}: {reading.notes[0].ja}")
