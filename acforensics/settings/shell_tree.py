"""What a script is made of, as far as it is followed: words and commands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

PartKind = Literal["text", "variable", "command", "unknown"]


class ShellError(Exception):
    """A text that is not understood from a line on."""

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line}")
        self.line = line


@dataclass(frozen=True)
class Part:
    """A piece of a word: text as it is, a variable's name, a command substitution, or what cannot be told."""

    kind: PartKind
    value: str
    quoted: bool
    otherwise: str | None = None
    """Of a variable: its value where it is empty (`${A:-x}`)."""
    keeps: bool = False
    """Whether the variable is then set to that (`${A:=x}`)."""
    commands: Sequence[Command] | None = None
    """Of a substitution: what it runs, if that is understood."""
    changes: Sequence[str] = ()
    """Variables that it may set."""


@dataclass
class Word:
    """A word of the source, before anything is expanded."""

    line: int
    parts: list[Part] = field(default_factory=list)

    @property
    def plain(self) -> str | None:
        """Its text, if it is nothing but unquoted text: only then can it be a reserved word."""
        if all(part.kind == "text" and not part.quoted for part in self.parts):
            return "".join(part.value for part in self.parts)
        return None

    @property
    def substitutes(self) -> bool:
        """Whether commands are run for its value."""
        return any(part.kind == "command" for part in self.parts)


@dataclass
class Operator:
    """What stands between the words of `[[ … ]]`."""

    sign: str


@dataclass
class Assignment:
    """`NAME=value`; `added`: to what it had."""

    name: str
    value: Word
    added: bool


@dataclass
class Simple:
    """A command with its words."""

    line: int
    assignments: list[Assignment]
    words: list[Word]


@dataclass
class Condition:
    """`[[ … ]]`, with its operators as they stand."""

    words: list[Word | Operator]


@dataclass
class If:
    """`if … then … elif … else … fi`."""

    arms: list[tuple[list[Command], list[Command]]]
    otherwise: list[Command]


@dataclass
class Arm:
    """`pattern | pattern) … ;;`; `end` is how it ends: `;;`, `;&` (on with the next), `;;&` (on with looking)."""

    patterns: list[Word]
    body: list[Command]
    end: str


@dataclass
class Case:
    """`case … in … esac`."""

    word: Word
    arms: list[Arm]


@dataclass
class Loop:
    """`while`, `until`, `for`, `select`: how often it runs is not known; `surely`: at least once."""

    names: list[str]
    body: list[Command]
    surely: bool


@dataclass
class Function:
    """A definition."""

    name: str
    body: Command


@dataclass
class Block:
    """`{ … }` or `( … )`."""

    body: list[Command]
    own_shell: bool


@dataclass
class Pipeline:
    """Commands that feed one another."""

    parts: list[Command]
    negated: bool


@dataclass
class AndOr:
    """Commands joined by `&&` and `||`; `background`: nobody waits for it."""

    first: Command
    rest: list[tuple[str, Command]] = field(default_factory=list)
    background: bool = False


Command = Simple | Condition | If | Case | Loop | Function | Block | Pipeline | AndOr
