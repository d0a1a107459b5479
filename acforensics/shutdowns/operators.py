"""Somebody at the operating system or at the machine: a command, a key, a button."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, tzinfo

from acforensics.case import Confidence, Mode
from acforensics.events import UNCLASSIFIED, Event
from acforensics.parsing.agents import speaks_of_an_end, speaks_of_power
from acforensics.parsing.commands import CommandMeaning, understand
from acforensics.shutdowns import sessions, unseen
from acforensics.shutdowns.reasons import Argument, Hypothesis, mode_of
from acforensics.shutdowns.view import StopView, meaning_of
from acforensics.texts import text

_PROMPT = timedelta(seconds=60)
"""The OS answers a command at once; with services that block it, within a minute."""
_ONE_ACT = timedelta(seconds=3)
_SLOW = timedelta(minutes=5)
_FORCED_LEAD = timedelta(minutes=2)
_AFTER_STOP = timedelta(seconds=2)
_SCHEDULE_TOLERANCE = timedelta(minutes=2)
_SCHEDULE_EARLY = timedelta(seconds=10)
_LONGEST_SCHEDULE = timedelta(days=7)
_KEY_LEAD = timedelta(minutes=2)
_KEY_NOT_ACTED = timedelta(seconds=5)
_POWER_NEWS = timedelta(minutes=10)
_SEEN_BEFORE = timedelta(minutes=1)
_AGENTS_NEWS = ("ac.message", "ac.power_failure", "ups.on_battery", "ups.battery_low", "ups.shutdown_decided",
                "ups.forced_shutdown")  # fmt: skip
_UNKNOWN_NUMBER = "clusterpro/message"
"""A message of CLUSTERPRO whose module and number no definition knows."""
_JUST_BEFORE = timedelta(seconds=10)
_RESTARTS_WITHIN = timedelta(hours=1)
"""How long after its start a job that may restart the machine by itself may do so."""
_SERVICE_USERS = {"nut", "ups", "apc", "apcupsd", "zabbix", "nagios", "nrpe"}
_STARTED_BY_LOGIN = ("user@", "user-runtime-dir@", "systemd-", "modprobe@", "getty@", "serial-getty@",
                     "session-", "Session")  # fmt: skip
_AGENT_UNITS = re.compile(r"clusterpro|expresscls|clp|esmpro|apcupsd|nut-|upsmon", re.IGNORECASE)
_AGENT_FOLDERS = re.compile(r"/AUTORC|/nec/clusterpro|/esmpro|/apcupsd|/nut\b", re.IGNORECASE)


def hardware_request(view: StopView, recorded: Hypothesis | None) -> Hypothesis | None:
    """Power button, ACPI or BMC soft power-off, Ctrl-Alt-Del, over-temperature.

    Args:
        view: the end to explain.
        recorded: an OS command on record for this end; it outranks a key that is not seen to be acted on.
    """
    keys = view.before_end(["os.power_key", "os.ctrl_alt_del", "os.thermal_shutdown"], _KEY_LEAD)
    acted = view.before_end(["os.power_key_acted"], _KEY_LEAD)
    acted += [event for event in view.os_stops if keys and event.kind == "os.ctrl_alt_del_acted"]
    if not acted:
        # A key that logind ignores is no cause; one that the OS follows within seconds is.
        keys = [
            event for event in keys if view.first_stop is not None and view.first_stop - event.time <= _KEY_NOT_ACTED
        ]
    begun = (view.first_stop or view.end) + _AFTER_STOP
    pressed = sorted([event for event in (*keys, *acted) if event.time <= begun], key=lambda event: event.time)
    if not pressed or not (view.stop_orderly or acted) or (recorded is not None and not acted):
        return None
    if recorded is not None and recorded.confidence != "possible" and _waited_for_command(view, acted[-1], recorded):
        return None
    named = {"os.ctrl_alt_del": "reason.ctrl-alt-del", "os.thermal_shutdown": "reason.thermal"}
    arguments = [Argument(text(named.get(pressed[0].kind, "reason.power-key")), events=pressed[:2])]
    arguments += os_lines(view)
    # logind writes the same where it acts on something else than a key: a lid, an idle server.
    certain = bool(acted) and bool(keys)
    return Hypothesis("hardware-request", "certain" if certain else "likely", pressed[0].time,
                      mode_of([*acted, *view.os_stops]), "server", arguments=arguments)  # fmt: skip


def _waited_for_command(view: StopView, acted: Event, recorded: Hypothesis) -> bool:
    """Whether nothing came of a key until a command was run, which the OS answered at once."""
    stop = view.first_stop
    return stop is not None and recorded.time - acted.time > _KEY_NOT_ACTED and stop - recorded.time <= _ONE_ACT


def os_command_recorded(view: StopView, zone: tzinfo) -> Hypothesis | None:
    """A record of the command itself: sudo, cron, pkexec. The earliest that the stop follows at once is the cause."""
    found = [pair for event in view.of("os.command") if (pair := _relevant(view, event, zone)) is not None]
    if not found:
        return None
    prompt = [pair for pair in found if view.end - pair[0].time <= _PROMPT or pair[1].effect == "schedule"]
    event, meaning = (prompt or found)[0]
    by_job = is_job(event)
    user = None if by_job else event.fields.get("user")
    command = event.fields.get("command", "").strip() or None
    key = (
        "reason.command-cron"
        if event.fields.get("via") == "cron"
        else "reason.command-job"
        if by_job
        else "reason.command"
    )
    arguments = [Argument(text(key, user=event.fields.get("user") or "?", command=command or "?"), events=[event])]
    arguments += os_lines(view)
    arguments += [
        Argument(
            text("reason.command-as-well", user=e.fields.get("user", "?"), command=e.fields.get("command", "?")),
            "against",
            [e],
        )
        for e, other in found
        if e is not event and not _same_act(event, meaning, e, other)
    ]
    doubts = _doubts(view, event, meaning, bool(prompt), zone)
    arguments += doubts
    rivals = [e for e, _ in prompt if _rival(event, e)]
    if rivals:
        # The command is sure, the person is not.
        user = None
        arguments.append(Argument(text("reason.command-rivals"), "missing", rivals[:2]))
    confidence: Confidence = "possible" if doubts else "certain"
    if not doubts and not view.os_stops:
        confidence = "likely"
        key = "reason.no-stop-lines-forced" if meaning.forced else "reason.no-stop-lines"
        arguments.append(Argument(text(key), "missing"))
    observed = mode_of(view.os_stops)
    mode: Mode = observed if observed != "unknown" else meaning.mode
    time = event.time if meaning.effect == "end" else (view.first_stop or event.time)
    return Hypothesis("os-command", confidence, time, mode, "server", None if doubts else user, command, arguments)


def _same_act(event: Event, meaning: CommandMeaning, other: Event, other_meaning: CommandMeaning) -> bool:
    """Whether two records are of one command: sudo and audit write on lines of their own."""
    return (
        meaning[:3] == other_meaning[:3]
        and abs(event.time - other.time) <= _ONE_ACT
        and not _another_user(event, other)
    )


def _rival(event: Event, other: Event) -> bool:
    """Whether a second command may be what the OS answered, of somebody else: root is many, and so is a job.

    Only records of one moment may be of one act under two names: sudo tells who typed it, what runs then is root's.
    """
    if _another_user(event, other):
        return True
    who = [(one.fields.get("user"), is_job(one)) for one in (event, other)]
    return who[0] != who[1] and abs(event.time - other.time) > _ONE_ACT


def _another_user(event: Event, other: Event) -> bool:
    """Whether two records of commands name two people."""
    return len({event.fields.get("user"), other.fields.get("user")} - {None, "", "root"}) > 1


def _doubts(view: StopView, event: Event, meaning: CommandMeaning, prompt: bool, zone: tzinfo) -> list[Argument]:
    """Why a recorded command may not be the cause: then nobody is named for it."""
    doubts = []
    observed = mode_of(view.os_stops)
    if meaning.conditional:
        doubts.append(Argument(text("reason.command-conditional"), "missing"))
    if not prompt:
        doubts.append(Argument(text("reason.command-early"), "against", view.os_stops[:1]))
    if "unknown" not in (observed, meaning.mode) and observed != meaning.mode:
        doubts.append(Argument(text("reason.mode-differs"), "against", view.os_stops[:1]))
    if meaning.effect == "schedule" and _before_due(view, event, zone):
        doubts.append(Argument(text("reason.command-not-due"), "against", view.os_stops[:1]))
    if _AGENT_FOLDERS.search(event.fields.get("cwd", "")):
        doubts.append(Argument(text("reason.agent-folder", folder=event.fields.get("cwd", "")), "against", [event]))
    if not view.os_stops and not meaning.forced and view.unclean_signs:
        doubts.append(Argument(text("reason.unclean"), "against", view.unclean_signs[:1]))
    return doubts


def os_command_inferred(view: StopView) -> Hypothesis | None:
    """The OS was asked to go down and nobody else can be seen to have asked: only ever likely or possible.

    ESMPRO/AC runs the OS's shutdown itself on a power failure or by schedule, and its own messages may be unknown here.
    So a halt is left undecided unless a person had just logged in, and is then no more than possible: people log in
    when the power fails.
    """
    asked = [
        e for e in view.os_stops if e.kind in ("os.shutdown_started", "os.shutdown_announced", "os.runlevel_switched")
    ]
    if not asked or not _decidable(view):
        return None
    mode = mode_of(view.os_stops)
    found = sessions.people(view)
    unit = next(
        (e.fields.get("unit") or e.fields.get("by") for e in asked if e.fields.get("unit") or e.fields.get("by")), None
    )
    if unit is None and (unseen.before_stop(view) or unseen.of_command(view) or unseen.of_cluster(view)):
        return None
    if unit is not None and (_AGENT_UNITS.match(unit) or unseen.shutdown_without_request(view)):
        return None
    by_service = unit is not None and unit.endswith((".service", ".timer"))
    cluster_lines = view.of("clusterpro.daemon_stopping", "clusterpro.group_stopping", "clusterpro.daemon_started")
    if not found and not by_service and not (mode == "reboot" and cluster_lines):
        return None
    if mode != "reboot" and not found:
        return None
    arguments = [Argument(text("reason.os-asked", line=asked[0].message), events=asked[:2])]
    if by_service:
        arguments.append(Argument(text("reason.asked-by-unit", unit=unit or "?"), events=asked[:1]))
    elif found:
        who = ", ".join(dict.fromkeys(sessions.shown(event) for event in found))
        arguments.append(Argument(text("reason.person-present", who=who), events=found[:2]))
    else:
        arguments.append(Argument(text("reason.nobody-seen"), "missing"))
    arguments.append(Argument(text("reason.no-command-record"), "missing"))
    if cluster_lines:
        arguments.append(Argument(text("reason.no-cluster-request"), events=cluster_lines[-1:]))
    else:
        arguments.append(Argument(text("reason.cluster-not-seen"), "missing"))
    if mode != "reboot":
        arguments.append(Argument(text("reason.undecided-halt"), "missing"))
    wall = any(event.fields.get("wall") for event in asked)
    others = _started_just_before(view)
    if others:
        known = "restarts" in others[-1].fields
        key = "reason.restarts-by-itself" if known else "reason.started-before"
        arguments.append(Argument(text(key, line=others[-1].message), "against", others[-2:]))
    likely = mode == "reboot" and bool(cluster_lines) and bool(found) and not by_service and not others
    actor = sessions.sole_holder(found) if likely and not wall else None
    if actor is not None:
        arguments.append(Argument(text("reason.actor-inferred", user=actor), events=sessions.raised(found)[-1:]))
    return Hypothesis(
        "os-command", "likely" if likely else "possible", asked[0].time, mode, "server", actor, None, arguments
    )


def _decidable(view: StopView) -> bool:
    """Whether circumstance may speak at all: nothing else can have asked, and the time before is covered."""
    if view.stopped_by_cluster_first:
        return False
    if view.first_stop is None or view.boot.first > view.first_stop - _SEEN_BEFORE:
        return False
    if strangers(view):
        return False
    return not view.before_end(_AGENTS_NEWS, _POWER_NEWS)


def _started_just_before(view: StopView) -> list[Event]:
    """Jobs that began, and messages that nobody knows, in the seconds before: they may have asked.

    A job that is known to restart machines (updates, first set-up) may have begun long before.
    """
    kinds = ["os.job_started", UNCLASSIFIED]
    found = view.before_end(kinds, _JUST_BEFORE, after=timedelta(0))
    found = [event for event in found if not event.fields.get("unit", "").startswith(_STARTED_BY_LOGIN)]
    return found or [e for e in view.before_end(kinds, _RESTARTS_WITHIN, after=timedelta(0)) if "restarts" in e.fields]


def strangers(view: StopView) -> list[Event]:
    """What was said of power or a shutdown just before the end in words that no definition knows: perhaps a request."""
    said = view.before_end([UNCLASSIFIED], _POWER_NEWS)
    numbered = view.before_end(["clusterpro.message"], _POWER_NEWS, after=timedelta(0))
    # A known agent that speaks of it once the OS is going down does as it is told.
    said = [e for e in said if "agent" not in e.fields or view.first_stop is None or e.time <= view.first_stop]
    found = [event for event in said if speaks_of_power(event.message)]
    found += [e for e in numbered if e.definition == _UNKNOWN_NUMBER and speaks_of_an_end(e.message)]
    return sorted(found, key=lambda event: event.time)


def unknown_programs(view: StopView) -> list[Argument]:
    """Those programs, as what is missing to decide."""
    unknown = strangers(view)
    if not unknown:
        return []
    programs = ", ".join(dict.fromkeys(event.program for event in unknown))
    return [Argument(text("reason.unknown-program", programs=programs), "missing", unknown[-2:])]


def _relevant(view: StopView, event: Event, zone: tzinfo) -> tuple[Event, CommandMeaning] | None:
    meaning = meaning_of(event)
    if meaning is None or event.fields.get("as_user", "root") not in ("root", ""):
        return None
    if event.fields.get("user") in _SERVICE_USERS or event.time > (view.first_stop or view.end) + _AFTER_STOP:
        return None
    if _cancelled(view, event) or (view.restarted is not None and event.time < view.restarted.time):
        return None
    before = view.end - event.time
    if meaning.effect == "end":
        if view.os_stops:
            return (event, meaning) if before <= _SLOW else None
        return (event, meaning) if before <= _FORCED_LEAD and view.boot.following is not None else None
    if meaning.effect == "schedule" and view.first_stop is not None and before <= _LONGEST_SCHEDULE:
        due = _due(event.fields.get("command", ""), event.time, zone)
        if due is not None and abs(due - view.first_stop) <= _SCHEDULE_TOLERANCE:
            return event, meaning
    return None


def _before_due(view: StopView, event: Event, zone: tzinfo) -> bool:
    """Whether the OS began to stop before a scheduled shutdown was due: it runs at its time or late."""
    due = _due(event.fields.get("command", ""), event.time, zone)
    finest = min((stop.resolution for stop in view.os_stops), default=1)
    return (
        due is not None
        and view.first_stop is not None
        and due - view.first_stop > _SCHEDULE_EARLY + timedelta(seconds=max(finest, event.resolution))
    )


def _cancelled(view: StopView, asked: Event) -> bool:
    for event in view.of("os.shutdown_cancelled", "os.command"):
        if event.time <= asked.time:
            continue
        meaning = understand(event.fields.get("command", "")) if event.kind == "os.command" else None
        if event.kind == "os.shutdown_cancelled" or (meaning is not None and meaning.effect == "cancel"):
            return True
    return False


def is_job(event: Event) -> bool:
    """cron, or sudo without a terminal: a program, not a person at a keyboard."""
    if event.fields.get("via") == "cron":
        return True
    return event.program in ("sudo", "doas", "audit") and event.fields.get("tty", "unknown") in ("unknown", "", "?")


def _due(command: str, typed: datetime, zone: tzinfo) -> datetime | None:
    """When a scheduled `shutdown` is to run: `+5`, `23:00`; without a time one minute later."""
    words = [word for word in command.split()[1:] if not word.startswith("-")]
    if not words:
        return typed + timedelta(minutes=1)
    when = words[0]
    if when.startswith("+") and when[1:].isdigit() and len(when) < 8:
        return typed + timedelta(minutes=int(when[1:]))
    hour, _, minute = when.partition(":")
    if hour.isdigit() and minute.isdigit() and int(hour) < 24 and int(minute) < 60:
        local = typed.astimezone(zone)
        due = local.replace(hour=int(hour), minute=int(minute), second=0, microsecond=0)
        return due if due > local else due + timedelta(days=1)
    return None


def os_lines(view: StopView) -> list[Argument]:
    """The OS's first stop line, as what followed a request."""
    if not view.os_stops:
        return []
    return [Argument(text("reason.os-stopped", line=view.os_stops[0].message), events=view.os_stops[:1])]
