"""Wraps text for a terminal: Japanese is two cells wide, has no blanks, and has its rules about line ends."""

from __future__ import annotations

import re

from rich.cells import cell_len

_WIDE = r"\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff01-\uff60\uffe0-\uffe6"
# A time, a single wide character, a word, or the blanks between them.
_PIECE = re.compile(rf"\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d|\s+|[{_WIDE}]|[^\s{_WIDE}]+")
_NOT_FIRST = set("、。，．・：；？！）］｝」』】〉》〕ーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ々),.:;?!]}")
_NOT_LAST = set("（［｛「『【〈《〔([{")


def width_of(text: str) -> int:
    """Cells that a terminal needs for it."""
    return cell_len(text)


def wrap(text: str, width: int) -> list[str]:
    """Return `text` in lines of at most `width` cells; only what is itself longer than a line is cut."""
    lines: list[str] = []
    line = ""
    for piece in _units(text):
        if line and width_of(line) + width_of(piece.rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        if not line:
            piece = piece.lstrip()  # noqa: PLW2901
        while width_of(piece) > width:
            head = _fitting(piece, width)
            lines.append(head)
            piece = piece[len(head) :]  # noqa: PLW2901
        line += piece
    if line.strip() or not lines:
        lines.append(line.rstrip())
    return lines


def pad(text: str, width: int) -> str:
    """Fill up to `width` cells; what is longer is cut and ends in `…`."""
    if width_of(text) > width:
        text = _fitting(text, width - 1) + "…"
    return text + " " * (width - width_of(text))


def _units(text: str) -> list[str]:
    """Pieces between which a line may break: punctuation stays with what it follows or opens."""
    units: list[str] = []
    for piece in _PIECE.findall(text):
        blank = piece.isspace()
        if units and not units[-1].isspace() and not blank and (piece[0] in _NOT_FIRST or units[-1][-1] in _NOT_LAST):
            units[-1] += piece
        else:
            units.append(piece)
    return units


def _fitting(text: str, width: int) -> str:
    """The longest beginning that fits, at least one character."""
    used = 0
    for index, character in enumerate(text):
        used += width_of(character)
        if used > width and index:
            return text[:index]
    return text
