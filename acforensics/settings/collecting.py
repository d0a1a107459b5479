"""Finds the settings among everything that was read: whose clp.conf is in use, and whose the scripts are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from acforensics.settings.collected import Copy, Script, Settings
from acforensics.settings.configuration import ClusterConfiguration, read_configuration
from acforensics.settings.linkage import read_linkage
from acforensics.settings.stop_script import StopScript, read_script
from acforensics.sources import Reading

_MILLISECONDS = ":ms"
_MOST_LINES_TOLD = 5
_SET_ASIDE = re.compile(
    r"(?:^|[^a-z])(?:bak|back|backups?|old|orig|org|prev|saved?|copy|te?mp)(?:[^a-z]|$)|~$|\.sh[^a-z0-9]", re.IGNORECASE
)
"""Names of files and folders that somebody has put aside: `stop.sh.bak`, `scripts.old`, `tmp`."""


def read(
    readings: Sequence[Reading], servers_by_reading: Mapping[int, str], places: Mapping[str, str] | None = None
) -> Settings:
    """Find the settings among everything that was read.

    Args:
        readings: every file read.
        servers_by_reading: the server of each reading, by its place in `readings`.
        places: where a site's clp.conf has what `SITE_SETTINGS` names: `sync-wait` → `cluster/…` (`:ms` behind it
            where it is in milliseconds).
    """
    names = {name: place.removesuffix(_MILLISECONDS) for name, place in (places or {}).items()}
    units = {name: 0.001 for name, place in (places or {}).items() if place.endswith(_MILLISECONDS)}
    copies, left_out = _copies(readings, servers_by_reading, names)
    owners = _Owners([copy.configuration for copy in copies if copy.same_as is None])
    scripts, idle = _in_use(
        [
            (reading, Script(servers_by_reading.get(i, ""), *owners.of(reading.names), _read_script(reading)))
            for i, reading in enumerate(readings)
            if reading.document is not None and reading.document.kind == "script"
        ],
        owners,
    )
    linkages = tuple(
        (servers_by_reading.get(i, ""), one)
        for i, reading in enumerate(readings)
        if reading.document is not None and reading.document.kind == "linkage"
        for one in read_linkage(reading.document.text, reading.path)
    )
    return Settings(
        copies=tuple(copies),
        scripts=tuple(scripts),
        linkages=linkages,
        names=tuple(sorted({name for name in servers_by_reading.values() if name})),
        units=units,
        left_out=tuple(left_out),
        idle=tuple(idle),
        unread=tuple(reading.path for reading in readings if _is_unread(reading)),
    )


def _is_unread(reading: Reading) -> bool:
    """Whether a file's name promises settings that nobody found in it, and nothing was said about that."""
    name = reading.names[-1].lower() if reading.names else ""
    promised = (name == "clp.conf" and reading.bytes > 0) or (name.endswith("stop.sh") and reading.records > 0)
    return promised and reading.document is None and not reading.notes


def _read_script(reading: Reading) -> StopScript:
    document = reading.document.text if reading.document is not None else ""
    return read_script(document, reading.path, reading.names, complete=reading.complete)


def _copies(
    readings: Sequence[Reading], servers: Mapping[int, str], names: Mapping[str, str]
) -> tuple[list[Copy], list[str]]:
    """Of each server the clp.conf in use, as far as its place tells; and the paths of others, which are not."""
    by_server: dict[str, list[Reading]] = {}
    for i, reading in enumerate(readings):
        if reading.document is not None and reading.document.kind == "settings":
            by_server.setdefault(servers.get(i, ""), []).append(reading)
    found: list[Copy] = []
    left_out: list[str] = []
    contents: dict[tuple[str, ...], ClusterConfiguration] = {}
    for server, own in by_server.items():
        best = min(_rank(reading, server) for reading in own)
        for reading in own:
            if _rank(reading, server) != best:
                left_out.append(reading.path)
                continue
            document = reading.document.text if reading.document is not None else ""
            lines = _lines(document)
            same = contents.get(lines)
            if same is not None:
                found.append(Copy(server, same, same_as=same.input))
                continue
            configuration = read_configuration(document, reading.path, names)
            differs = _differences(next(iter(contents)), lines) if contents else ()
            contents[lines] = configuration
            found.append(Copy(server, configuration, differs=differs))
    return found, left_out


def _lines(document: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in document.lstrip("\ufeff").rstrip().split("\n"))


