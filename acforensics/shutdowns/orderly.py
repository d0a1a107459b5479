"""CLUSTERPRO ended the machine: because somebody asked it to, or by itself."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta

from acforensics.case import Confidence, Scope
from acforensics.events import Event
from acforensics.parsing.commands import CommandMeaning
from acforensics.shutdowns import unseen
from acforensics.shutdowns.operators import is_job
from acforensics.shutdowns.reasons import Argument, Hypothesis, mode_of
from acforensics.shutdowns.records import Records
from acforensics.shutdowns.view import StopView, meaning_of, same_server
from acforensics.texts import text

_COMMANDS = re.compile(r"^(?:clp|webmgr|webui|cluster ?webui|apisv|api|webserver|down\b)", re.IGNORECASE)
# Modules that stop a server without being told to by a person. Others (nm, pm, trnsv) may pass on a person's request.
_RECOVERING = re.compile(r"^(?:clp)?(?:rm|rc|mm|mrw|monp|haltp|userw)\b", re.IGNORECASE)
_TAKES_EFFECT = timedelta(minutes=10)
_ACTION_LEAD = timedelta(minutes=3)
_ERROR_LEAD = timedelta(minutes=30)
_AFTER_OS_STOP = timedelta(seconds=2)
_TYPED_LEAD = timedelta(seconds=60)
_OWN_ACTIONS = {
    "clusterpro.final_action",
    "clusterpro.network_partition",
    "clusterpro.process_failed",
    "clusterpro.forced_stop",
}
_VOIDS = (
    "clusterpro.final_action_failed",
    "clusterpro.final_action_suppressed",
    "clusterpro.recovery_ignored",
    "clusterpro.restart_limit_reached",
    "clusterpro.daemon_started",
)
_ENDS_NOTHING = {None, "stop-service", "script"}
_EFFECTS = {
    "clusterpro.stop_received",
    "clusterpro.stopping",
    "clusterpro.server_shut_down",
    "clusterpro.cluster_shut_down",
}
UNDER_WAY = (*_EFFECTS, "clusterpro.daemon_stopping", "clusterpro.group_stopping")


def clusterpro_recovery(view: StopView) -> Hypothesis | None:
    """CLUSTERPRO by itself: final action, network partition, failed daemon, its own reset of this server."""
    requests = view.cluster_requests
    received = [e for e in requests if e.kind == "clusterpro.stop_received"]
    by_module = [e for e in received if _RECOVERING.match(e.fields.get("requester", ""))]
    actions = _own_actions(view)
    if not by_module and not actions:
        return None
    asked = sorted([*actions, *by_module], key=lambda event: event.time)
    if view.first_stop is not None and asked[0].time > view.first_stop + _AFTER_OS_STOP:
        # The OS was already going down: what fails then is a consequence.
        return None
    person = _asked_by_person_anywhere(view)
    if person and view.here(person[0].server, person[0].time) <= asked[0].time:
        # What fails while a person's stop is under way is a consequence of it.
        return None
    mode = mode_of([*actions, *requests, *view.os_stops])
    arguments = []
    if actions:
        action = actions[0]
        what = (
            action.fields.get("monitor")
            or action.fields.get("resource")
            or action.fields.get("reason")
            or action.message
        )
        arguments.append(Argument(text("reason.final-action", what=what), events=actions[:2]))
        errors = [e for e in view.before_end(["clusterpro.monitor_error"], _ERROR_LEAD) if e.time <= action.time]
        if errors:
            detail = errors[-1].fields.get("detail") or errors[-1].message
            arguments.append(Argument(text("reason.monitor-error", detail=detail), events=errors[-1:]))
    if by_module:
        requester = by_module[0].fields.get("requester", "?")
        arguments.append(Argument(text("reason.stop-from-daemon", requester=requester), events=by_module[:1]))
    confirmation = _confirmation(view, requests)
    arguments += confirmation
    if not view.stop_orderly and view.unclean_signs:
        arguments.append(Argument(text("reason.unclean"), events=view.unclean_signs[:1]))
    certain = bool(actions) and bool(received or confirmation)
    return Hypothesis("clusterpro-recovery", "certain" if certain else "likely", asked[0].time, mode,
                      _scope(requests), arguments=arguments)  # fmt: skip


def clusterpro_command(view: StopView) -> Hypothesis | None:
    """clpstdn, clpdown, Cluster WebUI or an API request."""
    requests = [event for event in view.cluster_requests if event.kind in (*_EFFECTS, "clusterpro.shutdown_requested")]
    effects = [event for event in requests if event.kind in _EFFECTS]
    asked = [e for e in requests if e.kind == "clusterpro.stop_received"]
    asked += [e for e in requests if e.kind == "clusterpro.shutdown_requested" and _took_effect(view, e)]
    asked.sort(key=lambda event: event.time)
    typed = _typed(view, [*asked, *effects])
    if not asked and not effects:
        return None
    if effects and not view.stop_orderly and view.unclean_signs:
        # The stop had begun, but something else ended the machine before it was over.
        return None
    first = min([*(asked or effects), *typed], key=lambda event: event.time)
    if view.first_stop is not None and first.time > view.first_stop + _AFTER_OS_STOP:
        # The OS was already going down: CLUSTERPRO's lines are a consequence.
        return None
    personal = [event for event in asked if _asked_by_person(event)]
    elsewhere = [] if personal or typed else _asked_by_person_anywhere(view)
    if not (asked or typed or elsewhere) and unseen.who_asked_cluster(view, first.time):
        return None
    arguments = []
    if asked:
        source = (personal or asked)[0]
        requester = source.fields.get("requester") or "CLUSTERPRO"
        arguments.append(Argument(text("reason.cluster-request", requester=requester), events=asked[:2]))
    actor = command = None
    if typed:
        actor, command = None if is_job(typed[0]) else typed[0].fields.get("user"), typed[0].fields.get("command")
        arguments.append(
            Argument(text("reason.cluster-typed", user=actor or "?", command=command or "?"), events=typed[:1])
        )
    if elsewhere:
        arguments.append(Argument(text("reason.asked-on-peer", server=elsewhere[0].server), events=elsewhere[:1]))
    confirmation = _confirmation(view, requests)
    arguments += confirmation
    if view.os_stops:
        arguments.append(Argument(text("reason.os-after-cluster"), events=view.os_stops[:1]))
    interfering = _operator_as_well(view, first)
    arguments += interfering
    confidence: Confidence
    if personal or typed or elsewhere:
        certain = bool(confirmation or view.os_stops) and not interfering
        confidence = "certain" if certain else "likely"
    else:
        confidence = "likely" if asked and not interfering else "possible"
        arguments.append(Argument(text("reason.requester-unknown"), "missing"))
    if command is None and personal:
        name = personal[0].fields.get("requester", "")
        command = name if name.startswith("clp") else None
    return Hypothesis("clusterpro-command", confidence, first.time, mode_of([*requests, *view.os_stops]),
                      _scope([*requests, *typed, *elsewhere]), actor, command, arguments)  # fmt: skip


def clusterpro_typed(view: StopView) -> Hypothesis | None:
    """A clpstdn or clpdown on record, and the stop that follows it, where CLUSTERPRO's own messages are not to be had.

    CLUSTERPRO then runs the OS's shutdown itself, which the audit log records under the same user: no OS command.
    """
    if not view.stop_orderly or view.of("clusterpro.request_refused"):
        return None
    told = [event for event in view.of("ac.command_run", "ac.exec_command") if event.time >= view.end - _TAKES_EFFECT]
    begins = min([view.end, *(event.time for event in told)])
    found = []
    own = [event for event in view.of("os.command") if view.may_follow(event, begins)]
    for event in (*own, *view.asked_elsewhere(["os.command"], begins)):
        meaning = _cluster_end(event)
        if meaning is None:
            continue
        here = event.server == view.boot.server and (
            meaning.target is None or same_server(meaning.target, view.boot.server)
        )
        # On another server it only counts where this one is seen to tell ESMPRO/AC: two stops may coincide.
        for_here = meaning.scope == "cluster" or (
            meaning.target is not None and same_server(meaning.target, view.boot.server)
        )
        if here or (for_here and told):
            found.append(event)
    if not found:
        return None
    typed = max(found, key=lambda event: event.time)
    actor, command = None if is_job(typed) else typed.fields.get("user"), typed.fields.get("command", "")
    values = {"user": actor or "?", "command": command, "server": typed.server}
    arguments = [Argument(text("reason.cluster-typed-only", **values), events=[typed])]
    if told:
        arguments.append(Argument(text("reason.ac-command-run"), events=told[:1]))
    if view.os_stops:
        arguments.append(Argument(text("reason.os-after-cluster"), events=view.os_stops[:1]))
    arguments.append(Argument(text("reason.cluster-messages-unseen"), "missing"))
    mode = mode_of([*told, *view.os_stops, *_typed_mode(typed)])
    time = view.here(typed.server, typed.time)
    return Hypothesis("clusterpro-command", "likely", time, mode, _scope([typed]), actor, command, arguments)


def _cluster_end(event: Event) -> CommandMeaning | None:
    if event.kind != "os.command" or "repeated" in event.fields:
        return None
    meaning = meaning_of(event)
    return meaning if meaning is not None and meaning.effect == "cluster-end" else None


def _typed_mode(typed: Event) -> list[Event]:
    """The mode that a command asks for, as an event that says so."""
    meaning = _cluster_end(typed)
    if meaning is None or meaning.mode == "unknown":
        return []
    return [replace(typed, fields={**typed.fields, "mode": meaning.mode})]


def cluster_stopped_first(view: StopView) -> Hypothesis | None:
    """CLUSTERPRO stopped before the OS did, and its stop.sh ran the AC command, but no request is logged.

    stop.sh runs it only for a shutdown of the server or the cluster (HOWTO chapter 3), so CLUSTERPRO was asked, or did
    so by itself: a person is only taken to have asked if one was there and nothing speaks for the other.
    """
    before = view.stopped_by_cluster_first
    pair = [e for e in before if e.kind == "ac.exec_command" and view.end - e.time <= _TAKES_EFFECT]
    if not pair or unseen.who_asked_cluster(view, before[0].time):
        return None
    arguments = [
        Argument(text("reason.cluster-stopped-first"), events=[before[0], *pair[:1]]),
        Argument(text("reason.requester-unknown"), "missing"),
    ]
    return Hypothesis("clusterpro-command", "possible", before[0].time, mode_of(view.os_stops), arguments=arguments)


def _own_actions(view: StopView) -> list[Event]:
    """Actions by which CLUSTERPRO ends this server and that the stop follows within minutes.

    Not those about a peer, not those that failed, were suppressed or ended nothing.
    """
    found = []
    for event in view.of(*_OWN_ACTIONS):
        if event.fields.get("action") in _ENDS_NOTHING or event.fields.get("victim") == "peer":
            continue
        named = event.fields.get("server")
        if named is not None and not same_server(named, view.boot.server):
            continue
        if event.kind == "clusterpro.forced_stop" and event.fields.get("victim") != "self":
            continue
        if _COMMANDS.match(event.fields.get("requester", "")):
            # Somebody asked for this reset in Cluster WebUI: no recovery.
            continue
        voided = [e for e in view.of(*_VOIDS) if e.time >= event.time]
        begins = view.stop_begins or view.boot.last
        if not voided and timedelta(seconds=-2) <= begins - event.time <= _ACTION_LEAD:
            found.append(event)
    return found


def _took_effect(view: StopView, request: Event) -> bool:
    """Whether CLUSTERPRO, or at least the OS, began to stop within minutes of a request."""
    times = [event.time for event in view.of(*UNDER_WAY)]
    if not times and view.first_stop is not None:
        times = [view.first_stop]
    return any(timedelta(minutes=-1) <= time - request.time <= _TAKES_EFFECT for time in times)


def _asked_by_person_anywhere(view: StopView) -> list[Event]:
    """Requests of a person to CLUSTERPRO for this end: on this server, or for the whole cluster on another one."""
    own = [event for event in view.cluster_requests if _asked_by_person(event) and _took_effect(view, event)]
    theirs = asked_as_cluster(view, _request_time(view))
    return sorted([*own, *theirs], key=lambda event: view.here(event.server, event.time))


def asked_as_cluster(view: StopView, time: datetime) -> list[Event]:
    """Requests of a person on other servers for a stop of the cluster, which may have led to what happened then."""
    return [
        event
        for event in view.asked_elsewhere(["clusterpro.shutdown_requested", "clusterpro.stop_received"], time)
        if _asked_by_person(event)
        and (event.fields.get("scope") == "cluster" or "clpstdn" in event.fields.get("requester", ""))
        and not _refused(event, view.peers[event.server])
    ]


def _refused(request: Event, records: Records) -> bool:
    """Whether CLUSTERPRO on that server answered a request with a refusal, before it acted on any."""
    answers = records.between(("clusterpro.request_refused", *UNDER_WAY), request.time, request.time + _TAKES_EFFECT)
    first = next((event for event in answers if event is not request), None)
    return first is not None and first.kind == "clusterpro.request_refused"


def _request_time(view: StopView) -> datetime:
    return view.cluster_requests[0].time if view.cluster_requests else view.end


def _asked_by_person(event: Event) -> bool:
    if event.kind == "clusterpro.shutdown_requested":
        return True
    return event.kind == "clusterpro.stop_received" and bool(_COMMANDS.match(event.fields.get("requester", "")))


def _typed(view: StopView, asked: list[Event]) -> list[Event]:
    """Clpstdn or clpdown for this server on record, just before CLUSTERPRO's request and of the same scope."""
    if not asked:
        return []
    first = min(event.time for event in asked)
    scopes = {event.fields.get("scope") for event in asked} | {event.fields.get("requester") for event in asked}
    found = []
    for event in view.of("os.command"):
        meaning = meaning_of(event)
        if (
            meaning is None
            or meaning.effect != "cluster-end"
            or not -_AFTER_OS_STOP <= first - event.time <= _TYPED_LEAD
        ):
            continue
        elsewhere = meaning.target is not None and not same_server(meaning.target, view.boot.server)
        fits = "clpstdn" in scopes if meaning.scope == "cluster" else "clpstdn" not in scopes
        if not elsewhere and (fits or not scopes & {"clpstdn", "clpdown"}):
            found.append(event)
    return found


