"""The report in a real browser."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from acforensics import analyze
from acforensics.rendering.html import render
from acforensics.texts import literal

pytestmark = pytest.mark.browser

# A small server in synthetic lines: it starts, a person halts it, it starts again.
_MESSAGES = """\
Nov 24 11:50:00 svr031 kernel: Linux version 5.14.0-427.el9.x86_64 (mockbuild@x86) #1 SMP
Nov 24 11:50:20 svr031 systemd[1]: Startup finished in 2.1s (kernel) + 12.0s (userspace) = 14.1s.
Nov 24 12:00:00 svr031 sudo[900]: ope1 : TTY=pts/0 ; PWD=/tmp ; USER=root ; COMMAND=/usr/sbin/shutdown -h now
Nov 24 12:00:00 svr031 systemd-logind[700]: The system will power off now!
Nov 24 12:00:00 svr031 systemd-logind[700]: System is powering down.
Nov 24 12:00:09 svr031 systemd-shutdown[1]: Syncing filesystems and block devices.
Nov 24 12:30:00 svr031 kernel: Linux version 5.14.0-427.el9.x86_64 (mockbuild@x86) #1 SMP
"""


@pytest.fixture(scope="module")
def tab(browser: Any) -> Iterator[Any]:
    """One for all reports: Chromium takes seconds to compile Plotly, and remembers it of a page it has shown."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reports")


@pytest.fixture
def open_page(tab: Any, reports: Path) -> Callable[..., Any]:
    """Opens a report from disk and fails on any console error, exception or request."""

    @contextmanager
    def opened(html: str, width: int = 1200, scheme: str = "light", page: Any = tab) -> Iterator[Any]:
        path = reports / f"{hashlib.sha256(html.encode()).hexdigest()}.html"
        path.write_text(html, encoding="utf-8")
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(media="screen", color_scheme=scheme)
        complaints: list[str] = []
        listeners = {
            "console": lambda message: complaints.append(f"{message.type}: {message.text}"),
            "pageerror": lambda error: complaints.append(str(error)),
            "request": lambda request: complaints.append(request.url) if request.url != path.as_uri() else None,
            "dialog": lambda dialog: (complaints.append(dialog.message), dialog.dismiss()),
        }
        for event, listener in listeners.items():
            page.on(event, listener)
        page.goto(path.as_uri())
        page.wait_for_selector("#chart .main-svg")
        try:
            yield page
        finally:
            for event, listener in listeners.items():
                page.remove_listener(event, listener)
            page.goto("about:blank")
        assert complaints == []

    return opened


@pytest.fixture(scope="module")
def rendered() -> dict[str, str]:
    return {}


@pytest.fixture
def loop_html(reboot_loop: Any, rendered: dict[str, str]) -> str:
    if "loop" not in rendered:
        rendered["loop"] = render(reboot_loop.model(), reboot_loop.timeline())
    return rendered["loop"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1400])
def test_it_renders_without_complaint_and_without_sideways_scroll(
    open_page: Any, loop_html: str, width: int, scheme: str
) -> None:
    with open_page(loop_html, width, scheme) as page:
        for details in page.query_selector_all("details"):
            details.evaluate("element => element.open = true")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator("#chart .point").count() >= 6


@pytest.mark.parametrize("width", [360, 1280])
def test_story_sequences_and_settings_fit_and_speak_both_languages(
    open_page: Any, judged: Any, chain: Any, width: int
) -> None:
    judged.setting("differs", found=literal("v" * 300))
    with open_page(render(judged.model(), judged.timeline()), width) as page:
        for details in page.query_selector_all("details"):
            details.evaluate("element => element.open = true")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator("#story .story > li").count() == 4 + 1
        for svg in page.locator("svg.diagram").all():
            assert svg.bounding_box()["height"] > 50
        row = page.locator("tr.fault").first
        assert row.bounding_box()["width"] <= width
        assert "Step command" in row.inner_text()
        assert page.locator("svg.diagram text[lang=en]:visible").count() > 5
        page.get_by_role("button", name="日本語").click()
        assert "手順 command" in row.inner_text()
        assert "Step command" not in row.inner_text()
        assert page.locator("svg.diagram text[lang=en]:visible").count() == 0
        assert page.locator("[lang=en]:visible").count() == 0
        assert "その後 (関連は推定)" in page.locator(".consequence").inner_text()
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_what_deviates_is_open_and_a_link_opens_the_rest(open_page: Any, judged: Any) -> None:
    with open_page(render(judged.model(), judged.timeline())) as page:
        assert page.locator("details.sequence[open]").count() == 1
        assert page.locator("details.sequence.deviates[open]").count() == 1
        page.evaluate("location.hash = '#sequence-1'")
        page.wait_for_selector("details.sequence.conforms[open]")
        assert page.get_by_role("img", name="Sequence diagram of The whole stop on svr031").first.is_visible()


