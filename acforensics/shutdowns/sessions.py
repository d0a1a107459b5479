"""Who was logged in, and who held root's rights, when a machine was asked to go down."""

from __future__ import annotations

from datetime import timedelta

from acforensics.events import Event
from acforensics.shutdowns.final_stop import INTERACTIVE
from acforensics.shutdowns.view import StopView

FRESH_LOGIN = timedelta(minutes=30)
_RAISING = {"su", "sudo"}
_CLOSED_BY_THE_STOP = timedelta(seconds=5)
_SAME_LOGIN = timedelta(seconds=5)
ROOT = {"root", "toor"}


def people(view: StopView) -> list[Event]:
    """Logins and raised rights that were fresh and still open when the OS began to stop; one event a session.

    An old session says nothing: people stay logged in, and its end may not be logged.
    """
    open_sessions: dict[tuple[str, str], Event] = {}
    loose: list[Event] = []
    for event in view.of("os.session_opened", "os.session_closed"):
        via = event.fields.get("via", "")
        if event.time > view.end + timedelta(seconds=2) or (via not in INTERACTIVE and via not in _RAISING):
            continue
        if event.kind == "os.session_closed":
            if view.end - event.time > _CLOSED_BY_THE_STOP:
                open_sessions.pop(_key(event), None)
        elif _can_be_closed(event):
            open_sessions[_key(event)] = event
        else:
            loose.append(event)
    found = [event for event in open_sessions.values() if event.fields.get("class") != "greeter"]
    # `Accepted …`, `ROOT LOGIN`, su's own line: they only count where no session line tells the same login.
    for event in loose:
        sessions = view.of("os.session_opened")
        told = any(_can_be_closed(e) and _same_login(e, event) for e in sessions)
        if not told:
            found.append(event)
    if view.restarted is not None:
        found = [event for event in found if event.time >= view.restarted.time]
    return [event for event in found if view.end - event.time <= FRESH_LOGIN and _is_person(event)]


def raised(found: list[Event]) -> list[Event]:
    """Those of the given sessions that held root's rights."""
    return [event for event in found if event.fields.get("user") in ROOT]


def sole_holder(found: list[Event]) -> str | None:
    """The one person who held root's rights by su or sudo; nobody where it could have been another, or root itself."""
    holders = {event.fields.get("by") for event in raised(found) if event.fields.get("via") in _RAISING}
    holders -= {None, "", *ROOT}
    others = {event.fields.get("user") for event in found if event.fields.get("via") in INTERACTIVE} - holders
    return holders.pop() if len(holders) == 1 and not others else None


def shown(event: Event) -> str:
    """`root (ope1)`: the account, and who took it."""
    user, by = event.fields.get("user", "?"), event.fields.get("by")
    return f"{user} ({by})" if by and by not in (user, "LOGIN") else user


def _can_be_closed(event: Event) -> bool:
    return event.fields.get("via") == "logind" or "session opened" in event.message


def _key(event: Event) -> tuple[str, str]:
    via = event.fields.get("via", "")
    if via == "logind":
        return via, event.fields.get("session", "")
    if via == "wtmp":
        # Listings of login records have no pid; a terminal has one session at a time.
        return via, event.fields.get("tty", "")
    return via, event.pid or event.fields.get("user", "")


def _same_login(session: Event, line: Event) -> bool:
    if abs(session.time - line.time) > _SAME_LOGIN:
        return False
    return session.fields.get("user") == line.fields.get("user") or session.fields.get("via") == line.fields.get("via")


def _is_person(event: Event) -> bool:
    """Su to a service's account, or by a script of root, is no person taking root's rights."""
    if event.fields.get("via") not in _RAISING:
        return True
    return event.fields.get("user") in ROOT and bool(event.fields.get("by"))
