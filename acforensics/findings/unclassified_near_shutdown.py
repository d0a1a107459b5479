"""A program that no definition names spoke shortly before an end: nobody knows yet whether it asked for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from acforensics.case import Finding
from acforensics.events import UNCLASSIFIED, Event
from acforensics.findings.context import FindingContext, end_of
from acforensics.shutdowns import Judgement
from acforensics.texts import Text, join, text

_RULE = "unclassified-near-shutdown"
_BEFORE = timedelta(minutes=10)
_RIGHT_BEFORE = timedelta(minutes=1)
_HABIT = 3
_OWN_FINDINGS = 10
_NAMES_SHOWN = 20
_LINES_OF_AN_END = 3
_MESSAGE_SHOWN = 120
_GUESS = "esmpro-ac/guessed-message"


@dataclass
class _Speech:
    """What one program said before one end."""

    judgement: Judgement
    end: datetime
    events: list[Event]

    @property
    def distance(self) -> timedelta:
        return self.end - self.events[-1].time

    @property
    def certain(self) -> bool:
        chosen = self.judgement.chosen
        return chosen is not None and chosen.confidence == "certain"

    @property
    def right_before(self) -> bool:
        late = [event for event in self.events if self.end - event.time <= _RIGHT_BEFORE]
        return len(late) * 2 >= len(self.events) > 0 and bool(late)


def find(context: FindingContext) -> list[Finding]:
    """One finding for each program, the nearest to an end first; those for which there is no room share one."""
    programs: dict[str, list[_Speech]] = {}
    for judgement in context.judgements:
        for program, speech in _before(judgement).items():
            programs.setdefault(program, []).append(speech)
    told = [(program, speeches) for program, all_ in programs.items() if (speeches := _worth_telling(all_))]
    told.sort(key=lambda pair: (min(speech.distance for speech in pair[1]), pair[0]))
    found = [_finding(context, program, speeches) for program, speeches in told[:_OWN_FINDINGS]]
    return [*found, *_others(context, told[_OWN_FINDINGS:])]


def _before(judgement: Judgement) -> dict[str, _Speech]:
    if judgement.chosen is None:
        return {}
    end = judgement.view.stop_begins or judgement.view.end
    found: dict[str, _Speech] = {}
    for event in sorted(judgement.boot.events, key=lambda event: event.time):
        unknown = event.kind == UNCLASSIFIED or event.definition == _GUESS
        if unknown and timedelta(0) <= end - event.time <= _BEFORE:
            found.setdefault(event.program, _Speech(judgement, end, [])).events.append(event)
    return found


def _worth_telling(speeches: Sequence[_Speech]) -> list[_Speech]:
    """Those before ends that are not certain; where all are, a program that speaks right before every one of many."""
    open_ends = [speech for speech in speeches if not speech.certain]
    if open_ends:
        return open_ends
    return list(speeches) if len(speeches) >= _HABIT and all(speech.right_before for speech in speeches) else []


def _finding(context: FindingContext, program: str, speeches: Sequence[_Speech]) -> Finding:
    nearest = min(speeches, key=lambda speech: speech.distance)
    last = nearest.events[-1]
    shown = last.message if len(last.message) <= _MESSAGE_SHOWN else last.message[:_MESSAGE_SHOWN] + "…"
    summary = [
        text(
            f"finding.{_RULE}.summary",
            program=program,
            lines=sum(len(speech.events) for speech in speeches),
            ends=len(speeches),
            near=_span(nearest.distance),
            server=nearest.judgement.boot.server,
            time=context.clock(nearest.judgement.boot.server, nearest.end),
            message=f"「{shown}」" if not shown.isascii() else f'"{shown}"',
        ),
        text(f"finding.{_RULE}.{'habit' if nearest.certain else 'undecided'}"),
    ]
    servers = ", ".join(sorted({speech.judgement.boot.server for speech in speeches}))
    return _write(
        context,
        speeches,
        text(f"finding.{_RULE}.title", program=program, servers=servers),
        join(summary),
    )


def _others(context: FindingContext, rest: Sequence[tuple[str, list[_Speech]]]) -> list[Finding]:
    if not rest:
        return []
    names = ", ".join(program for program, _ in rest[:_NAMES_SHOWN]) + (", …" if len(rest) > _NAMES_SHOWN else "")
    speeches = [speech for _, own in rest for speech in own]
    title = text(f"finding.{_RULE}.others-title", count=len(rest))
    return [_write(context, speeches, title, text(f"finding.{_RULE}.others", names=names))]


def _write(context: FindingContext, speeches: Sequence[_Speech], title: Text, summary: Text) -> Finding:
    nearest_first = sorted(speeches, key=lambda speech: speech.distance)
    return context.finding(
        _RULE,
        "info",
        list({id(speech.judgement): speech.judgement for speech in speeches}.values()),
        spans=[(speech.judgement.boot.server, speech.events[0].time, end_of(speech.judgement)) for speech in speeches],
        title=title,
        summary=summary,
        advice=text(f"finding.{_RULE}.advice"),
        events=[event for speech in nearest_first for event in reversed(speech.events[-_LINES_OF_AN_END:])],
    )


def _span(distance: timedelta) -> Text:
    seconds = round(distance.total_seconds())
    if seconds < 120:
        return text(f"finding.{_RULE}.seconds", count=seconds)
    return text(f"finding.{_RULE}.minutes", count=round(seconds / 60))
