"""A page of text for a terminal: lines of one width in one language, with or without colour."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable

from acforensics.plain import visible
from acforensics.rendering.wrapping import width_of, wrap
from acforensics.texts import Language, Text, text

_STYLES = {
    "bold": "1",
    "dim": "2",
    "critical": "1;31",
    "warning": "1;33",
    "info": "1;36",
    "ok": "1;32",
    "heading": "1;4",
}
_LEAST_WIDTH, _MOST_WIDTH = 40, 100


def write(render: Callable[[int, bool], str]) -> None:
    """Write to standard output what is rendered for the terminal's width, and in colour only where one is shown.

    `NO_COLOR` and `FORCE_COLOR` are heeded; characters that the terminal cannot show are written out.
    """
    asked = not os.environ.get("NO_COLOR") and (bool(os.environ.get("FORCE_COLOR")) or sys.stdout.isatty())
    shown = render(shutil.get_terminal_size().columns, asked and os.environ.get("TERM") != "dumb")
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(shown.encode(encoding, "backslashreplace").decode(encoding))


class Page:
    """Collects lines of one width in one language."""

    def __init__(self, lang: Language, width: int, colour: bool) -> None:
        self.lang = lang
        self.width = max(_LEAST_WIDTH, min(width, _MOST_WIDTH))
        self._colour = colour
        self._lines: list[str] = []

    def text(self) -> str:
        """All lines."""
        return "\n".join(self._lines) + "\n"

    def say(self, value: Text | str) -> str:
        """A text in the page's language, harmless."""
        return visible(value if isinstance(value, str) else value.within(self.lang))

    def style(self, value: str, style: str | None) -> str:
        """The value in a style, if the page has colours."""
        return f"\x1b[{_STYLES[style]}m{value}\x1b[0m" if self._colour and style and value else value

    def gap(self) -> None:
        """An empty line."""
        self._lines.append("")

    def line(self, shown: str, style: str | None = None) -> None:
        """A line that is already harmless."""
        self._lines.append(self.style(shown, style))

    def heading(self, key: str) -> None:
        """A heading, with a line before it."""
        self.gap()
        self.line(text(key).within(self.lang), "heading")

    def paragraph(self, value: Text | str, indent: int = 0, style: str | None = None, mark: str = "") -> None:
        """Wrapped text; `mark` stands before its first line."""
        hang = indent + width_of(mark)
        for number, piece in enumerate(wrap(self.say(value), self.width - hang)):
            self._lines.append(" " * indent + (mark if not number else " " * width_of(mark)) + self.style(piece, style))
