"""What led to what: each link says on which ground it stands, and whether that is recorded or inferred.

A link never rests on time alone, but for ends of several servers in the same minutes, which are told as one stop
without saying that one caused the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from acforensics.case import Finding
from acforensics.findings.context import FindingContext
from acforensics.incidents.happenings import RUNS_THERE, Happening
from acforensics.shutdowns.view import same_server
from acforensics.texts import Text, text

Relation = Literal["causes", "together"]

_POWER_ENDS = frozenset({"power-loss", "ac-power-failure", "ups-agent"})
_AT_ONCE = {**dict.fromkeys(_POWER_ENDS, "same-minutes"), "ac-schedule": "same-schedule"}
"""What ends several servers at once without a request for all of them."""
_TOGETHER = timedelta(minutes=5)
_FAILS_OVER = timedelta(minutes=15)
_SEEN_BEFORE = timedelta(minutes=5)
_STAMPED_APART = timedelta(seconds=5)
_BATTERY = timedelta(hours=2)
"""A server that a power failure takes down goes down within this time: batteries last minutes."""


@dataclass(frozen=True, eq=False)
class Link:
    """From a cause to its effect, or (`together`) between two parts of one thing."""

    cause: Happening
    effect: Happening
    relation: Relation
    recorded: bool
    ground: Text


def link(found: Sequence[Happening], findings: Sequence[Finding], context: FindingContext) -> list[Link]:
    """All links of a case, each pair once."""
    ends = [one for one in found if one.sort == "end"]
    links = [
        *_from_power(found, ends),
        *_stopped_together(ends, context),
        *_failed_over(found, ends, context),
        *_in_loops(ends, findings, context),
        *_of_findings(found, ends, context),
    ]
    return list({(id(one.cause), id(one.effect)): one for one in reversed(links)}.values())[::-1]


def _trigger(end: Happening) -> str:
    return end.judgement.chosen.trigger if end.judgement is not None and end.judgement.chosen is not None else ""


def _from_power(found: Sequence[Happening], ends: Sequence[Happening]) -> Iterator[Link]:
    """A reported power failure and the end of that server."""
    for failure in (one for one in found if one.sort == "power-failure"):
        for end in ends:
            if end.server != failure.server or _trigger(end) not in _POWER_ENDS or end.judgement is None:
                continue
            if any(event is one for event in failure.events for one in end.judgement.evidence):
                yield Link(failure, end, "causes", True, text("incident.because.power-record"))
            elif failure.time <= end.time <= failure.time + _BATTERY and not _over_before(failure, end):
                yield Link(failure, end, "causes", False, text("incident.because.power-before"))


def _over_before(failure: Happening, end: Happening) -> bool:
    """Whether power had come back before the server went down."""
    return len(failure.events) > 1 and failure.until is not None and failure.until < end.time


def _stopped_together(ends: Sequence[Happening], context: FindingContext) -> Iterator[Link]:
    """Ends of several servers that are parts of one stop: of the whole cluster, or by power or the schedule at once."""
    for i, one in enumerate(ends):
        for other in ends[i + 1 :]:
            if other.time - one.time > timedelta(minutes=10):
                break
            if other.server == one.server or _trigger(other) != _trigger(one):
                continue
            if not _of_one_stop(one, other, context):
                continue
            scopes = {end.judgement.chosen.scope for end in (one, other) if end.judgement and end.judgement.chosen}
            if scopes == {"cluster"}:
                yield Link(one, other, "together", True, text("incident.because.one-request"))
            elif (key := _AT_ONCE.get(_trigger(one))) and _close(one, other, context):
                yield Link(one, other, "together", False, text(f"incident.because.{key}"))


def _of_one_stop(one: Happening, other: Happening, context: FindingContext) -> bool:
    """Whether two servers may have been stopped together: of one cluster, and the later one was up by then."""
    if context.clusters.related(one.server, other.server) is False and _trigger(one) not in _POWER_ENDS:
        return False
    boot = other.judgement.boot if other.judgement is not None else None
    if boot is None or boot.start is None:
        return True
    doubt = context.case_clock.uncertainty(one.server, other.server, one.time) or timedelta(0)
    return context.case_clock.corrected(other.server, boot.start) <= one.time + doubt


def _close(one: Happening, other: Happening, context: FindingContext) -> bool:
    doubt = context.case_clock.uncertainty(one.server, other.server, one.time)
    return doubt is not None and other.time - one.time <= _TOGETHER + doubt


def _failed_over(found: Sequence[Happening], ends: Sequence[Happening], context: FindingContext) -> Iterator[Link]:
    """A server that another one saw stop (nm 2) just before groups failed over to that one, and since others did."""
    latest: dict[str, datetime] = {}
    runs = _first_runs(context)
    for failover in (one for one in found if one.sort == "failover"):
        first = failover.events[0]
        soon = first.time - _SEEN_BEFORE
        since = max(soon, latest.get(failover.server, soon))
        latest[failover.server] = max(failover.events[-1].time, latest.get(failover.server, soon))
        seen = [
            event
            for boot in context.boots[failover.server]
            for event in boot.events
            if event.kind == "clusterpro.server_down" and soon <= event.time <= first.time
        ]
        of_origin = [event for event in seen if same_server(event.fields.get("server", ""), failover.origin)]
        if not of_origin and _runs_on(failover, context):
            # What failed there was a monitor or a resource.
            continue
        seen = of_origin or [event for event in seen if event.time >= since]
        for event in seen:
            gone = [end for end in ends if same_server(end.server, event.fields.get("server", ""))]
            near = [
                end for end in gone if _may_have_led_to(end, failover, context) and _may_have_run(end, failover, runs)
            ]
            if near:
                end = max(near, key=lambda end: end.time)
                yield Link(end, failover, "causes", True, text("incident.because.seen-to-stop", server=end.server))


def _runs_on(failover: Happening, context: FindingContext) -> bool:
    """Whether the server that groups came from is known, and was surely up when they failed over and after."""
    doubt = context.case_clock.uncertainty(failover.origin, failover.server, failover.time)
    if doubt is None:
        return False
    early, late = failover.time - doubt, failover.time + doubt + _FAILS_OVER
    corrected = context.case_clock.corrected
    return any(
        corrected(failover.origin, boot.first) <= early and corrected(failover.origin, boot.last) > late
        for boot in context.boots.get(failover.origin, ())
    )


def _may_have_led_to(end: Happening, failover: Happening, context: FindingContext) -> bool:
    """Whether a server went down before groups failed over, by minutes at most, as far as the clocks tell.

    One that was cut off did so at some time between its last record and its next start.
    """
    doubt = context.case_clock.uncertainty(end.server, failover.server, failover.time)
    latest = end.until or end.time
    if end.judgement is not None and not end.judgement.view.stop_orderly:
        following = end.judgement.boot.following
        if following is not None:
            latest = max(latest, context.case_clock.corrected(end.server, following.start or following.first))
    early = _STAMPED_APART + (doubt or timedelta(0))
    return end.time - early <= failover.time <= latest + _FAILS_OVER


def _first_runs(context: FindingContext) -> dict[str, dict[str, datetime]]:
    """When each group is first seen to run on each server."""
    found: dict[str, dict[str, datetime]] = {}
    for server, boots in context.boots.items():
        for event in (event for boot in boots for event in boot.events if event.kind in RUNS_THERE):
            time = context.case_clock.corrected(server, event.time)
            own = found.setdefault(event.fields.get("group", ""), {})
            own[server] = min(time, own.get(server, time))
    return found


def _may_have_run(end: Happening, failover: Happening, runs: Mapping[str, Mapping[str, datetime]]) -> bool:
    """Whether a group that failed over may have run on the server that went down.

    Not where each was seen to run on a third server before, and none on that one at any time: a monitor failed there.
    """
    for group in {event.fields.get("group", "") for event in failover.events}:
        own = runs.get(group, {})
        third = [time for server, time in own.items() if server not in (end.server, failover.server)]
        if end.server in own or not third or min(third) > failover.time:
            return True
    return False


def _in_loops(ends: Sequence[Happening], findings: Sequence[Finding], context: FindingContext) -> Iterator[Link]:
    """Turns of a reboot loop, which its finding has found already."""
    for finding in (one for one in findings if one.rule == "reboot-loop"):
        turns = [end for end in ends if context.shutdown_ids.get(id(end.judgement)) in finding.related]
        latest: dict[str, Happening] = {}
        for turn in turns:
            if turn.server in latest:
                yield Link(latest[turn.server], turn, "together", True, text("incident.because.loop"))
            elif latest:
                yield Link(turns[0], turn, "together", True, text("incident.because.one-loop"))
            latest[turn.server] = turn


def _of_findings(found: Sequence[Happening], ends: Sequence[Happening], context: FindingContext) -> Iterator[Link]:
    """What a finding tells: the end that it names from before is its cause, one within it its effect."""
    for one in (happening for happening in found if happening.finding is not None):
        finding = one.finding
        assert finding is not None and one.until is not None  # noqa: S101
        if finding.rule == "ac-group-moved":
            cited = {(evidence.input, evidence.line) for evidence in finding.evidence}
            for failover in (other for other in found if other.sort == "failover"):
                told = (witness for event in failover.events for witness in event.witnesses[:1])
                if cited.intersection((witness.input, witness.line) for witness in told):
                    yield Link(failover, one, "causes", True, text("incident.because.ac-group-moved"))
        for end in ends:
            if context.shutdown_ids.get(id(end.judgement)) not in finding.related:
                continue
            if end.time < one.time:
                if finding.rule == "shared-disk-late" and _trigger(end) not in _POWER_ENDS:
                    continue
                yield Link(end, one, "causes", False, text(f"incident.because.{finding.rule}"))
            elif (
                finding.rule == "shared-disk-late" and end.time <= one.until and _trigger(end) == "clusterpro-recovery"
            ):
                yield Link(one, end, "causes", True, text("incident.because.disk-error"))
            elif finding.rule in ("power-cut-during-shutdown", "restart-limit-reached"):
                yield Link(end, one, "causes", True, text(f"incident.because.{finding.rule}"))
