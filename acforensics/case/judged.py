"""What is judged: boots and their ends, sequences step by step, findings, settings."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from acforensics.case.evidence import Evidence, Reason
from acforensics.case.words import (
    Confidence,
    EndState,
    LocalText,
    Mode,
    Model,
    Scope,
    SettingStatus,
    Severity,
    StepStatus,
    Time,
    Trigger,
    UpsTold,
    Verdict,
)


class Boot(Model):
    """One boot; `start` is null where no log holds its beginning, `end` where it is still running."""

    id: str
    server: str
    start: Time | None
    end: Time | None
    corrected_start: Time | None = None
    corrected_end: Time | None = None
    end_state: EndState
    evidence: list[Evidence]


class Shutdown(Model):
    """The end of a boot, and who or what ended it."""

    id: str
    server: str
    time: Time
    corrected_time: Time | None = None
    boot: str
    trigger: Trigger
    mode: Mode
    scope: Scope
    actor: str | None
    command: str | None
    confidence: Confidence
    ups_told: UpsTold
    sequence: str | None = None
    verdict: Verdict | None = None
    reasons: list[Reason]
    evidence: list[Evidence]

    @property
    def case_time(self) -> datetime:
        """The time on the case's clock, by which ends of several servers are compared."""
        return self.corrected_time or self.time


class Step(Model):
    """One step of a judged sequence. `server` is empty where it does not matter who recorded it.

    `expected_within_seconds` counts from `since`; `expected_from` says which setting or default that is. A missing step
    was due between `earliest` and `latest`.
    """

    step: str
    title: LocalText
    server: str
    group: str
    lane: Literal["ups", "ac", "clusterpro", "script", "os"]
    presence: Literal["required", "optional", "forbidden"]
    status: StepStatus
    time: Time | None
    expected_within_seconds: float | None
    expected_from: LocalText | None = None
    since: Time | None = None
    earliest: Time | None = None
    latest: Time | None = None
    before: str | None = None
    note: LocalText | None = None
    evidence: list[Evidence] = []


class DiagramLane(Model):
    """A column of a sequence diagram."""

    id: str
    server: str
    lane: Literal["ups", "ac", "clusterpro", "script", "os"]
    title: LocalText


class DiagramMark(Model):
    """A step in a diagram: its lane and its rows in the expected and the observed order; `None`: not there."""

    step: int
    lane: str
    expected_row: int | None
    observed_row: int | None
    follows: list[int]


class Diagram(Model):
    """A judged sequence, ready to draw; `step` and `follows` are places in its list of steps."""

    lanes: list[DiagramLane]
    marks: list[DiagramMark]
    expected_rows: int
    observed_rows: int


class Sequence(Model):
    """What was expected at one stop or start, and what was observed.

    Times, also of steps, are by the clock of the judged `server`; that of the case stands beside its start and end, and
    beside each line. `shutdown` names the end that it is about; a start has none. `doubtful`: why the verdict tells
    less than its steps.
    """

    id: str
    server: str
    title: LocalText
    reference: LocalText
    shutdown: str | None
    boot: str
    start: Time
    end: Time
    corrected_start: Time | None = None
    corrected_end: Time | None = None
    verdict: Verdict
    doubtful: LocalText | None = None
    steps: list[Step]
    diagram: Diagram


class Finding(Model):
    """Something a reviewer must know. `start` and `end` are by the clock of the server on which it began."""

    rule: str
    severity: Severity
    servers: list[str]
    start: Time
    end: Time
    corrected_start: Time | None = None
    corrected_end: Time | None = None
    title: LocalText
    summary: LocalText
    advice: LocalText
    reference: LocalText
    related: list[str]
    evidence: list[Evidence]

    @property
    def case_start(self) -> datetime:
        """When it began on the case's clock, by which findings of several servers are compared."""
        return self.corrected_start or self.start

    @property
    def case_end(self) -> datetime:
        """When it ended on the case's clock."""
        return self.corrected_end or self.end


class Setting(Model):
    """A setting against what the HOWTO prescribes; `subject`: the group, resource, monitor or script it is about.

    `server` is empty where it is about the whole cluster; `source` is the file and, behind a colon, the line.
    """

    server: str
    item: str
    subject: str
    title: LocalText
    expected: LocalText
    found: LocalText
    status: SettingStatus
    source: str
    reference: LocalText
    why: LocalText
    note: LocalText | None = None
