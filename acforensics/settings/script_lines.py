"""Lines of scripts: what in them does something, and in which of them two scripts differ."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

Lines = Sequence[tuple[int, bytes]]
"""Number and digest of every line that does something."""
_COMMENT = re.compile(r"(?:^|\s)#")
_MOST_LINES = 5000
_MOST_COMPARED = 300
# Lines are compared, and a line may hold the code: their digests mean nothing outside this process.
_KEY = secrets.token_bytes(32)


def without_comment(line: str) -> str:
    """The line without the comment at its end; what stands before a later quote is taken for no comment."""
    if line.lstrip().startswith("#"):
        return ""
    comment = _COMMENT.search(line, max(line.rfind(quote) for quote in "\"'`") + 1)
    return line[: comment.start()] if comment is not None else line


def digests(lines: Sequence[str]) -> Iterable[tuple[int, bytes]]:
    """Each line without comments and blanks, as something that can only be compared."""
    for number, line in enumerate(lines[:_MOST_LINES], 1):
        said = without_comment(line).strip()
        if said or (number == 1 and line.startswith("#!")):
            yield number, _digest(said or line.strip())
    if len(lines) > _MOST_LINES:
        # So many are compared as one.
        yield _MOST_LINES + 1, _digest("\n".join(lines[_MOST_LINES:]))


def _digest(said: str) -> bytes:
    return hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=16, key=_KEY).digest()


def differing_lines(one: Lines, other: Lines) -> tuple[list[int], list[int]]:
    """Numbers of the lines in which two scripts differ, but for comments and blanks."""
    first, second = [digest for _, digest in one], [digest for _, digest in other]
    least = min(len(first), len(second))
    start = next((i for i in range(least) if first[i] != second[i]), least)
    behind = 0
    while behind < least - start and first[-1 - behind] == second[-1 - behind]:
        behind += 1
    between = range(start, len(first) - behind), range(start, len(second) - behind)
    if max(map(len, between)) > _MOST_COMPARED:
        # Too much to tell apart what stays the same in between.
        return [one[i][0] for i in between[0]], [other[i][0] for i in between[1]]
    matcher = SequenceMatcher(None, [first[i] for i in between[0]], [second[i] for i in between[1]], autojunk=False)
    changed = [code for code in matcher.get_opcodes() if code[0] != "equal"]
    return (
        [one[start + i][0] for _, begin, end, _, _ in changed for i in range(begin, end)],
        [other[start + i][0] for _, _, _, begin, end in changed for i in range(begin, end)],
    )
