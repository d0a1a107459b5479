"""The verdict: one or two plain sentences for each incident, the same in every form of the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from acforensics import case as models
from acforensics.case import CaseModel, Confidence
from acforensics.events import UNCLASSIFIED
from acforensics.moments import clock, on_both_clocks
from acforensics.period import period_text
from acforensics.rendering import ends as sentences
from acforensics.rendering.ends import GRADES, LIST, Grade, Known, names
from acforensics.rendering.story import Passage, ends_of, joined_by_records, of_ends, tell
from acforensics.texts import Text, join, text

__all__ = ["GRADES", "Grade", "Incident", "Verdict", "judge", "names", "time_span"]

_MOST_INCIDENTS = 12
_MOST_ADVICE = 2


@dataclass(frozen=True)
class Incident:
    """One story and its answer. The headline is that of its root, or of the first ends that the root led to."""

    grade: Grade
    start: datetime
    end: datetime
    servers: tuple[str, ...]
    times: tuple[tuple[str, datetime, datetime | None], ...]
    """(server, time by its own clock, time on the case's clock where that differs) of each end in the headline."""
    confidence: Confidence | None
    """None where it is not about an end."""
    headline: Text
    consequence: Text | None
    """What followed that is graver than the headline."""
    why: tuple[Text, ...]
    """The reason that decided, and what keeps it from being certain."""
    ups: Text | None
    """Whether the UPS was told; None where it is not about an end."""
    ups_missed: bool
    """Whether at least one server's UPS is known not to have been told."""
    after: tuple[Text, ...]
    """Whether the servers are up again, where that is worth a sentence."""
    advice: Text
    shutdowns: tuple[str, ...]
    """Ids in the result, those of the headline first."""
    loop: bool = False
    story: tuple[Passage, ...] = ()
    """All that happened; where it is one passage, the headline says it."""
    readings: tuple[Text, ...] = ()
    """Explanations that the logs do not decide between."""

    @property
    def said(self) -> tuple[Text, ...]:
        """What stands below the headline: how sure it is, why, whether the UPS was told, what is up again."""
        sure = () if self.confidence is None else (text("verdict.sure", word=text(f"confidence.{self.confidence}")),)
        return (*sure, *self.why, *(() if self.ups is None else (self.ups,)), *self.after)

    def when(self) -> Text:
        """The time of each server's end; of a loop from the first to the last."""
        times = [on_both_clocks(time, corrected) for _, time, corrected in self.times]
        if self.loop:
            return text("verdict.when.span", first=times[0], last=times[-1])
        if len(times) == 1:
            return times[0]
        of_servers = zip(times, self.times, strict=True)
        return join([text("verdict.when.of-server", time=time, server=one[0]) for time, one in of_servers], LIST)


@dataclass(frozen=True)
class Verdict:
    """The incidents in order of time; without any, `nothing` says so."""

    incidents: tuple[Incident, ...]
    left_out: int
    read: Text
    nothing: tuple[Text, ...] = ()
    advice: Text | None = None


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


def _incidents(model: CaseModel) -> list[Incident]:
    """One for each incident of the result; an end that is in none of them is one of its own."""
    known = Known(model)
    found = [_incident(known, tell(known, one), one) for one in model.incidents if one.parts]
    inside = {name for one in model.incidents for name in one.shutdowns}
    rest = [end for end in model.shutdowns if end.id not in inside]
    return found + [_incident(known, [of_ends(known, group)], None) for group in sentences.groups_of(known, rest)]


def _incident(known: Known, story: Sequence[Passage], source: models.Incident | None) -> Incident:
    chief = next((one for one in story if one.root), story[0])
    if chief.group is None:
        chief = next((one for one in story if one.group is not None), chief)
    group = chief.group
    ends = ends_of(story)
    own = [end.id for end in group.ends] if group is not None else []
    again = [sentences.up_again(known, one.group) for one in story if one.group is not None and one.group.loop]
    return Incident(
        grade=_grade(known, story, source),
        start=min(one.case_time for one in story),
        end=max([one.case_time for one in story] + [end.case_time for end in ends]),
        servers=tuple(source.servers if source is not None else group.servers if group is not None else ()),
        times=_times(chief, source),
        confidence=group.confidence if group is not None else None,
        headline=chief.sentence,
        consequence=_consequence(story, chief),
        why=(*(sentences.why(group) if group is not None else _summary(chief)), *_unverified(chief)),
        ups=sentences.ups(group) if group is not None else None,
        ups_missed=group is not None and sentences.ups_missed(group),
        after=tuple(one for one in again if one is not None),
        advice=_advice(story, chief),
        shutdowns=(*own, *(end.id for end in ends if end.id not in own)),
        loop=group is not None and group.loop,
        story=tuple(_with_ups(one) if one is not chief else one for one in story),
        readings=tuple(source.readings) if source is not None else (),
    )


def _consequence(story: Sequence[Passage], chief: Passage) -> Text | None:
    """What follows the headline and is graver; said to be inferred unless records alone join the two."""
    place = next(number for number, one in enumerate(story, 1) if one is chief)
    after = [(number, one) for number, one in enumerate(story, 1) if number > place and one.grade is not None]
    if not after:
        return None
    number, gravest = min(after, key=lambda pair: GRADES.index(pair[1].grade or "ok"))
    if GRADES.index(gravest.grade or "ok") >= GRADES.index(chief.grade or "ok"):
        return None
    key = "story.then" if number in joined_by_records(story, place) else "story.then-inferred"
    return text(key, what=gravest.sentence)


def _summary(chief: Passage) -> tuple[Text, ...]:
    return (chief.finding.summary,) if chief.finding is not None else ()


def _unverified(chief: Passage) -> tuple[Text, ...]:
    """Said where a line decided whose form was never checked against real logs."""
    ends = chief.group.ends if chief.group is not None else []
    decisive = [end.evidence[0] for end in ends if end.evidence and end.trigger != "unknown"]
    if chief.finding is not None:
        decisive += chief.finding.evidence[:1]
    doubtful = any(line.certainty == "unverified" and line.kind != UNCLASSIFIED for line in decisive)
    return (text("verdict.unverified"),) if doubtful else ()


def _times(chief: Passage, source: models.Incident | None) -> tuple[tuple[str, datetime, datetime | None], ...]:
    if chief.group is not None:
        return tuple((end.server, end.time, end.corrected_time) for end in chief.group.ends)
    servers = chief.finding.servers if chief.finding is not None else source.servers if source is not None else []
    return ((", ".join(servers), chief.time, chief.corrected),)


def _grade(known: Known, story: Sequence[Passage], source: models.Incident | None) -> Grade:
    if source is not None and source.severity is not None:
        return source.severity
    if any(one.group is not None and one.group.loop for one in story):
        return "critical"
    ends = ends_of(story)
    return sentences.grade(ends, known.about(ends))


def _advice(story: Sequence[Passage], chief: Passage) -> Text:
    """That of the gravest part first, then the headline's, then by time; praise only where there is nothing else."""
    told = [one for one in story if one.advice is not None and one.grade is not None]
    ranked = sorted(told, key=lambda one: (GRADES.index(one.grade or "ok"), one is not chief))
    faults = [one for one in ranked if one.grade != "ok"]
    chosen = dict.fromkeys(one.advice for one in faults or ranked if one.advice is not None)
    return join(list(chosen)[:_MOST_ADVICE]) if chosen else text("verdict.next.unknown")


def _with_ups(passage: Passage) -> Passage:
    """The headline's ends have a word about the UPS beside them; of others only a fault is worth one."""
    if passage.group is None or not sentences.ups_missed(passage.group):
        return passage
    return replace(passage, sentence=join([passage.sentence, sentences.ups(passage.group)]))


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
    said = text("verdict.read", servers=servers, first=clock(span[0]), last=clock(span[1]), **counts)
    since, until = (model.generator.options.get(name) for name in ("since", "until"))
    if since is None and until is None:
        return said
    return join([said, text("verdict.read-period", period=period_text(since, until))])


def time_span(model: CaseModel) -> tuple[datetime, datetime] | None:
    """First and last record of the whole case."""
    firsts = [item.first for item in model.inputs if item.first is not None]
    lasts = [item.last for item in model.inputs if item.last is not None]
    return (min(firsts), max(lasts)) if firsts and lasts else None
