"""Shell text → commands, by tree-sitter's grammar of bash. Nothing is expanded and nothing is run.

The grammar is one for editors: it carries on behind errors and accepts more than a shell does. Behind an error anything
may be part of something else, so a text with one is not followed at all; what a shell refuses is refused here.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING

from acforensics.settings.shell_redirects import REDIRECTS, Redirects
from acforensics.settings.shell_state import TooComplexError
from acforensics.settings.shell_tree import (
    AndOr,
    Arm,
    Assignment,
    Block,
    Case,
    Command,
    Condition,
    Function,
    If,
    Loop,
    Operator,
    Part,
    Pipeline,
    ShellError,
    Simple,
    Word,
)
from acforensics.settings.shell_words import Words, arithmetic, names_in

if TYPE_CHECKING:
    from tree_sitter import Language, Node

_DEEPEST = 40
_MOST_SECONDS = 2.0
_MOST_BYTES = 512 << 10
_MOST_NODES = 60_000
# The grammar goes back in here-documents, and each block that it is given stays in memory until it is done.
_BLOCK = 1024
# What the grammar takes for something of its own is hidden from it: bytes that are not ASCII, which it calls blanks or
# not by the locale; and `[`, which is a command like any other, with words of which the grammar knows only some.
_HIDDEN = re.compile(rb"[\x80-\xff\r\f\v]")
_BRACKET = re.compile(rb"(?<![^\s;&|(!`])\[(?=[ \t\\])")
_ASSIGNED = re.compile(r"([A-Za-z_]\w*)(\[[^]]*\])?(\+?=)", re.ASCII)
_RESERVED = frozenset(("if", "then", "elif", "else", "fi", "do", "done", "case", "esac", "while", "until", "{", "}"))
_OPERANDS = frozenset(("binary_expression", "unary_expression", "parenthesized_expression"))
_SIGNS = frozenset(("(", ")", "&&", "||"))
_ENDS_OF_ARM = frozenset((";;", ";&", ";;&"))


def parse(source: str) -> list[Command]:
    """Parse shell text.

    Raises:
        ShellError: it is not understood.
        TooComplexError: it is too long, or that takes too long.
    """
    return _Reader(source, 0, _Room()).commands()


class _Room:
    """How much may be read in all, however a text is divided into texts within it."""

    def __init__(self) -> None:
        self._bytes = _MOST_BYTES
        self._nodes = _MOST_NODES

    def take(self, source: bytes) -> None:
        """A text is read."""
        self._bytes -= len(source)
        if self._bytes < 0:
            raise TooComplexError

    def hold(self, root: Node) -> None:
        """It was read."""
        self._nodes -= root.descendant_count
        if self._nodes < 0:
            raise TooComplexError


@cache
def _language() -> Language:
    import tree_sitter_bash
    from tree_sitter import Language

    return Language(tree_sitter_bash.language())


def _root(source: bytes) -> Node:
    from tree_sitter import Parser

    begun = time.thread_time()
    try:
        tree = Parser(_language()).parse(
            lambda at, _: source[at : at + _BLOCK],
            progress_callback=lambda *_: time.thread_time() - begun > _MOST_SECONDS,
        )
    except ValueError:
        raise TooComplexError from None
    return tree.root_node


class _Reader:
    def __init__(self, source: str, depth: int, room: _Room) -> None:
        self._source = source.replace("\r\n", "\n").encode("utf-8", "surrogatepass")
        self._depth = depth
        self._room = room
        self._words = Words(self._source, self._inner, self._parse_text)
        self._redirects = Redirects(self._words, self._command)

    def commands(self) -> list[Command]:
        if b"\0" in self._source or self._depth > _DEEPEST:
            raise ShellError(self._source[: self._source.find(b"\0")].count(b"\n") + 1)
        self._room.take(self._source)
        root = _root(_BRACKET.sub(b"_", _HIDDEN.sub(b",", self._source)))
        if root.has_error or root.is_error:
            raise ShellError(self._line_of_error(root))
        self._room.hold(root)
        return self._block(root.children)

    def _parse_text(self, source: str) -> list[Command]:
        return _Reader(source, self._depth + 1, self._room).commands()

    def _line_of_error(self, root: Node) -> int:
        node = root
        while not (node.is_error or node.is_missing):
            node = next(child for child in node.children if child.has_error or child.is_error or child.is_missing)
        # What was complete in front of an error is a node with a name.
        node = next((child for child in node.children if not child.is_named), node)
        at = node.start_byte
        if node.is_missing:
            at = len(self._source[:at].rstrip()) - 1
        else:
            at += len(self._source[at:]) - len(self._source[at:].lstrip())
        return self._source.count(b"\n", 0, max(at, 0)) + 1

    # --- commands

    def _inner(self, nodes: Iterable[Node]) -> list[Command]:
        """Commands in a substitution, whose only one may be a redirection: `$(< file)`."""
        return self._block([node for node in nodes if node.type not in REDIRECTS])

    def _body(self, nodes: Sequence[Node], line: int) -> list[Command]:
        """Commands where a shell wants at least one."""
        found = self._block(nodes)
        if not found:
            raise ShellError(line)
        return found

    def _block(self, nodes: Iterable[Node]) -> list[Command]:
        found: list[Command] = []
        before: Node | None = None
        for node in nodes:
            if node.type == "&" and before is not None:
                self._refuse_joined(before)
                last = found[-1]
                found[-1] = AndOr(last.first, last.rest, True) if isinstance(last, AndOr) else AndOr(last, [], True)
            elif node.is_named and node.type != "comment":
                found.append(self._command(node))
                before = node
            elif node.type not in (";", "\n", "comment"):
                raise ShellError(_line(node))
        return found

    def _command(self, node: Node) -> Command:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ShellError(_line(node))
        found: Command
        match node.type:
            case "command" | "declaration_command" | "unset_command" | "variable_assignment" | "variable_assignments":
                found = self._simple(node)
            case "test_command" if node.children[0].type == "[[":
                found = Condition(self._operands(node.children[1:-1]))
            case "list":
                found = self._list(node)
            case "pipeline" | "negated_command":
                found = self._pipeline(node)
            case "redirected_statement":
                found = self._redirected(node)
            case "compound_statement" if node.children[0].type == "((":
                found = self._arithmetic(node)
            case "compound_statement" | "subshell":
                body = self._body(node.children[1:-1], _line(node))
                found = Block(body, own_shell=node.type == "subshell")
            case "if_statement":
                found = self._if(node)
            case "case_statement":
                found = self._case(node)
            case "for_statement" | "while_statement" | "c_style_for_statement":
                found = self._loop(node)
            case "function_definition":
                names = self._words.word(node.children_by_field_name("name"), _line(node))
                inner = node.child_by_field_name("body")
                if inner is None or names.plain is None:
                    raise ShellError(_line(node))
                found = Function(names.plain, self._command(inner))
            case _:
                raise ShellError(_line(node))
        self._depth -= 1
        return found

    def _lines(self, node: Node) -> list[list[Node]]:
        """What makes a command; the grammar joins `A=1 B=2` with a command on the next line."""
        found: list[list[Node]] = [[]]
        for child in node.children if node.type != "variable_assignment" else [node]:
            before = found[-1][-1] if found[-1] else None
            if before is not None and before.type == "variable_assignment" and self._words.ends_line(before, child):
                found.append([])
            found[-1].append(child)
        return found

    def _refuse_joined(self, node: Node) -> None:
        """Where only the last of joined lines is meant, but the grammar gives all of them."""
        while node.type in ("list", "pipeline", "redirected_statement", "negated_command"):
            node = next(child for child in node.children if child.is_named and child.type != "comment")
        if node.type == "command" and len(self._lines(node)) > 1:
            raise ShellError(_line(node))

    def _simple(self, node: Node) -> Command:
        lines = [self._one_simple(children) for children in self._lines(node)]
        return lines[0] if len(lines) == 1 else Block(lines, own_shell=False)

    def _one_simple(self, children: Sequence[Node]) -> Command:
        aside: list[Word] = []
        words = self._words.words(child for child in children if child.type not in REDIRECTS)
        for child in children:
            if child.type in REDIRECTS:
                words += self._redirects.words(child, aside)
        found = Simple(words[0].line if words else _line(children[0]), [], words)
        while words and (assignment := _assignment(words[0])) is not None:
            found.assignments.append(assignment)
            words.pop(0)
        if words and words[0].plain in _RESERVED:
            raise ShellError(words[0].line)
        return _after(aside, found)

    def _arithmetic(self, node: Node) -> Command:
        """`((…))`, which is `let "…"`: its status is not known."""
        line = _line(node)
        inner = arithmetic(self._words.text(node.start_byte, node.end_byte), quoted=True)
        return Simple(line, [], [Word(line, [Part("text", "let", False)]), Word(line, [inner])])

    def _operands(self, nodes: Sequence[Node]) -> list[Word | Operator]:
        """The words and operators of `[[ … ]]` in their order, however they are nested."""
        flat: list[Node] = []
        waiting = list(reversed(nodes))
        while waiting:
            node = waiting.pop()
            if node.type in _OPERANDS:
                waiting += reversed(node.children)
            elif node.type != "\n":
                flat.append(node)
        found: list[Word | Operator] = []
        run: list[Node] = []
        for one in flat:
            if one.type in _SIGNS:
                found += [*self._words.words(run), Operator(one.type)]
                run = []
            else:
                run.append(one)
        return [*found, *self._words.words(run)]

    def _list(self, node: Node) -> Command:
        rest: list[tuple[str, Node]] = []
        while node.type == "list":
            first, sign, second = (child for child in node.children if child.type not in ("comment", "\n"))
            if second.type == "list":
                raise ShellError(_line(second))
            rest.append((sign.type, second))
            node = first
        first_command = self._command(node)
        return AndOr(first_command, [(sign, self._command(one)) for sign, one in reversed(rest)])

    def _pipeline(self, node: Node) -> Command:
        self._refuse_joined(node)
        negated = False
        parts = [node]
        if node.type == "pipeline":
            parts = [child for child in node.children if child.is_named and child.type != "comment"]
        # The grammar takes `! a | b` for `(! a) | b`.
        while parts[0].type == "negated_command":
            negated = not negated
            parts[0] = next(child for child in parts[0].children if child.is_named and child.type != "comment")
        return Pipeline([self._command(one) for one in parts], negated)

    def _redirected(self, node: Node) -> Command:
        aside: list[Word] = []
        words: list[Word] = []
        joined: list[tuple[str, Command]] = []
        body: Command = Simple(_line(node), [], [])
        is_simple = True
        for child in node.children:
            if child.type in REDIRECTS:
                words += self._redirects.words(child, aside, joined)
            elif child.type != "comment":
                body = self._command(child)
                is_simple = child.type not in ("list", "pipeline", "negated_command")
        if words and isinstance(body, Simple):
            body.words += words
        elif words or ((joined or aside) and not is_simple):
            raise ShellError(_line(node))
        found = _after(aside, body)
        for sign, following in joined:
            found = Pipeline([found, following], False) if sign == "|" else AndOr(found, [(sign, following)])
        return found

    # --- compound commands

    def _if(self, node: Node) -> Command:
        arms: list[tuple[list[Command], list[Command]]] = []
        otherwise: list[Command] = []
        more = [child for child in node.children if child.type in ("elif_clause", "else_clause")]
        for clause in (node, *more):
            line = clause.end_point[0] + 1
            parts = _sections([child for child in clause.children if child not in more], ("then", "else", "fi"))
            if clause.type == "else_clause":
                otherwise = self._body(parts["else"], line)
            else:
                arms.append((self._body(parts[""][1:], line), self._body(parts["then"], line)))
        return If(arms, otherwise)

    def _case(self, node: Node) -> Command:
        parts = _sections(node.children, ("case", "in"))
        found = Case(self._words.word(parts["case"], _line(node)), [])
        for item in parts["in"]:
            if item.type == "case_item":
                sides = _sections(item.children, (")",))
                patterns: list[list[Node]] = [[]]
                for child in sides[""]:
                    if child.type == "|":
                        patterns.append([])
                    elif child.type not in ("(", "\n"):
                        patterns[-1].append(child)
                ends = [child.type for child in sides[")"] if child.type in _ENDS_OF_ARM]
                body = self._block(child for child in sides[")"] if child.type not in _ENDS_OF_ARM)
                words = [self._words.word(one, _line(item)) for one in patterns]
                found.arms.append(Arm(words, body, ends[0] if ends else ";;"))
        return found

    def _loop(self, node: Node) -> Command:
        group = node.children[-1]
        body = self._body(group.children[1:-1], group.end_point[0] + 1)
        head = node.children[1:-1]
        if node.type == "while_statement":
            return Loop([], [*self._body(head, _line(node)), *body], surely=False)
        if node.type == "c_style_for_statement":
            text = self._words.text(node.start_byte, group.start_byte)
            return Loop(list(names_in(text)), body, surely=False)
        name = self._words.text(head[0].start_byte, head[0].end_byte)
        items = self._words.words(child for child in head[1:] if child.is_named)
        surely = any(part.kind == "text" and part.value for word in items for part in word.parts)
        return Loop([name], body, surely)


def _line(node: Node) -> int:
    return node.start_point[0] + 1


def _sections(nodes: Iterable[Node], keywords: Iterable[str]) -> dict[str, list[Node]]:
    """Nodes by the keyword that they stand behind; only the first of each keyword divides."""
    found: dict[str, list[Node]] = {key: [] for key in ("", *keywords)}
    now, seen = "", {""}
    for node in nodes:
        if not node.is_named and node.type in found and node.type not in seen:
            now = node.type
            seen.add(now)
        else:
            found[now].append(node)
    return found


def _after(aside: Sequence[Word], command: Command) -> Command:
    """A command behind the substitutions of its redirections."""
    if not aside:
        return command
    return Block([Simple(aside[0].line, [Assignment("_", one, added=False) for one in aside], []), command], False)


def _assignment(word: Word) -> Assignment | None:
    first = word.parts[0] if word.parts else None
    match = _ASSIGNED.match(first.value) if first is not None and first.kind == "text" and not first.quoted else None
    if first is None or match is None:
        return None
    rest = first.value[match.end() :]
    value = Word(word.line, [*([Part("text", rest, False)] if rest else []), *word.parts[1:]])
    if match[2]:
        value.parts.append(Part("unknown", "", False))  # an element of an array
    return Assignment(match[1], value, added=match[3] == "+=")
