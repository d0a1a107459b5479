"""Ends without a stop: power-loss, crash, fenced."""

from __future__ import annotations

from acforensics.case import Finding, Severity
from acforensics.findings.context import FindingContext, certainty, end_of
from acforensics.texts import text


def power_loss(context: FindingContext) -> list[Finding]:
    """The log of a server simply ends, and nothing else explains it."""
    return _findings(context, "power-loss", "power-loss", "critical")


def crash(context: FindingContext) -> list[Finding]:
    """Kernel panic, sysrq, watchdog or keepalive reset."""
    return _findings(context, "crash", "crash", "warning")


def fenced(context: FindingContext) -> list[Finding]:
    """Another node, or the cluster's forced stop, reset the server."""
    return _findings(context, "fencing", "fenced", "warning")


def _findings(context: FindingContext, trigger: str, rule: str, severity: Severity) -> list[Finding]:
    found = []
    for judgement in context.ended_by(trigger):
        server = judgement.boot.server
        back = end_of(judgement)
        values = {
            "server": server,
            "last": context.clock(server, judgement.boot.last),
            "certainty": certainty(judgement),
        }
        found.append(
            context.finding(
                rule,
                severity,
                [judgement],
                spans=[(server, judgement.boot.last, back)],
                title=text(f"finding.{rule}.title", server=server, certainty=certainty(judgement)),
                summary=text(f"finding.{rule}.summary", back=context.clock(server, back), **values),
                advice=text(f"finding.{rule}.advice"),
                events=judgement.evidence,
            )
        )
    return found
