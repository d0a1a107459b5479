"""From offsets between two servers to the offset of every server from one: whose clock changed where, and how sure."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise

from acforensics.clocks.combinations import Combination
from acforensics.clocks.own_clock import ClockMark, MarkKind, OwnClock
from acforensics.clocks.voting import Measure, Segment, measure

Between = Mapping[tuple[str, str], Sequence[Segment]]
Node = tuple[str, int]

# Marks that stand so close together tell one change.
_ONE_CHANGE = timedelta(minutes=1)


@dataclass
class Boundary:
    """A change of a server's clock that only the pairs show: after event `low`, not later than event `high`.

    `pin` is the event from which the new clock holds, where the log shows it.
    """

    low: int
    high: int
    pin: int | None = None
    side_known: bool = True

    @property
    def before_until(self) -> int:
        """The first event that the clock before is not sure to have stamped."""
        return self.low + 1 if self.pin is None else self.pin

    @property
    def after_from(self) -> int:
        """The first event that the clock after is sure to have stamped."""
        return self.high if self.pin is None else self.pin


@dataclass(frozen=True)
class Place:
    """The offset of one stretch of a server's (step-free) clock from the case's clock."""

    offset: float
    spread: float


@dataclass
class Network:
    """Stretches of all servers and what is known of them."""

    boundaries: dict[str, list[Boundary]]
    places: dict[Node, Place] = field(default_factory=dict)
    pairs: dict[str, list[Combination]] = field(default_factory=dict)

    def stretch(self, server: str, order: int) -> int | None:
        """The stretch in which an event lies; `None` where it is not known whether it is before or after a change."""
        number = 0
        for boundary in self.boundaries[server]:
            if order >= boundary.after_from:
                number += 1
            elif order >= boundary.before_until:
                return None
        return number


@dataclass(frozen=True)
class _Gap:
    """What one pair of servers shows of a change: between which events of a server, and by how much it would differ."""

    pair: tuple[str, str]
    server: str
    low: int
    high: int
    change: float


def change_evidence(one: OwnClock, other: OwnClock, before: Sequence[Combination], after: Sequence[Combination]) -> str:
    """The best sign between two groups of pairs that a clock was set there: "step" (or a jump back), "boot", none."""
    found = ""
    for clock, side in ((one, 0), (other, 1)):
        low = max(_order(pair, side) for pair in before)
        high = min(_order(pair, side) for pair in after)
        for mark in _marks(clock, low, high):
            if mark.kind != "boot":
                return "step"
            found = "boot"
    return found


def build(clocks: Mapping[str, OwnClock], between: Between, reference: str) -> Network:
    """Place the changes that the pairs show on servers."""
    gaps: list[tuple[_Gap, _Gap]] = []
    for (one, other), segments in sorted(between.items()):
        for before, after in pairwise(segments):
            change = after.offset - before.offset
            gaps.append((
                _gap((one, other), one, 0, before, after, -change),
                _gap((one, other), other, 1, before, after, change),
            ))  # fmt: skip
    everything = [gap for both in gaps for gap in both]
    boundaries: dict[str, list[Boundary]] = {server: [] for server in clocks}
    for first, second in gaps:
        weights = [_weight(clocks[gap.server], gap, everything) for gap in (first, second)]
        known = weights[0] != weights[1]
        if known:
            chosen = first if weights[0] > weights[1] else second
        else:
            chosen = second if first.server == reference else first
        boundaries[chosen.server].append(Boundary(chosen.low, chosen.high, None, known))
    network = Network({server: _merged(found) for server, found in boundaries.items()})
    for server, found in network.boundaries.items():
        for boundary in found:
            boundary.pin = _pin(clocks[server], boundary)
    for segments in between.values():
        for segment in segments:
            if segment.measure is not None:
                for pair in segment.measure.pairs:
                    network.pairs.setdefault(pair.one.server, []).append(pair)
                    network.pairs.setdefault(pair.other.server, []).append(pair)
    return network


def solve(network: Network, between: Between, reference: str, given: Mapping[str, float]) -> None:
    """Give every stretch that pairs lead to its place, by the path with the least spread from the reference.

    A clock whose offset the user gives is fixed; what only it leads to is placed from it.
    """
    edges: dict[Node, list[tuple[Node, float, float]]] = {}
    weights: dict[Node, int] = {}
    for (first, second), found in sorted(_edges(network, between).items()):
        edges.setdefault(first, []).append((second, found.offset, found.spread))
        edges.setdefault(second, []).append((first, -found.offset, found.spread))
        for node in (first, second):
            weights[node] = weights.get(node, 0) + len(found.pairs)
    fixed = {
        (server, number): Place(offset, 0.5)
        for server, offset in given.items()
        if server in network.boundaries
        for number in range(len(network.boundaries[server]) + 1)
    }
    if reference not in given:
        stretches = [(reference, number) for number in range(len(network.boundaries[reference]) + 1)]
        start = max(stretches, key=lambda node: (weights.get(node, 0), node[1]))
        network.places[start] = Place(0.0, 0.0)
        _spread_from([start], network.places, edges, set(fixed))
    network.places.update(fixed)
    _spread_from(sorted(fixed), network.places, edges, set(network.places))


def _spread_from(
    starts: Iterable[Node], places: dict[Node, Place], edges: Mapping[Node, list[tuple[Node, float, float]]],
    closed: set[Node],
) -> None:  # fmt: skip
    queue = [(places[node].spread, 0, node, places[node].offset) for node in starts]
    heapq.heapify(queue)
    done = set(closed)
    first = {entry[2] for entry in queue}
    while queue:
        spread, hops, node, offset = heapq.heappop(queue)
        if node in done and node not in first:
            continue
        first.discard(node)
        done.add(node)
        places[node] = Place(offset, spread)
        for neighbour, apart, width in edges.get(node, []):
            if neighbour not in done:
                heapq.heappush(queue, (spread + width, hops + 1, neighbour, offset + apart))


def _edges(network: Network, between: Between) -> dict[tuple[Node, Node], Measure]:
    found: dict[tuple[Node, Node], Measure] = {}
    for (one, other), segments in between.items():
        for segment in segments:
            if segment.measure is None:
                continue
            groups: dict[tuple[Node, Node], list[Combination]] = {}
            for pair in segment.measure.pairs:
                first, second = network.stretch(one, pair.one.order), network.stretch(other, pair.other.order)
                if first is not None and second is not None:
                    groups.setdefault(((one, first), (other, second)), []).append(pair)
            for nodes, pairs in groups.items():
                whole = len(pairs) == len(segment.measure.pairs)
                measured = segment.measure if whole else measure(pairs)
                if measured is not None and (nodes not in found or len(found[nodes].pairs) < len(measured.pairs)):
                    found[nodes] = measured
    return found


def _gap(
    pair: tuple[str, str], server: str, side: int, before: Segment, after: Segment, change: float
) -> _Gap:  # fmt: skip
    low = max(_order(item, side) for item in before.pairs)
    high = min(_order(item, side) for item in after.pairs)
    return _Gap(pair, server, low, max(low + 1, high), change)


def _order(pair: Combination, side: int) -> int:
    return pair.other.order if side else pair.one.order


def _marks(clock: OwnClock, low: int, high: int) -> list[ClockMark]:
    return [mark for mark in clock.marks if low < mark.order <= high]


def _weight(clock: OwnClock, gap: _Gap, everything: Sequence[_Gap]) -> int:
    """How much speaks for this server's clock as the one that changed."""
    weight = 0
    for mark in _marks(clock, gap.low, gap.high):
        if mark.kind == "boot":
            weight = max(weight, 1)
        elif mark.kind == "step" or gap.change < 0:
            weight = max(weight, 4)
    for other in everything:
        if (
            other.pair != gap.pair
            and other.server == gap.server
            and other.low < gap.high
            and gap.low < other.high
            and other.change * gap.change > 0
        ):
            weight += 2
    return weight


def _merged(found: Sequence[Boundary]) -> list[Boundary]:
    """One change that several pairs of servers show lies where all of them have it."""
    merged: list[Boundary] = []
    for boundary in sorted(found, key=lambda item: (item.low, item.high)):
        if merged and boundary.low < merged[-1].high:
            last = merged[-1]
            last.low, last.high = max(last.low, boundary.low), min(last.high, boundary.high)
            last.side_known |= boundary.side_known
        else:
            merged.append(Boundary(boundary.low, boundary.high, None, boundary.side_known))
    return merged


def _pin(clock: OwnClock, boundary: Boundary) -> int | None:
    """The event at which the clock was set, if only one can be it. A start alone does not prove that it was there."""
    marks = _marks(clock, boundary.low, boundary.high)
    kinds: tuple[MarkKind, ...] = ("step", "jump")
    for kind in kinds:
        found = [mark for mark in marks if mark.kind == kind]
        if not found:
            continue
        apart = max(mark.time for mark in found) - min(mark.time for mark in found)
        return found[0].order if apart <= _ONE_CHANGE else None
    return None
