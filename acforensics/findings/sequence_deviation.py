"""A stop or a start that went otherwise than the HOWTO describes, where no other rule says so already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from acforensics.case import Finding
from acforensics.cooperation import JudgedSequence, JudgedStep
from acforensics.findings.context import FindingContext, duration
from acforensics.findings.disks import name_of
from acforensics.texts import Text, join, literal, text

_TOLD_BY: Mapping[str, tuple[str, ...]] = {
    "os-command": ("os-command-shutdown",),
    "ac-exec-first": ("ups-not-told", "cluster-shutdown-incomplete", "stop-wait-too-short"),
    "ac-exec-second": ("ac-command-unfinished", "ups-not-told", "cluster-shutdown-incomplete"),
    "other-ac-exec-first": ("cluster-shutdown-incomplete",),
    "other-ac-exec-second": ("cluster-shutdown-incomplete", "ac-command-unfinished"),
    "other-option": ("ac-option-mismatch",),
    "other-action": ("ac-option-mismatch",),
    "ac-group-elsewhere": ("ac-group-moved",),
    "again": ("reboot-loop",),
    "disk-error": ("shared-disk-late", "reboot-loop"),
}
"""Steps whose deviation is told by another rule, if that one was raised."""


def find(context: FindingContext, others: Sequence[Finding]) -> list[Finding]:
    """One finding for each judged sequence that deviates in a step of which no other finding speaks.

    Args:
        context: the judged case.
        others: what the other rules found.
    """
    found = []
    for judged in context.sequences:
        if judged.verdict != "deviates":
            continue
        steps = [step for step in judged.deviations if not _is_told(context, step, judged, others)]
        if steps:
            found.append(_finding(context, judged, steps))
    return found


def _is_told(context: FindingContext, step: JudgedStep, judged: JudgedSequence, others: Sequence[Finding]) -> bool:
    rules = _TOLD_BY.get(step.definition.id, ())
    return any(
        finding.rule in rules and _names(finding, step) and _is_about(context, finding, judged, step)
        for finding in others
    )


def _names(finding: Finding, step: JudgedStep) -> bool:
    """Whether a loop's finding names the disk's monitor or resource: a loop may have another cause."""
    event = step.observation.event if step.observation is not None else None
    if event is None or (finding.rule, step.definition.id) != ("reboot-loop", "disk-error"):
        return True
    return name_of(event) in finding.summary.en


def _is_about(context: FindingContext, finding: Finding, judged: JudgedSequence, step: JudgedStep) -> bool:
    if judged.judgement is not None and finding.related:
        return context.shutdown_ids.get(id(judged.judgement)) in finding.related
    seen = step.observation
    servers = {judged.scene.server, seen.server if seen is not None else step.server}
    until, since = (
        context.case_clock.corrected(judged.scene.server, time)
        for time in (judged.scene.until or judged.scene.end, judged.scene.start)
    )
    together = finding.case_start <= until and finding.case_end >= since
    return bool(servers.intersection(finding.servers)) and together


def _finding(context: FindingContext, judged: JudgedSequence, steps: Sequence[JudgedStep]) -> Finding:
    server = judged.scene.server
    shown = [s.observation for s in (*steps, *judged.steps) if s.observation is not None]
    return context.finding(
        "sequence-deviation",
        "warning",
        [judged.judgement] if judged.judgement is not None else [],
        spans=[(server, judged.scene.start, judged.scene.end)],
        title=text("finding.sequence-deviation.title", server=server, sequence=judged.definition.title),
        summary=text(
            "finding.sequence-deviation.summary",
            server=server,
            time=context.clock(server, judged.scene.start),
            sequence=judged.definition.title,
            deviations=join([_told(context, judged, step) for step in steps]),
        ),
        advice=text("finding.sequence-deviation.advice"),
        reference=judged.definition.reference,
        events=[one.event for one in shown if one.event is not None],
        servers=[server],
    )


def _told(context: FindingContext, judged: JudgedSequence, step: JudgedStep) -> Text:
    status: str = step.status
    name = step.definition.title if not step.key else join([step.definition.title, literal(f"[{step.key}]")])
    server = step.server or (step.observation.server if step.observation is not None else "-")
    values: dict[str, object] = {"step": name, "server": server}
    if step.status == "late" and step.limit is not None and step.time is not None and step.since is not None:
        values |= {
            "took": duration(step.time - step.since),
            "limit": f"{step.limit.seconds:g}",
            "basis": text(
                f"sequence.basis.{step.limit.basis}", **({"place": step.limit.place} if step.limit.place else {})
            ),
        }
        if step.limit.basis in ("howto", "product"):
            status = "late-by-default"
    elif step.status == "out-of-order" and step.before is not None:
        values["before"] = step.before.definition.title
    elif step.status == "missing" and step.earliest is not None and step.latest is not None:
        values |= {
            "earliest": context.clock(judged.scene.server, step.earliest),
            "latest": context.clock(judged.scene.server, step.latest),
        }
    return text(f"finding.sequence-deviation.{status}", **values)
