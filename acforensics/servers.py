"""Which server a record belongs to: host fields, paths and archive names reconciled.

A host name that changes once within a file, at a boot, is a rename of one server; names that alternate are servers that
log to one place. Short and full names are one server. What was decided is kept as notes.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from acforensics.clocks.places import Hosts, is_address
from acforensics.events import NAMING_MEMBERS
from acforensics.sources import Reading
from acforensics.texts import Text, text

_PATH_NOISE = re.compile(
    r"^(?:var|log|logs|etc|opt|nec|clusterpro|tmp|home|root|usr|alt|sos_commands|logs?[-_]?\d*|messages.*|syslog.*|bundle|data)$",
    re.IGNORECASE,
)
_ARCHIVE_SUFFIX = re.compile(
    r"(?:[-_.]?(?:logs?|sosreport|bundle))?(?:\.(?:tar|tgz|tbz2?|txz|zip|gz|xz|bz2|zst))*$", re.IGNORECASE
)
_RENAME_AT_BOOT = timedelta(minutes=10)
_WORDS = re.compile(r"[-_.]")
# A server's name before the usual name of a log.
_PREFIXED = re.compile(
    r"^(?P<server>[A-Za-z][A-Za-z0-9-]*?[A-Za-z0-9])[-_.]"
    r"(?P<log>messages|syslog|secure|auth|cron|wtmp|utmp|btmp|audit|last|journal|list-boots|boots|utmpdump|exec|alertlog|rc|pm|rm|nm"
    r"|apcupsd|schedule|timedatectl|clpstat)\b.*$",
    re.IGNORECASE,
)
_MOST_NAMES = 200


@dataclass
class Server:
    """One machine: its name, and every other name that its logs use."""

    name: str
    aliases: set[str] = field(default_factory=set)
    notes: list[Text] = field(default_factory=list)


@dataclass
class ServerMap:
    """Result of `identify`: `servers` by name, and the server of each (reading, host)."""

    servers: dict[str, Server]
    by_host: dict[str, str]
    by_reading: dict[int, str]
    hosts: Hosts = field(default_factory=Hosts)

    def of(self, reading: int, host: str) -> str:
        """Server of a record: by its host field, else by the file it stands in."""
        return self.by_host.get(self.hosts.name(host)) or self.by_reading[reading]

    def of_file(self, reading: Reading) -> str:
        """The server that a file was taken from, as far as its folder or archive is named after one; else empty."""
        named = (self.by_host.get(self.hosts.name(stem(part))) for part in reversed(reading.names[:-1]))
        return next((server for server in named if server is not None), "")


@dataclass
class _Names:
    """Union of host names that are one server."""

    parent: dict[str, str] = field(default_factory=dict)

    def find(self, name: str) -> str:
        while self.parent.setdefault(name, name) != name:
            name = self.parent[name]
        return name

    def join(self, old: str, new: str) -> None:
        self.parent[self.find(old)] = self.find(new)


def identify(
    readings: Sequence[Reading], times: Sequence[Sequence[datetime]], boots: Sequence[Sequence[datetime]]
) -> ServerMap:
    """Decide the servers of a case.

    Args:
        readings: every file read.
        times: UTC times of each reading's marks.
        boots: UTC times of the kernel starts in each reading.
    """
    hosts = Hosts.of(readings)
    written: dict[str, dict[str, int]] = {}
    runs: list[list[tuple[str, datetime, datetime]]] = []
    for reading, stamps in zip(readings, times, strict=True):
        runs.append(_runs(reading, stamps, hosts))
        for mark in reading.marks:
            if name := hosts.name(mark.host):
                shown = written.setdefault(name, {})
                shown[mark.host.rstrip(".")] = shown.get(mark.host.rstrip("."), 0) + 1
    names = _Names()
    # Where hundreds of hosts log to one place nobody is renamed, and comparing all of them would cost time.
    few = len(written) <= _MOST_NAMES
    together = _interleaved(runs) if few else set()
    if few:
        # A cluster has each of its servers under one name.
        members = sorted(_members(readings, hosts).keys() & written.keys())
        together.update(map(frozenset, itertools.combinations(members, 2)))
    renames: list[tuple[str, str]] = []
    for reading_runs, reading_boots in zip(runs if few else [], boots if few else [], strict=True):
        for (old, _, old_end), (new, new_start, _) in itertools.pairwise(reading_runs):
            if _is_rename(old, new, old_end, new_start, together, reading_runs, reading_boots):
                names.join(old, new)
                renames.append((old, new))
    display = {root: _display(root, written, hosts) for root in {names.find(name) for name in written}}
    by_host = {name: display[names.find(name)] for name in written}
    servers: dict[str, Server] = {}
    for name, forms in written.items():
        server = servers.setdefault(by_host[name], Server(by_host[name]))
        server.aliases.update(form for form in forms if form != server.name)
    for old, new in dict.fromkeys(renames):
        servers[by_host[new]].notes.append(text("server.renamed", old=old, new=new))
    by_reading = _by_reading(readings, hosts, by_host, servers)
    return ServerMap(servers, by_host, by_reading, hosts)


def _runs(reading: Reading, times: Sequence[datetime], hosts: Hosts) -> list[tuple[str, datetime, datetime]]:
    """Successive stretches of one host in file order: (name, first time, last time)."""
    found: list[tuple[str, datetime, datetime]] = []
    for mark, time in zip(reading.marks, times, strict=True):
        name = hosts.name(mark.host)
        if not name:
            continue
        if found and found[-1][0] == name:
            found[-1] = (name, found[-1][1], time)
        else:
            found.append((name, time, time))
    return found


def _interleaved(runs: Sequence[Sequence[tuple[str, datetime, datetime]]]) -> set[frozenset[str]]:
    """Pairs of names that come back after one another in a file: they are servers side by side, never one renamed."""
    found: set[frozenset[str]] = set()
    for sequence in runs:
        positions: dict[str, list[int]] = {}
        for i, (name, _, _) in enumerate(sequence):
            positions.setdefault(name, []).append(i)
        if len(positions) < len(sequence):
            listed = sorted(positions)
            for i, a in enumerate(listed):
                for b in listed[i + 1 :]:
                    low, high = max(positions[a][0], positions[b][0]), min(positions[a][-1], positions[b][-1])
                    if low < high:
                        found.add(frozenset((a, b)))
    # Names that the files show alive at the same time are different machines; a central log may show each of them only
    # by stretches, one behind the other in every file.
    spans: dict[str, tuple[datetime, datetime]] = {}
    for name, first, last in itertools.chain.from_iterable(runs):
        times = [first, last, *spans.get(name, ())]
        spans[name] = min(times), max(times)
    for a, b in itertools.combinations(sorted(spans), 2):
        if spans[a][0] < spans[b][1] and spans[b][0] < spans[a][1]:
            found.add(frozenset((a, b)))
    return found


def _members(readings: Sequence[Reading], hosts: Hosts) -> dict[str, str]:
    """The servers that a cluster's settings, listings and messages name: by name, as written first."""
    found: dict[str, str] = {}
    for reading in readings:
        named = [fact.value for fact in reading.facts if fact.name == "member"]
        named += [hit.fields.get("server", "") for hit in reading.hits if hit.kind in NAMING_MEMBERS]
        for written in named:
            if name := hosts.name(written):
                found.setdefault(name, written)
    return found


