"""Makes results by hand, so that a test of the report says itself what there is to report."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from acforensics.case import (
    Because,
    Boot,
    CaseModel,
    Diagram,
    DiagramLane,
    DiagramMark,
    Evidence,
    Finding,
    Generator,
    Incident,
    IncidentPart,
    Input,
    Reason,
    Sequence,
    Server,
    Setting,
    Shutdown,
    Step,
)
from acforensics.events import Event, Witness
from acforensics.texts import Text, literal
from acforensics.timeline import TimelineRow, to_rows

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
        self.incidents: list[Incident] = []
        self.sequences: list[Sequence] = []
        self.settings: list[Setting] = []
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

    def part(
        self, minutes: float, words: Text | Shutdown | Finding, *because: tuple[int, bool], **values: Any
    ) -> IncidentPart:
        """`because`: (part that led to it, whether that is on record)."""
        settings: dict[str, Any] = {"text": words}
        if isinstance(words, Shutdown):
            settings = {"text": literal(f"{words.server} ends"), "shutdown": words.id, "server": words.server}
        elif isinstance(words, Finding):
            settings = {"text": words.title, "finding": self.findings.index(words)}
        return IncidentPart(
            time=self.at(minutes),
            because=[
                Because(
                    part=part,
                    relation=values.get("relation", "causes"),
                    recorded=recorded,
                    ground=Text(en=f"ground of {part}", ja=f"{part} の根拠"),
                )
                for part, recorded in because
            ],
            evidence=[self.evidence("the part's line", 70 + int(minutes), minutes)],
            **{"server": values.get("server", "svr031"), **settings},
        )

    def incident(self, *parts: IncidentPart, root: int = 0, readings: tuple[Text, ...] = ()) -> Incident:
        ids = [part.shutdown for part in parts if part.shutdown is not None]
        findings = [
            place for place, finding in enumerate(self.findings)
            if set(finding.related) & set(ids) or any(part.finding == place for part in parts)
        ]  # fmt: skip
        ranks = ("critical", "warning", "info")
        grades = [ranks.index(self.findings[place].severity) for place in findings]
        incident = Incident(
            id=f"incident-{len(self.incidents) + 1}",
            servers=sorted({part.server for part in parts}),
            start=min(part.time for part in parts),
            end=max(part.time for part in parts),
            severity=ranks[min(grades)] if grades else None,  # type: ignore[arg-type]
            root=root,
            parts=list(parts),
            shutdowns=ids,
            findings=findings,
            readings=list(readings),
        )
        self.incidents.append(incident)
        return incident

    def step(self, name: str, status: str = "observed", minutes: float | None = 0, **values: Any) -> Step:
        seen = status in ("observed", "late", "out-of-order", "forbidden-observed")
        settings: dict[str, Any] = {
            "title": Text(en=f"Step {name}", ja=f"手順 {name}"),
            "server": "svr031",
            "group": "",
            "lane": "clusterpro",
            "presence": "forbidden" if status == "forbidden-observed" else "required",
            "time": self.at(minutes) if seen and minutes is not None else None,
            "expected_within_seconds": None,
            "evidence": [self.evidence(f"line of {name}")] if seen else [],
        }
        return Step(step=name, status=status, **{**settings, **values})  # type: ignore[arg-type]

    def sequence(self, *steps: Step, verdict: str = "conforms", minutes: float = 0, **values: Any) -> Sequence:
        """The expected order is that of the steps; each follows the one before."""
        order = ("ups", "ac", "clusterpro", "script", "os")
        ranked = sorted(steps, key=lambda step: (step.server, order.index(step.lane)))
        lanes = {f"{step.server}/{step.lane}": step for step in ranked}
        seen = sorted((n for n, step in enumerate(steps) if step.time is not None), key=lambda n: steps[n].time)  # type: ignore[arg-type, return-value]
        settings: dict[str, Any] = {
            "id": "stop",
            "server": "svr031",
            "title": Text(en="The whole stop", ja="停止の全体"),
            "reference": Text(en="HOWTO chapter 3", ja="HOWTO 第 3 章"),
            "shutdown": None,
            "boot": "svr031#1",
        }
        found = Sequence(
            start=self.at(minutes),
            end=self.at(minutes + 2),
            verdict=verdict,  # type: ignore[arg-type]
            steps=list(steps),
            diagram=Diagram(
                lanes=[
                    DiagramLane(id=lane, server=step.server, lane=step.lane, title=literal(lane))
                    for lane, step in lanes.items()
                ],
                marks=[
                    DiagramMark(
                        step=n,
                        lane=f"{step.server}/{step.lane}",
                        expected_row=n,
                        observed_row=seen.index(n) if n in seen else None,
                        follows=[n - 1] if n else [],
                    )
                    for n, step in enumerate(steps)
                ],
                expected_rows=len(steps),
                observed_rows=len(seen),
            ),
            **{**settings, **values},
        )
        self.sequences.append(found)
        return found

    def setting(self, status: str, **values: Any) -> Setting:
        settings: dict[str, Any] = {
            "server": "svr031",
            "item": "group-type",
            "subject": "AC_1",
            "title": Text(en="Type of the group", ja="グループのタイプ"),
            "expected": literal("failover"),
            "found": literal("virtual machine"),
            "source": PATH.format(server="svr031") + ":8",
            "reference": Text(en="HOWTO chapter 2", ja="HOWTO 第 2 章"),
            "why": Text(en="It decides what runs.", ja="動作を左右する。"),
        }
        setting = Setting(status=status, **{**settings, **values})  # type: ignore[arg-type]
        self.settings.append(setting)
        return setting

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
            incidents=self.incidents,
            sequences=self.sequences,
            settings=self.settings,
            problems=self.problems,
        )

    def timeline(self) -> list[TimelineRow]:
        return to_rows(sorted(self.events, key=lambda event: event.time), ZONE)


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
    make.incident(
        make.part(-1, literal(raw), server=raw),
        make.part(0, end, (0, True)),
        readings=(literal(raw),),
    )
    make.sequence(
        make.step("one", group=raw, server=raw, title=literal(raw), note=literal(raw), evidence=[make.evidence(raw)]),
        make.step("two", "missing", group=raw, server=raw, expected_from=literal(raw), expected_within_seconds=5),
        make.step("three", "not-observable", presence="optional", title=literal(raw)),
        server=raw, title=literal(raw), verdict="deviates", doubtful=literal(raw), shutdown=end.id,
    )  # fmt: skip
    make.setting("differs", server=raw, subject=raw, found=literal(raw), source=raw, note=literal(raw))
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
def chain(make: Maker) -> Maker:
    """A power failure, the stop that it led to, a failover, and a reboot loop that is only inferred to follow."""
    stop = make.end(5, trigger="ups-agent", ups_told="not-applicable")
    loop = [make.end(minutes, trigger="clusterpro-recovery", mode="reboot", ups_told="yes") for minutes in (40, 42, 44)]
    make.finding("reboot-loop", loop)
    make.running(46)
    make.server("svr047")
    make.incident(
        make.part(0, Text(en="svr031: a power failure is reported", ja="svr031: 電源異常が報告された")),
        make.part(5, stop, (0, True)),
        make.part(6, Text(en="failover1 fails over to svr047", ja="failover1 が移動した"), (1, True), server="svr047"),
        make.part(40, loop[0], (1, False)),
        make.part(42, loop[1], (3, True), relation="together"),
        make.part(44, loop[2], (4, True), relation="together"),
        readings=(Text(en="one reading", ja="一つの説明"), Text(en="another", ja="別の説明")),
    )
    return make


@pytest.fixture
def judged(make: Maker) -> Maker:
    """A stop that deviates in every way, one that conforms, and one that cannot be told."""
    make.end(0, trigger="clusterpro-command", ups_told="no")
    make.sequence(make.step("start"), make.step("end", minutes=1))
    make.sequence(
        make.step("request"),
        make.step("command", "late", 1, lane="script", since=make.at(0), expected_within_seconds=30,
                  expected_from=Text(en="the default", ja="既定値")),
        make.step("second", "missing", lane="script", group="AC_1", earliest=make.at(1), latest=make.at(1.5)),
        make.step("peer", "out-of-order", 0.5, server="svr047", before="command"),
        make.step("never", "forbidden-observed", 2, lane="os"),
        make.step("agent", "not-observable", presence="optional", lane="ups", server=""),
        verdict="deviates", id="halt", shutdown="svr031#1/end",
    )  # fmt: skip
    make.sequence(make.step("unclear", "not-observable"), verdict="not-observable", minutes=5)
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
