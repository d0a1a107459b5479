"""clp.conf: the settings of a cluster that matter to its cooperation with ESMPRO/AC (clusterpro-formats, 4)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from acforensics.settings.elements import Elements, Entry, Value, read
from acforensics.texts import Text, text

_WANTED = frozenset(("server", "group", "resource", "monitor", "trekking", "rm"))
_VERSION = re.compile(r"\s*(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?")
_MOST_SERVERS = 100
_SCRIPT_TIMEOUT = "1800"


@dataclass(frozen=True)
class Reaction:
    """What a resource does when its activation or deactivation fails."""

    retry: Value
    action: Value
    script_before: Value
    failover: Value | None = None
    """Only for activation."""


@dataclass(frozen=True)
class ExecResource:
    """An exec resource: the scripts that it runs, and its reactions."""

    name: str
    line: int
    stop_path: Value
    stop_timeout: Value
    stop_sync: Value
    activation: Reaction
    deactivation: Reaction


@dataclass(frozen=True)
class Group:
    """A group; `startup_servers` is `None` where it may start on all of them, and for it what was lost is said."""

    name: str
    line: int
    type: Value
    startup_servers: tuple[str, ...] | None
    servers_known: bool
    start: Value
    failover: Value
    resources: Mapping[str, int]
    """`type@name` → line."""
    resources_known: bool
    stop_waits_for: tuple[str, ...]

    def may_start_on(self, server: str) -> bool:
        """Whether its settings let it start on a server."""
        return self.startup_servers is None or any(same_host(server, own) for own in self.startup_servers)

    def exec_resources(self) -> tuple[str, ...]:
        """Names of its exec resources."""
        return tuple(name.partition("@")[2] for name in self.resources if name.startswith("exec@"))


@dataclass(frozen=True)
class DiskMonitor:
    """A disk monitor: what it watches, and what happens when the disk is not there."""

    name: str
    line: int
    device: Value
    action: Value
    target_type: Value
    target_name: Value


@dataclass(frozen=True)
class ClusterConfiguration:
    """All that was read of one clp.conf; what lies behind a `problem` is unknown."""

    input: str
    version: tuple[int, ...] | None
    servers: tuple[str, ...]
    """In order of priority."""
    groups: tuple[Group, ...]
    exec_resources: Mapping[str, ExecResource]
    disk_monitors: tuple[DiskMonitor, ...]
    monitors_only_watch: Value
    """Whether what monitors would do is turned off."""
    site: Mapping[str, Value] = field(default_factory=dict)
    """Settings whose place this product does not know, but a site does: by the site's name for them."""
    problem: Text | None = None
    problem_line: int | None = None

    @property
    def whole(self) -> bool:
        """Whether nothing was lost: only then does absence mean anything."""
        return self.problem is None


def same_host(one: str, other: str) -> bool:
    """Whether two names are of one server, short or with the domain."""
    return one.lower() == other.lower() or one.lower().partition(".")[0] == other.lower().partition(".")[0]


def read_configuration(document: str, path: str, places: Mapping[str, str] | None = None) -> ClusterConfiguration:
    """Read a document.

    Args:
        document: clp.conf, decoded.
        path: where it was found, for messages.
        places: names of settings → paths below the root, in the notation of clpcfset.
    """
    sought = {name: tuple(part for part in place.split("/") if part) for name, place in (places or {}).items()}
    found = read(document, _WANTED | {place[0].partition("@")[0] for place in sought.values() if place})
    servers = _servers(found)
    if len(servers) > _MOST_SERVERS and found.problem is None:
        found.problem = text("settings.problem.servers", count=len(servers), most=_MOST_SERVERS)
    return ClusterConfiguration(
        input=path,
        version=_version(found.section("trekking").value("savedversion").text),
        servers=servers[:_MOST_SERVERS],
        groups=tuple(_group(entry) for entry in found.of("group")),
        exec_resources={entry.name: _exec(entry) for entry in found.of("resource/exec")},
        disk_monitors=tuple(_disk_monitor(entry) for entry in found.of("monitor/diskw")),
        monitors_only_watch=found.section("rm").value("errordetect", "norecovery", default="0"),
        site={name: _at(found, place) for name, place in sought.items()},
        problem=found.problem,
        problem_line=found.problem_line,
    )


def _at(found: Elements, place: Collection[str]) -> Value:
    """A setting at the place that a site names, in its only section or in the one of that name."""
    head, *rest = place or ("",)
    tag, _, name = head.partition("@")
    entry = found.entries.get((tag, name)) if name else found.section(tag)
    if entry is None or not rest:
        return Value(why="no-place")
    return entry.value(*rest)


def _version(shown: str | None) -> tuple[int, ...] | None:
    match = _VERSION.match(shown or "")
    return tuple(int(part) for part in match.groups() if part is not None) if match else None


def _servers(found: Elements) -> tuple[str, ...]:
    named = [entry for entry in found.of("server") if entry.name]
    order = {entry.name: entry.value("priority").number for entry in named}
    last = len(named)
    return tuple(sorted(order, key=lambda name: last if (number := order[name]) is None else number))


def _group(entry: Entry) -> Group:
    policies = entry.named("policy")
    ranks = {name: entry.value(f"policy@{name}", "order").number for name in policies}
    last = len(policies)
    ordered = sorted(policies, key=lambda name: last if (rank := ranks[name]) is None else rank)
    return Group(
        name=entry.name,
        line=entry.line,
        type=entry.value("type", default="failover"),
        startup_servers=tuple(ordered) or None,
        servers_known=not entry.lost,
        start=entry.value("start", default="1"),
        failover=entry.value("failover", default="1"),
        resources=entry.named("resource"),
        resources_known=not entry.lost,
        stop_waits_for=tuple(
            path[2].partition("@")[2]
            for path in entry.values
            if len(path) == 3 and path[:2] == ("depend", "deact") and path[2].startswith("depend@")
        ),
    )


def _exec(entry: Entry) -> ExecResource:
    return ExecResource(
        name=entry.name,
        line=entry.line,
        stop_path=entry.value("parameters", "deact", "path"),
        stop_timeout=entry.value("parameters", "timeout", "stop", default=_SCRIPT_TIMEOUT),
        stop_sync=entry.value("parameters", "deact", "sync", default="1"),
        activation=Reaction(
            retry=entry.value("act", "retry"),
            action=entry.value("act", "action", default="1"),
            script_before=entry.value("act", "preaction", "use", default="0"),
            failover=entry.value("act", "fo"),
        ),
        deactivation=Reaction(
            retry=entry.value("deact", "retry"),
            action=entry.value("deact", "action", default="4"),
            script_before=entry.value("deact", "preaction", "use", default="0"),
        ),
    )


def _disk_monitor(entry: Entry) -> DiskMonitor:
    return DiskMonitor(
        name=entry.name,
        line=entry.line,
        device=entry.value("parameters", "object"),
        action=entry.value("emergency", "action"),
        target_type=entry.value("relation", "type"),
        target_name=entry.value("relation", "name"),
    )