def _differences(first: Sequence[str], other: Sequence[str]) -> tuple[int, ...]:
    """Numbers of the first lines of the other that differ."""
    differing = (i for i in range(max(len(first), len(other))) if first[i : i + 1] != other[i : i + 1])
    return tuple(number + 1 for number, _ in zip(differing, range(_MOST_LINES_TOLD), strict=False))


def _rank(reading: Reading, server: str) -> tuple[bool, bool, int]:
    """Rather the file in use than a backup of it."""
    names = [name.lower() for name in reading.names]
    return names[-1:] != ["clp.conf"], names[-2:-1] != ["etc"], _aside(reading) if server else 0


def _aside(reading: Reading) -> int:
    """How many of a path's names say that somebody has put the file aside."""
    return sum(_SET_ASIDE.search(name) is not None for name in reading.names)


def _in_use(found: Sequence[tuple[Reading, Script]], owners: _Owners) -> tuple[list[Script], list[str]]:
    """Of each server and exec resource the stop script in use, as far as its place tells; and the paths of others.

    Where the server is not known, only scripts in one folder are weighed against each other. A script of which nothing
    tells who runs it is not in use where the server has one that talks to ESMPRO/AC.
    """
    ranked: dict[tuple[str, str, str], list[tuple[tuple[int, int], Script]]] = {}
    for reading, one in found:
        if _stops(one.script):
            place = one.server or reading.path.rpartition("/")[0] + "/"
            rank = owners.place(reading.names), _aside(reading)
            ranked.setdefault((place, one.group, one.resource), []).append((rank, one))
    talking = {key[0] for key, own in ranked.items() if key[1] and any(one.script.mentions_command for _, one in own)}
    scripts: list[Script] = []
    idle: list[str] = []
    for (place, group, _), own in ranked.items():
        best = min(rank for rank, _ in own)
        for rank, one in own:
            if rank == best and (group or place not in talking):
                scripts.append(one)
            elif one.script.mentions_command:
                idle.append(one.script.input)
    return scripts, idle


def _stops(script: StopScript) -> bool:
    """Whether this is a stop script: by its name; by what it calls where its name says neither."""
    name = script.names[-1].lower() if script.names else ""
    return "stop" in name or (script.mentions_command and "start" not in name)


class _Owners:
    """Whose a script is: `scripts/<group>/<exec>/stop.sh`, or the path that clp.conf names."""

    def __init__(self, configurations: Sequence[ClusterConfiguration]) -> None:
        self._complete = bool(configurations) and all(one.whole for one in configurations)
        self._run: set[tuple[str, str]] = set()
        self._by_resource: dict[str, tuple[str, str]] = {}
        self._by_group: dict[str, tuple[str, str]] = {}
        self._by_path: dict[tuple[str, ...], tuple[str, str]] = {}
        for configuration in configurations:
            for group in configuration.groups:
                resources = group.exec_resources()
                if len(resources) == 1:
                    self._by_group[group.name] = (group.name, resources[0])
                self._complete &= group.resources_known
                for resource in resources:
                    self._run.add((group.name, resource))
                    self._by_resource[resource] = (group.name, resource)
                    entry = configuration.exec_resources.get(resource)
                    path = (entry.stop_path.text or "") if entry is not None else ""
                    if path.startswith("/"):
                        parts = tuple(part for part in path.split("/") if part)
                        self._by_path[parts] = (group.name, resource)

    def place(self, names: tuple[str, ...]) -> int:
        """How surely it is run from there: clp.conf names the path, it lies where the product looks, or neither."""
        return 0 if self._by_its_path(names) else 1 if names[-4:-3] == ("scripts",) else 2

    def of(self, names: tuple[str, ...]) -> tuple[str, str]:
        """Group and exec resource; empty where nothing tells."""
        folders = names[:-1]
        if len(folders) >= 3 and folders[-3].lower() == "scripts":
            # A folder that no exec resource is named like is a copy, or what a removed one has left.
            left = self._complete and folders[-2:] not in self._run
            return ("", "") if left else (folders[-2], folders[-1])
        found = self._by_resource.get(folders[-1]) if folders else None
        found = found or (self._by_group.get(folders[-1]) if folders else None)
        return found or self._by_its_path(names) or ("", "")

    def _by_its_path(self, names: tuple[str, ...]) -> tuple[str, str] | None:
        paths = (self._by_path.get(names[-length:]) for length in range(len(names), 0, -1)) if self._by_path else ()
        return next((one for one in paths if one is not None), None)
