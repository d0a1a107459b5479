"""stop.sh logged its line before amccmd, but not the one after it (HOWTO chapter 3)."""

from __future__ import annotations

from datetime import datetime, timedelta

from acforensics.case import Finding
from acforensics.events import Event
from acforensics.findings.context import FindingContext, end_of
from acforensics.shutdowns import Judgement
from acforensics.shutdowns.ups import ac_commands, begins_with
from acforensics.texts import join, text

_SCRIPT = timedelta(minutes=2)


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
        if _may_be_lost(context, judgement, lines[0], stopped[0].time if stopped else judgement.boot.last):
            continue
        key = "script-went-on" if stopped else "log-goes-on" if after else "log-ends"
        summary = [
            text("finding.ac-command-unfinished.summary", server=server, time=context.clock(lines[0].time)),
            text(f"finding.ac-command-unfinished.{key}"),
        ]
        found.append(
            context.finding(
                "ac-command-unfinished",
                "critical",
                [judgement],
                span=(lines[0].time, end_of(judgement)),
                title=text("finding.ac-command-unfinished.title", server=server),
                summary=join(summary),
                advice=text("finding.ac-command-unfinished.advice"),
                events=[*lines, *stopped[:1], *judgement.evidence],
            )
        )
    return found


def _may_be_lost(context: FindingContext, judgement: Judgement, line: Event, until: datetime) -> bool:
    """Whether every log that holds the line has a gap or lost records between the script's start and its end."""
    boot = judgement.boot
    begun = [event.time for event in judgement.view.stopped_by_cluster_first]
    since = max(boot.first, min([line.time - _SCRIPT, *begun]))
    reasons = []
    for source in context.coverage.of(boot.server):
        if source.stream in line.streams and boot.id in source.seen:
            end = max(since, min(until, source.seen[boot.id].end) - timedelta.resolution)
            lack = context.coverage.lack(source, since, end)
            reasons.append(lack.reason if lack is not None else "")
    return bool(reasons) and all(reason in ("gap", "hole", "loss", "damaged") for reason in reasons)
