"""A record of a log: what every way of storing records comes down to."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from acforensics.events import Stamp

_NOTHING: Mapping[str, str] = MappingProxyType({})


class Record(NamedTuple):
    """One record: a line of syslog, an entry of a journal, a login record.

    `program` is empty where there is no tag; `uptime` is the kernel's own seconds, if written; `boot` names the boot
    where the source does so (a journal's boot id); `given` are further fields that the source itself names.
    """

    stamp: Stamp
    host: str
    program: str
    pid: str
    message: str
    format: str
    uptime: float | None = None
    boot: str = ""
    given: Mapping[str, str] = _NOTHING
