"""One row of the audit, and how its parts are put into words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from acforensics import case as models
from acforensics.settings.elements import Value
from acforensics.texts import Text, join, literal, text

Status = Literal["ok", "differs", "unknown"]

COMMA = Text(en=", ", ja="、")
_MOST_NAMED = 8


@dataclass(frozen=True)
class SettingRow:
    """A setting against what the HOWTO prescribes; `subject`: the group, resource, monitor or script it is about."""

    item: str
    server: str
    subject: str
    expected: Text
    found: Text
    status: Status
    source: str
    notes: tuple[Text, ...] = ()

    def setting(self) -> models.Setting:
        """The row as it stands in the result."""
        return models.Setting(
            server=self.server,
            item=self.item,
            subject=self.subject,
            title=text(f"setting.{self.item}.title"),
            expected=self.expected,
            found=self.found,
            status=self.status,
            source=self.source,
            reference=text(f"setting.{self.item}.reference"),
            why=text(f"setting.{self.item}.why"),
            note=join(list(self.notes)) if self.notes else None,
        )


def row(
    item: str,
    found: Text,
    status: Status,
    source: str,
    *,
    server: str = "",
    subject: str = "",
    expected: Text | None = None,
    notes: Iterable[Text] = (),
) -> SettingRow:
    """A row; what is expected is the item's own text unless told."""
    wanted = expected if expected is not None else text(f"setting.{item}.expected")
    return SettingRow(item, server, subject, wanted, found, status, source, tuple(notes))


def place(path: str, line: int | None) -> str:
    """Where something was read."""
    return f"{path}:{line}" if line else path


def said(value: Value, shown: Text | None = None) -> Text:
    """A value as read, with its default or why it is not known."""
    if value.basis == "unknown":
        return text(f"setting.found.{value.why or 'no-default'}")
    named = shown if shown is not None else literal(value.text or "")
    return named if value.basis == "found" else text("setting.found.default", value=named)


def listed(names: Sequence[str]) -> Text:
    """Names, not too many."""
    if not names:
        return text("setting.found.no-group")
    shown = [literal(name) for name in names[:_MOST_NAMED]]
    if len(names) > _MOST_NAMED:
        shown.append(literal(f"… (+{len(names) - _MOST_NAMED})"))
    return join(shown, COMMA)


def together(answers: Iterable[bool | None]) -> Status:
    """One status for several answers: wrong if one is wrong, else unknown if one is."""
    found = list(answers)
    return "differs" if False in found else "unknown" if None in found else "ok"


def number_text(seconds: float) -> str:
    """Seconds without needless decimals."""
    return f"{seconds:.1f}".removesuffix(".0")