def test_what_conforms_stays_folded_on_paper(open_page: Any, judged: Any) -> None:
    with open_page(render(judged.model(), judged.timeline())) as page:
        page.emulate_media(media="print")
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        assert page.locator("details.sequence[open]").count() == 2
        assert page.locator("details.sequence.conforms[open]").count() == 0


def test_long_names_and_lines_do_not_widen_the_page(open_page: Any, make: Any) -> None:
    name = "s" * 120
    end = make.end(server=name, command="x" * 300, actor="y" * 80, evidence=[make.evidence("z" * 900)])
    make.finding("os-command-shutdown", [end])
    make.inputs[0].path = f"/cases/{'p' * 200}.tar.gz!{'q' * 200}"
    make.event(server=name, message="m" * 900)
    with open_page(render(make.model(), make.timeline()), 360) as page:
        for details in page.query_selector_all("details"):
            details.evaluate("element => element.open = true")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_switch_changes_every_text_without_reload(open_page: Any, loop_html: str) -> None:
    with open_page(loop_html) as page:
        page.evaluate("window.same = true")
        assert page.locator("h2:visible").first.inner_text() == "Verdict"
        assert page.title() == "incident.tar.gz: shutdown report"
        page.get_by_role("button", name="日本語").click()
        assert page.evaluate("window.same")
        assert page.evaluate("document.documentElement.lang") == "ja"
        assert page.title() == "incident.tar.gz: シャットダウン解析レポート"
        assert page.locator("h2:visible").first.inner_text() == "判定"
        assert page.locator("[lang=en]:visible").count() == 0
        legend = page.locator("#chart .legendtext").all_text_contents()
        assert "起動 (正常終了)" in legend
        assert page.get_by_role("button", name="日本語").get_attribute("aria-pressed") == "true"
        page.get_by_role("button", name="English").click()
        assert "Boot, clean" in page.locator("#chart .legendtext").all_text_contents()
        assert page.locator("body [lang=ja]:visible").count() == 0


def test_the_answer_is_on_the_first_screen(open_page: Any, loop_html: str) -> None:
    with open_page(loop_html, 390) as page:
        box = page.locator(".incident .todo").first.bounding_box()
        assert box["y"] + box["height"] < 900


def _hover(page: Any, mark: Any) -> None:
    mark.scroll_into_view_if_needed()
    box = mark.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_selector("#chart .hoverlayer .hovertext")


def _click(page: Any, mark: Any) -> None:
    """Plotly listens for the mouse's own steps, and finds marks by what was hovered."""
    _hover(page, mark)
    page.mouse.down()
    page.mouse.up()


def test_a_click_on_an_event_shows_its_line_and_what_cites_it(open_page: Any, make: Any, hostile: Any) -> None:
    end = make.end(evidence=[make.evidence(hostile.raw, line=42, minutes=-5)])
    make.finding("os-command-shutdown", [end])
    make.event(-5, message=hostile.raw, line=42)
    make.event(-5, message="at the same place", line=43)
    make.event(-4, message="elsewhere", line=44)
    with open_page(render(make.model(), make.timeline())) as page:
        assert page.locator("#selected").is_hidden()
        _click(page, page.locator("#chart .scatterlayer .trace").first.locator(".point").first)
        lines = page.locator("#selected li")
        assert lines.locator("code").all_text_contents() == [hostile.shown, "at the same place"]
        assert lines.locator(".where").all_text_contents() == [f"svr031/var/log/messages:{n}" for n in (42, 43)]
        assert lines.nth(1).locator(".cited a").count() == 0
        page.locator("#rows-search").fill("nothing like it")
        page.wait_for_selector("#event-0", state="hidden")
        lines.first.locator(".to-row").click()
        page.wait_for_selector("#event-0", state="visible")
        lines.first.locator(".cited a", has_text="os-command-shutdown").click()
        assert page.locator("article:target").get_attribute("id") == "finding-1"


