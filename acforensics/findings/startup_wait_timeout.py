"""A server waited at its start for the others, and went on without them (HOWTO chapter 4, server sync wait)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from acforensics.boots import Boot
from acforensics.case import Finding
from acforensics.events import Event
from acforensics.findings.context import FindingContext, duration
from acforensics.shutdowns.view import same_server
from acforensics.texts import Text, join, literal, text

_RULE = "startup-wait-timeout"
_UP = ("clusterpro.server_up", "clusterpro.heartbeat_up")


@dataclass
class _Wait:
    """One wait of one run of CLUSTERPRO that timed out. `up` are the servers that had been seen to start by then."""

    boot: Boot
    run: datetime
    timeout: Event
    begun: Event | None
    up: set[str] = field(default_factory=set)
    later: dict[str, Event] = field(default_factory=dict)
    """When others were seen to start afterwards, in the same boot."""


class _On(NamedTuple):
    """When a server was on, on the case's clock."""

    start: datetime
    last: datetime
    boot: Boot


def find(context: FindingContext) -> list[Finding]:
    """One finding for each wait that timed out."""
    waits = [wait for boots in context.boots.values() for boot in boots for wait in _waits(boot)]
    if not waits:
        return []
    members = [*context.members, *_cluster(context)]
    on = {server: _on(context, boots) for server, boots in context.boots.items()}
    return [_finding(context, wait, members, on) for wait in waits]


def _on(context: FindingContext, boots: Sequence[Boot]) -> list[_On]:
    corrected = context.case_clock.corrected
    return [
        _On(corrected(boot.server, boot.start or boot.first), corrected(boot.server, boot.last), boot) for boot in boots
    ]


def _start(context: FindingContext, name: str, on: _On) -> Text:
    return context.clock(name, on.boot.start or on.boot.first)


def _waits(boot: Boot) -> list[_Wait]:
    found: list[_Wait] = []
    up: set[str] = set()
    run, begun, over = boot.start or boot.first, None, False
    for event in boot.events:
        if "repeated" in event.fields:
            continue
        named = _short(event.fields.get("server", ""))
        if event.kind == "clusterpro.daemon_started":
            up, run, begun, over = set(), event.time, None, False
        elif event.kind == "clusterpro.startup_waiting":
            begun, over = event, False
        elif event.kind in _UP and named:
            up.add(named)
            if found:
                found[-1].later.setdefault(named, event)
        elif event.kind == "clusterpro.server_down":
            up.discard(named)
        elif event.kind == "clusterpro.startup_wait_timeout" and not over:
            # nm 7 and nm 8 may tell of one wait.
            found.append(_Wait(boot, run, event, begun, set(up)))
            over = True
    return found


def _short(name: str) -> str:
    return name.partition(".")[0].lower()


def _finding(context: FindingContext, wait: _Wait, members: Sequence[str], on: Mapping[str, Sequence[_On]]) -> Finding:
    server, timeout, begun = wait.boot.server, wait.timeout, wait.begun
    others = list({_short(name): name for name in reversed(members) if not same_server(name, server)}.values())
    others = [name for name in others if not context.clusters.elsewhere(server, name)]
    late = sorted(name for name in others if _short(name) not in wait.up)
    values = {"server": server, "time": context.clock(server, timeout.time)}
    summary = [
        text(f"finding.{_RULE}.summary", length=duration(timeout.time - begun.time), **values)
        if begun is not None
        else text(f"finding.{_RULE}.summary-unseen", **values)
    ]
    if timeout.fields.get("reason"):
        summary.append(text(f"finding.{_RULE}.reason", reason=timeout.fields["reason"]))
    summary.append(_who(context, wait, others, late))
    events = [*([begun] if begun is not None else []), timeout]
    for name in late:
        told, own = _late(context, wait, name, on)
        summary += told
        events += own
    before = context.end_before(wait.boot)
    return context.finding(
        _RULE,
        "warning",
        [before] if before is not None else [],
        spans=[(server, begun.time if begun is not None else timeout.time, timeout.time)],
        title=text(f"finding.{_RULE}.title", server=server, late=", ".join(late))
        if late
        else text(f"finding.{_RULE}.title-unknown", server=server),
        summary=join(summary),
        advice=text(f"finding.{_RULE}.advice"),
        events=events,
        servers=[server],
    )


def _cluster(context: FindingContext) -> list[str]:
    """Servers of the case whose own logs show CLUSTERPRO at work."""
    return [
        server
        for server, boots in context.boots.items()
        if any(event.kind == "clusterpro.daemon_started" for boot in boots for event in boot.events)
    ]


def _who(context: FindingContext, wait: _Wait, others: Sequence[str], late: Sequence[str]) -> Text:
    if not others:
        return text(f"finding.{_RULE}.nobody-named")
    if not late:
        return text(f"finding.{_RULE}.all-seen", servers=", ".join(others))
    # The lines that would tell of a start may be the ones that are lost.
    seen = context.coverage.covers(wait.boot.server, wait.run, wait.timeout.time, kinds=["clusterpro.*"])
    return text(f"finding.{_RULE}.{'waited-for' if seen else 'perhaps'}", servers=", ".join(late))


def _late(
    context: FindingContext, wait: _Wait, name: str, on: Mapping[str, Sequence[_On]]
) -> tuple[list[Text], list[Event]]:
    """What is known of a server that was missing: when it was seen to start, and when its own logs say so."""
    told, events = [], []
    joined = wait.later.get(_short(name))
    if joined is not None:
        after = duration(joined.time - wait.timeout.time)
        told.append(
            text(f"finding.{_RULE}.joined", name=name, time=context.clock(wait.boot.server, joined.time), after=after)
        )
        events.append(joined)
    own = next((server for server in on if same_server(server, name)), None)
    if own is None:
        told.append(text(f"finding.{_RULE}.no-logs", name=name))
        return told, events
    sentence, start = _own_start(context, wait, own, on[own])
    told.append(sentence)
    return told, events + start


def _own_start(context: FindingContext, wait: _Wait, name: str, on: Sequence[_On]) -> tuple[Text, list[Event]]:
    """When the other server's own boot began, on the case's clock: before, within or after the wait."""
    server, clock = wait.boot.server, context.case_clock
    end = clock.corrected(server, wait.timeout.time)
    begin = clock.corrected(server, wait.begun.time if wait.begun is not None else wait.run)
    doubt = clock.uncertainty(server, name, wait.timeout.time)
    if doubt is None:
        nearest = min(on, key=lambda one: abs(one.start - end)).boot
        value = context.clock(name, nearest.start or nearest.first)
        return text(f"finding.{_RULE}.clocks-unknown", name=name, time=value), nearest.start_events[:1]
    running = [one for one in on if one.start < begin - doubt and one.last > end + doubt]
    if running:
        up = running[-1]
        return text(f"finding.{_RULE}.was-up", name=name, time=_start(context, name, up)), up.boot.start_events[:1]
    late = next((one for one in on if one.start >= begin - doubt and one.boot.start is not None), None)
    if late is None:
        return text(f"finding.{_RULE}.no-start", name=name), []
    within = literal(f" ± {doubt.total_seconds():.1f} s" if doubt > timedelta(seconds=1) else "")
    values: dict[str, object] = {"name": name, "time": _start(context, name, late), "within": within}
    if abs(late.start - end) <= doubt:
        return text(f"finding.{_RULE}.started-about-then", **values), late.boot.start_events[:1]
    key = "started-after" if late.start > end else "started-within"
    return text(f"finding.{_RULE}.{key}", length=duration(late.start - end), **values), late.boot.start_events[:1]
