"""Line-oriented text: one linear scan over chunks finds the lines that matter; only those are parsed.

Stamps are sampled all along the file, for years, coverage and gaps; a line that fits no framing is counted,
and the first few are kept, so that nothing is lost silently.
"""

from __future__ import annotations

import re
from bisect import bisect_right, insort
from datetime import timedelta
from operator import attrgetter

from acforensics.events import BOOT_MARKS, DAEMON_MARKS, STOP_MARKS, Hit, PreviousLine
from acforensics.lines import Record, decode_line, frame, frame_own, login_records, mask_secrets, split_records
from acforensics.lines import audit as audit_lines
from acforensics.lines.clusterpro import ALERT_FORMAT
from acforensics.lines.framing import MONTHS
from acforensics.masking import continued
from acforensics.parsing.recognition import Recogniser
from acforensics.parsing.scanning import Beside, Scanned, count_beginnings, scan
from acforensics.sources import audit
from acforensics.sources.collecting import Collector, apart, select, select_last
from acforensics.sources.reading import UNNOTICED, Mark, Reading, Source
from acforensics.sources.sequential import LONGEST_LINE, NulRuns, note_long_lines

_SAMPLE_STEP = 4 << 10
_SPARSE_STEP = 64 << 10
_MANY_HOSTS = 32
_MARKS_OF_A_CHUNK = 4096
_TAIL_KEPT = 128 << 10
_LARGE = 32 << 20
"""Behind so much a process more is worth its start, a quarter of a second of a core."""
_SAMPLES_KEPT = 5
_WELL_SAMPLED = 64 << 10
_PREVIOUS_LINES = 2000
_CONTINUED_LINES = 20
_ENCODINGS_TRIED = 200
_NEAR_BYTES = 64 << 10
_END_BYTES = 4 << 10
_QUIET = timedelta(minutes=10)
_BOUNDARY = re.compile(rb"^-- (?:Boot ([0-9a-f]{32})|Reboot) --", re.MULTILINE)
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
_REPETITION = re.compile(
    # syslog-ng quotes only the first characters of the line before.
    r"^(?:last )?message repeated (?P<count>\d+) times?(?:: \[ ?(?P<text>.*?) ?\]?)?\.?$"
    r"|^Last message '.*' repeated (?P<times>\d+) times?, suppressed",
    re.DOTALL,
)
_PLACE = attrgetter("offset")
_SYSLOG_DAEMONS = ("rsyslogd", "syslogd", "syslog-ng", "")


