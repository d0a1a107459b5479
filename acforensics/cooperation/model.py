"""What the engine takes and gives: plain values that a test can make by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from acforensics.case import Verdict
from acforensics.cooperation.definitions import BootPlace, SequenceDefinition, Setting, StepDefinition
from acforensics.events import Event
from acforensics.shutdowns import Judgement
from acforensics.texts import Text, text

Status = Literal["observed", "late", "out-of-order", "missing", "not-observable", "forbidden-observed"]
Basis = Literal["found", "howto", "product", "definition"]


class Limit(NamedTuple):
    """A deadline's length and where it is from: the cluster's own settings (`place` says where), or a default."""

    seconds: float
    basis: Basis
    place: str = ""

    @property
    def told(self) -> Text:
        """Where it is from, in words."""
        if self.basis == "found":
            return text("sequence.basis.found", place=self.place)
        return text(f"sequence.basis.{self.basis}")


@dataclass(frozen=True, eq=False)
class Observation:
    """A record, as the engine sees it. `time` is on the clock of the server that is judged.

    `order` is its place among the records of its server, which counts where two records share a stream.
    """

    server: str
    kind: str
    time: datetime
    order: int
    fields: Mapping[str, str] = field(default_factory=dict)
    streams: frozenset[str] = frozenset()
    resolution: int = 1
    boot: BootPlace = "this"
    event: Event | None = None
    lead: timedelta = timedelta(0)
    """How long before the scene it was recorded."""


@dataclass(frozen=True)
class Scene:
    """One stop or one start of a server, ready to be held against a sequence."""

    server: str
    start: datetime
    end: datetime
    observations: Sequence[Observation]
    """Of this server and the others, by time."""
    peers: Sequence[str] = ()
    """Other servers of the cluster that were up then; also those of which no log is there (they may have been)."""
    others: Sequence[str] = ()
    """Further machines that were up then and took no part: without CLUSTERPRO, such as ESMPRO/AC's control terminal, or
    with its service stopped."""
    begins: Mapping[str, datetime] = field(default_factory=dict)
    """When the stops of others began that began before this one's."""
    asked: Observation | None = None
    """The request for a stop, where it is recorded: nothing before it breaks the rules of that stop."""
    reach: Mapping[str, datetime] = field(default_factory=dict)
    """From when on a server's log must go on for nothing of the stop to lie before what is seen of it."""
    until: datetime | None = None
    """When a step without deadline should have come at the latest; by default at its end."""
    covers: Callable[[str, Sequence[str], datetime, datetime], bool] = lambda *_: False
    """Whether a log of a server would show records of some kinds from a time to another one, on this server's clock."""
    doubt: Callable[[str], timedelta | None] = lambda _: None
    """How far times of another server may be off; `None`: unknown."""
    limit: Callable[[Setting, str], Limit | None] = lambda *_: None
    """The length of a named setting on a server; `None`: it cannot be told, so nothing is late by it."""
    is_ac: Callable[[str], bool] = lambda _: False
    """Whether a group or resource is ESMPRO/AC's."""
    is_business: Callable[[str], bool] = lambda _: True
    """Whether a group or resource surely is not."""
    home: Callable[[str], str | None] = lambda _: None
    """The server to which a group of ESMPRO/AC's belongs, where that is known."""
    ac_known: bool = True
    """Whether the case tells which group of this server is ESMPRO/AC's."""


@dataclass
class JudgedStep:
    """One step of a judged sequence: `server` and `key` tell instances of one definition apart."""

    definition: StepDefinition
    server: str
    status: Status
    key: str = ""
    observation: Observation | None = None
    limit: Limit | None = None
    since: datetime | None = None
    """What the deadline counts from."""
    earliest: datetime | None = None
    latest: datetime | None = None
    """Where it was missed: it should have been between these."""
    before: JudgedStep | None = None
    """The step that it came before, though it should follow it."""

    @property
    def time(self) -> datetime | None:
        """When it was seen."""
        return self.observation.time if self.observation is not None else None

    required: bool = False
    """Whether the verdict depends on it: a step that only follows another is required only where that was seen."""


DEVIATIONS = frozenset({"late", "out-of-order", "missing", "forbidden-observed"})


@dataclass
class JudgedSequence:
    """A sequence held against what was observed."""

    definition: SequenceDefinition
    scene: Scene
    verdict: Verdict
    steps: list[JudgedStep]
    judgement: Judgement | None = None
    """The end that it is about; `None` for a start."""
    boot: str = ""
    doubtful: Text | None = None
    """Why the verdict says less than the steps."""

    @property
    def deviations(self) -> list[JudgedStep]:
        """Steps because of which it deviates."""
        return [step for step in self.steps if step.status in DEVIATIONS]