def _confirmation(view: StopView, requests: list[Event]) -> list[Argument]:
    found = []
    stopping = [e for e in requests if e.kind == "clusterpro.stopping"]
    if stopping:
        found.append(Argument(text("reason.cluster-stopping"), events=stopping[:1]))
    ended = [e for e in requests if e.kind in ("clusterpro.cluster_shut_down", "clusterpro.server_shut_down")]
    if ended:
        found.append(Argument(text("reason.cluster-ended"), events=ended[-1:]))
    return found


def _operator_as_well(view: StopView, request: Event) -> list[Argument]:
    """An OS command typed while CLUSTERPRO was already stopping: said, because it may have cut the stop short."""
    found = []
    for event in view.of("os.command"):
        meaning = meaning_of(event)
        if event.program == "audit":
            # CLUSTERPRO runs the OS's shutdown itself; audit records that as well.
            continue
        if meaning is not None and meaning.effect == "end" and event.time - request.time > _AFTER_OS_STOP:
            values = {"user": event.fields.get("user", "?"), "command": event.fields.get("command", "?")}
            found.append(Argument(text("reason.command-during-stop", **values), "against", [event]))
    return found


def _scope(events: list[Event]) -> Scope:
    named = [event.fields.get("scope") for event in events]
    if "cluster" in named:
        return "cluster"
    requesters = " ".join(event.fields.get("requester", "") + event.fields.get("command", "") for event in events)
    if "clpstdn" in requesters:
        return "cluster"
    return "server" if "server" in named or "clpdown" in requesters else "unknown"
