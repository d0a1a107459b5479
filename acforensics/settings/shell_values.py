"""Words → what a command gets, as far as it can be told."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from acforensics.settings.shell_state import State
from acforensics.settings.shell_tree import Part, Word

Substitute = Callable[[Part, State], None]
_LONGEST = 4096
_NEVER_DIVIDES = re.compile(r"[\w.-]*")


class Values:
    """Values of words; `substitute` does what a command substitution does besides giving one.

    Variables that are `typed` may have other values than they were given. Where the script `divides` words by itself
    (`IFS`), what is not quoted may be any number of words.
    """

    def __init__(self, substitute: Substitute, typed: frozenset[str], *, divides: bool) -> None:
        self._substitute = substitute
        self._typed = typed
        self._divides = divides

    def set(self, state: State, name: str, value: str | None, *, added: bool = False) -> None:
        """Give a variable a value."""
        if added:
            before = state.values.get(name)
            value = None if value is None or before is None else before + value
        known = value is not None and len(value) < _LONGEST and name not in self._typed
        state.values[name] = value if known else None

    def value(self, word: Word, state: State) -> str | None:
        """A word as one value; `None` where it cannot be told."""
        found: str | None = ""
        for part in word.parts:
            value = self._part(part, state)
            found = None if found is None or value is None else found + value
        return found

    def _part(self, part: Part, state: State) -> str | None:
        state.values.update(dict.fromkeys(part.changes))
        if part.kind == "text":
            return part.value
        if part.kind == "command":
            self._substitute(part, state)
        if part.kind != "variable":
            return None
        value = state.values.get(part.value)
        if value == "" and part.otherwise is not None:
            value = part.otherwise
            if part.keeps:
                self.set(state, part.value, value)
        return value

    def fields(self, words: Sequence[Word], state: State) -> list[str | None]:
        """Words as a command gets them: what is not quoted and empty vanishes, and blanks divide it."""
        found: list[str | None] = []
        for word in words:
            value = self.value(word, state)
            bare = word.parts and not any(part.quoted or part.kind == "text" for part in word.parts)
            if value is None or (self._divides and not _whole(word) and not _NEVER_DIVIDES.fullmatch(value)):
                found.append(None)
            elif bare:
                found += value.split()
            else:
                found.append(value)
        return found


def _whole(word: Word) -> bool:
    return all(part.quoted or part.kind == "text" for part in word.parts)
