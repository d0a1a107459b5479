"""Lines that support a statement, and arguments that rest on them."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any, Literal

from pydantic import Field, SerializationInfo, field_serializer

from acforensics.case.words import LocalText, Model, Time
from acforensics.events import Certainty, Disagreement, Event
from acforensics.texts import Language, Text, text

_MOST_PLACES = 8


class Place(Model):
    """Another record of the same, with its own time."""

    input: str
    line: int | None
    time: Time


class Evidence(Model):
    """One line that supports a statement.

    `line` is 1-based, or the number of the record in a binary file; `text` has secrets masked; `certainty` is that of
    its form; `also` are other records of the same; `disagreements` say where those differ.
    """

    input: str
    line: int | None
    time: Time | None
    corrected_time: Time | None = None
    """On the case's clock, where the server's own clock is known to differ from it."""
    server: str
    kind: str
    text: str
    words: Text | None = Field(default=None, exclude=True)
    """The text in both languages, where it is ours and not a log's."""
    certainty: Certainty = "verified"
    also: list[Place] = []
    disagreements: list[LocalText] = []

    def within(self, lang: Language) -> str:
        """The text as it is shown in one language."""
        return self.words.within(lang) if self.words is not None else self.text

    @field_serializer("text")
    def _in_the_language_asked_for(self, value: str, info: SerializationInfo) -> str:
        context: dict[str, Any] = info.context if isinstance(info.context, dict) else {}
        return self.within(context.get("lang", "en")) if self.words is not None else value


def evidence_of(event: Event, zone: tzinfo) -> Evidence:
    """An event as evidence: the first place that records it, and the others."""
    witness = event.witnesses[0]
    return Evidence(
        input=witness.input,
        line=witness.line,
        time=witness.time.astimezone(zone),
        corrected_time=event.case_time.astimezone(zone) if event.case_time is not None else None,
        server=event.server,
        kind=event.kind,
        text=witness.text,
        certainty=event.certainty,
        also=[
            Place(input=other.input, line=other.line, time=other.time.astimezone(zone))
            for other in event.witnesses[1 : 1 + _MOST_PLACES]
        ],
        disagreements=[_disagreement(one, event.fields.get(one.name, "")) for one in event.disagreements],
    )


def _disagreement(one: Disagreement, own: str) -> Text:
    place = one.witness.input if one.witness.line is None else f"{one.witness.input}:{one.witness.line}"
    return text("evidence.disagreement", field=one.name, own=own, other=one.value, place=place)


class Reason(Model):
    """One argument for (or against) the trigger that was named, with the lines it rests on."""

    text: LocalText
    weight: Literal["for", "against", "missing"]
    evidence: list[Evidence] = []
