"""The rules: one module each, registered here. A rule looks at judged shutdowns and says what a reviewer must know."""

from __future__ import annotations

from collections.abc import Callable

from acforensics.case import Finding
from acforensics.findings import (
    ac_command_unfinished,
    clock_skew,
    log_gap,
    os_command_shutdown,
    reboot_loop,
    sudden_ends,
    unclassified_near_shutdown,
    ups_not_told,
)
from acforensics.findings.context import FindingContext

RULES: dict[str, Callable[[FindingContext], list[Finding]]] = {
    "os-command-shutdown": os_command_shutdown.find,
    "reboot-loop": reboot_loop.find,
    "ups-not-told": ups_not_told.find,
    "ac-command-unfinished": ac_command_unfinished.find,
    "power-loss": sudden_ends.power_loss,
    "crash": sudden_ends.crash,
    "fenced": sudden_ends.fenced,
    "clock-skew": clock_skew.find,
    "log-gap": log_gap.find,
    "unclassified-near-shutdown": unclassified_near_shutdown.find,
}

_SEVERITIES = {"critical": 0, "warning": 1, "info": 2}

__all__ = ["RULES", "FindingContext", "find_all"]


def find_all(context: FindingContext) -> list[Finding]:
    """Apply every rule; ordered by time, then severity, then rule and server."""
    found = [finding for rule in RULES.values() for finding in rule(context)]
    return sorted(found, key=lambda f: (f.start, _SEVERITIES[f.severity], f.rule, f.servers))
