"""The sequence diagram: which rows and lanes it has, and what it says by shape and word."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import Any

from acforensics.rendering.diagram_svg import draw
from acforensics.rendering.wrapping import width_of
from acforensics.texts import literal


def drawn(sequence: Any, chosen: set[int] | None = None) -> ET.Element:
    """The diagram, parsed: what is not well-formed fails here."""
    return ET.fromstring(str(draw(sequence, "name", set(range(len(sequence.steps))) if chosen is None else chosen)))


def words(element: ET.Element, style: str, lang: str = "en") -> list[str]:
    return [
        " ".join(part for part in one.itertext())
        for one in element.iter("text")
        if style in one.get("class", "").split() and one.get("lang", lang) == lang
    ]


def marks(element: ET.Element) -> list[str]:
    """What each row's mark is, from the top."""
    return [one.get("class", "").removeprefix("mark ") for one in element.iter() if "mark " in one.get("class", "")]


def test_rows_are_by_time_and_what_is_missing_stands_where_it_was_due(judged: Any) -> None:
    svg = drawn(judged.sequences[1], {0, 1, 2, 3, 4})
    assert words(svg, "label") == ["Step request", "Step peer", "Step command", "Step second (AC_1)", "Step never"]
    assert marks(svg) == ["observed", "out-of-order", "late", "missing", "forbidden-observed"]
    assert words(svg, "time") == ["12:00:00", "12:00:30", "12:01:00", "12:02:00"]


def test_every_deviation_has_its_word_and_its_own_shape(judged: Any) -> None:
    svg = drawn(judged.sequences[1], {0, 1, 2, 3, 4})
    assert words(svg, "word") == ["out of order", "late", "missing", "must not happen"]
    assert words(svg, "word", "ja") == ["順序違い", "遅延", "欠落", "起きてはならない"]
    shapes = {
        one.get("class"): (one.tag, re.sub(r"M\d+ \d+", "", one.get("d", "")))
        for one in svg.iter() if "mark " in one.get("class", "")
    }  # fmt: skip
    assert shapes["mark late"] != shapes["mark out-of-order"] != shapes["mark forbidden-observed"]
    assert shapes["mark observed"][0] == "circle"


def test_lanes_are_columns_under_their_server(judged: Any) -> None:
    svg = drawn(judged.sequences[1], {0, 1, 2, 3, 4})
    assert words(svg, "server") == ["svr031", "svr047"]
    assert words(svg, "lane-name") == ["CLUSTERPRO", "stop.sh", "OS", "CLUSTERPRO"]
    assert "UPS" not in words(svg, "lane-name")
    assert "UPS" in words(drawn(judged.sequences[1]), "lane-name")


def test_an_arrow_against_the_order_is_marked(make: Any) -> None:
    steps = [make.step("first", minutes=2), make.step("second", "out-of-order", 1, before="first")]
    classes = [one.get("class", "") for one in drawn(make.sequence(*steps, verdict="deviates")).iter("path")]
    assert [one for one in classes if one.startswith("arrow")] == ["arrow wrong"]


def test_an_arrow_to_what_was_not_seen_is_only_due(judged: Any) -> None:
    classes = [one.get("class", "") for one in drawn(judged.sequences[1], {1, 2}).iter("path")]
    assert [one for one in classes if one.startswith("arrow")] == ["arrow due"]


def test_a_diagram_without_any_step_is_well_formed(make: Any) -> None:
    assert marks(drawn(make.sequence(make.step("one")), set())) == []


def test_hostile_text_is_text_and_labels_have_an_end(make: Any, hostile: Any) -> None:
    step = make.step("one", "missing", group="<script>alert(1)</script>\x1b[31m\u202e" * 50, server=hostile.raw,
                     title=literal(hostile.raw))  # fmt: skip
    svg = drawn(make.sequence(step, verdict="deviates"))
    assert {one.tag for one in svg.iter()} <= {"svg", "defs", "marker", "path", "rect", "text", "tspan", "g", "circle"}
    shown = "".join(svg.itertext())
    assert "<img src=x" in shown
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e]", shown)
    lines = [tspan.text or "" for tspan in svg.iter("tspan")]
    assert len(lines) == 2
    assert max(width_of(line) for line in lines) <= 40
