"""Writes the judged case as the typed result: inputs, servers, boots, shutdowns, coverage and what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo

from acforensics import case as models
from acforensics import moments
from acforensics.boots import Boot
from acforensics.clocks import CaseClock, ServerClock, Span, ZoneChoice
from acforensics.cooperation import JudgedSequence, JudgedStep, diagram_of
from acforensics.coverage import Coverage, Gap, Hole, Loss, Missing, gap_text, hole_text, loss_text
from acforensics.events import Event, kind_of
from acforensics.incidents import Happening, Incident
from acforensics.placing import Dated
from acforensics.servers import Server, ServerMap
from acforensics.shutdowns import Judgement
from acforensics.texts import Text, text
from acforensics.timeline import interleave

_MOST_SILENCES = 20
_MOST_PAIRS = 3


def inputs_of(dated: Dated, server_map: ServerMap, zone: tzinfo) -> list[models.Input]:
    """Every file, with how its stamps were dated; once, where it holds several logs."""
    parts: dict[str, list[int]] = {}
    for i, reading in enumerate(dated.readings):
        parts.setdefault(reading.path if reading.part is not None else f"{reading.path}\0{i}", []).append(i)
    return [_input(own, dated, server_map, zone) for own in parts.values()]


def _input(own: Sequence[int], dated: Dated, server_map: ServerMap, zone: tzinfo) -> models.Input:
    readings = [dated.readings[i] for i in own]
    reading = readings[0]
    times = [time for i in own for time in dated.written[i]]
    notes = [note for i in own for note in (*dated.readings[i].notes, *dated.notes[i])]
    if reading.unframed:
        sample = reading.unframed_samples[0] if reading.unframed_samples else (0, "")
        notes.append(text("input.unframed", count=reading.unframed, line=sample[0], sample=sample[1]))
    hosts = {server_map.of(i, mark.host) for i in own for mark in dated.readings[i].marks}
    return models.Input(
        path=reading.path,
        sha256=reading.sha256,
        bytes=reading.bytes,
        format=reading.format,
        encoding=reading.encoding,
        server=", ".join(sorted(hosts)) or server_map.by_reading.get(own[0], ""),
        records=reading.records,
        events=sum(len(one.hits) for one in readings),
        first=min(times).astimezone(zone) if times else None,
        last=max(times).astimezone(zone) if times else None,
        notes=list(dict.fromkeys(notes)) if len(own) > 1 else notes,
    )


def servers_of(
    server_map: ServerMap, clock: CaseClock, zones: Mapping[str, ZoneChoice], zone: tzinfo
) -> list[models.Server]:
    """The machines of which something is known, with what is known of their clocks."""
    return [_server(server, clock.servers.get(name), zones[name], zone)
            for name, server in sorted(server_map.servers.items()) if name in zones]  # fmt: skip


def _server(server: Server, clock: ServerClock | None, choice: ZoneChoice, zone: tzinfo) -> models.Server:
    told = clock is not None and clock.spans and clock.basis not in ("bounded", "unknown")
    return models.Server(
        name=server.name,
        aliases=sorted(server.aliases),
        zone=str(choice.zone),
        zone_assumed=choice.assumed,
        clock_offset_seconds=round(clock.spans[-1].offset, 3) if clock is not None and told else None,
        clock_offset_basis=clock.note if clock is not None else text("clock.offset-unknown"),
        clock_offsets=[_offset(span, zone) for span in clock.spans] if clock is not None else [],
        notes=server.notes,
    )


def _offset(span: Span, zone: tzinfo) -> models.ClockOffset:
    shown = [event for pair in span.pairs[:_MOST_PAIRS] for event in (pair.one_event, pair.other_event)]
    return models.ClockOffset(
        since=span.since.astimezone(zone) if span.since is not None else None,
        until=span.until.astimezone(zone) if span.until is not None else None,
        seconds=round(span.offset, 3),
        spread=round(span.spread, 3),
        pairs=len(span.pairs),
        evidence=[models.evidence_of(event, zone) for event in shown],
    )


def boots_of(
    judgements: Sequence[Judgement], boots: Mapping[str, Sequence[Boot]], clock: CaseClock, zone: tzinfo
) -> list[models.Boot]:
    """Every boot, by time."""
    by_boot = {id(judgement.boot): judgement for judgement in judgements}
    found = []
    lists = list(boots.values())
    for number, position in interleave([[clock.corrected(b.server, b.first) for b in own] for own in lists]):
        boot = lists[number][position]
        judgement = by_boot[id(boot)]
        end = boot.last if judgement.chosen is not None else None
        evidence = boot.start_events or [e for e in boot.events if kind_of(e.kind).phase == "start"]
        found.append(
            models.Boot(
                id=boot.id,
                server=boot.server,
                start=boot.start.astimezone(zone) if boot.start is not None else None,
                end=end.astimezone(zone) if end is not None else None,
                corrected_start=_corrected(clock, boot.server, boot.start, zone),
                corrected_end=_corrected(clock, boot.server, end, zone),
                end_state=judgement.end_state,
                evidence=[models.evidence_of(event, zone) for event in evidence[:3]],
            )
        )
    return found


def _corrected(clock: CaseClock, server: str, time: datetime | None, zone: tzinfo) -> datetime | None:
    """A time on the case's clock, where that differs from the server's own."""
    if time is None or (corrected := clock.corrected(server, time)) == time:
        return None
    return corrected.astimezone(zone)


def shutdown_of(
    judgement: Judgement, identifier: str, judged: JudgedSequence | None, clock: CaseClock, zone: tzinfo
) -> models.Shutdown:
    """The end of a boot, with the sequence that was expected of it, where there is one."""
    chosen = judgement.chosen
    assert chosen is not None  # noqa: S101  (the caller leaves out running boots)
    return models.Shutdown(
        id=identifier,
        server=judgement.boot.server,
        time=chosen.time.astimezone(zone),
        corrected_time=_corrected(clock, judgement.boot.server, chosen.time, zone),
        boot=judgement.boot.id,
        trigger=chosen.trigger,
        mode=chosen.mode,
        scope=chosen.scope,
        actor=chosen.actor,
        command=chosen.command,
        confidence=chosen.confidence,
        ups_told=judgement.ups_told,
        sequence=judged.definition.id if judged is not None else None,
        verdict=judged.verdict if judged is not None else None,
        reasons=[
            models.Reason(text=a.text, weight=a.weight, evidence=[models.evidence_of(e, zone) for e in a.events])
            for a in chosen.arguments
        ],
        evidence=[models.evidence_of(event, zone) for event in judgement.evidence],
    )


def sequences_of(
    judged: Sequence[JudgedSequence], ids: Mapping[int, str], clock: CaseClock, zone: tzinfo
) -> list[models.Sequence]:
    """Every judged sequence, with its steps and its diagram; times are on the clock of the server that is judged."""
    return [
        models.Sequence(
            id=one.definition.id,
            server=one.scene.server,
            title=one.definition.title,
            reference=one.definition.reference,
            shutdown=ids.get(id(one.judgement)) if one.judgement is not None else None,
            boot=one.boot,
            start=one.scene.start.astimezone(zone),
            end=one.scene.end.astimezone(zone),
            corrected_start=_corrected(clock, one.scene.server, one.scene.start, zone),
            corrected_end=_corrected(clock, one.scene.server, one.scene.end, zone),
            verdict=one.verdict,
            doubtful=one.doubtful,
            steps=[_step(step, zone) for step in one.steps],
            diagram=diagram_of(one),
        )
        for one in judged
    ]


def _step(step: JudgedStep, zone: tzinfo) -> models.Step:
    def at(time: datetime | None) -> datetime | None:
        return time.astimezone(zone) if time is not None else None

    limit, seen = step.limit, step.observation
    return models.Step(
        step=step.definition.id,
        title=step.definition.title,
        server=step.server or (seen.server if seen is not None else ""),
        group=step.key,
        lane=step.definition.lane,
        presence="optional"
        if step.definition.presence == "required" and not step.required
        else step.definition.presence,
        status=step.status,
        time=at(step.time),
        expected_within_seconds=limit.seconds if limit is not None else None,
        expected_from=limit.told if limit is not None else None,
        since=at(step.since) if limit is not None else None,
        earliest=at(step.earliest) if step.status == "missing" else None,
        latest=at(step.latest) if step.status == "missing" else None,
        before=step.before.definition.id if step.before is not None else None,
        note=step.definition.note,
        evidence=[models.evidence_of(seen.event, zone)] if seen is not None and seen.event is not None else [],
    )


def incidents_of(
    incidents: Sequence[Incident],
    findings: Sequence[models.Finding],
    ids: Mapping[int, str],
    clock: CaseClock,
    zone: tzinfo,
) -> list[models.Incident]:
    """Every incident, as parts that refer to one another by their place."""
    places = {id(finding): i for i, finding in enumerate(findings)}
    return [
        _incident(incident, f"incident-{number}", places, ids, clock, zone)
        for number, incident in enumerate(incidents, 1)
    ]


def _incident(
    incident: Incident, name: str, places: Mapping[int, int], ids: Mapping[int, str], clock: CaseClock, zone: tzinfo
) -> models.Incident:
    order = {id(part): i for i, part in enumerate(incident.parts)}
    severities: tuple[models.Severity, ...] = ("critical", "warning", "info")
    grades = [severities.index(finding.severity) for finding in incident.findings]
    parts = []
    for part in incident.parts:
        own_time, corrected = _times(part, clock, zone)
        parts.append(
            models.IncidentPart(
                time=own_time,
                corrected_time=corrected,
                server=", ".join(part.servers),
                text=part.text,
                shutdown=ids.get(id(part.judgement)) if part.judgement is not None else None,
                finding=places.get(id(part.finding)) if part.finding is not None else None,
                because=[
                    models.Because(
                        part=order[id(one.cause)], relation=one.relation, recorded=one.recorded, ground=one.ground
                    )
                    for one in incident.links
                    if one.effect is part
                ],
                evidence=[models.evidence_of(event, zone) for event in part.events[:3]]
                or (part.finding.evidence[:3] if part.finding is not None else []),
            )
        )
    return models.Incident(
        id=name,
        servers=incident.servers,
        start=min(part.time for part in incident.parts).astimezone(zone),
        end=max(part.until or part.time for part in incident.parts).astimezone(zone),
        severity=severities[min(grades)] if grades else None,
        root=order[id(incident.root)],
        parts=parts,
        shutdowns=[part.shutdown for part in parts if part.shutdown is not None],
        findings=sorted(places[id(finding)] for finding in incident.findings),
        readings=list(incident.readings),
    )


def _times(part: Happening, clock: CaseClock, zone: tzinfo) -> tuple[datetime, datetime | None]:
    """When a part happened by its server's own clock, and by the case's where that differs."""
    if part.judgement is not None and part.judgement.chosen is not None:
        own = part.judgement.chosen.time
    elif part.events:
        own = part.events[0].time
    elif part.finding is not None:
        return part.finding.start, part.finding.corrected_start
    else:
        own = part.time
    return own.astimezone(zone), _corrected(clock, part.server, own, zone)


def coverage_of(coverage: Coverage, zone: tzinfo) -> list[models.Coverage]:
    """What each log could have shown."""

    def clock(time: datetime) -> str:
        return moments.clock(time.astimezone(zone))

    def silence(one: Gap | Hole | Loss, words: Text, events: Sequence[Event | None]) -> models.Silence:
        return models.Silence(
            start=one.start.astimezone(zone),
            end=one.end.astimezone(zone),
            seconds=(one.end - one.start).total_seconds(),
            text=words,
            evidence=[models.evidence_of(event, zone) for event in events if event is not None],
        )

    return [
        models.Coverage(
            server=source.server,
            source=source.source,
            log=source.stream,
            inputs=list(source.inputs),
            first=source.first.astimezone(zone),
            last=source.last.astimezone(zone),
            records=source.records,
            gaps=[silence(g, gap_text(g, clock), [g.before, g.after]) for g in source.gaps[:_MOST_SILENCES]],
            holes=[silence(h, hole_text(h, clock), [h.before, h.after]) for h in source.holes[:_MOST_SILENCES]],
            losses=[silence(one, loss_text(one, clock), one.events) for one in source.losses[:_MOST_SILENCES]],
        )
        for source in coverage.sources
    ]


def missing_of(missing: Sequence[Missing]) -> list[models.Missing]:
    """What the case lacks."""
    return [
        models.Missing(
            server=one.server,
            what=one.what,
            text=one.text,
            without=one.without,
            input=one.mention.input if one.mention is not None else None,
            line=one.mention.line if one.mention is not None else None,
        )
        for one in missing
    ]
