"""ESMPRO/AC or another UPS agent ended the machine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from acforensics.case import Confidence
from acforensics.events import Event
from acforensics.shutdowns import sessions, unseen
from acforensics.shutdowns.operators import hardware_request, is_job, os_lines, unknown_programs
from acforensics.shutdowns.reasons import Argument, Hypothesis, mode_of
from acforensics.shutdowns.view import StopView, meaning_of
from acforensics.texts import text

_AC_WAIT = timedelta(hours=2)
"""ESMPRO/AC waits a time that is configured before it shuts the OS down; longer than this is another story."""
_SCHEDULE_LEAD = timedelta(minutes=30)
_AGENT_LEAD = timedelta(minutes=3)
_AGENT_USERS = {"nut", "ups", "apc", "apcupsd"}
# What apcupsd itself gives as a reason; a person may write of a UPS, or of its agent, as well.
_AGENT_WALL = re.compile(r"^apcupsd (?:UPS .{1,100} )?initiated (?:shutdown|reboot)$")
_UPS_SERVERS = {"upsd", "nut-server"}
_SEEN_ON_BATTERY = timedelta(hours=24)
_STAMPED_APART = timedelta(seconds=2)
_SAME_POLL = timedelta(seconds=10)
_PLAN_KEPT = timedelta(minutes=5)
"""ESMPRO/AC shuts the OS down at the planned time, or as soon as it has looked at the clock."""
_PLAN_MET = timedelta(minutes=2)
_POWER_NEWS = timedelta(minutes=10)
_ON_BATTERY = ("ups.on_battery", "ups.battery_low")


def ac_power_failure(view: StopView, recorded: Hypothesis | None) -> Hypothesis | None:
    """ESMPRO/AC because of a UPS power failure (needs a site's definitions of its messages).

    Args:
        view: the end to explain.
        recorded: an OS command on record for this end; it outranks a failure that is not seen to lead to a shutdown.
    """
    failures = view.before_end(["ac.power_failure"], _AC_WAIT)
    restored = view.before_end(["ac.power_restored"], _AC_WAIT)
    started = view.before_end(["ac.shutdown_started"], _SCHEDULE_LEAD)
    if not failures or not view.stop_orderly or (recorded is not None and not started):
        return None
    if restored and restored[-1].time > failures[-1].time and not started:
        return None
    arguments = [Argument(text("reason.ac-power-failure"), events=failures[-1:])]
    if started:
        arguments.append(Argument(text("reason.ac-shutdown"), events=started[:1]))
    arguments += os_lines(view)
    confidence: Confidence = "certain" if started else "likely"
    return Hypothesis(
        "ac-power-failure",
        confidence,
        failures[-1].time,
        mode_of(view.os_stops),
        "server",
        arguments=arguments,
    )


def ac_schedule(view: StopView, recorded: Hypothesis | None) -> Hypothesis | None:
    """ESMPRO/AC's scheduled operation: by its messages (a site's definitions), else inferred from its schedule file.

    Args:
        view: the end to explain.
        recorded: an OS command on record for this end; it outranks a schedule that is not seen to lead to a shutdown.
    """
    scheduled = view.before_end(["ac.schedule_off"], _SCHEDULE_LEAD)
    started = view.before_end(["ac.shutdown_started"], _SCHEDULE_LEAD)
    if not scheduled:
        return _as_planned(view, recorded)
    if not view.stop_orderly or (recorded is not None and not started):
        return None
    arguments = [Argument(text("reason.ac-schedule"), events=scheduled[-1:])]
    if started:
        arguments.append(Argument(text("reason.ac-shutdown"), events=started[:1]))
    arguments += os_lines(view)
    confidence: Confidence = "certain" if started else "likely"
    return Hypothesis(
        "ac-schedule", confidence, scheduled[-1].time, mode_of(view.os_stops), "server", arguments=arguments
    )


def _as_planned(view: StopView, recorded: Hypothesis | None) -> Hypothesis | None:
    """A halt just when the schedule file plans one, that nobody else is seen to have asked for: never certain.

    A plan is no record. Whatever is on record outranks it, and whatever else may have asked makes it no more than
    possible; it accuses nobody.
    """
    stop = view.first_stop
    if stop is None or recorded is not None or mode_of(view.os_stops) == "reboot":
        return None
    planned = [event for event in view.planned_offs if timedelta(0) <= stop - event.time <= _PLAN_KEPT]
    if not planned or view.stopped_by_cluster_first or _cluster_asked(view, stop):
        return None
    if ups_agent(view) is not None or hardware_request(view, recorded) is not None:
        return None
    delay = round((stop - planned[-1].time).total_seconds())
    arguments = [
        Argument(text("reason.ac-schedule-planned", line=planned[-1].message, seconds=delay), events=planned[-1:]),
        *os_lines(view),
    ]
    doubts = []
    if stop - planned[-1].time > _PLAN_MET:
        doubts.append(Argument(text("reason.ac-schedule-late", seconds=delay), "against", planned[-1:]))
    people = sessions.people(view)
    if people:
        doubts.append(Argument(text("reason.ac-schedule-people"), "against", people[:2]))
    named = [e for e in view.os_stops if e.fields.get("wall") or e.fields.get("unit") or e.fields.get("by")]
    if named:
        doubts.append(Argument(text("reason.ac-schedule-named", line=named[0].message), "against", named[:1]))
    news = on_battery(view.before_end(_POWER_KINDS, _POWER_NEWS))
    news += view.before_end(["ac.power_failure"], _POWER_NEWS)
    if news:
        doubts.append(Argument(text("reason.ac-schedule-power"), "against", news[:1]))
    if mode_of(view.os_stops) == "unknown":
        doubts.append(Argument(text("reason.ac-schedule-mode"), "missing"))
    doubts += unseen.before_stop(view) or unseen.of_cluster(view)
    arguments += doubts
    arguments += unknown_programs(view)
    arguments.append(Argument(text("reason.ac-schedule-inferred"), "missing"))
    confidence: Confidence = "possible" if doubts else "likely"
    return Hypothesis("ac-schedule", confidence, stop, mode_of(view.os_stops), "server", arguments=arguments)


def _cluster_asked(view: StopView, stop: datetime) -> bool:
    """Whether CLUSTERPRO was asked before to stop this server, or on another server to stop the whole cluster."""
    kinds = ("clusterpro.shutdown_requested", "clusterpro.stop_received")
    theirs = any(
        event.fields.get("scope") == "cluster" or "clpstdn" in event.fields.get("requester", "")
        for event in view.asked_elsewhere(kinds, stop)
    )
    own = [event for event in view.cluster_requests if event.kind in kinds]
    typed = [event for event in view.of("os.command") if _effect(event) == "cluster-end"]
    return theirs or any(view.may_follow(event, stop) for event in (*own, *typed))


def _effect(command: Event) -> str | None:
    meaning = meaning_of(command)
    return meaning.effect if meaning is not None else None


_POWER_KINDS = ("ups.on_battery", "ups.battery_low", "ups.on_line", "ups.message")


def on_battery(events: Iterable[Event]) -> list[Event]:
    """Which UPSs are left on battery by the given events: for each the one with which that began; tests are none."""
    since: dict[str, Event] = {}
    for event in without_tests(list(events)):
        if event.kind in _ON_BATTERY:
            since.setdefault(_ups_of(event), event)
        elif event.kind == "ups.on_line":
            since.pop(_ups_of(event), None)
    return list(since.values())


def without_tests(events: Sequence[Event]) -> list[Event]:
    """Events in order of time, without batteries that are only tested or calibrated.

    upsmon may tell of the test just after the battery.
    """
    tests: dict[str, list[tuple[datetime, datetime | None]]] = {}
    for event in events:
        if event.kind == "ups.message" and (test := event.fields.get("test")):
            own = tests.setdefault(_ups_of(event), [])
            if test == "begun":
                own.append((event.time - _SAME_POLL, None))
            elif test == "ended" and own and own[-1][1] is None:
                own[-1] = (own[-1][0], event.time)
    return [
        event
        for event in events
        if event.kind not in _ON_BATTERY
        or not any(
            begun <= event.time and (ended is None or event.time < ended)
            for begun, ended in tests.get(_ups_of(event), [])
        )
    ]


def _ups_of(event: Event) -> str:
    return event.fields.get("ups") or event.program


def ups_agent(view: StopView) -> Hypothesis | None:
    """Apcupsd, NUT or PowerChute decided to shut down: in an outage, or without one (a drill, a manual request).

    Their daemons that serve other machines say what those do: only the decision of the monitor here counts.
    """
    decided = view.before_end(["ups.shutdown_decided"], _AGENT_LEAD)
    ordered = [e for e in view.before_end(["os.command"], _AGENT_LEAD) if e.fields.get("user") in _AGENT_USERS]
    walls = [e for e in view.os_stops if _AGENT_WALL.search(e.fields.get("wall", ""))]
    asked = sorted([*decided, *ordered, *walls], key=lambda event: event.time)
    observed = mode_of(view.os_stops)
    if not asked or observed == "reboot" or any(e.time >= asked[-1].time for e in view.of("os.shutdown_cancelled")):
        return None
    forced = [e for e in view.before_end(["ups.forced_shutdown"], _AGENT_LEAD) if e.program not in _UPS_SERVERS]
    typed = [e for e in view.before_end(["os.command"], _AGENT_LEAD) if _effect(e) == "ups-drill"]
    typed = [e for e in typed if e.fields.get("user") not in _AGENT_USERS and e.time <= asked[0].time + _STAMPED_APART]
    begins = min(event.time for event in (*asked, *forced))
    arguments = _occasion(view, asked, forced, begins)
    actor = command = None
    if typed:
        values = {"user": typed[-1].fields.get("user", "?"), "command": typed[-1].fields.get("command", "?")}
        arguments.append(Argument(text("reason.ups-fsd-typed", **values), events=typed[-1:]))
        if any(event.definition.endswith("/forced-shutdown-by-user") for event in forced):
            # upsmon has heard it: the decision is the answer.
            command = values["command"]
            actor = None if is_job(typed[-1]) else typed[-1].fields.get("user")
    arguments += os_lines(view)
    sure = any(event.certainty != "unverified" for event in decided)
    confidence: Confidence = "certain" if sure and view.os_stops else "likely"
    # An agent shuts down because the power will go: a halt.
    return Hypothesis("ups-agent", confidence, asked[0].time, "halt", "server", actor, command, arguments)


def agent_before(view: StopView, asked: datetime) -> list[Argument]:
    """An agent's decision just before CLUSTERPRO was asked to stop: its shutdown command may be a clp command."""
    decided = [
        event
        for event in view.of("ups.shutdown_decided")
        if -_STAMPED_APART <= asked - event.time <= _AGENT_LEAD and event.program not in _UPS_SERVERS
    ]
    if not decided:
        return []
    program = decided[-1].program or "UPS"
    return [Argument(text("reason.agent-decided-before", program=program), "against", decided[-1:])]


