"""The settings of a case, and what they say about a server: its groups, its script, lengths of time."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

from acforensics.settings.configuration import ClusterConfiguration, Group, same_host
from acforensics.settings.elements import Value
from acforensics.settings.linkage import Linkage
from acforensics.settings.stop_script import LoggedText, StopScript
from acforensics.texts import Text, join, literal, text

FIRST_SLEEP, SECOND_SLEEP = "first-sleep", "second-sleep"
STOP_SCRIPT_TIMEOUT, SYNC_WAIT, RESTART_LIMIT = "stop-script-timeout", "sync-wait", "restart-limit"
SITE_SETTINGS = (SYNC_WAIT, RESTART_LIMIT)
"""Settings whose place in clp.conf is not published: a site can name it."""
SLEEP_OF_HOWTO = 30.0
SYNC_WAIT_DEFAULT = 300.0
_AC_NAME = re.compile(r"AC(?:[_\-.\d]|$)|ESMPRO|AUTORC", re.IGNORECASE)

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
    idle: tuple[str, ...] = ()
    """Paths of stop scripts that talk to ESMPRO/AC and are not the ones in use."""
    unread: tuple[str, ...] = ()
    """Paths of files that are named like settings and hold something else."""

    def __bool__(self) -> bool:
        """Whether anything of a cluster's settings was read."""
        return bool(self.copies or self.scripts or self.linkages)

    def problems(self) -> list[Text]:
        """Settings that could be read only in part or not at all, and copies that are not taken for the one in use."""
        torn = [(one.input, one.problem) for one in self.configurations]
        torn += [(each.script.input, each.script.problem) for each in self.scripts]
        left_out = [(path, text("settings.problem.left-out")) for path in self.left_out]
        left_out += [(path, text("settings.problem.script-idle")) for path in self.idle]
        unread = [(path, text("settings.problem.not-settings")) for path in self.unread]
        return [_named(path, problem) for path, problem in (*torn, *left_out, *unread) if problem is not None]

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
        known = [(wait.surely, wait.line) for wait in waits if wait.surely is not None]
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


def _named(path: str, problem: Text) -> Text:
    return join([literal(f"{path}: "), problem], literal(""))
