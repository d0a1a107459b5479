"""Words and operators → commands: the part of the shell's grammar that scripts like stop.sh are written in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from acforensics.settings.shell_words import Operator, Part, ShellError, Token, Word, tokens

_DEEPEST = 40
_ASSIGNED = re.compile(r"([A-Za-z_]\w*)(\+?=)", re.ASCII)
_SEPARATORS = frozenset((";", "&", "\n"))
_ENDS_OF_ARM = frozenset((";;", ";&", ";;&"))


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

    line: int
    words: list[Token]


@dataclass
class If:
    """`if … then … elif … else … fi`."""

    arms: list[tuple[list[Command], list[Command]]]
    otherwise: list[Command]


@dataclass
class Case:
    """`case … in … esac`."""

    word: Word
    arms: list[tuple[list[Word], list[Command]]]
    falls_through: bool


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


def parse(source: str) -> list[Command]:
    """Parse shell text.

    Raises:
        ShellError: it is not understood.
    """
    parser = _Parser(tokens(source))
    body = parser.block(frozenset())
    parser.expect_end()
    return body


class _Parser:
    def __init__(self, found: Sequence[Token]) -> None:
        self._tokens = found
        self._at = 0
        self._depth = 0

    # --- looking at what comes

    def _next(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _line(self) -> int:
        token = self._next() or (self._tokens[-1] if self._tokens else None)
        return token.line if token is not None else 1

    def _sign(self) -> str | None:
        token = self._next()
        return token.sign if isinstance(token, Operator) else None

    def _reserved(self) -> str | None:
        token = self._next()
        return token.plain if isinstance(token, Word) else None

    def _take_word(self) -> Word:
        token = self._next()
        if not isinstance(token, Word):
            raise ShellError(self._line())
        self._at += 1
        return token

    def _expect(self, word: str) -> None:
        self._newlines()
        if self._reserved() != word:
            raise ShellError(self._line())
        self._at += 1

    def _newlines(self) -> None:
        while self._sign() in ("\n", ";"):
            self._at += 1

    def expect_end(self) -> None:
        if self._next() is not None:
            raise ShellError(self._line())

    # --- commands

    def block(self, ends: frozenset[str]) -> list[Command]:
        """Commands up to one of the words or signs that end it."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ShellError(self._line())
        found: list[Command] = []
        while True:
            while self._sign() in _SEPARATORS:
                self._at += 1
            if self._next() is None or self._sign() in ends or self._reserved() in ends:
                break
            begun = self._at
            found.append(self._and_or())
            if self._at == begun:
                raise ShellError(self._line())
        self._depth -= 1
        return found

    def _and_or(self) -> Command:
        found = AndOr(self._pipeline())
        while (sign := self._sign()) in ("&&", "||"):
            self._at += 1
            self._newlines()
            found.rest.append((sign or "", self._pipeline()))
        found.background = self._sign() == "&"
        return found if found.rest or found.background else found.first

    def _pipeline(self) -> Command:
        negated = False
        while self._reserved() == "!":
            negated = not negated
            self._at += 1
        parts = [self._command()]
        while self._sign() in ("|", "|&"):
            self._at += 1
            self._newlines()
            parts.append(self._command())
        return Pipeline(parts, negated) if negated or len(parts) > 1 else parts[0]

    def _command(self) -> Command:
        if self._sign() == "(":
            self._at += 1
            body = self.block(frozenset((")",)))
            self._close(")")
            return Block(body, own_shell=True)
        match self._reserved():
            case "if":
                return self._if()
            case "case":
                return self._case()
            case "while" | "until":
                return self._while()
            case "for" | "select":
                return self._for()
            case "{":
                self._at += 1
                body = self.block(frozenset(("}",)))
                self._expect("}")
                return Block(body, own_shell=False)
            case "[[":
                return self._condition()
            case "function":
                self._at += 1
                return self._function(self._take_word())
            case "then" | "else" | "elif" | "fi" | "do" | "done" | "esac" | "}":
                raise ShellError(self._line())
        return self._simple()

    def _close(self, sign: str) -> None:
        if self._sign() != sign:
            raise ShellError(self._line())
        self._at += 1

    def _if(self) -> Command:
        arms: list[tuple[list[Command], list[Command]]] = []
        otherwise: list[Command] = []
        while self._reserved() in ("if", "elif"):
            self._at += 1
            condition = self.block(frozenset(("then",)))
            self._expect("then")
            arms.append((condition, self.block(frozenset(("elif", "else", "fi")))))
        if self._reserved() == "else":
            self._at += 1
            otherwise = self.block(frozenset(("fi",)))
        self._expect("fi")
        return If(arms, otherwise)

    def _case(self) -> Command:
        self._at += 1
        word = self._take_word()
        self._expect("in")
        found = Case(word, [], falls_through=False)
        self._newlines()
        while self._reserved() != "esac":
            if self._sign() == "(":
                self._at += 1
            patterns = [self._take_word()]
            while self._sign() == "|":
                self._at += 1
                patterns.append(self._take_word())
            self._close(")")
            found.arms.append((patterns, self.block(_ENDS_OF_ARM | {"esac"})))
            if (sign := self._sign()) in _ENDS_OF_ARM:
                found.falls_through = found.falls_through or sign != ";;"
                self._at += 1
            self._newlines()
        self._at += 1
        return found

    def _while(self) -> Command:
        self._at += 1
        condition = self.block(frozenset(("do",)))
        self._expect("do")
        body = self.block(frozenset(("done",)))
        self._expect("done")
        return Loop([], [*condition, *body], surely=False)

    def _for(self) -> Command:
        self._at += 1
        name = self._take_word()
        surely = False
        self._newlines()
        if self._reserved() == "in":
            self._at += 1
            while isinstance(token := self._next(), Word):
                surely = surely or token.plain is not None
                self._at += 1
        self._expect("do")
        body = self.block(frozenset(("done",)))
        self._expect("done")
        return Loop([name.plain or ""], body, surely)

    def _condition(self) -> Command:
        found = Condition(self._line(), [])
        self._at += 1
        while self._reserved() != "]]":
            token = self._next()
            if token is None:
                raise ShellError(found.line)
            if not (isinstance(token, Operator) and token.sign == "\n"):
                found.words.append(token)
            self._at += 1
        self._at += 1
        return found

    def _function(self, name: Word) -> Command:
        if self._sign() == "(":
            self._at += 1
            self._close(")")
        self._newlines()
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ShellError(self._line())
        body = self._command()
        self._depth -= 1
        return Function(name.plain or "", body)

    def _simple(self) -> Command:
        found = Simple(self._line(), [], [])
        while isinstance(token := self._next(), Word):
            assignment = _assignment(token) if not found.words else None
            if assignment is not None:
                found.assignments.append(assignment)
            else:
                found.words.append(token)
            self._at += 1
        if self._sign() == "(" and len(found.words) == 1 and not found.assignments and found.words[0].plain:
            return self._function(found.words[0])
        return found


def _assignment(word: Word) -> Assignment | None:
    first = word.parts[0] if word.parts else None
    match = _ASSIGNED.match(first.value) if first is not None and first.kind == "text" and not first.quoted else None
    if first is None or match is None:
        return None
    rest = first.value[match.end() :]
    value = Word(word.line, [*([Part("text", rest, False)] if rest else []), *word.parts[1:]])
    return Assignment(match[1], value, added=match[2] == "+=")
