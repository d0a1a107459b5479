"""Every record of one server with every record of another one that may be the same occurrence, and what that allows."""

from __future__ import annotations

import statistics
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from acforensics.clocks.sightings import Occurrences, Sighting

# A zone set wrongly is the largest error that is looked for.
WINDOW = 15 * 3600.0
_MOST_COMBINATIONS = 12_000
_LEAST_WINDOW = 300.0
_WIDE = 30.0


class Combination(NamedTuple):
    """A record of each server that may be the same occurrence, and the offsets (other - one) that this allows."""

    key: int
    one: Sighting
    other: Sighting
    low: float
    high: float
    guess: float
    weight: float
    coarse: float
    rule: str
    slack: tuple[float, float]


def combine(found: Sequence[Occurrences]) -> list[Combination]:
    """Every combination of records that may be one occurrence; a flood of one kind of record tells nothing."""
    combined: list[Combination] = []
    for key, occurrences in enumerate(found):
        if occurrences.bound_only or _is_flood(occurrences):
            continue
        combined += _combinations(key, occurrences)
    if len(combined) > _MOST_COMBINATIONS:
        # What is written most often tells least.
        sizes: dict[int, int] = {}
        for item in combined:
            sizes[item.key] = sizes.get(item.key, 0) + 1
        kept, total = set(), 0
        for key in sorted(sizes, key=lambda key: (sizes[key], key)):
            total += sizes[key]
            if total <= _MOST_COMBINATIONS:
                kept.add(key)
        combined = [item for item in combined if item.key in kept]
    return combined


def _is_flood(found: Occurrences) -> bool:
    for side in (found.one, found.other):
        if len(side) > 20:
            gaps = [b.moment - a.moment for a, b in pairwise(side)]
            if statistics.median(gaps) < _WIDE:
                return True
    return False


def _combinations(key: int, found: Occurrences) -> list[Combination]:
    moments = [sighting.moment for sighting in found.other]
    window = WINDOW
    while window >= _LEAST_WINDOW:
        ranges = [
            (bisect_left(moments, one.moment - window), bisect_right(moments, one.moment + window)) for one in found.one
        ]
        if sum(end - start for start, end in ranges) <= _MOST_COMBINATIONS // 2:
            break
        window /= 2
    else:
        return []
    return [
        combination(key, found, one, other)
        for one, (start, end) in zip(found.one, ranges, strict=True)
        for other in found.other[start:end]
    ]


def combination(key: int, found: Occurrences, one: Sighting, other: Sighting) -> Combination:
    """One record with one record: what offsets they allow if they are the same occurrence."""
    lag = found.lag_of(one, other)
    apart = other.moment - one.moment
    low, high = apart - lag.most - one.coarse, apart - lag.least + other.coarse
    weight = found.weight if high - low <= _WIDE else min(found.weight, 0.5)
    coarse = max(one.coarse, other.coarse)
    return Combination(key, one, other, low, high, apart - lag.usual, weight, coarse, found.rule, (lag.least, lag.most))
