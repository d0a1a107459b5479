"""The result as typed models: what `analyze()` returns and what the JSON holds (`schema: acforensics/case/1`).

`python -m acforensics.case` prints the JSON Schema. Times are aware datetimes in the case's zone.
"""

from __future__ import annotations

import json
from datetime import datetime, tzinfo
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

from acforensics.events import Event
from acforensics.texts import Language, Text

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


class Evidence(_Model):
    """One line that supports a statement; `line` is 1-based, `text` has secrets masked."""

    input: str
    line: int | None
    time: Time | None
    server: str
    kind: str
    text: str


def evidence_of(event: Event, zone: tzinfo) -> Evidence:
    """The first place that records an event, as evidence."""
    witness = event.witnesses[0]
    return Evidence(
        input=witness.input,
        line=witness.line,
        time=event.time.astimezone(zone),
        server=event.server,
        kind=event.kind,
        text=witness.text,
    )


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


class Server(_Model):
    """One machine of the case."""

    name: str
    aliases: list[str]
    clock_offset_seconds: float | None
    clock_offset_basis: LocalText
    notes: list[LocalText] = []


class Boot(_Model):
    """One boot; `start` is null where no log holds its beginning, `end` where it is still running."""

    id: str
    server: str
    start: Time | None
    end: Time | None
    end_state: EndState
    evidence: list[Evidence]


class Shutdown(_Model):
    """The end of a boot, and who or what ended it."""

    id: str
    server: str
    time: Time
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


class Finding(_Model):
    """Something a reviewer must know."""

    rule: str
    severity: Severity
    servers: list[str]
    start: Time
    end: Time
    title: LocalText
    summary: LocalText
    advice: LocalText
    reference: LocalText
    related: list[str]
    evidence: list[Evidence]


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
    inputs: list[Input]
    servers: list[Server]
    boots: list[Boot]
    shutdowns: list[Shutdown]
    sequences: list[dict[str, Any]] = []
    findings: list[Finding]
    settings: list[dict[str, Any]] = []
    problems: list[LocalText] = []

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


def to_json(model: CaseModel, lang: Language = "en") -> str:
    """The result as JSON text in one language; the same result gives the same bytes."""
    plain = model.model_dump(mode="json", by_alias=True, context={"lang": lang})
    return json.dumps(plain, ensure_ascii=False, indent=2) + "\n"


def json_schema() -> dict[str, Any]:
    """The JSON Schema of the result, as shipped in `docs/case.schema.json`."""
    schema = CaseModel.model_json_schema(by_alias=True, mode="serialization")
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return schema


if __name__ == "__main__":
    import sys

    sys.stdout.write(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")
