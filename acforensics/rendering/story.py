"""What happened in an incident, in a few sentences in order of time: what is alike is told once.

A passage comes after what led to it, and says on which ground that is said.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from acforensics import case as models
from acforensics.case import Evidence, Finding, Shutdown
from acforensics.moments import of_day
from acforensics.rendering import ends as sentences
from acforensics.rendering.ends import Grade, Group, Known
from acforensics.texts import Text, join, text


@dataclass(frozen=True)
class Ground:
    """Why a passage belongs to an earlier one, which is named by its number in the story, from 1."""

    number: int
    together: bool
    recorded: bool
    text: Text


@dataclass(frozen=True)
class Passage:
    """One sentence of a story. Times are those of the server's own clock, `corrected` on the case's."""

    time: datetime
    corrected: datetime | None
    until: datetime | None
    """The last turn of a loop."""
    sentence: Text
    evidence: tuple[Evidence, ...]
    group: Group | None = None
    finding: Finding | None = None
    grade: Grade | None = None
    advice: Text | None = None
    grounds: tuple[Ground, ...] = ()
    root: bool = False

    @property
    def case_time(self) -> datetime:
        """The time on the case's clock."""
        return self.corrected or self.time

    @property
    def until_shown(self) -> str:
        """The last turn of a loop, on the same day without its date."""
        if self.until is None:
            return ""
        return of_day(self.until, self.time.date())

    @property
    def told(self) -> Text:
        """The sentence as one that follows others."""
        if not self.grounds:
            return self.sentence
        return text("story.then-inferred" if self.inferred else "story.then", what=self.sentence)

    @property
    def inferred(self) -> bool:
        """Whether that it belongs here is not on record."""
        return bool(self.grounds) and not any(ground.recorded for ground in self.grounds)


def tell(known: Known, incident: models.Incident) -> list[Passage]:
    """The story of one incident."""
    places = {part.shutdown: place for place, part in enumerate(incident.parts) if part.shutdown is not None}
    own = [known.ends[name] for name in places if name in known.ends]
    told_apart = [known.findings[part.finding] for part in incident.parts if part.finding is not None]
    found: list[tuple[list[int], Passage]] = []
    for group in sentences.groups_of(known, own, set(_requests(incident))):
        found.append((sorted(places[end.id] for end in group.ends), of_ends(known, group, told_apart)))
    inside = {place for members, _ in found for place in members}
    found += [
        ([place], _of_part(known, part)) for place, part in enumerate(incident.parts) if place not in inside
    ]  # fmt: skip
    return _in_order(incident, found)


def of_ends(known: Known, group: Group, told_apart: Sequence[Finding] = ()) -> Passage:
    """A passage about ends; findings that have a passage of their own do not make it worse."""
    first = group.ends[0]
    about = [finding for finding in known.about(group.ends) if not any(finding is other for other in told_apart)]
    return Passage(
        time=first.time,
        corrected=first.corrected_time,
        until=group.ends[-1].time if group.loop else None,
        sentence=sentences.headline(known, group),
        evidence=tuple(end.evidence[0] for end in group.ends if end.evidence),
        group=group,
        grade="critical" if group.loop else sentences.grade(group.ends, about),
        advice=sentences.advice(known, group),
    )


def _of_part(known: Known, part: models.IncidentPart) -> Passage:
    finding = known.findings[part.finding] if part.finding is not None else None
    return Passage(
        time=part.time,
        corrected=part.corrected_time,
        until=None,
        sentence=join([sentences.opened(part.text), Text(en=".", ja="。")], Text(en="", ja="")),
        evidence=tuple(part.evidence),
        finding=finding,
        grade=finding.severity if finding is not None else None,
        advice=sentences.first_sentence(finding.advice) if finding is not None else None,
    )


def _requests(incident: models.Incident) -> Iterator[frozenset[str]]:
    """Pairs of ends of which it is on record that one request stopped both."""
    for part in incident.parts:
        for because in part.because:
            other = incident.parts[because.part]
            if because.relation == "together" and because.recorded and part.shutdown and other.shutdown:
                yield frozenset((part.shutdown, other.shutdown))


def _in_order(incident: models.Incident, found: Sequence[tuple[list[int], Passage]]) -> list[Passage]:
    """By time, but never before what led to it; then each with its grounds."""
    owner = {place: number for number, (members, _) in enumerate(found) for place in members}
    causes = {
        number: {
            owner[because.part]
            for place in members
            for because in incident.parts[place].because
            if because.relation == "causes"
        }
        - {number}
        for number, (members, _) in enumerate(found)
    }
    order = {number: place for place, number in enumerate(_sorted(causes, [one.case_time for _, one in found]), 1)}
    return [
        replace(
            found[number][1],
            grounds=tuple(_grounds(incident, found[number][0], owner, order)),
            root=owner.get(incident.root) == number,
        )
        for number in order
    ]


def _sorted(causes: Mapping[int, set[int]], times: Sequence[datetime]) -> Iterator[int]:
    """The earliest first of those whose causes are told; where causes go round in a circle, the earliest of all."""
    effects: dict[int, list[int]] = {}
    for number, own in causes.items():
        for cause in own:
            effects.setdefault(cause, []).append(number)
    untold = {number: len(own) for number, own in causes.items()}
    waiting = deque(sorted(causes, key=lambda number: (times[number], number)))
    ready = [(times[number], number) for number in waiting if not untold[number]]
    heapq.heapify(ready)
    told: set[int] = set()
    while waiting:
        number = heapq.heappop(ready)[1] if ready else waiting.popleft()
        if number in told:
            continue
        told.add(number)
        yield number
        while waiting and waiting[0] in told:
            waiting.popleft()
        for effect in effects.get(number, []):
            untold[effect] -= 1
            if not untold[effect]:
                heapq.heappush(ready, (times[effect], effect))


def _grounds(
    incident: models.Incident, members: Sequence[int], owner: dict[int, int], order: dict[int, int]
) -> Iterator[Ground]:
    seen = set()
    for place in members:
        for because in incident.parts[place].because:
            number = order[owner[because.part]]
            key = (number, because.ground)
            if owner[because.part] != owner[place] and key not in seen:
                seen.add(key)
                yield Ground(number, because.relation == "together", because.recorded, because.ground)


def ends_of(story: Sequence[Passage]) -> list[Shutdown]:
    """All ends of a story, in its order."""
    return [end for passage in story if passage.group is not None for end in passage.group.ends]


def joined_by_records(story: Sequence[Passage], start: int) -> set[int]:
    """The numbers of the passages that belong to one of them by what is on record, without anything inferred."""
    beside: dict[int, set[int]] = {}
    for number, passage in enumerate(story, 1):
        for ground in passage.grounds:
            if ground.recorded:
                beside.setdefault(number, set()).add(ground.number)
                beside.setdefault(ground.number, set()).add(number)
    found, waiting = {start}, [start]
    while waiting:
        new = beside.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found
