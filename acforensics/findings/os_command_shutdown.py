"""A server of the cluster was ended by an OS command instead of clpstdn or clpdown (HOWTO chapter 5)."""

from __future__ import annotations

from acforensics.case import Finding, Severity
from acforensics.findings.context import FindingContext, certainty, end_of
from acforensics.shutdowns import Judgement
from acforensics.shutdowns.ups import ac_commands
from acforensics.texts import Text, join, literal, text


def find(context: FindingContext) -> list[Finding]:
    """One finding for each such end."""
    return [_finding(context, judgement) for judgement in context.ended_by("os-command")]


def _finding(context: FindingContext, judgement: Judgement) -> Finding:
    chosen = judgement.chosen
    assert chosen is not None  # noqa: S101  (ended_by)
    server = judgement.boot.server
    in_cluster = any(event.layer in ("clusterpro", "ac") for boot in context.boots[server] for event in boot.events)
    severity: Severity = "critical" if in_cluster and chosen.confidence != "possible" else "warning"
    who = (
        text("finding.os-command-shutdown.actor", user=chosen.actor)
        if chosen.actor
        else text("finding.os-command-shutdown.nobody")
    )
    what = literal(f"`{chosen.command}`") if chosen.command else text("finding.os-command-shutdown.some-command")
    summary = [
        text("finding.os-command-shutdown.summary", time=context.clock(server, chosen.time), server=server, what=what,
             who=who, mode=text(f"mode.{chosen.mode}"), certainty=certainty(judgement)),
        _signature(judgement),
        text(f"finding.os-command-shutdown.consequence-{chosen.mode}"),
    ]  # fmt: skip
    if not in_cluster:
        summary.append(text("finding.os-command-shutdown.no-cluster"))
    return context.finding(
        "os-command-shutdown",
        severity,
        [judgement],
        spans=[(server, chosen.time, end_of(judgement))],
        title=text(
            f"finding.os-command-shutdown.title-{chosen.confidence}",
            server=server,
            mode=text(f"mode.{chosen.mode}"),
        ),
        summary=join(summary),
        advice=text(f"finding.os-command-shutdown.advice-{chosen.mode}"),
        events=[*judgement.evidence, *ac_commands(judgement.view, chosen.time)],
    )


def _signature(judgement: Judgement) -> Text:
    """Which of the two signatures of chapter 5 was seen: stop.sh with an empty option, or not at all."""
    if judgement.chosen is not None and ac_commands(judgement.view, judgement.chosen.time):
        return text("finding.os-command-shutdown.signature-pair")
    if judgement.ups_told == "no":
        return text("finding.os-command-shutdown.signature-none")
    return text("finding.os-command-shutdown.signature-unseen")
