"""What the logs of a case show, as far as settings must fit it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class LongestStop:
    """How long a business group took to stop at most on a server, and where that was read."""

    seconds: float
    group: str
    input: str
    line: int | None


@dataclass(frozen=True)
class Observed:
    """Nothing in it means that nothing was seen, never that there was nothing."""

    longest_stops: Mapping[str, LongestStop] = field(default_factory=dict)
    """By server, by the case's names."""
    power_on_spread: float | None = None
    """Seconds between the first and the last server's start, at most."""
