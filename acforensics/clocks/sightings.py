"""What each server's records say of occurrences that another server may have recorded, too."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import NamedTuple

from acforensics.clocks.own_clock import OwnClock
from acforensics.events import Event, kind_of

_LOCAL_NAMES = {"localhost", "localhost4", "localhost6", "127.0.0.1", "::1"}
_UPS_KINDS = {
    "ups.on_battery", "ups.on_line", "ups.battery_low", "ups.forced_shutdown", "ups.communication_lost",
    "ups.communication_restored",
}  # fmt: skip
_DAEMON_STOPS = {"clusterpro.daemon_stopping", "clusterpro.server_shut_down", "clusterpro.cluster_shut_down"}
_STARTS = {"os.boot", "clusterpro.daemon_started"}
# Kinds of records that another server may have a counterpart of.
_TELLING = _UPS_KINDS | _DAEMON_STOPS | _STARTS | {
    "clusterpro.shutdown_requested", "clusterpro.stop_received", "clusterpro.all_servers_started",
    "clusterpro.heartbeat_up", "clusterpro.heartbeat_down", "clusterpro.server_up", "clusterpro.server_down",
    "clusterpro.server_time", "os.fencing_requested",
}  # fmt: skip
# Fields in which a record of an alert log says when that log's server received it.
_RECEIVED = {"received", "received_utc"}
_START_TAKES = 120.0
_LONGEST_STOP = 300.0
_LONGEST_GAP = 3600.0
_BOOT_TAKES = 600.0
# Default heartbeat timeouts are 30 to 90 seconds.
_HEARTBEAT_TIMEOUT = 120.0


class Lag(NamedTuple):
    """By how many seconds the second record may lie after the first in truth, and by how many it usually does."""

    least: float
    most: float
    usual: float

    def reversed(self) -> Lag:
        """The same, seen from the second record."""
        return Lag(-self.most, -self.least, -self.usual)


TOGETHER = Lag(-5, 5, 0)
# Each end polls or times out by itself.
NEARLY_TOGETHER = Lag(-10, 10, 0)
SENT = Lag(0, 2, 0.2)
_SEEN_STARTED = Lag(-5, 15, 1)
_SEEN_AFTER_DAEMON = Lag(0, 60, 2)
EITHER_WAY = Lag(-2, 2, 0)


Place = tuple[float, int]


@dataclass(frozen=True)
class Sighting:
    """One record on one server. `moment` is in seconds, on the last clock of that server as far as its log tells."""

    server: str
    order: int
    stamp: datetime
    moment: float
    event: Event
    lag: Lag = TOGETHER
    """From this record to a peer's, where this is the server that the occurrence is about."""

    @property
    def place(self) -> Place:
        """What tells one record from another one of its server."""
        return self.moment, self.order

    @property
    def coarse(self) -> float:
        """Seconds that the stamp leaves open."""
        return 0.0 if self.stamp.microsecond else float(max(self.event.resolution, 1))


@dataclass
class Occurrences:
    """Records of one kind of common occurrence on two servers; which of them belong together is not known yet."""

    rule: str
    one: list[Sighting]
    other: list[Sighting]
    weight: float = 1.0
    bound_only: bool = False
    lag: Lag | None = None
    """From `one` to `other`; where it is not given, each record of the server that it is about has its own."""
    about_one: bool = True

    def lag_of(self, one: Sighting, other: Sighting) -> Lag:
        """From a record on `one` to a record on `other`."""
        if self.lag is not None:
            return self.lag
        return one.lag if self.about_one else other.lag.reversed()


@dataclass
class Sheet:
    """A server's records by what they record. Keys: (rule, what) for symmetric ones, (rule, server) for a server's."""

    together: dict[tuple[str, Hashable], list[Sighting]] = field(default_factory=dict)
    about: dict[tuple[str, str], list[Sighting]] = field(default_factory=dict)
    received: list[tuple[str, str, Sighting, datetime]] = field(default_factory=list)


