"""Log text is hostile: `visible()` is what every output puts between a log and a reader."""

from __future__ import annotations

import re
import unicodedata

_SHORT = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}
# Cc, Cf, Cs, Co, Zl, Zp are found by category; these look like nothing although they are letters or marks.
_BLANK = "\u115f\u1160\u3164\uffa0\u034f\u180b-\u180e\u17b4\u17b5\ufe00-\ufe0f\U000e0100-\U000e01ef"
_SUSPECT = re.compile(f"[^\x20-\x7e\u00a1-\u00ac\u00ae-\u02ff\u3001-\u30ff\u4e00-\u9fff\uff01-\uff9f]|[{_BLANK}]")
_INVISIBLE = re.compile(f"[{_BLANK}]")
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def visible(text: str) -> str:
    r"""Return `text` with control, bidirectional and invisible characters written out (`\x1b`, `\u202e`).

    Terminals, browsers and editors then show what the log holds, and none of them obeys it.
    """
    return _SUSPECT.sub(_written_out, text)


def visible_json(written: str) -> str:
    r"""Return JSON text in which such characters are escaped as JSON does (`\u001b`): what it says stays the same.

    Line breaks between its parts are kept; within its strings it can have none.
    """
    return _SUSPECT.sub(_escaped, written)


def shorten(text: str, limit: int) -> str:
    """Return at most about `limit` characters; what was cut is counted, never silently lost."""
    return text if len(text) <= limit else f"{text[:limit]}… (+{len(text) - limit})"


def _is_hidden(character: str) -> bool:
    return unicodedata.category(character) in _HIDDEN or _INVISIBLE.match(character) is not None


def _written_out(match: re.Match[str]) -> str:
    character = match.group()
    if not _is_hidden(character):
        return character
    code = ord(character)
    if character in _SHORT:
        return _SHORT[character]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _escaped(match: re.Match[str]) -> str:
    character = match.group()
    if character == "\n" or not _is_hidden(character):
        return character
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))
