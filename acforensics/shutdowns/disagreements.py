"""Where the sources of one server tell different stories of one end: said with the result, deciding nothing."""

from __future__ import annotations

from acforensics.boots import Boot
from acforensics.events import Event
from acforensics.lines.login_records import PROGRAMS as LOGIN_RECORDS
from acforensics.shutdowns.reasons import Argument
from acforensics.shutdowns.view import StopView
from acforensics.texts import text


def disagreements(view: StopView) -> list[Argument]:
    """A stop that the logs tell of and the login records do not, although they know the boots before and after.

    Real files do disagree: one positive mark outweighs the silence of the other.
    """
    following = view.boot.following
    told = [stop for stop in view.os_stops if stop.program not in LOGIN_RECORDS]
    if following is None or not told or any(stop.kind == "os.shutdown_recorded" for stop in view.os_stops):
        return []
    both = _starts(view.boot).keys() & _starts(following).keys()
    if not both:
        return []
    next_start = _starts(following)[min(both)]
    return [Argument(text("reason.login-records-silent"), "against", [next_start])]


def _starts(boot: Boot) -> dict[str, Event]:
    """The start of a boot as login records show it, by log."""
    return {
        segment.track.stream: segment.start_event
        for segment in boot.segments
        if segment.start_event is not None and segment.start_event.program in LOGIN_RECORDS
    }
