"""Line-oriented text: one linear scan over chunks finds the lines that matter; only those are parsed.

Stamps are sampled all along the file (`stamps`); lines that fit no framing are counted (`framed`); near a stop or a
start, what unknown programs say is read as well (`near`).
"""

from __future__ import annotations

import re
from bisect import bisect_right

from acforensics.events import BOOT_MARKS, DAEMON_MARKS, STOP_MARKS, Hit, PreviousLine
from acforensics.lines import Record, decode_line, login_records, mask_secrets, split_records
from acforensics.lines import audit as audit_lines
from acforensics.lines.clusterpro import ALERT_FORMAT
from acforensics.parsing.recognition import Recogniser
from acforensics.parsing.scanning import Scanned
from acforensics.sources import audit
from acforensics.sources.chunks import TAIL_KEPT, Chunks
from acforensics.sources.collecting import Collector
from acforensics.sources.framed import Framed
from acforensics.sources.near import Near
from acforensics.sources.reading import Reading, Source
from acforensics.sources.sequential import note_long_lines
from acforensics.sources.stamps import Stamps

_PREVIOUS_LINES = 2000
_ENCODINGS_TRIED = 200
_BOUNDARY = re.compile(rb"^-- (?:Boot ([0-9a-f]{32})|Reboot) --", re.MULTILINE)
_REPETITION = re.compile(
    # syslog-ng quotes only the first characters of the line before.
    r"^(?:last )?message repeated (?P<count>\d+) times?(?:: \[ ?(?P<text>.*?) ?\]?)?\.?$"
    r"|^Last message '.*' repeated (?P<times>\d+) times?, suppressed",
    re.DOTALL,
)
_SYSLOG_DAEMONS = ("rsyslogd", "syslogd", "syslog-ng", "")


