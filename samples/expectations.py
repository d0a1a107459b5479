"""What a sample of a sequence consists of, and words for what is expected of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from samples.scenario import Machine

Expected = dict[str, object]


@dataclass
class Sample:
    """Servers with their logs, and what the program must say about them."""

    machines: Sequence[Machine]
    sequences: list[Expected]
    shutdowns: list[Expected]
    findings: list[str] = field(default_factory=list)
    site_ac: bool = False
    """Whether it is analysed with the definitions of ESMPRO/AC's messages that lie beside it."""


def judged(server: str, sequence: str, verdict: str = "conforms", **steps: str) -> Expected:
    """A sequence that must be judged so. Steps: `step`, `step[group]` and `step@server` with their status."""
    return {"server": server, "id": sequence, "verdict": verdict, "steps": steps}


def end(server: str, trigger: str, mode: str = "halt", scope: str = "server", confidence: str = "certain") -> Expected:
    """A shutdown that must be found."""
    return {"server": server, "trigger": trigger, "mode": mode, "scope": scope, "confidence": confidence}


def both(make: object, *values: object) -> list[Expected]:
    """The same for svr031 and svr047."""
    return [make(server, *values) for server in ("svr031", "svr047")]  # type: ignore[operator]


SITE_AC = r'''# Definitions of ESMPRO/AC's and its UPSs' messages for the samples: invented, its own messages are not public.
# A site writes its own like this (docs/definitions.md). `load` names what a UPS feeds: a server, or disk1.

name = "site-ac"
title = { en = "ESMPRO/AC of the samples", ja = "サンプル用の ESMPRO/AC" }

[[event]]
id = "power-failure"
kind = "ac.power_failure"
programs = ["ACDAEMON"]
pattern = '^UPS (?P<ups>\S+): input power lost\s*$'
status = "verified"
source = "invented for the samples"
severity = "error"
examples = ["Nov 24 08:00:00 svr031 ACDAEMON[812]: UPS ups1: input power lost"]

[[event]]
id = "power-restored"
kind = "ac.power_restored"
programs = ["ACDAEMON"]
pattern = '^UPS (?P<ups>\S+): input power restored\s*$'
status = "verified"
source = "invented for the samples"
severity = "notice"
examples = ["Nov 24 09:00:00 svr031 ACDAEMON[812]: UPS ups1: input power restored"]

[[event]]
id = "on-battery"
kind = "ups.on_battery"
programs = ["ACDAEMON"]
pattern = '^UPS (?P<ups>\S+): on battery\s*$'
status = "verified"
source = "invented for the samples"
severity = "error"
examples = ["Nov 24 08:00:00 svr031 ACDAEMON[812]: UPS ups0@ctl001: on battery"]

[[event]]
id = "on-line"
kind = "ups.on_line"
programs = ["ACDAEMON"]
pattern = '^UPS (?P<ups>\S+): on line power\s*$'
status = "verified"
source = "invented for the samples"
severity = "notice"
examples = ["Nov 24 08:00:09 svr031 ACDAEMON[812]: UPS ups0@ctl001: on line power"]

[[event]]
id = "shutdown-started"
kind = "ac.shutdown_started"
programs = ["ACDAEMON"]
pattern = '^shutting down the OS \((?P<reason>[^)]*)\)\s*$'
set = { mode = "halt" }
status = "verified"
source = "invented for the samples"
severity = "error"
examples = ["Nov 24 08:02:00 svr031 ACDAEMON[812]: shutting down the OS (UPS ups1)"]

[[event]]
id = "schedule-off"
kind = "ac.schedule_off"
programs = ["ACDAEMON"]
pattern = '^schedule: power off now\s*$'
set = { mode = "halt" }
status = "verified"
source = "invented for the samples"
severity = "notice"
examples = ["Nov 24 22:00:00 svr031 ACDAEMON[812]: schedule: power off now"]

[[event]]
id = "output-on"
kind = "ups.output_on"
programs = ["ACDAEMON"]
pattern = '^UPS of (?P<load>\S+): output turned on\s*$'
status = "verified"
source = "invented for the samples"
severity = "notice"
examples = [{ line = "Nov 24 09:05:00 ctl001 ACDAEMON[812]: UPS of disk1: output turned on", fields = { load = "disk1" } }]

[[event]]
id = "output-off"
kind = "ups.output_off"
programs = ["ACDAEMON"]
pattern = '^UPS of (?P<load>\S+): output turned off\s*$'
status = "verified"
source = "invented for the samples"
severity = "notice"
examples = [{ line = "Nov 24 08:10:00 ctl001 ACDAEMON[812]: UPS of svr031: output turned off", fields = { load = "svr031" } }]
'''
