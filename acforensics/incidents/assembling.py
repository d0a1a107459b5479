"""Joins what is linked into incidents, and names the root of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from acforensics.case import Finding
from acforensics.findings.context import FindingContext
from acforensics.incidents.happenings import Happening, happenings
from acforensics.incidents.linking import Link, link
from acforensics.texts import Text, text

_ABOUT_POWER = frozenset({"power-loss", "ac-power-failure", "ups-agent"})


@dataclass(frozen=True)
class Incident:
    """One story: what happened in order of time, what led to what, and where it began."""

    parts: Sequence[Happening]
    links: Sequence[Link]
    root: Happening
    findings: Sequence[Finding]
    readings: Sequence[Text]
    """Where the logs do not decide between explanations: each of them."""

    @property
    def servers(self) -> list[str]:
        """All servers concerned."""
        return sorted({server for part in self.parts for server in part.servers})


def assemble(context: FindingContext, findings: Sequence[Finding]) -> list[Incident]:
    """The incidents of a case, by time: every end is in exactly one of them.

    Args:
        context: the judged case.
        findings: what the rules found.
    """
    parts = happenings(context, findings)
    links = link(parts, findings, context)
    groups = _joined(parts, links)
    place = {id(part): number for number, group in enumerate(groups) for part in group}
    own_links: list[list[Link]] = [[] for _ in groups]
    for one in links:
        own_links[place[id(one.cause)]].append(one)
    return [
        _incident(context, group, own, about)
        for group, own, about in zip(groups, own_links, _about(context, groups, findings), strict=True)
        if any(_begins(one) for one in group)
    ]


def _about(
    context: FindingContext, groups: Sequence[Sequence[Happening]], findings: Sequence[Finding]
) -> list[list[Finding]]:
    """The findings about each group: of one of its ends, or one that is a part of it."""
    ends: dict[str, int] = {}
    parts: dict[int, int] = {}
    for number, group in enumerate(groups):
        for part in group:
            if part.judgement is not None:
                ends[context.shutdown_ids[id(part.judgement)]] = number
            if part.finding is not None:
                parts[id(part.finding)] = number
    about: list[list[Finding]] = [[] for _ in groups]
    for finding in findings:
        numbers = {ends[end] for end in finding.related if end in ends}
        if id(finding) in parts:
            numbers.add(parts[id(finding)])
        for number in numbers:
            about[number].append(finding)
    return about


def _begins(one: Happening) -> bool:
    """Whether a happening alone is worth an incident: a failover or a short power failure without more is not."""
    return one.sort in ("end", "finding")


def _joined(parts: Sequence[Happening], links: Sequence[Link]) -> list[list[Happening]]:
    """Parts that are linked, directly or through others, together; each group and all groups in order of time."""
    leader: dict[int, int] = {id(part): id(part) for part in parts}

    def find(one: int) -> int:
        while leader[one] != one:
            leader[one] = leader[leader[one]]
            one = leader[one]
        return one

    for each in links:
        leader[find(id(each.effect))] = find(id(each.cause))
    groups: dict[int, list[Happening]] = {}
    for part in parts:
        groups.setdefault(find(id(part)), []).append(part)
    return list(groups.values())


def _incident(
    context: FindingContext, parts: Sequence[Happening], links: Sequence[Link], findings: Sequence[Finding]
) -> Incident:
    caused = {id(one.effect) for one in links if one.relation == "causes"}
    roots = [part for part in parts if id(part) not in caused]
    return Incident(parts, links, roots[0] if roots else parts[0], findings, _readings(context, parts, findings))


def _about_power(part: Happening) -> bool:
    chosen = part.judgement.chosen if part.judgement is not None else None
    return part.sort == "power-failure" or (chosen is not None and chosen.trigger in _ABOUT_POWER)


def _readings(context: FindingContext, parts: Sequence[Happening], findings: Sequence[Finding]) -> list[Text]:
    """Control terminal separate or shared: what each would mean, where power came back and the order was wrong."""
    rules = {finding.rule for finding in findings}
    waited_after_power = "startup-wait-timeout" in rules and any(map(_about_power, parts))
    if "shared-disk-late" not in rules and not waited_after_power:
        return []
    judged = {one.definition.id: one.verdict for one in context.sequences if one.definition.aspect == "power-on"}
    if judged.get("terminal-separate") == "conforms":
        # The shared disk's UPS is on record as first: where the control terminal runs makes no difference.
        return []
    return [text("incident.reading.terminal-separate"), text("incident.reading.terminal-shared")]
