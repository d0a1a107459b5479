"""The audit for a terminal: what differs first, each with where it stands and why it matters."""

from __future__ import annotations

from acforensics.case import AuditModel, Setting
from acforensics.rendering.page import Page, write
from acforensics.rendering.settings import ORDER, count_settings
from acforensics.texts import Language, Text, text

_STYLES = {"differs": "critical", "unknown": "warning"}
_MOST_ROWS = 200


def print_audit(model: AuditModel, lang: Language) -> None:
    """Write the audit to standard output."""
    write(lambda width, colour: render(model, lang, width=width, colour=colour))


def render(model: AuditModel, lang: Language = "en", *, width: int = 80, colour: bool = False) -> str:
    """Return the audit; without `colour` it holds no escape codes at all."""
    page = Page(lang, width, colour)
    page.line(page.say(text("setting.terminal.title")), "bold")
    page.paragraph(text("setting.terminal.counts", **count_settings(model.settings)))
    page.gap()
    rows = sorted(model.settings, key=lambda one: ORDER.index(one.status))
    for one in rows[:_MOST_ROWS]:
        _row(page, one)
    if len(rows) > _MOST_ROWS:
        page.gap()
        page.paragraph(text("terminal.more", count=len(rows) - _MOST_ROWS), style="dim")
    for note in model.notes:
        page.gap()
        page.paragraph(note, style="dim")
    return page.text()


def _row(page: Page, one: Setting) -> None:
    """What fits the HOWTO is said shortly, anything else with all that is known of it."""
    word = text(f"setting.status.{one.status}").within(page.lang)
    about = ", ".join(part for part in (one.server, one.subject) if part)
    title = page.say(one.title) + (f" ({page.say(about)})" if about else "")
    if one.status == "ok":
        page.paragraph(f"{title}: {page.say(one.found)}", mark=f"{word}  ")
        return
    page.line(page.style(word, _STYLES[one.status]))
    page.paragraph(title, 2, "bold")
    _part(page, "found", one.found)
    _part(page, "expected", one.expected)
    if one.note is not None:
        _part(page, "note", one.note)
    if one.status == "differs":
        _part(page, "why", one.why)
    if one.source:
        _part(page, "source", one.source)
    page.paragraph(one.reference, 2, "dim")
    page.gap()


def _part(page: Page, key: str, value: Text | str) -> None:
    page.paragraph(value, 2, mark=text(f"setting.terminal.{key}").within(page.lang) + " ")
