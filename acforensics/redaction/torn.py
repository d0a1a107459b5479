"""Names that were cut with the line they stand in: the beginning of a name is no name, and yet it tells whose it is."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator

from acforensics.redaction.pseudonyms import Pseudonyms

_SHORTEST_CUT = 190
"""Readers cut lines to 200 characters and more; what is shorter is whole."""
_LEAST_OF_NAME, _LEAST_OF_SHAPE = 2, 4
# Where a cut line may end: with the text, or quoted in a message of ours.
_ENDS = re.compile(r"['\"]\)|\Z")
_WORD = re.compile(r"\S{1,300}\Z")
_BEGINNING = re.compile(r"(?<![A-Za-z0-9])(?=[A-Za-z0-9])")
_LOST = "…"


class Torn:
    """Takes the beginnings of names away from the ends of long texts."""

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        self._words = pseudonyms.words
        self._names = sorted({name.lower() for name in _spelled(pseudonyms)})
        self._shapes = sorted({spelled for pairs in pseudonyms.shapes.items() for spelled in _spellings(*pairs)})

    def without(self, text: str) -> str:
        """The text; of a name that was cut at its end, or at that of a quoted line, nothing is left."""
        if len(text) < _SHORTEST_CUT:
            return text
        for end in reversed([match.start() for match in _ENDS.finditer(text, _SHORTEST_CUT)]):
            start = self._torn(text[:end])
            if start is not None:
                text = text[:start] + _LOST + text[end:]
        return text

    def _torn(self, text: str) -> int | None:
        """Where the last word, or a part of it, begins as a name does and goes on no further."""
        word = _WORD.search(text[-300:])
        if word is None:
            return None
        last = word[0].lower()
        for place in (match.start() for match in _BEGINNING.finditer(last)):
            begun = last[place:]
            # A whole name is replaced, even where another one goes on from it.
            if begun in self._words:
                continue
            if (len(begun) >= _LEAST_OF_NAME and _begins(self._names, begun)) or (
                len(begun) >= _LEAST_OF_SHAPE and _begins(self._shapes, begun)
            ):
                return len(text) - len(begun)
        return None


def _begins(names: list[str], begun: str) -> bool:
    """Whether one of the names begins so, and is longer."""
    place = bisect_right(names, begun)
    return place < len(names) and names[place].startswith(begun)


def _spelled(pseudonyms: Pseudonyms) -> Iterable[str]:
    return (*pseudonyms.words, *pseudonyms.ordinary, *pseudonyms.hosts, *pseudonyms.users, *pseudonyms.domains)


def _spellings(shape: str, pairs: dict[str, str]) -> Iterator[str]:
    """How addresses and identifiers are written, in small letters."""
    for token in map(str.lower, pairs):
        yield token
        if shape == "mac":
            octets = [token[i : i + 2] for i in range(0, len(token), 2)]
            yield from (mark.join(octets) for mark in ":-")
            yield ".".join(token[i : i + 4] for i in range(0, len(token), 4))
        elif shape == "id":
            yield "-".join((token[:8], token[8:12], token[12:16], token[16:20], token[20:]))
