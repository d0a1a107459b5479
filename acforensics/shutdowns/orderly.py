"""CLUSTERPRO ended the machine: because somebody asked it to, or by itself."""

from __future__ import annotations

import re
from datetime import timedelta

from acforensics.case import Scope
from acforensics.events import Event
from acforensics.parsing.commands import understand
from acforensics.shutdowns.reasons import Argument, Hypothesis, mode_of
from acforensics.shutdowns.view import StopView
from acforensics.texts import text

_COMMANDS = re.compile(r"^(?:clpstdn|clpdown|clpcl|clprexec|webmgr|webui|apisv|api|clpwebmgr|webserver|down)", re.IGNORECASE)
# Modules of CLUSTERPRO that stop a server without being told to by a person.
_DAEMONS = re.compile(r"^(?:rm|rc|nm|np|pm|mm|mrw|monp|haltp|forcestop|fst|userw|clprm|clprc|clpnm|clppm)\b", re.IGNORECASE)
_TAKES_EFFECT = timedelta(minutes=10)
_FINAL_ACTION_LEAD = timedelta(minutes=30)
_COMMAND_LEAD = timedelta(minutes=2)
_EFFECTS = {
    "clusterpro.stop_received",
    "clusterpro.stopping",
    "clusterpro.server_shut_down",
    "clusterpro.cluster_shut_down",
}


def clusterpro_recovery(view: StopView) -> Hypothesis | None:
    """Final action of a monitor or a group resource, a failed daemon, a network partition."""
    requests = view.cluster_requests
    received = [e for e in requests if e.kind == "clusterpro.stop_received"]
    by_daemon = [e for e in received if _DAEMONS.match(e.fields.get("requester", ""))]
    actions = _final_actions(view)
    if not by_daemon and not actions:
        return None
    if any(_asked_by_person(event) for event in requests) and not by_daemon:
        return None
    if not view.stop_orderly and not actions and view.unclean_signs:
        return None
    asked = [*actions, *by_daemon]
    first = min(asked, key=lambda event: event.time)
    mode = mode_of([*actions, *requests, *view.os_stops])
    arguments = []
    if actions:
        action = actions[0]
        what = action.fields.get("monitor") or action.fields.get("resource") or action.fields.get("reason") or "?"
        arguments.append(Argument(text("reason.final-action", what=what), events=actions[:2]))
        errors = [e for e in view.before_end(["clusterpro.monitor_error"], _FINAL_ACTION_LEAD) if e.time <= action.time]
        if errors:
            detail = errors[-1].fields.get("detail") or errors[-1].message
            arguments.append(Argument(text("reason.monitor-error", detail=detail), events=errors[-1:]))
    if by_daemon:
        requester = by_daemon[0].fields.get("requester", "?")
        arguments.append(Argument(text("reason.stop-from-daemon", requester=requester), events=by_daemon[:1]))
    confirmation = _confirmation(view, requests)
    arguments += confirmation
    certain = bool(actions and (received or confirmation))
    return Hypothesis("clusterpro-recovery", "certain" if certain else "likely", first.time, mode,
                      _scope(requests), arguments=arguments)  # fmt: skip


def clusterpro_command(view: StopView) -> Hypothesis | None:
    """clpstdn, clpdown, Cluster WebUI or an API request."""
    requests = [event for event in view.cluster_requests if event.kind != "clusterpro.final_action"]
    asked = [e for e in requests if e.kind in ("clusterpro.shutdown_requested", "clusterpro.stop_received")]
    typed = [e for e in view.before_end(["os.command"], timedelta(hours=3)) if _is_cluster_command(e)]
    effects = [event for event in requests if event.kind in _EFFECTS]
    typed = [e for e in typed if effects and abs(effects[0].time - e.time) <= _TAKES_EFFECT]
    if not asked and not effects:
        return None
    if asked and not effects and not view.os_stops:
        return None
    if effects and not view.stop_orderly and view.unclean_signs:
        # The stop had begun, but something else ended the machine before it was over.
        return None
    first = min([*(asked or effects), *typed], key=lambda event: event.time)
    arguments = []
    personal = [event for event in asked if _asked_by_person(event)]
    if asked:
        source = (personal or asked)[0]
        requester = source.fields.get("requester") or "CLUSTERPRO"
        arguments.append(Argument(text("reason.cluster-request", requester=requester), events=asked[:2]))
    actor = command = None
    if typed:
        actor = typed[0].fields.get("user")
        command = typed[0].fields.get("command")
        arguments.append(
            Argument(text("reason.cluster-typed", user=actor or "?", command=command or "?"), events=typed[:1])
        )
    confirmation = _confirmation(view, requests)
    arguments += confirmation
    if view.os_stops:
        arguments.append(Argument(text("reason.os-after-cluster"), events=view.os_stops[:1]))
    arguments += _operator_as_well(view, first)
    if personal or typed:
        confidence = "certain" if confirmation or view.os_stops else "likely"
    else:
        confidence = "likely" if asked else "possible"
        arguments.append(Argument(text("reason.requester-unknown"), "missing"))
    if command is None and personal:
        name = personal[0].fields.get("requester", "")
        command = name if name.startswith("clp") else None
    return Hypothesis("clusterpro-command", confidence, first.time, mode_of([*requests, *view.os_stops]),  # type: ignore[arg-type]
                      _scope([*requests, *typed]), actor, command, arguments)  # fmt: skip


def _final_actions(view: StopView) -> list[Event]:
    """Final actions that end the machine and were carried out, not merely announced, suppressed or failed."""
    found = []
    for event in view.cluster_requests:
        if event.kind != "clusterpro.final_action" or event.fields.get("action") == "stop-service":
            continue
        if view.end - event.time > _FINAL_ACTION_LEAD:
            continue
        failed = [e for e in view.of("clusterpro.final_action_failed") if event.time <= e.time <= event.time + _TAKES_EFFECT]
        if not failed:
            found.append(event)
    return found


def _asked_by_person(event: Event) -> bool:
    if event.kind == "clusterpro.shutdown_requested":
        return True
    return event.kind == "clusterpro.stop_received" and bool(_COMMANDS.match(event.fields.get("requester", "")))


def _is_cluster_command(event: Event) -> bool:
    meaning = understand(event.fields.get("command", ""))
    return meaning is not None and meaning.effect == "cluster-end"


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
    for event in view.before_end(["os.command"], timedelta(minutes=30)):
        meaning = understand(event.fields.get("command", ""))
        if meaning is not None and meaning.effect == "end" and event.time - request.time > _COMMAND_LEAD:
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
