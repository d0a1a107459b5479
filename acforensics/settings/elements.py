"""clp.conf as entries with flat values: what stands where, and on which line. It knows XML, not what is meant.

Paths are written as clpcfset writes them (`policy@svr031/order`), as tuples of their parts. The document is hostile
until proven otherwise: document types and entities are refused, depth, number and size of values are bounded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Literal
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from acforensics.masking import mask_secrets
from acforensics.texts import Text, text

_DEEPEST = 60
_MOST_VALUES = 100_000
_LONGEST_TEXT = 1000
_LONGEST_NAME = 255
# The children of these are entries, where elsewhere the children of the root are.
_LISTS = frozenset(("resource", "monitor"))

Basis = Literal["found", "default", "unknown"]
Why = Literal["", "lost", "twice", "no-default", "no-place"]
Path = tuple[str, ...]


@dataclass(frozen=True)
class Value:
    """One setting: what was read, or the product's default where it is absent; where neither is known, why not."""

    text: str | None = None
    basis: Basis = "unknown"
    line: int | None = None
    why: Why = ""

    @property
    def number(self) -> int | None:
        """It as a number, where it is one."""
        shown = (self.text or "").strip()
        return int(shown) if shown.isascii() and shown.isdigit() and len(shown) < 16 else None


@cache
def _absent(default: str | None, lost: bool) -> Value:
    if lost:
        return Value(why="lost")
    return Value(why="no-default") if default is None else Value(default, "default")


@dataclass
class Entry:
    """One server, group, resource, monitor or section, with all that stands in it."""

    tag: str
    name: str
    line: int
    lost: bool = False
    """Whether some of it may have been lost."""
    values: dict[Path, tuple[str, int]] = field(default_factory=dict)
    doubles: set[Path] = field(default_factory=set)

    def value(self, *path: str, default: str | None = None) -> Value:
        """The setting at a path, else its default."""
        found = self.values.get(path)
        if path in self.doubles:
            return Value(None, "unknown", found[1] if found else None, "twice")
        if found is not None:
            return Value(found[0], "found", found[1])
        return _absent(default, self.lost)

    def named(self, tag: str) -> dict[str, int]:
        """Names of the children of a sort, each with its line, in the document's order."""
        found: dict[str, int] = {}
        for path, (_, line) in self.values.items():
            head, marked, name = path[0].partition("@")
            if marked and head == tag:
                found.setdefault(name, line)
        return found


@dataclass
class Elements:
    """What was read of a document; `problem` says why some of it is not here."""

    entries: dict[tuple[str, str], Entry] = field(default_factory=dict)
    problem: Text | None = None
    problem_line: int | None = None

    def of(self, tag: str) -> Iterator[Entry]:
        """Entries of a sort: `group`, `resource/exec`, in the document's order."""
        return (entry for entry in self.entries.values() if entry.tag == tag)

    def section(self, tag: str) -> Entry:
        """The only entry of a sort; empty where there is none."""
        found = next(self.of(tag), None)
        return found if found is not None else Entry(tag, "", 0, lost=self.problem is not None)


class _BoundError(Exception):
    """A bound against hostile documents was reached."""


def read(document: str, wanted: Collection[str]) -> Elements:
    """Read the wanted children of the root; of a torn document what stands before the tear."""
    found = Elements()
    body = document.lstrip("\ufeff \t\r\n")
    target = _Target(found, wanted, document.count("\n", 0, len(document) - len(body)))
    parser = DefusedXMLParser(target=target, forbid_dtd=True)
    target.parser = parser
    try:
        parser.feed(body)
        parser.close()
    except ParseError as error:
        line = error.position[0] + target.lines_before
        found.problem, found.problem_line = text("settings.problem.torn", line=line), line
    except DefusedXmlException:
        found.problem, found.problem_line = text("settings.problem.entities", line=target.line), target.line
        found.entries.clear()
    except _BoundError:
        found.problem, found.problem_line = text("settings.problem.too-much", line=target.line), target.line
    except ValueError:
        found.problem, found.problem_line = text("settings.problem.torn", line=target.line), target.line
    if found.problem is None and not target.has_root:
        found.problem, found.problem_line = text("settings.problem.no-root"), 1
    target.mark_lost()
    return found


class _Target:
    """Takes the parser's events."""

    def __init__(self, found: Elements, wanted: Collection[str], lines_before: int) -> None:
        self.parser: DefusedXMLParser | None = None
        self.lines_before = lines_before
        self.has_root = False
        self._found = found
        self._wanted = wanted
        self._labels: list[str] = []
        self._begun: list[int] = []
        self._entry: Entry | None = None
        self._entry_depth = 0
        self._leaf = False
        self._text: list[str] = []
        self._length = 0
        self._values = 0

    @property
    def line(self) -> int:
        """Where the parser is."""
        return self.lines_before + (self.parser.parser.CurrentLineNumber if self.parser is not None else 1)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        name = mask_secrets((attributes.get("name", attributes.get("id", "")) or "").strip())[:_LONGEST_NAME]
        self._labels.append(f"{tag}@{name}" if name else tag)
        self._begun.append(self.line)
        self._leaf, self._text, self._length = True, [], 0
        depth = len(self._labels)
        if depth > _DEEPEST:
            raise _BoundError
        if depth == 1:
            self.has_root = tag == "root"
        elif self._entry is None and self.has_root:
            self._begin_entry(tag, name, depth)
        elif self._entry is not None and name:
            self._keep("")

    def _begin_entry(self, tag: str, name: str, depth: int) -> None:
        parent = self._labels[1]
        in_list = parent in _LISTS
        if parent.partition("@")[0] not in self._wanted or depth != (3 if in_list else 2):
            return
        kind = f"{parent}/{tag}" if in_list else tag
        self._count()
        # What stands twice is one entry; where its two parts differ, neither is believed.
        self._entry = self._found.entries.setdefault((kind, name), Entry(kind, name, self.line))
        self._entry_depth = depth

    def end(self, tag: str) -> None:
        """An element ends."""
        if self._entry is not None:
            if len(self._labels) > self._entry_depth and self._leaf:
                self._keep(mask_secrets("".join(self._text).strip()))
            elif len(self._labels) == self._entry_depth:
                self._entry = None
        self._labels.pop()
        self._begun.pop()
        self._leaf = False

    def data(self, data: str) -> None:
        """Text of an element."""
        if self._leaf and self._entry is not None and self._length < _LONGEST_TEXT:
            self._text.append(data[:_LONGEST_TEXT])
            self._length += len(data)

    def close(self) -> None:
        """The document ends."""

    def mark_lost(self) -> None:
        """What was open at a tear may have had more; so may all, where parts that stand twice would follow."""
        if self._entry is not None:
            self._entry.lost = True

    def _keep(self, value: str) -> None:
        if self._entry is None:
            return
        path = tuple(self._labels[self._entry_depth :])
        before = self._entry.values.get(path)
        if before is None or not before[0]:
            if before is None:
                self._count()
            self._entry.values[path] = (value, self._begun[-1])
        elif value and value != before[0]:
            self._entry.doubles.add(path)

    def _count(self) -> None:
        self._values += 1
        if self._values > _MOST_VALUES:
            raise _BoundError