def _occasion(view: StopView, asked: list[Event], forced: list[Event], begins: datetime) -> list[Argument]:
    """The agent's decision, and whether an outage stands behind it; where none is seen, that comes first."""
    program = asked[0].program or "UPS"
    before = [e for e in view.before_end(_POWER_KINDS, _SEEN_ON_BATTERY) if e.time <= begins + _STAMPED_APART]
    outage = on_battery(before)
    # The decision may say itself that it is the battery's.
    outage = outage or [e for e in asked if e.kind == "ups.shutdown_decided" and "batter" in e.message.lower()]
    told = [Argument(text("reason.ups-forced", line=forced[0].message), events=forced[:1])] if forced else []
    if outage:
        decision = Argument(text("reason.ups-decided", program=program), events=asked[:2])
        return [decision, Argument(text("reason.ups-battery"), events=outage[-1:]), *told]
    unsure = Argument(text("reason.ups-log-limits"), "missing")
    timers = [e for e in view.before_end(["ups.message"], _AGENT_LEAD) if e.definition.endswith("/timer-elapsed")]
    if timers:
        # The site's own timer asked: upsmon may leave `on battery` to it, and out of the log.
        decision = Argument(text("reason.ups-decided", program=program), events=asked[:2])
        timer = Argument(text("reason.ups-timer", timer=timers[-1].fields.get("timer", "?")), events=timers[-1:])
        return [decision, timer, *told, unsure]
    back = [event for event in before if event.kind == "ups.on_line"]
    tests = [event for event in before if event.fields.get("test")]
    if back:
        key, events = "reason.ups-after-return", [back[-1], *asked[:2]]
    elif tests:
        key, events = "reason.ups-test", [tests[-1], *asked[:2]]
    else:
        key, events = "reason.ups-drill", asked[:2]
    return [Argument(text(key, program=program), events=events), *told, unsure]
