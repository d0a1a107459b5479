"""Offsets between the clocks of servers, estimated from occurrences that two of them recorded.

One server is the reference: times of the others are shown on its clock, which need not be right. An offset has a
spread, within which the true one lies as far as the pairs tell; a time is corrected only by an offset larger than it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from acforensics.clocks.case_clock import CaseClock, Pair, ServerClock, Span
from acforensics.clocks.combinations import WINDOW, Combination, combination, combine
from acforensics.clocks.network import Network, build, change_evidence, solve
from acforensics.clocks.offset_notes import note, shown, why_unknown
from acforensics.clocks.own_clock import OwnClock, read_clock
from acforensics.clocks.pairs import occurrences
from acforensics.clocks.sightings import Occurrences
from acforensics.clocks.voting import Segment, segments
from acforensics.events import Event
from acforensics.texts import text


def estimate(
    events: Mapping[str, Sequence[Event]], given: Mapping[str, float], synchronised: Collection[str] = ()
) -> CaseClock:
    """Estimate the offset of every server's clock from the case's clock.

    Args:
        events: each server's events, in order.
        given: seconds by which a server's clock is ahead, as the user tells; these are not estimated.
        synchronised: servers that say that their clock follows a time server: one of them is the reference.
    """
    given = {server: seconds for server, seconds in given.items() if server in events and math.isfinite(seconds)}
    clocks = {server: read_clock(server, events[server]) for server in sorted(events)}
    if not clocks:
        return CaseClock({})
    if len(clocks) == 1 and not given:
        (server,) = clocks
        only = Span(None, None, 0.0, 0.0)
        return CaseClock({server: ServerClock(server, "reference", (only,), text("clock.offset-alone"))})
    common = occurrences(clocks)
    between = {
        pair: segments(combine(found), partial(change_evidence, clocks[pair[0]], clocks[pair[1]]))
        for pair, found in common.items()
    }
    reference = _reference(events, between, given, synchronised)
    network = build(clocks, between, reference)
    if given or any(segment.measure for segments in between.values() for segment in segments):
        solve(network, between, reference, given)
    anchors = _apart(network, between)
    servers = {}
    for server, clock in clocks.items():
        if server in given:
            span = Span(None, None, given[server], 0.5, _pairs(network, server))
            said = text("clock.offset-given", offset=shown(given[server]))
            servers[server] = ServerClock(server, "given", (span,), said)
        else:
            anchor = anchors.get(server, "")
            own = _server(clock, network, between, is_reference=server in (reference, anchor), apart=bool(anchor))
            servers[server] = replace(own, anchor=anchor)
    _bound(servers, common)
    return CaseClock(servers)


def _reference(
    events: Mapping[str, Sequence[Event]], between: Mapping[tuple[str, str], Sequence[Segment]],
    given: Mapping[str, float], synchronised: Collection[str],
) -> str:  # fmt: skip
    """The server on whose clock times are shown: one told to be right, one that says so, else the best connected."""
    pairs = dict.fromkeys(events, 0)
    for servers, stretches in between.items():
        count = sum(len(segment.measure.pairs) for segment in stretches if segment.measure is not None)
        for server in servers:
            pairs[server] += count
    told = sorted(server for server, seconds in given.items() if seconds == 0)
    free = sorted(server for server in events if server not in given)
    if told or not free:
        return told[0] if told else sorted(events)[0]
    return min(free, key=lambda server: (server not in synchronised, -pairs[server], server))


def _apart(network: Network, between: Mapping[tuple[str, str], Sequence[Segment]]) -> dict[str, str]:
    """Place servers that nothing joins to the reference (another cluster) from one of their own; each with that one."""
    found: dict[str, str] = {}
    while True:
        placed = {server for server, _ in network.places}
        rest = {
            pair: stretches
            for pair, stretches in between.items()
            if not placed.intersection(pair) and any(segment.measure is not None for segment in stretches)
        }
        if not rest:
            return found
        anchor = _reference(dict.fromkeys(sorted({server for pair in rest for server in pair}), ()), rest, {}, ())
        solve(network, rest, anchor, {})
        found |= dict.fromkeys({server for server, _ in network.places} - placed, anchor)


# --- spans


@dataclass(frozen=True)
class _Piece:
    """From an event on: the clock's offset is that of a stretch (`None`: between two) less what steps then added."""

    order: int
    since: datetime | None
    until: datetime | None


def _server(
    clock: OwnClock, network: Network, between: Mapping[tuple[str, str], Sequence[Segment]], *,
    is_reference: bool, apart: bool = False,
) -> ServerClock:  # fmt: skip
    server = clock.server
    pieces = _pieces(clock, network)
    spans: list[Span] = []
    kinds: list[str] = []
    lost = False
    for number, piece in enumerate(pieces):
        end = pieces[number + 1].order if number + 1 < len(pieces) else len(clock.events)
        placed = _placed(clock, network, piece.order)
        if placed is None:
            lost = True
            continue
        offset, spread, kind = placed
        pairs = _pairs(network, server, piece.order, end)
        if is_reference and (offset, spread) == (0, 0):
            kind = "itself"
        elif kind == "stretch" and not pairs:
            kind, spread = "derived", max(spread, 0.5)
        span = Span(piece.since, piece.until, offset, spread, pairs)
        if spans and spans[-1].offset == offset and spans[-1].spread == spread and spans[-1].until == span.since:
            spans[-1] = replace(spans[-1], until=span.until, pairs=(*spans[-1].pairs, *pairs))
            continue
        spans.append(span)
        kinds.append(kind)
    if not spans:
        return ServerClock(server, "unknown", (), why_unknown(server, between))
    side_known = all(boundary.side_known for boundary in network.boundaries[server])
    said = note(spans, kinds, is_reference=is_reference, apart=apart, partly=lost, side_known=side_known)
    return ServerClock(server, "reference" if is_reference else "estimated", tuple(spans), said)


