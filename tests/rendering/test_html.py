from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from acforensics import resources
from acforensics.rendering.html import render
from acforensics.rendering.markup import bilingual
from acforensics.rendering.view import Places, case_name
from acforensics.texts import LANGUAGES, catalogue, literal

_SCRIPTS = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_POLICY = re.compile(r'http-equiv="Content-Security-Policy" content="([^"]*)"')
_LIMIT = 6_000_000


def _data(page: str) -> Any:
    return json.loads(re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)[0])


def _hash(content: str) -> str:
    return f"&#39;sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}&#39;"


def test_the_policy_allows_this_page_and_nothing_else(reboot_loop: Any) -> None:
    page = render(reboot_loop.model(), reboot_loop.timeline())
    policy = _POLICY.findall(page)[0]
    scripts = _SCRIPTS.findall(page)
    assert len(scripts) == 2
    assert policy.startswith("default-src &#39;none&#39;; script-src ")
    assert all(_hash(script) in policy for script in [*scripts, *_STYLE.findall(page)])
    script_rule = policy.split("; ")[1]
    assert "unsafe" not in script_rule
    assert "http" not in policy


def test_the_page_loads_nothing(reboot_loop: Any) -> None:
    page = render(reboot_loop.model(), reboot_loop.timeline())
    own = _STYLE.sub("", _SCRIPTS.sub("", page))
    assert not re.search(r"<(?:link|iframe|img|object|embed|base)\b", own)
    assert not re.search(r"\b(?:src|srcset|action)=", own)
    assert all(link.startswith("#") for link in re.findall(r'href="([^"]*)"', own))
    assert "url(" not in _STYLE.findall(page)[0]


def test_equal_input_gives_equal_bytes(reboot_loop: Any) -> None:
    pages = {render(reboot_loop.model(), reboot_loop.timeline(), "ja") for _ in range(2)}
    assert len(pages) == 1


@pytest.mark.parametrize("lang", LANGUAGES)
def test_both_languages_are_inside_and_one_is_shown_first(reboot_loop: Any, lang: Any) -> None:
    page = render(reboot_loop.model(), reboot_loop.timeline(), lang)
    assert f'<html lang="{lang}">' in page
    assert "rebooted again and again" in page
    assert "再起動を繰り返した" in page


def test_hostile_text_is_escaped_in_the_page_and_in_its_data(hostile_case: Any, hostile: Any) -> None:
    page = render(hostile_case.model(), hostile_case.timeline())
    assert "<img" not in page
    assert "<script>alert" not in page
    assert "49" not in re.findall(r"<h1>(.*?)</h1>", page)[0]
    own = _SCRIPTS.sub("", page)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]", own)
    data = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)[0]
    assert not set("<>&\u2028\u2029") & set(data)
    assert hostile.shown.rpartition("/")[2] in _data(page)["titles"]["en"]


def test_a_large_case_stays_under_the_limit_and_says_what_is_left_out(make: Any) -> None:
    for number in range(500):
        end = make.end(number * 30, ["svr031", "svr047"][number % 2])
        make.finding("os-command-shutdown", [end], evidence=[make.evidence("x" * 2000, line=n) for n in range(40)])
    for number in range(6000):
        make.event(number, message="y" * 3000)
    page = render(make.model(), make.timeline())
    assert len(page.encode()) < _LIMIT
    left_out = [int(count) for count in re.findall(r"(\d+) more are not shown here", page)]
    assert len(left_out) == 3  # findings, shutdowns, boots
    assert page.count('<article class="finding') == 500 - left_out[0]
    assert re.search(r"\d+ of 6000 events are in the chart", page)


def test_ten_thousand_ends_stay_under_the_limit_and_the_gravest_are_kept(make: Any) -> None:
    first = make.end(evidence=[make.evidence("x" * 3000)])
    for number in range(2, 10_001):
        boot, time = f"svr031#{number}", make.at(number * 15)
        make.boots.append(make.boots[0].model_copy(update={"id": boot, "start": make.at(number * 15 - 9), "end": time}))
        make.ends.append(first.model_copy(update={"id": f"{boot}/end", "boot": boot, "time": time}))
    make.finding("reboot-loop", [make.ends[0]])
    for number in range(20_000):
        make.event(number * 7, message=f"{number} " + "<y>&" * 750, line=number)
    page = render(make.model(), make.timeline())
    assert len(page.encode()) < _LIMIT
    assert ["end-1", "critical"] in _data(page)["ends"]
    assert '<details class="shutdown" id="end-1"' in page
    events, marks = page.count('<tr id="event-'), len(_data(page)["ends"])
    assert 250 <= events < 20_000
    assert 250 <= marks < 10_000
    assert f"{events} of 20000 events are in the chart and in the table of events" in page
    assert f"{marks} of 10000 ends and {marks} of 10000 boots are drawn" in page
    assert "<code>--timeline</code> exports all" in page


