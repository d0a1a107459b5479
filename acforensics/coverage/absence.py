"""What the case lacks: servers of the cluster without a log of their own, and sources that a server should have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from acforensics.coverage.model import SPECIAL, Coverage, SourceCoverage
from acforensics.events import NAMING_MEMBERS, Event
from acforensics.servers import Server, stem
from acforensics.sources import Reading
from acforensics.texts import Text, text

What = Literal["server", "system-log", "clusterpro-messages"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}")
_MOST_MEMBERS = 64


class Mention(NamedTuple):
    """The line that names a server; `line` is 1-based (`None`: the source has none)."""

    input: str
    line: int | None
    text: str


@dataclass(frozen=True)
class Missing:
    """Something that the case lacks. `server` is empty where no server has it.

    `without` says what cannot be decided without it.
    """

    server: str
    what: What
    text: Text
    without: Text
    mention: Mention | None = None


def members_named(readings: Sequence[Reading], events: Iterable[Event]) -> dict[str, Mention]:
    """Servers that a cluster's configuration, its status listings or its messages name, in order of their names."""
    found: dict[str, Mention] = {}
    for reading in readings:
        for fact in reading.facts:
            if fact.name == "member":
                _name(found, fact.value, Mention(reading.path, fact.line, fact.text))
    for event in events:
        if event.kind in NAMING_MEMBERS:
            witness = event.witnesses[0]
            _name(found, event.fields.get("server", ""), Mention(witness.input, witness.line, witness.text))
    return dict(sorted(found.items()))


def _name(found: dict[str, Mention], name: str, mention: Mention) -> None:
    if _NAME.fullmatch(name) and len(found) < _MOST_MEMBERS and not any(_same(name, known) for known in found):
        found[name] = mention


def find_missing(members: Mapping[str, Mention], servers: Mapping[str, Server], coverage: Coverage) -> list[Missing]:
    """What is missing: servers first, then what no server has, then what single servers lack.

    Args:
        members: servers of the cluster, by name.
        servers: the machines of the case with the other names that their logs use.
        coverage: what there is.
    """
    own = {name: _own_logs(coverage, name) for name in coverage.spans}
    with_logs = [name for name, sources in own.items() if sources]
    found = []
    for member, mention in members.items():
        known = [name for name in coverage.spans if _is(member, name, servers)]
        if not any(name in with_logs for name in known):
            elsewhere = sorted({source.stream for name in known for source in coverage.of(name)})
            found.append(_missing_server(member, elsewhere, mention))
    # Another server's alert log may hold them.
    in_cluster = [name for name in with_logs if _shows(coverage.of(name), "clusterpro.")]
    if with_logs and not in_cluster:
        found.append(_missing("", "clusterpro-messages"))
    for name in with_logs:
        if not any(_tells_of_system(source) for source in own[name]):
            found.append(_missing(name, "system-log"))
        is_member = not members or any(_is(member, name, servers) for member in members)
        if in_cluster and name not in in_cluster and is_member:
            found.append(_missing(name, "clusterpro-messages"))
    return found


def _own_logs(coverage: Coverage, server: str) -> list[SourceCoverage]:
    """An alert log holds the events of the whole cluster: one that stands only in another's has no own log."""
    return [s for s in coverage.of(server) if not (s.source == "alert-log" and s.shared) or _lies_with(server, s)]


def _lies_with(server: str, source: SourceCoverage) -> bool:
    """Whether a log was taken from a server, as its folder or archive says."""
    return any(_same(server, stem(part)) for part in source.stream.split("/")[:-1])


def _tells_of_system(source: SourceCoverage) -> bool:
    return source.source == "journal" or (source.source == "syslog" and not SPECIAL.match(source.name))


def _shows(sources: Iterable[SourceCoverage], prefix: str) -> bool:
    return any(kind.startswith(prefix) for source in sources for kind in source.kinds)


def _is(member: str, server: str, servers: Mapping[str, Server]) -> bool:
    known = servers.get(server)
    return any(_same(member, name) for name in (server, *(sorted(known.aliases) if known is not None else ())))


def _same(one: str, other: str) -> bool:
    """Whether two names mean one server: without domain where one of them has none, whatever the case."""
    one, other = one.rstrip(".").lower(), other.rstrip(".").lower()
    if "." in one and "." in other:
        return one == other
    return one.partition(".")[0] == other.partition(".")[0]


def _missing_server(name: str, elsewhere: Sequence[str], mention: Mention) -> Missing:
    if elsewhere:
        told = text("missing.server.elsewhere", server=name, logs=", ".join(elsewhere[:3]))
    else:
        told = text("missing.server.text", server=name)
    return Missing(name, "server", told, text("missing.server.without", server=name), mention)


def _missing(server: str, what: What) -> Missing:
    if not server:
        return Missing("", what, text(f"missing.{what}.nowhere"), text(f"missing.{what}.without"))
    return Missing(server, what, text(f"missing.{what}.text", server=server), text(f"missing.{what}.without"))
