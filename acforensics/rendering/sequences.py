"""Judged sequences as every form of the report tells them: what deviates first, what repeats once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from acforensics.case import Sequence, Step
from acforensics.coverage import length_text
from acforensics.moments import of_day
from acforensics.rendering.ends import LIST
from acforensics.texts import Text, join, literal, text

_ORDER = ("deviates", "not-observable", "conforms")
_FAULTS = ("missing", "late", "out-of-order", "forbidden-observed")
_IN_SECONDS = 120

Kind = tuple[str, str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True)
class Judged:
    """A sequence with its number among all, in order of time; `like` is the number of the first that deviates alike."""

    number: int
    sequence: Sequence
    like: int | None


def ranked(sequences: Iterable[Sequence]) -> list[Judged]:
    """What deviates first, then what cannot be told; each kind of deviation together, by time."""
    numbered = list(enumerate(sequences, 1))
    first: dict[Kind, int] = {}
    for number, one in numbered:
        first.setdefault(kind(one), number)
    found = [
        Judged(number, one, first[kind(one)] if first[kind(one)] != number and one.verdict != "conforms" else None)
        for number, one in numbered
    ]
    return sorted(found, key=lambda one: (_ORDER.index(one.sequence.verdict), one.like or one.number, one.number))


def kind(sequence: Sequence) -> Kind:
    """Sequences of one kind deviate alike."""
    faults = sorted({(step.step, step.status) for step in sequence.steps if is_fault(step)})
    return sequence.id, sequence.verdict, tuple(faults)


def deviating(sequences: Iterable[Sequence]) -> list[list[Sequence]]:
    """Those that deviate; those that do so alike together, in order of the first ones."""
    found: dict[Kind, list[Sequence]] = {}
    for one in sequences:
        if one.verdict == "deviates":
            found.setdefault(kind(one), []).append(one)
    return list(found.values())


def counts(sequences: Iterable[Sequence]) -> Mapping[str, int]:
    """How many there are, and of each verdict."""
    verdicts = [one.verdict for one in sequences]
    return {
        "total": len(verdicts),
        "conforms": verdicts.count("conforms"),
        "deviates": verdicts.count("deviates"),
        "unobservable": verdicts.count("not-observable"),
    }


# --- steps


def is_fault(step: Step) -> bool:
    """Whether a step is not as it should be."""
    return step.status in _FAULTS


def is_folded(step: Step) -> bool:
    """Whether it was not seen and need not be: such steps say little."""
    return step.time is None and step.presence != "required"


def deviations(sequence: Sequence) -> list[Text]:
    """What deviates, a sentence each; where nothing does, what kept it from being judged."""
    faults = [step for step in sequence.steps if is_fault(step)]
    if not faults and sequence.verdict == "not-observable":
        faults = [step for step in sequence.steps if step.status == "not-observable" and not is_folded(step)]
    return [_says(step, sequence) for step in faults]


def _says(step: Step, sequence: Sequence) -> Text:
    values: dict[str, object] = {"step": _named(step, sequence)}
    key = f"sequence-page.says.{step.status}"
    if step.time is not None:
        values["time"] = moment(step.time, sequence)
    if step.status == "missing" and step.earliest is not None and step.latest is not None:
        key += "-due"
        values |= {"first": moment(step.earliest, sequence), "last": moment(step.latest, sequence)}
    elif step.status == "late" and (last := _last(step)) is not None:
        key += "-due"
        values["last"] = moment(last, sequence)
    elif step.status == "out-of-order":
        other = next((one.title for one in sequence.steps if one.step == step.before), None)
        if other is not None:
            key += "-before"
            values["other"] = other
    return text(key, **values)


def _named(step: Step, sequence: Sequence) -> Text:
    of = [part for part in (step.server if step.server != sequence.server else "", step.group) if part]
    if not of:
        return step.title
    return text("sequence-page.step-of", step=step.title, of=join([literal(part) for part in of], LIST))


def _last(step: Step) -> datetime | None:
    if step.expected_within_seconds is None or step.since is None:
        return None
    return step.since + timedelta(seconds=step.expected_within_seconds)


def deadline(step: Step, sequence: Sequence) -> Text | None:
    """Until when it was due, if it had a deadline."""
    if step.status == "missing" and step.earliest is not None and step.latest is not None:
        return text(
            "sequence-page.due.window", first=moment(step.earliest, sequence), last=moment(step.latest, sequence)
        )
    if step.expected_within_seconds is None:
        return None
    length = _length(step.expected_within_seconds)
    last = _last(step)
    if last is None or step.since is None:
        return text("sequence-page.due.within", length=length)
    return text("sequence-page.due.by", last=moment(last, sequence), since=moment(step.since, sequence), length=length)


def _length(seconds: float) -> Text:
    if seconds <= _IN_SECONDS:
        return text("sequence-page.seconds", seconds=f"{seconds:g}")
    return length_text(timedelta(seconds=seconds))


def moment(time: datetime, sequence: Sequence) -> str:
    """The time of day, on another day than the sequence's first with its date."""
    return of_day(time, sequence.start.date())
