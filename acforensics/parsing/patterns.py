"""RE2 patterns as definitions write them: whether they are fit for use, and their form for a scan over raw bytes.

A scan sees whole lines in any encoding, so its form of a pattern is wider: what the pattern finds in a decoded text,
the scan must find in the bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any, Literal, NamedTuple

import re2

_JAPANESE_CODECS = ("utf-8", "euc_jp", "cp932")
_LONGEST_CHARACTER = 4
_MOST_REPEATS = 1000
_TOKEN = re.compile(
    r"""\\Q(?P<quoted>.*?)(?:\\E|$)
    | (?P<anchor>\^|\$|\\A|\\z)
    | (?P<class>\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\])
    | (?P<category>\\[pP](?:\{[^}]*\}|.))
    | \\x(?:\{(?P<wide>[0-9A-Fa-f]+)\}|(?P<hex>[0-9A-Fa-f]{2}))
    | (?P<escape>\\.)
    | (?P<group>\(\?(?:P?<[^>]*>|[a-zA-Z-]*[:)]))
    | (?P<repeat>(?:[*+?]|\{\d+(?:,\d*)?\})\??)
    | (?P<character>[A-Za-z0-9 _:=,'"<>-]+(?![*+?{])|.)""",
    re.VERBOSE | re.DOTALL,
)
_COUNTED = re.compile(r"\{(\d+)(,?)(\d*)\}")


_OPTIONS = re2.Options()
_OPTIONS.log_errors = False


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> Any:
    """The pattern for decoded text.

    Raises:
        re2.error: it is not one of RE2's.
    """
    return re2.compile(pattern, _OPTIONS)


def named(match: Any) -> dict[str, str]:
    """The named groups that a match of such a pattern has."""
    return {name: value for name, index in _names(match.re) if (value := match[index]) is not None}


@lru_cache(maxsize=4096)
def _names(pattern: Any) -> list[tuple[str, int]]:
    # Asked for anew, they take as long as the search.
    return list(pattern.groupindex.items())


class _Token(NamedTuple):
    kind: Literal["anchor", "class", "any", "escape", "group", "repeat", "character"]
    text: str


def _tokens(pattern: str) -> Iterator[_Token]:
    for match in _TOKEN.finditer(pattern):
        kind, text = match.lastgroup, match[0]
        if kind == "quoted":
            yield from (
                _Token("character", c if c.isalnum() or not c.isascii() else re.escape(c)) for c in match["quoted"]
            )
        elif kind in ("wide", "hex"):
            value = int(match[kind], 16)
            yield _Token("escape", text) if value < 0x80 else _Token("character", chr(value))
        elif kind == "category" or text == ".":
            yield _Token("any", ".")
        elif text in ("\\S", "\\W", "\\D") or (kind == "class" and text.startswith("[^")):
            yield _Token("any", text)
        else:
            yield _Token(kind, text)  # type: ignore[arg-type]


def class_beyond_ascii(pattern: str) -> str | None:
    """A character class that names characters of several bytes, which a scan over bytes cannot hold."""
    if pattern.isascii():
        return None
    return next((m["class"] for m in _TOKEN.finditer(pattern) if m["class"] and not m["class"].isascii()), None)


@cache
def scan_forms(pattern: str) -> frozenset[bytes]:
    """The pattern for raw lines, one form an encoding.

    Anchors go, because a stamp and a tag stand before the text; what matches any character matches the bytes of any.
    """
    forms = set()
    tokens = _shortened([token for token in _tokens(pattern) if token.kind != "anchor"])
    plain = all(token.text.isascii() for token in tokens)
    for codec in _JAPANESE_CODECS[:1] if plain else _JAPANESE_CODECS:
        try:
            forms.add(b"".join(_scanned(tokens, codec)))
        except UnicodeEncodeError:
            continue
    return frozenset(forms)


def _shortened(tokens: list[_Token]) -> list[_Token]:
    """Without what decides nothing in a search, but is followed from each of its beginnings.

    In front that is what may be missing, and all but the first of what may be repeated.
    """
    first = 0
    while first < len(tokens):
        end = _end_of(tokens, first)
        repeat = tokens[end].text if end < len(tokens) and tokens[end].kind == "repeat" else ""
        if repeat.startswith(("?", "*", "{0")):
            tokens = [*tokens[:first], *tokens[end + 1 :]]
        elif repeat.startswith("+"):
            return [*tokens[:end], *tokens[end + 1 :]]
        elif not repeat and _opens(tokens[first]):
            first += 1
        else:
            break
    return tokens


def _end_of(tokens: list[_Token], first: int) -> int:
    """The place behind a token, or behind the group that it opens."""
    depth = 0
    for i in range(first, len(tokens)):
        depth += _opens(tokens[i]) - (tokens[i].text == ")")
        if depth <= 0:
            return i + 1
    return len(tokens)


def _opens(token: _Token) -> bool:
    return token.text == "(" or (token.kind == "group" and not token.text.endswith(")"))


def _scanned(tokens: list[_Token], codec: str) -> Iterator[bytes]:
    for i, token in enumerate(tokens):
        following = tokens[i + 1] if i + 1 < len(tokens) else None
        before = tokens[i - 1] if i else None
        if token.text == "(" or (token.kind == "group" and "<" in token.text):
            # Each group of hundreds would be reported with every match.
            yield b"(?:"
            continue
        if token.kind == "repeat" and before is not None and before.kind == "any":
            yield _widened(token.text).encode()
        elif token.kind == "any" and (following is None or following.kind != "repeat"):
            yield f"{token.text}{{1,{_LONGEST_CHARACTER}}}".encode()
        elif token.text.isascii():
            yield token.text.encode()
        else:
            # Grouped, so that a quantifier behind the character holds for all its bytes.
            yield b"(?:" + b"".join(b"\\x%02x" % byte for byte in token.text.encode(codec)) + b")"


def _widened(repeat: str) -> str:
    lazy = "?" if len(repeat) > 1 and repeat.endswith("?") else ""
    if repeat.startswith("?"):
        return f"{{0,{_LONGEST_CHARACTER}}}{lazy}"
    counted = _COUNTED.match(repeat)
    if counted is None or (counted[2] and not counted[3]):
        return repeat
    most = int(counted[3] or counted[1]) * _LONGEST_CHARACTER
    return f"{{{counted[1]},{most if most <= _MOST_REPEATS else ''}}}{lazy}"
