"""The verdict: one or two plain sentences for each incident, the same in every form of the report."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from acforensics.case import CaseModel, Confidence, EndState, Finding, Shutdown
from acforensics.texts import Text, join, literal, text

Grade = Literal["critical", "warning", "info", "ok"]
GRADES: tuple[Grade, ...] = ("critical", "warning", "info", "ok")

_TOGETHER = timedelta(minutes=5)
_MOST_INCIDENTS = 12
_SUDDEN = {"fencing", "crash", "power-loss"}
_KEYS = {
    "os.power_key": "power-key",
    "os.power_key_acted": "power-key",
    "os.ctrl_alt_del": "ctrl-alt-del",
    "os.ctrl_alt_del_acted": "ctrl-alt-del",
    "os.thermal_shutdown": "thermal",
}
_SURE: tuple[Confidence, ...] = ("possible", "likely", "certain")
_LIST = Text(en=", ", ja="、")
_STOP = re.compile(r"[.。]+$")
_SPACE_BETWEEN_JAPANESE = re.compile(r"(?<=[、-ヿ一-鿿）]) (?=[、-ヿ一-鿿（])")


@dataclass(frozen=True)
class Incident:
    """What ended one server, several servers together, or one server again and again."""

    grade: Grade
    start: datetime
    end: datetime
    servers: tuple[str, ...]
    times: tuple[tuple[str, datetime, datetime | None], ...]
    """(server, time by its own clock, time on the case's clock where that differs) of each end."""
    confidence: Confidence
    headline: Text
    why: tuple[Text, ...]
    """The reason that decided, and what keeps it from being certain."""
    ups: Text
    """Whether the UPS was told."""
    ups_missed: bool
    """Whether at least one server's UPS is known not to have been told."""
    after: tuple[Text, ...]
    """Whether the servers are up again, where that is worth a sentence."""
    advice: Text
    shutdowns: tuple[str, ...]
    """Ids in the result."""
    loop: bool = False

    def when(self) -> Text:
        """The time of each server's end; of a loop from the first to the last."""
        if self.loop:
            return text("verdict.when.span", first=clock(self.start), last=clock(self.end))
        if len(self.times) == 1:
            return literal(clock(self.start))
        return join(
            [text("verdict.when.of-server", time=clock(time), server=server) for server, time, _ in self.times],
            _LIST,
        )


@dataclass(frozen=True)
class Verdict:
    """The incidents in order of time; without any, `nothing` says so."""

    incidents: tuple[Incident, ...]
    left_out: int
    read: Text
    nothing: tuple[Text, ...] = ()
    advice: Text | None = None


def clock(moment: datetime) -> str:
    """A time as a reader sees it: in the case's zone, which is named once."""
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def judge(model: CaseModel) -> Verdict:
    """Return the verdict on a case."""
    incidents = sorted(_incidents(model), key=lambda incident: (incident.start, incident.servers))
    read = _read(model)
    if not incidents:
        return Verdict((), 0, read, (text("verdict.none"), text("verdict.none-detail")), text("verdict.none-next"))
    # The gravest first; of too many the latest are kept, and equals are shown in order of time.
    ranked = sorted(incidents, key=lambda incident: (GRADES.index(incident.grade), -incident.start.timestamp()))
    kept = {id(incident) for incident in ranked[:_MOST_INCIDENTS]}
    by_grade = sorted(incidents, key=lambda incident: GRADES.index(incident.grade))
    shown = tuple(incident for incident in by_grade if id(incident) in kept)
    return Verdict(shown, len(incidents) - len(shown), read)


def names(servers: Sequence[str]) -> Text:
    """`a`, `a and b`, `a, b and c`."""
    if len(servers) < 2:
        return literal("".join(servers))
    return text("verdict.and", first=join([literal(s) for s in servers[:-1]], _LIST), last=servers[-1])


# --- incidents


def _incidents(model: CaseModel) -> list[Incident]:
    by_id = {shutdown.id: shutdown for shutdown in model.shutdowns}
    taken: set[str] = set()
    found = []
    for finding in model.findings:
        ends = [by_id[name] for name in finding.related if name in by_id and name not in taken]
        if finding.rule == "reboot-loop" and ends:
            taken.update(end.id for end in ends)
            found.append(_loop(model, ends))
    rest = sorted((end for end in model.shutdowns if end.id not in taken), key=lambda end: (end.case_time, end.server))
    states = {boot.id: boot.end_state for boot in model.boots}
    groups: list[list[Shutdown]] = []
    for end in rest:
        group = next((g for g in reversed(groups[-8:]) if _equal(g, end, states)), None)
        if group is None:
            groups.append([end])
        else:
            group.append(end)
    return found + [_ending(model, group, states) for group in groups]


def _equal(group: list[Shutdown], end: Shutdown, states: Mapping[str, EndState]) -> bool:
    """Several servers that ended alike within minutes are one incident."""
    first = group[0]
    return (
        end.case_time - group[-1].case_time <= _TOGETHER
        and end.server not in {other.server for other in group}
        and (first.trigger, first.mode, first.actor, first.confidence)
        == (end.trigger, end.mode, end.actor, end.confidence)
        and (states.get(first.boot) == "clean") == (states.get(end.boot) == "clean")
    )


def _ending(model: CaseModel, group: list[Shutdown], states: Mapping[str, EndState]) -> Incident:
    first = group[0]
    findings = _findings_about(model, group)
    servers = [end.server for end in group]
    values = {"servers": names(servers), "ended": text(f"verdict.ended.{first.mode}")}
    if first.trigger == "unknown":
        orderly = first.mode != "unknown" or states.get(first.boot) == "clean"
        headline = text("verdict.headline.undecided" if orderly else "verdict.headline.undecided-sudden", **values)
    else:
        sudden = "sudden-" if first.trigger in _SUDDEN else ""
        headline = text(f"verdict.headline.{sudden}{first.confidence}", cause=_cause(group, findings), **values)
    return Incident(
        grade=_grade(group, findings),
        start=first.case_time,
        end=group[-1].case_time,
        servers=tuple(servers),
        times=tuple((end.server, end.time, end.corrected_time) for end in group),
        confidence=first.confidence,
        headline=_tidy(headline),
        why=tuple(_why(group)),
        ups=_ups(group),
        ups_missed=any(end.ups_told in ("no", "partly") for end in group),
        after=(),
        advice=_advice(group, findings),
        shutdowns=tuple(end.id for end in group),
    )


def _loop(model: CaseModel, ends: list[Shutdown]) -> Incident:
    ends = sorted(ends, key=lambda end: (end.case_time, end.server))
    servers = sorted({end.server for end in ends})
    turns = {server: sum(end.server == server for end in ends) for server in servers}
    if len(set(turns.values())) == 1:
        each = "verdict.headline.loop-each" if len(servers) > 1 else "verdict.headline.loop-once"
        counts = text(each, count=turns[servers[0]])
    else:
        counts = join([text("verdict.headline.loop-count", server=s, count=turns[s]) for s in servers], _LIST)
    values = {"servers": names(servers), "counts": counts}
    triggers = {end.trigger for end in ends}
    one_cause = len(triggers) == 1 and triggers != {"unknown"}
    if one_cause:
        headline = text("verdict.headline.loop", cause=text(f"verdict.cause.{ends[0].trigger}"), **values)
    else:
        headline = text("verdict.headline.loop-mixed", **values)
    up = [
        text("verdict.up-since", server=last.server, time=clock(last.start))
        for last in (max((b for b in model.boots if b.server == s), key=_order) for s in servers)
        if last.end_state == "running" and last.start is not None
    ]
    recovery = one_cause and ends[0].trigger == "clusterpro-recovery"
    return Incident(
        grade="critical",
        start=ends[0].case_time,
        end=ends[-1].case_time,
        servers=tuple(servers),
        times=tuple((end.server, end.time, end.corrected_time) for end in ends),
        confidence=min((end.confidence for end in ends), key=_SURE.index),
        headline=_tidy(headline),
        why=tuple(_why(ends[:1])) if one_cause else (),
        ups=_ups(ends),
        ups_missed=any(end.ups_told in ("no", "partly") for end in ends),
        after=(text("verdict.up-again", each=join(up, _LIST)),) if up else (),
        advice=text("verdict.next.clusterpro-recovery" if recovery else "verdict.next.loop"),
        shutdowns=tuple(end.id for end in ends),
        loop=True,
    )


def _order(boot: object) -> float:
    start = getattr(boot, "start", None)
    return start.timestamp() if isinstance(start, datetime) else float("-inf")


def _findings_about(model: CaseModel, group: list[Shutdown]) -> list[Finding]:
    ids = {end.id for end in group}
    return [finding for finding in model.findings if ids & set(finding.related)]


def _grade(group: list[Shutdown], findings: list[Finding]) -> Grade:
    if findings:
        return min((finding.severity for finding in findings), key=GRADES.index)
    orderly = {"clusterpro-command", "ac-schedule", "ac-power-failure"}
    proper = all(end.trigger in orderly and end.ups_told in ("yes", "not-applicable") for end in group)
    return "ok" if proper else "info"


# --- sentences


def _cause(group: list[Shutdown], findings: list[Finding]) -> Text:
    first = group[0]
    past = any(finding.rule == "os-command-shutdown" and finding.severity == "critical" for finding in findings)
    cause = text("verdict.cause.os-command-past" if past else f"verdict.cause.{_key_pressed(group) or first.trigger}")
    details = []
    commands = {end.command for end in group}
    if len(commands) == 1 and first.command:
        details.append(text("verdict.cause.command", command=first.command))
    if first.actor:
        details.append(text("verdict.cause.actor", actor=first.actor))
    elif first.trigger == "os-command":
        details.append(text("verdict.cause.actor-unknown"))
    if not details:
        return cause
    return text("verdict.cause.with-details", cause=cause, details=join(details, _LIST))


def _key_pressed(group: list[Shutdown]) -> str | None:
    """Which of the hardware's requests it was, where all servers tell the same one."""
    if group[0].trigger != "hardware-request":
        return None
    kinds = {next((_KEYS[e.kind] for e in end.evidence if e.kind in _KEYS), None) for end in group}
    return kinds.pop() if len(kinds) == 1 else None


def _why(group: list[Shutdown]) -> list[Text]:
    """The first reason, where the headline does not say it already, and what keeps it from being certain."""
    found = []
    told = group[0].command is not None and group[0].confidence == "certain"
    reasons = [(end.server, next((r.text for r in end.reasons if r.weight == "for"), None)) for end in group]
    known = [(server, reason) for server, reason in reasons if reason is not None]
    if known and not told:
        same = len({reason for _, reason in known}) == 1
        parts = (
            [known[0][1]]
            if same
            else [text("verdict.of-server", server=server, what=reason) for server, reason in known[:3]]
        )
        found.append(text("verdict.because", reason=_open(join(parts, Text(en="; ", ja="／")))))
    if group[0].confidence != "certain":
        missing = next((r.text for r in group[0].reasons if r.weight == "missing"), None)
        if missing is not None:
            found.append(_capital(text("verdict.missing", reason=_open(missing))))
    return found


_SPEAK_FOR_THE_UPS = {"ups-agent", "ac-power-failure", "ac-schedule"}


def _ups(group: list[Shutdown]) -> Text:
    told = {end.ups_told for end in group}
    if told == {"not-applicable"} and all(end.trigger in _SPEAK_FOR_THE_UPS for end in group):
        return text("verdict.ups.not-needed")
    if len(told) == 1:
        return text(f"verdict.ups.{group[0].ups_told}")
    each = {(end.server, end.ups_told): None for end in group}
    parts = [text("verdict.of-server", server=server, what=text(f"ups-told.{word}")) for server, word in each]
    return text("verdict.ups.mixed", each=join(parts, _LIST))


def _advice(group: list[Shutdown], findings: list[Finding]) -> Text:
    trigger, told = group[0].trigger, {end.ups_told for end in group}
    key: str = trigger
    if trigger == "os-command":
        in_cluster = any(f.rule == "os-command-shutdown" and f.severity == "critical" for f in findings)
        if not in_cluster:
            key = "os-command-no-cluster"
        elif group[0].mode == "reboot":
            key = "os-command-reboot"
    elif trigger == "clusterpro-command" and told & {"no", "partly"}:
        key = "clusterpro-command-ups"
    elif trigger == "clusterpro-command" and "unknown" in told:
        key = "clusterpro-command-unseen"
    return text(f"verdict.next.{key}")


def _read(model: CaseModel) -> Text:
    counts = {
        "files": len(model.inputs),
        "records": sum(item.records for item in model.inputs),
        "events": sum(item.events for item in model.inputs),
    }
    span = time_span(model)
    if span is None:
        return text("verdict.read-no-time", **counts)
    servers = names([server.name for server in model.servers])
    return text("verdict.read", servers=servers, first=clock(span[0]), last=clock(span[1]), **counts)


def time_span(model: CaseModel) -> tuple[datetime, datetime] | None:
    """First and last record of the whole case."""
    firsts = [item.first for item in model.inputs if item.first is not None]
    lasts = [item.last for item in model.inputs if item.last is not None]
    return (min(firsts), max(lasts)) if firsts and lasts else None


def _open(sentence: Text) -> Text:
    """Without its full stop, to stand inside another sentence."""
    return Text(en=_STOP.sub("", sentence.en), ja=_STOP.sub("", sentence.ja))


def _capital(sentence: Text) -> Text:
    return Text(en=sentence.en[:1].upper() + sentence.en[1:], ja=sentence.ja)


def _tidy(sentence: Text) -> Text:
    """Japanese has no space between Japanese words; what is quoted in backquotes stays as it is."""
    parts = sentence.ja.split("`")
    parts[::2] = [_SPACE_BETWEEN_JAPANESE.sub("", part) for part in parts[::2]]
    return Text(en=sentence.en, ja="`".join(parts))
