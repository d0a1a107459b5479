"""Rules about the cluster's settings: clp.conf and stop.sh against the HOWTO (chapters 1 to 3)."""

from __future__ import annotations

from collections.abc import Sequence

from acforensics.case import Evidence, Finding, Setting
from acforensics.findings.context import FindingContext
from acforensics.texts import Text, join, literal, text

_CODE = "recognition-code"
_OPTIONS = "stop-script-options"
_MOST_TOLD = 8


def settings_differ(context: FindingContext) -> list[Finding]:
    """One finding for all settings that are not as the HOWTO wants them; the section on settings has every row."""
    rows = [row for row in context.settings if row.status == "differs" and row.item not in (_CODE, _OPTIONS)]
    if not rows:
        return []
    summary = text("finding.settings-differ.summary", count=len(rows), details=_told(rows))
    return [_finding(context, "settings-differ", rows, summary)]


def default_recognition_code(context: FindingContext) -> list[Finding]:
    """One finding for all scripts that use the published default code. The code itself is not known here."""
    rows = [row for row in context.settings if row.status == "differs" and row.item == _CODE]
    if not rows:
        return []
    return [_finding(context, "default-recognition-code", rows, text("finding.default-recognition-code.summary"))]


def option_mismatch(context: FindingContext) -> list[Finding]:
    """One finding for all scripts that would tell ESMPRO/AC another thing than what follows."""
    rows = [row for row in context.settings if row.status == "differs" and row.item == _OPTIONS]
    if not rows:
        return []
    summary = text("finding.ac-option-mismatch.in-script", details=_told(rows))
    title = text("finding.ac-option-mismatch.title-script")
    return [_finding(context, "ac-option-mismatch", rows, summary, title=title)]


def _told(rows: Sequence[Setting]) -> Text:
    """Each row in a sentence, not too many."""
    details = [
        text("finding.settings-differ.row", title=row.title, whose=_whose(row), found=row.found, expected=row.expected)
        for row in rows[:_MOST_TOLD]
    ]
    if len(rows) > _MOST_TOLD:
        details.append(text("finding.settings-differ.more", count=len(rows) - _MOST_TOLD))
    return join(details)


def _whose(row: Setting) -> Text:
    names = ", ".join(dict.fromkeys(name for name in (row.server, row.subject) if name)) or "-"
    return text("finding.settings-differ.whose", names=names, source=row.source or "-")


def _finding(
    context: FindingContext, rule: str, rows: Sequence[Setting], summary: Text, *, title: Text | None = None
) -> Finding:
    servers = sorted({row.server for row in rows if row.server}) or sorted(context.boots)
    # The settings are those of the time at which they were collected: after the last record.
    collected = max(
        (context.case_clock.corrected(boot.server, boot.last), boot.server, boot.last)
        for boots in context.boots.values()
        for boot in boots
    )
    return context.finding(
        rule,
        "warning",
        [],
        spans=[(*collected[1:], collected[2])],
        title=title or text(f"finding.{rule}.title", count=len(rows)),
        summary=summary,
        advice=text(f"finding.{rule}.advice"),
        events=[],
        servers=servers,
        more=[_evidence(row) for row in rows],
    )


def _evidence(row: Setting) -> Evidence:
    path, _, line = row.source.rpartition(":")
    numbered = line.isdecimal() and bool(path)
    words = join([row.title, row.found], literal(": "))
    return Evidence(
        input=path if numbered else row.source,
        line=int(line) if numbered else None,
        time=None,
        server=row.server,
        kind="setting",
        text=words.en,
        words=words,
    )
