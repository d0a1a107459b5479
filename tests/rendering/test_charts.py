from __future__ import annotations

import json
from typing import Any

import pytest

from acforensics.charts import Drawn, chart
from acforensics.plain import visible
from acforensics.rendering.choice import choose_boots, choose_ends, choose_events
from acforensics.texts import LANGUAGES


def _drawn(maker: Any) -> Drawn:
    return Drawn(maker.timeline(), maker.ends, maker.boots)


def test_each_server_has_a_lane_with_boots_and_ends(reboot_loop: Any) -> None:
    drawn = chart(reboot_loop.model(), _drawn(reboot_loop), "en", visible)
    traces = {trace["name"]: trace for trace in drawn["data"]}
    assert set(traces) == {
        "Boot, clean",
        "Boot, still running",
        "OS events",
        "CLUSTERPRO events",
        "End: CLUSTERPRO's own recovery action",
    }
    assert len(traces["Boot, clean"]["x"]) == 6
    assert len(traces["End: CLUSTERPRO's own recovery action"]["x"]) == 6
    assert traces["End: CLUSTERPRO's own recovery action"]["x"][0] == "2026-11-24T12:00:00.000"
    names = drawn["layout"]["yaxis"]["ticktext"]
    assert names == ["<b>svr031</b>", "OS", "CLUSTERPRO", "<b>svr047</b>", "OS", "CLUSTERPRO"]


def test_marks_are_the_same_in_both_languages(reboot_loop: Any) -> None:
    figures = [chart(reboot_loop.model(), _drawn(reboot_loop), lang) for lang in LANGUAGES]
    english, japanese = (figure["data"] for figure in figures)
    for ours, theirs in zip(english, japanese, strict=True):
        assert {key for key in ours if ours[key] != theirs[key]} <= {"name", "hovertemplate"}
        assert ours["name"] != theirs["name"]


def test_an_event_names_its_row_and_an_end_itself(make: Any) -> None:
    make.event(0, "ups.on_battery", "on battery")
    make.event(-1, "os.command", "first of all")
    make.end(2)
    figure = chart(make.model(), _drawn(make), "en")
    assert {trace["name"]: trace["ids"] for trace in figure["data"] if "ids" in trace} == {
        "OS events": ["0"],
        "UPS events": ["1"],
        "End: OS command": ["0"],
    }


def test_the_axis_says_whose_clock_it_is(reboot_loop: Any) -> None:
    model = reboot_loop.model()
    titles = [chart(model, _drawn(reboot_loop), "en")["layout"]["xaxis"]["title"]["text"]]
    model.boots[0].corrected_start = model.boots[0].end
    titles.append(chart(model, _drawn(reboot_loop), "en")["layout"]["xaxis"]["title"]["text"])
    assert [title.partition(" (")[0] for title in titles] == ["Time", "Time on the case&#x27;s clock"]


def test_names_are_escaped_and_nothing_hidden_is_left(hostile_case: Any) -> None:
    figure = chart(hostile_case.model(), _drawn(hostile_case), "en", visible)
    assert "<img" not in "".join(figure["layout"]["yaxis"]["ticktext"])
    assert "\\u202e" in json.dumps([trace.get("customdata") for trace in figure["data"]])
    assert "\u202e" not in json.dumps(figure["layout"], ensure_ascii=False)


def test_of_too_many_events_those_that_explain_most_are_kept(make: Any) -> None:
    end = make.end(0)
    for number in range(50):
        make.event(-1000 - number, "os.session_opened", f"login {number}")
    near = make.event(-1, "os.session_opened", "near the shutdown")
    ups = make.event(-500, "ups.on_battery", "on battery")
    kept = choose_events(make.timeline(), [end], 2)
    assert sorted(row.message for row in kept) == sorted([near.message, ups.message])


def test_of_too_many_ends_the_gravest_then_the_latest_are_kept_with_their_boots(make: Any) -> None:
    ends = [make.end(minutes * 20) for minutes in range(10)]
    make.finding("note", [ends[3]], "info")
    make.finding("grave", [ends[1]])
    make.running(500)
    kept = choose_ends(make.model(), 3)
    assert kept == [ends[1], ends[3], ends[9]]
    boots = choose_boots(make.model(), kept, 4)
    assert [boot.id for boot in boots] == ["svr031#2", "svr031#4", "svr031#10", "svr031#11"]


@pytest.mark.parametrize(("minutes", "kept"), [(-10, True), (-10.1, False), (5, True), (5.1, False)])
def test_near_is_ten_minutes_before_to_five_after(make: Any, minutes: float, kept: bool) -> None:
    end = make.end(0)
    make.event(-2000, "os.session_opened", "elsewhere")
    make.event(minutes, "os.session_opened", "asked for")
    chosen = choose_events(make.timeline(), [end], 1)
    # Among equals the earlier one stays.
    assert (chosen[0].message == "asked for") is kept


def test_a_case_without_events_or_starts_is_drawn(make: Any) -> None:
    make.running(0)
    make.boots[0].start = None
    figure = chart(make.model(), _drawn(make), "ja")
    assert [trace["name"] for trace in figure["data"]] == ["起動 (稼働中)"]
