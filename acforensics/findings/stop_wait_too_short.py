"""stop.sh told ESMPRO/AC before the business groups had stopped: its first wait is too short (HOWTO chapter 3)."""

from __future__ import annotations

import math
from datetime import datetime
from typing import NamedTuple

from acforensics.case import Finding
from acforensics.cooperation import JudgedSequence, JudgedStep, Observation, precedes
from acforensics.findings.context import FindingContext, duration
from acforensics.texts import Text, join, text

_STEP = 10
"""The advised wait is a multiple of this many seconds, with at least as many to spare."""


class _Group(NamedTuple):
    """A business group that was still stopping when the AC command was run; `stopped` is `None` if it never is seen."""

    name: str
    begun: Observation
    stopped: Observation | None


def find(context: FindingContext) -> list[Finding]:
    """One finding for each stop in which the first AC command surely came before a business group had stopped.

    A group whose stop is not seen at all counts only where its log covers the time until the command.
    """
    return [finding for one in context.sequences if (finding := _finding(context, one)) is not None]


def _finding(context: FindingContext, judged: JudgedSequence) -> Finding | None:
    steps = {(step.definition.id, step.key): step for step in judged.steps}
    first = _seen(steps.get(("ac-exec-first", "")))
    if judged.judgement is None or first is None:
        return None
    groups = _overtaken(judged, steps, first)
    if not groups:
        return None
    begun = min(group.begun.time for group in groups)
    script = _seen(steps.get(("script-starts", "")))
    since = script.time if script is not None else begun
    shown = [*(g.begun for g in groups), first, *(g.stopped for g in groups if g.stopped is not None)]
    return context.finding(
        "stop-wait-too-short",
        "warning",
        [judged.judgement],
        spans=[(judged.scene.server, begun, max(one.time for one in shown))],
        title=text("finding.stop-wait-too-short.title", server=judged.scene.server),
        summary=text(
            "finding.stop-wait-too-short.summary",
            server=judged.scene.server,
            time=context.clock(judged.scene.server, first.time),
            waited=duration(first.time - since),
            groups=", ".join(group.name for group in groups),
            details=join([*_needed(groups, since), _configured(steps[("ac-exec-first", "")])]),
        ),
        advice=text("finding.stop-wait-too-short.advice"),
        events=[one.event for one in shown if one.event is not None],
    )


def _overtaken(judged: JudgedSequence, steps: dict[tuple[str, str], JudgedStep], first: Observation) -> list[_Group]:
    found = []
    for (name, key), step in steps.items():
        begun = _seen(step) if name == "business-group-stops" else None
        if begun is None or not precedes(begun, first, judged.scene):
            continue
        stop = steps.get(("business-group-stopped", key))
        stopped = _seen(stop)
        never = stop is not None and stop.status == "missing" and not _failed_before(judged, key, first)
        if never or (stopped is not None and precedes(first, stopped, judged.scene)):
            found.append(_Group(key, begun, stopped))
    return found


def _failed_before(judged: JudgedSequence, group: str, first: Observation) -> bool:
    """Whether CLUSTERPRO gave a group's stop up (rc 22) no later than the AC command, as far as can be told."""
    scene = judged.scene
    return any(
        one.kind == "clusterpro.group_stop_failed"
        and one.fields.get("group") == group
        and one.server == scene.server
        and one.boot == "this"
        and not precedes(first, one, scene)
        for one in scene.observations
    )


def _seen(step: JudgedStep | None) -> Observation | None:
    return step.observation if step is not None else None


def _needed(groups: list[_Group], since: datetime) -> list[Text]:
    """How long the groups took, and the wait that would have been enough."""
    found = []
    took = [group.stopped.time - group.begun.time for group in groups if group.stopped is not None]
    last = max((group.stopped.time for group in groups if group.stopped is not None), default=None)
    if last is not None:
        wanted = math.ceil(((last - since).total_seconds() + _STEP) / _STEP) * _STEP
        found.append(text("finding.stop-wait-too-short.took", longest=duration(max(took)), wanted=wanted))
    if any(group.stopped is None for group in groups):
        found.append(text("finding.stop-wait-too-short.never-stopped"))
    return found


def _configured(first: JudgedStep) -> Text:
    limit, within = first.limit, first.definition.within
    if limit is None:
        return text("finding.stop-wait-too-short.unclear")
    if within is None or limit.basis != "found":
        return text("finding.stop-wait-too-short.not-configured")
    seconds = f"{limit.seconds - within.plus:g}"
    return text("finding.stop-wait-too-short.configured", seconds=seconds, place=limit.place)
