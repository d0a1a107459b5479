from __future__ import annotations

import json
from typing import Any

import pytest

from acforensics.charts import MAX_MARKS, chart, select
from acforensics.plain import visible
from acforensics.texts import LANGUAGES


def test_each_server_has_a_lane_with_boots_and_ends(reboot_loop: Any) -> None:
    drawn = chart(reboot_loop.model(), reboot_loop.timeline(), "en", visible)
    traces = {trace.name: trace for trace in drawn.figure.data}
    assert set(traces) == {
        "Boot, clean",
        "Boot, still running",
        "OS events",
        "CLUSTERPRO events",
        "End: CLUSTERPRO's own recovery action",
    }
    assert len(traces["Boot, clean"].x) == 6
    assert len(traces["End: CLUSTERPRO's own recovery action"].x) == 6
    assert traces["End: CLUSTERPRO's own recovery action"].x[0] == "2026-11-24T12:00:00.000"
    assert (drawn.shown, drawn.total) == (20, 20)
    names = drawn.figure.layout.yaxis.ticktext
    assert names == ("<b>svr031</b>", "OS", "CLUSTERPRO", "<b>svr047</b>", "OS", "CLUSTERPRO")


def test_marks_are_the_same_in_both_languages(reboot_loop: Any) -> None:
    figures = [chart(reboot_loop.model(), reboot_loop.timeline(), lang).figure for lang in LANGUAGES]
    english, japanese = (json.loads(figure.to_json())["data"] for figure in figures)
    for ours, theirs in zip(english, japanese, strict=True):
        assert {key for key in ours if ours[key] != theirs[key]} <= {"name", "hovertemplate"}
        assert ours["name"] != theirs["name"]


def test_markup_in_logs_is_escaped_for_hover_boxes(hostile_case: Any) -> None:
    figure = chart(hostile_case.model(), hostile_case.timeline(), "en", visible).figure
    hovers = json.dumps([trace["customdata"] for trace in json.loads(figure.to_json())["data"]], ensure_ascii=False)
    without_breaks = hovers.replace("<br>", "")
    assert "<" not in without_breaks
    assert "&lt;img" in without_breaks
    assert "\\\\u202e" in without_breaks


def test_a_large_case_is_bounded_and_keeps_what_explains_most(make: Any) -> None:
    end = make.end(0)
    for number in range(MAX_MARKS + 500):
        make.event(-1000 - number, "os.session_opened", f"login {number}")
    near = make.event(-1, "os.session_opened", "near the shutdown")
    ups = make.event(-500, "ups.on_battery", "on battery")
    drawn = chart(make.model(), make.timeline(), "en")
    assert (drawn.shown, drawn.total) == (MAX_MARKS, MAX_MARKS + 502)
    kept = select(make.timeline(), [end], 2)
    assert sorted(kept["message"]) == sorted([near.message, ups.message])


@pytest.mark.parametrize(("minutes", "kept"), [(-10, True), (-10.1, False), (5, True), (5.1, False)])
def test_near_is_ten_minutes_before_to_five_after(make: Any, minutes: float, kept: bool) -> None:
    end = make.end(0)
    make.event(-2000, "os.session_opened", "elsewhere")
    make.event(minutes, "os.session_opened", "asked for")
    chosen = select(make.timeline(), [end], 1)
    # Among equals the earlier one stays.
    assert (chosen["message"].iloc[0] == "asked for") is kept


def test_a_case_without_events_or_starts_is_drawn(make: Any) -> None:
    make.running(0)
    make.boots[0].start = None
    drawn = chart(make.model(), make.timeline(), "ja")
    assert drawn.total == 0
