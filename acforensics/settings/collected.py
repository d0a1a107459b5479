"""The settings of a case: whose clp.conf and whose scripts were read, and what they say about a server."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

from acforensics.settings.configuration import ClusterConfiguration, Group, read_configuration, same_host
from acforensics.settings.elements import Value
from acforensics.settings.linkage import Linkage, read_linkage
from acforensics.settings.stop_script import LoggedText, Run, StopScript, Wait, read_script
from acforensics.sources import Reading
from acforensics.texts import Text, join, literal, text

FIRST_SLEEP, SECOND_SLEEP = "first-sleep", "second-sleep"
STOP_SCRIPT_TIMEOUT, SYNC_WAIT, RESTART_LIMIT = "stop-script-timeout", "sync-wait", "restart-limit"
SITE_SETTINGS = (SYNC_WAIT, RESTART_LIMIT)
"""Settings whose place in clp.conf is not published: a site can name it."""
SLEEP_OF_HOWTO = 30.0
SYNC_WAIT_DEFAULT = 300.0
_MILLISECONDS = ":ms"
_AC_NAME = re.compile(r"AC(?:[_\-.\d]|$)|ESMPRO|AUTORC", re.IGNORECASE)
_MANAGEMENT = "managementgroup"
_MOST_LINES_TOLD = 5

Basis = Literal["found", "default-of-howto", "default-of-product", "unknown"]


class NamedSeconds(NamedTuple):
    """A length of time that a setting gives, and where it stands."""

    seconds: float | None
    basis: Basis
    input: str | None = None
    line: int | None = None


class Groups(NamedTuple):
    """Names of groups, and how it is known that they are of this sort: by their scripts, or by their names alone."""

    names: tuple[str, ...]
    basis: Literal["scripts", "inferred", "unknown"]


@dataclass(frozen=True)
class Copy:
    """A clp.conf, and the server that it was taken from; `differs`: lines in which it is not like the first copy."""

    server: str
    configuration: ClusterConfiguration
    same_as: str | None = None
    differs: tuple[int, ...] = ()


@dataclass(frozen=True)
class Script:
    """A stop script, the server that it was taken from, and the group and exec resource that run it, if known."""

    server: str
    group: str
    resource: str
    script: StopScript


@dataclass(frozen=True)
class Settings:
    """All settings of a case."""

    copies: tuple[Copy, ...] = ()
    scripts: tuple[Script, ...] = ()
    linkages: tuple[tuple[str, Linkage], ...] = ()
    names: tuple[str, ...] = ()
    """The case's own names of its servers."""
    units: Mapping[str, float] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    """Paths of configurations that are not the ones in use."""

    def __bool__(self) -> bool:
        """Whether anything of a cluster's settings was read."""
        return bool(self.copies or self.scripts or self.linkages)

    def problems(self) -> list[Text]:
        """Settings that could be read only in part, and copies that were not taken for the one in use."""
        torn = [(one.input, one.problem) for one in self.configurations]
        torn += [(each.script.input, each.script.problem) for each in self.scripts]
        left_out = [(path, text("settings.problem.left-out")) for path in self.left_out]
        return [_named(path, problem) for path, problem in (*torn, *left_out) if problem is not None]

    @property
    def configurations(self) -> tuple[ClusterConfiguration, ...]:
        """Those that differ from one another."""
        return tuple(copy.configuration for copy in self.copies if copy.same_as is None)

    @property
    def servers(self) -> tuple[str, ...]:
        """All members of the cluster, in order of priority, by the case's names."""
        found = dict.fromkeys(self.shown(name) for one in self.configurations for name in one.servers)
        return tuple(found)

    def shown(self, name: str) -> str:
        """The case's name of a server that clp.conf names."""
        return next((own for own in self.names if same_host(own, name)), name)

    def configuration(self, server: str) -> ClusterConfiguration | None:
        """The server's own clp.conf, else one that names it, else the only one."""
        own = next((copy.configuration for copy in self.copies if same_host(copy.server, server)), None)
        naming = (one for one in self.configurations if any(same_host(name, server) for name in one.servers))
        only = self.configurations[0] if len(self.configurations) == 1 else None
        return own or next(naming, only)

    # --- groups

    @cached_property
    def _by_group(self) -> Mapping[str, Sequence[Script]]:
        found: dict[str, list[Script]] = {}
        for one in self.scripts:
            found.setdefault(one.group, []).append(one)
        return found

    def scripts_of(self, group: str) -> Sequence[Script]:
        """Stop scripts that a group runs, from all servers; of none: those of which nothing tells whose they are."""
        return self._by_group.get(group, ())

    def is_ac_group(self, group: Group) -> Literal["scripts", "inferred", ""]:
        """Whether a group talks to ESMPRO/AC, and how that is known."""
        scripts = self.scripts_of(group.name)
        if any(one.script.mentions_command for one in scripts):
            return "scripts"
        only_exec = all(name.startswith("exec@") for name in group.resources)
        return "inferred" if _AC_NAME.match(group.name) and only_exec else ""

    def ac_groups(self, server: str) -> Groups:
        """Groups that talk to ESMPRO/AC and may start on a server."""
        configuration = self.configuration(server)
        own = [group for group in configuration.groups if group.may_start_on(server)] if configuration else []
        found = {group.name: basis for group in own if (basis := self.is_ac_group(group))}
        if not found:
            return Groups((), "unknown")
        return Groups(tuple(found), "inferred" if "inferred" in found.values() else "scripts")

    def business_groups(self, server: str) -> Groups:
        """All other groups that may start on a server; unknown where no group of ESMPRO/AC could be told from them."""
        configuration = self.configuration(server)
        ac = self.ac_groups(server)
        if configuration is None or ac.basis == "unknown":
            return Groups((), "unknown")
        own = (group for group in configuration.groups if group.may_start_on(server))
        names = tuple(g.name for g in own if not self.is_ac_group(g) and g.name.lower() != _MANAGEMENT)
        return Groups(names, ac.basis)

    def exec_resources_of_ac(self, server: str) -> tuple[str, ...]:
        """Names of the exec resources whose stop script talks to ESMPRO/AC."""
        names = self.ac_groups(server).names
        configuration = self.configuration(server)
        own = [group for group in configuration.groups if group.name in names] if configuration else []
        return tuple(dict.fromkeys(name for group in own for name in group.exec_resources()))

    # --- scripts

    def script(self, server: str) -> StopScript | None:
        """The stop script with which a server tells ESMPRO/AC: its own copy, else another server's of its group."""
        groups = self.ac_groups(server).names
        talking = [one for one in self.scripts if one.script.mentions_command]
        candidates = [
            *(one for one in talking if one.group in groups and same_host(one.server, server)),
            *(one for one in talking if one.group in groups),
            *(one for one in talking if not one.group and same_host(one.server, server)),
        ]
        if candidates:
            return candidates[0].script
        return talking[0].script if len(talking) == 1 and not talking[0].group else None

    def logged_texts(self, server: str) -> tuple[LoggedText, ...]:
        """What that script writes to syslog around amccmd; empty where it is not known."""
        script = self.script(server)
        runs = script.runs.values() if script is not None else ()
        return tuple(dict.fromkeys(one for run in runs for one in run.logged))

    # --- lengths of time

    def seconds(self, name: str, server: str, run: tuple[str, str] | None = None) -> NamedSeconds:
        """A length of time by its name; `run`: the reason of the stop and the last action, where the script differs."""
        if name in (FIRST_SLEEP, SECOND_SLEEP):
            return self._sleep(name, server, run)
        configuration = self.configuration(server)
        if name == STOP_SCRIPT_TIMEOUT:
            return self._stop_timeout(configuration, server)
        value = configuration.site.get(name, Value()) if configuration is not None else Value()
        seconds = self.in_seconds(name, value)
        if configuration is not None and seconds is not None:
            return NamedSeconds(seconds, "found", configuration.input, value.line)
        return (
            NamedSeconds(SYNC_WAIT_DEFAULT, "default-of-product")
            if name == SYNC_WAIT
            else NamedSeconds(None, "unknown")
        )

    def in_seconds(self, name: str, value: Value) -> float | None:
        """A value that a site's clp.conf has, in seconds."""
        return value.number * self.units.get(name, 1.0) if value.number is not None else None

    def _sleep(self, name: str, server: str, run: tuple[str, str] | None) -> NamedSeconds:
        script = self.script(server)
        if script is None:
            return NamedSeconds(SLEEP_OF_HOWTO, "default-of-howto")
        waits = [
            one.first_sleep if name == FIRST_SLEEP else one.second_sleep
            for key, one in script.runs.items()
            if run in (None, key)
        ]
        known = [(wait.seconds, wait.line) for wait in waits if wait.seconds is not None]
        if not known or len(known) < len(waits):
            line = next((wait.line for wait in waits if wait.line is not None), None)
            return NamedSeconds(None, "unknown", script.input, line)
        seconds, line = max(known, key=lambda wait: wait[0])
        return NamedSeconds(seconds, "found", script.input, line)

    def _stop_timeout(self, configuration: ClusterConfiguration | None, server: str) -> NamedSeconds:
        resources = configuration.exec_resources if configuration is not None else {}
        own = [resources[name] for name in self.exec_resources_of_ac(server) if name in resources]
        values = [one.stop_timeout for one in own] or [Value("1800", "default")]
        value = min(values, key=lambda one: -1 if one.number is None else one.number)
        if value.number is None or configuration is None:
            return NamedSeconds(1800.0 if configuration is None else None,
                                "default-of-product" if configuration is None else "unknown")  # fmt: skip
        basis: Basis = "found" if value.basis == "found" else "default-of-product"
        return NamedSeconds(float(value.number), basis, configuration.input if value.line else None, value.line)


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
    )


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


def _named(path: str, problem: Text) -> Text:
    return join([literal(f"{path}: "), problem], literal(""))


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


__all__ = ["Copy", "Groups", "NamedSeconds", "Run", "Script", "Settings", "Wait", "read"]
