"""Gaps, holes and losses in words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from acforensics.coverage.model import Gap, Hole, Loss
from acforensics.texts import Text, join, text

Clock = Callable[[datetime], str | Text]
"""Shows a time as a reader sees it."""
_LOGS = ("syslog", "journal", "kernel", "audit")
_MOST_NAMED = 4


def gap_text(gap: Gap, clock: Clock) -> Text:
    """When a log is silent, how that differs from its rhythm, and whether the machine is known to have been alive."""
    values = {
        "start": clock(gap.start),
        "end": clock(gap.end),
        "length": length_text(gap.length),
        "rhythm": length_text(gap.rhythm),
    }
    if gap.others:
        return text("coverage.gap-alive", others=_names(gap.others), **values)
    return text("coverage.gap-quiet", **values)


def hole_text(hole: Hole, clock: Clock) -> Text:
    """Which file of a rotation set is missing, and what time it must have held."""
    values = {"start": clock(hole.start), "end": clock(hole.end)}
    if hole.missing:
        return text("coverage.hole-numbers", missing=_names(hole.missing), **values)
    return text("coverage.hole-dates", older=_last(hole.older), newer=_last(hole.newer), **values)


def loss_text(loss: Loss, clock: Clock) -> Text:
    """How many records a log lost, when, and whose."""
    log = text(f"coverage.lost-{loss.log}" if loss.log in _LOGS else "coverage.lost-syslog")
    values = {"log": log, "start": clock(loss.start), "end": clock(loss.end)}
    if loss.count is None:
        told = text("coverage.loss-uncounted", **values)
    else:
        told = text("coverage.loss", count=loss.count, **values)
    return join([told, text("coverage.loss-units", units=_names(loss.units))]) if loss.units else told


def length_text(length: timedelta) -> Text:
    """A length of time in its two largest units."""
    minutes, seconds = divmod(max(0, round(length.total_seconds())), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return text("report.duration.day", days=days, hours=hours)
    if hours:
        return text("report.duration.hour", hours=hours, minutes=minutes)
    return text("report.duration.minute", minutes=minutes, seconds=seconds)


def _names(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:_MOST_NAMED])
    return shown if len(names) <= _MOST_NAMED else f"{shown}, …"


def _last(path: str) -> str:
    return path.replace("!", "/").rpartition("/")[2]
