"""The lines by which the OS says that it goes down: those of the stop that ended the boot."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from acforensics.boots import Boot
from acforensics.events import Event

OS_STOPS = frozenset(
    f"os.{name}"
    for name in [
        "shutdown_started",
        "shutdown_announced",
        "shutdown_recorded",
        "runlevel_switched",
        "target_stopped",
        "target_reached",
        "stop_progress",
        "syslog_stopped",
        "kernel_log_stopped",
        "journal_stopped",
        "ctrl_alt_del_acted",
    ]
)
DECISIVE = {
    "os.shutdown_started",
    "os.shutdown_recorded",
    "os.runlevel_switched",
    "os.target_reached",
    "os.ctrl_alt_del_acted",
}
"""The OS says outright that the machine goes down, not only that some services stopped."""
INTERACTIVE = {"login", "sshd", "logind", "desktop", "wtmp"}
_SYSLOG_STOPS = {"os.syslog_stopped", "os.kernel_log_stopped", "os.stop_progress"}
_LONGEST_OS_STOP = timedelta(hours=6)
_WEAK_STOP = timedelta(minutes=5)
"""Services that stopped, without a word that the machine goes down, count only this close to the last record."""
_STILL_ALIVE = timedelta(minutes=2)


class FinalStop(NamedTuple):
    """The lines, and a record that shows the machine running again after an earlier stop within the same boot."""

    lines: list[Event]
    restarted: Event | None


def final_stop(boot: Boot) -> FinalStop:
    """Find the final stop of a boot: not what only some services did, and not a stop that the machine outlived."""
    found: list[Event] = []
    outlived: set[int] = set()
    alive: Event | None = None
    for event in boot.events:
        if "repeated" in event.fields:
            continue
        if event.kind in OS_STOPS:
            if alive is not None and alive.kind == "os.syslog_started" and event.time < alive.time:
                # A syslog that reads the journal first writes out what it missed of the stop before.
                outlived, alive = set(), None
            found.append(event)
        elif event.kind == "os.shutdown_cancelled":
            found = []
        elif event.kind == "os.journal_started":
            # The journal of the initramfs hands over to the system's.
            found = [stop for stop in found if stop.kind != "os.journal_stopped"]
        elif event.kind in ("os.syslog_started", "os.audit_started"):
            found = [stop for stop in found if stop.kind not in _SYSLOG_STOPS]
            outlived, alive = {id(stop) for stop in found}, event
        elif event.kind == "clusterpro.daemon_started" or _is_late_login(event, found):
            # The machine lives on: services that stopped were no end of it.
            found = [stop for stop in found if stop.kind in DECISIVE]
            outlived, alive = {id(stop) for stop in found}, event
    later = [stop for stop in found if id(stop) not in outlived]
    if _decided(later) and _decided([stop for stop in found if id(stop) in outlived]):
        # The start between the two is not in the logs.
        found = later
    else:
        alive = None
    if _decided(found):
        return FinalStop([stop for stop in found if found[-1].time - stop.time <= _LONGEST_OS_STOP], alive)
    return FinalStop([stop for stop in found if boot.last - stop.time <= _WEAK_STOP], alive)


def _decided(stops: list[Event]) -> bool:
    return any(stop.kind in DECISIVE for stop in stops)


def _is_late_login(event: Event, stops: list[Event]) -> bool:
    if event.kind != "os.session_opened" or not stops or event.fields.get("via") not in INTERACTIVE:
        return False
    return event.time - stops[-1].time > _STILL_ALIVE
