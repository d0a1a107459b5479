"""Was the UPS told? Read from the lines that stop.sh logs around `amccmd` and from the stop of the AC group."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from acforensics.case import UpsTold
from acforensics.events import Event
from acforensics.shutdowns import unseen
from acforensics.shutdowns.reasons import Argument, Hypothesis
from acforensics.shutdowns.view import StopView
from acforensics.texts import text

_AC_NAME = re.compile(r"(?:^|[_\-.@])(?:esm)?ac(?:[_\-]?\d+)?(?:$|[_\-.])|autorc|esmpro", re.IGNORECASE)
_STAMPED_APART = timedelta(seconds=5)
_LOGGED_APART = timedelta(seconds=10)
"""Two logs that leave the pid out may stamp one line this far apart; each holds it once."""
_STOP_SCRIPT = timedelta(minutes=2)
_STOPPED = ("clusterpro.resource_stopped", "clusterpro.group_stopped")
_ORDERLY = {"clusterpro-command", "clusterpro-recovery"}
_NOBODY_TO_TELL = {"power-loss", "crash", "fencing", "ups-agent", "ac-power-failure", "ac-schedule"}


@dataclass
class AcTraces:
    """What the case shows of ESMPRO/AC's group: the resources whose stop script logged the AC command."""

    resources: set[str] = field(default_factory=set)
    streams: set[str] = field(default_factory=set)
    """Logs that hold lines of stop.sh: those of the same names would show them elsewhere too."""
    seen: bool = False

    def is_ac(self, name: str) -> bool:
        """Whether a resource or group is the AC group's: learned from the case, else by its name."""
        named = all(_AC_NAME.search(known) for known in self.resources)
        return name in self.resources or (named and bool(_AC_NAME.search(name)))


def learn(servers: Mapping[str, Sequence[Event]]) -> AcTraces:
    """Learn from all servers which exec resources run the AC command: those that were stopping when it was logged.

    Every server of a cluster runs the same script, so one that shows its lines tells what to look for on the others.
    """
    traces = AcTraces()
    counts: dict[str, int] = {}
    for events in servers.values():
        stopping: list[str] = []
        for event in events:
            if event.kind == "clusterpro.resource_stopping":
                stopping.append(event.fields.get("resource", ""))
            elif event.kind in ("clusterpro.resource_stopped", "clusterpro.resource_stop_failed"):
                stopping = [name for name in stopping if name != event.fields.get("resource")]
            elif event.kind == "os.boot":
                stopping = []
            elif event.kind == "ac.exec_command":
                traces.seen = True
                traces.streams |= event.streams
                if len(stopping) == 1:
                    counts[stopping[0]] = counts.get(stopping[0], 0) + 1
    named = {name for name in counts if _AC_NAME.search(name)}
    # A name that does not say so needs more than one pair, because a line of the real one may be lost.
    traces.resources = named or {name for name, count in counts.items() if count > 2}
    return traces


def ac_commands(view: StopView, asked: datetime) -> list[Event]:
    """The `AC EXEC COMMAND` records of the final stop, each run of `logger` once.

    Args:
        view: the end that is looked at.
        asked: when it was asked for, as far as known; CLUSTERPRO may be seen to stop before.
    """
    found: list[Event] = []
    since = min([asked, *(event.time for event in view.stopped_by_cluster_first)])
    for event in view.of_all("ac.exec_command"):
        if event.time < since - _STAMPED_APART:
            continue
        # Two logs may write one line with other stamps, or one of them without the pid.
        twins = [
            other
            for other in found
            if (event.pid == other.pid and event.pid)
            or ("" in (event.pid, other.pid) and not event.streams & other.streams
                and abs(event.time - other.time) <= _LOGGED_APART)
        ]  # fmt: skip
        if not twins:
            found.append(event)
    return found


def begins_with(view: StopView, line: Event) -> bool:
    """Whether the logs of this boot begin just before a line: then the one before it may have been cut off."""
    return view.boot.start is None and line.time - view.boot.first < _STOP_SCRIPT


def one_may_be_lost(view: StopView, line: Event) -> bool:
    """Whether every log that holds one line of stop.sh has a gap or lost records while the script may have run."""
    boot = view.boot
    stopped = [e.time for e in view.of(*_STOPPED) if e.time > line.time]
    since = max(boot.first, min([line.time - _STOP_SCRIPT, *(e.time for e in view.stopped_by_cluster_first)]))
    reasons = []
    for source in view.coverage.of(boot.server):
        if source.stream in line.streams and boot.id in source.seen:
            until = min([*stopped, boot.last, source.seen[boot.id].end]) - timedelta.resolution
            lack = view.coverage.lack(source, since, max(since, until))
            reasons.append(lack.reason if lack is not None else "")
    return bool(reasons) and all(reason in ("gap", "hole", "loss", "damaged") for reason in reasons)


