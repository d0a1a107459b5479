"""Judged sequences as blocks of the page: bounded, with their diagrams; the first of each kind of deviation is open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from acforensics import case as models
from acforensics.case import Step
from acforensics.rendering.diagram_svg import draw
from acforensics.rendering.sequences import Judged, deadline, deviations, is_fault, is_folded, moment, ranked
from acforensics.texts import Text

_MOST_OPEN = 4


@dataclass(frozen=True)
class Row:
    """One step in the table that says the same as the diagram."""

    step: Step
    fault: bool
    of: str
    time: str
    deadline: Text | None


@dataclass(frozen=True)
class Block:
    """One sequence, ready to show."""

    judged: Judged
    anchor: str
    deviations: list[Text]
    diagram: Markup
    rows: list[Row]
    left_out: int
    unseen: list[Step]
    """Not seen, and need not be; bounded."""
    unseen_count: int
    open: bool

    @property
    def has_deadlines(self) -> bool:
        """Whether a column of deadlines has anything to say."""
        return any(row.deadline is not None for row in self.rows)

    @property
    def sequence(self) -> models.Sequence:
        """What was judged."""
        return self.judged.sequence


def blocks(sequences: Iterable[models.Sequence], most: int, most_steps: int) -> list[Block]:
    """At most `most` sequences, what deviates first; of each at most `most_steps` steps, what deviates among them."""
    found: list[Block] = []
    opened = 0
    for judged in ranked(sequences)[:most]:
        shut = judged.sequence.verdict != "deviates" or judged.like is not None or opened == _MOST_OPEN
        opened += not shut
        found.append(_block(judged, most_steps, not shut))
    return found


def _block(judged: Judged, most: int, opened: bool) -> Block:
    sequence = judged.sequence
    anchor = f"sequence-{judged.number}"
    shown = [place for place, step in enumerate(sequence.steps) if not is_folded(step)]
    chosen = _chosen(sequence.steps, shown, most)
    unseen = [step for step in sequence.steps if is_folded(step)]
    return Block(
        judged=judged,
        anchor=anchor,
        deviations=deviations(sequence)[:most],
        diagram=draw(sequence, f"{anchor}-diagram", set(chosen)),
        rows=[_row(sequence.steps[place], sequence) for place in chosen],
        left_out=len(shown) - len(chosen),
        unseen=unseen[:most],
        unseen_count=len(unseen),
        open=opened,
    )


def _chosen(steps: Sequence[Step], shown: Sequence[int], most: int) -> list[int]:
    """What deviates first, then from the beginning; in their order."""
    return sorted(sorted(shown, key=lambda place: not is_fault(steps[place]))[:most])


def _row(step: Step, sequence: models.Sequence) -> Row:
    return Row(
        step=step,
        fault=is_fault(step),
        of=", ".join(part for part in (step.server, step.group) if part),
        time=moment(step.time, sequence) if step.time is not None else "",
        deadline=deadline(step, sequence),
    )
