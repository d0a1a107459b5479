"""The same facts in the page, the ticket, the terminal and the JSON."""

from __future__ import annotations

import html
import json
import re
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import acforensics
from acforensics.moments import clock, on_both_clocks
from acforensics.rendering import html as pages
from acforensics.rendering import markdown, terminal
from acforensics.rendering.sequences import counts
from acforensics.rendering.verdict import judge
from acforensics.texts import LANGUAGES, Language, text
from samples import build

ROOT = Path(build.__file__).parent
VARIED = ["os-command", "power-failure", "reboot-loop", "sequences/shared-disk-late/deviates"]


@cache
def analysed(name: str, ahead: float = 0.0, of: str = "svr047") -> acforensics.Case:
    """A sample, in which the clock of a server may have been ahead."""
    clock = {of: ahead} if ahead else {}
    return acforensics.analyze([next((ROOT / name).glob("bundle*"))], tz="Asia/Tokyo", clock=clock)


def plain(words: str) -> str:
    """Words without what a form adds: escapes, marks of code, blanks and line breaks."""
    return re.sub(r"[\s`\\]", "", words)


def of_page(page: str, lang: Language) -> str:
    """What a page shows in one language."""
    other = "ja" if lang == "en" else "en"
    left_out = rf'<script.*?</script>|<style.*?</style>|<span lang="{other}">.*?</span>'
    return html.unescape(re.sub(r"<[^>]*>", "", re.sub(left_out, "", page, flags=re.DOTALL)))


def forms(case: acforensics.Case, lang: Language) -> dict[str, str]:
    return {
        "html": plain(of_page(case.to_html(lang), lang)),
        "markdown": plain(case.to_markdown(lang)),
        "terminal": plain(terminal.render(case.model, lang, width=100)),
    }


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", VARIED)
def test_all_forms_tell_the_same(name: str, lang: Language) -> None:
    case = analysed(name)
    facts = [text("sequence-page.counts", **counts(case.model.sequences)).within(lang)]
    for incident in judge(case.model).incidents:
        facts += [one.within(lang) for one in (incident.headline, incident.advice, *incident.why)]
        facts += [incident.ups.within(lang)] if incident.ups is not None else []
        facts += [reading.within(lang) for reading in incident.readings]
    for finding in case.findings:
        own = (finding.title, finding.summary, finding.advice, finding.reference)
        facts += [finding.rule, *(one.within(lang) for one in own)]
        facts += [line.text for line in finding.evidence[:1]]
    for end in case.shutdowns:
        facts += [clock(end.time), end.server, text(f"ups-told.{end.ups_told}").within(lang)]
    assert len(facts) > 10
    for form, shown in forms(case, lang).items():
        assert [fact for fact in facts if plain(fact) not in shown] == [], form
    told = json.loads(case.to_json(lang))
    assert [one["title"] for one in told["findings"]] == [one.title.within(lang) for one in case.findings]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_times_by_another_clock_stand_beside_the_servers_own(lang: Language) -> None:
    case = analysed("reboot-loop", 95.0)
    end = case.shutdowns[0]
    assert end.corrected_time is not None
    own, corrected = clock(end.time), text("report.corrected", time=f"{end.corrected_time:%H:%M:%S}").within(lang)
    shown = forms(case, lang)
    for form in ("html", "markdown"):
        assert plain(own + corrected) in shown[form]
    # Its table has a column of its own, and no room for the date.
    assert plain(f"{own}  {end.corrected_time:%H:%M:%S}  {end.server}") in shown["terminal"]
    line = case.findings[0].evidence[0]
    assert line.corrected_time is not None
    beside = plain(f":{line.line} " + text("report.corrected", time=clock(line.corrected_time)).within(lang))
    assert beside in shown["markdown"]
    assert beside in shown["terminal"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_a_finding_says_of_times_has_both_clocks(lang: Language) -> None:
    case = analysed("os-command", 95.0, "svr031")
    (finding,) = [one for one in case.findings if one.rule == "os-command-shutdown"]
    assert finding.corrected_start == finding.start - timedelta(seconds=95)
    beside = text("report.corrected", time=f"{finding.corrected_start:%H:%M:%S}").within(lang)
    both = f"{clock(finding.start)} {beside}"
    assert both in finding.summary.within(lang)
    for form, shown in forms(case, lang).items():
        assert plain(both) in shown, form
    # The page has it above the title, too.
    assert forms(case, lang)["html"].count(plain(both)) > forms(case, lang)["markdown"].count(plain(both))


def test_a_finding_on_two_clocks_begins_and_ends_by_that_of_its_beginning() -> None:
    (loop,) = [one for one in analysed("reboot-loop", 95.0).findings if one.rule == "reboot-loop"]
    (plain_loop,) = [one for one in analysed("reboot-loop").findings if one.rule == "reboot-loop"]
    assert len(loop.servers) == 2
    assert loop.end - loop.start == loop.case_end - loop.case_start
    assert (loop.case_start, loop.case_end) != (plain_loop.case_start, plain_loop.case_end)


def test_a_time_beside_another_has_its_date_where_that_differs() -> None:
    own = datetime(2026, 11, 24, 0, 0, 30, tzinfo=UTC)
    told = on_both_clocks(own, own - timedelta(seconds=95)).en
    assert told == "2026-11-24 00:00:30 (case clock 2026-11-23 23:58:55)"
    assert on_both_clocks(own, None).en == "2026-11-24 00:00:30"


def test_a_loop_has_both_clocks_in_its_headline() -> None:
    (incident,) = judge(analysed("reboot-loop", 95.0).model).incidents
    assert incident.when().en == "2026-11-24 06:00:38 (case clock 05:59:03) to 2026-11-24 06:03:45"


def test_without_another_clock_the_table_has_no_column_for_it() -> None:
    heading = text("report.col.corrected").en
    assert heading not in terminal.render(analysed("reboot-loop").model, width=100)
    assert heading in terminal.render(analysed("reboot-loop", 95.0).model, width=100)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_form_that_is_not_verified_is_marked_where_it_decides(make: Any, lang: Language) -> None:
    line = make.evidence("AC power failure", line=42)
    end = make.end(evidence=[line], trigger="ac-power-failure")
    make.finding("ups-not-told", [end])
    mark, warning = (text(key).within(lang) for key in ("report.form-unverified", "verdict.unverified"))

    def shown() -> list[str]:
        model = make.model()
        page = of_page(pages.render(model, make.timeline(), lang), lang)
        return [markdown.render(model, lang).replace("\\", ""), terminal.render(model, lang, width=1000), page]

    for certainty in ("verified", "inferred"):
        line.certainty = certainty
        assert not any(mark in one or warning in one for one in shown())
    line.certainty = "unverified"
    *texts, page = (re.sub(r"\s+", " ", one) for one in shown())
    assert all(f":42 {mark}" in one for one in texts)
    assert all(plain(warning) in plain(one) for one in (*texts, page))
    assert json.loads(make.model().model_dump_json())["findings"][0]["evidence"][0]["certainty"] == "unverified"


def test_an_end_that_is_undecided_rests_on_no_line(make: Any) -> None:
    line = make.evidence("something unknown")
    line.certainty = "unverified"
    make.end(evidence=[line], trigger="unknown")
    assert text("verdict.unverified").en not in markdown.render(make.model())
