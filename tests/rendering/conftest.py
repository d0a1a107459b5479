"""Makes results by hand, so that a test of the report says itself what there is to report."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from acforensics.case import (
    Boot,
    CaseModel,
    Evidence,
    Finding,
    Generator,
    Input,
    Reason,
    Server,
    Shutdown,
)
from acforensics.events import Event, Witness
from acforensics.texts import Text, literal
from acforensics.timeline import to_frame

if TYPE_CHECKING:
    import pandas as pd

ZONE = timezone(timedelta(hours=9))
NOON = datetime(2026, 11, 24, 12, 0, 0, tzinfo=ZONE)
PATH = "/cases/incident.tar.gz!{server}/var/log/messages"


class Maker:
    """Collects boots, ends and findings; `model()` makes the result of them."""

    def __init__(self) -> None:
        self.inputs: list[Input] = []
        self.servers: list[Server] = []
        self.boots: list[Boot] = []
        self.ends: list[Shutdown] = []
        self.findings: list[Finding] = []
        self.problems: list[Text] = []
        self.events: list[Event] = []

    def at(self, minutes: float) -> datetime:
        return NOON + timedelta(minutes=minutes)

    def evidence(self, text: str, line: int | None = 7, minutes: float = 0, server: str = "svr031") -> Evidence:
        return Evidence(
            input=PATH.format(server=server),
            line=line,
            time=self.at(minutes),
            server=server,
            kind="os.command",
            text=text,
        )

    def server(self, name: str = "svr031") -> None:
        if any(server.name == name for server in self.servers):
            return
        self.servers.append(
            Server(name=name, aliases=[], clock_offset_seconds=None, clock_offset_basis=literal("not estimated"))
        )
        self.inputs.append(
            Input(
                path=PATH.format(server=name),
                sha256="ab" * 32,
                bytes=1000,
                format="syslog",
                encoding="utf-8",
                server=name,
                records=100,
                events=5,
                first=self.at(-60),
                last=self.at(60),
                notes=[],
            )
        )

    def end(self, minutes: float = 0, server: str = "svr031", *, end_state: str = "clean", **values: Any) -> Shutdown:
        self.server(server)
        number = sum(boot.server == server for boot in self.boots) + 1
        boot = Boot(
            id=f"{server}#{number}",
            server=server,
            start=self.at(minutes - 10),
            end=self.at(minutes + 1),
            end_state=end_state,  # type: ignore[arg-type]
            evidence=[],
        )
        settings: dict[str, Any] = {
            "trigger": "os-command",
            "mode": "halt",
            "scope": "server",
            "actor": None,
            "command": None,
            "confidence": "certain",
            "ups_told": "no",
            "reasons": [
                Reason(
                    text=literal("it was logged"),
                    weight="for",
                    evidence=[self.evidence("the line", server=server)],
                )
            ],
            "evidence": [self.evidence("the line", minutes=minutes, server=server)],
        }
        shutdown = Shutdown(
            id=f"{boot.id}/end", server=server, time=self.at(minutes), boot=boot.id, **{**settings, **values}
        )
        self.boots.append(boot)
        self.ends.append(shutdown)
        return shutdown

    def running(self, minutes: float, server: str = "svr031") -> None:
        self.server(server)
        number = sum(boot.server == server for boot in self.boots) + 1
        self.boots.append(
            Boot(
                id=f"{server}#{number}",
                server=server,
                start=self.at(minutes),
                end=None,
                end_state="running",
                evidence=[],
            )
        )

    def finding(self, rule: str, related: list[Shutdown], severity: str = "critical", **values: Any) -> Finding:
        settings: dict[str, Any] = {
            "servers": sorted({end.server for end in related}),
            "start": related[0].time,
            "end": related[-1].time,
            "title": Text(en="a title", ja="題名"),
            "summary": Text(en="what was seen", ja="確認された内容"),
            "advice": Text(en="use `clpstdn`", ja="`clpstdn` を使用してください"),
            "reference": Text(en="HOWTO chapter 5", ja="HOWTO 第 5 章"),
            "related": [end.id for end in related],
            "evidence": [line for end in related for line in end.evidence],
        }
        found = Finding(rule=rule, severity=severity, **{**settings, **values})  # type: ignore[arg-type]
        self.findings.append(found)
        return found

    def event(self, minutes: float = 0, kind: str = "os.command", message: str = "the line", **values: Any) -> Event:
        server = values.get("server", "svr031")
        self.server(server)
        time = self.at(minutes).astimezone(UTC)
        event = Event(
            time, server, kind, "sudo", "", message, {}, "linux.toml:x", values.get("certainty", "verified"),
            "messages", [Witness(PATH.format(server=server), values.get("line", 7), time, message)],
        )  # fmt: skip
        self.events.append(event)
        return event

    def model(self) -> CaseModel:
        return CaseModel(
            generator=Generator(name="acforensics", version="0.0", options={"tz": None}),
            timezone="UTC+09:00",
            inputs=self.inputs,
            servers=self.servers,
            boots=self.boots,
            shutdowns=sorted(self.ends, key=lambda end: end.time),
            findings=self.findings,
            problems=self.problems,
        )

    def timeline(self) -> pd.DataFrame:
        return to_frame(sorted(self.events, key=lambda event: event.time), ZONE)


@dataclasses.dataclass(frozen=True)
class Hostile:
    """Text as an attacker would log it, and as a reader must see it."""

    raw: str
    shown: str


_MARKUP = "\"'><img src=x onerror=alert(1)></script><script>alert(2)</script>{{ 7*7 }}{% raw %}&lt;"
HOSTILE = Hostile(
    raw=_MARKUP + "\x1b[31mred\x07\u202eevil\u2028\x9b2J",
    shown=_MARKUP + r"\x1b[31mred\x07\u202eevil\u2028\x9b2J",
)


@pytest.fixture
def make() -> Maker:
    """An empty case to fill."""
    return Maker()


@pytest.fixture
def hostile() -> Hostile:
    """Text as an attacker would log it."""
    return HOSTILE


@pytest.fixture
def hostile_case(make: Maker) -> Maker:
    """A case in which every value that can come from a log is hostile."""
    raw = HOSTILE.raw
    end = make.end(
        server=raw,
        actor=raw,
        command=raw,
        evidence=[make.evidence(raw)],
        reasons=[
            Reason(
                text=literal(f"somebody ran `{raw}`"),
                weight=weight,
                evidence=[make.evidence(raw, server=raw)],
            )
            for weight in ("for", "against", "missing")
        ],
    )
    make.finding("os-command-shutdown", [end], title=literal(raw), summary=literal(raw), advice=literal(raw))
    make.event(message=raw, server=raw)
    make.inputs[0].path = f"/cases/{raw}.tar.gz!{raw}"
    make.inputs[0].notes = [literal(raw)]
    make.inputs[0].format = raw
    make.servers[0].aliases = [raw]
    make.problems = [literal(raw)]
    return make


@pytest.fixture
def reboot_loop(make: Maker) -> Maker:
    """Two servers that reboot three times each, by CLUSTERPRO's own doing."""
    reason = Reason(
        text=Text(en="final action because of diskw1", ja="diskw1 に対する最終動作"),
        weight="for",
        evidence=[],
    )
    ends = [
        make.end(
            minutes,
            server,
            trigger="clusterpro-recovery",
            mode="reboot",
            ups_told="yes",
            reasons=[reason],
        )
        for minutes in (0, 12, 24)
        for server in ("svr031", "svr047")
    ]
    make.finding("reboot-loop", ends)
    for server in ("svr031", "svr047"):
        make.running(30, server)
    for minutes in range(0, 30, 3):
        make.event(minutes, "clusterpro.monitor_error", "Detected an error in monitoring diskw1.")
        make.event(minutes, "os.command", "sudo: x", server="svr047", certainty="unverified")
    return make


@pytest.fixture
def every_word() -> Callable[[], list[Maker]]:
    """Cases that between them use every trigger, mode, certainty, UPS state and end state."""
    from typing import get_args

    from acforensics import case as models

    def cases() -> list[Maker]:
        made = []
        for trigger in get_args(models.Trigger):
            for confidence in get_args(models.Confidence):
                maker = Maker()
                for i, told in enumerate(get_args(models.UpsTold)):
                    for j, mode in enumerate(get_args(models.Mode)):
                        for k, state in enumerate(("clean", "unclean", "unknown")):
                            maker.end(
                                i * 1000 + j * 100 + k * 10,
                                trigger=trigger,
                                confidence=confidence,
                                mode=mode,
                                ups_told=told,
                                end_state=state,
                            )
                made.append(maker)
        return made

    return cases
