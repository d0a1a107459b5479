"""Pages of `acforensics explain`, from `reports/texts/explain.toml`."""

from __future__ import annotations

from acforensics.errors import UsageError
from acforensics.texts import Language, catalogue, text

_SECTIONS = ("meaning", "decided", "needs", "fooled", "advice")


def names() -> dict[str, list[str]]:
    """What can be explained: `rule` and `trigger` → names."""
    found: dict[str, list[str]] = {"rule": [], "trigger": []}
    for key in catalogue():
        parts = key.split(".")
        if parts[0] == "explain" and len(parts) == 4 and parts[3] == "meaning":
            found.setdefault(parts[1], []).append(parts[2])
    return {kind: sorted(listed) for kind, listed in found.items()}


def page(name: str, lang: Language) -> str:
    """The page of one rule or trigger, as plain text.

    Raises:
        UsageError: no such rule or trigger.
    """
    kinds = [kind for kind, listed in names().items() if name in listed]
    if not kinds:
        known = "; ".join(f"{kind}: {', '.join(listed)}" for kind, listed in names().items())
        raise UsageError(f"explain {name}: no such rule or trigger. Known: {known}")
    blocks = []
    for kind in kinds:
        title = text("explain.title", kind=text(f"explain.kind-{kind}"), name=name).within(lang)
        blocks.append(f"{title}\n{'=' * _width(title)}")
        for section in _SECTIONS:
            key = f"explain.{kind}.{name}.{section}"
            if key in catalogue():
                heading = text(f"explain.section-{section}").within(lang)
                blocks.append(f"{heading}\n  {_wrapped(text(key).within(lang))}")
    return "\n\n".join(blocks)


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
