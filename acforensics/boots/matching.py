"""Which segments of the streams of a server are one boot: in order, one each, by overlap of their spans."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import accumulate

from acforensics.boots.model import CUT_OFF, Segment
from acforensics.events import kind_of
from acforensics.timeline import SAME_START

_GOES_ON = timedelta(minutes=10)
_LAST = 20
_SAME_NAME = 1e12


def align(joined: list[list[Segment]], found: list[Segment]) -> list[list[Segment]]:
    """Match a stream's segments with the boots known so far: in order, one each, by overlap of their spans."""
    if not joined:
        return [[segment] for segment in found]
    rows, columns = len(joined), len(found)
    scores = _scores(joined, found)
    best = _Best(scores, rows, columns)
    result: list[list[Segment]] = []
    i = j = 0
    while i < rows and j < columns:
        score = scores[i].get(j, 0.0)
        here, below, right = best(i, j), best(i + 1, j), best(i, j + 1)
        if score > 0 and here == best(i + 1, j + 1) + score:
            result.append([*joined[i], found[j]])
            i, j = i + 1, j + 1
            continue
        # Where neither is matched the earlier one comes first.
        row_first = here == below and (here != right or min(s.first for s in joined[i]) <= found[j].first)
        if row_first:
            result.append(joined[i])
            i += 1
        else:
            result.append([found[j]])
            j += 1
    return result + joined[i:] + [[segment] for segment in found[j:]]


class _Best:
    """How alike the rows from `i` and the columns from `j` on are at most, when they are matched in order.

    Rows are alike to columns near them only: of each row the columns between those of the rows before and of the rows
    after it are worked out, and others have the value of one of these.
    """

    def __init__(self, scores: Sequence[Mapping[int, float]], rows: int, columns: int) -> None:
        self._columns = columns
        self._until = list(accumulate((max(row, default=-1) for row in scores), max))
        since = list(accumulate((min(row, default=columns) for row in reversed(scores)), min))[::-1]
        self._rows: list[tuple[int, list[float]]] = [(0, [])] * rows
        for i in range(rows - 1, -1, -1):
            values = []
            value = self(i + 1, self._until[i] + 1)
            for j in range(self._until[i], since[i] - 1, -1):
                score = scores[i].get(j, 0.0)
                together = self(i + 1, j + 1) + score if score > 0 else -1.0
                value = max(together, self(i + 1, j), value)
                values.append(value)
            self._rows[i] = (since[i], values[::-1] or [value])

    def __call__(self, i: int, j: int) -> float:
        # Rows before this one are alike to no column from `j` on.
        i = bisect_left(self._until, j, lo=i)
        if i >= len(self._rows):
            return 0.0
        since, values = self._rows[i]
        return values[max(j - since, 0)]


def _scores(joined: Sequence[list[Segment]], found: Sequence[Segment]) -> list[dict[int, float]]:
    """How alike each boot and each segment are, where they are at all."""
    order = sorted(range(len(found)), key=lambda j: found[j].first)
    begins = [found[j].first for j in order]
    ends = list(accumulate((_reach(found[j]) for j in order), max))
    named: dict[str, list[int]] = {}
    for j, segment in enumerate(found):
        if segment.boot_id:
            named.setdefault(segment.boot_id, []).append(j)
    scores = []
    for group in joined:
        near = {j for segment in group for j in named.get(segment.boot_id, ())}
        since, until = min(s.first for s in group) - SAME_START, max(map(_reach, group))
        for position in range(bisect_right(begins, until) - 1, -1, -1):
            if ends[position] < since:
                break
            near.add(order[position])
        alike = {j: _alike(group, found[j]) for j in sorted(near)}
        scores.append({j: score for j, score in alike.items() if score > 0})
    return scores


def _reach(segment: Segment) -> datetime:
    """Until when another log may go on with its boot."""
    return segment.until + max(_GOES_ON, segment.silence)


def _alike(group: list[Segment], segment: Segment) -> float:
    names = {s.boot_id for s in group if s.boot_id}
    if names and segment.boot_id:
        return _SAME_NAME if segment.boot_id in names else 0.0
    first, last = min(s.first for s in group), max(s.until for s in group)
    overlap = (min(last, segment.until) - max(first, segment.first)).total_seconds()
    score = max(0.0, overlap)
    starts = [s for s in group if s.start_event is not None]
    if starts and segment.start_event is not None:
        apart = min(_starts_apart(segment, other) for other in starts)
        if apart <= SAME_START and overlap > -SAME_START.total_seconds():
            score += 1.0 + (SAME_START - apart).total_seconds()
    elif overlap == 0 and (first <= segment.first or (not starts and segment.start_event is None)):
        score += 0.5
    elif (segment.start_event is None and starts and _goes_on(group, [segment])) or (
        segment.start_event is not None and not starts and _goes_on([segment], group)
    ):
        # A log that begins within a boot goes on where another one is silent.
        score += 0.25
    elif not starts and segment.start_event is None and overlap < 0:
        earlier, later = ([segment], group) if segment.first < first else (group, [segment])
        score += 0.25 if _goes_on(earlier, later) and not _lies_between(earlier, later) else 0.0
    return score


def _lies_between(earlier: Sequence[Segment], later: Sequence[Segment]) -> bool:
    """Whether a start that no log holds may lie between records of logs that show none: the earlier ones stop."""
    if not any(kind_of(event.kind).phase == "stop" for segment in earlier for event in segment.events[-_LAST:]):
        return False
    first = min(later, key=lambda segment: segment.first)
    return not first.events or kind_of(first.events[0].kind).phase != "stop"


def _goes_on(earlier: Sequence[Segment], later: Sequence[Segment]) -> bool:
    """Whether the later ones begin where the earlier ones may only be silent."""
    gap = min(segment.first for segment in later) - max(segment.last for segment in earlier)
    return timedelta(0) < gap <= max(_GOES_ON, *(segment.silence for segment in earlier))


def _starts_apart(one: Segment, other: Segment) -> timedelta:
    """How far two starts are apart at least: a listing in minutes cuts seconds off."""
    if one.start_event is None or other.start_event is None:
        return timedelta.max
    ahead = one.start_event.time - other.start_event.time
    slack = (other if ahead > timedelta(0) else one).coarse
    return max(timedelta(0), abs(ahead) - (CUT_OFF if slack else timedelta(0)))
