"""After a stop by CLUSTERPRO the OS says that it failed to stop CLUSTERPRO's services: harmless (HOWTO chapter 5)."""

from __future__ import annotations

from datetime import datetime, timedelta

from acforensics.case import Finding
from acforensics.events import Event
from acforensics.findings.context import FindingContext
from acforensics.shutdowns import Judgement
from acforensics.texts import text

_RULE = "benign-stop-failed-message"
_FAILED = ("os.cluster_stop_failed", "os.cluster_unit_failed")
_STAMPED_APART = timedelta(seconds=2)
# CLUSTERPRO itself reports that something could not be stopped: then the message is not explained by its stop alone.
_REAL_TROUBLE = (
    "clusterpro.group_stop_failed",
    "clusterpro.resource_stop_failed",
    "clusterpro.process_failed",
    "clusterpro.final_action_failed",
)


def find(context: FindingContext) -> list[Finding]:
    """One finding for each orderly stop by a CLUSTERPRO command with such messages."""
    return [found for judgement in context.ended_by("clusterpro-command") if (found := _judge(context, judgement))]


def _judge(context: FindingContext, judgement: Judgement) -> Finding | None:
    chosen = judgement.chosen
    if chosen is None or chosen.confidence == "possible":
        # Nobody is seen to have used a clp command.
        return None
    since = chosen.time - _STAMPED_APART
    said = _since(judgement, since, *_FAILED)
    if not said or _since(judgement, since, *_REAL_TROUBLE):
        return None
    server = judgement.boot.server
    return context.finding(
        _RULE,
        "info",
        [judgement],
        spans=[(server, said[0].time, said[-1].time)],
        title=text(f"finding.{_RULE}.title", server=server),
        summary=text(
            f"finding.{_RULE}.summary",
            server=server,
            time=context.clock(server, chosen.time),
            line=said[0].message,
            count=len(said),
        ),
        advice=text(f"finding.{_RULE}.advice"),
        events=[*said, *judgement.evidence[:1]],
    )


def _since(judgement: Judgement, time: datetime, *kinds: str) -> list[Event]:
    return [event for event in judgement.view.of(*kinds) if event.time >= time]
