"""The lines around the evidence, read once more when a report is made: a line alone tells less than among others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import NamedTuple

from acforensics.bundle import READ_ERRORS, Member
from acforensics.lines import decode_line, mask_secrets
from acforensics.masking import continued
from acforensics.plain import shorten
from acforensics.sources.foreign_text import ForeignText
from acforensics.sources.reader import blocks

AROUND = 3
"""Lines shown before and after."""
_MASKED_WITH = 20
"""Lines before, which may hold the beginning of a command with a secret."""
_LONGEST = 1 << 16
_SHOWN = 240


class Surroundings(NamedTuple):
    """What stands before and after one line of a file, nearest to it last and first; without secrets."""

    before: tuple[str, ...]
    after: tuple[str, ...]


def read_around(member: Member, wanted: Mapping[int, str]) -> dict[int, Surroundings]:
    """The lines around some lines of a text file.

    Args:
        member: the file.
        wanted: number of a line (1-based) → what stands in it, without secrets. A line that is another now, because the
            file was changed or its lines are counted otherwise, gets nothing.
    """
    if member.link is not None or not wanted:
        return {}
    needed = sorted({line for number in wanted for line in _range(number)})
    lines: dict[int, str] = {}
    with suppress(*READ_ERRORS):
        before = ""
        for number, raw in _lines(member, needed):
            if number - 1 not in lines:
                before = ""
            decoded = decode_line(raw[:_LONGEST].rstrip(b"\r"))[0]
            lines[number] = mask_secrets(decoded, before)
            before = continued(before, decoded)
    found = {}
    for number, told in wanted.items():
        if number in lines and told.partition("\n")[0] in lines[number]:
            found[number] = Surroundings(
                _shown(lines, range(number - AROUND, number)), _shown(lines, range(number + 1, number + AROUND + 1))
            )
    return found


def _range(number: int) -> range:
    return range(max(1, number - AROUND - _MASKED_WITH), number + AROUND + 1)


def _shown(lines: Mapping[int, str], numbers: range) -> tuple[str, ...]:
    return tuple(shorten(lines[number].strip("\0"), _SHOWN) for number in numbers if number in lines)


def _lines(member: Member, needed: list[int]) -> Iterator[tuple[int, bytes]]:
    """The needed lines of a file, with their numbers; others are only counted, and nothing is read behind the last."""
    line = position = 0
    for data in _pieces(member):
        count = data.count(b"\n") + (not data.endswith(b"\n"))
        if needed[position] <= line + count:
            whole = data.split(b"\n")
            while position < len(needed) and needed[position] <= line + count:
                yield needed[position], whole[needed[position] - line - 1]
                position += 1
            if position >= len(needed):
                return
        line += count


def _pieces(member: Member) -> Iterator[bytes]:
    """The file in pieces of whole lines, as readers are given it."""
    foreign: ForeignText | None = None
    carry = b""
    for block in blocks(member.stream):
        if foreign is None:
            foreign = ForeignText(member.head, block)
        data = carry + foreign.feed(block)
        end = data.rfind(b"\n") + 1
        # Of a line without end the beginning is enough.
        carry = data[end : end + 2 * _LONGEST]
        if end:
            yield data[:end]
    rest = carry + (foreign.close() if foreign is not None else b"")
    if rest:
        yield rest
