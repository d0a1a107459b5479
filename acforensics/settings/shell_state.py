"""One way through a script, and what was seen on it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from acforensics.settings.shell_tree import Command


@dataclass(frozen=True)
class Slept:
    """A wait; `seconds` is `None` where it cannot be told."""

    seconds: float | None
    line: int


@dataclass(frozen=True)
class Logged:
    """A line that logger writes."""

    message: str | None
    tag: str | None
    line: int


@dataclass(frozen=True)
class Called:
    """A call of the command that is looked for, with its words; `None` is one that cannot be told."""

    words: tuple[str | None, ...] = field(repr=False)
    line: int


Seen = Slept | Logged | Called


@dataclass
class State:
    """One way through the script, as far as it was followed."""

    values: dict[str, str | None] = field(repr=False)
    functions: dict[str, Command] = field(default_factory=dict, repr=False)
    seen: tuple[Seen, ...] = field(default=(), repr=False)
    status: bool | None = None
    left: str = ""
    """`exit`, `return` or `break`, once one of them was reached."""
    exit_status: int | None = None
    foreign: bool = False
    """Whether something ran that this text does not hold: it may call the command as well."""
    lasting: frozenset[int] = frozenset()
    """Places in `seen` in front of which something ran that may have taken any time."""

    def ran_unseen(self) -> None:
        """Something ran that this text does not hold."""
        self.foreign = True
        self.took_time()

    def took_time(self) -> None:
        """Something ran that may have waited."""
        self.lasting |= {len(self.seen)}

    def forget(self, but: str | None = None) -> None:
        """Nothing that is set is known any more; `but`: how names begin that nobody sets."""
        self.values = {
            name: value if but is not None and name.startswith(but) else None for name, value in self.values.items()
        }

    def copy(self) -> State:
        """Another way from here on."""
        return replace(self, values=dict(self.values), functions=dict(self.functions))


class TooComplexError(Exception):
    """There are too many ways through the script."""
