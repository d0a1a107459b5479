"""The result as typed models: what `analyze()` returns and what the JSON holds (`schema: acforensics/case/1`).

`python -m acforensics.case` prints the JSON Schema. Times are aware datetimes in the case's zone.
"""

from __future__ import annotations

import json
from datetime import datetime, tzinfo
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    SerializationInfo,
    WithJsonSchema,
    field_serializer,
)

from acforensics.events import Certainty, Disagreement, Event
from acforensics.plain import visible_json
from acforensics.texts import Language, Text, text

_MOST_PLACES = 8
Trigger = Literal[
    "clusterpro-command",
    "clusterpro-recovery",
    "ac-power-failure",
    "ac-schedule",
    "ups-agent",
    "os-command",
    "hardware-request",
    "fencing",
    "crash",
    "power-loss",
    "unknown",
]
Mode = Literal["halt", "reboot", "unknown"]
Scope = Literal["server", "cluster", "unknown"]
Confidence = Literal["certain", "likely", "possible"]
UpsTold = Literal["yes", "partly", "no", "unknown", "not-applicable"]
EndState = Literal["clean", "unclean", "unknown", "running"]
Severity = Literal["critical", "warning", "info"]
Verdict = Literal["conforms", "deviates", "not-observable"]
SettingStatus = Literal["ok", "differs", "unknown"]
StepStatus = Literal["observed", "late", "out-of-order", "missing", "not-observable", "forbidden-observed"]


def _iso(value: datetime) -> str:
    return value.isoformat(timespec="microseconds")


Time = Annotated[
    datetime,
    PlainSerializer(_iso, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
LocalText = Annotated[Text, WithJsonSchema({"type": "string"}, mode="serialization")]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Place(_Model):
    """Another record of the same, with its own time."""

    input: str
    line: int | None
    time: Time


class Evidence(_Model):
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


class Reason(_Model):
    """One argument for (or against) the trigger that was named, with the lines it rests on."""

    text: LocalText
    weight: Literal["for", "against", "missing"]
    evidence: list[Evidence] = []


class Input(_Model):
    """One file that was read."""

    path: str
    sha256: str
    bytes: int
    format: str
    encoding: str
    server: str
    records: int
    events: int
    first: Time | None
    last: Time | None
    notes: list[LocalText]


class ClockOffset(_Model):
    """By how many seconds a server's clock was ahead of the case's, in a stretch of its own time; behind is negative.

    `spread` is the half-width of what the records allow; `pairs` counts the records on two servers that it rests on.
    """

    since: Time | None
    until: Time | None
    seconds: float
    spread: float
    pairs: int
    evidence: list[Evidence] = []


class Server(_Model):
    """One machine of the case; `clock_offset_seconds` is that of its newest records, `clock_offsets` has them all."""

    name: str
    aliases: list[str]
    zone: str = ""
    zone_assumed: bool = False
    clock_offset_seconds: float | None
    clock_offset_basis: LocalText
    clock_offsets: list[ClockOffset] = []
    notes: list[LocalText] = []


class Silence(_Model):
    """A time in which a source has no records: a gap, files of a rotation that are missing, or records it lost."""

    start: Time
    end: Time
    seconds: float
    text: LocalText
    evidence: list[Evidence] = []


class Coverage(_Model):
    """One log of one server: what it could have shown, and when. `records` is null where others share its file."""

    server: str
    source: str
    log: str
    inputs: list[str]
    first: Time
    last: Time
    records: int | None
    gaps: list[Silence]
    holes: list[Silence]
    losses: list[Silence]


class Missing(_Model):
    """Something that the case lacks, and what cannot be decided without it; `server` is empty where nobody has it."""

    server: str
    what: Literal["server", "system-log", "clusterpro-messages"]
    text: LocalText
    without: LocalText
    input: str | None
    line: int | None


class Boot(_Model):
    """One boot; `start` is null where no log holds its beginning, `end` where it is still running."""

    id: str
    server: str
    start: Time | None
    end: Time | None
    corrected_start: Time | None = None
    corrected_end: Time | None = None
    end_state: EndState
    evidence: list[Evidence]


class Shutdown(_Model):
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


class Step(_Model):
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


class DiagramLane(_Model):
    """A column of a sequence diagram."""

    id: str
    server: str
    lane: Literal["ups", "ac", "clusterpro", "script", "os"]
    title: LocalText


class DiagramMark(_Model):
    """A step in a diagram: its lane and its rows in the expected and the observed order; `None`: not there."""

    step: int
    lane: str
    expected_row: int | None
    observed_row: int | None
    follows: list[int]


class Diagram(_Model):
    """A judged sequence, ready to draw; `step` and `follows` are places in its list of steps."""

    lanes: list[DiagramLane]
    marks: list[DiagramMark]
    expected_rows: int
    observed_rows: int


class Sequence(_Model):
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


class Finding(_Model):
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


class Setting(_Model):
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


class IncidentPart(_Model):
    """One thing that happened. `because` are places in the list of parts: what led to it, and on what ground."""

    time: Time
    corrected_time: Time | None = None
    server: str
    text: LocalText
    shutdown: str | None = None
    finding: int | None = None
    because: list[Because] = []
    evidence: list[Evidence] = []


class Because(_Model):
    """Part `part` led to this one (`together`: both are parts of one thing); `recorded` or only inferred."""

    part: int
    relation: Literal["causes", "together"]
    recorded: bool
    ground: LocalText


class Incident(_Model):
    """What led to what, as one story in order of time; `root` is the part where it began.

    `findings` are places in the list of findings. `readings`: explanations that the logs do not decide between.
    """

    id: str
    servers: list[str]
    start: Time
    end: Time
    severity: Severity | None
    root: int
    parts: list[IncidentPart]
    shutdowns: list[str]
    findings: list[int]
    readings: list[LocalText] = []


class Generator(_Model):
    """What produced this result."""

    name: str
    version: str
    options: dict[str, Any]


class CaseModel(_Model):
    """The whole result."""

    schema_: Literal["acforensics/case/1"] = Field(default="acforensics/case/1", alias="schema")
    generator: Generator
    timezone: str
    missing: list[Missing] = []
    inputs: list[Input]
    servers: list[Server]
    boots: list[Boot]
    shutdowns: list[Shutdown]
    sequences: list[Sequence] = []
    findings: list[Finding]
    incidents: list[Incident] = []
    coverage: list[Coverage] = []
    settings: list[Setting] = []
    problems: list[LocalText] = []

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class AuditModel(_Model):
    """The settings of the inputs alone: what `acforensics audit` gives."""

    schema_: Literal["acforensics/audit/1"] = Field(default="acforensics/audit/1", alias="schema")
    generator: Generator
    settings: list[Setting]
    notes: list[LocalText] = []
    problems: list[LocalText] = []

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


def to_json(model: CaseModel | AuditModel, lang: Language = "en") -> str:
    """The result as JSON text in one language; the same result gives the same bytes."""
    plain = model.model_dump(mode="json", by_alias=True, context={"lang": lang})
    return visible_json(json.dumps(plain, ensure_ascii=False, indent=2)) + "\n"


def json_schema() -> dict[str, Any]:
    """The JSON Schema of the result, as shipped in `docs/case.schema.json`."""
    schema = CaseModel.model_json_schema(by_alias=True, mode="serialization")
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return schema


if __name__ == "__main__":
    import sys

    sys.stdout.write(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")