def was_told(view: StopView, chosen: Hypothesis, traces: AcTraces) -> tuple[UpsTold, Argument | None]:
    """Whether the UPS was told, with the reason; `not-applicable` where nobody was there to tell it."""
    if chosen.trigger == "ac-schedule" and chosen.confidence == "possible":
        # It may as well have been somebody who did not tell the UPS.
        return "unknown", Argument(text("ups.unknown-asker"), "missing")
    if chosen.trigger in _NOBODY_TO_TELL:
        return "not-applicable", None
    direct = _recorded_run(view, chosen)
    if direct is not None:
        return direct
    lines = ac_commands(view, chosen.time)
    count = sum(int(event.fields.get("repeated", "1")) for event in lines)
    if count == 1 and begins_with(view, lines[0]):
        return "unknown", Argument(text("ups.log-begins"), "missing", lines)
    if count == 1 and one_may_be_lost(view, lines[0]):
        return "unknown", Argument(text("ups.one-line-not-covered"), "missing", lines)
    if count == 1:
        return "partly", Argument(text("ups.one-line"), "against", lines)
    by_cluster = chosen.trigger == "unknown" and bool(unseen.shutdown_without_request(view))
    if count >= 2 and (chosen.trigger in _ORDERLY or by_cluster):
        return "yes", Argument(text("ups.pair"), "for", lines[:2])
    if count >= 2:
        return "unknown", Argument(text("ups.pair-without-request"), "missing", lines[:2])
    if chosen.trigger == "unknown" or (chosen.trigger == "os-command" and chosen.confidence == "possible"):
        # If it was ESMPRO/AC itself that asked, the UPS needed no telling.
        return "unknown", Argument(text("ups.unknown-asker"), "missing")
    window = chosen.time - timedelta(minutes=1)
    without = _script_without_command(view, window)
    if without is not None:
        return without
    stopped = [
        event
        for event in view.of(*_STOPPED)
        if event.time >= window
        and traces.is_ac(event.fields.get("resource") or event.fields.get("group") or "")
        and any(_would_show(view, stream, traces) for stream in event.streams)
    ]
    if stopped and not traces.seen:
        # Nothing in this case tells what stop.sh logs here: a site may have changed the text.
        return "unknown", Argument(text("ups.text-not-known"), "missing", stopped[:1])
    if stopped and not _covered(view, window, stopped[0], traces):
        return "unknown", Argument(text("ups.not-covered"), "missing", stopped[:1])
    if stopped:
        return "no", Argument(text("ups.script-without-command"), "against", stopped[:2])
    return "unknown", Argument(text("ups.not-observable"), "missing")


def _would_show(view: StopView, stream: str, traces: AcTraces) -> bool:
    """Whether a log of this server would hold the line that stop.sh writes.

    Which log it goes to is each server's own setting: where one of its own shows such a line, at any time, that does.
    """
    own = {s.stream for s in view.coverage.of(view.boot.server) if "ac.exec_command" in s.kinds}
    return stream.rpartition("/")[2] in {shown.rpartition("/")[2] for shown in own or traces.streams}


def _covered(view: StopView, asked: datetime, stopped: Event, traces: AcTraces) -> bool:
    """Whether a log that would hold the script's line has no gap and lost nothing while the AC group stopped.

    Where it is not seen to begin, that is all the time since the stop was asked for.
    """
    end = stopped.time - timedelta.resolution
    names = {stopped.fields.get(name) for name in ("resource", "group")} - {None}
    begun = [
        event.time
        for event in view.of("clusterpro.resource_stopping", "clusterpro.group_stopping")
        if event.time <= end and {event.fields.get("resource"), event.fields.get("group")} & names
    ]
    start = min(max(begun, default=max(asked, view.boot.first)), end)
    return any(
        view.coverage.source_covers(source, start, end)
        for source in view.coverage.of(view.boot.server)
        if _would_show(view, source.stream, traces)
    )


def _recorded_run(view: StopView, chosen: Hypothesis) -> tuple[UpsTold, Argument] | None:
    """What the audit log and stop.sh's own output tell: with which option amccmd was run, and whether it came back.

    They tell more than the lines in syslog, which stop.sh writes with an empty option, too (HOWTO chapter 3).
    """
    since = min([chosen.time, *(event.time for event in view.stopped_by_cluster_first)]) - _STAMPED_APART
    runs = [event for event in view.of("ac.command_run") if event.time >= since]
    script = _last_run(view, since)
    executed = [event for event in script if event.kind == "ac.script_exec"]
    returned = [event for event in script if event.kind == "ac.script_exit_command"]
    if script and executed and not returned and not any(event.kind == "ac.script_exit" for event in script):
        return "partly", Argument(text("ups.script-unfinished"), "against", executed)
    told = [event for event in runs if event.fields.get("option")]
    if told:
        return "yes", Argument(text("ups.command-run", option=told[0].fields["option"]), "for", told[:2])
    acted = [event for event in script if event.kind == "ac.script_action" and event.mode != "unknown"]
    if executed and acted:
        return "yes", Argument(text("ups.script-told"), "for", [acted[0], *returned[:1]])
    if runs:
        return "no", Argument(text("ups.empty-option"), "against", runs[:1])
    if executed and any(event.kind == "ac.script_factor" for event in script):
        return "no", Argument(text("ups.empty-option"), "against", [*executed[:1], *returned[:1]])
    return None


def _script_without_command(view: StopView, since: datetime) -> tuple[UpsTold, Argument] | None:
    """Whether stop.sh's own output of this stop is there and shows that it told nobody."""
    script = _last_run(view, since)
    if not any(event.kind == "ac.script_exit" for event in script):
        return None
    if any(event.kind in ("ac.script_exec", "ac.script_factor") for event in script):
        return None
    return "no", Argument(text("ups.script-log-without-command"), "against", script[-2:])


def _last_run(view: StopView, since: datetime) -> list[Event]:
    """The output of the last run of stop.sh, as far as its records are of the final stop.

    Only records with a time of their own, or one close by, count: an output without stamps may be of another stop.
    """
    kinds = ("ac.script_started", "ac.script_factor", "ac.script_action", "ac.script_exec", "ac.script_exit_command",
             "ac.script_exit")  # fmt: skip
    found: list[Event] = []
    for event in view.of(*kinds):
        if event.time < since:
            continue
        begins = event.kind == "ac.script_started" or (
            event.kind == "ac.script_factor" and any(e.kind == "ac.script_exit" for e in found)
        )
        found = [event] if begins else [*found, event]
    return found