def _pieces(clock: OwnClock, network: Network) -> list[_Piece]:
    """Cut a server's events wherever its clock changes; times are what the clock showed on both sides of a cut."""
    cuts: dict[int, tuple[datetime, datetime]] = {}
    for step in clock.steps:
        if step.since:
            cuts[step.since] = _both_sides(clock, step.since)
    for boundary in network.boundaries[clock.server]:
        if boundary.pin is not None:
            cuts[boundary.pin] = _both_sides(clock, boundary.pin)
        elif boundary.low + 1 < boundary.high:
            last = clock.events[boundary.low].time
            cuts[boundary.low + 1] = (last, last)
            cuts[boundary.high] = _both_sides(clock, boundary.high)
        else:
            cuts[boundary.high] = _both_sides(clock, boundary.high)
    for step in clock.steps:
        # A clock set forward never showed what lies between: that belongs to neither side.
        cuts[step.order] = (max(step.left, step.time), step.time)
    orders = sorted(cuts)
    if not orders or orders[0] > 0:
        orders.insert(0, 0)
    return [
        _Piece(
            order,
            cuts[order][1] if number and order in cuts else None,
            cuts[orders[number + 1]][0] if number + 1 < len(orders) else None,
        )
        for number, order in enumerate(orders)
    ]


def _both_sides(clock: OwnClock, order: int) -> tuple[datetime, datetime]:
    """What the clock showed last before an event, and at it."""
    event = clock.events[order]
    before = next(
        (e.time for e in reversed(clock.events[max(0, order - 50) : order]) if e.stream == event.stream), event.time
    )
    return max(before, event.time), event.time


def _placed(clock: OwnClock, network: Network, order: int) -> tuple[float, float, str] | None:
    """(offset, spread, how it is known) from an event on."""
    server = clock.server
    shift = sum(step.seconds for step in clock.steps if step.since <= order < step.order)
    number = network.stretch(server, order)
    if number is not None:
        place = network.places.get((server, number))
        return (place.offset - shift, place.spread, "stretch") if place is not None else None
    after = next(n for n, b in enumerate(network.boundaries[server], 1) if b.before_until <= order < b.after_from)
    sides = [network.places.get((server, after - 1)), network.places.get((server, after))]
    if sides[0] is None or sides[1] is None:
        return None
    low = min(side.offset - side.spread for side in sides if side is not None)
    high = max(side.offset + side.spread for side in sides if side is not None)
    return (low + high) / 2 - shift, (high - low) / 2, "between"


def _pairs(network: Network, server: str, start: int = 0, end: int | None = None) -> tuple[Pair, ...]:
    found = []
    for item in network.pairs.get(server, []):
        order = item.one.order if item.one.server == server else item.other.order
        if start <= order and (end is None or order < end):
            found.append(_public(item))
    return tuple(sorted(found, key=lambda pair: (pair.one_time, pair.one, pair.other, pair.other_time, pair.kind)))


def _public(item: Combination) -> Pair:
    return Pair(
        item.one.server,
        item.other.server,
        item.one.stamp,
        item.other.stamp,
        item.one.event,
        item.other.event,
        item.slack,
        item.rule,
    )


def _bound(servers: dict[str, ServerClock], common: Mapping[tuple[str, str], Sequence[Occurrences]]) -> None:
    """Where nothing better is known: a sudden end that a peer noticed limits the difference of two clocks."""
    for (one, other), found in sorted(common.items()):
        both = servers[one], servers[other]
        items = [
            combination(key, lost, lost.one[0], lost.other[0])
            for key, lost in enumerate(found)
            if lost.bound_only and len(lost.one) == len(lost.other) == 1
        ]
        items = [item for item in items if abs(item.guess) <= WINDOW]
        if not items or not any(clock.basis == "unknown" for clock in both):
            continue
        if max(item.low for item in items) > min(item.high for item in items):
            continue
        limit = max(abs(max(item.low for item in items)), abs(min(item.high for item in items)), 1.0)
        span = Span(None, None, 0.0, limit, tuple(map(_public, items)))
        if all(clock.basis == "unknown" for clock in both):
            still = Span(None, None, 0.0, 0.0, span.pairs)
            servers[one] = ServerClock(one, "reference", (still,), text("clock.offset-reference"))
        known, bounded = (one, other) if servers[one].basis != "unknown" else (other, one)
        anchors = servers[known].spans
        if len(anchors) == 1 and servers[known].basis in ("reference", "given"):
            span = replace(span, spread=limit + abs(anchors[0].offset) + anchors[0].spread)
            said = text("clock.offset-bounded", spread=shown(span.spread, sign=False))
            servers[bounded] = ServerClock(bounded, "bounded", (span,), said)