class Names:
    """Servers by the names that others call them."""

    def __init__(self, servers: Mapping[str, object]) -> None:
        short: dict[str, list[str]] = {}
        for server in servers:
            short.setdefault(server.lower().partition(".")[0], []).append(server)
        self._full = {server.lower(): server for server in servers}
        self._short = {name: found[0] for name, found in short.items() if len(found) == 1}
        self.all = sorted(servers)

    def get(self, name: str) -> str | None:
        """The server that is called so, if there is one."""
        name = name.strip().rstrip(".").lower()
        return self._full.get(name) or (self._short.get(name.partition(".")[0]) if name else None)


def read_sheet(clock: OwnClock, names: Names) -> Sheet:
    """Sort a server's records by what another server may have recorded of the same occurrence."""
    sheet = Sheet()
    own = clock.server
    first_stop: Sighting | None = None
    last_stop = 0.0
    stopping = False
    boot = _BootOnce()

    def sight(order: int) -> Sighting:
        event = clock.events[order]
        return Sighting(own, order, event.time, event.time.timestamp() + clock.shift(order), event)

    def stopped() -> None:
        if first_stop is not None:
            took = min(max(last_stop - first_stop.moment, 0.0), _LONGEST_STOP)
            sighting = _with_lag(first_stop, Lag(-5, took + 60, took + 1))
            sheet.about.setdefault(("server-stopped", own), []).append(sighting)

    for order, event in enumerate(clock.events):
        kind = event.kind
        stopping |= kind_of(kind).phase == "stop"
        if kind not in _TELLING and not _RECEIVED & event.fields.keys():
            continue
        sighting = sight(order)
        if kind in _STARTS:
            stopped()
            if kind == "os.boot" and boot.is_new(sighting) and order and not stopping:
                _lost(sheet, sighting, sight(order - 1))
            first_stop, stopping = None, False
        elif kind in _DAEMON_STOPS:
            first_stop, last_stop = first_stop or sighting, sighting.moment
        _place(sheet, sighting, names)
    stopped()
    for found in (*sheet.together.values(), *sheet.about.values()):
        found.sort(key=lambda sighting: sighting.moment)
    _prefer_own_start(sheet, own)
    return sheet


class _BootOnce:
    """Several logs tell one start, each once."""

    def __init__(self) -> None:
        self._streams: set[str] = set()
        self._moment = 0.0

    def is_new(self, boot: Sighting) -> bool:
        streams = boot.event.streams
        new = not self._streams or bool(streams & self._streams) or boot.moment - self._moment > _BOOT_TAKES
        if new:
            self._streams, self._moment = set(), boot.moment
        self._streams |= streams
        return new


def _with_lag(sighting: Sighting, lag: Lag) -> Sighting:
    return replace(sighting, lag=lag)


def _lost(sheet: Sheet, boot: Sighting, last: Sighting) -> None:
    """A server that ended without a word died between its last record and its next start."""
    line = boot.event.previous
    previous = last.moment + (line.time - last.stamp).total_seconds() if line is not None else last.moment
    end = max(last.moment, previous) if previous <= boot.moment else last.moment
    gap = boot.moment - end
    if 0 <= gap <= _LONGEST_GAP:
        lag = Lag(end - last.moment - 5, boot.moment - last.moment + _HEARTBEAT_TIMEOUT, gap)
        sheet.about.setdefault(("server-lost", last.server), []).append(_with_lag(last, lag))


