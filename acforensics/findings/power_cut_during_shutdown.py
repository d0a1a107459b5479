"""A machine was cut off while it was stopping in order: the UPS did not wait, or its battery was empty.

Syslog always ends early in a stop (it is stopped itself), so a log that merely breaks off says nothing: the next boot
must have found something broken. Whatever else may have cut the machine off explains it otherwise.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from acforensics.case import Finding
from acforensics.events import Event
from acforensics.findings.context import FindingContext, duration, end_of
from acforensics.shutdowns import Judgement
from acforensics.shutdowns.power import on_battery
from acforensics.shutdowns.reasons import Hypothesis
from acforensics.shutdowns.view import StopView, meaning_of, same_server
from acforensics.texts import Text, join, text

_RULE = "power-cut-during-shutdown"
_STILL_STOPPING = timedelta(minutes=10)
"""The last record lies this close behind the last one of the stop; else the machine had gone on."""
_JUST_TYPED = timedelta(minutes=2)
_OTHER_CAUSE = timedelta(minutes=10)
_FENCED_WITHIN = timedelta(minutes=3)
_DUMP_FOUND = timedelta(minutes=10)
_ON_BATTERY = timedelta(hours=2)
_STAMPED_APART = timedelta(seconds=5)
_HABIT = 4
_CLUSTER_STOPS = (
    "clusterpro.daemon_stopping",
    "clusterpro.group_stopping",
    "clusterpro.group_stopped",
    "clusterpro.resource_stopping",
    "clusterpro.resource_stopped",
    "ac.exec_command",
)
_OTHERWISE = ("os.panic", "os.crash_triggered", "os.watchdog_reset", "os.fenced", "os.lockup", "os.thermal_shutdown")
_POWER_ENDS = {"ac-power-failure", "ups-agent"}


def find(context: FindingContext) -> list[Finding]:
    """One finding for each end that broke off within a stop."""
    orderly: dict[str, list[StopView]] = {}
    for judgement in context.judgements:
        if judgement.boot.following is not None and judgement.view.stop_orderly:
            orderly.setdefault(judgement.boot.server, []).append(judgement.view)
    usual = {server for server, views in orderly.items() if _unclean_anyway(views)}
    return [
        found
        for judgement in context.judgements
        if judgement.boot.server not in usual and (found := _judge(context, judgement)) is not None
    ]


def _unclean_anyway(views: list[StopView]) -> bool:
    """Whether a server's starts find something broken after ends that a log shows, or after most ends: no sign then."""
    unclean = [view for view in views if view.unclean_signs]
    ended_well = any(_came_to_its_end(view) for view in unclean)
    return ended_well or (len(unclean) >= _HABIT and len(unclean) * 2 > len(views))


def _judge(context: FindingContext, judgement: Judgement) -> Finding | None:
    view, chosen = judgement.view, judgement.chosen
    following = judgement.boot.following
    if chosen is None or following is None or chosen.trigger in ("crash", "fencing") or view.unseen_between:
        return None
    # The request may stand on another server only.
    asked = chosen.time if chosen.trigger == "clusterpro-command" and _stops_whole(view, chosen) else None
    stopping = _stopping(view, asked)
    if not stopping or judgement.boot.last - stopping[-1].time > _STILL_STOPPING:
        return None
    signs = view.unclean_signs
    if not signs or _explained(view, stopping[0].time):
        return None
    power = _power_failing(view, stopping[-1].time)
    reboot = any(event.mode == "reboot" for event in stopping) or chosen.mode == "reboot"
    if reboot and not power and chosen.trigger not in _POWER_ENDS:
        # No UPS is asked to switch off for a reboot: a reset that came too early looks the same.
        return None
    return _finding(context, judgement, stopping, signs, power)


def _stops_whole(view: StopView, chosen: Hypothesis) -> bool:
    """Whether it is more than a group that stops: as the request says, if that is sure, or as CLUSTERPRO shows."""
    shown = view.of("clusterpro.daemon_stopping", "ac.exec_command")
    return chosen.confidence != "possible" or any(event.time >= chosen.time for event in shown)


