"""The vocabulary that parsers, judges and reports share: stamps, hits, events, and the table of event kinds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

Layer = Literal["os", "clusterpro", "ac", "ups"]
Phase = Literal["start", "stop", "run"]
Certainty = Literal["verified", "inferred", "unverified"]


class Stamp(NamedTuple):
    """A time as a log writes it: the year and the offset may be missing.

    `offset` is seconds east of UTC; `resolution` is the unit of the last digit in seconds (60 where a listing has
    minutes only).
    """

    year: int | None
    month: int
    day: int
    hour: int
    minute: int
    second: int
    microsecond: int = 0
    offset: int | None = None
    resolution: int = 1


class Kind(NamedTuple):
    """What an event kind means to the machinery: its layer (a lane in charts) and the phase of a boot it belongs to."""

    layer: Layer
    phase: Phase


def _kinds(layer: Layer, phase: Phase, names: str) -> dict[str, Kind]:
    return {f"{layer}.{name}": Kind(layer, phase) for name in names.split()}


# Kinds that the judges know. A site's definitions may add others: they appear in the timeline and decide nothing.
KINDS: Mapping[str, Kind] = {
    # boot: a kernel starts. command_line, journal_started: the same start, seen by a second line.
    **_kinds(
        "os",
        "start",
        "boot boot_command_line journal_started syslog_started audit_started clock_read filesystem_recovered",
    ),
    **_kinds("os", "start", "filesystem_clean journal_unclean crash_dump_found boot_listed"),
    # The machine was asked to go down, or is on its way; `mode` says halt, reboot or unknown.
    **_kinds(
        "os",
        "stop",
        "shutdown_started shutdown_announced shutdown_recorded runlevel_switched target_stopped target_reached",
    ),
    **_kinds("os", "stop", "stop_progress syslog_stopped kernel_log_stopped journal_stopped"),
    # Who asked.
    **_kinds("os", "run", "command audit_call power_key power_key_acted ctrl_alt_del ctrl_alt_del_acted"),
    **_kinds("os", "run", "shutdown_scheduled shutdown_cancelled session_opened session_closed agent_registered"),
    # Sudden ends.
    **_kinds("os", "run", "panic crash_triggered watchdog_reset lockup thermal_shutdown fencing_requested fenced"),
    **_kinds("os", "run", "service_stopping clock_stepped last_record unclassified records_lost job_started"),
    **_kinds("os", "run", "daemon_started daemon_stopped"),
    # CLUSTERPRO's services as the OS sees them: a stop that failed; a failure of which it is not said when.
    **_kinds("os", "run", "cluster_stop_failed cluster_unit_failed"),
    **_kinds("clusterpro", "run", "message shutdown_requested request_refused service_stop_requested"),
    **_kinds("clusterpro", "stop", "stop_received stopping shutdown_monitored daemon_stopping"),
    **_kinds("clusterpro", "stop", "server_shut_down cluster_shut_down"),
    **_kinds("clusterpro", "start", "daemon_started not_stopped_properly startup_waiting all_servers_started"),
    **_kinds("clusterpro", "start", "startup_wait_timeout startup_wait_cancelled"),
    **_kinds(
        "clusterpro",
        "run",
        "service_stopping process_failed server_up server_down heartbeat_up heartbeat_down",
    ),
    **_kinds("clusterpro", "run", "group_activating group_activated group_activation_failed group_stopping"),
    **_kinds("clusterpro", "run", "group_stopped group_stop_failed group_stop_waiting group_moving group_moved"),
    **_kinds("clusterpro", "run", "group_move_failed failover_started failover_completed failover_failed"),
    **_kinds("clusterpro", "run", "failover_target failover_no_target failback_started failback_completed"),
    **_kinds("clusterpro", "run", "failback_failed resource_activating resource_activated"),
    **_kinds(
        "clusterpro",
        "run",
        "resource_activation_failed resource_stopping resource_stopped resource_stop_failed",
    ),
    **_kinds("clusterpro", "run", "restart_limit_reached final_action final_action_failed final_action_suppressed"),
    **_kinds(
        "clusterpro",
        "run",
        "recovery_action recovery_ignored monitor_started monitor_stopped monitor_warning",
    ),
    **_kinds("clusterpro", "run", "monitor_error monitor_recovered delay_warning network_partition forced_stop"),
    **_kinds("clusterpro", "run", "configuration_uploaded server_time"),
    **_kinds(
        "ac",
        "run",
        "exec_command command_run power_failure power_restored shutdown_started schedule_off schedule_on message",
    ),
    **_kinds("ac", "run", "schedule_planned"),
    # Echo lines of stop.sh in its own output.
    **_kinds("ac", "run", "script_started script_factor script_action script_exec script_exit_command script_exit"),
    **_kinds("ups", "run", "on_battery on_line battery_low shutdown_decided forced_shutdown communication_lost"),
    **_kinds("ups", "run", "communication_restored output_on output_off message flapping"),
}


# Marks at which a boot may be cut from the one before: the line before them is looked for while a file is read.
BOOT_MARKS = frozenset({"os.boot", "os.boot_command_line", "os.audit_started"})
# Marks of a stop: what unknown programs said before them is kept.
STOP_MARKS = frozenset({
    "os.shutdown_started", "os.shutdown_recorded", "os.shutdown_announced", "os.runlevel_switched", "os.target_reached",
    "os.target_stopped", "os.ctrl_alt_del_acted", "clusterpro.stop_received", "clusterpro.stopping",
})  # fmt: skip
# The same in logs that hold neither, as RHEL's cron and secure: their own daemons start and stop with the machine.
DAEMON_MARKS = frozenset({"os.daemon_started", "os.daemon_stopped"})


NAMING_MEMBERS = frozenset(
    f"clusterpro.{name}" for name in ("server_up", "server_down", "heartbeat_up", "heartbeat_down")
)
"""Records whose field `server` names a member of the cluster."""

UNCLASSIFIED = "os.unclassified"
"""A record that no definition knows, near a stop or a start: of a program that none names, or of an agent on power."""


def kind_of(name: str) -> Kind:
    """Return what is known of a kind; an unknown one belongs to the layer that its prefix names, else to the OS."""
    known = KINDS.get(name)
    if known is not None:
        return known
    prefix = name.split(".", 1)[0]
    layers: dict[str, Layer] = {"clusterpro": "clusterpro", "ac": "ac", "ups": "ups"}
    return Kind(layers.get(prefix, "os"), "run")


class PreviousLine(NamedTuple):
    """The line with which a log broke off, or ended in order, before a boot."""

    line: int | None
    stamp: Stamp
    raw: str


@dataclass(slots=True)
class Hit:
    """A record that a definition recognised, before its file is dated and its server is known.

    `offset` is its place in the file, as in the file's marks; `boot` names its boot where the source does so.
    """

    line: int | None
    stamp: Stamp
    host: str
    program: str
    pid: str
    message: str
    raw: str
    kind: str
    fields: dict[str, str]
    definition: str
    certainty: Certainty
    offset: int = 0
    boot: str = ""
    previous: PreviousLine | None = None
    """The last dated line before this one with another stamp (looked for where a boot begins)."""


@dataclass(slots=True, frozen=True)
class Witness:
    """One place where an event is recorded; `line` is 1-based (`None`: the source has none), `time` is UTC."""

    input: str
    line: int | None
    time: datetime
    text: str


@dataclass(slots=True, frozen=True)
class Disagreement:
    """A field for which a witness has another value than the event."""

    name: str
    value: str
    witness: Witness


@dataclass(slots=True, eq=False)
class Event:
    """What happened: one or more records of it, dated and placed on a server. `time` is UTC."""

    time: datetime
    server: str
    kind: str
    program: str
    pid: str
    message: str
    fields: dict[str, str]
    definition: str
    certainty: Certainty
    stream: str
    """The rotation set it was read from (`svr031/var/log/messages`)."""
    witnesses: list[Witness] = field(default_factory=list)
    previous: Witness | None = None
    """The last line before it in its file: the last record of the boot before."""
    streams: set[str] = field(default_factory=set)
    """Every rotation set that records it."""
    resolution: int = 1
    """Seconds that its time is good for: 60 where only a listing in minutes records it."""
    case_time: datetime | None = None
    """UTC on the case's clock, where the server's own clock is known to differ from it."""
    disagreements: list[Disagreement] = field(default_factory=list)
    """What other witnesses of it say otherwise."""

    def __post_init__(self) -> None:
        """The stream it was read from is the first of its streams."""
        self.streams.add(self.stream)

    @property
    def layer(self) -> Layer:
        """The lane it is drawn in."""
        return kind_of(self.kind).layer

    @property
    def mode(self) -> str:
        """What the record says will follow: `halt`, `reboot`, or `unknown`."""
        return self.fields.get("mode", "unknown")
