"""Which server records without a host name belong to: by what else their file holds, its path, its name, its place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from acforensics.clocks.places import Hosts, root_of
from acforensics.servers.machines import Life, together
from acforensics.sources import Reading
from acforensics.texts import Text, text

_PATH_NOISE = re.compile(
    r"^(?:var|log|logs|etc|opt|nec|clusterpro|tmp|home|root|usr|alt|sos_commands|logs?[-_]?\d*|messages.*|syslog.*|bundle|data)$",
    re.IGNORECASE,
)
_ARCHIVE_SUFFIX = re.compile(
    r"(?:[-_.]?(?:logs?|sosreport|bundle))?(?:\.(?:tar|tgz|tbz2?|txz|zip|gz|xz|bz2|zst))*$", re.IGNORECASE
)
_WORDS = re.compile(r"[-_.]")
# A server's name before the usual name of a log.
_PREFIXED = re.compile(
    r"^(?P<server>[A-Za-z][A-Za-z0-9-]*?[A-Za-z0-9])[-_.]"
    r"(?P<log>messages|syslog|secure|auth|cron|wtmp|utmp|btmp|audit|last|journal|list-boots|boots|utmpdump|exec|alertlog|rc|pm|rm|nm"
    r"|apcupsd|schedule|timedatectl|clpstat)\b.*$",
    re.IGNORECASE,
)


@dataclass
class Server:
    """One machine: its name, and every other name that its logs use."""

    name: str
    aliases: set[str] = field(default_factory=set)
    notes: list[Text] = field(default_factory=list)


def main_servers(
    readings: Sequence[Reading],
    hosts: Hosts,
    by_host: dict[str, str],
    servers: dict[str, Server],
    lives: Sequence[Life | None],
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
    of_servers: dict[str, list[Life | None]] = {}
    for i, name in main.items():
        of_servers.setdefault(name, []).append(lives[i])
    for i, reading in enumerate(readings):
        if i in found:
            continue
        folders = (hosts.name(stem(part)) for part in reversed(reading.names[:-1]))
        named = next((known[name] for name in folders if name in known), None)
        if named is not None and _contradicted(lives[i], of_servers.get(named, ())):
            # A folder or archive of another machine lies within the server's.
            named = _from_path(reading)
        named = named or _from_file_name(reading, hosts, known, prefixed)
        named = named or _nearest(i, readings, main, hosts, lives)
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


def _nearest(
    own: int, readings: Sequence[Reading], main: dict[int, str], hosts: Hosts, lives: Sequence[Life | None]
) -> str | None:
    """The only server that other files of the same folder (or of the folder above) belong to.

    Where a folder beside this file's is named after its server, this file's folder is another server's.
    """
    reading = readings[own]
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
            return next(iter(near.values())) if _may_be_theirs(own, list(near), readings, lives) else None
        if near:
            return None
    return None


def _may_be_theirs(own: int, near: Sequence[int], readings: Sequence[Reading], lives: Sequence[Life | None]) -> bool:
    """Whether a file without a host name may be of the machine that the files near it are of."""
    reading, life = readings[own], lives[own]
    root = root_of(reading)
    roots = {root_of(readings[i]) for i in near}
    if root is not None and root in roots:
        return True
    if root is not None and None not in roots:
        # Both folders hold the files of a whole system.
        return False
    if life is None:
        return True
    above = [i for i in near if reading.names[: len(readings[i].names) - 1] == readings[i].names[:-1]]
    if not above and any(mark.host for mark in reading.marks):
        # A log that calls its machine `localhost`, from start to start, is not of a machine that has a name.
        return False
    return not _contradicted(life, [lives[i] for i in near])


def _contradicted(life: Life | None, others: Sequence[Life | None]) -> bool:
    """Whether a file cannot be of the machine that these are of."""
    theirs = together(other for other in others if other is not None)
    return life is not None and theirs is not None and life.contradicts(theirs)


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
