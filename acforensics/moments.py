"""How a time is told: in the case's zone, which is named once, and on two clocks where a server's own was off."""

from __future__ import annotations

from datetime import date, datetime

from acforensics.texts import Text, join, literal, text


def clock(moment: datetime) -> str:
    """A time as a reader sees it."""
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def of_day(moment: datetime, day: date) -> str:
    """A time beside another: without the date where that is the same."""
    return f"{moment:%H:%M:%S}" if moment.date() == day else clock(moment)


def on_case_clock(own: datetime, corrected: datetime) -> Text:
    """What stands beside a server's own time."""
    return text("report.corrected", time=of_day(corrected, own.date()))


def on_both_clocks(own: datetime, corrected: datetime | None) -> Text:
    """A time by the server's own clock, with that on the case's clock beside it where they differ."""
    shown = literal(clock(own))
    return shown if corrected is None else join([shown, on_case_clock(own, corrected)], literal(" "))