def test_a_click_on_an_end_shows_its_line_and_opens_its_reasons(open_page: Any, make: Any) -> None:
    for minutes in (0, 60, 120):
        make.end(minutes, evidence=[make.evidence(f"a <b>line</b> & {minutes}", line=minutes)])
    with open_page(render(make.model(), make.timeline())) as page:
        _click(page, page.locator("#chart .scatterlayer .point").nth(1))
        assert page.locator("#selected code").all_text_contents() == ["a <b>line</b> & 60"]
        page.locator("#selected .to-reasons").click()
        assert page.locator("details.shutdown[open]").get_attribute("id") == "end-2"


def test_filters_of_the_chart(open_page: Any, make: Any) -> None:
    stop = make.end(0)
    make.end(30, "svr047", trigger="crash")
    make.finding("os-command-shutdown", [stop], "warning", evidence=[make.evidence("x", line=42)])
    make.event(-5, line=42)
    make.event(-4, "ups.on_battery", line=43)
    make.event(-3, line=44, server="svr047")

    def marks(page: Any) -> int:
        found: int = page.locator("#chart .scatterlayer .point").count()
        assert page.locator("#marks-shown").inner_text() == f"{found} of 5 marks match."
        return found

    with open_page(render(make.model(), make.timeline())) as page:
        assert marks(page) == 5
        page.get_by_role("group", name="Servers").get_by_label("svr047").uncheck()
        assert marks(page) == 3
        assert page.locator("#chart .ytick").all_text_contents() == ["svr031", "OS", "UPS"]
        page.get_by_role("group", name="Layers").get_by_label("UPS").uncheck()
        assert marks(page) == 2
        page.get_by_role("group", name="Servers").get_by_label("svr047").check()
        page.get_by_label("Ended by").select_option("crash")
        assert marks(page) == 3
        page.get_by_label("Ended by").select_option("")
        page.get_by_label("Marks").select_option("warning")
        assert marks(page) == 2
        page.get_by_label("Marks").select_option("critical")
        assert marks(page) == 0
        page.get_by_label("Marks").select_option("")
        page.get_by_role("group", name="Layers").get_by_label("UPS").check()
        page.locator("#range-from").fill("2026-11-24T11:55:30")
        page.locator("#range-until").fill("2026-11-24T12:10:00")
        assert page.locator("#marks-shown").inner_text() == "3 of 5 marks match."
        page.get_by_role("button", name="日本語").click()
        assert page.locator("#marks-shown").inner_text() == "5 件中 3 件の印が該当。"
        page.locator("#whole-time").click()
        assert page.locator("#marks-shown").inner_text() == "5 件中 5 件の印が該当。"


def test_the_legend_hides_a_group_and_filters_keep_it_hidden(open_page: Any, make: Any) -> None:
    make.end(0)
    make.event(-5)
    with open_page(render(make.model(), make.timeline())) as page:
        page.locator("#chart .legendtoggle").nth(1).click()
        page.wait_for_selector("#marks-shown:text-is('1 of 2 marks match.')")
        page.get_by_label("Ended by").select_option("os-command")
        assert page.locator("#marks-shown").inner_text() == "1 of 2 marks match."


