"""Chooses among the hypotheses about each end, and says how sure that is.

Precedence: an orderly CLUSTERPRO request, then ESMPRO/AC, then another UPS agent, before anything that the OS logs,
because each of them makes the OS stop too, unless the OS was already going down by a recorded command; a record of a
command or a key before circumstance; a positive sign before silence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta, tzinfo

from acforensics.boots import Boot
from acforensics.case import EndState, UpsTold
from acforensics.clocks import CaseClock
from acforensics.clusters import Clusters
from acforensics.coverage import Coverage
from acforensics.events import Event
from acforensics.shutdowns import operators, orderly, passed_on, power, sudden, unseen, ups
from acforensics.shutdowns.disagreements import disagreements
from acforensics.shutdowns.reasons import Argument, Hypothesis, mode_of
from acforensics.shutdowns.records import Records, Timed
from acforensics.shutdowns.view import StopView
from acforensics.texts import text

_STOPPING = timedelta(minutes=10)
_AT_ONCE = timedelta(seconds=3)
_IDLE = timedelta(minutes=1)
"""CLUSTERPRO acts on a request within seconds."""
_NAMES_MEMBERS = frozenset(f"clusterpro.{name}" for name in ("server_up", "server_down"))
_SHOWS_CLUSTER = frozenset(
    f"clusterpro.{name}"
    for name in ["daemon_started", "daemon_stopping", "group_activated", "group_stopping", "resource_activated",
                 "monitor_started", "stopping"]
)  # fmt: skip


@dataclass
class Judgement:
    """The end of one boot. `chosen` is `None` while the boot is still running."""

    view: StopView
    end_state: EndState
    chosen: Hypothesis | None
    ups_told: UpsTold = "not-applicable"

    @property
    def boot(self) -> Boot:
        """The boot that ended."""
        return self.view.boot

    @property
    def evidence(self) -> list[Event]:
        """The lines that the decision rests on, in order of their weight."""
        if self.chosen is None:
            return []
        events = [event for argument in self.chosen.arguments for event in argument.events]
        return list({id(event): event for event in events}.values())


def judge_boots(
    boots: Mapping[str, Sequence[Boot]],
    zone: tzinfo,
    zones: Mapping[str, tzinfo],
    clock: CaseClock,
    planned: Mapping[str, Sequence[Event]],
    coverage: Coverage,
) -> list[Judgement]:
    """Judge the end of every boot of every server.

    Args:
        boots: by server, each oldest first.
        zone: in which times are shown.
        zones: of each server, for times of day typed into `shutdown` there.
        clock: what is known of the servers' clocks.
        planned: when ESMPRO/AC's schedule plans to turn each server off.
        coverage: what each log could have shown.
    """
    events = {server: [event for boot in own for event in boot.events] for server, own in boots.items()}
    traces = {
        server: learnt
        for own in Clusters(events).parts(events)
        for learnt in [ups.learn({server: events[server] for server in own})]
        for server in own
    }
    records = {server: Records(own) for server, own in events.items()}
    views = {
        server: [StopView(boot, {name: theirs for name, theirs in records.items() if name != server}) for boot in own]
        for server, own in boots.items()
    }
    ends = {server: Timed(own, lambda view: view.boot.last) for server, own in views.items()}
    members = _in_cluster(events)
    judgements = []
    for server, own in views.items():
        neighbours = {other: theirs for other, theirs in ends.items() if other != server}
        announces = any(event.kind == "os.shutdown_announced" for event in events[server])
        for view in own:
            view.neighbours = neighbours
            view.clock = clock
            view.coverage = coverage
            view.planned_offs = list(planned.get(server, ()))
            view.zone = zone
            view.in_cluster = server in members
            view.announces = announces
        habit = sum(view.stop_logged for view in own)
        judgements += [_judge(view, zones.get(server, zone), traces[server], habit) for view in own]
    return sorted(
        judgements,
        key=lambda j: (
            clock.corrected(j.boot.server, j.chosen.time if j.chosen else j.boot.last),
            j.boot.server,
            j.boot.id,
        ),
    )


def _in_cluster(events: Mapping[str, Sequence[Event]]) -> set[str]:
    """Servers on which CLUSTERPRO runs: its own records are there, or it names them on another server."""
    named = {server.partition(".")[0].lower(): server for server in events}
    found = set()
    for server, own in events.items():
        for event in own:
            if event.kind in _SHOWS_CLUSTER:
                found.add(server)
            if event.kind in _NAMES_MEMBERS:
                found.add(named.get(event.fields.get("server", "").partition(".")[0].lower(), server))
    return found


def _judge(view: StopView, zone: tzinfo, traces: ups.AcTraces, habit: int) -> Judgement:
    if view.boot.following is None and not _ended(view, zone):
        return Judgement(view, "running", None)
    chosen = _choose(view, zone, usually_logs_stops=habit > int(view.stop_logged))
    if chosen.trigger == "clusterpro-command":
        chosen.arguments += power.agent_before(view, chosen.time)
    told, why = ups.was_told(view, chosen, traces)
    if why is not None:
        chosen.arguments.append(why)
    chosen.arguments += disagreements(view)
    if view.restarted is not None:
        chosen.arguments.append(Argument(text("reason.start-lost"), "missing", [view.restarted]))
    return Judgement(view, _end_state(view, chosen), chosen, told)


def _ended(view: StopView, zone: tzinfo) -> bool:
    """Whether the last boot in the logs has ended all the same: the logs were taken from a machine that is off."""
    if view.decisive or any(_is_multi_user(stop) for stop in view.os_stops):
        return True
    stopping = any(event.kind == "clusterpro.stopping" for event in view.cluster_requests)
    if view.cluster_requests and not view.coverage.general(view.boot.server):
        # CLUSTERPRO's own logs show no more of a stop than that it began, and they break off there.
        acted = [e for e in view.cluster_requests if e.kind in ("clusterpro.stop_received", "clusterpro.stopping")]
        return bool(acted) and view.boot.last - acted[-1].time <= _STOPPING
    return view.stop_orderly and (stopping or operators.os_command_recorded(view, zone) is not None)


def _is_multi_user(stop: Event) -> bool:
    return stop.kind == "os.target_stopped" and "multi-user" in stop.message.lower()


def _choose(view: StopView, zone: tzinfo, usually_logs_stops: bool) -> Hypothesis:
    recorded = operators.os_command_recorded(view, zone)
    hypotheses: list[Callable[[], Hypothesis | None]] = [
        lambda: orderly.clusterpro_recovery(view),
        lambda: orderly.clusterpro_command(view),
        lambda: orderly.clusterpro_typed(view),
        lambda: power.ac_power_failure(view, recorded),
        lambda: power.ac_schedule(view, recorded),
        lambda: power.ups_agent(view),
        lambda: operators.hardware_request(view, recorded),
        lambda: recorded,
        lambda: passed_on.asked_elsewhere(view),
        lambda: orderly.cluster_stopped_first(view),
        lambda: sudden.fencing(view),
        lambda: sudden.crash(view),
        lambda: operators.os_command_inferred(view),
        lambda: sudden.power_loss(view, usually_logs_stops),
    ]
    found = (hypothesis() for hypothesis in hypotheses)
    chosen = next((hypothesis for hypothesis in found if hypothesis is not None), None) or _undecided(view)
    if recorded is not None and _came_first(view, recorded, chosen):
        return recorded
    if recorded is not None and _came_of_itself(view, recorded, chosen):
        asked = Argument(text("reason.request-came-to-nothing"), "against", chosen.arguments[0].events[:1])
        recorded.arguments.append(asked)
        return replace(recorded, confidence="likely")
    return chosen


def _came_first(view: StopView, recorded: Hypothesis, chosen: Hypothesis) -> bool:
    """Whether the OS was already going down by a recorded command when the chosen request came, as its effect."""
    if chosen.trigger == "os-command" or recorded.confidence == "possible" or view.first_stop is None:
        return False
    return recorded.time <= chosen.time and view.first_stop <= chosen.time + timedelta(seconds=1)


def _came_of_itself(view: StopView, recorded: Hypothesis, chosen: Hypothesis) -> bool:
    """Whether CLUSTERPRO had done nothing about its request for long when a recorded command stopped the OS at once."""
    if chosen.trigger not in ("clusterpro-command", "clusterpro-recovery") or recorded.confidence == "possible":
        return False
    if view.first_stop is None or view.first_stop - recorded.time > _AT_ONCE or recorded.time - chosen.time < _IDLE:
        return False
    if any(event.program == "audit" for event in recorded.arguments[0].events):
        # CLUSTERPRO runs the OS's shutdown itself, which the audit log records under the user who had asked it.
        return False
    if not view.coverage.covers(view.boot.server, chosen.time, recorded.time, kinds=("clusterpro.*",)):
        return False
    under_way = (*view.of(*orderly.UNDER_WAY), *view.stopped_by_cluster_first)
    return not any(chosen.time <= event.time < view.first_stop for event in under_way)


def _undecided(view: StopView) -> Hypothesis:
    arguments = sudden.missing_for_decision(view)
    # What stop.sh tells ESMPRO/AC tells us, too, what was to follow.
    told = [event for event in view.before_end(["ac.command_run", "ac.script_action"], _STOPPING) if view.stop_orderly]
    stopping = [event for event in view.stopped_by_cluster_first if view.end - event.time <= _STOPPING]
    asked = unseen.shutdown_without_request(view)
    begins = min([view.end, *(event.time for event in (*told, *stopping, *asked))])
    return Hypothesis("unknown", "possible", begins, mode_of([*told, *asked, *view.os_stops]), arguments=arguments)


def _end_state(view: StopView, chosen: Hypothesis) -> EndState:
    if chosen.trigger in ("crash", "fencing", "power-loss"):
        # Only a positive sign makes an end unclean; a silent end stays unknown.
        positive = bool(view.unclean_signs) or chosen.trigger != "power-loss"
        return "unclean" if positive else "unknown"
    if view.unclean_signs:
        if view.stop_orderly:
            chosen.arguments.append(Argument(text("reason.unclean-after-stop"), "against", view.unclean_signs[:1]))
            return "unknown"
        return "unclean"
    return "clean" if view.stop_orderly else "unknown"
