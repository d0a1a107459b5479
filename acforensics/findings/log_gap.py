"""A log does not show everything that was written to it: silences, missing files, lost records."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from acforensics.case import Finding
from acforensics.coverage import Clock, Gap, Hole, Loss, SourceCoverage, gap_text, hole_text, loss_text
from acforensics.events import Event
from acforensics.findings.context import FindingContext
from acforensics.shutdowns import Judgement
from acforensics.texts import Text, join, literal, text

_BEFORE = timedelta(hours=1)
_AFTER = timedelta(minutes=5)
_MOST_TOLD = 3


def find(context: FindingContext) -> list[Finding]:
    """One finding for each source with a gap, hole or loss near an end, or silent while other logs go on."""
    found = []
    for source in context.coverage.sources:
        ends = [j for j in context.judgements if j.chosen is not None and j.boot.server == source.server]
        gaps = [gap for gap in source.gaps if gap.others or _near(gap, ends)]
        holes = [hole for hole in source.holes if _near(hole, ends)]
        losses = [loss for loss in source.losses if _near(loss, ends)]
        if gaps or holes or losses:
            found.append(_finding(context, source, [*gaps, *holes, *losses], ends))
    return found


def _near(unseen: Gap | Hole | Loss, ends: Sequence[Judgement]) -> list[Judgement]:
    """The ends that it touches: from an hour before they were asked for, as far as known, to just after them."""
    return [end for end in ends if unseen.start <= _until(end) and unseen.end >= _since(end)]


def _since(end: Judgement) -> datetime:
    asked = end.chosen.time if end.chosen is not None else end.boot.last
    return min(asked, end.boot.last) - _BEFORE


def _until(end: Judgement) -> datetime:
    """What the next boot loses at its start (the kernel's first messages, often) does not concern this end."""
    following = end.boot.following
    limit = end.boot.last + _AFTER
    return min(limit, following.start or following.first) if following is not None else limit


def _finding(
    context: FindingContext, source: SourceCoverage, unseen: list[Gap | Hole | Loss], ends: Sequence[Judgement]
) -> Finding:
    unseen.sort(key=lambda one: (one.start, one.end))
    touched = [end for end in ends if any(end in _near(one, ends) for one in unseen)]
    summary = [_sentence(partial(context.clock, source.server), one) for one in unseen[:_MOST_TOLD]]
    if len(unseen) > _MOST_TOLD:
        summary.append(text("finding.log-gap.more", count=len(unseen) - _MOST_TOLD))
    if touched:
        times = join([context.clock(source.server, end.boot.last) for end in touched[:_MOST_TOLD]], literal(", "))
        summary.append(text("finding.log-gap.touches", times=times))
    return context.finding(
        "log-gap",
        "info",
        touched,
        spans=[(source.server, unseen[0].start, max(one.end for one in unseen))],
        title=text("finding.log-gap.title", server=source.server, log=source.stream),
        summary=join(summary),
        advice=text("finding.log-gap.advice"),
        events=[event for one in unseen[:_MOST_TOLD] for event in _around(one)],
        servers=[source.server],
    )


def _sentence(clock: Clock, unseen: Gap | Hole | Loss) -> Text:
    if isinstance(unseen, Gap):
        return gap_text(unseen, clock)
    if isinstance(unseen, Hole):
        return hole_text(unseen, clock)
    return loss_text(unseen, clock)


def _around(unseen: Gap | Hole | Loss) -> list[Event]:
    """The lines that say so, or the nearest recognised ones on both sides."""
    if isinstance(unseen, Loss):
        return list(unseen.events)
    return [event for event in (unseen.before, unseen.after) if event is not None]
