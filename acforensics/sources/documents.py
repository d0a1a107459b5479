"""Small files that are needed whole: shell scripts that talk to ESMPRO/AC, and ESMPRO/AC's own setting.

They are read as text as well, so that a log with an odd name stays a log. (clp.conf is kept by `cluster_state`.)
"""

from __future__ import annotations

import re

from acforensics.bundle import Member
from acforensics.lines import decode_line, mask_secrets
from acforensics.masking import MASK
from acforensics.parsing.recognition import Recogniser
from acforensics.sources.reading import Document, Reading
from acforensics.sources.text import TextReader
from acforensics.texts import text

SCRIPT_FORMAT = "shell script"
MOST_BYTES = 256 << 10
MOST_KEPT = 64 << 20
_LONGEST_LINE = 64 << 10
_SHEBANG = re.compile(rb"(?:\xef\xbb\xbf)?#![^\n]{0,200}?\b(?:ba|da|k|z|a)?sh\b")
_NAMED = re.compile(r"\.sh(?:[._~-].*)?$", re.IGNORECASE)
_OF_GROUP = re.compile(r"(?:^|[._-])(?:start|stop)[^/]*\.sh", re.IGNORECASE)
_COMMAND = "amccmd"
_FOLDER = "autorc"
_LINKAGE = re.compile(r"CLUSTERPRO", re.IGNORECASE)


class Shelf:
    """Room for the documents of one case, so that memory stays bounded however many an archive holds."""

    def __init__(self, room: int = MOST_KEPT) -> None:
        self._room = room

    def take(self, reading: Reading) -> None:
        """Keep a reading's document if there is room; else its reading says that it was not."""
        if reading.document is None:
            return
        size = len(reading.document.text)
        if size > self._room:
            reading.document = None
            reading.notes.append(text("input.documents-too-large", limit=MOST_KEPT >> 20))
        else:
            self._room -= size


class _Whole(TextReader):
    """Text that is also gathered, up to a size; what is not wanted after all is left as the text it is."""

    def __init__(self, reading: Reading, recogniser: Recogniser) -> None:
        super().__init__(reading, recogniser)
        self._whole = bytearray()
        self._too_large = False

    def feed(self, block: bytes) -> None:
        """Take the next block of the file."""
        room = MOST_BYTES - len(self._whole)
        self._whole += block[:room]
        self._too_large = self._too_large or len(block) > room
        super().feed(block)

    def hide_samples(self) -> None:
        """Of lines of unknown form none is shown: any may be the recognition code, in a form that nothing tells."""
        reading = self._reading
        reading.unframed_samples = [(line, MASK) for line, _ in reading.unframed_samples]

    def lines(self) -> list[str]:
        """What was gathered, line by line in the encoding of each."""
        content = bytes(self._whole).removeprefix(b"\xef\xbb\xbf").replace(b"\0", b"")
        return [decode_line(line[:_LONGEST_LINE])[0] for line in content.split(b"\n")]


class ShellScript(_Whole):
    """Reads a shell script."""

    @staticmethod
    def fits(member: Member, head: bytes) -> bool:
        """By its first line or by its name."""
        return _SHEBANG.match(head) is not None or bool(member.names and _NAMED.search(member.names[-1]))

    def close(self) -> None:
        """Keep it if it calls amccmd, or is a script of a group; a file with records is no script."""
        super().close()
        reading = self._reading
        if reading.records or not self._whole.strip():
            self.hide_samples()
            return
        reading.format = SCRIPT_FORMAT
        # Its lines are no records of an unknown form.
        reading.unframed = 0
        reading.unframed_samples.clear()
        content = "\n".join(self.lines())
        if _COMMAND not in content and not _OF_GROUP.search(reading.names[-1] if reading.names else ""):
            return
        if self._too_large:
            reading.notes.append(text("input.script-too-large", limit=MOST_BYTES >> 10))
        else:
            reading.document = Document("script", content)


class LinkageSetting(_Whole):
    """Reads a text in a folder of ESMPRO/AC: lines that name CLUSTERPRO may be its setting for it (unverified)."""

    @staticmethod
    def fits(member: Member, head: bytes) -> bool:
        """By its folder alone: how these files look is not published."""
        return any(_FOLDER in name.lower() for name in member.names[:-1])

    def close(self) -> None:
        """Keep the lines that name CLUSTERPRO, each in its place, and nothing of the others."""
        super().close()
        kept = [mask_secrets(line) if _LINKAGE.search(line) else "" for line in self.lines()]
        if not self._reading.records and any(kept):
            self._reading.document = Document("linkage", "\n".join(kept))
            self.hide_samples()
