"""tree-sitter's nodes of redirections → what of them a command gets, and which commands are run for them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from acforensics.settings.shell_tree import Command, Part, Word
from acforensics.settings.shell_words import Words

if TYPE_CHECKING:
    from tree_sitter import Node

REDIRECTS = frozenset(("file_redirect", "heredoc_redirect", "herestring_redirect"))
Joined = list[tuple[str, Command]]
_NO_TARGET = frozenset((">&-", "<&-"))
_SUBSTITUTES = re.compile(r"(?<!\\)(?:`|\$\()")


class Redirects:
    """Reads redirections with a reader of `words` and one of commands."""

    def __init__(self, words: Words, command: Callable[[Node], Command]) -> None:
        self._words = words
        self._command = command

    def words(self, node: Node, aside: list[Word], joined: Joined | None = None) -> list[Word]:
        """The words behind a redirection that are the command's: the grammar gives them to the redirection.

        Words of it for which commands are run go to `aside`; what stands behind a here-document's start to `joined`.
        """
        if node.type == "heredoc_redirect":
            return self._here_document(node, aside, joined)
        operator = next(child for child in node.children if not child.is_named)
        words = self._words.words(child for child in node.children if child.start_byte >= operator.end_byte)
        count = 0 if operator.type in _NO_TARGET else 1
        aside += [word for word in words[:count] if word.substitutes]
        return words[count:]

    def _here_document(self, node: Node, aside: list[Word], joined: Joined | None) -> list[Word]:
        words: list[Word] = []
        operands: list[Node] = []
        sign = ""
        literal = False
        for child in node.children:
            if child.type == "heredoc_start":
                literal = bool(set(self._words.text(child.start_byte, child.end_byte)) & set("'\"\\"))
            elif child.type == "heredoc_body":
                aside += [] if literal else self._substituted(child)
            elif child.type in REDIRECTS:
                words += self.words(child, aside, joined)
            elif child.type in ("heredoc_end", "comment"):
                continue
            elif child.type in ("&&", "||"):
                sign = child.type
            elif child.type == "pipeline" and joined is not None:
                parts = [one for one in child.children if one.is_named and one.type != "comment"]
                joined += [("|", self._command(one)) for one in parts]
            elif sign and joined is not None:
                joined.append((sign, self._command(child)))
            elif child.is_named:
                operands.append(child)
        return [*self._words.words(operands), *words]

    def _substituted(self, body: Node) -> list[Word]:
        """What is run for a here-document."""
        inner = [child for child in body.children if child.type == "command_substitution"]
        others = (child for child in body.children if child.type != "command_substitution")
        found = self._words.words(inner)
        if any(_SUBSTITUTES.search(self._words.text(other.start_byte, other.end_byte)) for other in others):
            found.append(Word(body.start_point[0] + 1, [Part("command", "", True)]))
        return found
