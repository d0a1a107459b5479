"""Turns messages of a program that nobody knows into templates: what is the same each time, and what varies.

Numbers, times, addresses and the like always vary. A word varies only where very many different ones were seen in its
place, and none of them tells one state from another: "power lost" and "power restored" must stay two messages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

_MOST_TEMPLATES = 400
"""Of one program, before words that vary are joined; what comes later and is new is only counted."""
_MOST_NEAR_TEMPLATES = 600
"""With those that came near an end."""
_MOST_SKELETONS = 2000
_MOST_EXAMPLES = 2
_MOST_PROMISED = 5
_VALUES_KEPT = 6
_VALUE_SHOWN = 60
_LONGEST_MESSAGE = 500
_SETTLED = 1000
_FEWEST_ALIKE = 8
_JOINED_WITHIN = 80
# A word that tells what happened is never made a wildcard.
_TELLING = re.compile(
    r"power|batter|line|utility|mains|fail|lost|loss|down|recover|restor|return|back|normal|start|stop|shut|halt|boot|off"
    r"|on$|ok$|end|begin|schedul|error|warn|abnormal|alarm|[^\x00-\x7f]",
    re.IGNORECASE,
)
_NOUNS = frozenset({
    "ups", "server", "host", "node", "group", "resource", "monitor", "device", "disk", "interface", "port", "unit",
    "service", "outlet", "battery", "slot", "line", "channel", "pid", "code", "event", "status", "level", "count",
    "exit", "id", "job", "task", "schedule", "session", "user",
})  # fmt: skip
# Fields of these names mean something to the judges.
_TAKEN = frozenset({"mode", "repeated", "text", "recognised_by", "via", "wall", "user", "as_user", "command", "server"})
_DIGITS = re.compile(r"[0-9]+")
_SPECIAL = frozenset("\\.+*?()|[]{}^$")

_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_CLOCK = r"\d\d?:\d\d(?::\d\d(?:[.,]\d+)?)?"
_VARYING = re.compile(
    rf"""(?P<date>(?<!\w)\d{{4}}[-/]\d\d?[-/]\d\d?(?:[T ]{_CLOCK}(?:Z|[+-]\d\d:?\d\d)?)?(?!\w))
    | (?P<written_date>(?<!\w)(?:{_DAY},?\ +)?{_MONTH}\ +\d\d?,?\ +(?:\d{{4}},?\ +)?{_CLOCK}(?:\ +\d{{4}})?(?!\w))
    | (?P<clock>(?<![\w:.]){_CLOCK}(?![\w:]))
    | (?P<uuid>(?<!\w)[0-9A-Fa-f]{{8}}-(?:[0-9A-Fa-f]{{4}}-){{3}}[0-9A-Fa-f]{{12}}(?!\w))
    | (?P<mac>(?<![\w:])(?:[0-9A-Fa-f]{{2}}[:-]){{5,7}}[0-9A-Fa-f]{{2}}(?![\w:]))
    | (?P<address>(?<![\w.])\d{{1,3}}(?:\.\d{{1,3}}){{3}}(?![\w]|\.\d))
    | (?P<address6>(?<![\w:])(?=[^\s]*[0-9A-Fa-f])(?:[0-9A-Fa-f]{{0,4}}:){{2,7}}[0-9A-Fa-f]{{0,4}}(?![\w:]))
    | (?P<masked>\*{{4}})
    | (?P<damaged>(?:\\x[89a-f][0-9a-f]|�)+)
    | (?P<quoted>(?<!\w)(?:"[^"]*[\d/][^"]*"|'[^']*[\d/][^']*')(?!\w))
    | (?P<path>(?<![\w/.<])/[^\s'"`,;:()\[\]<>|]*[^\s'"`,;:()\[\]<>|.])
    | (?P<hex>0x[0-9A-Fa-f]+|(?<!\w)(?=[0-9A-Fa-f]*\d)(?=\d*[A-Fa-f])[0-9A-Fa-f]{{8,}}(?!\w))
    | (?P<identifier>(?<![\w.-])[A-Za-z][A-Za-z_-]*\d[\w-]*(?!\w))
    | (?P<number>\d+(?:\.\d+)*)
    | (?P<control>[\x00-\x08\x0b-\x1f\x7f])
    | (?P<space>\s+)
    | (?P<word>[A-Za-z_][A-Za-z_-]*)
    | (?P<sign>.)""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_FORMS = {
    "date": r"\d{4}[-/]\d\d?[-/]\d\d?(?:[T ][\d:.,]+(?:Z|[+-][\d:]+)?)?",
    "written_date": r"(?:[A-Z][a-z]{2},? +)?[A-Z][a-z]{2} +\d\d?,? +[\d:., ]*\d",
    "clock": r"[\d:.,]+",
    "uuid": r"[0-9A-Fa-f-]{36}",
    "mac": r"[0-9A-Fa-f:-]+",
    "address": r"[\d.]+",
    "address6": r"[0-9A-Fa-f:]+",
    # Recognition sees the mask, the scan sees the secret.
    "masked": r".+",
    "damaged": r".+",
    "path": r"/\S+",
    "control": r".",
}
_NAMES = {
    "date": "time", "written_date": "time", "clock": "time", "mac": "mac", "uuid": "id", "address": "address",
    "address6": "address", "path": "path", "quoted": "quoted",
}  # fmt: skip


class Piece(NamedTuple):
    """A part of a template: the pattern for it, and for a part that varies a name (perhaps empty) and its value."""

    kind: Literal["fixed", "word", "gap"]
    pattern: str
    name: str = ""
    value: str = ""


@dataclass
class Template:
    """Messages that differ only in parts that vary. Counts are lines; `closest` is seconds before an end."""

    pieces: tuple[Piece, ...]
    whole: bool
    number: int
    """Templates of a program are numbered as they come up."""
    count: int = 0
    before_ends: int = 0
    after_starts: int = 0
    closest: float | None = None
    values: list[dict[str, None]] = field(default_factory=list)
    examples: list[tuple[str, str]] = field(default_factory=list)
    """(place, line), the one nearest to an end last."""
    _promised: int = 0

    def is_nearer(self, before_end: float | None) -> bool:
        """Whether no message of this sort came nearer to an end."""
        return before_end is not None and (self.closest is None or before_end < self.closest)

    @property
    def is_settled(self) -> bool:
        """Whether further messages only add to the counts, as far as they come no nearer to an end."""
        return self.count > _SETTLED or all(len(seen) >= _VALUES_KEPT for seen in self.values)

    def add(self, pieces: tuple[Piece, ...], before_end: float | None, after_start: float | None) -> bool:
        """Count a message; whether its line is wanted as an example."""
        gaps = [piece for piece in pieces if piece.kind == "gap"]
        for seen, piece in zip(self.values, gaps, strict=False):
            if len(seen) < _VALUES_KEPT:
                seen[piece.value[:_VALUE_SHOWN]] = None
        nearer = self.is_nearer(before_end)
        self.count += 1
        self.before_ends += before_end is not None
        self.after_starts += after_start is not None
        if nearer:
            self.closest = before_end
        wanted = self._promised == 0 or (nearer and self._promised < _MOST_PROMISED)
        self._promised += wanted
        return wanted

    def keep(self, place: str, line: str) -> None:
        """Keep a line as an example."""
        self.examples = [*self.examples[: _MOST_EXAMPLES - 1], (place, line)]

    def pattern(self) -> str:
        """RE2, from the beginning of the message to its end; parts that vary are named groups where that is clear."""
        used: set[str] = set()
        parts = []
        for piece in self.pieces:
            if piece.kind != "gap" or not piece.name:
                parts.append(piece.pattern)
                continue
            name = next(n for n in _numbered(piece.name) if n not in used)
            used.add(name)
            parts.append(f"(?P<{name}>{piece.pattern})")
        return "^" + "".join(parts) + (r"\s*$" if self.whole else "")

    def seen(self) -> list[tuple[str, list[str]]]:
        """(name, values) of the parts that vary; without a name it is the pattern."""
        gaps = [piece for piece in self.pieces if piece.kind == "gap"]
        return [(gap.name or gap.pattern, list(values)) for gap, values in zip(gaps, self.values, strict=True)]

    def words(self) -> list[str]:
        """Its fixed words."""
        return [piece.pattern for piece in self.pieces if piece.kind == "word"]

    @property
    def tells(self) -> bool:
        """Whether anything fixed is left: a template of nothing but gaps would fit any message."""
        fixed = "".join(piece.pattern for piece in self.pieces if piece.kind != "gap")
        return any(c.isalpha() for c in fixed.replace(r"\s", ""))


class Templates:
    """The templates of one program, bounded in number."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, ...], Template] = {}
        self._skeletons: dict[tuple[str, str], Template] = {}
        self._number = 0
        self.count = 0
        self.before_ends = 0
        self.after_starts = 0
        self.closest: float | None = None
        self.others = 0
        """Messages that came when there were too many templates, or that have nothing fixed."""

    def add(
        self, message: str, host: str, before_end: float | None = None, after_start: float | None = None
    ) -> tuple[Template, bool] | None:
        """Count a message; its template, and whether its line is wanted as an example."""
        self.count += 1
        self.after_starts += after_start is not None
        if before_end is not None:
            self.before_ends += 1
            self.closest = before_end if self.closest is None else min(before_end, self.closest)
        # Most messages of a program that says much differ from an earlier one in nothing but digits.
        skeleton = (_DIGITS.sub("0", message[: 2 * _LONGEST_MESSAGE]), host)
        known = self._skeletons.get(skeleton)
        if known is not None and known.is_settled and not known.is_nearer(before_end):
            return known, known.add((), before_end, after_start)
        pieces, whole = split(message, host)
        key = tuple(piece.pattern for piece in pieces)
        template = self._found.get(key)
        if template is None:
            gaps = sum(piece.kind == "gap" for piece in pieces)
            self._number += 1
            template = Template(pieces, whole, self._number, values=[{} for _ in range(gaps)])
            most = _MOST_TEMPLATES if before_end is None else _MOST_NEAR_TEMPLATES
            if len(self._found) >= most or not template.tells:
                self.others += 1
                return None
            self._found[key] = template
        if len(self._skeletons) < _MOST_SKELETONS:
            self._skeletons[skeleton] = template
        return template, template.add(pieces, before_end, after_start)

    def joined(self) -> list[Template]:
        """The templates, with words that vary joined: first those nearest to an end, then the most frequent."""
        found = list(self._found.values())
        longest = max((len(template.pieces) for template in found), default=0)
        for position in range(min(longest, _JOINED_WITHIN)):
            found = _join_at(found, position)
        return sorted(found, key=lambda t: (t.closest is None, t.closest or 0, -t.count, t.number))


def split(message: str, host: str) -> tuple[tuple[Piece, ...], bool]:
    """A message as pieces, and whether they are all of it: of a long or broken one only the beginning counts."""
    line = message.split("\n", 1)[0].rstrip(" \t\r")
    shown = line[:_LONGEST_MESSAGE]
    return tuple(_pieces(shown, host)), len(shown) == len(line) and "\n" not in message


def _pieces(message: str, host: str) -> Iterator[Piece]:
    noun = ""
    hosts = {host.lower(), host.partition(".")[0].lower()} - {""}
    for match in _VARYING.finditer(message):
        kind, text = match.lastgroup or "sign", match[0]
        if kind in ("word", "identifier") and text.lower() in hosts:
            yield Piece("gap", r"[\w.-]+", "host", text)
        elif kind == "word":
            yield Piece("word", text)
            noun = text.lower()
            continue
        elif kind == "space":
            yield Piece("fixed", " " if text == " " else r"\s+")
            continue
        elif kind == "sign":
            yield Piece("fixed", f"\\{text}" if text in _SPECIAL else text)
            # `code=5`, `code: 5`, `(code 5`
            noun = noun if text in "=:#(" else ""
            continue
        elif kind == "quoted":
            inner = f"[^{text[0]}]*"
            yield Piece("fixed", text[0])
            yield Piece("gap", inner, "quoted", text[1:-1])
            yield Piece("fixed", text[0])
        elif kind == "hex":
            yield Piece("gap", r"0x[0-9A-Fa-f]+" if text.startswith("0x") else r"[0-9A-Fa-f]+", "", text)
        elif kind == "identifier" and noun in _NOUNS:
            yield Piece("gap", r"[\w.-]+", _name(noun), text)
        elif kind == "identifier":
            yield Piece("gap", re.sub(r"\d+", r"\\d+", text), "", text)
        elif kind == "number":
            yield Piece("gap", r"[\d.]+" if "." in text else r"\d+", _name(noun) if noun in _NOUNS else "", text)
        else:
            yield Piece("gap", _FORMS[kind], _NAMES.get(kind, ""), text)
        noun = ""


def _name(noun: str) -> str:
    return f"{noun}_name" if noun in _TAKEN else noun


def _numbered(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name}_{number}"
        number += 1


def _join_at(templates: list[Template], position: int) -> list[Template]:
    """Join templates that differ in one word only, where enough different ones were seen to call it a name."""
    groups: dict[tuple[object, ...], list[Template]] = {}
    for template in templates:
        pieces = template.pieces
        word = position < len(pieces) and pieces[position].kind == "word"
        if word and not _TELLING.search(pieces[position].pattern):
            patterns = [piece.pattern for piece in pieces]
            key: tuple[object, ...] = (*patterns[:position], None, *patterns[position + 1 :], template.whole)
        else:
            key = (template.number,)
        groups.setdefault(key, []).append(template)
    found = []
    for group in groups.values():
        joined = _join(group, position) if len(group) >= _FEWEST_ALIKE else None
        found += [joined] if joined is not None and joined.tells else group
    return found


def _join(group: list[Template], position: int) -> Template:
    first = group[0]
    nearest = min(group, key=lambda t: (t.closest is None, t.closest or 0, t.number))
    before = sum(piece.kind == "gap" for piece in first.pieces[:position])
    values = [
        dict.fromkeys(list(dict.fromkeys(v for t in group for v in t.values[i]))[:_VALUES_KEPT])
        for i in range(len(first.values))
    ]
    words = dict.fromkeys(template.pieces[position].pattern for template in group[:_VALUES_KEPT])
    pieces = (*first.pieces[:position], Piece("gap", r"[\w-]+"), *first.pieces[position + 1 :])
    return Template(
        pieces,
        first.whole,
        first.number,
        sum(template.count for template in group),
        sum(template.before_ends for template in group),
        sum(template.after_starts for template in group),
        nearest.closest,
        [*values[:before], words, *values[before:]],
        list(dict.fromkeys([*first.examples[:1], *nearest.examples[-1:]])),
    )