def test_events_can_be_searched_by_keyboard(open_page: Any, make: Any) -> None:
    make.event(0, message="power ＦＡＩＬＵＲＥ reported", line=1)
    make.event(1, "ups.on_battery", "power failure over", line=2, server="svr047")
    make.event(2, message="login", line=3)
    with open_page(render(make.model(), make.timeline())) as page:
        visible = page.locator("#rows tbody tr:visible")
        count = page.get_by_role("status").filter(has_text="rows")
        assert count.inner_text() == "3 of 3 rows shown."
        page.locator("#rows-search").focus()
        page.keyboard.type("Failure POWER")
        page.wait_for_selector("#rows-shown:text-is('2 of 3 rows shown.')")
        assert visible.count() == 2
        page.set_viewport_size({"width": 390, "height": 900})
        assert visible.count() == 2
        page.keyboard.press("Tab")
        page.keyboard.type("svr047")
        assert visible.locator("td:nth-child(4)").all_text_contents() == ["power failure over"]
        page.get_by_role("button", name="日本語").click()
        assert page.locator("#rows-shown").inner_text() == "3 行中 1 行を表示。"
        assert page.locator("#rows-search").get_attribute("placeholder") == "本文、イベント、ファイルの語"
        assert page.locator("#rows-server option").first.inner_text() == "すべて"
        page.locator("#rows-server").select_option("")
        page.locator("#rows-layer").select_option("ups")
        assert visible.count() == 1
        page.locator("#rows-search").fill("")
        page.wait_for_timeout(200)
        assert visible.count() == 1


def test_the_chart_offers_nothing_that_sends_the_case_away(open_page: Any, loop_html: str) -> None:
    with open_page(loop_html) as page:
        page.get_by_role("button", name="日本語").click()
        # All of them are known: a new one in Plotly must be looked at, and has no Japanese name.
        titles = page.locator("#chart .modebar-btn").evaluate_all("all => all.map((one) => one.dataset.title)")
        assert titles == [
            "グラフを PNG で保存", "拡大範囲を選択", "移動", "拡大", "縮小", "自動調整", "元の範囲に戻す",
        ]  # fmt: skip


def test_without_script_everything_but_the_chart_is_there(make: Any, browser: Any, tmp_path: Path) -> None:
    make.end(0)
    for number in range(5):
        make.event(number)
    path = tmp_path / "report.html"
    path.write_text(render(make.model(), make.timeline()), encoding="utf-8")
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(path.as_uri())
        assert page.locator("#rows tbody tr:visible").count() == 5
        assert page.locator("input:visible, select:visible").count() == 0
        assert page.locator("noscript").is_visible()


@pytest.mark.parametrize(
    ("width", "scheme", "language"), [(1300, "light", "English"), (390, "dark", "日本語")], ids=["wide", "narrow"]
)
def test_axe_finds_no_violation(open_page: Any, judged: Any, width: int, scheme: str, language: str) -> None:
    stop = judged.ends[0]
    judged.finding("ups-not-told", [stop])
    judged.finding("clock-skew", [stop], "warning")
    judged.incident(judged.part(0, stop), readings=(literal("one reading"),))
    for status in ("differs", "unknown", "ok"):
        judged.setting(status)
    judged.problems = [literal("a file is torn")]
    judged.event(0)
    with open_page(render(judged.model(), judged.timeline()), width, scheme) as page:
        page.get_by_role("button", name=language).click()
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found = Axe().run(page).response["violations"]
        assert [(one["impact"], one["id"], one["nodes"][0]["html"][:200]) for one in found] == []


def test_hovering_a_mark_shows_it(open_page: Any, make: Any) -> None:
    make.end()
    make.event(-5, message="a <b>line</b>")
    with open_page(render(make.model(), make.timeline())) as page:
        _hover(page, page.locator("#chart .scatterlayer .point").first)
        assert "a <b>line</b>" in page.locator("#chart .hoverlayer").text_content()


def test_a_link_zooms_to_the_shutdown_and_a_button_back(open_page: Any, make: Any, browser: Any) -> None:
    make.end(0)
    make.end(3000)
    with (
        browser.new_context(timezone_id="America/New_York") as elsewhere,
        open_page(render(make.model(), make.timeline()), page=elsewhere.new_page()) as page,
    ):
        page.locator(".incident a[data-zoom]").first.click()
        axis = page.evaluate("document.getElementById('chart').layout.xaxis.range.map(String)")
        assert [edge[:16].replace("T", " ") for edge in axis] == ["2026-11-24 11:50", "2026-11-24 12:10"]
        page.locator("#whole-time").click()
        assert page.evaluate("document.getElementById('chart').layout.xaxis.autorange")