def _place(sheet: Sheet, sighting: Sighting, names: Names) -> None:
    event, own = sighting.event, sighting.server
    fields = event.fields

    def together(rule: str, what: Hashable) -> None:
        sheet.together.setdefault((rule, what), []).append(sighting)

    if _RECEIVED & fields.keys():
        _received(sheet, sighting, names)
    match event.kind:
        case "clusterpro.shutdown_requested" if fields.get("scope") == "cluster":
            together("cluster-request", event.mode)
        case "clusterpro.stop_received" if "clpstdn" in fields.get("requester", ""):
            together("cluster-stop-received", event.mode)
        case "clusterpro.cluster_shut_down":
            together("cluster-shut-down", "")
        case "clusterpro.all_servers_started":
            together("all-started", "")
        case "clusterpro.heartbeat_up" | "clusterpro.heartbeat_down":
            peer = names.get(fields.get("server", ""))
            if peer is not None and peer != own:
                together("heartbeat", (event.kind, fields.get("resource", ""), frozenset((own, peer))))
        case "os.fencing_requested" if fields.get("result") == "done":
            together("fenced", (fields.get("target", "").lower(), fields.get("action", "")))
        case "clusterpro.daemon_started":
            sheet.about.setdefault(("daemon-started", own), []).append(_with_lag(sighting, _SEEN_AFTER_DAEMON))
        case "clusterpro.server_up" | "clusterpro.server_down":
            server = names.get(fields.get("server", ""))
            rule = "server-started" if event.kind == "clusterpro.server_up" else "server-stopped"
            # A server's own word that it stopped is said by better records.
            if server is not None and (server != own or rule == "server-started"):
                sheet.about.setdefault((rule, server), []).append(_with_lag(sighting, _SEEN_STARTED))
        case "clusterpro.server_time":
            _server_time(sheet, sighting, names)
        case kind if kind in _UPS_KINDS:
            ups = _ups(fields.get("ups", ""), own)
            if ups is not None:
                together("ups", (kind, ups))


def _ups(name: str, own: str) -> tuple[str, str] | None:
    """A UPS by its name and the host that serves it; one that has no host is known on its own server only."""
    ups, at, host = name.partition("@")
    if not at or not host:
        return None
    if host.count(":") == 1:
        host = host.partition(":")[0]
    host = host.strip("[]").lower()
    if host in _LOCAL_NAMES:
        host = own.lower()
    return ups, host if host.replace(".", "").isdigit() else host.partition(".")[0]


def _prefer_own_start(sheet: Sheet, own: str) -> None:
    """A start is what the server itself says of it; where it does not, the start of its daemon comes shortly before."""
    said = sheet.about.get(("server-started", own), [])
    moments = [sighting.moment for sighting in said]
    for daemon in sheet.about.pop(("daemon-started", own), []):
        after = bisect_right(moments, daemon.moment)
        if after == len(moments) or moments[after] - daemon.moment > _START_TAKES:
            said.append(daemon)
    if said:
        sheet.about["server-started", own] = sorted(said, key=lambda sighting: sighting.moment)


def _received(sheet: Sheet, sighting: Sighting, names: Names) -> None:
    """A record of this server in another one's alert log, with the stamp of that one's clock."""
    fields = sighting.event.fields
    stamp = _utc(fields.get("received_utc") or fields.get("received") or "")
    keeper = names.get(fields.get("received_by", "")) or _keeper(sighting.event, names)
    # The same to the millisecond: one stamp is a copy of the other.
    if stamp is not None and keeper not in (None, sighting.server) and stamp != sighting.stamp:
        sheet.received.append(("alert-log", keeper or "", sighting, stamp))


def _keeper(event: Event, names: Names) -> str | None:
    """Whose log a record stands in: the server that the path names."""
    found = {
        server
        for stream in sorted(event.streams)
        for part in stream.split("/")[:-1]
        if (server := names.get(part)) is not None and server != event.server
    }
    return found.pop() if len(found) == 1 else None


def _server_time(sheet: Sheet, sighting: Sighting, names: Names) -> None:
    fields = sighting.event.fields
    stamp = _utc(fields.get("other_utc") or fields.get("other") or "")
    peers = [name for name in names.all if name != sighting.server]
    peer = names.get(fields.get("server", "")) or (peers[0] if len(peers) == 1 else None)
    if stamp is not None and peer not in (None, sighting.server) and stamp != sighting.stamp:
        sheet.received.append(("server-time", peer or "", sighting, stamp))


def _utc(value: str) -> datetime | None:
    """A stamp that says its zone."""
    try:
        found = datetime.fromisoformat(value.strip().replace("/", "-"))
        return found.astimezone(UTC) if found.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
