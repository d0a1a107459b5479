"""What is said to the reader of a server's clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC

from acforensics.clocks.case_clock import Span
from acforensics.clocks.voting import Segment, zone_of
from acforensics.texts import Text, join, text


def note(
    spans: Sequence[Span], kinds: Sequence[str], *, is_reference: bool, apart: bool, partly: bool, side_known: bool
) -> Text:  # fmt: skip
    """How a clock's offset is known, stretch by stretch; `kinds` says it of each span.

    `apart`: nothing joins it to the case's clock.
    `partly`: for some stretches nothing is known; `side_known`: it is clear that this clock changed, not the other one.
    """
    parts: list[Text] = []
    if is_reference:
        parts.append(text("clock.offset-reference-apart" if apart else "clock.offset-reference"))
    if len(spans) == 1 and not is_reference:
        span = spans[0]
        parts.append(
            text("clock.offset-estimated", offset=shown(span.offset), spread=shown(span.spread, sign=False),
                 pairs=len(span.pairs), kinds=_kinds(span))
        )  # fmt: skip
    elif len(spans) > 1:
        for number, (span, kind) in enumerate(zip(spans, kinds, strict=True)):
            first = number == 0
            key = {
                "stretch": "clock.offset-first" if first else "clock.offset-changed",
                "derived": "clock.offset-derived-first" if first else "clock.offset-derived",
                "between": "clock.offset-between",
                "itself": "clock.offset-itself-first" if first else "clock.offset-itself",
            }[kind]
            values = {"offset": shown(span.offset), "spread": shown(span.spread, sign=False)}
            if kind == "stretch":
                values["pairs"] = str(len(span.pairs))
            if span.since is not None:
                values["since"] = f"{span.since.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
            parts.append(text(key, **values))
    if not is_reference and all(not span.correction for span in spans):
        parts.append(text("clock.offset-within-spread"))
    for hours in sorted({h for span in spans if (h := _zone_hours(span)) is not None}):
        parts.append(text("clock.offset-zone-like", hours=f"{hours:+g}"))
    if not side_known:
        parts.append(text("clock.offset-side-unknown"))
    if partly:
        parts.append(text("clock.offset-partly-unknown"))
    return join(parts, Text(en="; ", ja="。"))


def _zone_hours(span: Span) -> float | None:
    zone = zone_of(span.offset, span.spread)
    return zone / 3600 if zone is not None else None


def _kinds(span: Span) -> Text:
    names = sorted({pair.kind for pair in span.pairs})
    return join([text(f"clock.pair-kind.{name}") for name in names], Text(en="; ", ja="、"))


def why_unknown(server: str, between: Mapping[tuple[str, str], Sequence[Segment]]) -> Text:
    """Why nothing is said of a server's clock, and what the user can do."""
    segments = [segment for pair, found in sorted(between.items()) if server in pair for segment in found]
    problems = {segment.problem for segment in segments}
    if "ambiguous" in problems or "weak" in problems:
        return text("clock.offset-ambiguous")
    if "far" in problems:
        far = next(segment for segment in segments if segment.problem == "far")
        return text("clock.offset-far", offset=shown(abs(far.offset), sign=False))
    return text("clock.offset-unknown")


def shown(seconds: float, *, sign: bool = True) -> str:
    """Seconds as notes show them."""
    value = round(seconds, 1) + 0.0
    return f"{value:+.1f}" if sign and value else f"{value:.1f}"
