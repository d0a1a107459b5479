"""What a rule may look at, and how it writes a finding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from functools import cached_property

from acforensics.boots import Boot
from acforensics.case import Evidence, Finding, Setting, Severity, evidence_of
from acforensics.clocks import CaseClock
from acforensics.cooperation import AcGroups, Clusters, JudgedSequence
from acforensics.coverage import Coverage
from acforensics.events import Event
from acforensics.moments import on_both_clocks
from acforensics.shutdowns import Judgement
from acforensics.texts import Text, text

DEFAULT_LOOP_WINDOW = timedelta(minutes=30)
"""Longest time between two starts of a loop.

One turn is a boot (minutes), the wait for the other server (5 min by default), the time until a monitor reports (its
interval, timeout and retries), and a stop with two waits of 30 s or more in stop.sh.
"""
_MOST_EVIDENCE = 12


@dataclass(frozen=True)
class FindingContext:
    """The judged case. `shutdown_ids` names each judgement as in the result (by `id()` of the judgement)."""

    boots: Mapping[str, Sequence[Boot]]
    judgements: Sequence[Judgement]
    shutdown_ids: Mapping[int, str]
    zone: tzinfo
    loop_window: timedelta = DEFAULT_LOOP_WINDOW
    coverage: Coverage = field(default_factory=Coverage)
    case_clock: CaseClock = field(default_factory=lambda: CaseClock({}))
    sequences: Sequence[JudgedSequence] = ()
    """Every stop and start, held against what was expected."""
    settings: Sequence[Setting] = ()
    """The cluster's settings against the HOWTO."""
    members: Sequence[str] = ()
    """Servers of the cluster that its configuration, its listings or its messages name."""
    planned_ons: Mapping[str, Sequence[Event]] = field(default_factory=dict)
    """When ESMPRO/AC's schedule plans to turn each server on: plans, no records (the offs: `StopView.planned_offs`)."""
    ac_groups: AcGroups = field(default_factory=AcGroups)
    """Which groups are ESMPRO/AC's, and where they belong."""
    clusters: Clusters = field(default_factory=lambda: Clusters({}))
    """Which servers belong together: a case may hold the logs of several clusters."""

    @cached_property
    def _ends(self) -> dict[int, Judgement]:
        return {id(judgement.boot): judgement for judgement in self.judgements}

    @cached_property
    def _ends_before(self) -> dict[int, Judgement]:
        return {id(j.boot.following): j for j in self.judgements if j.boot.following is not None}

    def judged(self, boot: Boot) -> Judgement | None:
        """What is judged of the end of a boot, whether it has ended or not."""
        return self._ends.get(id(boot))

    def end(self, boot: Boot) -> Judgement | None:
        """The judged end of a boot; `None` while it runs."""
        judgement = self.judged(boot)
        return judgement if judgement is not None and judgement.chosen is not None else None

    def end_before(self, boot: Boot) -> Judgement | None:
        """The judged end of the boot before this one."""
        judgement = self._ends_before.get(id(boot))
        return judgement if judgement is not None and judgement.chosen is not None else None

    def ended_by(self, *triggers: str) -> list[Judgement]:
        """Judgements with one of these triggers, in order."""
        return [j for j in self.judgements if j.chosen is not None and j.chosen.trigger in triggers]

    def clock(self, server: str, time: datetime) -> Text:
        """A time of a server's own clock as a reader sees it: with that of the case's clock, where they differ."""
        corrected = self.case_clock.corrected(server, time)
        return on_both_clocks(
            time.astimezone(self.zone), corrected.astimezone(self.zone) if corrected != time else None
        )

    def evidence(self, events: Sequence[Event]) -> list[Evidence]:
        """Evidence of the given events, bounded, each once."""
        unique = list({id(event): event for event in events}.values())
        return [evidence_of(event, self.zone) for event in unique[:_MOST_EVIDENCE]]

    def finding(
        self,
        rule: str,
        severity: Severity,
        judgements: Sequence[Judgement],
        *,
        spans: Sequence[tuple[str, datetime, datetime]],
        title: Text,
        summary: Text,
        advice: Text,
        events: Sequence[Event],
        servers: Sequence[str] | None = None,
        reference: Text | None = None,
        more: Sequence[Evidence] = (),
    ) -> Finding:
        """Write a finding about the given ends.

        `spans`: of each server when it begins and ends there, by its own clock; `more`: evidence that is no event,
        such as a setting;
        `reference`: where the HOWTO tells of it, if not where it tells of the rule.
        """
        corrected = self.case_clock.corrected
        first, start, _ = min(spans, key=lambda span: (corrected(span[0], span[1]), span[0]))
        last, _, end = max(spans, key=lambda span: (corrected(span[0], span[2]), span[0]))
        case_start, case_end = corrected(first, start), corrected(last, end)
        if last != first:
            # Both by the clock of the server on which it began.
            end = start + (case_end - case_start)
        return Finding(
            rule=rule,
            severity=severity,
            servers=sorted(servers or {j.boot.server for j in judgements}),
            start=start.astimezone(self.zone),
            end=end.astimezone(self.zone),
            corrected_start=case_start.astimezone(self.zone) if case_start != start else None,
            corrected_end=case_end.astimezone(self.zone) if case_end != end else None,
            title=title,
            summary=summary,
            advice=advice,
            reference=reference or text(f"finding.{rule}.reference"),
            related=[self.shutdown_ids[id(j)] for j in judgements if id(j) in self.shutdown_ids],
            evidence=[*self.evidence(events), *more[:_MOST_EVIDENCE]],
        )


def duration(length: timedelta) -> Text:
    """A length of time in words; seconds are left out from an hour on."""
    minutes, seconds = divmod(round(abs(length).total_seconds()), 60)
    if minutes >= 60:
        return text("duration.hours", hours=minutes // 60, minutes=minutes % 60)
    return (
        text("duration.minutes", minutes=minutes, seconds=seconds)
        if minutes
        else text("duration.seconds", seconds=seconds)
    )


def certainty(judgement: Judgement) -> Text:
    """`certain`, `likely` or `possible`, as a word."""
    return text(f"confidence.{judgement.chosen.confidence}") if judgement.chosen else text("confidence.possible")


def end_of(judgement: Judgement) -> datetime:
    """When the next boot began, else the last record."""
    following = judgement.boot.following
    return (following.start or following.first) if following is not None else judgement.boot.last
