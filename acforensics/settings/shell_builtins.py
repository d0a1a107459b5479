"""What commands do that hold no other commands: to the shell's variables, to its status, and to what is seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from acforensics.settings import shell_tests
from acforensics.settings.shell_commands import (
    DECLARING,
    HARMLESS,
    LASTING,
    NAMES,
    READING,
    SUCCEEDING,
    exit_status,
    logged,
    microseconds,
    seconds,
)
from acforensics.settings.shell_state import Called, Seen, Slept, State
from acforensics.settings.shell_values import Values

See = Callable[[State, Seen], None]
Words = Sequence[str | None]
_OF_CLUSTERPRO = "CLP_"
_PLACES = [str(i) for i in range(1, 10)]


class Builtins:
    """What each command does; `command` is the one that is looked for."""

    def __init__(self, command: str, values: Values, see: See) -> None:
        self._command = command
        self._values = values
        self._see = see

    def run(self, name: str, words: Words, line: int, state: State) -> None:
        """Run a command with its words."""
        before, state.status = state.status, True if name in SUCCEEDING else None
        if name == self._command:
            self._see(state, Called(tuple(words), line))
        elif name == "sleep":
            self._see(state, Slept(seconds(words), line))
        elif name == "usleep":
            self._see(state, Slept(microseconds(words), line))
        elif name == "logger":
            self._see(state, logged(words, line))
        elif name in ("exit", "return"):
            state.left, state.exit_status = name, exit_status(words, before)
            state.status = None if state.exit_status is None else state.exit_status == 0
        elif name in ("break", "continue"):
            state.left = name
        elif name == "false":
            state.status = False
        elif name in ("[", "test"):
            operands = words[:-1] if name == "[" and words and words[-1] == "]" else words
            state.status = shell_tests.single_brackets(operands)
        elif name in (".", "source"):
            state.ran_unseen()
            state.forget(but=_OF_CLUSTERPRO)
        elif name == "shopt" and "nocasematch" in words:
            # From here on words that differ are alike.
            state.ran_unseen()
            state.forget()
        elif name in DECLARING:
            self._declare(words, state)
        elif name in HARMLESS or name in READING:
            self._set(name, words, state)
        else:
            state.ran_unseen()

    def _declare(self, words: Iterable[str | None], state: State) -> None:
        state.status = True
        for word in words:
            name, equals, value = (word or "").partition("=")
            if word is None:
                state.ran_unseen()
                state.forget()
            elif equals and name.isidentifier():
                self._values.set(state, name, value)

    def _set(self, name: str, words: Words, state: State) -> None:
        if name in LASTING:
            state.took_time()
        if name in READING:
            state.values.update({one: None for word in words for one in NAMES.findall(word or "")})
        elif name == "printf" and "-v" in words[:-1]:
            state.values[words[words.index("-v") + 1] or ""] = None
        elif name == "unset":
            state.values.update(dict.fromkeys((word for word in words if word), ""))
        elif name == "shift":
            _shift(words, state)
        elif name == "set":
            _set_places(words, state)


def _shift(words: Words, state: State) -> None:
    """`$2` becomes `$1`; what was behind `$9` is not known."""
    by = int(words[0]) if words and words[0] and words[0].isascii() and words[0].isdigit() else None if words else 1
    old = [state.values.get(place) for place in _PLACES]
    empty = old[-1] if old[-1] == "" else None
    new = [None] * len(old) if by is None or by > len(old) else [*old[by:], *[empty] * by]
    state.values.update(zip(_PLACES, new, strict=True))


def _set_places(words: Words, state: State) -> None:
    """`set -- a b`; only options change no `$1`."""
    if "--" in words:
        given = words[words.index("--") + 1 :]
        known = [given[i] if i < len(given) else "" for i in range(len(_PLACES))]
        state.values.update(zip(_PLACES, known if None not in given else [None] * len(known), strict=True))
    elif any(word is None or word[:1] not in ("-", "+") for word in words):
        # It may be the name behind `-o` as well.
        state.values.update(dict.fromkeys(_PLACES))