class TextReader:
    """Reads one text file, block by block, into a `Reading`."""

    def __init__(self, reading: Reading, recogniser: Recogniser) -> None:
        self._reading = reading
        self._recogniser = recogniser
        self._own = recogniser.owner(reading.names[-1]) if reading.names else ""
        self._collector = Collector(reading, recogniser, self._own)
        self._boundaries: list[tuple[int, str]] = []
        self._background: list[Hit] = []
        self._parsed_until = 0
        self._kept: set[int] = set()
        self._starts: list[tuple[int, int, Hit]] = []
        self._carry = b""
        self._offset = 0
        self._line = 0
        self._tail = b""
        self._encodings: set[str] = set()
        self._hosts: set[str] = set()
        self._formats: dict[str, int] = {}
        self._last_by_message: dict[str, Hit] = {}
        self._cut = False
        self._long: list[int] = []
        self._nul_runs = NulRuns()
        self._beside: Beside | None = None
        self._read = 0

    @property
    def scans_beside(self) -> bool:
        """Whether another process has taken over the scan."""
        return self._beside is not None and self._beside.works

    def feed(self, block: bytes) -> None:
        """Take the next block of the file."""
        block = self._nul_runs.squeezed(block)
        if self._cut:
            # The rest of a line larger than any log line is dropped, so that memory stays bounded.
            newline = block.find(b"\n")
            if newline < 0:
                return
            block = block[newline:]
            self._cut = False
        end = block.rfind(b"\n") + 1
        # The only copy that is made of most of a file.
        lines = b"".join((self._carry, memoryview(block)[:end])) if end else b""
        rest = block[end:] if end else self._carry + block
        self._carry = rest[:LONGEST_LINE]
        self._cut = len(rest) > LONGEST_LINE
        if lines:
            self._take(self._shortened(lines))
        if self._cut:
            self._finish_waiting()
            self._long.append(self._line + 1)

    def _take(self, chunk: bytes) -> None:
        """Take the next lines, all of one block. A large file is scanned by a process of its own, some chunks ahead."""
        self._read += len(chunk)
        if self._beside is None and self._read > _LARGE and self._recogniser.steady:
            self._beside = Beside(self._recogniser.scan)
        if self._beside is None:
            self._chunk(chunk, scan(self._recogniser.scan, chunk))
        elif (ready := self._beside.take(chunk)) is not None:
            self._chunk(*ready)

    def _finish_waiting(self) -> None:
        while self._beside is not None and (ready := self._beside.give()) is not None:
            self._chunk(*ready)

    def _shortened(self, chunk: bytes) -> bytes:
        """The chunk, with no line longer than the longest that is looked at."""
        window = LONGEST_LINE // 2
        if all(chunk.find(b"\n", start, start + window) >= 0 for start in range(0, len(chunk) - window, window)):
            return chunk
        self._finish_waiting()
        lines = chunk.split(b"\n")
        self._long += [self._line + i for i, line in enumerate(lines, start=1) if len(line) > LONGEST_LINE]
        return b"\n".join(line[:LONGEST_LINE] for line in lines)

    def close(self) -> None:
        """End of the file: take the last line even without its newline, and settle format and encoding."""
        if self._carry:
            self._take(self._carry)
            self._carry = b""
        self._finish_waiting()
        if self._beside is not None:
            self._beside.close()
        self._look_ahead()
        self._keep_last()
        self._collector.close()
        reading = self._reading
        reading.lines = self._line
        note_long_lines(reading, self._long, records=bool(self._formats))
        if audit_lines.FORMAT in self._formats:
            reading.hits = audit.join(reading.hits)
        self._name_boots()
        reading.source = self._source()
        if self._formats:
            ranked = sorted(self._formats, key=lambda name: (-self._formats[name], name))
            reading.format = ranked[0] if len(ranked) == 1 else "mixed: " + ", ".join(ranked)
        elif reading.bytes == 0:
            reading.format = "empty"
        else:
            reading.format = "text without stamps"
        found = sorted(self._encodings - {"ascii"})
        reading.encoding = ("mixed: " + ", ".join(found)) if len(found) > 1 else (found[0] if found else "ascii")

    def _source(self) -> Source:
        if audit_lines.FORMAT in self._formats:
            return "audit"
        if ALERT_FORMAT in self._formats:
            return "alert-log"
        if login_records.FORMAT in self._formats:
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
        self._look_ahead(chunk)
        first_line = self._line
        self._line += scanned.lines
        self._note_encoding(chunk)
        self._sample(chunk)
        self._count(chunk, scanned, first_line)
        for start, end, before in scanned.found:
            self._parse(chunk, start, end, first_line + before + 1)
        self._mark_last_of_each_host(chunk)
        self._offset += len(chunk)
        self._tail = chunk if len(chunk) >= _TAIL_KEPT else (self._tail + chunk)[-_TAIL_KEPT:]

    # --- coverage

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

    def _sample(self, chunk: bytes) -> None:
        """Read stamps all along; the more of them, the more time lies between two, and all where that is long.

        In a log of many servers each needs its own: there a stamp is read every few KiB.
        """
        previous: tuple[Mark, int] | None = None
        position = 0
        while 0 <= position < len(chunk):
            mark, line_end = self._mark_at(chunk, position)
            if mark is not None:
                if previous is not None:
                    self._sample_between(chunk, *previous, mark, position)
                self._keep_mark(mark)
                previous = (mark, line_end)
            if line_end >= len(chunk):
                break
            step = _SAMPLE_STEP if mark is None or len(self._hosts) > 1 else _SPARSE_STEP
            following = chunk.find(b"\n", max(line_end, position + step) - 1)
            if following < 0 or following + 1 >= len(chunk):
                # The last line is always sampled.
                following = chunk.rfind(b"\n", 0, len(chunk) - 1)
                if following < line_end - 1:
                    break
            position = following + 1

    def _sample_between(self, chunk: bytes, earlier: Mark, start: int, later: Mark, end: int) -> None:
        """Read stamps of the lines from `start` to `end`, as many as the time between their neighbours asks for."""
        distance = apart(earlier.stamp, later.stamp)
        if distance <= UNNOTICED or start >= end:
            return
        if end - start > _SAMPLE_STEP:
            middle = chunk.find(b"\n", (start + end) // 2) + 1
            mark, line_end = self._mark_at(chunk, middle) if start < middle < end else (None, end)
            if mark is not None:
                self._sample_between(chunk, earlier, start, mark, middle)
                self._keep_mark(mark)
                self._sample_between(chunk, mark, line_end, later, end)
                return
        if distance > _QUIET:
            while start < end:
                mark, start = self._mark_at(chunk, start)
                if mark is not None:
                    self._keep_mark(mark)

    def _keep_mark(self, mark: Mark) -> None:
        self._reading.marks.append(mark)
        self._note_host(mark.host)

    def _note_host(self, host: str) -> None:
        if len(self._hosts) < _MANY_HOSTS:
            self._hosts.add(host)

    def _mark_last_of_each_host(self, chunk: bytes) -> None:
        """In a log of several hosts: the last line of each, which samples of the busy ones would miss."""
        if len(self._hosts) < 2:
            return
        marked = {mark.offset for mark in self._reading.marks[-_MARKS_OF_A_CHUNK:]}
        for host in sorted(self._hosts - {""}):
            place = chunk.rfind(f" {host} ".encode())
            start = chunk.rfind(b"\n", 0, max(0, place)) + 1
            if place >= 0 and self._offset + start not in marked:
                mark = self._mark_at(chunk, start)[0]
                if mark is not None and mark.host == host:
                    insort(self._reading.marks, mark, key=_PLACE)

    def _mark_at(self, chunk: bytes, start: int) -> tuple[Mark | None, int]:
        end = chunk.find(b"\n", start)
        end = len(chunk) if end < 0 else end
        # Behind NUL bytes of a crash, which stand where a line of its own should have begun.
        start += chunk[start:end].rstrip(b"\0\r").rfind(b"\0") + 1
        record = self._frame(decode_line(chunk[start : min(end, start + 512)])[0])
        if record is None:
            return None, end + 1
        self._formats[record.format] = self._formats.get(record.format, 0) + 1
        return Mark(self._offset + start, record.stamp, record.host), end + 1

    def _count(self, chunk: bytes, scanned: Scanned, first_line: int) -> None:
        """Count framed lines: fast where all begin with the dates that were sampled, else by a pattern."""
        lines = scanned.lines
        framed = self._count_by_prefix(chunk, scanned.begin)
        if framed < lines:
            # Where not one of many samples has a stamp this is no log: a pattern would only cost time.
            sampled = bool(self._reading.marks) and self._reading.marks[-1].offset >= self._offset
            framed = len(_STAMPED.findall(chunk)) if sampled or len(chunk) < _WELL_SAMPLED else 0
            blank = len(_BLANK.findall(chunk)) + len(_HEADINGS.findall(chunk))
            missing = lines - framed - blank
            if missing > 0:
                self._reading.unframed += missing
                self._keep_unframed(chunk, first_line)
        self._reading.records += min(framed, lines)

    def _count_by_prefix(self, chunk: bytes, counted: dict[bytes, int]) -> int:
        prefixes = set()
        for mark in reversed(self._reading.marks):
            if mark.offset < self._offset:
                break
            start = mark.offset - self._offset
            prefixes.add(b"type=" if chunk.startswith(b"type=", start) else chunk[start : start + 7])
        prefixes = {prefix for prefix in prefixes if not any(c in prefix for c in b"\0\n")}
        if not prefixes or len(prefixes) > 8:
            return 0
        counted = counted | count_beginnings(chunk, prefixes - counted.keys())
        return sum(counted[prefix] for prefix in prefixes)

    def _keep_unframed(self, chunk: bytes, first_line: int) -> None:
        if len(self._reading.unframed_samples) >= _SAMPLES_KEPT:
            return
        lines = chunk.split(b"\n")
        for number, line in enumerate(lines, start=first_line + 1):
            if line.strip(b"\r\t \0") and not _STAMPED.match(line) and not _HEADINGS.match(line):
                before = self._begun(lines[: number - first_line - 1])
                shown = mask_secrets(decode_line(line)[0], before)[:200].rstrip("\r")
                self._reading.unframed_samples.append((number, shown))
                if len(self._reading.unframed_samples) >= _SAMPLES_KEPT:
                    return

    def _begun(self, lines: list[bytes]) -> str:
        """What goes on behind these lines of the chunk: a line that ends with a backslash."""
        if len(lines) < _CONTINUED_LINES:
            lines = [*self._tail[-_SAMPLE_STEP:].split(b"\n")[:-1], *lines]
        before = ""
        for line in lines[-_CONTINUED_LINES:]:
            before = continued(before, decode_line(line)[0]) if line.rstrip().endswith(b"\\") else ""
        return before

    def _mark_around(self, chunk: bytes, start: int, end: int) -> None:
        """The record before a line between boots, and the one behind it, bound both (a chunk's own ends are marked)."""
        places = [chunk.rfind(b"\n", 0, start - 1) + 1] if start else []
        for place in (*places, end + 1):
            mark = self._mark_at(chunk, place)[0] if place < len(chunk) else None
            if mark is not None:
                insort(self._reading.marks, mark, key=_PLACE)

    # --- events

    def _frame(self, line: str) -> Record | None:
        return frame_own(line, self._own) if self._own else frame(line)

    def _parse(self, chunk: bytes, start: int, end: int, line: int) -> None:
        boundary = _BOUNDARY.match(chunk, start, end)
        if boundary is not None:
            name = boundary[1].decode("ascii") if boundary[1] else f"~{len(self._boundaries) + 1}"
            self._boundaries.append((self._offset + start, name))
            self._mark_around(chunk, start, end)
            return
        for position, part in split_records(chunk[start:end].rstrip(b"\r")):
            decoded, encoding = decode_line(part)
            decoded = mask_secrets(decoded)
            record = self._frame(decoded)
            offset = self._offset + start + position
            hit = self._recognise(record, decoded, line, offset) if record is not None else None
            if record is None or hit is None:
                continue
            if encoding != "ascii":
                self._encodings.add(encoding)
            if hit.kind in BOOT_MARKS or hit.kind == "os.daemon_started":
                self._look_back(hit, chunk, start + position)
            self._reading.hits.append(hit)
            insort(self._reading.marks, Mark(offset, record.stamp, record.host), key=_PLACE)
            self._note_host(record.host)
            if hit.kind in STOP_MARKS or hit.kind in BOOT_MARKS or hit.kind in DAEMON_MARKS:
                self._around(hit, chunk, start)
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
        before = chunk[max(0, start - _TAIL_KEPT) : start]
        if start < _TAIL_KEPT:
            before = (self._tail[-_TAIL_KEPT:] + before)[-_TAIL_KEPT:]
        for back, line in enumerate(reversed(before.split(b"\n")[-_PREVIOUS_LINES:])):
            for _, part in reversed(split_records(line.rstrip(b"\r"))):
                decoded = mask_secrets(decode_line(part)[0])
                record = self._frame(decoded)
                # Other servers may log to the same file: their lines are not this one's last.
                if record is None or record.host != hit.host:
                    continue
                if hit.previous is None or record.stamp[:6] != hit.stamp[:6]:
                    hit.previous = PreviousLine((hit.line or 0) - back, record.stamp, decoded)
                if record.stamp[:6] != hit.stamp[:6]:
                    return

    # --- what unknown programs said near a stop or a start

    def _around(self, hit: Hit, chunk: bytes, start: int) -> None:
        """Before the hit now, behind the start of a boot as soon as enough of the file was read."""
        before = chunk[max(0, start - _NEAR_BYTES) : start]
        if start < _NEAR_BYTES:
            before = (self._tail[-_NEAR_BYTES:] + before)[-_NEAR_BYTES:]
        line, place = hit.line or 0, self._offset + start
        self._parse_background(before, place - len(before), line - before.count(b"\n"))
        self._keep_near(hit)
        if hit.kind in BOOT_MARKS:
            behind = chunk[start : start + _NEAR_BYTES]
            if len(behind) < _NEAR_BYTES:
                # The rest of what is of interest comes with the next block.
                self._starts.append((place, line, hit))
            else:
                self._parse_background(behind[: behind.rfind(b"\n") + 1], place, line)
                self._keep_near(hit)

    def _look_ahead(self, chunk: bytes = b"") -> None:
        """Behind the starts of boots that were found, as far as the file was read: to be called before more is."""
        if not self._starts:
            return
        read = self._tail + chunk[:_NEAR_BYTES]
        begins = self._offset - len(self._tail)
        for place, line, hit in self._starts:
            behind = read[place - begins : place - begins + _NEAR_BYTES] if place >= begins else b""
            if chunk:
                behind = behind[: behind.rfind(b"\n") + 1]
            self._parse_background(behind, place, line)
            self._keep_near(hit)
        self._starts = []

    def _keep_last(self) -> None:
        """What began just before the log ends: what it asked for may stand in another log only."""
        if not self._reading.marks or not self._recogniser.near_programs:
            return
        last = self._tail[-_END_BYTES:]
        begin = last.find(b"\n") + 1 if len(last) < len(self._tail) or self._offset > len(self._tail) else 0
        behind = self._line - last.count(b"\n", begin) + last.endswith(b"\n")
        self._parse_background(last[begin:], self._offset - len(last) + begin, behind)
        self._keep(select_last(self._background, self._reading.marks[-1]))

    def _parse_background(self, data: bytes, offset: int, line: int) -> None:
        """Read what may be of interest near a stop or a start; each line once, however many of these there are."""
        done = max(0, self._parsed_until - offset)
        if done >= len(data):
            return
        line += data.count(b"\n", 0, done)
        offset += done
        for raw in data[done:].split(b"\n"):
            if raw:
                # Behind NUL bytes of a crash a record begins amid its line.
                begin = raw.rstrip(b"\0\r").rfind(b"\0") + 1
                decoded = mask_secrets(decode_line(raw[begin:].rstrip(b"\r"))[0])
                record = self._frame(decoded)
                hit = self._collector.background(record, line, decoded, offset + begin) if record is not None else None
                if hit is not None:
                    self._background.append(hit)
            offset += len(raw) + 1
            line += 1
        self._parsed_until = offset - (not data.endswith(b"\n"))

    def _keep_near(self, mark: Hit) -> None:
        self._background = [hit for hit in self._background if hit.offset >= mark.offset - _NEAR_BYTES]
        self._keep(select(self._background, mark))

    def _keep(self, near: list[Hit]) -> None:
        new = [hit for hit in near if hit.offset not in self._kept]
        self._kept.update(hit.offset for hit in new)
        self._reading.hits += new
