"""The rules: one module each, registered here. A rule looks at judged shutdowns and says what a reviewer must know."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from acforensics.case import Finding
from acforensics.findings import (
    ac_command_unfinished,
    ac_group_moved,
    ac_option_mismatch,
    benign_stop_failed_message,
    clock_skew,
    cluster_shutdown_incomplete,
    log_gap,
    missed_schedule,
    os_command_shutdown,
    power_cut_during_shutdown,
    reboot_loop,
    restart_limit_reached,
    sequence_deviation,
    settings_rules,
    shared_disk_late,
    startup_wait_timeout,
    stop_wait_too_short,
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
    "power-cut-during-shutdown": power_cut_during_shutdown.find,
    "cluster-shutdown-incomplete": cluster_shutdown_incomplete.find,
    "stop-wait-too-short": stop_wait_too_short.find,
    "ac-option-mismatch": ac_option_mismatch.find,
    "settings-differ": settings_rules.settings_differ,
    "default-recognition-code": settings_rules.default_recognition_code,
    "startup-wait-timeout": startup_wait_timeout.find,
    "shared-disk-late": shared_disk_late.find,
    "ac-group-moved": ac_group_moved.find,
    "restart-limit-reached": restart_limit_reached.find,
    "missed-schedule": missed_schedule.find,
    "crash": sudden_ends.crash,
    "fenced": sudden_ends.fenced,
    "clock-skew": clock_skew.find,
    "log-gap": log_gap.find,
    "unclassified-near-shutdown": unclassified_near_shutdown.find,
    "benign-stop-failed-message": benign_stop_failed_message.find,
}

CONCLUSIONS: dict[str, Callable[[FindingContext, Sequence[Finding]], list[Finding]]] = {
    "sequence-deviation": sequence_deviation.find,
}
"""Rules that speak only where the others do not."""

_SEVERITIES = {"critical": 0, "warning": 1, "info": 2}

__all__ = ["CONCLUSIONS", "RULES", "FindingContext", "find_all"]


def find_all(context: FindingContext) -> list[Finding]:
    """Apply every rule; ordered by time, then severity, then rule and server."""
    found = [finding for rule in RULES.values() for finding in rule(context)]
    found += [finding for rule in CONCLUSIONS.values() for finding in rule(context, found)]
    return sorted(found, key=lambda f: (f.case_start, _SEVERITIES[f.severity], f.rule, f.servers))
