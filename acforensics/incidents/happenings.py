"""What happened, in pieces that can lead to one another: power failures, ends, failovers, and what findings tell."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from acforensics.case import Finding
from acforensics.events import Event
from acforensics.findings.context import FindingContext, certainty
from acforensics.shutdowns import Judgement
from acforensics.shutdowns.power import without_tests
from acforensics.texts import Text, text

Sort = Literal["power-failure", "end", "failover", "finding"]

_POWER_FAILURES = ("ac.power_failure", "ups.on_battery")
_POWER_BACK = ("ac.power_restored", "ups.on_line", "ups.output_on")
_ONE_FAILURE = timedelta(minutes=30)
"""Reports of a power failure on one server, without a word of its return, are one failure for this long."""
_ONE_FAILOVER = timedelta(minutes=5)
_GONE = "clusterpro.server_down"
RUNS_THERE = ("clusterpro.group_activated", "clusterpro.failover_completed")
CHAIN_RULES = (
    "shared-disk-late", "startup-wait-timeout", "missed-schedule", "power-cut-during-shutdown", "restart-limit-reached",
    "ac-group-moved",
)  # fmt: skip
"""Findings that are themselves something that happened: a cause or a consequence. Others only judge what did."""


@dataclass(eq=False)
class Happening:
    """One piece of a story. `time` and `until` are on the case's clock, UTC."""

    sort: Sort
    server: str
    time: datetime
    text: Text
    events: Sequence[Event]
    until: datetime | None = None
    judgement: Judgement | None = None
    finding: Finding | None = None
    servers: tuple[str, ...] = field(default=())
    origin: str = ""
    """Of a failover: the server on which its groups were last seen to run."""

    def __post_init__(self) -> None:
        """What concerns one server concerns that one."""
        self.servers = self.servers or (self.server,)
        self.until = self.until or self.time


def happenings(context: FindingContext, findings: Sequence[Finding]) -> list[Happening]:
    """All of a case, by time."""
    found = [*_power_failures(context), *_ends(context), *_failovers(context), *_told_by_findings(context, findings)]
    order = {sort: place for place, sort in enumerate(("power-failure", "failover", "finding", "end"))}
    return sorted(found, key=lambda one: (one.time, order[one.sort], one.server))


def _power_failures(context: FindingContext) -> Iterator[Happening]:
    """Power failures that ESMPRO/AC or a UPS agent reported: until power came back, or for half an hour."""
    for server, events in _events(context).items():
        current: list[Event] = []
        for event in without_tests(events):
            if event.kind in _POWER_FAILURES:
                if current and event.time - current[0].time > _ONE_FAILURE:
                    yield _power_failure(context, server, current)
                    current = []
                current.append(event)
            elif event.kind in _POWER_BACK and current:
                yield _power_failure(context, server, [*current, event])
                current = []
        if current:
            yield _power_failure(context, server, current)


def _power_failure(context: FindingContext, server: str, events: Sequence[Event]) -> Happening:
    back = events[-1] if events[-1].kind in _POWER_BACK else None
    key = "incident.power-failure-ended" if back is not None else "incident.power-failure"
    values = {"until": context.clock(server, back.time)} if back is not None else {}
    return Happening(
        "power-failure",
        server,
        context.case_clock.corrected(server, events[0].time),
        text(key, server=server, **values),
        [events[0], *([back] if back is not None else [])],
        until=context.case_clock.corrected(server, back.time) if back is not None else None,
    )


def _ends(context: FindingContext) -> Iterator[Happening]:
    for judgement in context.judgements:
        chosen = judgement.chosen
        if chosen is None:
            continue
        server = judgement.boot.server
        yield Happening(
            "end",
            server,
            context.case_clock.corrected(server, chosen.time),
            text(
                f"incident.end.{chosen.mode}",
                server=server,
                trigger=text(f"trigger.{chosen.trigger}"),
                certainty=certainty(judgement),
            ),
            judgement.evidence[:3],
            until=context.case_clock.corrected(server, judgement.boot.last),
            judgement=judgement,
        )


def _failovers(context: FindingContext) -> Iterator[Happening]:
    """Groups that failed over to a server: those within minutes and from one server together.

    Where it sees a further server stop, another one begins. A group of which nothing tells where it ran is told with
    the last ones.
    """
    ran = _runs(context)
    for server, events in _events(context).items():
        current: dict[str, list[Event]] = {}
        last = ""
        for event in events:
            if event.kind not in ("clusterpro.failover_started", _GONE) or "repeated" in event.fields:
                continue
            over = [
                origin
                for origin, own in current.items()
                if event.kind == _GONE or event.time - own[-1].time > _ONE_FAILOVER
            ]
            for origin in over:
                yield _failover(context, server, origin, current.pop(origin))
            if event.kind == _GONE:
                continue
            origin = _origin(context, ran, server, event) or (last if last in current else "")
            if origin and "" in current:
                current[origin] = [*current.pop(""), *current.get(origin, ())]
            current.setdefault(origin, []).append(event)
            last = origin
        for origin, own in current.items():
            yield _failover(context, server, origin, own)


def _runs(context: FindingContext) -> dict[str, list[tuple[datetime, str]]]:
    """When and where each group is seen to run, on the case's clock."""
    found: dict[str, list[tuple[datetime, str]]] = {}
    for server, events in _events(context).items():
        for event in events:
            if event.kind in RUNS_THERE:
                time = context.case_clock.corrected(server, event.time)
                found.setdefault(event.fields.get("group", ""), []).append((time, server))
    return {group: sorted(own) for group, own in found.items()}


def _origin(
    context: FindingContext, ran: Mapping[str, Sequence[tuple[datetime, str]]], server: str, event: Event
) -> str:
    """The server on which a group that fails over to another one was last seen to run; empty: nothing tells."""
    own = ran.get(event.fields.get("group", ""), ())
    time = context.case_clock.corrected(server, event.time)
    for _, where in reversed(own[: bisect_left(own, (time, ""))]):
        if context.clusters.related(server, where) is not False:
            return "" if where == server else where
    return ""


def _failover(context: FindingContext, server: str, origin: str, events: Sequence[Event]) -> Happening:
    groups = ", ".join(dict.fromkeys(event.fields.get("group", "?") for event in events))
    return Happening(
        "failover",
        server,
        context.case_clock.corrected(server, events[0].time),
        text("incident.failover", groups=groups, server=server),
        list(events),
        origin=origin,
    )


def _told_by_findings(context: FindingContext, findings: Sequence[Finding]) -> Iterator[Happening]:
    for finding in findings:
        if finding.rule in CHAIN_RULES and finding.servers:
            server = finding.servers[0]
            yield Happening(
                "finding",
                server,
                finding.case_start,
                finding.title,
                [],
                until=finding.case_end,
                finding=finding,
                servers=tuple(finding.servers),
            )


def _events(context: FindingContext) -> Mapping[str, list[Event]]:
    return {server: [event for boot in boots for event in boot.events] for server, boots in context.boots.items()}
