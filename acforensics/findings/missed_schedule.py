"""ESMPRO/AC's schedule planned to turn a server off or on, and the server observably did not follow.

Windows: a stop that begins from 15 minutes before a planned OFF to 15 minutes after it follows the plan, and so does a
start up to 15 minutes after a planned ON. Where the logs cannot show it either way, nothing is said. Times are those of
the server's own clock; another server is compared by the case's.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from acforensics.boots import Boot
from acforensics.case import Finding
from acforensics.events import Event
from acforensics.findings.context import FindingContext, certainty
from acforensics.shutdowns import Judgement
from acforensics.texts import Text, join, literal, text

_RULE = "missed-schedule"
_WINDOW = timedelta(minutes=15)
_EARLY = timedelta(minutes=2)
"""A UPS may be a little ahead of the server's clock."""
_STEP = timedelta(minutes=10)
"""A clock that was set by more than this within a boot: which times it showed is not known."""
_SAME_DAY = timedelta(hours=12)
"""A file plans for the time from its first entry to its last one, and this much around."""
_MOST_TOLD = 3
_ASKED = ("clusterpro.shutdown_requested", "clusterpro.request_refused", "ac.shutdown_started", "ac.schedule_off",
          "os.shutdown_scheduled", "os.shutdown_cancelled")  # fmt: skip


@dataclass
class _Missed:
    """A plan that was not followed, with the records on both sides of its time."""

    plan: Event
    around: list[Event]
    before: Judgement | None
    """The end before: what it was asked by may explain it."""
    others: list[str] = field(default_factory=list)


