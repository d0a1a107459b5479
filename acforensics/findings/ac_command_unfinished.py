"""stop.sh logged its line before amccmd, but not the one after it (HOWTO chapter 3)."""

from __future__ import annotations

from acforensics.case import Finding
from acforensics.findings.context import FindingContext, end_of
from acforensics.shutdowns.ups import ac_commands, begins_with, one_may_be_lost
from acforensics.texts import join, text


def find(context: FindingContext) -> list[Finding]:
    """One finding for each end with exactly one AC EXEC COMMAND record, unless its log says that it lost some."""
    found = []
    for judgement in context.judgements:
        if judgement.chosen is None:
            continue
        lines = ac_commands(judgement.view, judgement.chosen.time)
        if sum(int(event.fields.get("repeated", "1")) for event in lines) != 1:
            continue
        if begins_with(judgement.view, lines[0]):
            continue
        server = judgement.boot.server
        after = [e for e in judgement.boot.events if e.time > lines[0].time and e is not lines[0]]
        stopped = [e for e in after if e.kind in ("clusterpro.resource_stopped", "clusterpro.group_stopped")]
        if one_may_be_lost(judgement.view, lines[0]):
            continue
        key = "script-went-on" if stopped else "log-goes-on" if after else "log-ends"
        summary = [
            text("finding.ac-command-unfinished.summary", server=server, time=context.clock(server, lines[0].time)),
            text(f"finding.ac-command-unfinished.{key}"),
        ]
        found.append(
            context.finding(
                "ac-command-unfinished",
                "critical",
                [judgement],
                spans=[(server, lines[0].time, end_of(judgement))],
                title=text("finding.ac-command-unfinished.title", server=server),
                summary=join(summary),
                advice=text("finding.ac-command-unfinished.advice"),
                events=[*lines, *stopped[:1], *judgement.evidence],
            )
        )
    return found
