"""Text as other systems write it, made into what readers expect: UTF-8, and lines that end with a newline.

UTF-16 comes from tools on Windows, some of which leave out the mark at the beginning. Where a byte of it is lost, all
behind it would be read half a character off; so the line ends, which can be seen in either position, set it right.
Carriage returns alone end lines only in a file whose beginning has no newline at all.
"""

from __future__ import annotations

import codecs
import re
from itertools import accumulate
from typing import Literal, NamedTuple

from acforensics.texts import Text, text

_LEAST = 16
_SHORT = 64
_LIKELY = 0.9
_JUDGED = 64 << 10
_AHEAD = 64
_LONGEST = 1 << 20
_ORDINARY = re.compile("[\t\n\r\x20-\x7e\u2010-\u205e\u2190-\u25ff\u3000-\u30ff\u4e00-\u9fff\uff01-\uff9f]")
_ASCII = re.compile("[\t\n\r\x20-\x7e]")
_NUL_RUN = re.compile(rb"\0{3,}")
# By the upper byte of a character: Latin counts most, for out of step it looks like kanji.
_WEIGHTS = bytes(3 if high == 0 else int(high in (0x30, 0xFF) or 0x4E <= high <= 0x9F) for high in range(256))
_ENDS = {"utf-16-le": re.compile(rb"[\r\n]\0"), "utf-16-be": re.compile(rb"\0[\r\n]")}

_Codec = Literal["utf-16-le", "utf-16-be"]


class _Form(NamedTuple):
    """How UTF-16 is written, how many bytes stand before it, and what to call it."""

    codec: _Codec
    skip: int
    name: str


class ForeignText:
    """Converts one file, block by block, as far as its beginning tells that this is needed."""

    def __init__(self, head: bytes, first: bytes) -> None:
        """Look at the first kilobyte and at the first block."""
        form = _wide_form(head, first)
        self.encoding = form.name if form is not None else ""
        self._wide = _Wide(form) if form is not None else None
        self._form = form
        ends = first if form is None else b"".join(_ENDS[form.codec].findall(first))
        self._returns = b"\r" in ends and b"\n" not in ends
        self._after_return = False

    def head(self, head: bytes) -> bytes:
        """The first kilobyte as readers expect it."""
        if self._form is not None:
            head = head[self._form.skip :].decode(self._form.codec, "replace").encode()
        return head.replace(b"\r", b"\n") if self._returns else head

    def feed(self, block: bytes) -> bytes:
        """Take the next block; what can be converted of it."""
        return self._lines(self._wide.feed(block) if self._wide is not None else block)

    def close(self) -> bytes:
        """End of the file: what is left."""
        return self._lines(self._wide.close()) if self._wide is not None else b""

    def notes(self) -> list[Text]:
        """What a reader of the report must know of it."""
        found = [text("damage.carriage-returns")] if self._returns else []
        if self._wide is not None and self._wide.damaged:
            found.append(text("damage.utf-16", count=self._wide.damaged, line=self._wide.first_damage))
        return found

    def _lines(self, block: bytes) -> bytes:
        if not self._returns or not block:
            return block
        begin = 1 if self._after_return and block.startswith(b"\n") else 0
        self._after_return = block.endswith(b"\r")
        return block[begin:].replace(b"\r\n", b"\n").replace(b"\r", b"\n")


