"""The whole files that the pages show for a site: they are accepted, and do what the pages say."""

from __future__ import annotations

import json
import re
import shlex
from datetime import datetime
from pathlib import Path

import pytest

from samples.scenario import Machine
from tests.command_line import run

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def shown(page: str, begins: str) -> str:
    """The block of TOML that begins so."""
    (block,) = re.findall(
        rf"^```toml\n({re.escape(begins)}.*?)^```", (DOCS / page).read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    return block


def agent(log: Machine, text: str, *, wait: float) -> Machine:
    return log.log("upsguard", text, pid=812, wait=wait)


def stop(*, ac_lines: int = 0) -> Machine:
    log = Machine("svr031", datetime(2026, 11, 23, 9, 0, 0)).boot().wait(60).clp_stop("clpdown").wait(3600).boot()
    agent(log, "mains lost, on battery", wait=10)
    agent(log, "battery exhausted, shutting the host down", wait=600).wait(3)
    return log.os_stop("halt", cluster=False).cluster_stop(ac_lines=ac_lines).wait(3600).boot()


def folder(place: Path, name: str, content: str) -> Path:
    place.mkdir()
    (place / name).write_text(content, encoding="utf-8")
    return place


@pytest.fixture(params=["", ".ja"])
def own(request, tmp_path):
    """Both files of one language, as a site would keep them."""
    definitions = shown(f"definitions{request.param}.md", 'name = "site-upsguard"')
    sequence = shown(f"sequences{request.param}.md", 'id = "upsguard-stop"')
    return folder(tmp_path / "parsers", "upsguard.toml", definitions), folder(
        tmp_path / "sequences", "upsguard.toml", sequence
    )


def analysed(log: Machine, own: tuple[Path, Path], place: Path) -> dict:
    done = run(
        "analyze", log.write(place), "--parsers", own[0], "--sequences", own[1], "--tz", "Asia/Tokyo", "--json", "-"
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_agents_definitions_hold(own):
    checked = run("parsers", "check", own[0])
    assert checked.returncode == 0, checked.stderr


def test_the_agents_decision_ends_the_server(own, tmp_path):
    end = analysed(stop(), own, tmp_path / "case")["shutdowns"][-1]
    assert (end["trigger"], end["confidence"]) == ("ups-agent", "certain")


@pytest.mark.parametrize(("drill", "confidence"), [(False, "likely"), (True, "possible")])
def test_a_battery_in_a_drill_is_no_outage(own, tmp_path, drill, confidence):
    log = Machine("svr031", datetime(2026, 11, 23, 9, 0, 0)).boot().wait(3600)
    if drill:
        agent(log, "drill: mains test begins", wait=1)
    agent(log, "mains lost, on battery", wait=10).wait(900).boot(recovered=True)
    end = analysed(log, own, tmp_path / "case")["shutdowns"][-1]
    assert (end["trigger"], end["confidence"]) == ("power-loss", confidence)


@pytest.mark.parametrize(("ac_lines", "verdict", "status"), [(0, "deviates", "missing"), (2, "conforms", "observed")])
def test_the_sequence_finds_what_is_missing(own, tmp_path, ac_lines, verdict, status):
    case = analysed(stop(ac_lines=ac_lines), own, tmp_path / "case")
    (judged,) = [one for one in case["sequences"] if one["id"] == "upsguard-stop"]
    assert judged["verdict"] == verdict
    assert {step["step"]: step["status"] for step in judged["steps"]}["ac-exec"] == status


@pytest.mark.parametrize("page", ["automation.md", "automation.ja.md"])
@pytest.mark.parametrize(("since", "status"), [("2026-11-24 09:00", 1), ("2026-11-25 08:55:10", 0)])
def test_only_what_is_new_raises_the_alarm(page, tmp_path, since, status):
    found = re.findall(r"^acforensics (analyze .*\\\n.*?) \|\|", (DOCS / page).read_text("utf-8"), re.MULTILINE)
    (words,) = [shlex.split(one.replace("$(date -d yesterday '+%F %T')", since)) for one in found]
    words = [
        ROOT / "samples" / "os-command" / "bundle" if word == "/var/log" else word for word in words if word != "\n"
    ]
    assert run(*words, "--tz", "Asia/Tokyo", cwd=tmp_path).returncode == status


def test_the_guides_first_test_of_a_rule_passes(machine, case):
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^ +```python\n(.*?)^ +```", guide, re.MULTILINE | re.DOTALL)
    names: dict = {}
    exec(compile(re.sub(r"^   ", "", code, flags=re.MULTILINE), "CONTRIBUTING.md", "exec"), names)
    names["test_a_halt_past_the_cluster_is_told"](machine, case)
