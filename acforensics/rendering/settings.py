"""What every form of the report says of settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from acforensics.case import Setting, SettingStatus
from acforensics.texts import Text, literal, text

ORDER: tuple[SettingStatus, ...] = ("differs", "unknown", "ok")


def count_settings(settings: Sequence[Setting]) -> Mapping[str, int]:
    """How many there are, and of each result."""
    found: dict[str, int] = {status: sum(one.status == status for one in settings) for status in ORDER}
    return {"total": len(settings), **found}


def deviation(one: Setting) -> Text:
    """A setting that differs, in one line."""
    of = ", ".join(part for part in (one.server, one.subject) if part)
    whose = literal(of) if of else text("settings-page.whole-cluster")
    return text("settings-page.terminal-differs", title=one.title, of=whose, found=one.found, expected=one.expected)
