"""Was the UPS told? Read from the lines that stop.sh logs around `amccmd`, and from the stop of the AC group's resource."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from acforensics.case import UpsTold
from acforensics.events import Event
from acforensics.shutdowns.reasons import Argument, Hypothesis
from acforensics.shutdowns.view import LONGEST_CLUSTER_STOP, StopView
from acforensics.texts import text

_AC_NAME = re.compile(r"(?:^|[_\-.@])(?:esm)?ac(?:[_\-]?\d+)?(?:$|[_\-.])|autorc|esmpro", re.IGNORECASE)
_USER_LOG = re.compile(r"^(?:messages|syslog|journal|user|allmessages)", re.IGNORECASE)
_ORDERLY = {"clusterpro-command", "clusterpro-recovery"}
_NOBODY_TO_TELL = {"power-loss", "crash", "fencing", "ups-agent", "ac-power-failure", "ac-schedule"}


@dataclass
class AcTraces:
    """What the case shows of ESMPRO/AC's group: the resources whose stop script logged the AC command."""

    resources: set[str] = field(default_factory=set)
    streams: set[str] = field(default_factory=set)
    """Logs that hold lines of stop.sh: the same logs would show them elsewhere too."""
    seen: bool = False

    def would_show(self, stream: str) -> bool:
        """Whether a log would hold the line that stop.sh writes (by `logger`, facility user)."""
        return stream in self.streams or bool(_USER_LOG.match(stream.rpartition("/")[2]))

    def is_ac(self, name: str) -> bool:
        """Whether a resource or group is the AC group's: learned from the case, else by its name."""
        return name in self.resources or (not self.resources and bool(_AC_NAME.search(name)))


def learn(events: Iterable[Event]) -> AcTraces:
    """Learn from all events of a server which exec resource runs the AC command: the one that was stopping."""
    traces = AcTraces()
    stopping: list[str] = []
    for event in events:
        if event.kind == "clusterpro.resource_stopping":
            stopping.append(event.fields.get("resource", ""))
        elif event.kind in ("clusterpro.resource_stopped", "clusterpro.resource_stop_failed"):
            stopping = [name for name in stopping if name != event.fields.get("resource")]
        elif event.kind == "os.boot":
            stopping = []
        elif event.kind.startswith("ac."):
            traces.seen = True
            if event.kind == "ac.exec_command":
                traces.streams |= event.streams
            if event.kind == "ac.exec_command" and len(stopping) == 1:
                traces.resources.add(stopping[0])
    return traces


def ac_commands(view: StopView) -> list[Event]:
    """Every `AC EXEC COMMAND` record of the final stop; a repetition written by syslog counts as a record of its own."""
    started = max((e.time for e in view.of("clusterpro.daemon_started")), default=view.boot.first)
    return [
        event
        for event in view.boot.events
        if event.kind == "ac.exec_command" and event.time >= started and view.end - event.time <= LONGEST_CLUSTER_STOP
    ]


def was_told(view: StopView, chosen: Hypothesis, traces: AcTraces) -> tuple[UpsTold, Argument | None]:
    """Whether the UPS was told, with the reason; `not-applicable` where nobody was there to tell it."""
    if chosen.trigger in _NOBODY_TO_TELL:
        return "not-applicable", None
    lines = ac_commands(view)
    count = sum(int(event.fields.get("repeated", "1")) for event in lines)
    if count == 1:
        return "partly", Argument(text("ups.one-line"), "against", lines)
    if count >= 2 and chosen.trigger in _ORDERLY:
        return "yes", Argument(text("ups.pair"), "for", lines[:2])
    if count >= 2:
        return "unknown", Argument(text("ups.pair-without-request"), "missing", lines[:2])
    if chosen.trigger == "unknown" or (chosen.trigger == "os-command" and chosen.confidence == "possible"):
        # If it was ESMPRO/AC itself that asked, the UPS needed no telling.
        return "unknown", Argument(text("ups.unknown-asker"), "missing")
    window = chosen.time - timedelta(minutes=1)
    kinds = ("clusterpro.resource_stopped", "clusterpro.group_stopped")
    stopped = [
        event
        for event in view.of(*kinds)
        if event.time >= window
        and traces.is_ac(event.fields.get("resource") or event.fields.get("group") or "")
        and any(traces.would_show(stream) for stream in event.streams)
    ]
    if stopped:
        return "no", Argument(text("ups.script-without-command"), "against", stopped[:2])
    return "unknown", Argument(text("ups.not-observable"), "missing")
