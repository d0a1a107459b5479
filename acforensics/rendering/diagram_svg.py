"""A judged sequence as an SVG sequence diagram: a lane for each server and program, a row for each step.

What deviates differs by shape and by a word, not by colour alone. Both languages are inside; the page's style sheet
shows one, and colours the classes. Nothing is joined from strings: every value passes through `Markup.format`.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import groupby

from markupsafe import Markup

from acforensics.case import DiagramLane, DiagramMark, Sequence, Step
from acforensics.plain import visible
from acforensics.rendering.sequences import is_fault
from acforensics.rendering.wrapping import pad, wrap
from acforensics.texts import LANGUAGES, Text, text

_TIME, _LABEL, _LANES = 4, 66, 336
_LANE, _ROW, _HEAD = 92, 38, 46
_LABEL_CELLS = 38
_BESIDE = 15
_LONGEST_LABEL = 200
_SHAPES = {
    "observed": '<circle class="{}" cx="{x}" cy="{y}" r="6"/>',
    "late": '<path class="{}" d="M{x} {y}m-8 7h16l-8 -14z"/>',
    "out-of-order": '<path class="{}" d="M{x} {y}m-8 0l8 -8l8 8l-8 8z"/>',
    "missing": '<circle class="{}" cx="{x}" cy="{y}" r="7"/>',
    "not-observable": '<circle class="{}" cx="{x}" cy="{y}" r="6"/>',
    "forbidden-observed": '<path class="{}" d="M{x} {y}m-7 -7h14v14h-14zm3 3l8 8m0 -8l-8 8"/>',
}


def draw(sequence: Sequence, name: str, chosen: Collection[int]) -> Markup:
    """Return the diagram.

    Args:
        sequence: a judged sequence.
        name: the id of the element on the page that names the diagram.
        chosen: which steps to draw (places in its list).
    """
    shown = _rows(sequence, chosen)
    used = {mark.lane for mark in shown}
    lanes = [lane for lane in sequence.diagram.lanes if lane.id in used]
    columns = {lane.id: _LANES + _LANE // 2 + _LANE * place for place, lane in enumerate(lanes)}
    width, height = _LANES + _LANE * len(lanes) + 4, _HEAD + _ROW * len(shown) + 10
    spots = {mark.step: (columns[mark.lane], _HEAD + _ROW * row + _ROW // 2) for row, mark in enumerate(shown)}
    head = f"{name}-head"
    parts = [
        *_lanes(lanes, columns, height),
        *(_leader(*spots[mark.step]) for mark in shown),
        *(arrow for mark in shown for arrow in _arrows(mark, sequence, spots, head)),
        *(_row(mark, sequence, *spots[mark.step], last=columns[mark.lane] > width - _LANE) for mark in shown),
    ]
    return Markup(
        '<svg class="diagram" role="img" aria-labelledby="{}" viewBox="0 0 {} {}" width="{}" height="{}">'
        '<defs><marker id="{}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path class="head" d="M0 0L8 4L0 8z"/></marker></defs>{}</svg>'
    ).format(name, width, height, width, height, head, Markup("").join(parts))


def _rows(sequence: Sequence, chosen: Collection[int]) -> list[DiagramMark]:
    """What was observed, by time; what was not, after the steps that it was to follow."""
    marks = [mark for mark in sequence.diagram.marks if mark.step in chosen]
    rows = {mark.step: mark.observed_row for mark in marks if mark.observed_row is not None}
    latest = -1
    for mark in sorted(marks, key=lambda mark: -1 if mark.expected_row is None else mark.expected_row):
        if mark.step not in rows:
            rows[mark.step] = max((rows[other] for other in mark.follows if other in rows), default=latest)
        elif mark.expected_row is not None:
            latest = rows[mark.step]
    return sorted(marks, key=lambda mark: (rows[mark.step], mark.observed_row is None, mark.expected_row or 0))


def _lanes(lanes: list[DiagramLane], columns: dict[str, int], height: int) -> list[Markup]:
    drawn = []
    for number, (server, group) in enumerate(groupby(lanes, key=lambda lane: lane.server)):
        own = list(group)
        left, wide = columns[own[0].id] - _LANE // 2, _LANE * len(own)
        if number % 2 == 0:
            drawn.append(
                Markup('<rect class="band" x="{}" y="0" width="{}" height="{}"/>').format(left, wide, height)
            )  # fmt: skip
        if server:
            shown = pad(visible(server), max(6, wide // 8)).rstrip()
            drawn.append(
                Markup('<text class="server" x="{}" y="16">{}</text>').format(left + wide // 2, shown)
            )  # fmt: skip
    for lane in lanes:
        x = columns[lane.id]
        drawn.append(Markup('<path class="lane" d="M{} {}V{}"/>').format(x, _HEAD - 6, height - 4))
        drawn.append(_words(text(f"sequence.lanes.{lane.lane}"), "lane-name", x, 34))
    return drawn


def _leader(x: int, y: int) -> Markup:
    return Markup('<path class="leader" d="M{} {}H{}"/>').format(_LANES - 6, y, x)


def _arrows(mark: DiagramMark, sequence: Sequence, spots: dict[int, tuple[int, int]], head: str) -> list[Markup]:
    """From each step that must come before; what must not happen has no place in the order."""
    drawn: list[Markup] = []
    if sequence.steps[mark.step].presence == "forbidden":
        return drawn
    for other in mark.follows:
        if other in spots:
            (x1, y1), (x2, y2) = spots[other], spots[mark.step]
            both_seen = sequence.steps[mark.step].time is not None and sequence.steps[other].time is not None
            sort = "due" if not both_seen else "wrong" if y1 > y2 else "seen"
            drawn.append(
                Markup('<path class="arrow {}" d="{}" marker-end="url(#{})"/>').format(sort, _way(x1, y1, x2, y2), head)
            )  # fmt: skip
    return drawn


def _way(x1: int, y1: int, x2: int, y2: int) -> str:
    """Along the row of the first mark, then beside the lane of the second: it runs through no other mark."""
    down = 1 if y2 > y1 else -1
    if x1 == x2 and abs(y2 - y1) <= _ROW:
        return f"M{x1} {y1 + 8 * down}V{y2 - 9 * down}"
    side = -1 if x2 >= x1 else 1
    beside = x2 + _BESIDE * side
    start = f"M{x1} {y1}L{beside} {y1 + 8 * down}" if x1 == x2 else f"M{x1} {y1}H{beside + 8 * side}"
    turn = "" if x1 == x2 else f"Q{beside} {y1} {beside} {y1 + 8 * down}"
    return f"{start}{turn}V{y2 - 15 * down}L{x2 + 7 * side} {y2 - 6 * down}"


def _row(mark: DiagramMark, sequence: Sequence, x: int, y: int, *, last: bool) -> Markup:
    step = sequence.steps[mark.step]
    shape = Markup(_SHAPES[step.status]).format(f"mark {step.status}", x=x, y=y)  # noqa: S704  (our own shapes)
    time = (
        Markup('<text class="time" x="{}" y="{}">{:%H:%M:%S}</text>').format(_TIME, y + 4, step.time)
        if step.time is not None
        else Markup("")
    )
    word = Markup("")
    if step.status != "observed":
        side = ("word before", x - 12) if last else ("word", x + 12)
        word = _words(text(f"sequence.status.{step.status}"), f"{side[0]} {step.status}", side[1], y + 4)
    return Markup("<g>{}{}{}{}</g>").format(time, _label(step, y), shape, word)


def _label(step: Step, y: int) -> Markup:
    """The title in at most two lines; what is longer stands in the table."""
    drawn = Markup("")
    style = "label fault" if is_fault(step) else "label"
    same = step.title.en == step.title.ja
    for lang in LANGUAGES[: 1 if same else 2]:
        title = step.title.within(lang) + (f" ({step.group})" if step.group else "")
        lines = wrap(visible(title[:_LONGEST_LABEL]), _LABEL_CELLS)
        if len(lines) > 2 or len(title) > _LONGEST_LABEL:
            lines = [lines[0], pad(" ".join(lines[1:]), _LABEL_CELLS).rstrip()]
        top = y + 4 if len(lines) == 1 else y - 4
        spans = Markup("").join(
            Markup('<tspan x="{}" y="{}">{}</tspan>').format(_LABEL, top + 15 * number, line)
            for number, line in enumerate(lines)
        )
        drawn += (
            Markup('<text class="{}">{}</text>').format(style, spans)
            if same
            else Markup('<text class="{}" lang="{}">{}</text>').format(style, lang, spans)
        )
    return drawn


def _words(words: Text, style: str, x: int, y: int) -> Markup:
    if words.en == words.ja:
        return Markup('<text class="{}" x="{}" y="{}">{}</text>').format(style, x, y, words.en)
    return Markup("").join(
        Markup('<text class="{}" lang="{}" x="{}" y="{}">{}</text>').format(style, lang, x, y, words.within(lang))
        for lang in LANGUAGES
    )
