"""A shutdown of the whole cluster in which a server did not run its own AC command (HOWTO chapters 3 and 6)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import takewhile

from acforensics.case import Finding
from acforensics.cooperation import JudgedSequence, JudgedStep
from acforensics.findings.context import FindingContext
from acforensics.texts import text

_ONE_STOP = timedelta(minutes=10)
"""Requests of two servers this close are one shutdown of the cluster."""
_OWN = "ac-exec-first"
_OF_OTHERS = "other-ac-exec-first"


def find(context: FindingContext) -> list[Finding]:
    """One finding for each cluster shutdown in which a server lacks the AC command though its log covers that time.

    Each server tells its own UPS: one that lacks the command leaves that UPS feeding.
    """
    return [finding for stop in _stops(context) if (finding := _finding(context, stop)) is not None]


def _stops(context: FindingContext) -> list[list[JudgedSequence]]:
    """Judged sequences of cluster shutdowns, those of one shutdown together: each server has its part in it once."""
    parts = [
        one
        for one in context.sequences
        if one.definition.id.startswith("cluster-shutdown") and one.judgement is not None
    ]
    found: list[list[JudgedSequence]] = []
    for one in sorted(parts, key=lambda one: _start(context, one)):
        since = _start(context, one) - _ONE_STOP
        near = takewhile(partial(_began_after, context, since), reversed(found))
        stop = next((stop for stop in near if _belongs(context, one, stop)), None)
        if stop is not None:
            stop.append(one)
        else:
            found.append([one])
    return found


def _began_after(context: FindingContext, since: datetime, stop: Sequence[JudgedSequence]) -> bool:
    return _start(context, stop[0]) >= since


def _belongs(context: FindingContext, one: JudgedSequence, stop: Sequence[JudgedSequence]) -> bool:
    server = one.scene.server
    return all(
        other.scene.server != server and context.clusters.related(server, other.scene.server) is not False
        for other in stop
    )


def _start(context: FindingContext, one: JudgedSequence) -> datetime:
    return context.case_clock.corrected(one.scene.server, _asked(one))


def _asked(one: JudgedSequence) -> datetime:
    """When the stop was asked for, as far as this server shows it; a group of it may have been stopped long before."""
    chosen = one.judgement.chosen if one.judgement is not None else None
    return chosen.time if chosen is not None else one.scene.start


def _finding(context: FindingContext, stop: Sequence[JudgedSequence]) -> Finding | None:
    missing: dict[str, JudgedStep] = {}
    done: dict[str, JudgedStep] = {}
    for judged in stop:
        for step in judged.steps:
            if step.definition.id not in (_OWN, _OF_OTHERS):
                continue
            if step.status == "missing":
                missing.setdefault(step.server, step)
            elif step.observation is not None:
                done.setdefault(step.server, step)
    lacking = sorted(set(missing) - set(done))
    if not lacking:
        return None
    judgements = [judged.judgement for judged in stop if judged.judgement is not None]
    first = min(stop, key=lambda one: (_start(context, one), one.scene.server))
    requests = [s for judged in stop for s in judged.steps if s.definition.id == "request"]
    shown = [s.observation for s in (*requests[:1], *(done[server] for server in sorted(done)))]
    return context.finding(
        "cluster-shutdown-incomplete",
        "warning",
        judgements,
        spans=[
            (first.scene.server, _asked(first), _asked(first)),
            *((j.boot.server, j.boot.last, j.boot.last) for j in judgements),
        ],
        title=text("finding.cluster-shutdown-incomplete.title", servers=", ".join(lacking)),
        summary=text(
            "finding.cluster-shutdown-incomplete.summary",
            servers=", ".join(lacking),
            time=context.clock(first.scene.server, _asked(first)),
            others=text("finding.cluster-shutdown-incomplete.others", servers=", ".join(sorted(done)))
            if done
            else text("finding.cluster-shutdown-incomplete.nobody"),
        ),
        advice=text("finding.cluster-shutdown-incomplete.advice"),
        events=[one.event for one in shown if one is not None and one.event is not None],
        servers=lacking,
    )
