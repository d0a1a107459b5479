"""Which offset between two clocks the records of common occurrences agree on, and from when to when.

Occurrences repeat, and a clock may be wrong by hours, so every record of one server is tried with every record of the
other that may be the same occurrence. Each such combination allows a range of offsets; the offset that most of them
allow at once is found by a sweep. What one offset leaves unexplained may speak for another one before or after.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from acforensics.clocks.combinations import Combination
from acforensics.clocks.sightings import Place

_CANDIDATES = 10
_ROUNDS = 8
_MOMENT_GAP, _MOMENT_LENGTH = 60.0, 300.0
_LEAST_SCORE = 0.5
# Another offset that explains so much of the same records leaves the matter open.
_RIVAL_SHARE, _NEAR_SHARE = 0.6, 0.05
_PLAUSIBLE = 60.0
_APART = 20.0
# One moment is enough for an offset up to this, or for one that looks like a zone.
_FAR = 900.0
_NEVER = 1 << 62


@dataclass(frozen=True)
class Measure:
    """An offset between two clocks with the range that its pairs leave."""

    offset: float
    spread: float
    pairs: tuple[Combination, ...]


@dataclass(frozen=True)
class Segment:
    """A stretch with one offset between two servers; `measure` is None where the records allow several."""

    pairs: tuple[Combination, ...]
    measure: Measure | None
    problem: str = ""

    @property
    def offset(self) -> float:
        """The offset that its pairs agree on, be it the only one or not."""
        return statistics.median(pair.guess for pair in self.pairs)


Evidence = Callable[[Sequence[Combination], Sequence[Combination]], str]
"""What lies between two groups of pairs that may have changed a clock: "step", "boot" or nothing."""

# Ends, and requests that each may have been given for itself, weigh no more than this.
_VAGUE = 0.5
# A change is assumed where another offset explains more than this; its stretch then needs a score to be believed, the
# higher the less the logs say of a change.
_CHANGE_COST = 0.6
_BELIEVED = {"step": 0.9, "boot": 1.6, "": 2.2}


def segments(combined: Sequence[Combination], evidence: Evidence) -> list[Segment]:
    """The stretches of one offset each between two servers, in order; none where nothing is common."""
    offsets = _peel(combined)
    groups = _ordered(combined, offsets)
    judged = _judged(combined, groups, evidence)
    vague = {
        offset
        for (offset, pairs), segment in zip(groups, judged, strict=True)
        if segment.problem == "weak" and all(pair.weight <= _VAGUE for pair in pairs)
    }
    if vague and len(vague) < len(groups):
        # Ends that do not fit show no change of a clock, where all that is sharper agrees.
        agreed = _judged(combined, _ordered(combined, [o for o in offsets if o not in vague]), evidence)
        if agreed and all(segment.measure is not None for segment in agreed):
            return agreed
    return judged


def _ordered(combined: Sequence[Combination], offsets: Sequence[float]) -> list[tuple[float, list[Combination]]]:
    """The pairs of each stretch, without offsets whose stretches would cross."""
    while offsets:
        groups = _assign(combined, offsets)
        bad = _out_of_order(groups)
        if bad is None:
            return groups
        offsets = [offset for offset in offsets if offset != bad]
    return []


def _judged(
    combined: Sequence[Combination], groups: Sequence[tuple[float, list[Combination]]], evidence: Evidence
) -> list[Segment]:
    judged: list[Segment] = []
    strongest = max((pairs for _, pairs in groups), key=_score, default=[])
    for position, (_, pairs) in enumerate(groups):
        after = groups[position - 1][1] if position else []
        before = groups[position + 1][1] if position + 1 < len(groups) else []
        signs = [evidence(after, pairs)] if after else []
        signs += [evidence(pairs, before)] if before else []
        needed = min((_BELIEVED[sign] for sign in signs), default=_LEAST_SCORE)
        judged.append(_judge(pairs, _between(combined, after, before), 0.0 if pairs is strongest else needed))
    return judged


def _between(
    combined: Sequence[Combination], after: Sequence[Combination], before: Sequence[Combination]
) -> list[Combination]:
    """Combinations of records that lie after one stretch and before another one, on both servers."""
    one_after = max((pair.one.order for pair in after), default=-1)
    other_after = max((pair.other.order for pair in after), default=-1)
    one_before = min((pair.one.order for pair in before), default=_NEVER)
    other_before = min((pair.other.order for pair in before), default=_NEVER)
    return [
        item
        for item in combined
        if one_after < item.one.order < one_before and other_after < item.other.order < other_before
    ]


# --- candidates


def _peaks(combined: Sequence[Combination]) -> list[float]:
    """Offsets at which the most combinations agree, best first."""
    ends = sorted(
        [(item.low, 0, n) for n, item in enumerate(combined)] + [(item.high, 1, n) for n, item in enumerate(combined)]
    )
    active: dict[tuple[int, int, Place], int] = {}
    distinct: dict[int, list[int]] = {}
    total, opened = 0.0, 0.0
    rising = False
    found: list[tuple[float, float]] = []
    for value, closing, n in ends:
        item = combined[n]
        counts = distinct.setdefault(item.key, [0, 0])
        if closing and rising:
            found.append((total, (opened + value) / 2))
        before = min(counts)
        for side, sighting in enumerate((item.one, item.other)):
            key = (item.key, side, sighting.place)
            active[key] = active.get(key, 0) + (-1 if closing else 1)
            if active[key] == (0 if closing else 1):
                counts[side] += -1 if closing else 1
        total += (min(counts) - before) * item.weight
        rising, opened = not closing, value
    found.sort(key=lambda peak: (-round(peak[0], 6), abs(peak[1]), peak[1]))
    return [offset for _, offset in found[:_CANDIDATES]]


def match(combined: Sequence[Combination], offset: float) -> list[Combination]:
    """The pairs that an offset explains: each record in one pair at most, the likeliest first."""
    allowed = [item for item in combined if item.low <= offset <= item.high]
    allowed.sort(key=lambda item: (abs(item.guess - offset), item.key, item.one.order, item.other.order))
    used: set[tuple[int, int, Place]] = set()
    found = []
    for item in allowed:
        keys = (item.key, 0, item.one.place), (item.key, 1, item.other.place)
        if keys[0] not in used and keys[1] not in used:
            used.update(keys)
            found.append(item)
    found.sort(key=lambda item: (item.one.moment, item.one.order, item.key))
    return found


def moments(pairs: Sequence[Combination]) -> list[list[Combination]]:
    """Pairs by the moments that they belong to: the many lines of one cluster stop are one witness, not many."""
    found: list[list[Combination]] = []
    for pair in pairs:
        if (
            found
            and pair.one.moment - found[-1][-1].one.moment <= _MOMENT_GAP
            and pair.one.moment - found[-1][0].one.moment <= _MOMENT_LENGTH
        ):
            found[-1].append(pair)
        else:
            found.append([pair])
    return found


def _value(moment: Sequence[Combination]) -> float:
    weights = sorted((pair.weight for pair in moment), reverse=True)
    return min(2.0, weights[0] + 0.25 * sum(weights[1:])) if weights else 0.0


def _score(pairs: Sequence[Combination]) -> float:
    return sum(_value(moment) for moment in moments(pairs))


def _best(combined: Sequence[Combination]) -> tuple[float, float, list[Combination]] | None:
    """(score, offset, pairs) of the offset that explains most; of equal ones the smallest."""
    tried = [(offset, match(combined, offset)) for offset in _peaks(combined)]
    scored = [(round(_score(pairs), 6), offset, pairs) for offset, pairs in tried if pairs]
    return max(scored, key=lambda found: (found[0], -abs(found[1]), found[1])) if scored else None


def _peel(combined: Sequence[Combination]) -> list[float]:
    """Offsets, best first, each explaining records that those before it leave."""
    rest = list(combined)
    found: list[float] = []
    for _ in range(_ROUNDS):
        best = _best(rest)
        if best is None or best[0] < _LEAST_SCORE:
            break
        found.append(best[1])
        used_one = {pair.one.place for pair in best[2]}
        used_other = {pair.other.place for pair in best[2]}
        rest = [item for item in rest if item.one.place not in used_one and item.other.place not in used_other]
    return found


# --- stretches


def _assign(combined: Sequence[Combination], offsets: Sequence[float]) -> list[tuple[float, list[Combination]]]:
    """Give each moment of the first server an offset, with as few changes as the records allow."""
    by_offset = [match(combined, offset) for offset in offsets]
    everything = sorted({pair.one.place for pairs in by_offset for pair in pairs})
    slots: dict[Place, int] = {}
    start = last = 0.0
    slot = -1
    for place in everything:
        moment = place[0]
        if slot < 0 or moment - last > _MOMENT_GAP or moment - start > _MOMENT_LENGTH:
            slot, start = slot + 1, moment
        slots[place], last = slot, moment
    table = [[[] for _ in offsets] for _ in range(slot + 1)]  # type: list[list[list[Combination]]]
    for number, pairs in enumerate(by_offset):
        for pair in pairs:
            table[slots[pair.one.place]][number].append(pair)
    chosen = _cheapest(table)
    groups: list[tuple[float, list[Combination]]] = []
    for row, number in zip(table, chosen, strict=True):
        if not row[number]:
            continue
        if groups and groups[-1][0] == offsets[number]:
            groups[-1][1].extend(row[number])
        else:
            groups.append((offsets[number], list(row[number])))
    return groups


def _cheapest(table: Sequence[Sequence[Sequence[Combination]]]) -> list[int]:
    """The best sequence of offsets: what each explains less what the changes cost (dynamic programming)."""
    numbers = range(len(table[0]))
    total = [_value(table[0][n]) for n in numbers]
    back: list[list[int]] = []
    for row in table[1:]:
        best = max(numbers, key=lambda n: (total[n], -n))
        step = [best if row[n] and total[best] - _CHANGE_COST > total[n] else n for n in numbers]
        total = [total[origin] - (_CHANGE_COST if origin != n else 0) + _value(row[n]) for n, origin in enumerate(step)]
        back.append(step)
    number = max(numbers, key=lambda n: (total[n], -n))
    chosen = [number]
    for step in reversed(back):
        number = step[number]
        chosen.append(number)
    return chosen[::-1]


def _out_of_order(groups: Sequence[tuple[float, list[Combination]]]) -> float | None:
    """An offset whose stretch lies before another one on one server and after it on the other: a coincidence."""
    for (first, before), (second, after) in pairwise(groups):
        shared = {pair.other.place for pair in before} & {pair.other.place for pair in after}
        if shared or max(pair.other.order for pair in before) > min(pair.other.order for pair in after):
            return first if _score(before) < _score(after) else second
    return None


def _judge(pairs: list[Combination], around: Sequence[Combination], needed: float) -> Segment:
    """Whether the pairs of a stretch are enough, and allow one offset only."""
    offset = statistics.median(pair.guess for pair in pairs)
    measured = measure(pairs)
    score = _score(pairs)
    if measured is None or score < max(needed, _LEAST_SCORE):
        return Segment(tuple(pairs), None, "weak")
    raw = _raw(pairs)
    for rival in _peaks([item for item in around if not item.low <= measured.offset <= item.high]):
        share = _score(match(around, rival)) / score
        # Servers that are restarted every night fit offsets of days as well; clocks hardly ever do.
        unlikely = abs(raw) <= _PLAUSIBLE or abs(raw) <= _FAR < abs(raw + rival - offset)
        if abs(rival - offset) > _APART and share >= (1.0 if unlikely else _RIVAL_SHARE):
            return Segment(tuple(pairs), None, "ambiguous")
    if len(moments(pairs)) == 1 and abs(raw) > _FAR:
        # Two different stops of a cluster, each in one server's logs only, look the same.
        return Segment(tuple(pairs), None, "far")
    return Segment(tuple(pairs), Measure(measured.offset, _widened(measured, pairs, around), measured.pairs))


def _widened(measured: Measure, pairs: Sequence[Combination], around: Sequence[Combination]) -> float:
    """The spread, with records that come close without fitting: the clock drifts, or lags are longer than thought."""
    used = {(pair.key, pair.one.place) for pair in pairs} | {(pair.key, pair.other.place) for pair in pairs}
    near = [
        item
        for item in around
        if abs(item.guess - measured.offset) <= _APART
        and (item.key, item.one.place) not in used
        and (item.key, item.other.place) not in used
    ]
    if _score(near) < _NEAR_SHARE * _score(pairs):
        return measured.spread
    return max(measured.spread, *(abs(item.guess - measured.offset) for item in near))


def _raw(pairs: Sequence[Combination]) -> float:
    return statistics.median((pair.other.stamp - pair.one.stamp).total_seconds() for pair in pairs)


def zone_of(offset: float, spread: float) -> float | None:
    """The difference of zones that an offset looks like, in seconds, if it does."""
    zone = round(offset / 900) * 900
    return zone if abs(zone) >= 1800 and abs(offset - zone) <= max(2.0, min(spread, 10.0)) else None


def measure(pairs: Sequence[Combination]) -> Measure | None:
    """The offset of pairs that belong together, with an honest spread."""
    if not pairs:
        return None
    low, high = max(pair.low for pair in pairs), min(pair.high for pair in pairs)
    kept = list(pairs)
    if low > high:
        peaks = _peaks(pairs)
        kept = match(pairs, peaks[0])
        low, high = max(pair.low for pair in kept), min(pair.high for pair in kept)
    narrow = min(pair.high - pair.low for pair in kept)
    guesses = [pair.guess for pair in kept if pair.high - pair.low <= 1.5 * narrow]
    middle = statistics.median(guesses)
    offset = min(max(middle, low), high)
    scatter = 1.4826 * statistics.median(abs(guess - middle) for guess in guesses)
    least = 1.0 if any(pair.coarse for pair in kept) else 0.5
    return Measure(offset, max(offset - low, high - offset, scatter, least), tuple(kept))