def _stopping(view: StopView, asked: datetime | None) -> list[Event]:
    """The records of the stop, by time: of the OS, of CLUSTERPRO, or a command that had just asked for it."""
    # Services that merely stopped are no stop of the machine.
    multi_user = any(e.kind == "os.target_stopped" and "multi-user" in e.message.lower() for e in view.os_stops)
    found = [*(view.os_stops if view.decisive or multi_user else []), *view.cluster_requests]
    begun = min((event.time for event in found), default=asked)
    if begun is not None:
        found += [event for event in view.of(*_CLUSTER_STOPS) if event.time >= begun - _STAMPED_APART]
    for command in view.of("os.command"):
        meaning = meaning_of(command)
        if meaning is None or meaning.effect != "cluster-end" or meaning.conditional:
            continue
        here = meaning.target is None or same_server(meaning.target, view.boot.server)
        if here and view.boot.last - command.time <= _JUST_TYPED:
            found.append(command)
    return sorted(found, key=lambda event: event.time)


def _came_to_its_end(view: StopView) -> bool:
    """Whether a log shows the end itself: the journal's, systemd's last target, or the kernel's last words."""
    return any(
        event.kind in ("os.journal_stopped", "os.target_reached")
        or (event.kind == "os.stop_progress" and event.program == "kernel" and event.mode != "unknown")
        for event in view.os_stops
    )


def _explained(view: StopView, begun: datetime) -> bool:
    """Whether something else is on record that cuts a machine off: a panic, a watchdog, another server."""
    own = [*_OTHERWISE, "clusterpro.forced_stop", "clusterpro.network_partition"]
    for event in view.of(*own):
        meant = event.kind != "clusterpro.forced_stop" or event.fields.get("victim") == "self"
        if meant and event.time >= begun - _OTHER_CAUSE:
            return True
    if any(
        same_server(event.fields.get("server") or event.fields.get("target") or "", view.boot.server)
        for event in view.peers_saying(["os.fencing_requested", "clusterpro.forced_stop"], _FENCED_WITHIN)
    ):
        return True
    following = view.boot.following
    return following is not None and any(
        event.kind == "os.crash_dump_found" and event.time - (following.start or following.first) <= _DUMP_FOUND
        for event in following.events
    )


def _power_failing(view: StopView, end: datetime) -> list[Event]:
    """What says that the power had failed, or that a UPS was switching off, before the stop could end."""
    kinds = ("ups.on_battery", "ups.battery_low", "ups.on_line", "ups.message", "ups.output_off", "ac.power_failure",
             "ac.power_restored")  # fmt: skip
    recent = [event for event in view.of(*kinds) if end - _ON_BATTERY <= event.time <= end + _STAMPED_APART]
    news = [event for event in recent if event.kind in ("ac.power_failure", "ac.power_restored")]
    return [
        *(event for event in recent if event.kind == "ups.output_off"),
        *on_battery(recent),
        *(event for event in news[-1:] if event.kind == "ac.power_failure"),
    ]


def _finding(
    context: FindingContext, judgement: Judgement, stopping: list[Event], signs: list[Event], power: list[Event]
) -> Finding:
    server, back = judgement.boot.server, end_of(judgement)
    last = judgement.boot.last
    # A journal file alone breaks for other reasons, too.
    sure = any(event.kind != "os.journal_unclean" for event in signs)
    summary: list[Text] = [
        text(
            f"finding.{_RULE}.summary",
            server=server,
            begun=context.clock(server, stopping[0].time),
            last=context.clock(server, last),
            after=duration(last - stopping[0].time),
            back=context.clock(server, back),
        ),
        text(f"finding.{_RULE}.signs", line=signs[0].message),
    ]
    if power:
        key = "output-off" if power[0].kind == "ups.output_off" else "power"
        summary.append(text(f"finding.{_RULE}.{key}", time=context.clock(server, power[0].time), line=power[0].message))
    summary.append(text(f"finding.{_RULE}.{'otherwise-power' if power else 'otherwise'}"))
    if not sure:
        summary.append(text(f"finding.{_RULE}.journal-only"))
    word = text(f"confidence.{'likely' if sure else 'possible'}")
    return context.finding(
        _RULE,
        "critical" if sure else "warning",
        [judgement],
        spans=[(server, stopping[0].time, back)],
        title=text(f"finding.{_RULE}.title", server=server, certainty=word),
        summary=join(summary),
        advice=text(f"finding.{_RULE}.advice"),
        events=[stopping[0], *stopping[-2:], *judgement.view.last_record, *signs[:2], *power[:2]],
    )
