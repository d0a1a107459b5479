"""Which files come from one server, before servers are identified: that needs times, and times need zones.

A file belongs to the host that most of its records name. One without hosts (`etc/localtime`, a login record) belongs
to what lies nearest to it, but never to another server's folder or archive.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from acforensics.sources import Reading

_GENERIC = {"", "localhost", "localhost4", "localhost6", "(none)", "(null)", "-", "unknown"}
# What lies at the root of a server, or of what was collected from one.
_SYSTEM_FOLDERS = {"etc", "var", "opt", "usr", "proc", "sys", "boot", "sos_commands"}

Path = tuple[str, ...]


class Place(NamedTuple):
    """Where a file comes from: a host's name, or a folder where none is known; and the folder that is its root."""

    server: str
    root: str


@dataclass(frozen=True)
class Hosts:
    """One spelling for each host name: short and in lower case, but for names that only their domains tell apart."""

    ambiguous: frozenset[str] = frozenset()

    @classmethod
    def of(cls, readings: Sequence[Reading]) -> Hosts:
        """Find the names that need their domains."""
        domains: dict[str, set[str]] = {}
        for host in {mark.host.rstrip(".").lower() for reading in readings for mark in reading.marks}:
            short, _, domain = host.partition(".")
            if domain and not is_address(host):
                domains.setdefault(short, set()).add(domain)
        return cls(frozenset(short for short, found in domains.items() if len(found) > 1))

    def name(self, host: str) -> str:
        """A host as its records name it; empty where that names no machine."""
        host, short = _spelling(host)
        return "" if short in _GENERIC else host if short in self.ambiguous else short


@lru_cache(maxsize=4096)
def _spelling(host: str) -> tuple[str, str]:
    host = host.rstrip(".").lower()
    return host, _address(host) or host.partition(".")[0]


@lru_cache(maxsize=4096)
def _address(host: str) -> str | None:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return None


def is_address(host: str) -> bool:
    """Whether a host is written as an IP address."""
    return _address(host) is not None


def places(readings: Sequence[Reading], hosts: Hosts) -> list[Place]:
    """The place of every reading, in their order."""
    folders = [_folder(reading.path) for reading in readings]
    roots = [_root(folder, len(reading.names)) for folder, reading in zip(folders, readings, strict=True)]
    servers = [_main_host(reading, hosts) for reading in readings]
    # First the logs, then what is no log: a server known by its folder only is a server, too.
    for with_marks in (True, False):
        near = _counted(folders, servers)
        for i, reading in enumerate(readings):
            if not servers[i] and bool(reading.marks) is with_marks:
                servers[i] = _nearest(folders[i], roots[i], near) or _shown(folders[i], roots[i])
    return [Place(*place) for place in zip(servers, map(_shown, folders, roots), strict=True)]


def _shown(folder: Path, root: Path | None) -> str:
    return "/".join(folder if root is None else root) or "."


def _main_host(reading: Reading, hosts: Hosts) -> str:
    if reading.source == "alert-log":
        # It holds the events of the whole cluster: what it names most need not be where it lies.
        return ""
    counts = Counter(name for mark in reading.marks if (name := hosts.name(mark.host)))
    return max(sorted(counts), key=lambda name: counts[name]) if counts else ""


def _folder(path: str) -> Path:
    """The folders and archives above a file; an archive's name ends with its mark."""
    return tuple(part for part in path.replace("!", "!/").split("/")[:-1] if part not in ("", "."))


def _root(folder: Path, names: int) -> Path | None:
    """The folder that holds a server's `etc`, `var` and so on; `None` where nothing looks like that.

    Args:
        folder: of the file.
        names: how many of its names are those of the input or of what lies in it: the rest is where the input lies.
    """
    archive = _archive(folder)
    return _system(folder, names, archive) or (folder[:archive] if archive else None)


def root_of(reading: Reading) -> Path | None:
    """The folder or archive that holds a server's `etc`, `var` and so on above a file; `None` where none looks so."""
    folder = _folder(reading.path)
    return _system(folder, len(reading.names), _archive(folder))


def _archive(folder: Path) -> int:
    """How many of these names lead to the innermost archive; 0 where there is none."""
    return max((i + 1 for i, part in enumerate(folder) if part.endswith("!")), default=0)


def _system(folder: Path, names: int, archive: int) -> Path | None:
    for i in range(max(archive, len(folder) - names + 2), len(folder)):
        if folder[i].lower() in _SYSTEM_FOLDERS:
            return folder[:i]
    return None


def _counted(folders: Sequence[Path], servers: Sequence[str]) -> dict[Path, Counter[str]]:
    found: dict[Path, Counter[str]] = {}
    for folder, server in zip(folders, servers, strict=True):
        if server:
            for depth in range(len(folder) + 1):
                found.setdefault(folder[:depth], Counter())[server] += 1
    return found


def _nearest(folder: Path, root: Path | None, near: dict[Path, Counter[str]]) -> str:
    """The server of the files around a file, going up as far as its root; empty where there are none, or several."""
    for depth in range(len(folder), len(root or ()) - 1, -1):
        counts = near.get(folder[:depth])
        if counts:
            (name, most), *_ = counts.most_common(1)
            return name if most * 2 > counts.total() else ""
    return ""
