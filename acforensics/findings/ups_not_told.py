"""A server went down and its UPS was not told, as far as the logs cover it (HOWTO chapters 3 and 5)."""

from __future__ import annotations

from acforensics.case import Finding
from acforensics.events import Event
from acforensics.findings.context import FindingContext, certainty, end_of
from acforensics.shutdowns import Judgement
from acforensics.texts import text


def find(context: FindingContext) -> list[Finding]:
    """One finding for each end in which the AC command was observably not run; a reboot by hand needs none."""
    found = []
    for judgement in context.judgements:
        chosen = judgement.chosen
        if chosen is None or judgement.ups_told != "no":
            continue
        orderly = chosen.trigger in ("clusterpro-command", "clusterpro-recovery")
        if chosen.mode == "reboot" and not orderly:
            # Power stays on for a reboot anyway: os-command-shutdown says what is to be said.
            continue
        server = judgement.boot.server
        found.append(
            context.finding(
                "ups-not-told",
                "critical",
                [judgement],
                spans=[(server, chosen.time, end_of(judgement))],
                title=text("finding.ups-not-told.title", server=server),
                summary=text(
                    f"finding.ups-not-told.{_how(judgement)}",
                    server=server,
                    time=context.clock(server, chosen.time),
                    trigger=text(f"trigger.{chosen.trigger}"),
                    certainty=certainty(judgement),
                ),
                advice=text("finding.ups-not-told.advice-orderly" if orderly else "finding.ups-not-told.advice"),
                events=[*_script(judgement), *judgement.evidence],
            )
        )
    return found


def _how(judgement: Judgement) -> str:
    """Which record shows it: a command without an option, stop.sh's own output, else the stop of the AC group."""
    kinds = {event.kind for event in judgement.evidence}
    if kinds & {"ac.command_run", "ac.script_exec"}:
        return "summary-empty"
    return "summary-output" if "ac.script_exit" in kinds else "summary"


def _script(judgement: Judgement) -> list[Event]:
    return [
        event
        for event in judgement.evidence
        if event.kind.startswith("ac.") or event.kind in ("clusterpro.resource_stopped", "clusterpro.group_stopped")
    ]
