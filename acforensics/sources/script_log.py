"""Output of an exec resource's scripts, where stop.sh's echo lines land (clusterpro-formats, 2.4).

With log rotation every line carries CLUSTERPRO's stamp; without it lines are as the script wrote them, and only what a
site's own script stamped, or the time at which the file was last written, dates them.
"""

from __future__ import annotations

import re
from datetime import UTC
from fnmatch import fnmatchcase
from typing import NamedTuple

from acforensics.bundle import Member
from acforensics.events import Stamp
from acforensics.lines import Record, decode_line, frame
from acforensics.lines.clusterpro import SCRIPT, SCRIPT_FORMAT, STOP_SCRIPT, read_stamp, script_program
from acforensics.parsing.recognition import Recogniser
from acforensics.sources.reading import Reading
from acforensics.sources.sequential import LineReader
from acforensics.texts import text

_MOST_PENDING = 5000
_SLASHED = re.compile(r"\d{4}/\d\d/\d\d[ \t]+\d\d:\d\d:\d\d(?:[.,]\d{1,6})?[ \t:]+(?P<text>.*)$", re.DOTALL)
# What the product's templates of start.sh and stop.sh print.
_TEMPLATE = re.compile(
    r"(?:NORMAL[12]|ON_OTHER[12]|FAILOVER[12]|RECOVER[12]?|NO_CLP|ERROR_DISK from (?:START|FAILOVER|RECOVER))$"
)
_BEGINS = "AC FACTOR"
_ENDS = "AC SCRIPT EXIT"


class _Undated(NamedTuple):
    line: int
    offset: int
    message: str


class ScriptLog(LineReader):
    """Reads the output of scripts, run by run: a line without a stamp belongs to a run, and only a run has a time."""

    @staticmethod
    def fits(member: Member, head: bytes) -> bool:
        """By an echo line of stop.sh or of a template, or by the stamps; by name within CLUSTERPRO's folders."""
        lines = [decode_line(line)[0].strip() for line in head.replace(b"\0", b"\n").splitlines() if line.strip()]
        records = [frame(line) for line in lines]
        framed = [record for record in records if record is not None]
        stamped = [record for record in framed if record.format == SCRIPT_FORMAT]
        if sum(bool(record.host) for record in framed) * 2 > len(lines):
            # A log of many programs, with such lines pasted among its own.
            return False
        if any(script_program(line) == STOP_SCRIPT or _TEMPLATE.match(line) for line in lines):
            return True
        if any(record.program == STOP_SCRIPT for record in stamped) or len(stamped) * 2 > len(lines):
            return True
        names = [name.lower() for name in member.names]
        return bool(lines) and "clusterpro" in names[:-1] and fnmatchcase(names[-1], "exec*.log*")

    def __init__(self, reading: Reading, recogniser: Recogniser) -> None:
        super().__init__(reading, recogniser)
        reading.source, reading.format = "script-log", SCRIPT_FORMAT
        self._stamp: Stamp | None = None
        self._pending: list[_Undated] = []
        self._ended = False
        self._undated_runs = 0

    def take_line(self, line: str, number: int, offset: int) -> None:
        """Take a line with its stamp, with that of the line before it, or keep it until more is known."""
        record = _stamped(line)
        if record is not None:
            self._leave_pending()
            self._stamp = record.stamp
            self._ended = record.message == _ENDS
            self.take(record, number, line, offset)
            return
        message = line.strip()
        if self._ended or (message.startswith(_BEGINS) and any(map(_is_of_stop_script, self._pending))):
            # Another run, at another time.
            self._leave_pending()
            self._stamp = None
        self._ended = message == _ENDS
        if self._stamp is not None:
            self.take(_record(message, self._stamp, "after"), number, line, offset)
        elif len(self._pending) < _MOST_PENDING:
            self._pending.append(_Undated(number, offset, message))
        else:
            self.unframed(line, number)

    def finish(self) -> None:
        """The last run, if without a stamp, ended when the file was last written; those before it have no time."""
        written = self.reading.written
        if written is not None and self._pending:
            utc = written.astimezone(UTC)
            stamp = Stamp(utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second, utc.microsecond, 0)
            for line, offset, message in self._pending:
                self.take(_record(message, stamp, "file-time"), line, message, offset)
            if any(map(_is_of_stop_script, self._pending)):
                shown = utc.isoformat(" ", "seconds")
                self.reading.notes.append(text("input.script-file-time", count=len(self._pending), time=shown))
        else:
            self._leave_pending()
        if self._undated_runs:
            self.reading.notes.append(text("input.script-undated", count=self._undated_runs))

    def _leave_pending(self) -> None:
        """Nothing dates the lines that wait."""
        self._undated_runs += any(map(_is_of_stop_script, self._pending))
        for undated in self._pending:
            self.unframed(undated.message, undated.line)
        self._pending.clear()


def _is_of_stop_script(undated: _Undated) -> bool:
    return script_program(undated.message) == STOP_SCRIPT


def _record(message: str, stamp: Stamp, inferred: str) -> Record:
    return Record(stamp, "", script_program(message), "", message, SCRIPT_FORMAT, given={"time_inferred": inferred})


def _stamped(line: str) -> Record | None:
    """A line with a stamp: CLUSTERPRO's, or one that a site's script writes itself."""
    record = frame(line)
    if record is None:
        match = _SLASHED.match(line.lstrip(" \t\ufeff"))
        stamp = read_stamp(line.lstrip(" \t\ufeff")) if match else None
        if match is None or stamp is None:
            return None
        record = Record(stamp, "", "", "", match["text"].strip(), SCRIPT_FORMAT)
    if record.program and record.format != SCRIPT_FORMAT:
        return record
    program = script_program(record.message)
    return record._replace(program=program if program == STOP_SCRIPT else SCRIPT, format=SCRIPT_FORMAT)