class TextReader:
    """Reads one text file, block by block, into a `Reading`."""

    def __init__(self, reading: Reading, recogniser: Recogniser) -> None:
        self._reading = reading
        self._recogniser = recogniser
        self._own = recogniser.owner(reading.names[-1]) if reading.names else ""
        self._collector = Collector(reading, recogniser, self._own)
        self._read = Chunks(recogniser)
        self._stamps = Stamps(reading, self._read, self._own)
        self._framed = Framed(reading, self._read)
        self._near = Near(reading, recogniser, self._collector, self._read, self._stamps.frame)
        self._boundaries: list[tuple[int, str]] = []
        self._encodings: set[str] = set()
        self._last_by_message: dict[str, Hit] = {}

    @property
    def scans_beside(self) -> bool:
        """Whether another process has taken over the scan."""
        return self._read.scanned_beside

    def feed(self, block: bytes) -> None:
        """Take the next block of the file."""
        for chunk, scanned in self._read.feed(block):
            self._chunk(chunk, scanned)

    def close(self) -> None:
        """End of the file: take the last line even without its newline, and settle format and encoding."""
        for chunk, scanned in self._read.close():
            self._chunk(chunk, scanned)
        self._near.look_ahead()
        self._near.keep_last()
        self._collector.close()
        reading = self._reading
        formats = self._stamps.formats
        reading.lines = self._read.lines
        note_long_lines(reading, self._read.long, records=bool(formats))
        if audit_lines.FORMAT in formats:
            reading.hits = audit.join(reading.hits)
        self._name_boots()
        reading.source = self._source()
        if formats:
            ranked = sorted(formats, key=lambda name: (-formats[name], name))
            reading.format = ranked[0] if len(ranked) == 1 else "mixed: " + ", ".join(ranked)
        elif reading.bytes == 0:
            reading.format = "empty"
        else:
            reading.format = "text without stamps"
        found = sorted(self._encodings - {"ascii"})
        reading.encoding = ("mixed: " + ", ".join(found)) if len(found) > 1 else (found[0] if found else "ascii")

    def _source(self) -> Source:
        if audit_lines.FORMAT in self._stamps.formats:
            return "audit"
        if ALERT_FORMAT in self._stamps.formats:
            return "alert-log"
        if login_records.FORMAT in self._stamps.formats:
            return "login-records"
        if self._own:
            return "ups-log" if any(hit.kind.startswith("ups.") for hit in self._reading.hits) else "other"
        if self._boundaries:
            return "journal"
        return "syslog" if any(mark.host for mark in self._reading.marks) else "other"

    def _name_boots(self) -> None:
        """In a listing with lines between boots, every record belongs to the boot named before it."""
        if not self._boundaries:
            return
        places = [offset for offset, _ in self._boundaries]
        names = ["~0", *(name for _, name in self._boundaries)]
        reading = self._reading
        reading.marks = [m._replace(boot=names[bisect_right(places, m.offset)]) for m in reading.marks]
        for hit in reading.hits:
            hit.boot = names[bisect_right(places, hit.offset)]

    def _chunk(self, chunk: bytes, scanned: Scanned) -> None:
        self._near.look_ahead(chunk)
        self._note_encoding(chunk)
        self._stamps.sample(chunk)
        self._framed.count(chunk, scanned)
        for start, end, before in scanned.found:
            self._parse(chunk, start, end, self._read.lines + before + 1)
        self._stamps.mark_last_of_each_host(chunk)

    def _note_encoding(self, chunk: bytes) -> None:
        if chunk.isascii():
            return
        try:
            chunk.decode("utf-8")
            self._encodings.add("utf-8")
        except UnicodeDecodeError:
            foreign = [line for line in chunk.split(b"\n") if not line.isascii()]
            step = -(-len(foreign) // _ENCODINGS_TRIED)
            self._encodings.update(decode_line(line)[1] for line in foreign[::step])

    def _parse(self, chunk: bytes, start: int, end: int, line: int) -> None:
        boundary = _BOUNDARY.match(chunk, start, end)
        if boundary is not None:
            name = boundary[1].decode("ascii") if boundary[1] else f"~{len(self._boundaries) + 1}"
            self._boundaries.append((self._read.offset + start, name))
            self._stamps.mark_around(chunk, start, end)
            return
        for position, part in split_records(chunk[start:end].rstrip(b"\r")):
            decoded, encoding = decode_line(part)
            decoded = mask_secrets(decoded)
            record = self._stamps.frame(decoded)
            offset = self._read.offset + start + position
            hit = self._recognise(record, decoded, line, offset) if record is not None else None
            if record is None or hit is None:
                continue
            if encoding != "ascii":
                self._encodings.add(encoding)
            if hit.kind in BOOT_MARKS or hit.kind == "os.daemon_started":
                self._look_back(hit, chunk, start + position)
            self._reading.hits.append(hit)
            self._stamps.add(record, offset)
            if hit.kind in STOP_MARKS or hit.kind in BOOT_MARKS or hit.kind in DAEMON_MARKS:
                self._near.around(hit, chunk, start)
            if len(self._last_by_message) < 4096 or record.message in self._last_by_message:
                self._last_by_message[record.message] = hit

    def _recognise(self, record: Record, raw: str, line: int, offset: int) -> Hit | None:
        repetition = _REPETITION.match(record.message)
        extra: dict[str, str] = {}
        if repetition is not None:
            repeated = self._what_repeats(record, repetition["text"], line)
            if repeated is None:
                return None
            record, extra = repeated, {"repeated": repetition["count"] or repetition["times"]}
        hit = self._collector.recognise(record, line, raw, offset)
        if hit is not None:
            hit.fields.update(extra)
        return hit

    def _what_repeats(self, record: Record, inner: str | None, line: int) -> Record | None:
        """The record that a repetition line stands for: the one it quotes, else the line just before it."""
        if inner is not None and record.program not in _SYSLOG_DAEMONS:
            return record._replace(message=inner)
        if inner is not None:
            earlier = self._last_by_message.get(inner)
        else:
            last = self._reading.hits[-1] if self._reading.hits else None
            earlier = last if last is not None and last.line == line - 1 else None
        if earlier is None or earlier.host != record.host:
            return None
        return record._replace(program=earlier.program, pid=earlier.pid, message=earlier.message)

    def _look_back(self, hit: Hit, chunk: bytes, start: int) -> None:
        """Find the last line before a boot: lines of the new boot may stand before its first kernel line."""
        before = self._read.before(chunk, start, TAIL_KEPT)
        for back, line in enumerate(reversed(before.split(b"\n")[-_PREVIOUS_LINES:])):
            for _, part in reversed(split_records(line.rstrip(b"\r"))):
                decoded = mask_secrets(decode_line(part)[0])
                record = self._stamps.frame(decoded)
                # Other servers may log to the same file: their lines are not this one's last.
                if record is None or record.host != hit.host:
                    continue
                if hit.previous is None or record.stamp[:6] != hit.stamp[:6]:
                    hit.previous = PreviousLine((hit.line or 0) - back, record.stamp, decoded)
                if record.stamp[:6] != hit.stamp[:6]:
                    return
