"""What one file holds, before it is dated and placed on a server."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from acforensics.events import Hit, Stamp
from acforensics.texts import Text

Source = Literal[
    "syslog", "journal", "boot-list", "login-records", "audit", "alert-log", "clusterpro-log", "script-log", "ups-log",
    "other",
]  # fmt: skip
"""What sort of log a file is: what it could have shown, and what could not be in it."""

FactName = Literal["zone", "member", "schedule-on", "schedule-off", "clock-synchronised", "state"]


UNNOTICED = timedelta(minutes=3)
"""Silences up to this length are not told apart and need no marks; the shortest gap is more than four times that."""


class Mark(NamedTuple):
    """A stamp (and host) seen at an offset: hits and samples in file order, for years, coverage, hosts.

    Offsets are bytes of a text (a run of NUL bytes counts as one), or numbers of records. `boot` names the boot, where
    the source does so: a boot id of the journal (32 hex digits), or `~N` where a listing only says that another begins.
    """

    offset: int
    stamp: Stamp
    host: str
    boot: str = ""


class Fact(NamedTuple):
    """Something that a file says without being a record: a zone, a member of the cluster, a planned time."""

    name: FactName
    value: str
    line: int | None
    text: str


class Part(NamedTuple):
    """One of several logs that stand in one file, one behind the other.

    `log`: parts of one number are one log, as its rotated files are; `age`: their order in time, oldest first.
    """

    log: int
    age: int


@dataclass(frozen=True)
class Document:
    """A small file that is needed whole, as text. It may hold secrets: it is shown nowhere and never written."""

    kind: Literal["settings", "script", "linkage"]
    text: str = field(repr=False)


@dataclass
class Reading:
    """The result of reading one member once. Sizes in bytes; `records` are those that fit a framing."""

    path: str
    names: tuple[str, ...]
    written: datetime | None
    source: Source = "other"
    format: str = "unknown"
    encoding: str = "ascii"
    bytes: int = 0
    sha256: str = ""
    lines: int = 0
    records: int = 0
    unframed: int = 0
    unframed_samples: list[tuple[int, str]] = field(default_factory=list)
    hits: list[Hit] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    notes: list[Text] = field(default_factory=list)
    complete: bool = True
    document: Document | None = field(default=None, repr=False)
    part: Part | None = None
    """Where several logs were put together in the file: which of them this is."""
    years_by: Literal["text", "weekdays", "weekdays-others"] = "text"
    """What tells the years of its stamps: the text; or its weekdays, with its own time or with the server's files."""

    def lose(self, note: Text) -> None:
        """Something of the file could not be read: what is said first of it is also said of the whole case."""
        self.notes.insert(0 if self.complete else 1, note)
        self.complete = False