@dataclass
class _Server:
    """One server's boots, prepared for looking up many planned times."""

    boots: Sequence[Boot]
    firsts: list[datetime] = field(init=False)
    starts: list[datetime] = field(init=False)
    _events: dict[str, list[Event]] = field(default_factory=dict)
    _clock_set: dict[str, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.firsts = [boot.first for boot in self.boots]
        self.starts = [boot.start or boot.first for boot in self.boots]

    def at(self, time: datetime) -> Boot | None:
        """The boot that was running."""
        i = bisect_right(self.starts, time)
        return self.boots[i - 1] if i and self.boots[i - 1].last > time else None

    def within(self, boot: Boot, start: datetime, end: datetime) -> tuple[list[Event], list[Event]]:
        """The events of a boot in a time, and those nearest to it on both sides."""
        events = self._events.setdefault(boot.id, sorted(boot.events, key=_time))
        i, j = bisect_left(events, start, key=_time), bisect_right(events, end, key=_time)
        return events[i:j], [*events[max(0, i - 1) : i], *events[j : j + 1]]

    def clock_was_set(self, boot: Boot) -> bool:
        """Whether a boot's clock was set so far that it may not have shown a time at all."""
        if boot.id not in self._clock_set:
            self._clock_set[boot.id] = _clock_was_set(boot)
        return self._clock_set[boot.id]


def _time(event: Event) -> datetime:
    return event.time


def find(context: FindingContext) -> list[Finding]:
    """One finding for each server that missed planned power-offs, and one for each that missed power-ons."""
    found = []
    servers = {name: _Server(boots) for name, boots in context.boots.items()}
    for name, own in servers.items():
        offs = [one for plan in _offs(context, own) if (one := _missed_off(context, own, plan)) is not None]
        if offs:
            found.append(_finding(context, name, "off", offs))
        plans = _unique(context.planned_ons.get(name, ()))
        ons = [one for plan in plans if (one := _missed_on(context, servers, name, plan)) is not None]
        if ons:
            found.append(_finding(context, name, "on", ons))
    return found


def _offs(context: FindingContext, server: _Server) -> list[Event]:
    judgements = (context.judged(boot) for boot in server.boots)
    return next((_unique(judgement.view.planned_offs) for judgement in judgements if judgement is not None), [])


def _unique(plans: Sequence[Event]) -> list[Event]:
    """Each planned time once; not one that only some of the files have which plan for that time.

    A schedule may lie there in an older copy: nobody knows which of the two was in force.
    """
    files: dict[str, list[datetime]] = {}
    holding: dict[datetime, set[str]] = {}
    for plan in plans:
        files.setdefault(plan.stream, []).append(plan.time)
        holding.setdefault(plan.time, set()).add(plan.stream)
    begins = sorted(min(times) - _SAME_DAY for times in files.values())
    ends = sorted(max(times) + _SAME_DAY for times in files.values())
    once = {plan.time: plan for plan in reversed(plans)}
    agreed = {time for time, own in holding.items() if bisect_right(begins, time) - bisect_left(ends, time) == len(own)}
    return [plan for time, plan in reversed(once.items()) if time in agreed]


def _missed_off(context: FindingContext, server: _Server, plan: Event) -> _Missed | None:
    boot = server.at(plan.time)
    # The logs must go on in the same boot, and without a gap, after the machine should have gone down.
    if boot is None or not context.coverage.covers(boot.server, plan.time, plan.time + _WINDOW):
        return None
    judgement = context.judged(boot)
    begins = judgement.view.stop_begins if judgement is not None else None
    if (begins is not None and abs(begins - plan.time) <= _WINDOW) or server.clock_was_set(boot):
        return None
    then, around = server.within(boot, plan.time - _EARLY, plan.time + _WINDOW)
    asked = [event for event in then if event.kind in _ASKED]
    return _Missed(plan, [*asked[:2], *around], context.end_before(boot))


def _missed_on(context: FindingContext, servers: Mapping[str, _Server], name: str, plan: Event) -> _Missed | None:
    server = servers[name]
    i = bisect_left(server.firsts, plan.time)
    if not 0 < i < len(server.boots):
        return None
    before, after = server.boots[i - 1], server.boots[i]
    started = after.start
    end = context.end(before)
    if started is None or end is None or before.last > plan.time - _EARLY or not _went_off(end):
        return None
    if started <= plan.time + _WINDOW or not _seamless(context, before, after):
        return None
    others = _started_then(context, servers, plan, after)
    if not others:
        return None
    around = [*end.evidence[:1], *after.start_events[:1], *(event for _, event in others[:2])]
    return _Missed(plan, around, end, [other for other, _ in others])


def _clock_was_set(boot: Boot) -> bool:
    for event in boot.events:
        if event.kind == "os.clock_stepped":
            size = event.fields.get("offset") or event.fields.get("seconds")
            try:
                far = size is not None and abs(float(size)) > _STEP.total_seconds()
            except ValueError:
                far = True
            if far:
                return True
    return False


def _went_off(end: Judgement) -> bool:
    """Whether a machine went down in order and not to start again at once."""
    return end.view.stop_orderly and end.chosen is not None and end.chosen.mode != "reboot"


def _seamless(context: FindingContext, before: Boot, after: Boot) -> bool:
    """Whether the logs show the next start right after that end: no boot can have been between them."""
    if not after.lines_before:
        return False
    return not any(
        hole.start <= (after.start or after.first) and hole.end >= before.last
        for source in context.coverage.of(before.server)
        for hole in source.holes
    )


def _started_then(
    context: FindingContext, servers: Mapping[str, _Server], plan: Event, late: Boot
) -> list[tuple[str, Event]]:
    """Other servers that did start at the planned time, and clearly before this one."""
    clock, start = context.case_clock, late.start or late.first
    begun = clock.corrected(late.server, start)
    found = []
    for name, other in servers.items():
        doubt = clock.uncertainty(late.server, name, start)
        if name == late.server or doubt is None:
            continue
        i, j = bisect_left(other.starts, plan.time - _EARLY), bisect_right(other.starts, plan.time + _WINDOW)
        for boot, time in zip(other.boots[i:j], other.starts[i:j], strict=True):
            if boot.start_events and begun - clock.corrected(name, time) > doubt + _EARLY:
                found.append((name, boot.start_events[0]))
                break
    return found


def _finding(context: FindingContext, server: str, which: str, missed: list[_Missed]) -> Finding:
    first = missed[0]
    ends = list({id(one.before): one.before for one in missed if one.before is not None}.values())
    commands = [end for end in ends if end.chosen is not None and end.chosen.trigger == "os-command"]
    times = join([context.clock(server, one.plan.time) for one in missed[:_MOST_TOLD]], literal(", "))
    values: dict[str, object] = {"server": server, "times": times}
    if which == "on":
        values["others"] = ", ".join(sorted({name for one in missed for name in one.others}))
    summary: list[Text] = [text(f"finding.{_RULE}.summary-{which}", **values)]
    if len(missed) > _MOST_TOLD:
        summary.append(text(f"finding.{_RULE}.more", count=len(missed) - _MOST_TOLD))
    if commands and commands[0].chosen is not None:
        summary.append(
            text(
                f"finding.{_RULE}.os-command",
                server=server,
                time=context.clock(server, commands[0].chosen.time),
                certainty=certainty(commands[0]),
            )
        )
    asked = [event for one in missed for event in one.around if event.kind in _ASKED]
    if asked:
        summary.append(text(f"finding.{_RULE}.asked", line=asked[0].message))
    summary.append(text(f"finding.{_RULE}.plan-only"))
    return context.finding(
        _RULE,
        "warning",
        ends if which == "on" else commands,
        spans=[(server, first.plan.time, missed[-1].plan.time + _WINDOW)],
        title=text(f"finding.{_RULE}.title-{which}", server=server),
        summary=join(summary),
        advice=text(f"finding.{_RULE}.advice"),
        events=[event for one in missed for event in (one.plan, *one.around)]
        + [event for end in commands for event in end.evidence[:1]],
        servers=[server],
    )
