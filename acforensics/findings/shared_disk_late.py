"""A disk was missing when a server started, and came back later (HOWTO chapter 4 (2) and 6, footnote 3).

That its UPS came on late is an inference. What is on record: errors of a disk right after one start or several in a
row, and how that ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from acforensics.boots import Boot
from acforensics.case import Finding
from acforensics.events import Event
from acforensics.findings.context import FindingContext, certainty, duration
from acforensics.findings.disks import about_disk, concerns, name_of
from acforensics.shutdowns import Judgement
from acforensics.texts import Text, join, text

_RULE = "shared-disk-late"
_SOON = timedelta(minutes=15)
"""An error later than this after a start is that of a disk which was there."""
_FINDS_ERRORS = timedelta(minutes=7)
"""A monitor that has worked for so long has seen its disk: interval 60 s, timeout 300 s, 60 s to spare."""
_STAMPED_EARLY = timedelta(minutes=2)
_LONGEST_ABSENCE = timedelta(hours=24)
"""A disk that comes back after longer than this has been repaired rather than switched on."""
_ERRORS = ("clusterpro.monitor_error", "clusterpro.resource_activation_failed")
_USABLE = ("clusterpro.monitor_recovered", "clusterpro.resource_activated")
_GIVEN_UP = {
    "clusterpro.restart_limit_reached": "limit",
    "clusterpro.final_action_suppressed": "suppressed",
    "clusterpro.recovery_ignored": "suppressed",
}
_ENDS = {*_GIVEN_UP, *_USABLE, "clusterpro.monitor_started"}
_SUPPORTING = {"power-loss", "ac-power-failure", "ups-agent", "ac-schedule"}
_SPEAKING_AGAINST = {"clusterpro-command", "os-command", "crash", "fencing"}
_POWER_ENDS = {"power-loss", "ac-power-failure", "ups-agent"}


@dataclass
class _Absence:
    """A disk that was missing in boots of one server in a row, and how that ended."""

    name: str
    boots: list[Boot]
    errors: list[Event]
    given_up: Event | None = None
    back: Event | None = None

    @property
    def server(self) -> str:
        return self.boots[0].server

    @property
    def start(self) -> datetime:
        return _started(self.boots[0])

    @property
    def end(self) -> datetime:
        last = self.back or self.given_up or self.errors[-1]
        return max(last.time, self.start)


def find(context: FindingContext) -> list[Finding]:
    """One finding for each time that a disk was late; servers that lacked theirs at the same time share one."""
    absences = [absence for boots in context.boots.values() for absence in _absences(context, boots)]
    absences.sort(key=lambda absence: (_on_case_clock(context, absence)[0], absence.server, absence.name))
    groups: list[list[_Absence]] = []
    until: list[datetime] = []
    for absence in absences:
        start, end = _on_case_clock(context, absence)
        for place in reversed(range(len(groups))):
            near = start <= until[place] + context.loop_window
            if near and context.clusters.related(absence.server, groups[place][0].server) is not False:
                groups[place].append(absence)
                until[place] = max(until[place], end)
                break
        else:
            groups.append([absence])
            until.append(end)
    if not groups:
        return []
    switched = [
        event
        for boots in context.boots.values()
        for boot in boots
        for event in boot.events
        if event.kind == "ups.output_on"
    ]
    return [_finding(context, group, switched) for group in groups]


def _on_case_clock(context: FindingContext, absence: _Absence) -> tuple[datetime, datetime]:
    corrected = context.case_clock.corrected
    return corrected(absence.server, absence.start), corrected(absence.server, absence.end)


def _started(boot: Boot) -> datetime:
    return boot.start or boot.first


def _absences(context: FindingContext, boots: Sequence[Boot]) -> list[_Absence]:
    found: list[_Absence] = []
    open_: dict[str, _Absence] = {}
    for i, boot in enumerate(boots):
        missing = _missing_at_start(boot)
        open_ = {name: absence for name, absence in open_.items() if name in missing}
        for name, error in missing.items():
            known = open_.get(name)
            if known is not None and error.time - known.start <= _LONGEST_ABSENCE:
                known.boots.append(boot)
                known.errors.append(error)
            elif not _failed_before(context, boots[i - 1] if i else None):
                open_[name] = _Absence(name, [boot], [error])
                found.append(open_[name])
    for absence in found:
        _look_for_end(absence)
    return [absence for absence in found if absence.back is not None or absence.given_up is not None]


def _missing_at_start(boot: Boot) -> dict[str, Event]:
    """The first error of each disk right after a start that the logs show, unless a disk had been usable before."""
    if boot.start is None:
        return {}
    found: dict[str, Event] = {}
    begun: dict[str, datetime] = {}
    for event in boot.events:
        if event.kind == "clusterpro.monitor_started":
            begun[name_of(event)] = event.time
        if event.time - boot.start > _SOON or event.time < boot.start - _STAMPED_EARLY or "repeated" in event.fields:
            continue
        if event.kind in _USABLE and about_disk(event) and not found:
            return {}
        name = name_of(event)
        new = event.time - begun.get(name, event.time) < _FINDS_ERRORS
        if event.kind in _ERRORS and about_disk(event) and name and new:
            found.setdefault(name, event)
    return found


def _failed_before(context: FindingContext, before: Boot | None) -> bool:
    """Whether a disk had failed in the middle of the boot before, without a power failure as the reason for both."""
    if before is None:
        return False
    failed: set[str] = set()
    for event in before.events:
        if event.kind in _ERRORS and about_disk(event):
            failed.add(name_of(event))
        elif event.kind in _USABLE and failed:
            failed = {name for name in failed if not concerns(event, name)}
    end = context.end(before)
    return bool(failed) and not (end is not None and end.chosen is not None and end.chosen.trigger in _POWER_ENDS)


def _look_for_end(absence: _Absence) -> None:
    """Find what ended it: in the last of its boots after the error, or in a boot after that."""
    last = absence.boots[-1]
    error = absence.errors[-1]
    watched = _watched(absence)
    boot: Boot | None = last
    events = [event for event in last.events if event.time >= error.time and event is not error]
    while boot is not None and boot.first - absence.start <= _LONGEST_ABSENCE:
        for event in events:
            if event.time - absence.start > _LONGEST_ABSENCE:
                return
            if event.kind not in _ENDS or "repeated" in event.fields or not concerns(event, absence.name):
                continue
            if event.kind in _GIVEN_UP:
                absence.given_up = absence.given_up or event
            elif event.kind in _USABLE or (boot is not last and _monitored_well(boot, event, watched)):
                absence.back = event
                return
        boot = boot.following
        events = boot.events if boot is not None else []


def _watched(absence: _Absence) -> timedelta:
    """How long a monitor had been at work at most until it reported the error; nothing where it never began."""
    longest = timedelta(0)
    for boot, error in zip(absence.boots, absence.errors, strict=True):
        begun = [
            event.time
            for event in boot.events
            if event.kind == "clusterpro.monitor_started" and event.time <= error.time and concerns(event, absence.name)
        ]
        if begun:
            longest = max(longest, error.time - begun[-1])
    return longest


def _monitored_well(boot: Boot, begun: Event, watched: timedelta) -> bool:
    """Whether a monitor begins and goes on without an error for longer than it took to find one before."""
    if begun.kind != "clusterpro.monitor_started":
        return False
    wrong = any(
        event.kind in _ERRORS and event.time >= begun.time and concerns(event, name_of(begun)) for event in boot.events
    )
    return not wrong and boot.last - begun.time > watched


def _finding(context: FindingContext, group: list[_Absence], switched: Sequence[Event]) -> Finding:
    servers = sorted({absence.server for absence in group})
    ends = [end for absence in group if (end := context.end_before(absence.boots[0])) is not None]
    between = [end for absence in group for boot in absence.boots if (end := context.end(boot)) is not None]
    events: list[Event] = []
    summary: list[Text] = []
    for absence in group:
        summary.append(_what(context, absence))
        outcome = [event for event in (absence.given_up, absence.back) if event is not None]
        summary += [_outcome(context, absence, event) for event in outcome]
        events += [absence.errors[0], *outcome]
    summary += _before(context, group)
    outputs = _outputs(context, group, switched)
    if outputs:
        first = outputs[0]
        summary.append(
            text(
                f"finding.{_RULE}.output",
                server=first.server,
                time=context.clock(first.server, first.time),
                line=first.message,
            )
        )
    summary.append(text(f"finding.{_RULE}.{'inferred-output' if outputs else 'inferred'}"))
    return context.finding(
        _RULE,
        "warning",
        list({id(end): end for end in (*ends, *between)}.values()),
        spans=[(absence.server, absence.start, absence.end) for absence in group],
        title=text(
            f"finding.{_RULE}.title{'' if any(absence.back for absence in group) else '-missing'}",
            servers=", ".join(servers),
        ),
        summary=join(summary),
        advice=text(f"finding.{_RULE}.advice"),
        events=[*events, *outputs[:1], *(event for end in ends for event in end.evidence[:1])],
        servers=servers,
    )


def _what(context: FindingContext, absence: _Absence) -> Text:
    first = absence.errors[0]
    kind = "resource" if first.kind == "clusterpro.resource_activation_failed" else "monitor"
    return text(
        f"finding.{_RULE}.{kind}{'s' if len(absence.boots) > 1 else ''}",
        server=absence.server,
        name=absence.name,
        time=context.clock(absence.server, absence.start),
        after=duration(first.time - absence.start),
        count=len(absence.boots),
    )


def _outcome(context: FindingContext, absence: _Absence, event: Event) -> Text:
    key = _GIVEN_UP.get(event.kind) or {
        "clusterpro.monitor_recovered": "recovered",
        "clusterpro.resource_activated": "activated",
    }.get(event.kind, "monitored")
    return text(
        f"finding.{_RULE}.end-{key}",
        server=absence.server,
        name=absence.name,
        time=context.clock(absence.server, event.time),
        after=duration(event.time - absence.start),
    )


def _before(context: FindingContext, group: Iterable[_Absence]) -> list[Text]:
    """What ended the boots before: loss of power supports that a UPS was late, another end speaks against it."""
    found = []
    for absence in group:
        end: Judgement | None = context.end_before(absence.boots[0])
        if end is None or end.chosen is None:
            continue
        trigger = end.chosen.trigger
        if trigger in _SUPPORTING or trigger in _SPEAKING_AGAINST:
            found.append(
                text(
                    f"finding.{_RULE}.{'supports' if trigger in _SUPPORTING else 'against'}",
                    server=absence.server,
                    trigger=text(f"trigger.{trigger}"),
                    certainty=certainty(end),
                )
            )
    return found


def _outputs(context: FindingContext, group: Sequence[_Absence], switched: Sequence[Event]) -> list[Event]:
    """Records of a UPS whose output came on while the disk was missing, wherever they stand."""
    found: dict[int, Event] = {}
    clock = context.case_clock
    for absence in group:
        start, end = _on_case_clock(context, absence)
        for event in switched:
            doubt = clock.uncertainty(absence.server, event.server, absence.start)
            if doubt is not None and start + doubt < clock.corrected(event.server, event.time) <= end + doubt:
                found[id(event)] = event
    return sorted(found.values(), key=lambda event: event.time)