class _Wide:
    """Decodes UTF-16, aligned anew at each line end. `damaged` counts the places at which it could not be read."""

    def __init__(self, form: _Form) -> None:
        self.damaged = self.first_damage = form.skip % 2
        self._codec: _Codec = form.codec
        self._ends = _ENDS[form.codec]
        self._skip = form.skip
        self._data = b""
        self._line = 1
        self._last = ""

    def feed(self, block: bytes) -> bytes:
        self._data += block[self._skip :]
        self._skip = max(0, self._skip - len(block))
        return self._take(_AHEAD).encode()

    def close(self) -> bytes:
        found = self._take(0)
        rest, self._data = self._data, b""
        if len(rest) % 2:
            self._note_damage()
        return (found + self._decoded(rest[: len(rest) // 2 * 2])).encode()

    def _take(self, ahead: int) -> str:
        """Decode the lines whose end is in sight, with so many bytes behind it."""
        data = self._data
        ends = [match.end() for match in self._ends.finditer(data, 0, max(0, len(data) - ahead))]
        if len(data) - (ends[-1] if ends else 0) > _LONGEST:
            # No line is that long: it is taken as it comes.
            ends.append(len(data) // 2 * 2 if not ends else ends[-1] + (len(data) - ends[-1]) // 2 * 2)
        found = []
        begin = 0
        if ends and not any(end % 2 for end in ends):
            found.append(self._decoded(data[: ends[-1]]))
            begin = ends[-1]
        for end in ends if not begin else ():
            if (end - begin) % 2 == 0:
                found.append(self._decoded(data[begin:end]))
                begin = end
            elif self._goes_on(end):
                found.append(self._repaired(data[begin:end]))
                begin = end
        self._data = data[begin:]
        return "".join(found)

    def _goes_on(self, end: int) -> bool:
        """Whether text goes on behind a line end that is out of step, rather than within the step so far."""
        behind = self._data[end - 1 : end + _AHEAD]
        high = 1 if self._codec == "utf-16-le" else 0
        one, other = (sum(behind[high + i :: 2].translate(_WEIGHTS)) for i in (1, 0))
        return one >= other

    def _repaired(self, line: bytes) -> str:
        """A line in which an odd number of bytes is lost or too many: left out is the byte that leaves most text."""
        front, back = (line[i : i + len(line) // 2 * 2] for i in (0, 1))
        high = 1 if self._codec == "utf-16-le" else 0
        fronts, backs = (list(accumulate(half[high::2].translate(_WEIGHTS), initial=0)) for half in (front, back))
        split = max(range(len(fronts)), key=lambda i: fronts[i] + backs[-1] - backs[i])
        if self._last == "\r" and line[0] in b"\0\n":
            # What is left of the newline behind it.
            split = 0
        self._note_damage()
        before, behind = self._decoded(front[: 2 * split]), back[2 * split :].decode(self._codec, "replace")
        left_out = line[2 * split : 2 * split + 1]
        if not before and self._last not in ("\n", ""):
            mark = "\n" if self._last == "\r" else "\ufffd"
        elif left_out in b"\r\n":
            mark = "" if behind in ("\r", "\n") else "\n"
        else:
            mark = "" if not before or behind in ("\r", "\n") else "\ufffd"
        return before + self._counted(mark + behind)

    def _decoded(self, data: bytes) -> str:
        return self._counted(data.decode(self._codec, "replace"))

    def _counted(self, decoded: str) -> str:
        self._line += decoded.count("\n")
        self._last = decoded[-1:] or self._last
        return decoded

    def _note_damage(self) -> None:
        self.damaged += 1
        self.first_damage = self.first_damage or self._line


def _wide_form(head: bytes, first: bytes) -> _Form | None:
    """UTF-16 by its mark, or, where that is missing or cut off, by what it says."""
    marks: dict[bytes, _Codec] = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
    marked = marks.get(head[:2])
    if marked is not None:
        # Lines of a log have blanks, digits and line ends: a mark alone does not make UTF-16 of plain text.
        body = _NUL_RUN.sub(b"", head[2:])
        plain = len(body) > _SHORT and body.count(0) * 100 < len(body)
        return None if plain else _Form(marked, 2, "utf-16")
    if len(head) < _LEAST or head.count(0) * 8 < len(head):
        return None
    names: tuple[_Codec, _Codec] = ("utf-16-le", "utf-16-be")
    forms = [_Form(name, skip, name) for skip in (0, 1) for name in names]
    shares = {form: _share(head, form) for form in forms}
    likely = [form for form in forms if shares[form] > _LIKELY]
    # What is ASCII as far as the head goes may be either; further on it is not.
    return max(likely, key=lambda form: (shares[form], _share(first[:_JUDGED], form)), default=None)


def _share(data: bytes, form: _Form) -> float:
    """How much of it is ordinary text; nothing, where hardly any of that is ASCII."""
    decoded = data[form.skip : form.skip + (len(data) - form.skip) // 2 * 2].decode(form.codec, "replace")
    enough = len(_ASCII.findall(decoded)) * 5 > len(decoded)
    return len(_ORDINARY.findall(decoded)) / len(decoded) if enough else 0.0
