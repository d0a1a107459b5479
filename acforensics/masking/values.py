"""Where a value ends that stands behind `password=` and the like: quotes of shells, JSON, CSV, URLs and HTML."""

from __future__ import annotations

import re

MASK = "****"

# Quotes that another notation wrote: `\"` of JSON in JSON, `""` of CSV, and what HTML, URLs and JSON write for them.
_WRITTEN_QUOTE = re.compile(r"\\+[\"'`]|\"\"(?=[^\s,;}\])])|&(?:quot|apos|#0?3[49]);|%2[27]|\\u002[27]", re.IGNORECASE)
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*(?:\"|\\?\Z)|'[^']*(?:'|\Z)", re.DOTALL)
_BARE = re.compile(r"(?:\\\s|[^\s\"'])+")
_ENDS = frozenset(" \t\r\n,;:)]}>|&<")


def value_end(text: str, at: int) -> int:
    """The end of the value that begins here; `at` itself where there is none.

    A quote that is never closed hides everything behind it. Pieces without a blank between them are one value.
    """
    while at < len(text):
        if text.startswith(MASK, at):
            at += len(MASK)
            if not text[at : at + 1].isalnum() and text[at : at + 1] not in ('"', "'"):
                break
            continue
        written, quoted = _WRITTEN_QUOTE.match(text, at), _QUOTED.match(text, at)
        if written is not None:
            at = _closing(text, written.end(), written[0])
        elif quoted is not None:
            at = quoted.end()
        else:
            bare = _BARE.match(text, at)
            if bare is None:
                break
            at = bare.end()
            continue
        if text[at : at + 1] in _ENDS:
            break
    return at


def _closing(text: str, at: int, quote: str) -> int:
    """The end of what such a quote opened; one that is escaped once more belongs to the value."""
    while (found := text.find(quote, at)) >= 0:
        if text[found - 1] != "\\":
            return found + len(quote)
        at = found + 1
    return len(text)