def _is_rename(
    old: str,
    new: str,
    old_end: datetime,
    new_start: datetime,
    together: set[frozenset[str]],
    reading_runs: Sequence[tuple[str, datetime, datetime]],
    boots: Sequence[datetime],
) -> bool:
    if frozenset((old, new)) in together or new_start < old_end - timedelta(minutes=1):
        return False
    if sum(name == old for name, _, _ in reading_runs) > 1 or sum(name == new for name, _, _ in reading_runs) > 1:
        return False
    return any(old_end - _RENAME_AT_BOOT <= boot <= new_start + _RENAME_AT_BOOT for boot in boots)


def _display(root: str, written: dict[str, dict[str, int]], hosts: Hosts) -> str:
    """The newest name of the group as its logs write it most often, without the domain."""
    if is_address(root):
        return root
    forms: dict[str, int] = {}
    for form, count in written[root].items() if root in written else ():
        short = form if hosts.name(form) == form.lower() else form.partition(".")[0]
        forms[short] = forms.get(short, 0) + count
    return max(sorted(forms), key=lambda form: forms[form]) if forms else root


def _by_reading(
    readings: Sequence[Reading],
    hosts: Hosts,
    by_host: dict[str, str],
    servers: dict[str, Server],
) -> dict[int, str]:
    """The server that a file's host-less records belong to."""
    main: dict[int, str] = {}
    members = {hosts.name(fact.value): fact.value for r in readings for fact in r.facts if fact.name == "member"}
    known = {**members, **by_host}
    for i, reading in enumerate(readings):
        if reading.source == "alert-log":
            # It holds the events of the whole cluster: what it names most need not be where it lies.
            continue
        counts: dict[str, int] = {}
        for mark in reading.marks:
            if name := hosts.name(mark.host):
                counts[by_host[name]] = counts.get(by_host[name], 0) + 1
        if counts:
            main[i] = max(sorted(counts), key=lambda name: counts[name])
    found = dict(main)
    prefixed = _prefixes(readings)
    for i, reading in enumerate(readings):
        if i in found:
            continue
        named = next((known[n] for part in reading.names[:-1] if (n := hosts.name(stem(part))) in known), None)
        named = named or _from_file_name(reading, hosts, known, prefixed)
        named = named or _nearest(reading, readings, main, hosts)
        if named is None:
            named = _from_path(reading)
        if named not in servers and reading.marks:
            servers[named] = Server(named, notes=[text("server.from-path", path=reading.path)])
        found[i] = named
    return found


