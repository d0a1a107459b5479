"""One hypothesis about an end, and the reasons that speak for and against it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from acforensics.case import Confidence, Mode, Scope, Trigger
from acforensics.events import Event
from acforensics.texts import Text


@dataclass
class Argument:
    """A reason with the events it rests on."""

    text: Text
    weight: Literal["for", "against", "missing"] = "for"
    events: list[Event] = field(default_factory=list)


@dataclass
class Hypothesis:
    """A trigger that the evidence allows; `time` is the first decisive evidence that the end was asked for."""

    trigger: Trigger
    confidence: Confidence
    time: datetime
    mode: Mode = "unknown"
    scope: Scope = "unknown"
    actor: str | None = None
    command: str | None = None
    arguments: list[Argument] = field(default_factory=list)


def mode_of(events: list[Event]) -> Mode:
    """What will follow, as the given events say: the last one that says it counts."""
    for event in reversed(events):
        if event.mode == "halt":
            return "halt"
        if event.mode == "reboot":
            return "reboot"
    return "unknown"
