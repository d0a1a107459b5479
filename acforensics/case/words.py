"""The words of the result and the types of its values: times, texts, models that take nothing else."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, PlainSerializer, WithJsonSchema

from acforensics.texts import Text

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


class Model(BaseModel):
    """A part of the result."""

    model_config = ConfigDict(extra="forbid")
