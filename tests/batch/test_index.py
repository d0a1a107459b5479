"""The index page in a real browser, and the tables as DuckDB and pandas see them."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from acforensics.batch import fleet, index
from acforensics.batch.work import Outcome

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]


@pytest.fixture
def opened(browser, done):
    """The page of the batch, with everything that it asked for or complained of."""
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.append(request.url) if not request.url.startswith("file:") else None)
    page.goto((done[1] / "index.html").as_uri())
    yield page
    assert said == []
    page.close()


def shown(page) -> list[str]:
    return page.locator("#case-rows tbody tr:not([hidden]) th a").all_inner_texts()


def test_cases_are_listed_by_gravity_searched_and_filtered(opened):
    assert shown(opened) == ["again", "packed.tar.gz", "typed", "quiet 停電"]
    opened.fill("#search", "ope1")
    expect(opened.locator("#case-rows tbody tr:not([hidden])")).to_have_count(1)
    assert shown(opened) == ["typed"]
    opened.fill("#search", "")
    opened.select_option("#least", "critical")
    expect(opened.locator("#case-rows tbody tr:not([hidden])")).to_have_count(3)
    opened.select_option("#rule", "power-loss")
    assert shown(opened) == ["packed.tar.gz"]
    assert "1 of 4" in opened.inner_text("#shown")


def test_the_other_language_changes_everything(opened):
    assert "Ends by month" in opened.inner_text("#trend h2")
    opened.click("button[data-lang=ja]")
    assert opened.inner_text("#trend h2") == "月別の終了"
    assert "OS コマンド" in opened.inner_text("#case-rows tbody tr:first-child")
    assert "4 ケース中 4 ケース" in opened.inner_text("#shown")
    assert "OS コマンド" in opened.text_content("#chart .legend")


def test_each_case_opens_its_report_with_its_chart(opened):
    opened.click("#case-rows tbody tr:has-text('停電') a")
    opened.wait_for_selector("#chart .main-svg")
    assert "停電" in opened.inner_text("h1")


def test_the_trend_counts_ends_by_month_and_cause(opened):
    opened.click("#trend-table summary")
    rows = opened.locator("#trend-table tbody tr").all_inner_texts()
    assert [re.split(r"\s+", row.strip()) for row in rows] == [["2026-11", "1", "1"], ["2026-12", "1"]]


def test_what_could_not_be_analysed_is_named_with_the_reason(opened):
    assert "torn.tar.gz" in opened.inner_text("#failed")
    assert "nothing recognised" in opened.inner_text("#failed")


@pytest.mark.parametrize("width", [390, 1200])
def test_no_serious_violation_and_no_sideways_scroll(opened, width):
    opened.set_viewport_size({"width": width, "height": 900})
    found = Axe().run(opened).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
    assert opened.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


# --- many


def outcome(number: int) -> Outcome:
    severity = ("critical", "warning", "info", None)[number % 4]
    counts = {grade: int(grade == severity) for grade in ("critical", "warning", "info")}
    name = f"case-{number:05}"
    row = {
        "case": name, "status": "analysed", "error": None, "severity": severity, **counts, "servers": ["<b>svr</b>"],
        "rules": ["power-loss"] if severity else [], "last": "2026-01-01T00:00:00.000000+00:00",
        "verdict_en": "<script>alert(1)</script>", "verdict_ja": "x", "report": f"{name}/report.html",
    }  # fmt: skip
    findings = [{"rule": "power-loss", "severity": severity}] if severity else []
    ends = [{"server": f"svr{number % 100}", "trigger": "os-command", "time": f"20{number % 30:02}-01-01T00:00:00"}]
    return Outcome(name, "analysed", row, findings, ends)


def test_a_large_fleet_is_bounded_and_what_is_left_out_is_said():
    found = fleet.gather(map(outcome, range(10_000)))
    assert (len(found.cases), found.left_out) == (fleet.MOST_CASES, 8000)
    assert {row["severity"] for row in found.cases} == {"critical"}
    assert [row["case"] for row in found.cases[:2]] == ["case-00000", "case-00004"]
    page = index.render(found, name="x", version="1", options={}, lang="en", plotly="assets/p.js")
    assert "8000 more are in cases.parquet" in page
    assert len(page) < 3_000_000
    assert "<script>alert" not in page
    assert "<b>svr" not in page
    assert found.servers[0].os_command_ends == 100


# --- tables


def test_the_tables_have_the_documented_columns(done):
    for table in ("cases", "findings", "shutdowns"):
        frame = pd.read_parquet(done[1] / f"{table}.parquet")
        for document in ("batch.md", "batch.ja.md"):
            text = (ROOT / "docs" / document).read_text(encoding="utf-8")
            section = text.split(f"### `{table}.parquet`")[1].split("###")[0]
            assert re.findall(r"^\| `(\w+)`", section, re.MULTILINE) == list(frame.columns)


@pytest.mark.parametrize("document", ["batch.md", "batch.ja.md"])
def test_the_queries_of_the_documents_answer(done, document, monkeypatch):
    text = (ROOT / "docs" / document).read_text(encoding="utf-8")
    queries = re.findall(r"```sql\n(.*?)```", text, re.DOTALL)
    assert len(queries) >= 6
    monkeypatch.chdir(done[1])
    answers = [duckdb.sql(query).fetchall() for query in queries]
    assert ("svr031", 2, 2) in answers[0]
    assert all(answers)
    for code in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        names: dict[str, object] = {}
        exec(compile(code, document, "exec"), names)
        assert len(names["answer"])  # type: ignore[arg-type]
