"""Shell text → words and operators. Nothing is expanded and nothing is run."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

_MOST_TOKENS = 60_000
_OPERATORS = (";;&", ";;", ";&", "&&", "||", "|&", ";", "&", "|", "(", ")", "\n")
_REDIRECTION = re.compile(r"(?:&>>?|<<<|<<-?|<>|>>|>\||[<>]&|[<>])")
_NAME = re.compile(r"[A-Za-z_]\w*|[0-9]|[?#$!@*-]", re.ASCII)
_ARITHMETIC = re.compile(r"\(\([^\n]{0,300}?\)\)")
_DEFAULT = re.compile(r"\{([A-Za-z_]\w*|[0-9])(:?[-=])", re.ASCII)
_PLAIN = re.compile(r"[^\s;&|()<>\"'\\$`#]+")

PartKind = Literal["text", "variable", "command", "unknown"]


class ShellError(Exception):
    """A text that is not understood from a line on."""

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line}")
        self.line = line


@dataclass(frozen=True)
class Part:
    """A piece of a word: text as it is, a variable's name, or the source of a command substitution."""

    kind: PartKind
    value: str
    quoted: bool
    otherwise: str | None = None
    """Of a variable: its value where it is empty (`${A:-x}`)."""


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


@dataclass
class Operator:
    """What separates words."""

    line: int
    sign: str


Token = Word | Operator


def tokens(source: str) -> list[Token]:
    """Split shell text.

    Raises:
        ShellError: a quote or a bracket is never closed, or there is too much of it.
    """
    return _Scanner(source.replace("\r\n", "\n")).scan()


