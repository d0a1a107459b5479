"""Pages of `acforensics explain`: rules and triggers from `reports/texts/`, sequences from `sequences/`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from acforensics.cooperation import SequenceDefinition, StepDefinition, load
from acforensics.errors import UsageError
from acforensics.texts import Language, catalogue, text

_SECTIONS = ("meaning", "decided", "needs", "fooled", "advice")


def names(sequences: Sequence[Path] = ()) -> dict[str, list[str]]:
    """What can be explained: `rule`, `trigger` and `sequence` → names; `sequences`: folders of a site's own."""
    found: dict[str, list[str]] = {"rule": [], "trigger": [], "sequence": [one.id for one in load(sequences)]}
    for key in catalogue():
        parts = key.split(".")
        if parts[0] == "explain" and len(parts) == 4 and parts[3] == "meaning":
            found.setdefault(parts[1], []).append(parts[2])
    return {kind: sorted(listed) for kind, listed in found.items()}


def page(name: str, lang: Language, sequences: Sequence[Path] = ()) -> str:
    """The page of one rule, trigger or sequence, as plain text.

    Raises:
        UsageError: no such rule, trigger or sequence.
    """
    kinds = [kind for kind, listed in names(sequences).items() if name in listed]
    if not kinds:
        known = "; ".join(f"{kind}: {', '.join(listed)}" for kind, listed in names(sequences).items())
        raise UsageError(f"explain {name}: no such rule, trigger or sequence. Known: {known}")
    blocks = []
    for kind in kinds:
        title = text("explain.title", kind=text(f"explain.kind-{kind}"), name=name).within(lang)
        blocks.append(f"{title}\n{'=' * _width(title)}")
        if kind == "sequence":
            blocks += _sequence(next(one for one in load(sequences) if one.id == name), lang)
            continue
        for section in _SECTIONS:
            key = f"explain.{kind}.{name}.{section}"
            if key in catalogue():
                heading = text(f"explain.section-{section}").within(lang)
                blocks.append(f"{heading}\n  {_wrapped(text(key).within(lang))}")
    return "\n\n".join(blocks)


def _sequence(sequence: SequenceDefinition, lang: Language) -> list[str]:
    """What is expected, and each step with what it follows and its deadline."""
    blocks = [
        f"  {_wrapped(sequence.title.within(lang))}\n  {_wrapped(sequence.reference.within(lang))}",
        f"  {_wrapped(sequence.description.within(lang).strip())}",
    ]
    return [*blocks, *(_step(number, step, lang) for number, step in enumerate(sequence.step, 1))]


def _step(number: int, step: StepDefinition, lang: Language) -> str:
    presence = text(f"explain.presence-{step.presence}").within(lang)
    lines = [f"{number}. {step.title.within(lang)} [{step.id}] ({presence})", *told_of(step, lang)]
    return "\n    ".join(
        ["  " + _wrapped(lines[0]), *(_wrapped(line, 72).replace("\n  ", "\n    ") for line in lines[1:])]
    )


def told_of(step: StepDefinition, lang: Language) -> list[str]:
    """What is said of a step below its title: what it follows, its deadline, its note."""
    told = []
    if step.after:
        told.append(text("explain.step-after", steps=", ".join(step.after)))
    if step.within is not None:
        limit = step.within.setting or f"{step.within.seconds:g}"
        key = "explain.step-within-setting" if step.within.setting else "explain.step-within"
        told.append(text(key, limit=limit, plus=f"{step.within.plus:g}"))
    if step.note is not None:
        told.append(step.note)
    return [one.within(lang) for one in told]


def _width(line: str) -> int:
    return sum(2 if ord(character) > 0x2E80 else 1 for character in line)


def _wrapped(paragraph: str, width: int = 76) -> str:
    """Fold to 80 columns; Japanese breaks anywhere, other text at blanks."""
    lines: list[str] = []
    for source in paragraph.splitlines():
        line = ""
        for token in _tokens(source):
            if line and _width(line) + _width(token.rstrip()) > width:
                lines.append(line.rstrip())
                line = ""
            line += token if line else token.lstrip()
        lines.append(line.rstrip())
    return "\n  ".join(lines)


def _tokens(source: str) -> list[str]:
    tokens: list[str] = []
    for character in source:
        wide = ord(character) > 0x2E80
        if (tokens and not wide and not tokens[-1].endswith(" ") and ord(tokens[-1][-1]) <= 0x2E80) or (
            wide and character in "、。」）" and tokens
        ):
            tokens[-1] += character
        else:
            tokens.append(character)
    return tokens
