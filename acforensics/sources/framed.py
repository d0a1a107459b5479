"""Which lines of a text file have a stamp: what fits no framing is counted, and the first few are kept.

Nothing is lost silently.
"""

from __future__ import annotations

import re

from acforensics.lines import decode_line, mask_secrets
from acforensics.lines.framing import MONTHS
from acforensics.masking import continued
from acforensics.parsing.scanning import Scanned, count_beginnings
from acforensics.sources.chunks import Chunks
from acforensics.sources.reading import Reading

_SAMPLES_KEPT = 5
_WELL_SAMPLED = 64 << 10
_CONTINUED_BYTES = 4 << 10
_CONTINUED_LINES = 20
# What journalctl and `utmpdump` write between records.
_HEADINGS = re.compile(rb"^-- (?:Boot|Reboot|Logs begin|Journal begins|No entries)\b", re.MULTILINE)
_MONTH = b"|".join(re.escape(name.encode()) for name in sorted(MONTHS, key=len, reverse=True))
_JAPANESE_MONTH = rb"\d{1,2}(?:\xe6\x9c\x88|\xb7\xee|\x8c\x8e)"
_JAPANESE_DAY = rb"(?:\xe6\x97\xa5|\xc6\xfc|\x93\xfa)?"
_STAMPED = re.compile(
    rb"^[\0 \t]*(?:\xef\xbb\xbf)?(?:<\d{1,3}>)?(?:\xef\xbb\xbf)?(?:1 )?"
    rb"(?:(?:node=\S+ )?type=\w+ msg=audit\("
    rb"|(?:\d{4}[ \t]+)?(?:(?:" + _MONTH + rb")\.?|" + _JAPANESE_MONTH + rb")[ \t]+\d{1,2}" + _JAPANESE_DAY
    + rb"[ \t]+(?:\d{4}[ \t]+)?\d{1,2}:\d\d:\d\d"
    rb"|(?:(?:[A-Z][a-z]{2}|[\x80-\xff]{2,3})[ \t]+)?\d{4}-\d\d-\d\d[T \t]\d{1,2}:\d\d:\d\d"
    rb"|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d "
    rb"|\d{1,10}[ \t]+\d{4}/\d\d/\d\d[ \t]+\d\d:\d\d:\d\d"
    rb"|(?:[^\d\s][ \t]{1,2})?\d\d/\d\d/\d\d[ \t]\d\d:\d\d:\d\d\.\d{3}\["
    rb"|\[\d\] \[\d{5,10}\] \[)",
    re.MULTILINE | re.IGNORECASE,
)  # fmt: skip
_BLANK = re.compile(rb"^[\r\t \0]*\n", re.MULTILINE)


class Framed:
    """Counts records, and lines that are none, into a `Reading`."""

    def __init__(self, reading: Reading, read: Chunks) -> None:
        self._reading = reading
        self._read = read

    def count(self, chunk: bytes, scanned: Scanned) -> None:
        """Count framed lines: fast where all begin with the dates that were sampled, else by a pattern."""
        lines = scanned.lines
        framed = self._count_by_prefix(chunk, scanned.begin)
        if framed < lines:
            # Where not one of many samples has a stamp this is no log: a pattern would only cost time.
            sampled = bool(self._reading.marks) and self._reading.marks[-1].offset >= self._read.offset
            framed = len(_STAMPED.findall(chunk)) if sampled or len(chunk) < _WELL_SAMPLED else 0
            blank = len(_BLANK.findall(chunk)) + len(_HEADINGS.findall(chunk))
            missing = lines - framed - blank
            if missing > 0:
                self._reading.unframed += missing
                self._keep_unframed(chunk)
        self._reading.records += min(framed, lines)

    def _count_by_prefix(self, chunk: bytes, counted: dict[bytes, int]) -> int:
        prefixes = set()
        for mark in reversed(self._reading.marks):
            if mark.offset < self._read.offset:
                break
            start = mark.offset - self._read.offset
            prefixes.add(b"type=" if chunk.startswith(b"type=", start) else chunk[start : start + 7])
        prefixes = {prefix for prefix in prefixes if not any(c in prefix for c in b"\0\n")}
        if not prefixes or len(prefixes) > 8:
            return 0
        counted = counted | count_beginnings(chunk, prefixes - counted.keys())
        return sum(counted[prefix] for prefix in prefixes)

    def _keep_unframed(self, chunk: bytes) -> None:
        if len(self._reading.unframed_samples) >= _SAMPLES_KEPT:
            return
        lines = chunk.split(b"\n")
        for i, line in enumerate(lines):
            if line.strip(b"\r\t \0") and not _STAMPED.match(line) and not _HEADINGS.match(line):
                before = self._begun(lines[:i])
                shown = mask_secrets(decode_line(line)[0], before)[:200].rstrip("\r")
                self._reading.unframed_samples.append((self._read.lines + i + 1, shown))
                if len(self._reading.unframed_samples) >= _SAMPLES_KEPT:
                    return

    def _begun(self, lines: list[bytes]) -> str:
        """What goes on behind these lines of the chunk: a line that ends with a backslash."""
        if len(lines) < _CONTINUED_LINES:
            lines = [*self._read.tail[-_CONTINUED_BYTES:].split(b"\n")[:-1], *lines]
        before = ""
        for line in lines[-_CONTINUED_LINES:]:
            before = continued(before, decode_line(line)[0]) if line.rstrip().endswith(b"\\") else ""
        return before
