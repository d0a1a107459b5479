"""Incidents, and the whole result with its JSON."""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import ConfigDict, Field

from acforensics.case.evidence import Evidence
from acforensics.case.judged import Boot, Finding, Sequence, Setting, Shutdown
from acforensics.case.logs import Coverage, Input, Missing, Server
from acforensics.case.words import LocalText, Model, Severity, Time
from acforensics.plain import visible_json
from acforensics.texts import Language


class IncidentPart(Model):
    """One thing that happened. `because` are places in the list of parts: what led to it, and on what ground."""

    time: Time
    corrected_time: Time | None = None
    server: str
    text: LocalText
    shutdown: str | None = None
    finding: int | None = None
    because: list[Because] = []
    evidence: list[Evidence] = []


class Because(Model):
    """Part `part` led to this one (`together`: both are parts of one thing); `recorded` or only inferred."""

    part: int
    relation: Literal["causes", "together"]
    recorded: bool
    ground: LocalText


class Incident(Model):
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


class Generator(Model):
    """What produced this result."""

    name: str
    version: str
    options: dict[str, Any]


class CaseModel(Model):
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


class AuditModel(Model):
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