class _Scanner:
    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._line = 1
        self._found: list[Token] = []
        self._here_documents: list[tuple[str, bool]] = []
        self._drop_next = False

    def scan(self) -> list[Token]:
        source = self._source
        while self._at < len(source):
            if len(self._found) > _MOST_TOKENS:
                raise ShellError(self._line)
            character = source[self._at]
            if character in " \t\r\f\v":
                self._at += 1
            elif source.startswith("\\\n", self._at):
                self._at += 2
                self._line += 1
            elif character == "#":
                end = source.find("\n", self._at)
                self._at = len(source) if end < 0 else end
            elif character == "(" and (match := _ARITHMETIC.match(source, self._at)):
                self._at = match.end()
                self._add(Word(self._line, [Part("unknown", "", False)]))
            elif character in "<>&" and (match := _REDIRECTION.match(source, self._at)):
                self._redirect(match)
            elif operator := next((sign for sign in _OPERATORS if source.startswith(sign, self._at)), None):
                self._operate(operator)
            else:
                self._word()
        return self._found

    def _add(self, token: Token) -> None:
        if self._drop_next and isinstance(token, Word):
            self._drop_next = False
            return
        self._drop_next = False
        self._found.append(token)

    def _redirect(self, match: re.Match[str]) -> None:
        sign = match.group()
        self._at = match.end()
        last = self._found[-1] if self._found else None
        before = self._source[match.start() - 1 : match.start()]
        if isinstance(last, Word) and before.isdigit() and (last.plain or "x").isdigit():
            self._found.pop()
        if sign in ("<", ">") and self._source.startswith("(", self._at):
            end = self._closing(self._at)
            self._line += self._source.count("\n", self._at, end)
            self._at = end
            self._add(Word(self._line, [Part("unknown", "", False)]))
        elif sign in ("<<", "<<-"):
            self._await_here_document(sign == "<<-")
        else:
            self._drop_next = True

    def _await_here_document(self, indented: bool) -> None:
        while self._source[self._at : self._at + 1] in (" ", "\t"):
            self._at += 1
        delimiter = self._read_word()
        self._here_documents.append(("".join(part.value for part in delimiter.parts), indented))

    def _operate(self, sign: str) -> None:
        self._at += len(sign)
        self._add(Operator(self._line, sign))
        if sign == "\n":
            self._line += 1
            for delimiter, indented in self._here_documents:
                self._skip_here_document(delimiter, indented)
            self._here_documents = []

    def _skip_here_document(self, delimiter: str, indented: bool) -> None:
        while self._at < len(self._source):
            end = self._source.find("\n", self._at)
            end = len(self._source) if end < 0 else end
            line = self._source[self._at : end].rstrip("\r")
            self._at = min(end + 1, len(self._source))
            self._line += 1
            if (line.lstrip("\t") if indented else line) == delimiter:
                return

    # --- words

    def _word(self) -> None:
        word = self._read_word()
        last = word.parts[-1] if word.parts else None
        if last is not None and last.value.endswith("=") and self._source.startswith("(", self._at):
            # An array: what it holds is not followed.
            end = self._closing(self._at)
            self._line += self._source.count("\n", self._at, end)
            self._at = end
            word.parts.append(Part("unknown", "", False))
        self._add(word)

    def _read_word(self) -> Word:
        source = self._source
        word = Word(self._line)
        while self._at < len(source):
            character = source[self._at]
            if character in " \t\r\f\v\n;&|()<>":
                break
            if match := _PLAIN.match(source, self._at):
                word.parts.append(Part("text", match.group(), False))
                self._at = match.end()
            elif character == "#":
                word.parts.append(Part("text", "#", False))
                self._at += 1
            elif character == "\\":
                self._escape(word)
            elif character == "'":
                end = source.find("'", self._at + 1)
                if end < 0:
                    raise ShellError(self._line)
                self._take_text(word, source[self._at + 1 : end], end + 1)
            elif character == '"':
                self._double_quotes(word)
            else:
                self._expansion(word, False)
        return word

    def _escape(self, word: Word) -> None:
        escaped = self._source[self._at + 1 : self._at + 2]
        self._at += 2
        if escaped == "\n":
            self._line += 1
        elif escaped and escaped != "\r":
            word.parts.append(Part("text", escaped, True))

    def _take_text(self, word: Word, content: str, at: int) -> None:
        word.parts.append(Part("text", content, True))
        self._line += content.count("\n")
        self._at = at

    def _double_quotes(self, word: Word) -> None:
        source = self._source
        begun = self._line
        word.parts.append(Part("text", "", True))
        self._at += 1
        start = self._at
        while self._at < len(source):
            character = source[self._at]
            if character not in '"\\$`':
                self._at += 1
                continue
            if start < self._at:
                self._take_text(word, source[start : self._at], self._at)
            if character == '"':
                self._at += 1
                return
            if character == "\\":
                following = source[self._at + 1 : self._at + 2]
                if following == "\n":
                    self._line += 1
                elif following:
                    shown = following if following in '"\\$`' else "\\" + following
                    word.parts.append(Part("text", shown, True))
                self._at += 2
            else:
                self._expansion(word, True)
            start = self._at
        raise ShellError(begun)

    def _expansion(self, word: Word, quoted: bool) -> None:
        """`$A`, `${A}`, `$(…)`, `$((…))`, backquotes."""
        source = self._source
        if source[self._at] == "`":
            end = self._at + 1
            while end < len(source) and source[end] != "`":
                end += 2 if source[end] == "\\" else 1
            if end >= len(source):
                raise ShellError(self._line)
            self._substitution(word, source[self._at + 1 : end], end + 1, quoted)
            return
        if source.startswith("$((", self._at):
            end = self._closing(self._at + 1)
            self._line += source.count("\n", self._at, end)
            word.parts.append(Part("unknown", "", quoted))
            self._at = end
        elif source.startswith("$(", self._at):
            end = self._closing(self._at + 1)
            self._substitution(word, source[self._at + 2 : end - 1], end, quoted)
        elif source.startswith("${", self._at):
            self._braces(word, quoted)
        elif match := _NAME.match(source, self._at + 1):
            word.parts.append(Part("variable", match.group(), quoted))
            self._at = match.end()
        elif not quoted and source[self._at + 1 : self._at + 2] in ('"', "'"):
            self._at += 1
        else:
            word.parts.append(Part("text", "$", True))
            self._at += 1

    def _substitution(self, word: Word, content: str, at: int, quoted: bool) -> None:
        word.parts.append(Part("command", content, quoted))
        self._line += content.count("\n")
        self._at = at

    def _braces(self, word: Word, quoted: bool) -> None:
        source = self._source
        end = source.find("}", self._at)
        if end < 0:
            raise ShellError(self._line)
        content = source[self._at + 2 : end]
        match = _DEFAULT.match(source, self._at + 1)
        if _NAME.fullmatch(content):
            word.parts.append(Part("variable", content, quoted))
        elif match is not None and not set(source[match.end() : end]) & set("$`{\"'\\"):
            word.parts.append(Part("variable", match[1], quoted, source[match.end() : end]))
        else:
            depth, end = 0, self._at + 1
            while end < len(source):
                depth += {"{": 1, "}": -1}.get(source[end], 0)
                if depth == 0:
                    break
                end += 1
            if end >= len(source):
                raise ShellError(self._line)
            word.parts.append(Part("unknown", "", quoted))
        self._line += source.count("\n", self._at, end)
        self._at = end + 1

    def _closing(self, at: int) -> int:
        """The place behind the bracket that closes the one at a place; quotes inside are heeded."""
        source, depth = self._source, 0
        while at < len(source):
            character = source[at]
            if character == "\\":
                at += 1
            elif character in "'\"":
                at = self._closing_quote(at)
            elif character == "(":
                depth += 1
            elif character == ")":
                depth -= 1
                if depth == 0:
                    return at + 1
            at += 1
        raise ShellError(self._line)

    def _closing_quote(self, at: int) -> int:
        quote = self._source[at]
        at += 1
        while at < len(self._source) and self._source[at] != quote:
            at += 2 if quote == '"' and self._source[at] == "\\" else 1
        return at
