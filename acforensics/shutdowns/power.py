"""ESMPRO/AC or another UPS agent ended the machine."""

from __future__ import annotations

import re
from datetime import timedelta

from acforensics.case import Confidence
from acforensics.shutdowns.operators import os_lines
from acforensics.shutdowns.reasons import Argument, Hypothesis, mode_of
from acforensics.shutdowns.view import StopView
from acforensics.texts import text

_AC_WAIT = timedelta(hours=2)
"""ESMPRO/AC waits a time that is configured before it shuts the OS down; longer than this is another story."""
_SCHEDULE_LEAD = timedelta(minutes=30)
_AGENT_LEAD = timedelta(minutes=3)
_AGENT_USERS = {"nut", "ups", "apc", "apcupsd"}
# What the agents themselves give as a reason; a person may write of a UPS as well.
_AGENT_WALL = re.compile(r"^apcupsd\b|^upsmon\b|\binitiated shutdown$")


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
    """ESMPRO/AC's scheduled operation (needs a site's definitions of its messages).

    Args:
        view: the end to explain.
        recorded: an OS command on record for this end; it outranks a schedule that is not seen to lead to a shutdown.
    """
    scheduled = view.before_end(["ac.schedule_off"], _SCHEDULE_LEAD)
    started = view.before_end(["ac.shutdown_started"], _SCHEDULE_LEAD)
    if not scheduled or not view.stop_orderly or (recorded is not None and not started):
        return None
    arguments = [Argument(text("reason.ac-schedule"), events=scheduled[-1:])]
    if started:
        arguments.append(Argument(text("reason.ac-shutdown"), events=started[:1]))
    arguments += os_lines(view)
    confidence: Confidence = "certain" if started else "likely"
    return Hypothesis(
        "ac-schedule", confidence, scheduled[-1].time, mode_of(view.os_stops), "server", arguments=arguments
    )


def ups_agent(view: StopView) -> Hypothesis | None:
    """Apcupsd or NUT decided to shut down.

    Their daemons that serve other machines say what those do: only the decision of the monitor here counts.
    """
    decided = view.before_end(["ups.shutdown_decided"], _AGENT_LEAD)
    ordered = [e for e in view.before_end(["os.command"], _AGENT_LEAD) if e.fields.get("user") in _AGENT_USERS]
    walls = [e for e in view.os_stops if _AGENT_WALL.search(e.fields.get("wall", ""))]
    asked = sorted([*decided, *ordered, *walls], key=lambda event: event.time)
    observed = mode_of(view.os_stops)
    if not asked or observed == "reboot" or any(e.time >= asked[-1].time for e in view.of("os.shutdown_cancelled")):
        return None
    failures = view.before_end(["ups.on_battery", "ups.battery_low"], timedelta(hours=24))
    arguments = [Argument(text("reason.ups-decided", program=asked[0].program or "UPS"), events=asked[:2])]
    if failures:
        arguments.append(Argument(text("reason.ups-battery"), events=failures[-1:]))
    else:
        arguments.append(Argument(text("reason.ups-drill"), "missing"))
    arguments += os_lines(view)
    confidence: Confidence = "certain" if decided and view.os_stops else "likely"
    # An agent shuts down because the power will go: a halt.
    return Hypothesis("ups-agent", confidence, asked[0].time, "halt", "server", arguments=arguments)
