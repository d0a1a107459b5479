"""What was read: files, servers with their clocks, what each log could have shown, and what is missing."""

from __future__ import annotations

from typing import Literal

from acforensics.case.evidence import Evidence
from acforensics.case.words import LocalText, Model, Time


class Input(Model):
    """One file that was read."""

    path: str
    sha256: str
    bytes: int
    format: str
    encoding: str
    server: str
    records: int
    events: int
    first: Time | None
    last: Time | None
    notes: list[LocalText]


class ClockOffset(Model):
    """By how many seconds a server's clock was ahead of the case's, in a stretch of its own time; behind is negative.

    `spread` is the half-width of what the records allow; `pairs` counts the records on two servers that it rests on.
    """

    since: Time | None
    until: Time | None
    seconds: float
    spread: float
    pairs: int
    evidence: list[Evidence] = []


class Server(Model):
    """One machine of the case; `clock_offset_seconds` is that of its newest records, `clock_offsets` has them all."""

    name: str
    aliases: list[str]
    zone: str = ""
    zone_assumed: bool = False
    clock_offset_seconds: float | None
    clock_offset_basis: LocalText
    clock_offsets: list[ClockOffset] = []
    notes: list[LocalText] = []


class Silence(Model):
    """A time in which a source has no records: a gap, files of a rotation that are missing, or records it lost."""

    start: Time
    end: Time
    seconds: float
    text: LocalText
    evidence: list[Evidence] = []


class Coverage(Model):
    """One log of one server: what it could have shown, and when. `records` is null where others share its file."""

    server: str
    source: str
    log: str
    inputs: list[str]
    first: Time
    last: Time
    records: int | None
    gaps: list[Silence]
    holes: list[Silence]
    losses: list[Silence]


class Missing(Model):
    """Something that the case lacks, and what cannot be decided without it; `server` is empty where nobody has it."""

    server: str
    what: Literal["server", "system-log", "clusterpro-messages"]
    text: LocalText
    without: LocalText
    input: str | None
    line: int | None
