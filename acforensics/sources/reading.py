"""What one file holds, before it is dated and placed on a server."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from acforensics.events import Hit, Stamp
from acforensics.texts import Text


class Mark(NamedTuple):
    """A stamp (and host) seen at a byte offset: hits and samples in file order, for years, coverage, hosts.

    Offsets count a run of NUL bytes as one.
    """

    offset: int
    stamp: Stamp
    host: str


@dataclass
class Reading:
    """The result of reading one member once. Sizes in bytes; `records` are lines that fit a framing."""

    path: str
    names: tuple[str, ...]
    written: datetime | None
    format: str = "unknown"
    encoding: str = "ascii"
    bytes: int = 0
    sha256: str = ""
    lines: int = 0
    records: int = 0
    unframed: int = 0
    unframed_samples: list[tuple[int, str]] = field(default_factory=list)
    hits: list[Hit] = field(default_factory=list)
    hit_offsets: list[int] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    notes: list[Text] = field(default_factory=list)
    complete: bool = True
