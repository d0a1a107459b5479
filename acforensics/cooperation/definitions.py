"""Loads and validates `sequences/*.toml`. The format is documented in docs/sequences.md."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from acforensics import knowledge
from acforensics.case import Confidence, Mode, Scope, Trigger
from acforensics.knowledge import Names
from acforensics.parsing.definitions import Identifier
from acforensics.texts import Text

Presence = Literal["required", "optional", "forbidden"]
Lane = Literal["ups", "ac", "clusterpro", "script", "os"]
StepScope = Literal["this", "peer", "peers", "any"]
Role = Literal["ac", "business", "ac-elsewhere"]
Setting = Literal["first-sleep", "second-sleep", "stop-script-timeout", "sync-wait"]
BootPlace = Literal["this", "next"]
KindPattern = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.*]*$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Deadline(_Strict):
    """How long a step may take: `seconds`, or a named setting of the cluster, `plus` what is added to it.

    It counts from the step `of`, else from the latest step that comes before.
    """

    seconds: float | None = Field(default=None, ge=0)
    setting: Setting | None = None
    plus: float = Field(default=0, ge=0)
    of: Identifier | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Deadline:
        if (self.seconds is None) == (self.setting is None):
            raise ValueError("needs either 'seconds' or 'setting'")
        return self


class StepDefinition(_Strict):
    """One step. Those named in `after` come before it; steps that do not name each other may come in any order."""

    id: Identifier
    title: Text
    lane: Lane
    kinds: list[KindPattern] = Field(min_length=1)
    where: dict[str, list[str]] = {}
    """Values that fields of the record have: `*` for anything, `@server` for this server, `!` before it for not."""
    role: Role | None = None
    """Only records of a group or resource of ESMPRO/AC's, of another one, or of ESMPRO/AC's on a server not its own."""
    scope: StepScope = "this"
    """Who records it: this server, any other one (`peer`), each other that was up (`peers`), or `any` of all."""
    boot: BootPlace = "this"
    """`next`: a record of the boot that follows."""
    presence: Presence = "required"
    after: list[Identifier] = []
    until: list[Identifier] = []
    """Forbidden: it counts only where it surely came before these, if they were seen; later it is another story."""
    each: str | None = None
    """One step for each value of this field among the records of the first step with the same field and role."""
    number: int | None = Field(default=None, ge=1)
    """It is the n-th such record: the same text stands for more than one step."""
    within: Deadline | None = None
    lead: float = Field(default=0, ge=0)
    """It may come up to this many seconds before the stop or start itself (power returns before a server starts)."""
    shown_by: list[KindPattern] = []
    """A log that holds records of these kinds would show it; by default of the step's own kinds."""
    absence: Literal["missing", "not-observable"] = "missing"
    """What it is where it was not seen though a log covers its time: `not-observable`, nothing says it is recorded."""
    needs: Identifier | None = None
    """Required only where this step was seen."""
    note: Text | None = None
    """What the reader should know of it: that its order is inferred, what its absence means."""


class Application(_Strict):
    """When a sequence is the one that was expected."""

    phase: Literal["stop", "start"]
    triggers: list[Trigger] = []
    modes: list[Mode] = []
    scopes: list[Scope] = []
    confidence: list[Confidence] = []
    others: Literal["go-on", "stop-too"] | None = None
    """Whether another server with logs was up and stayed up."""
    seen: list[KindPattern] = []
    """Records of one of these kinds must be in its time."""
    unless: list[KindPattern] = []
    """Where a record of one of these kinds comes before it, it is another story."""
    unless_since: dict[KindPattern, float] = {}
    """The same for kinds that count from so many seconds on: a monitor that works for so long sees what it watches."""
    in_use: list[Trigger] | None = None
    """Where the boot before has such a record that was not of its start, what failed had failed in use: another story,
    unless that boot ended by one of these, which may be why."""
    where: dict[str, list[str]] = {}
    """Fields that those have."""
    elsewhere: Literal["settles", "excludes"] | None = None
    """What such a record on a machine without CLUSTERPRO (a control terminal of its own) means: `settles`, only
    then may the sequence be said to deviate; `excludes`, it is not the one expected. Both look at all machines."""
    within: float = Field(default=0, ge=0)
    """Only in this many seconds after a start; 0: no limit."""
    after_ends: list[Trigger] = []
    """The boot before ended by one of these."""


