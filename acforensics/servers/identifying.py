"""Which server a record belongs to: host fields, paths and archive names reconciled.

A host name that changes once within a file, at a boot, is a rename of one server; names that alternate are servers that
log to one place. Short and full names are one server. What was decided is kept as notes.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from acforensics.clocks.places import Hosts, is_address, places
from acforensics.events import NAMING_MEMBERS
from acforensics.servers.hostless import Server, main_servers, stem
from acforensics.servers.machines import Life, apart, near
from acforensics.sources import Reading
from acforensics.texts import text

_RENAME_AT_BOOT = timedelta(minutes=10)
_MOST_NAMES = 200


@dataclass
class ServerMap:
    """Result of `identify`: `servers` by name, and the server of each (reading, host)."""

    servers: dict[str, Server]
    by_host: dict[str, str]
    by_reading: dict[int, str]
    hosts: Hosts = field(default_factory=Hosts)
    others: dict[tuple[int, str], str] = field(default_factory=dict)
    """For each file of another machine of the same name, and that name: what this machine is called here."""

    def of(self, reading: int, host: str) -> str:
        """Server of a record: by its host field, else by the file it stands in."""
        found = self.by_host.get(self.hosts.name(host)) or self.by_reading[reading]
        return self.others.get((reading, found), found)

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
    lives = [_life(*one, hosts) for one in zip(readings, times, boots, strict=True)]
    by_reading = main_servers(readings, hosts, by_host, servers, lives)
    others = _of_one_name(readings, hosts, by_reading, servers, lives)
    by_reading.update({i: other for (i, name), other in others.items() if by_reading[i] == name})
    return ServerMap(servers, by_host, by_reading, hosts, others)


def _life(reading: Reading, times: Sequence[datetime], boots: Sequence[datetime], hosts: Hosts) -> Life | None:
    """When a file was kept, and its starts; nothing where these are of several hosts, or there are none."""
    if not times or not boots or len({name for mark in reading.marks if (name := hosts.name(mark.host))}) > 1:
        return None
    return Life(min(times), max(times), sorted(boots))


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


def _of_one_name(
    readings: Sequence[Reading],
    hosts: Hosts,
    by_reading: dict[int, str],
    servers: dict[str, Server],
    lives: Sequence[Life | None],
) -> dict[tuple[int, str], str]:
    """Files of another machine that has the name of one: in folders whose logs agree on no start."""
    folders: dict[str, dict[tuple[str, ...], list[Life]]] = {}
    roots = [tuple(place.root.split("/")) for place in places(readings, hosts)]
    for i, life in enumerate(lives):
        if life is not None:
            folders.setdefault(by_reading[i], {}).setdefault(roots[i], []).append(life)
    found: dict[tuple[int, str], str] = {}
    for name, own in folders.items():
        machines = apart(own)
        if len(machines) < 2 or name not in servers:
            continue
        names = [name, *(f"{name} ({number})" for number in range(2, len(machines) + 1))]
        for called, machine in zip(names, machines, strict=True):
            one = servers.setdefault(called, Server(called))
            one.notes.append(text("server.one-name", server=name, folders=", ".join(map("/".join, machine))))
        for i, root in enumerate(roots):
            nearest = max(range(len(machines)), key=lambda n: near(root, machines[n]))
            if nearest:
                found[i, name] = names[nearest]
    return found