def test_a_row_links_to_what_cites_it(make: Any) -> None:
    end = make.end(evidence=[make.evidence("the line", line=42)])
    make.finding("os-command-shutdown", [end], "warning")
    make.event(line=42)
    make.event(1, line=43)
    page = render(make.model(), make.timeline())
    cited, other = re.findall(r'<tr id="event-\d+".*?</tr>', page)
    assert 'data-severity="warning"' in cited
    assert '<a href="#finding-1" class="warning">os-command-shutdown</a>' in cited
    assert '<a href="#end-1">' in cited
    assert "href" not in other
    assert "data-severity" not in other


def test_sections_stand_in_the_order_of_a_readers_questions(judged: Any) -> None:
    page = render(judged.model(), judged.timeline())
    order = re.findall(r'<section id="([a-z]+)"', page)
    assert order == [
        "verdict", "findings", "story", "timeline", "shutdowns", "sequences", "boots", "settings", "coverage", "clocks",
        "events", "inputs", "words",
    ]  # fmt: skip
    contents = re.findall(r'href="#([a-z]+)"', page[page.index("<nav") : page.index("</nav>")])
    assert contents == [*order[1:], "program"]


def test_hundreds_of_sequences_stay_under_the_limit_and_what_deviates_is_kept(make: Any) -> None:
    make.server()
    for number in range(200):
        steps = [
            make.step(f"s{n}", minutes=n, note=literal("z" * 200), evidence=[make.evidence("x" * 3000)])
            for n in range(90)
        ]
        make.sequence(*steps, minutes=number)
    late = make.step("last", "missing", title=literal("what was missing"))
    make.sequence(*(make.step(f"s{n}", minutes=n) for n in range(90)), late, verdict="deviates", minutes=200)
    page = render(make.model(), make.timeline())
    assert len(page.encode()) < _LIMIT
    section = page[page.index('<section id="sequences"') : page.index('<section id="boots"')]
    shown = section.count('<details class="sequence')
    assert 4 <= shown < 201
    assert f"{201 - shown} more are not shown here" in section
    assert section.count("what was missing") >= 3  # sentence, diagram, table
    assert re.search(r"\d+ more steps in the JSON output", section)
    assert "201 sequences: 200 conform, 1 deviate" in section


def test_a_sequence_is_shown_with_verdict_steps_deadlines_and_evidence(judged: Any) -> None:
    page = render(judged.model(), judged.timeline())
    section = page[page.index('<section id="sequences"') : page.index('<section id="boots"')]
    order = [re.sub("<[^>]*>", "", one) for one in re.findall(r'class="badge [a-z-]+">(.*?)</span></span>', section)]
    assert order == ["deviates逸脱", "not observable判断不可", "conforms想定どおり"]
    assert section.count("<svg") == 3
    assert "by 12:00:30 (30 s after 12:00:00)" in section
    assert "the default" in section
    assert "due 12:01:00 to 12:01:30" in section
    assert "Not seen (1)" in section
    assert "svr031/var/log/messages:7" in section


def test_a_deviation_that_repeats_is_open_once(make: Any) -> None:
    for minutes in (0, 10, 20):
        make.sequence(make.step("never", "forbidden-observed", minutes), verdict="deviates", minutes=minutes)
    make.server()
    page = render(make.model(), make.timeline())
    assert len(re.findall(r'<details class="sequence[^>]* open>', page)) == 1
    assert page.count("deviates like 1") == 2


def test_settings_that_differ_come_first_and_others_are_folded(make: Any) -> None:
    make.server()
    for status in ("ok", "unknown", "differs"):
        make.setting(status, title=literal(f"title of {status}"))
    page = render(make.model(), make.timeline())
    section = page[page.index('<section id="settings"') : page.index('<section id="coverage"')]
    assert "3 settings: 1 differ, 1 unknown, 1 ok." in section
    places = [section.index(f"title of {status}") for status in ("differs", "unknown", "ok")]
    assert places == sorted(places)
    assert section.index("title of differs") < section.index("<details") < section.index("title of unknown")
    assert "Why: It decides what runs." in section
    assert ">svr031/var/log/messages:8<" in section


