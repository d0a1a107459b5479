"""`--since` and `--until`: all is judged, and what touches that time is shown."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

import acforensics
from samples import build
from samples.scenario import Machine
from tests.command_line import run

SAMPLE = Path(build.__file__).parent / "os-command" / "bundle"
"""Both servers halt in order on the 23rd; svr031 is shut down by an OS command on the 24th."""


def analysed(**period: str) -> acforensics.Case:
    return acforensics.analyze([SAMPLE], tz="Asia/Tokyo", **period)  # type: ignore[arg-type]


def test_what_is_shown_is_judged_as_if_nothing_had_been_left_out() -> None:
    whole, late = analysed(), analysed(since="2026-11-24 12:00")
    assert [end.server for end in whole.shutdowns] == ["svr031", "svr047", "svr031"]
    # Without the stop of the day before nobody could tell that this server's logs would show the AC command.
    assert late.shutdowns == whole.shutdowns[2:]
    assert late.shutdowns[0].ups_told == "no"
    assert late.findings == [one for one in whole.findings if whole.shutdowns[2].id in one.related]
    assert [one.id for one in late.boots] == [one.id for one in whole.boots if one.end is None or one.end.day == 24]
    assert len(late.timeline) < len(whole.timeline)
    (incident,) = late.model.incidents
    assert [late.findings[place].rule for place in incident.findings] == ["os-command-shutdown", "ups-not-told"]


def test_an_incident_that_touches_the_period_is_shown_whole() -> None:
    early = analysed(until="2026-11-23 22:00:30")
    assert [end.server for end in early.shutdowns] == ["svr031", "svr047"]
    assert early.findings == []
    between = analysed(since="2026-11-24 18:30:20", until="2026-11-24 18:30:20")
    assert [end.time.minute for end in between.shutdowns] == [30]


def test_a_loop_is_shown_whole_with_all_its_findings() -> None:
    bundle = Path(build.__file__).parent / "reboot-loop" / "bundle.tar.gz"
    whole = acforensics.analyze([bundle], tz="Asia/Tokyo")
    part = acforensics.analyze([bundle], tz="Asia/Tokyo", since="2026-11-24 06:02", until="2026-11-24 06:02:10")
    assert [end.id for end in part.shutdowns] == [end.id for end in whole.shutdowns]
    assert [one.rule for one in part.findings if one.severity != "info"] == [
        one.rule for one in whole.findings if one.severity != "info"
    ]
    for incident in part.model.incidents:
        for place in incident.findings:
            assert set(part.findings[place].related) <= {end.id for end in part.shutdowns}
    assert "<html" in part.to_html()


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_a_period_without_a_record_is_not_taken_for_good_news(tmp_path: Path, lang: str) -> None:
    done = run("analyze", SAMPLE, "--tz", "Asia/Tokyo", "--since", "2027-01-01", "--lang", lang, cwd=tmp_path)
    assert done.returncode == 3
    assert "2027-01-01" in done.stderr
    assert "2026-11-25" in done.stderr
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_every_form_says_that_only_a_part_is_shown(tmp_path: Path) -> None:
    done = run(
        "analyze",
        SAMPLE,
        "--tz",
        "Asia/Tokyo",
        "--since",
        "2026-11-24",
        "--markdown",
        "c.md",
        "-o",
        "c.html",
        cwd=tmp_path,
    )
    assert done.returncode == 0
    for said in (done.stdout, *(path.read_text(encoding="utf-8") for path in tmp_path.iterdir())):
        assert "All was judged" in said
    assert "All was judged" not in run("analyze", SAMPLE, "--tz", "Asia/Tokyo", cwd=tmp_path).stdout


def test_only_what_is_shown_decides_the_status(tmp_path: Path) -> None:
    log = Machine("svr031", datetime(2026, 11, 24, 9, 0, 0)).boot().wait(60).sudo("ope1", "/sbin/reboot").wait(1)
    log.os_stop("reboot").wait(60).boot().wait(90_000).log("app", "x").write(tmp_path)
    analyze = ["analyze", tmp_path, "--fail-on", "warning", "-o", tmp_path / "r.html"]
    assert run(*analyze).returncode == 1
    assert run(*analyze, "--since", "2026-11-25").returncode == 0


def test_wrong_times_are_told_before_anything_is_read(tmp_path: Path) -> None:
    done = run("analyze", tmp_path, "--since", "2026-11-24", "--until", "2026-11-23")
    assert done.returncode == 2
    assert "before --since" in done.stderr
