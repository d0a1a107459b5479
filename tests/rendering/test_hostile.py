"""A hostile bundle through the command: in every output what it says is text, and steers and runs nothing."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from tests.command_line import run

MARKUP = "\"'><img src=x onerror=alert(1)></script><script>alert(2)</script>[x](http://evil.example)`{{ 7*7 }}|"
STEERING = "\x1b[31mred\x1b[2J\x07\u202eevil\u2066\u200b\u2028"
SHOWN = r"\x1b[31mred\x1b[2J\x07\u202eevil\u2066\u200b\u2028"
FORMULAS = ("=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "＝1")
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_SCRIPTS = re.compile(r"<script>.*?</script>", re.DOTALL)
_STARTED = "kernel: Linux version 5.14.0-427.el9.x86_64 (mockbuild@x86) #1 SMP"


def _lines() -> str:
    said = [
        _STARTED,
        *(f"agent{number}[7]: {formula}{MARKUP}" for number, formula in enumerate(FORMULAS)),
        f"sudo[900]: ope1 : TTY=pts/0 ; PWD=/{MARKUP}{STEERING} ; USER=root ; COMMAND=/usr/sbin/shutdown -h now",
        "systemd-logind[700]: The system will power off now!",
        "clusterpro: <type: pm><event: 2> Shutting down the cluster daemon...",
        f"clusterpro: <type: rc><event: 20> Stopping group AC_{MARKUP} has started.",
        f"clusterpro: <type: rc><event: 21> Stopping group AC_{MARKUP} has completed.",
        f"agent[5]: {MARKUP}{STEERING}",
        "systemd-logind[700]: System is powering down.",
        f"=1+1[5]: {MARKUP}",
    ]
    stopped = "".join(f"Nov 24 12:00:{second:02d} svr031 {line}\n" for second, line in enumerate(said))
    return f"{stopped}Nov 24 12:30:00 svr031 {_STARTED}\n"


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("hostile")
    logs = folder / "=1<img src=x>" / "svr031"
    logs.mkdir(parents=True)
    # Line separators of Unicode are characters of a line.
    (logs / "messages").write_bytes(_lines().encode())
    found = {suffix: folder / f"out.{suffix}" for suffix in ("html", "json", "md", "csv", "jsonl")}
    common = ("analyze", logs.parent, "--tz", "Asia/Tokyo", "--year", "2026")
    done = run(
        *common, "-o", found["html"], "--json", found["json"], "--markdown", found["md"], "--timeline", found["csv"]
    )
    assert done.returncode == 0, done.stderr
    assert run(*common, "--quiet", "--timeline", found["jsonl"]).returncode == 0
    with (found["csv"]).open(encoding="utf-8", newline="") as opened:
        text = {"csv": opened.read()}
    text |= {suffix: path.read_text(encoding="utf-8") for suffix, path in found.items() if suffix != "csv"}
    return {**text, "terminal": done.stdout, "complaints": done.stderr}


@pytest.mark.parametrize("form", ["html", "json", "md", "csv", "jsonl", "terminal", "complaints"])
def test_no_form_has_a_character_that_hides_or_steers(outputs: dict[str, str], form: str) -> None:
    # Plotly's own code has some.
    written = _SCRIPTS.sub("", outputs[form]).replace("\r\n", "\n")
    assert _HIDDEN.findall(written) == []


@pytest.mark.parametrize("form", ["html", "md", "csv", "terminal"])
def test_they_are_written_out_for_readers(outputs: dict[str, str], form: str) -> None:
    told = re.sub(r"\n\s*", "", outputs[form]).replace(" ", "")
    assert SHOWN in told


def test_the_page_has_no_element_of_a_log(outputs: dict[str, str]) -> None:
    page = _SCRIPTS.sub("", outputs["html"])
    assert "<img" not in page
    assert "<script>alert" not in outputs["html"]
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert page.count("<script") == 1
    drawings = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert drawings
    assert all(set(re.findall("<([a-zA-Z]+)", one)) <= {"svg", "defs", "marker", "path", "rect", "text", "circle", "tspan", "g"}
               for one in drawings)  # fmt: skip


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_what_a_program_reads_is_what_the_log_says(outputs: dict[str, str], form: str) -> None:
    said: list[str] = []

    def gather(value: Any) -> None:
        if isinstance(value, str):
            said.append(value)
        elif isinstance(value, dict):
            gather(list(value.values()))
        elif isinstance(value, list):
            for one in value:
                gather(one)

    for line in [outputs["json"]] if form == "json" else outputs["jsonl"].splitlines():
        gather(json.loads(line))
    assert any(MARKUP + STEERING in one for one in said)


def test_no_cell_is_a_formula(outputs: dict[str, str]) -> None:
    rows = list(csv.reader(io.StringIO(outputs["csv"], newline="")))
    assert len({len(row) for row in rows}) == 1
    cells = [cell for row in rows for cell in row]
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r")]
    for formula in FORMULAS:
        assert any(cell.startswith(f"'{formula}") for cell in cells), formula


def test_a_ticket_shows_text_only(outputs: dict[str, str]) -> None:
    parsed = MarkdownIt("gfm-like").parse(outputs["md"])
    kinds = {token.type for outer in parsed for token in (outer, *(outer.children or ()))}
    assert kinds.isdisjoint({"link_open", "image", "html_inline", "html_block"})
    assert len(outputs["md"]) <= 10_000


def test_the_hostile_bundle_is_judged(outputs: dict[str, str]) -> None:
    ends = json.loads(outputs["json"])["shutdowns"]
    assert [(end["trigger"], end["actor"]) for end in ends] == [("os-command", "ope1")]
    assert Path(json.loads(outputs["json"])["inputs"][0]["path"]).name == "messages"