def test_a_link_to_a_shutdown_opens_its_reasons(open_page: Any, loop_html: str) -> None:
    with open_page(loop_html) as page:
        assert page.locator("details.shutdown[open]").count() == 0
        page.locator(".incident .jump", has_text="All reasons").first.click()
        page.wait_for_selector("details.shutdown[open]")


def test_hostile_text_shows_as_text(open_page: Any, hostile_case: Any, hostile: Any) -> None:
    html = render(hostile_case.model(), hostile_case.timeline())
    with open_page(html) as page:
        assert hostile.shown in page.locator(".finding h3").first.text_content()
        assert page.locator(".finding .log").first.text_content() == hostile.shown
        assert hostile.shown in page.locator(".problems li").first.text_content()
        assert page.locator("img").count() == 0
        assert hostile.shown in page.locator(".story li").first.inner_text()
        assert hostile.shown in page.locator("details.sequence th").nth(6).text_content()
        assert "<img src=x" in page.locator("svg.diagram").first.text_content()
        assert hostile.shown in page.locator("#settings .found").first.text_content()
        assert page.locator("script").count() == 3
        page.get_by_role("button", name="日本語").click()
        assert hostile.shown.rpartition("/")[2] in page.title()


def test_it_prints(open_page: Any, loop_html: str, tmp_path: Path) -> None:
    with open_page(loop_html, scheme="dark") as page:
        pdf = page.pdf(path=tmp_path / "report.pdf", prefer_css_page_size=True)
        assert pdf.startswith(b"%PDF")
        assert len(pdf) > 20_000
        assert len(re.findall(rb"/Type\s*/Page\b", pdf)) >= 2
        # On paper: no controls, everything that is folded away on screen is open.
        page.emulate_media(media="print")
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        assert page.get_by_role("button", name="English").is_hidden()
        assert page.locator("#verdict h3").first.is_visible()
        assert page.get_by_text("The table of events is left out on paper").is_visible()
        assert page.locator("#rows").is_hidden()
        assert page.locator("details.shutdown").count() == page.locator("details.shutdown[open]").count()
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        page.evaluate("window.dispatchEvent(new Event('afterprint'))")
        assert page.locator("details.shutdown[open]").count() == 0


def test_on_paper_nothing_is_cut_off(open_page: Any, judged: Any) -> None:
    judged.ends[0].actor = "somebody with a long name and an address@example.com"
    judged.finding("ups-not-told", [judged.ends[0]], evidence=[judged.evidence("z" * 900)])
    judged.setting("differs", found=literal("v" * 300))
    judged.inputs[0].path = f"/cases/{'p' * 200}.tar.gz!{'q' * 200}"
    # A4 without its margins.
    with open_page(render(judged.model(), judged.timeline()), 688) as page:
        page.emulate_media(media="print")
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        wide = page.evaluate(
            """[...document.querySelectorAll("main *")]
            .filter((one) => one.checkVisibility() && !one.closest(".unseen") && one.getBoundingClientRect().right > 688)
            .map((one) => one.outerHTML.slice(0, 200))"""
        )
        assert wide == []


def test_it_can_be_read_without_a_mouse_or_eyes(open_page: Any, loop_html: str) -> None:
    with open_page(loop_html) as page:
        for role in ("banner", "main", "navigation", "contentinfo"):
            assert page.get_by_role(role).count() == 1
        assert page.get_by_role("heading", level=1).count() == 1
        assert page.locator("table").count() == page.locator("table:has(thead th[scope=col])").count()
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "[document.activeElement.className, getComputedStyle(document.activeElement).outlineStyle]"
        )
        assert focused == ["skip", "solid"]


def test_a_report_from_log_lines(open_page: Any, tmp_path: Path) -> None:
    log = tmp_path / "svr031" / "var" / "log"
    log.mkdir(parents=True)
    (log / "messages").write_text(_MESSAGES, encoding="utf-8")
    case = analyze([tmp_path / "svr031"], tz="Asia/Tokyo", year=2026)
    with open_page(case.to_html(lang="ja")) as page:
        assert "ope1" in page.locator(".incident h3").first.inner_text()
        assert page.locator("h2:visible").first.inner_text() == "判定"
