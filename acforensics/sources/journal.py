"""The systemd journal: what every stored form of it comes down to.

A binary journal has no lines and a line of JSON is too long to read, so evidence shows an entry in one short line, as
journalctl would, in UTC: `2026-12-03T10:28:06.746367Z svr031 systemd-logind[261]: System is powering down.` The line
number beside it is that of the entry in the file (where its object begins). A newline within a message is shown as
`#012`, as syslog writes it to a file.

Times are those at which journald took the entry (`__REALTIME_TIMESTAMP`), which no program can choose. It takes the
kernel's first lines only when it starts itself, often half a minute late; they keep that time, as in every other form
of the journal, and name the true one in the field `journal_kernel_time`.

Programs choose their tag freely. What journald itself knows of the sender is believed first: the process id, and that
the tags of the system's own programs are not used by ordinary users.

A journal has two clocks: one that can be set, and one that only counts. Where their difference changes within a boot,
the first one was set; that is recorded as an event, to the millisecond. (Both count alike while the clock is slewed.)
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping

from acforensics.events import Stamp
from acforensics.lines import Record, mask_secrets
from acforensics.parsing.recognition import Recogniser
from acforensics.sources.collecting import Collector
from acforensics.sources.masked import mask_name
from acforensics.sources.reading import Reading
from acforensics.texts import text

WANTED = frozenset({
    "MESSAGE", "SYSLOG_IDENTIFIER", "SYSLOG_PID", "_PID", "_COMM", "_UID", "_AUDIT_LOGINUID", "_CMDLINE", "_HOSTNAME",
    "_BOOT_ID", "_TRANSPORT", "_SOURCE_MONOTONIC_TIMESTAMP", "__REALTIME_TIMESTAMP", "__MONOTONIC_TIMESTAMP",
})  # fmt: skip
"""Fields of an entry that are used; all others are passed over."""
LONGEST_VALUE = 64 << 10

_CLOCK_PROGRAM = "journal-clock"
_BOOT_ID = re.compile(r"[0-9a-f]{32}")
# Tags of the system's own programs: from an ordinary user they are a claim only.
_SYSTEM_TAGS = frozenset({"kernel", "systemd-logind", "systemd-journald", "systemd-shutdown", "auditd", "init"})
_UNSET_LOGIN = "4294967295"
_LAST_SECOND = 7_258_118_400  # 2200-01-01
_MOST_BOOTS = 1024
_BATCH = 512
_BATCH_SIZE = 256 << 10
_STEP = 1_000_000
# The kernel's own count drifts away from the journal's within days, so that it is of use early in a boot only.
_EARLY = 600_000_000
_LATE = 1_000_000
_ASLEEP = re.compile(r"PM: (?:suspend entry|hibernation)|Entering sleep state|Suspending system|Performing sleep")
_SAMPLES_KEPT = 5
# A text as a list of its bytes, whole or torn: nobody can read it, and what it says cannot be told from its middle.
_BYTES = re.compile(r"\[?(?:\d{1,3}\s*,\s*){3,}(?:\d{1,3})?\s*\]?")
_HIDDEN = "[bytes]"


class Entries:
    """Takes the entries of one journal in order, whatever they were stored in, into a `Reading`."""

    def __init__(self, reading: Reading, recogniser: Recogniser, format_name: str) -> None:
        reading.source = "journal"
        reading.format = format_name
        self._reading = reading
        self._recogniser = recogniser
        self._collector = Collector(reading, recogniser)
        self._format = format_name
        self._number = 0
        self._waiting: list[tuple[Mapping[str, str], str, int]] = []
        self._waiting_size = 0
        self._clocks: dict[str, tuple[int, int, int]] = {}
        self._asleep: set[str] = set()
        self._silent = 0

    def take(self, fields: Mapping[str, str], line: int) -> None:
        """Take the next entry: fields of `WANTED` as text, and the line at which it begins."""
        message = mask_secrets(_one_line(fields.get("MESSAGE", "")[:LONGEST_VALUE]))
        self._waiting.append((fields, message, line))
        self._waiting_size += len(message)
        if len(self._waiting) >= _BATCH or self._waiting_size >= _BATCH_SIZE:
            self._flush()

    def _flush(self) -> None:
        """Take what was gathered: one scan over all messages finds those that some definition may recognise."""
        waiting, self._waiting, self._waiting_size = self._waiting, [], 0
        candidates = self._candidates("\n".join(message for _, message, _ in waiting).encode())
        for position, (fields, message, line) in enumerate(waiting):
            self._take(fields, message, line, candidate=position in candidates)

    def _candidates(self, messages: bytes) -> set[int]:
        found: set[int] = set()
        scan = self._recogniser.scan
        position = counted = line = 0
        while position < len(messages) and (match := scan.search(messages, position)) is not None:
            line += messages.count(b"\n", counted, match.start())
            counted = match.start()
            found.add(line)
            end = messages.find(b"\n", match.end())
            position = len(messages) if end < 0 else end + 1
        return found

    def _take(self, fields: Mapping[str, str], message: str, line: int, *, candidate: bool) -> None:
        realtime = _number(fields.get("__REALTIME_TIMESTAMP", ""))
        stamp = _stamp(realtime) if realtime is not None else None
        if realtime is None or stamp is None:
            self.damaged(line, message)
            return
        program = _program(fields)
        given = {}
        if candidate or not self._recogniser.ignores(program, message):
            given = _given(fields, realtime)
        boot = fields.get("_BOOT_ID", "")
        record = Record(
            stamp=stamp,
            host=mask_name(fields.get("_HOSTNAME", ""))[:256],
            program=program,
            pid=(fields.get("_PID") or fields.get("SYSLOG_PID", ""))[:20],
            message=message,
            format=self._format,
            boot=boot if _BOOT_ID.fullmatch(boot) else "",
            given=given,
        )
        self._clock(fields, record, realtime, line)
        self._number += 1
        shown = _shown(record, mask_name(fields.get("SYSLOG_IDENTIFIER", "")))
        self._collector.take(record, line, shown, self._number, candidate=candidate)

    def silent(self) -> None:
        """The entry that comes next has a message that was too large for the program that wrote this file."""
        self._silent += 1

    def damaged(self, line: int, sample: str) -> None:
        """Count what is no whole entry."""
        self._reading.unframed += 1
        if len(self._reading.unframed_samples) < _SAMPLES_KEPT:
            sample = _BYTES.sub(_HIDDEN, sample[:LONGEST_VALUE])
            self._reading.unframed_samples.append((line, mask_secrets(sample)[:200]))

    def close(self, lines: int, encodings: set[str]) -> None:
        """End of the file."""
        self._flush()
        self._collector.close()
        self._reading.lines = lines
        found = sorted(encodings - {"ascii"})
        self._reading.encoding = ("mixed: " + ", ".join(found)) if len(found) > 1 else (found[0] if found else "ascii")
        if self._silent:
            self._reading.notes.append(text("input.journal-too-large", count=self._silent))

    def _clock(self, fields: Mapping[str, str], record: Record, realtime: int, line: int) -> None:
        """Find where the clock was set, by the two times of this entry and of the one before it in the same boot."""
        monotonic = _number(fields.get("__MONOTONIC_TIMESTAMP", ""))
        boot = record.boot
        if not boot or monotonic is None:
            return
        if _ASLEEP.search(record.message) and record.program in ("kernel", "systemd-sleep"):
            self._asleep.add(boot)
        before = self._clocks.pop(boot, None)
        self._clocks[boot] = (realtime - monotonic, monotonic, line)
        if len(self._clocks) > _MOST_BOOTS:
            oldest = next(iter(self._clocks))
            del self._clocks[oldest]
            self._asleep.discard(oldest)
        # Going back, the second clock says that the file is out of order; that is no step.
        if before is None or monotonic < before[1]:
            return
        step = realtime - monotonic - before[0]
        if abs(step) <= _STEP:
            return
        if step > 0 and boot in self._asleep:
            # The clock that only counts stands still while the machine sleeps.
            self._asleep.discard(boot)
            return
        stepped = record._replace(
            program=_CLOCK_PROGRAM, pid="", message=f"clock stepped by {step / 1e6:+.3f} s", given={}
        )
        self._number += 1
        shown = f"{_shown(stepped, '')} (realtime against monotonic, since line {before[2]})"
        hit = self._collector.recognise(stepped, line, shown, self._number)
        if hit is not None:
            self._reading.hits.append(hit)


def _number(written: str) -> int | None:
    return int(written) if written.isascii() and written.isdecimal() and len(written) <= 18 else None


def _stamp(microseconds: int) -> Stamp | None:
    seconds, microsecond = divmod(microseconds, 1_000_000)
    return Stamp(*time.gmtime(seconds)[:6], microsecond, 0) if seconds < _LAST_SECOND else None


def _iso(stamp: Stamp) -> str:
    return (
        f"{stamp.year}-{stamp.month:02}-{stamp.day:02}T"
        f"{stamp.hour:02}:{stamp.minute:02}:{stamp.second:02}.{stamp.microsecond:06}Z"
    )


def _program(fields: Mapping[str, str]) -> str:
    tag, comm = mask_name(fields.get("SYSLOG_IDENTIFIER", "")), mask_name(fields.get("_COMM", ""))
    program = (tag.rpartition("/")[2] or tag or comm)[:256]
    if program in _SYSTEM_TAGS and fields.get("_TRANSPORT") != "kernel" and fields.get("_UID", "0") != "0":
        return comm[:256]
    return program


def _given(fields: Mapping[str, str], realtime: int) -> dict[str, str]:
    """What the journal knows besides: who wrote an entry, and when the kernel did."""
    given: dict[str, str] = {}
    if (user := fields.get("_UID", "0")) != "0":
        given["journal_uid"] = user[:20]
    if (login := fields.get("_AUDIT_LOGINUID", _UNSET_LOGIN)) != _UNSET_LOGIN:
        given["journal_loginuid"] = login[:20]
    if command := fields.get("_CMDLINE", ""):
        given["journal_cmdline"] = mask_secrets(command.replace("\0", " "))[:200]
    late = _late(fields) if fields.get("_TRANSPORT") == "kernel" else 0
    if late and (happened := _stamp(max(0, realtime - late))) is not None:
        given["journal_kernel_time"] = _iso(happened)
    return given


def _late(fields: Mapping[str, str]) -> int:
    """Microseconds by which journald took a line of the kernel late; 0 where it did not, or where nobody knows."""
    taken = _number(fields.get("__MONOTONIC_TIMESTAMP", ""))
    written = _number(fields.get("_SOURCE_MONOTONIC_TIMESTAMP", ""))
    if taken is None or written is None or taken > _EARLY or taken - written <= _LATE:
        return 0
    return taken - written


def _one_line(message: str) -> str:
    message = message.lstrip(" \t")
    if "\n" in message or "\r" in message or "\0" in message:
        return message.rstrip("\r\n\0").replace("\r\n", "#012").replace("\n", "#012").replace("\0", "")
    return message


def _shown(record: Record, tag: str) -> str:
    program = tag[:256] or record.program or "unknown"
    pid = f"[{record.pid}]" if record.pid else ""
    return mask_secrets(f"{_iso(record.stamp)} {record.host} {program}{pid}: {record.message}")
