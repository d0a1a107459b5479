"""The result as typed models: what `analyze()` returns and what the JSON holds (`schema: acforensics/case/1`).

Times are aware datetimes in the case's zone.
"""

from acforensics.case.evidence import Evidence, Place, Reason, evidence_of
from acforensics.case.judged import Boot, Diagram, DiagramLane, DiagramMark, Finding, Sequence, Setting, Shutdown, Step
from acforensics.case.logs import ClockOffset, Coverage, Input, Missing, Server, Silence
from acforensics.case.whole import (
    AuditModel,
    Because,
    CaseModel,
    Generator,
    Incident,
    IncidentPart,
    json_schema,
    to_json,
)
from acforensics.case.words import (
    Confidence,
    EndState,
    LocalText,
    Mode,
    Scope,
    SettingStatus,
    Severity,
    StepStatus,
    Time,
    Trigger,
    UpsTold,
    Verdict,
)

__all__ = [
    "AuditModel",
    "Because",
    "Boot",
    "CaseModel",
    "ClockOffset",
    "Confidence",
    "Coverage",
    "Diagram",
    "DiagramLane",
    "DiagramMark",
    "EndState",
    "Evidence",
    "Finding",
    "Generator",
    "Incident",
    "IncidentPart",
    "Input",
    "LocalText",
    "Missing",
    "Mode",
    "Place",
    "Reason",
    "Scope",
    "Sequence",
    "Server",
    "Setting",
    "SettingStatus",
    "Severity",
    "Shutdown",
    "Silence",
    "Step",
    "StepStatus",
    "Time",
    "Trigger",
    "UpsTold",
    "Verdict",
    "evidence_of",
    "json_schema",
    "to_json",
]