class SequenceDefinition(_Strict):
    """One `sequences/*.toml`."""

    id: Identifier
    title: Text
    reference: Text
    aspect: Identifier = "cooperation"
    priority: int = 0
    """Of several that fit one end or start, those of the highest priority of each aspect are judged."""
    description: Text
    applies: Application
    step: list[StepDefinition] = Field(min_length=1)

    @cached_property
    def following(self) -> dict[str, list[str]]:
        """For each step those that come after it, directly or through others; nothing forbidden."""
        found: dict[str, list[str]] = {}
        for i, step in enumerate(self.step):
            reached = {step.id}
            for later in self.step[i + 1 :]:
                if later.presence != "forbidden" and reached.intersection(later.after):
                    reached.add(later.id)
            found[step.id] = [one.id for one in self.step if one.id in reached and one is not step]
        return found


def load(directories: Sequence[Path] = (), known: Collection[str] | None = None) -> list[SequenceDefinition]:
    """Load our sequences, then the site's: a file of the same name replaces ours, another one adds to ours.

    Args:
        directories: a site's folders (`--sequences`), in order.
        known: the kinds that there are, where they are to be checked.

    Raises:
        DefinitionError: a file or folder cannot be read or is wrong; the message has file, line and reason.
    """
    names = Names("id:")
    found = []
    for path in knowledge.find("sequences", directories, "sequences (--sequences)"):
        sequence = load_file(path)
        names.take(sequence.id, path, ("id",))
        if known is not None:
            check_kinds(sequence, path, known)
        found.append(sequence)
    return found


def check_kinds(sequence: SequenceDefinition, path: Path, known: Collection[str]) -> None:
    """A kind that nothing yields would be missed in every log.

    Raises:
        DefinitionError: a step or the sequence names such a kind; the message has the nearest that there is.
    """
    applies = sequence.applies
    named: list[tuple[knowledge.Location, str]] = [(("applies", "seen"), kind) for kind in applies.seen]
    named += [(("applies", "unless"), kind) for kind in [*applies.unless, *applies.unless_since]]
    for i, step in enumerate(sequence.step):
        named += [(("step", i, "kinds"), kind) for kind in [*step.kinds, *step.shown_by]]
    for place, kind in named:
        if not any(fnmatchcase(one, kind) for one in known):
            near = get_close_matches(kind, sorted(known), 1)
            meant = f"; is '{near[0]}' meant?" if near else ""
            raise knowledge.wrong(path, place, f"no definition yields the kind '{kind}'{meant} (your own: --parsers)")


def load_file(path: Path) -> SequenceDefinition:
    """Load one sequence.

    Raises:
        DefinitionError: see `load`.
    """
    sequence = knowledge.load_file(path, SequenceDefinition)
    names = Names("the id")
    for i, step in enumerate(sequence.step):
        names.take(step.id, path, ("step", i, "id"))
        # A step may only name steps above it: so the order has no circle.
        known = {above.id for above in sequence.step[:i]}
        named = [*step.after, *([step.within.of] if step.within and step.within.of else [])]
        for name in [*named, *step.until, *([step.needs] if step.needs else [])]:
            if name not in known:
                raise knowledge.wrong(path, ("step", i, "after"), f"step '{step.id}' names '{name}', no step above it")
        if step.within and not named:
            raise knowledge.wrong(path, ("step", i, "within"), f"step '{step.id}': a deadline needs 'of' or 'after'")
    return sequence
