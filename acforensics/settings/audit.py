"""The settings of a case against the HOWTO (chapters 1 to 4): one row for each item and what it is about.

Absent settings count as the product's default where that is known; what is not known is `unknown`, never a guess.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from acforensics.settings.audit_groups import audit_configuration
from acforensics.settings.audit_scripts import audit_scripts
from acforensics.settings.collected import RESTART_LIMIT, SYNC_WAIT, SYNC_WAIT_DEFAULT, Copy, Settings
from acforensics.settings.configuration import ClusterConfiguration, DiskMonitor
from acforensics.settings.elements import Value
from acforensics.settings.observed import Observed
from acforensics.settings.rows import SettingRow, Status, number_text, place, row, said
from acforensics.texts import Text, join, literal, text

_OF_CONFIGURATION = (
    "ac-group-per-server", "group-type", "startup-server", "startup-attribute", "failover-attribute", "only-exec",
    "activation-failure", "deactivation-failure", "stop-script-path", "stop-script-sync",
)  # fmt: skip
_RESTARTS = frozenset((5, 8, 9, 10, 11, 13, 14))
_SHUTS_DOWN = frozenset((4, 12))


NOTHING_OBSERVED = Observed()


def audit(settings: Settings, observed: Observed = NOTHING_OBSERVED) -> list[SettingRow]:
    """Every row, in the order of the HOWTO."""
    rows: list[SettingRow] = []
    if not settings.copies:
        absent = text("setting.found.no-configuration")
        rows += [row(item, absent, "unknown", "", expected=_expected(item)) for item in _OF_CONFIGURATION]
    rows += _copies(settings.copies)
    for configuration in settings.configurations:
        rows += audit_configuration(settings, configuration)
    rows += audit_scripts(settings, observed.longest_stops)
    for configuration in settings.configurations:
        rows += _disk_monitors(configuration)
        rows.append(_sync_wait(settings, configuration, observed.power_on_spread))
    if not settings.copies:
        rows.append(row("sync-wait", text("setting.found.no-configuration"), "unknown", ""))
    rows += _linkages(settings)
    return rows


def _expected(item: str) -> Text | None:
    return text(f"setting.{item}.expected-either") if item in ("activation-failure", "deactivation-failure") else None


def _copies(copies: Sequence[Copy]) -> Iterator[SettingRow]:
    if len(copies) < 2:
        return
    first = copies[0].configuration.input
    others = [copy for copy in copies[1:] if copy.differs]
    for copy in others:
        lines = ", ".join(map(str, copy.differs))
        found = text("setting.found.copy-differs", other=first, lines=lines)
        source = place(copy.configuration.input, copy.differs[0])
        yield row("configuration-alike", found, "differs", source, server=copy.server)
    if not others:
        yield row("configuration-alike", text("setting.found.alike", count=len(copies)), "ok", first)


# --- a shared disk that is late


def _disk_monitors(configuration: ClusterConfiguration) -> Iterator[SettingRow]:
    limit = configuration.site.get(RESTART_LIMIT, Value(why="no-place"))
    off = configuration.monitors_only_watch.number == 1
    restarts = False
    for monitor in configuration.disk_monitors:
        action = monitor.action.number
        restarts = restarts or (action in _RESTARTS and not off)
        shown = text("setting.found.monitor", device=said(monitor.device), action=_action(monitor.action),
                     target=_target(monitor))  # fmt: skip
        if off:
            shown = join([shown, text("setting.found.monitor-off")], Text(en="; ", ja="。"))
        notes, status = _late_disk(monitor, limit, off)
        source = place(configuration.input, monitor.action.line or monitor.line)
        yield row("disk-monitor", shown, status, source, subject=monitor.name, notes=notes)
    if restarts:
        status = "unknown" if limit.number is None else "ok" if limit.number > 0 else "differs"
        yield row("restart-limit", said(limit), status, place(configuration.input, limit.line))


def _action(value: Value) -> Text:
    number = value.number
    if number is None:
        return said(value)
    if number in (1, 2, 3, 4, 5, 16):
        return said(value, text(f"setting.action.monitor.{number}"))
    return said(value, text("setting.action.reset", number=number))


def _target(monitor: DiskMonitor) -> Text:
    if monitor.target_type.basis == "unknown":
        return said(monitor.target_type)
    return literal(f"{monitor.target_type.text} {monitor.target_name.text or ''}".strip())


def _late_disk(monitor: DiskMonitor, limit: Value, off: bool) -> tuple[list[Text], Status]:
    """What a monitor does while the disk is missing, and whether that ends."""
    action = monitor.action.number
    if off:
        return [], "ok"
    if action is None:
        return [], "unknown"
    if action in _SHUTS_DOWN:
        return [text("setting.note.shutdown")], "ok"
    if action not in _RESTARTS:
        return [], "ok"
    kinds = {"cls": "loop-cluster", "grp": "loop-group"}
    notes = [text(f"setting.note.{kinds.get(monitor.target_type.text or '', 'loop')}")]
    if limit.number is None:
        return [*notes, text("setting.note.limit-unknown")], "unknown"
    return notes, "ok" if limit.number > 0 else "differs"


# --- servers that come one after the other


def _sync_wait(settings: Settings, configuration: ClusterConfiguration, spread: float | None) -> SettingRow:
    value = configuration.site.get(SYNC_WAIT, Value(why="no-place"))
    seconds = settings.in_seconds(SYNC_WAIT, value)
    expected = None
    if spread is not None:
        expected = text("setting.sync-wait.expected-observed", seconds=number_text(spread))
    notes: list[Text] = []
    if seconds is None:
        found = text("setting.found.sync-default", seconds=number_text(SYNC_WAIT_DEFAULT))
        if value.basis != "unknown" or value.why not in ("no-place", "no-default"):
            found = said(value)
        status: Status = "unknown"
        if spread is not None:
            key = "spread-over-default" if spread > SYNC_WAIT_DEFAULT else "spread-within-default"
            notes.append(text(f"setting.note.{key}", seconds=number_text(spread)))
    else:
        found = text("setting.found.seconds", seconds=number_text(seconds))
        status = "unknown" if spread is None else "ok" if seconds >= spread else "differs"
    if spread is None:
        notes.append(text("setting.note.spread-not-observed"))
    return row("sync-wait", found, status, place(configuration.input, value.line), expected=expected, notes=notes)


# --- ESMPRO/AC's own setting


def _linkages(settings: Settings) -> Iterator[SettingRow]:
    if not settings.linkages:
        yield row("ac-linkage", text("setting.found.no-linkage"), "unknown", "")
    for server, linkage in settings.linkages:
        found = text("setting.found.unclear" if linkage.value == "unknown" else f"setting.found.{linkage.value}")
        statuses: dict[str, Status] = {"no": "ok", "yes": "differs"}
        status = statuses.get(linkage.value, "unknown")
        notes = [text("setting.note.unverified")]
        yield row("ac-linkage", found, status, place(linkage.input, linkage.line), server=server, notes=notes)
