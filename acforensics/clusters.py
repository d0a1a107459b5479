"""Which servers of a case belong to one cluster: one case may hold the logs of several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from acforensics.events import Event

_NAMING = frozenset(
    f"clusterpro.{name}" for name in ("server_up", "server_down", "heartbeat_up", "heartbeat_down", "failover_target")
)


class Clusters:
    """Servers by the names that CLUSTERPRO of each gives the others."""

    def __init__(self, events: Mapping[str, Sequence[Event]]) -> None:
        self._above: dict[str, str] = {}
        for server, own in events.items():
            for event in own:
                if event.kind in _NAMING and event.fields.get("server"):
                    self._above[self._top(_short(event.fields["server"]))] = self._top(_short(server))
        counts = Counter(self._top(name) for name in list(self._above))
        self._shared = {top for top, count in counts.items() if count > 1}

    def related(self, one: str, other: str) -> bool | None:
        """Whether two servers belong to one cluster; `None`: nothing tells."""
        first, second = self._top(_short(one)), self._top(_short(other))
        if first == second:
            return True
        return False if first in self._shared and second in self._shared else None

    def elsewhere(self, one: str, other: str) -> bool:
        """Whether a server has a cluster, and nothing puts the other one into it."""
        return self._top(_short(other)) in self._shared and self.related(one, other) is not True

    def parts(self, servers: Collection[str]) -> list[list[str]]:
        """Servers by cluster; those that nothing puts into one are with the only one there is, else by themselves."""
        found: dict[str, list[str]] = {}
        for server in servers:
            found.setdefault(self._top(_short(server)), []).append(server)
        clusters = [top for top in found if top in self._shared]
        return list(found.values()) if len(clusters) > 1 else [list(servers)]

    def _top(self, name: str) -> str:
        self._above.setdefault(name, name)
        while self._above[name] != name:
            self._above[name] = self._above[self._above[name]]
            name = self._above[name]
        return name


def _short(name: str) -> str:
    return name.partition(".")[0].lower()
