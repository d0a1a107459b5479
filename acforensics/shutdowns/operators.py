"""Somebody at the operating system or at the machine: a command, a key, a button."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from acforensics.case import Confidence
from acforensics.events import Event
from acforensics.parsing.commands import CommandMeaning, understand
from acforensics.shutdowns.reasons import Argument, Hypothesis, mode_of
from acforensics.shutdowns.view import StopView
from acforensics.texts import text

_COMMAND_LEAD = timedelta(minutes=5)
_FORCED_LEAD = timedelta(minutes=2)
_SCHEDULE_TOLERANCE = timedelta(minutes=2)
_LONGEST_SCHEDULE = timedelta(days=7)
_KEY_LEAD = timedelta(minutes=2)
_FRESH_LOGIN = timedelta(minutes=30)
_INTERACTIVE = {"login", "sshd", "logind", "gdm", "console"}
_RAISING = {"su", "sudo"}
_PRIVILEGED = {"root", "toor"}


def hardware_request(view: StopView, recorded: Hypothesis | None) -> Hypothesis | None:
    """Power button, ACPI or BMC soft power-off, Ctrl-Alt-Del, over-temperature.

    Args:
        view: the end to explain.
        recorded: an OS command on record for this end; it outranks a key that is not seen to be acted on.
    """
    keys = view.before_end(["os.power_key", "os.ctrl_alt_del", "os.thermal_shutdown"], _KEY_LEAD)
    acted = view.before_end(["os.power_key_acted"], _KEY_LEAD)
    pressed = sorted([*keys, *acted], key=lambda event: event.time)
    if not pressed or not (view.stop_orderly or acted):
        return None
    console = [event for event in keys if event.kind == "os.ctrl_alt_del"]
    acted += [event for event in view.os_stops if console and event.kind == "os.ctrl_alt_del_acted"]
    if recorded is not None and not acted:
        return None
    named = {"os.ctrl_alt_del": "reason.ctrl-alt-del", "os.thermal_shutdown": "reason.thermal"}
    arguments = [Argument(text(named.get(pressed[0].kind, "reason.power-key")), events=pressed[:2])]
    arguments += _os_lines(view)
    certain = bool(acted) and bool(keys or view.decisive)
    return Hypothesis("hardware-request", "certain" if certain else "likely", pressed[0].time,
                      mode_of([*acted, *view.os_stops]), "server", arguments=arguments)  # fmt: skip


def os_command_recorded(view: StopView, zone: tzinfo) -> Hypothesis | None:
    """A record of the command itself: sudo, cron, pkexec, or sysvinit's own `shutdown` line with a command."""
    found = [pair for event in view.of("os.command") if (pair := _relevant(view, event, zone)) is not None]
    if not found:
        return None
    event, meaning = max(found, key=lambda pair: pair[0].time)
    by_cron = event.fields.get("via") == "cron"
    user = event.fields.get("user")
    command = event.fields.get("command", "").strip() or None
    key = "reason.command-cron" if by_cron else "reason.command"
    arguments = [Argument(text(key, user=user or "?", command=command or "?"), events=[event])]
    arguments += _os_lines(view)
    confidence: Confidence = "certain"
    if meaning.conditional:
        # Behind a test in a job anything may have stopped the machine; a reboot that came fits the command at least.
        confidence = "likely" if mode_of(view.os_stops) == "reboot" and not by_cron else "possible"
        arguments.append(Argument(text("reason.command-conditional"), "missing"))
    elif not view.os_stops:
        confidence = "likely"
        arguments.append(
            Argument(text("reason.no-stop-lines-forced" if meaning.forced else "reason.no-stop-lines"), "missing")
        )
    observed = mode_of(view.os_stops)
    mode = meaning.mode if meaning.mode != "unknown" else observed
    if observed not in ("unknown", mode):
        arguments.append(Argument(text("reason.mode-differs"), "against", view.os_stops[:1]))
        confidence, mode = "possible" if meaning.conditional else "likely", observed
    time = event.time if meaning.effect == "end" else (view.first_stop or event.time)
    return Hypothesis("os-command", confidence, time, mode, "server", None if by_cron else user, command, arguments)


