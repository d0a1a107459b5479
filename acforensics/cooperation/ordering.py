"""What came before what: surely, as far as streams and clocks tell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from acforensics.cooperation.model import JudgedStep, Limit, Observation, Scene

_STREAMS_APART = timedelta(seconds=5)
"""One server's streams may stamp the same moment this far apart."""


def too_early(one: Observation, before: Sequence[JudgedStep], scene: Scene) -> JudgedStep | None:
    """The step that a record comes before, though it should follow it."""
    return next((other for other in before if other.observation and precedes(one, other.observation, scene)), None)


def surely_within(one: Observation, before: Sequence[JudgedStep], scene: Scene) -> bool:
    """Whether a record may be held against a server: it comes after those steps and the request, within the scene."""
    if scene.asked is not None and not precedes(scene.asked, one, scene):
        return False
    if one.server == scene.server:
        return too_early(one, before, scene) is None
    doubt = scene.doubt(one.server)
    if doubt is None or one.time - doubt < scene.start:
        return False
    return all(precedes(other.observation, one, scene) for other in before if other.observation is not None)


def precedes(one: Observation, other: Observation, scene: Scene) -> bool:
    """Whether a record surely was written before another."""
    coarse = timedelta(seconds=max(one.resolution, other.resolution))
    if one.server == other.server:
        if one.streams & other.streams:
            return one.order < other.order
        return other.time - one.time > max(_STREAMS_APART, coarse)
    doubt = _doubt(one, other, scene)
    return doubt is not None and other.time - one.time > doubt + coarse


def doubt_of(server: str, scene: Scene) -> timedelta | None:
    """How far times of a server may be off on the clock of the one that is judged; `None`: unknown."""
    return timedelta(0) if server == scene.server else scene.doubt(server)


def _doubt(one: Observation, other: Observation, scene: Scene) -> timedelta | None:
    total = timedelta(0)
    for server in {one.server, other.server} - {scene.server}:
        doubt = scene.doubt(server)
        if doubt is None:
            return None
        total += doubt
    return total


def too_late(one: Observation, since: Observation, limit: Limit, scene: Scene) -> bool:
    """Whether a record surely is later than the limit allows: stamps cut off what is finer than they."""
    doubt = _doubt(one, since, scene)
    if doubt is None:
        return False
    spare = timedelta(seconds=max(one.resolution, since.resolution)) + doubt
    return one.time - since.time - timedelta(seconds=limit.seconds) >= spare