def test_a_story_names_grounds_and_lines(chain: Any) -> None:
    page = render(chain.model(), chain.timeline())
    story = page[page.index('<section id="story"') : page.index('<section id="timeline"')]
    assert "because of 2: ground of 1" in story
    assert story.index("recorded") < story.index("inferred")
    assert "svr031/var/log/messages:70" in story
    assert "one reading" in story


def test_every_word_of_the_result_has_its_text(every_word: Any) -> None:
    for maker in every_word():
        assert render(maker.model(), maker.timeline())


def test_a_case_without_any_end_says_so(make: Any) -> None:
    make.running(0)
    page = render(make.model(), make.timeline())
    assert "No shutdown was found in what was read." in page
    assert "No rule found a fault in what was read." in page


def test_lines_in_a_form_that_is_not_verified_are_marked(make: Any) -> None:
    line = make.evidence("AC power failure", line=42)
    make.finding("ups-not-told", [make.end(evidence=[line])])
    make.sequence(make.step("one", evidence=[line]))
    line.certainty = "unverified"
    page = render(make.model(), make.timeline())
    assert page.count('class="tag unverified"') == 2
    line.certainty = "verified"
    assert 'class="tag unverified"' not in render(make.model(), make.timeline())


def test_an_option_of_a_command_stays_on_one_line(make: Any) -> None:
    make.end(command="/usr/sbin/shutdown -h now")
    page = render(make.model(), make.timeline())
    assert '<code>/usr/sbin/shutdown <span class="nobreak">-h</span> now</code>' in page


def test_dates_in_sentences_are_not_broken() -> None:
    made = str(bilingual(literal("a < b, 2026-11-24 06:00:31 to 2026-11-25; not 12026-11-24 `x 2026-11-26`")))
    whole = ['<span class="nobreak">2026-11-24 06:00:31</span>', '<span class="nobreak">2026-11-25</span>']
    assert re.findall(r"<span.*?</span>", made) == whole
    assert (
        re.sub(r"</?(span|code)[^>]*>", "", made)
        == "a &lt; b, 2026-11-24 06:00:31 to 2026-11-25; not 12026-11-24 x 2026-11-26"
    )


def test_texts_that_the_template_asks_for_exist() -> None:
    template = (resources.folder("reports") / "report.html.j2").read_text(encoding="utf-8")
    asked = re.findall(r'text\("([a-z.-]+)"[,)]', template)
    assert asked
    assert not [key for key in asked if key not in catalogue()]


def test_names_of_cases() -> None:
    class Item:
        def __init__(self, path: str) -> None:
            self.path = path

    class Model:
        def __init__(self, *paths: str) -> None:
            self.inputs = [Item(path) for path in paths]

    assert case_name(Model("/a/svr031.tar.gz!x", "/a/svr047.tar.gz!y")) == "svr031.tar.gz, svr047.tar.gz"  # type: ignore[arg-type]
    assert case_name(Model("/a/case-7/x/messages", "/a/case-7/y/messages")) == "case-7"  # type: ignore[arg-type]
    assert case_name(Model("/var/log/messages")) == "messages"  # type: ignore[arg-type]


def test_paths_lose_what_they_share() -> None:
    assert Places(["/a/b.tar!x/messages", "/a/b.tar!y/messages"]).short("/a/b.tar!x/messages") == "x/messages"
    two = Places(["/a/b.tar!x", "/a/c.tar!x"])
    assert two.short("/a/c.tar!x") == "c.tar!x"
    assert Places(["/a/d/x/messages", "/a/d/y/messages"]).short("/a/d/y/messages") == "y/messages"


# --- contrast (WCAG AA), from the style sheet's own colours


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_stands_out_from_its_ground(scheme: int) -> None:
    style = Path(resources.folder("reports") / "report.css").read_text(encoding="utf-8")
    blocks = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", blocks[scheme]))
    grounds = ["page", "panel", "code", "mark", "critical-soft", "warning-soft", "info-soft", "ok-soft"]
    pairs = [("text", ground) for ground in grounds]
    pairs += [(word, ground) for word in ("quiet", "link") for ground in grounds if ground not in ("mark", "code")]
    pairs += [
        (grade, ground) for grade in ("critical", "warning", "info", "ok") for ground in ("page", f"{grade}-soft")
    ]
    weak = [(word, ground) for word, ground in pairs if _contrast(colours[word], colours[ground]) < 4.5]
    assert not weak