def os_command_inferred(view: StopView) -> Hypothesis | None:
    """The OS was asked to go down and nobody else can be seen to have asked: only ever likely or possible.

    ESMPRO/AC runs the OS's shutdown itself on a power failure or by schedule, and its own messages may be unknown here.
    So a halt is left undecided unless a person had just logged in, and is then no more than possible: people log in
    when the power fails.
    """
    asked = [
        e for e in view.os_stops if e.kind in ("os.shutdown_started", "os.shutdown_announced", "os.runlevel_switched")
    ]
    if not asked:
        return None
    mode = mode_of(view.os_stops)
    people = _people(view)
    raised = [
        event for event in people if event.fields.get("via") in _RAISING or event.fields.get("user") in _PRIVILEGED
    ]
    fresh = [event for event in people if view.end - event.time <= _FRESH_LOGIN]
    if mode != "reboot" and not fresh:
        return None
    arguments = [Argument(text("reason.os-asked", line=asked[0].message), events=asked[:2])]
    if people:
        who = ", ".join(dict.fromkeys(_who(event) for event in people))
        arguments.append(Argument(text("reason.person-present", who=who), events=people[:2]))
    else:
        arguments.append(Argument(text("reason.nobody-seen"), "missing"))
    arguments.append(Argument(text("reason.no-command-record"), "missing"))
    cluster_lines = view.of("clusterpro.daemon_stopping", "clusterpro.group_stopping", "clusterpro.daemon_started")
    if cluster_lines:
        arguments.append(Argument(text("reason.no-cluster-request"), events=cluster_lines[-1:]))
    else:
        arguments.append(Argument(text("reason.cluster-not-seen"), "missing"))
    if mode != "reboot":
        arguments.append(Argument(text("reason.undecided-halt"), "missing"))
    likely = mode == "reboot" and bool(cluster_lines) and bool(raised or fresh)
    actor = _actor(raised, people) if likely else None
    if actor is not None:
        arguments.append(Argument(text("reason.actor-inferred", user=actor), events=raised[-1:]))
    return Hypothesis(
        "os-command",
        "likely" if likely else "possible",
        asked[0].time,
        mode,
        "server",
        actor,
        None,
        arguments,
    )


def _relevant(view: StopView, event: Event, zone: tzinfo) -> tuple[Event, CommandMeaning] | None:
    meaning = understand(event.fields.get("command", ""))
    if meaning is None or event.time > view.end + timedelta(seconds=30):
        return None
    before = view.end - event.time
    if meaning.effect == "end":
        lead = _COMMAND_LEAD if view.os_stops else _FORCED_LEAD
        if not view.os_stops and view.boot.following is None:
            return None
        return (event, meaning) if before <= lead else None
    if meaning.effect == "schedule" and view.first_stop is not None:
        if before > _LONGEST_SCHEDULE or _cancelled(view, event):
            return None
        due = _due(event.fields.get("command", ""), event.time, zone)
        if due is not None and abs(due - view.first_stop) <= _SCHEDULE_TOLERANCE:
            return event, meaning
    return None


def _cancelled(view: StopView, scheduled: Event) -> bool:
    for event in view.of("os.shutdown_cancelled", "os.command"):
        if event.time <= scheduled.time:
            continue
        meaning = understand(event.fields.get("command", "")) if event.kind == "os.command" else None
        if event.kind == "os.shutdown_cancelled" or (meaning is not None and meaning.effect == "cancel"):
            return True
    return False


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


def _people(view: StopView) -> list[Event]:
    """Logins and raised privileges still open when the OS began to stop."""
    open_sessions: list[Event] = []
    for event in view.of("os.session_opened", "os.session_closed"):
        if event.time > view.end + timedelta(seconds=2):
            continue
        via = event.fields.get("via", "")
        if via not in _INTERACTIVE and via not in _RAISING:
            continue
        if event.kind == "os.session_opened":
            open_sessions.append(event)
        elif view.end - event.time > timedelta(seconds=5):
            closing = [e for e in open_sessions if _same_session(e, event)]
            if closing:
                open_sessions.remove(closing[-1])
    return open_sessions


def _same_session(opened: Event, closed: Event) -> bool:
    if opened.fields.get("via") != closed.fields.get("via"):
        return False
    if closed.fields.get("session") or opened.fields.get("session"):
        return opened.fields.get("session") == closed.fields.get("session")
    if closed.pid and opened.pid and closed.pid != opened.pid:
        return False
    return closed.fields.get("user") in (None, opened.fields.get("user"))


def _who(event: Event) -> str:
    user, by = event.fields.get("user", "?"), event.fields.get("by")
    return f"{user} ({by})" if by and by not in (user, "LOGIN") else user


def _actor(raised: list[Event], people: list[Event]) -> str | None:
    """The one person who held root's rights; nobody where that could have been more than one, or root itself."""
    holders = {event.fields.get("by") for event in raised if event.fields.get("via") in _RAISING}
    holders -= {None, "", *_PRIVILEGED}
    others = {e.fields.get("user") for e in people if e.fields.get("via") in _INTERACTIVE} - holders
    return holders.pop() if len(holders) == 1 and not others else None


def _os_lines(view: StopView) -> list[Argument]:
    if not view.os_stops:
        return []
    return [Argument(text("reason.os-stopped", line=view.os_stops[0].message), events=view.os_stops[:1])]