def _from_file_name(reading: Reading, hosts: Hosts, known: dict[str, str], prefixed: set[str]) -> str | None:
    """Files of several servers in one folder have the server in their names: `svr031-wtmp`, `last.svr047.txt`."""
    name = reading.names[-1] if reading.names else ""
    for word in _WORDS.split(name):
        if hosts.name(word) and (found := known.get(hosts.name(word), word if word in prefixed else None)) is not None:
            return found
    match = _PREFIXED.match(name)
    return match["server"] if match is not None and match["server"] in prefixed else None


def _prefixes(readings: Sequence[Reading]) -> set[str]:
    """What stands before the usual names of logs, where one folder has several logs of one name."""
    groups: dict[tuple[tuple[str, ...], str], set[str]] = {}
    for reading in readings:
        match = _PREFIXED.match(reading.names[-1]) if reading.names else None
        if match is not None:
            groups.setdefault((reading.names[:-1], match["log"].lower()), set()).add(match["server"])
    return {prefix for found in groups.values() if len(found) > 1 for prefix in found}


def _nearest(reading: Reading, readings: Sequence[Reading], main: dict[int, str], hosts: Hosts) -> str | None:
    """The only server that other files of the same folder (or of the folder above) belong to.

    Where a folder beside this file's is named after its server, this file's folder is another server's.
    """
    for depth in range(len(reading.names) - 1, 0, -1):
        prefix = reading.names[:depth]
        near = {i: name for i, name in main.items() if readings[i].names[:depth] == prefix}
        beside = [i for i in near if len(readings[i].names) > depth + 1 and len(reading.names) > depth + 1]
        if any(
            readings[i].names[depth] != reading.names[depth]
            and hosts.name(stem(readings[i].names[depth])) == hosts.name(near[i])
            for i in beside
        ):
            return None
        if len(set(near.values())) == 1:
            return next(iter(near.values()))
        if near:
            return None
    return None


def _from_path(reading: Reading) -> str:
    """The folder or archive that holds a server's `var`, `etc`, `log`: the last name before these begin."""
    found = "localhost"
    for name in map(stem, reading.names[:-1]):
        if name and not _PATH_NOISE.match(name):
            found = name
        elif found != "localhost":
            break
    return found


def stem(part: str) -> str:
    """A folder's or archive's name without what collectors add: `svr031` for `svr031-log.tar.gz`."""
    return _ARCHIVE_SUFFIX.sub("", part)
