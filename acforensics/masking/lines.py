"""One line of text: which finders must look at it, and how what they find is replaced."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator

from acforensics.masking import assignments, commands
from acforensics.masking.assignments import Span
from acforensics.masking.values import MASK

Finder = Callable[[str, str], Iterator[Span]]

# In small letters. Every line is searched for all of them, so there must be few.
_TRIGGERS: tuple[tuple[str, Finder], ...] = (
    ("down request", commands.requests),
    ("downrequest", commands.requests),
    ("esmacnet", commands.requests),
    ("seccode", assignments.assigned),
    ("pass", assignments.assigned),
    ("pwd", assignments.assigned),
    ("secret", assignments.assigned),
    ("identified", assignments.assigned),
    ("passwd", commands.typed),
    ("sudo -", commands.typed),
    ("-p", commands.options),
    ("snmp", commands.options),
    ("curl", commands.users),
    ("sqlplus", commands.logons),
    ("@", commands.addresses),
)
_TRIGGERS_IN_JAPANESE = (*_TRIGGERS, *((name, assignments.assigned_in_japanese) for name in assignments.JAPANESE))
# Beginnings of the same words in hexadecimal digits, as the audit log writes commands.
_IN_HEX = ("0617373", "50415353", "736563636f", "534543434f", "646f776e72")
# One search for each: words that hold another one of them are found with it.
_WORDS = (*(word for word, _ in _TRIGGERS if word != "passwd"), *_IN_HEX)
_WORDS_IN_JAPANESE = (*_WORDS, "コード", "パス")
_HEX = re.compile(r"(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{2}){8,}(?![0-9A-Fa-f])")
_ARGUMENT = re.compile(r"\ba\d{1,3}=((?:[0-9A-Fa-f]{2})+)(?!\S)")
_PIECES = re.compile(r"\ba(\d{1,3})\[\d{1,4}\]=([0-9A-Fa-f]+)")

# Letters of full or half width. (Signs alone hide no word.)
_FORMS = re.compile("[\uff21-\uff9f]")
_LONGEST_CONTINUED = 4 << 10


def mask_secrets(line: str, before: str = "") -> str:
    """Return the line with secrets replaced by `****`; its structure stays.

    Args:
        line: one line, field or name.
        before: what stands before it and belongs to it: the beginning of a command that goes on in this line.
    """
    text = before + line if before else line
    ascii_only = text.isascii()
    if ascii_only or _FORMS.search(text) is None:
        lowered = text.lower()
        for word in _WORDS if ascii_only else _WORDS_IN_JAPANESE:
            if word in lowered:
                break
        else:
            return line
    # Sign for sign, so that what is found in it has its place in the text.
    plain = text if ascii_only else text.translate(_FOLDING)
    lowered = plain.lower()
    finders = dict.fromkeys(finder for trigger, finder in _TRIGGERS_IN_JAPANESE if trigger in lowered)
    hidden = [(start, end, MASK) for finder in finders for start, end in finder(plain, lowered) if start < end]
    if any(digits in lowered for digits in _IN_HEX):
        hidden += _hidden_in_hex(text)
    return _replaced(text, hidden, len(before)) if hidden else line


def continued(before: str, line: str) -> str:
    """What the line behind this one must be masked with: a command that goes on there, if it may hold a secret."""
    if not line.rstrip(" \t\r").endswith("\\"):
        return ""
    whole = f"{before}{line}\n"
    lowered = whole.lower()
    suspicious = any(trigger in lowered for trigger, _ in _TRIGGERS)
    return whole if suspicious and len(whole) <= _LONGEST_CONTINUED else ""


def _replaced(text: str, hidden: Iterable[tuple[int, int, str]], start: int) -> str:
    parts: list[str] = []
    at = start
    for begin, end, instead in sorted(hidden):
        if end <= at:
            continue
        if begin < at and parts:
            # It overlaps what was hidden before it.
            at = end
            continue
        parts += [text[at : max(begin, at)], instead]
        at = end
    return "".join(parts) + text[at:]


class _Folding(dict[int, int]):
    """Signs in plain letters."""

    def __missing__(self, code: int) -> int:
        plain = unicodedata.normalize("NFKC", chr(code))
        # A sign of which the small letter is two would move all behind it.
        self[code] = found = ord(plain) if len(plain) == len(plain.lower()) == 1 else ord("?")
        return found


_FOLDING = _Folding()


def _hidden_in_hex(text: str) -> Iterator[tuple[int, int, str]]:
    """Commands in hexadecimal digits, which stay such; one that was cut into pieces is hidden as a whole."""
    pieces: dict[str, list[re.Match[str]]] = {}
    for piece in _PIECES.finditer(text):
        pieces.setdefault(piece[1], []).append(piece)
    for argument in pieces.values():
        if _masked_hex("".join(piece[2] for piece in argument)) is not None:
            yield from ((*piece.span(2), MASK) for piece in argument)
    yield from _hidden_in_arguments(text)
    for run in _HEX.finditer(text):
        masked = _masked_hex(run[0])
        if masked is not None:
            yield run.start(), run.end(), masked


def _hidden_in_arguments(text: str) -> Iterator[tuple[int, int, str]]:
    """What stands behind an argument in digits that announces a secret, be the others in digits or not."""
    said = [(argument, _decoded_hex(argument[1])) for argument in _ARGUMENT.finditer(text)]
    first = next((n for n, (_, words) in enumerate(said) if any(word in words.lower() for word in _WORDS)), None)
    if first is None:
        return
    parts, at = [], 0
    for argument, words in said:
        parts += [text[at : argument.start(1)], words if _masked_hex(argument[1]) is None else MASK]
        at = argument.end()
    command = "".join([*parts, text[at:]])
    if mask_secrets(command) != command:
        yield said[first][0].end(), len(text), f" {MASK}"


def _masked_hex(digits: str) -> str | None:
    """The digits of the text without secrets; `None` where it holds none."""
    decoded = _decoded_hex(digits)
    masked = mask_secrets(decoded)
    if masked == decoded:
        return None
    encoded = masked.encode("utf-8", "surrogateescape").hex()
    return encoded if digits.islower() else encoded.upper()


def _decoded_hex(digits: str) -> str:
    # Arguments end with a NUL byte there.
    return bytes.fromhex(digits[: len(digits) & ~1]).decode("utf-8", "surrogateescape").replace("\0", " ")
