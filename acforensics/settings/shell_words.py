"""tree-sitter's nodes → words. Their text is taken from the source, between the places that the nodes give."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from acforensics.settings.shell_tree import AndOr, Block, Command, Part, PartKind, ShellError, Word

if TYPE_CHECKING:
    from tree_sitter import Node

_DIVIDED = frozenset(("concatenation", "variable_assignment", "variable_assignments", "command_name"))
_LITERAL = frozenset((
    *("word", "number", "test_operator", "variable_name", "subscript", "extglob_pattern", "regex", "$"),
    *("=", "==", "!=", "=~", "+=", "<", ">", "!", "]", "export", "local", "readonly", "declare", "typeset", "unset"),
    *("unsetenv",),
))  # fmt: skip
_NO_COMMAND_INSIDE = frozenset(("brace_expression", "ansi_c_string"))
_ESCAPED = re.compile(r"\\(\n|.)?", re.DOTALL)
_ESCAPED_IN_QUOTES = re.compile(r'\\([\n"\\$`])', re.DOTALL)
_SPECIAL = re.compile(r"""["'`]|\$[\w({?#$!@*-]|[@?*+!]\(""", re.ASCII)
_EXPANDED_IN_QUOTES = re.compile(r"`|\$[\w({?#$!@*-]", re.ASCII)
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w*|[0-9]|[?#$!@*-])\}|([A-Za-z_]\w*|[0-9]|[?#$!@*-]))", re.ASCII)
_NO_VARIABLE = re.compile(r"\$\s+\w*")
_DEFAULT = re.compile(r"\$\{([A-Za-z_]\w*|[0-9]):([-=])([^$`{}\"'\\]*)\}", re.ASCII)
_KEPT_DEFAULT = re.compile(r"\$\{([A-Za-z_]\w*)(?:\[[^]$]{0,100}\])?:?=", re.ASCII)
_NAMES = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_ASSIGNS = re.compile(r"\+\+|--|=")
_IN_BACKQUOTES = re.compile(r"\\([`$\\])")
_CONTINUED = re.compile(rb"(?:\\\n)*")


class Words:
    """Makes words of nodes; `block` makes commands of what stands in a substitution."""

    def __init__(
        self,
        source: bytes,
        block: Callable[[Iterable[Node]], list[Command]],
        parse_text: Callable[[str], list[Command]],
    ) -> None:
        self._source = source
        self._block = block
        self._parse_text = parse_text

    def text(self, start: int, end: int) -> str:
        """A stretch of the source."""
        return self._source[start:end].decode("utf-8", "surrogatepass")

    def words(self, nodes: Iterable[Node]) -> list[Word]:
        """Words; nodes between which there is nothing, or only a line's continuation, are one."""
        found: list[Word] = []
        before: Node | None = None
        for node in _pieces(nodes):
            parts = self._parts(node)
            if before is None or not _CONTINUED.fullmatch(self._source, before.end_byte, node.start_byte):
                if before is not None and self.ends_line(before, node):
                    raise ShellError(node.start_point[0] + 1)
                found.append(Word(node.start_point[0] + 1))
            elif before.type == "$":
                parts = _behind_dollar(node, parts, found[-1].parts)
            for part in parts:
                _add(part, found[-1].parts)
            before = node
        return found

    def ends_line(self, before: Node, behind: Node) -> bool:
        """Whether two nodes stand on lines of their own: the grammar joins some that a shell does not."""
        return b"\n" in self._source[before.end_byte : behind.start_byte].replace(b"\\\n", b"")

    def word(self, nodes: Iterable[Node], line: int) -> Word:
        """Nodes that make exactly one word."""
        found = self.words(nodes)
        if len(found) != 1:
            raise ShellError(line)
        return found[0]

    def _parts(self, node: Node) -> list[Part]:
        if node.type == "string":
            return self._string(node)
        if node.type == "raw_string":
            return [Part("text", self.text(node.start_byte + 1, node.end_byte - 1), True)]
        if node.type in _LITERAL:
            return _literal(self.text(node.start_byte, node.end_byte), escapes=node.type != "regex")
        return [self._expansion(node, quoted=False)]

    def _string(self, node: Node) -> list[Part]:
        found = [Part("text", "", True)]
        at = node.start_byte + 1
        ends = [
            (child.start_byte, child) for child in node.children if child.is_named and child.type != "string_content"
        ]
        for end, child in [*ends, (node.end_byte - 1, None)]:
            between = self.text(at, end)
            unescaped = _ESCAPED_IN_QUOTES.sub("", between)
            if _EXPANDED_IN_QUOTES.search(unescaped):
                raise ShellError(node.start_point[0] + 1)
            if between:
                shown = _ESCAPED_IN_QUOTES.sub(lambda match: match[1].strip("\n"), between)
                found.append(Part("text", shown, True))
            if child is not None:
                found.append(self._expansion(child, quoted=True))
                at = child.end_byte
        return found

    def _expansion(self, node: Node, *, quoted: bool) -> Part:
        text = self.text(node.start_byte, node.end_byte)
        substitutes = "$(" in text or "`" in text
        match node.type:
            case "command_substitution" if text.startswith("`"):
                return Part("command", "", quoted, commands=self._backquotes(text[1:-1], node, quoted))
            case "command_substitution":
                return Part("command", "", quoted, commands=self._block(node.children[1:-1]))
            case "process_substitution":
                inner = AndOr(Block(self._block(node.children[1:-1]), own_shell=True), background=True)
                return Part("command", "", quoted, commands=[inner])
            case "simple_expansion" | "expansion":
                if _NO_VARIABLE.fullmatch(text):
                    return Part("text", text, True)
                if match := _VARIABLE.fullmatch(text):
                    return Part("variable", match[1] or match[2], quoted)
                if match := _DEFAULT.fullmatch(text):
                    return Part("variable", match[1], quoted, match[3], keeps=match[2] == "=")
            case "arithmetic_expansion":
                return arithmetic(text, quoted=quoted)
            case "ansi_c_string" if "\\" not in text:
                return Part("text", text[2:-1], True)
            case "array" | "ansi_c_string" | "brace_expression":
                pass
            case _:
                raise ShellError(node.start_point[0] + 1)
        kind: PartKind = "command" if substitutes and node.type not in _NO_COMMAND_INSIDE else "unknown"
        return Part(kind, "", quoted, changes=_KEPT_DEFAULT.findall(text) if node.type == "expansion" else ())

    def _backquotes(self, text: str, node: Node, quoted: bool) -> list[Command]:
        if "`" in _ESCAPED.sub("", text):
            raise ShellError(node.start_point[0] + 1)
        content = _IN_BACKQUOTES.sub(r"\1", text)
        try:
            return self._parse_text(content.replace('\\"', '"') if quoted else content)
        except ShellError as error:
            raise ShellError(node.start_point[0] + error.line) from None


def _pieces(nodes: Iterable[Node]) -> Iterator[Node]:
    for node in nodes:
        if node.type in _DIVIDED:
            yield from _pieces(node.children)
        elif node.type != "comment":
            yield node


def _behind_dollar(node: Node, parts: list[Part], before: list[Part]) -> list[Part]:
    """What stands behind a `$` that the grammar took for text: `$"…"`, or a name after a quoted string."""
    name = _NAMES.match(parts[0].value) if node.type == "word" and not parts[0].quoted else None
    if name is None and node.type != "string":
        return [Part("unknown", "", False)]
    text = before.pop().value[:-1]
    before += [Part("text", text, False)] if text else []
    if name is None:
        return parts
    rest = parts[0].value[name.end() :]
    return [Part("variable", name.group(), False), *([Part("text", rest, False)] if rest else []), *parts[1:]]


def _add(part: Part, parts: list[Part]) -> None:
    """Text that the grammar divides (`A`, `=`, `x`) is one part again."""
    if parts and part.kind == parts[-1].kind == "text" and not part.quoted and not parts[-1].quoted:
        part = Part("text", parts.pop().value + part.value, False)
    parts.append(part)


def _literal(text: str, *, escapes: bool) -> list[Part]:
    """Text outside of quotes, in which a backslash quotes the character behind it."""
    if _SPECIAL.search(_ESCAPED.sub("", text)):
        return [Part("unknown", "", False)]
    if "\\" not in text or not escapes:
        return [Part("text", text, False)]
    found: list[Part] = []
    at = 0
    for match in _ESCAPED.finditer(text):
        if match.start() > at:
            found.append(Part("text", text[at : match.start()], False))
        if match[1] != "\n":
            found.append(Part("text", match[1] or "\\", True))
        at = match.end()
    return [*found, Part("text", text[at:], False)] if at < len(text) else found


def names_in(text: str) -> Sequence[str]:
    """All names in arithmetic, which it may set."""
    return _NAMES.findall(text)


def arithmetic(text: str, *, quoted: bool) -> Part:
    """`((…))` or `$((…))`: what it gives is not known, nor what it sets."""
    inner = text.removeprefix("$")[2:]
    changes = names_in(text) if _ASSIGNS.search(text) else ()
    return Part("command" if "$(" in inner or "`" in inner else "unknown", "", quoted, changes=changes)
