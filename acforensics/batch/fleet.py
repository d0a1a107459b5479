"""What many cases have in common, gathered in one pass over their outcomes, bounded however many there are."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from acforensics.batch.work import Outcome

MOST_CASES = 2000
MOST_FAILED = 500
MOST_SERVERS = 50
MOST_MONTHS = 240
SEVERITIES = ("critical", "warning", "info")
_GRADES = {"critical": 0, "warning": 1, "info": 2, None: 3}


@dataclass
class Server:
    """A server by its name, over all cases that hold it."""

    name: str
    ends: int
    os_command_ends: int
    cases: int


@dataclass
class Fleet:
    """The numbers of the index page. `months`: month → trigger → ends; `rules`: rule → (severity, findings, cases)."""

    total: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    cases: list[dict[str, Any]] = field(default_factory=list)
    failed: list[dict[str, Any]] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    rules: list[tuple[str, str, int, int]] = field(default_factory=list)
    servers: list[Server] = field(default_factory=list)
    months: dict[str, Counter[str]] = field(default_factory=dict)
    findings: Counter[str] = field(default_factory=Counter)

    @property
    def left_out(self) -> int:
        """Cases that were analysed and are not in the list: `cases.parquet` has them."""
        return self.total - self.statuses["failed"] - len(self.cases)


def gather(outcomes: Iterable[Outcome]) -> Fleet:
    """Read every outcome once.

    Args:
        outcomes: in order of cases.
    """
    fleet = Fleet()
    rules: Counter[tuple[str, str]] = Counter()
    rule_cases: Counter[str] = Counter()
    ends: Counter[str] = Counter()
    by_command: Counter[str] = Counter()
    server_cases: Counter[str] = Counter()
    shown: list[tuple[tuple[float, ...], int, dict[str, Any]]] = []
    for number, outcome in enumerate(outcomes):
        row = outcome.row
        if outcome.status == "skipped":
            fleet.skipped.append(outcome.name)
            continue
        fleet.total += 1
        fleet.statuses[outcome.status] += 1
        if outcome.status == "failed":
            fleet.failed = [*fleet.failed, row][:MOST_FAILED]
            continue
        fleet.counts[row["severity"] or "none"] += 1
        # The gravest are kept, of equals the first by name.
        rank = (-_GRADES[row["severity"]], row["critical"], row["warning"], row["info"], -number)
        (heapq.heappush if len(shown) < MOST_CASES else heapq.heappushpop)(shown, (rank, number, row))
        rules.update((one["rule"], one["severity"]) for one in outcome.findings)
        rule_cases.update(row["rules"])
        fleet.findings.update(one["severity"] for one in outcome.findings)
        ends.update(one["server"] for one in outcome.shutdowns)
        by_command.update(one["server"] for one in outcome.shutdowns if one["trigger"] == "os-command")
        server_cases.update({one["server"] for one in outcome.shutdowns})
        for one in outcome.shutdowns:
            fleet.months.setdefault(one["time"][:7], Counter())[one["trigger"]] += 1
    fleet.cases = [row for _, _, row in sorted(shown, key=lambda one: tuple(-part for part in one[0]))]
    fleet.rules = sorted(
        ((rule, severity, count, rule_cases[rule]) for (rule, severity), count in rules.items()),
        key=lambda one: (_GRADES[one[1]], -one[2], one[0]),
    )
    worst = sorted(by_command, key=lambda name: (-by_command[name], name))[:MOST_SERVERS]
    fleet.servers = [Server(name, ends[name], by_command[name], server_cases[name]) for name in worst]
    fleet.months = dict(sorted(fleet.months.items())[-MOST_MONTHS:])
    return fleet
