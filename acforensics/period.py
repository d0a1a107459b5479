"""`--since` and `--until`: all is judged, and what touches that time is shown.

Leaving records out before judging would change what is known: earlier stops show what a server's logs would hold.
"""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import NamedTuple

from dateutil import parser as date_parser

from acforensics.case import CaseModel, Finding, Incident, IncidentPart
from acforensics.errors import UsageError
from acforensics.texts import Text, text


class Period(NamedTuple):
    """A time on the case's clock, open where nothing was said."""

    since: datetime | None
    until: datetime | None

    def touches(self, start: datetime | None, end: datetime | None) -> bool:
        """Whether something lies at least partly in it; `None`: nobody knows since when, or it goes on."""
        begins_in_time = self.until is None or start is None or start <= self.until
        return begins_in_time and (self.since is None or end is None or end >= self.since)


def parse_period(since: str | None, until: str | None, zone: tzinfo) -> Period:
    """What the user wrote, in the case's zone where it names none.

    Raises:
        UsageError: not a time, or the end lies before the beginning.
    """
    period = Period(_moment(since, "--since", zone), _moment(until, "--until", zone))
    if period.since is not None and period.until is not None and period.until < period.since:
        raise UsageError(f"--until {until}: lies before --since {since}")
    return period


def _moment(value: str | None, option: str, zone: tzinfo) -> datetime | None:
    if value is None:
        return None
    try:
        found = date_parser.parse(value)
    except (ValueError, OverflowError):
        raise UsageError(f"{option} {value}: not a time; write for example '2026-11-24 09:00'") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=zone)


def period_text(since: str | None, until: str | None) -> Text:
    """The period as the user wrote it."""
    if since is not None and until is not None:
        return text("period.between", since=since, until=until)
    return text("period.since", since=since) if since is not None else text("period.until", until=until)


def shown(model: CaseModel, period: Period) -> CaseModel:
    """The result without what lies outside; an incident that touches the period is shown whole.

    What has no time of its own (settings, problems, what the logs cover) stays.
    """
    if period == (None, None):
        return model
    incidents = [one for one in model.incidents if period.touches(one.start, one.end)]
    told = {name for one in incidents for name in one.shutdowns}
    found = {place for one in incidents for place in one.findings}
    shutdowns = [one for one in model.shutdowns if one.id in told or period.touches(one.case_time, one.case_time)]
    ids = {one.id for one in shutdowns}
    boots = {one.boot for one in shutdowns}
    places = [
        place
        for place, one in enumerate(model.findings)
        if place in found or _timeless(one) or period.touches(one.case_start, one.case_end)
    ]
    moved = {place: number for number, place in enumerate(places)}
    return model.model_copy(
        update={
            "boots": [
                one
                for one in model.boots
                if one.id in boots or period.touches(one.corrected_start or one.start, one.corrected_end or one.end)
            ],
            "shutdowns": shutdowns,
            "sequences": [
                one
                for one in model.sequences
                if one.shutdown in ids or period.touches(one.corrected_start or one.start, one.corrected_end or one.end)
            ],
            "findings": [_related(model.findings[place], ids) for place in places],
            "incidents": [_moved(one, moved) for one in incidents],
        }
    )


def _timeless(finding: Finding) -> bool:
    """What the settings say is true of any time."""
    return all(line.time is None for line in finding.evidence)


def _related(finding: Finding, ids: set[str]) -> Finding:
    return finding.model_copy(update={"related": [name for name in finding.related if name in ids]})


def _moved(incident: Incident, places: dict[int, int]) -> Incident:
    """Its findings by their new places."""

    def part(one: IncidentPart) -> IncidentPart:
        return one.model_copy(update={"finding": places[one.finding] if one.finding is not None else None})

    return incident.model_copy(
        update={
            "parts": [part(one) for one in incident.parts],
            "findings": [places[place] for place in incident.findings],
        }
    )
