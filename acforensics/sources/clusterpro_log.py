"""CLUSTERPRO's alert log (`alertlog.alt`) and the internal logs of its modules (`rc.log.cur`, `alert.log.pre`).

They are read line by line: what a record of the alert log means stands in its module and number, whatever the language
of its text, so no scan for words would find it.
"""

from __future__ import annotations

import re

from acforensics.bundle import Member
from acforensics.lines import decode_line, frame
from acforensics.lines.clusterpro import ALERT_FORMAT, INTERNAL_FORMAT
from acforensics.parsing.recognition import Recogniser
from acforensics.sources.alert_export import is_heading
from acforensics.sources.reading import Reading
from acforensics.sources.sequential import Copies, LineReader

_NAMES = re.compile(r"(?:\.log\.(?:cur|pre)|alertlog.*\.alt)$", re.IGNORECASE)
_FORMATS = (ALERT_FORMAT, INTERNAL_FORMAT)
# What the modules write when they begin a file, and rules drawn under a heading.
_NOISE = re.compile(r"\*{5}|not exist, now create it|^[\s=+|*#-]+$")


class ClusterproLog(LineReader):
    """Reads an alert log or an internal log. Lines of other forms among them are framed as anywhere else."""

    @staticmethod
    def fits(member: Member, head: bytes) -> bool:
        """By its first lines; a name of these logs needs one line of the form, another name as many as others."""
        lines = [decode_line(line)[0] for raw in head.splitlines() for line in raw.split(b"\0") if line.strip()]
        lines = [line for line in lines if not _is_noise(line)]
        records = [frame(line) for line in lines]
        own = sum(record is not None and record.format in _FORMATS for record in records)
        # The last line of the head is cut somewhere.
        return own > 0 and (bool(_NAMES.search(member.names[-1] if member.names else "")) or own * 2 >= len(lines) - 1)

    def __init__(self, reading: Reading, recogniser: Recogniser) -> None:
        """Make a reader for one file."""
        super().__init__(reading, recogniser)
        self._copies = Copies()

    def take_line(self, line: str, number: int, offset: int) -> None:
        """Take a record, or count what is none."""
        record = frame(line)
        if record is not None:
            if not self._copies.is_copy(record, line, number):
                self.take(record, number, line, offset)
        elif not _is_noise(line):
            self.unframed(line, number)

    def finish(self) -> None:
        """One alert log, or one internal log: in this respect a file does not mix."""
        self._copies.note(self.reading)
        own = {name: count for name, count in self._formats.items() if name in _FORMATS}
        alerts = max(own, key=own.__getitem__, default="") == ALERT_FORMAT
        self.reading.source = "alert-log" if alerts else "clusterpro-log"


def _is_noise(line: str) -> bool:
    return _NOISE.search(line) is not None or is_heading(line)
