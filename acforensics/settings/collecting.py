"""Finds the settings among everything that was read: whose clp.conf is in use, and whose the scripts are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from acforensics.settings.collected import Copy, Script, Settings
from acforensics.settings.configuration import ClusterConfiguration, read_configuration
from acforensics.settings.linkage import read_linkage
from acforensics.settings.stop_script import StopScript, read_script
from acforensics.sources import Reading

_MILLISECONDS = ":ms"
_MOST_LINES_TOLD = 5


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
    scripts = [
        (servers_by_reading.get(i, ""), _read_script(reading))
        for i, reading in enumerate(readings)
        if reading.document is not None and reading.document.kind == "script"
    ]
    linkages = tuple(
        (servers_by_reading.get(i, ""), one)
        for i, reading in enumerate(readings)
        if reading.document is not None and reading.document.kind == "linkage"
        for one in read_linkage(reading.document.text, reading.path)
    )
    owners = _Owners(copy.configuration for copy in copies if copy.same_as is None)
    return Settings(
        copies=tuple(copies),
        scripts=tuple(Script(server, *owners.of(one.names), one) for server, one in scripts if _stops(one)),
        linkages=linkages,
        names=tuple(sorted({name for name in servers_by_reading.values() if name})),
        units=units,
        left_out=tuple(left_out),
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
        best = min(map(_rank, own))
        for reading in own:
            if _rank(reading) != best:
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


def _rank(reading: Reading) -> tuple[bool, bool]:
    """Rather the file in use than a backup of it."""
    names = [name.lower() for name in reading.names]
    return names[-1:] != ["clp.conf"], names[-2:-1] != ["etc"]


def _stops(script: StopScript) -> bool:
    """Whether this is a stop script: by its name; by what it calls where its name says neither."""
    name = script.names[-1].lower() if script.names else ""
    return "stop" in name or (script.mentions_command and "start" not in name)


class _Owners:
    """Whose a script is: `scripts/<group>/<exec>/stop.sh`, or the path that clp.conf names."""

    def __init__(self, configurations: Iterable[ClusterConfiguration]) -> None:
        self._by_resource: dict[str, tuple[str, str]] = {}
        self._by_group: dict[str, tuple[str, str]] = {}
        self._by_path: dict[tuple[str, ...], tuple[str, str]] = {}
        for configuration in configurations:
            for group in configuration.groups:
                resources = group.exec_resources()
                if len(resources) == 1:
                    self._by_group[group.name] = (group.name, resources[0])
                for resource in resources:
                    self._by_resource[resource] = (group.name, resource)
                    entry = configuration.exec_resources.get(resource)
                    path = (entry.stop_path.text or "") if entry is not None else ""
                    if path.startswith("/"):
                        parts = tuple(part for part in path.split("/") if part)
                        self._by_path[parts] = (group.name, resource)

    def of(self, names: tuple[str, ...]) -> tuple[str, str]:
        """Group and exec resource; empty where nothing tells."""
        folders = names[:-1]
        if len(folders) >= 3 and folders[-3].lower() == "scripts":
            return folders[-2], folders[-1]
        found = self._by_resource.get(folders[-1]) if folders else None
        found = found or (self._by_group.get(folders[-1]) if folders else None)
        paths = (self._by_path.get(names[-length:]) for length in range(len(names), 0, -1)) if self._by_path else ()
        return found or next((one for one in paths if one is not None), ("", ""))
