"""What the pages show is run: sessions with their output, commands, scripts, units."""

from __future__ import annotations

import configparser
import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import duckdb
import pandas as pd
import pytest
import yaml

from tests.command_line import run

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
UNITS = DOCS / "examples" / "systemd"


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with all that the commands of the documents name: bundles of two servers, definitions, the samples."""
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    for server in ("svr031", "svr047"):
        with tarfile.open(tmp_path / f"{server}-log.tar.gz", "w:gz") as archive:
            archive.add(ROOT / "samples" / "os-command" / "bundle" / server, arcname=server)
    shutil.copytree(ROOT / "samples" / "os-command" / "bundle", tmp_path / "BUNDLE")
    shutil.copytree(ROOT / "samples" / "os-command" / "bundle", tmp_path / "mnt" / "cases" / "one")
    shutil.copytree(ROOT / "samples" / "os-command" / "bundle", tmp_path / "mnt" / "case4711")
    shutil.copytree(ROOT / "samples" / "os-command" / "bundle" / "svr031" / "var", tmp_path / "var")
    for kind in ("parsers", "sequences"):
        (tmp_path / "etc" / "acforensics" / kind).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


# --- sessions: a command and what it prints


def _sessions() -> list[tuple[str, str, str]]:
    found = []
    for page in sorted(DOCS.glob("*.md")):
        for block in re.findall(r"^```console\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
            for one in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
                command, _, output = one.partition("\n")
                found.append((page.name, command, output))
    return found


def _as_pattern(output: str) -> str:
    """`...` alone on a line stands for any lines."""
    return "".join(r"(?s:.*?)" if line == "...\n" else re.escape(line) for line in output.splitlines(keepends=True))


@pytest.mark.parametrize(("page", "command", "output"), _sessions())
def test_sessions_print_what_the_page_shows(page, command, output, place):
    words = shlex.split(command)
    if words[0] == "acforensics":
        done = run(*words[1:])
        printed = done.stdout
        assert (done.returncode, done.stderr) == (0, "")
    else:
        printed = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert re.fullmatch(_as_pattern(output), printed), printed


def test_sessions_are_found():
    assert {page for page, _, _ in _sessions()} >= {"first-incident.md", "first-incident.ja.md"}


# --- commands alone: they are understood, and do what can be done here


NOT_RUN = re.compile(
    r"\[|…|--scheduler|--resume|s3://|COMMAND|TRIGGER|RULE|SEQUENCE|ROOT|acforensics (batch|audit|demo)\b"
)
"""Shapes instead of commands, and what other tests run."""


def _commands() -> list[str]:
    found = set()
    for page in [*DOCS.glob("*.md"), ROOT / "README.md", ROOT / "README.ja.md"]:
        for block in re.findall(r"^```(?:sh)?\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
            for line in block.replace("\\\n ", "").splitlines():
                command = re.split(r" +# | \|\|? ?", line)[0].strip()
                if command.startswith("acforensics ") and not NOT_RUN.search(command):
                    found.add(command)
    return sorted(found)


@pytest.mark.parametrize("command", _commands())
def test_commands_are_right(command, place):
    command = re.sub(r"\$\(date [^)]*\)", "2026-11-24 12:00", command)
    words = [re.sub(r"^/(mnt|etc|tmp|var)\b", rf"{place}/\1", word) for word in shlex.split(command)[1:]]
    (place / "tmp").mkdir()
    done = run(*words)
    assert done.returncode in (0, 1), done.stderr
    assert "Traceback" not in done.stderr


def test_commands_are_found():
    assert len(_commands()) >= 15


def _inline_options() -> set[str]:
    pages = [*DOCS.glob("*.md"), ROOT / "README.md", ROOT / "README.ja.md"]
    return {
        option
        for page in pages
        for code in re.findall(r"`(acforensics [^`]*|--[a-z][^`]*)`", page.read_text(encoding="utf-8"))
        for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", code)
    }


OF_OTHERS = {"--list-boots", "--file", "--nthreads", "--hostfile", "--nworkers"}
"""journalctl's and Dask's."""


def test_options_that_the_pages_name_are_there():
    import parts
    import typer

    from acforensics.cli import app

    root = typer.main.get_command(app)
    there = {name for _, command in parts.walk(root, []) for option in command.params for name in option.opts}
    there |= {"--help", "--version", "--install-completion"}
    assert _inline_options() - OF_OTHERS <= there


# --- Python and SQL


@pytest.mark.parametrize("page", ["python.md", "python.ja.md"])
def test_python_of_the_page_runs(page, place, capsys):
    (code,) = re.findall(r"^```python\n(.*?)^```", (DOCS / page).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    exec(compile(code, page, "exec"), {})
    assert "os-command certain ope1" in capsys.readouterr().out


@pytest.fixture(scope="module")
def timeline(tmp_path_factory):
    folder = tmp_path_factory.mktemp("timeline")
    bundle = ROOT / "samples" / "os-command" / "bundle"
    for ending in ("parquet", "csv", "jsonl"):
        done = run("analyze", bundle, "--tz", "Asia/Tokyo", "-q", "--timeline", folder / f"case.{ending}")
        assert done.returncode == 0
    return folder


@pytest.mark.parametrize("page", ["timeline.md", "timeline.ja.md", "json.md", "json.ja.md"])
def test_queries_of_the_timeline_answer(page, timeline, monkeypatch):
    monkeypatch.chdir(timeline)
    text = (DOCS / page).read_text(encoding="utf-8")
    for block in re.findall(r"^```sql\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for query in filter(str.strip, re.sub(r"^--.*$", "", block, flags=re.MULTILINE).split(";")):
            assert duckdb.sql(query).fetchall(), query
    codes = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert codes
    for code in codes:
        exec(compile(code, page, "exec"), {})


def test_what_timesketch_requires_is_there(timeline):
    """Its importer wants these three columns, and in `datetime` a time that can be parsed, with its zone."""
    for frame in (
        pd.read_csv(timeline / "case.csv"),
        pd.read_json(timeline / "case.jsonl", lines=True, dtype=False),
    ):
        assert {"message", "datetime", "timestamp_desc"} <= set(frame.columns)
        assert not frame[["message", "datetime", "timestamp_desc"]].isna().any(axis=None)
        assert str(pd.to_datetime(frame["datetime"], format="ISO8601").dt.tz) == "UTC"


@pytest.mark.parametrize("page", ["json.md", "json.ja.md"])
def test_columns_of_the_timeline_are_told(page, timeline):
    section = (DOCS / page).read_text(encoding="utf-8").split("\n## ")[2]
    told = [name for row in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)]
    frame = pd.read_parquet(timeline / "case.parquet")
    assert told == [frame.index.name, *frame.columns]


@pytest.mark.parametrize("page", ["json.md", "json.ja.md"])
def test_parts_of_the_json_are_told(page):
    from acforensics.case import CaseModel

    section = (DOCS / page).read_text(encoding="utf-8").split("\n## ")[1]
    told = set(re.findall(r"^\| `(\w+)", section, re.MULTILINE))
    assert set(CaseModel.model_fields) - {"schema_", "schema"} <= told


def test_the_notebook_runs(place):
    script = DOCS / "examples" / "timeline.py"
    assert script.read_text(encoding="utf-8").count("# %%") >= 6
    done = subprocess.run([sys.executable, "-W", "error", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "COMMAND=/usr/sbin/shutdown -h now" in done.stdout
    assert done.stdout.count("nobody on record") == 2


# --- a CI job and units


@pytest.fixture
def on_path(tmp_path, monkeypatch):
    """`acforensics` as a command."""
    program = tmp_path / "bin" / "acforensics"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m acforensics "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return program


def test_the_ci_job_fails_on_a_critical_finding(place, on_path):
    job = yaml.safe_load((DOCS / "examples" / "failover-drill.yml").read_text(encoding="utf-8"))["jobs"]["review"]
    steps = {step["name"]: step for step in job["steps"]}
    (place / "logs").mkdir()
    for archive in place.glob("*-log.tar.gz"):
        archive.rename(place / "logs" / archive.name)
    done = subprocess.run(["bash", "-e", "-c", steps["Analyse"]["run"]], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    summary = place / "step-summary"
    shown = {**os.environ, "GITHUB_STEP_SUMMARY": str(summary)}
    subprocess.run(["bash", "-e", "-c", steps["Show the summary"]["run"]], env=shown, check=True)
    assert "os-command-shutdown" in summary.read_text(encoding="utf-8")
    for kept in steps["Keep the report"]["with"]["path"].split():
        assert (place / kept).stat().st_size


def _unit(path: Path) -> configparser.ConfigParser:
    unit = configparser.ConfigParser(interpolation=None, strict=True)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(path.read_text(encoding="utf-8"))
    return unit


def test_the_units_are_right(place, on_path):
    for unit in UNITS.iterdir():
        content = unit.read_text(encoding="utf-8").replace("/usr/local/bin/acforensics", str(on_path))
        (place / unit.name).write_text(content, encoding="utf-8")
        assert "Description" in _unit(unit)["Unit"]
    if shutil.which("systemd-analyze"):
        units = [str(place / unit.name) for unit in UNITS.iterdir()]
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")


def test_the_service_analyses_what_is_new(place):
    service, watched = _unit(UNITS / "acforensics.service")["Service"], _unit(UNITS / "acforensics.path")["Path"]
    program, *words = shlex.split(service["ExecStart"])
    assert Path(program).name == "acforensics"
    incoming, out = place / "mnt" / "cases", place / "out"
    here = {watched["PathChanged"]: str(incoming), f"/var/lib/{service['StateDirectory']}": str(out)}
    assert set(here) <= set(words)
    words = [here.get(word, word) for word in [*words, "--jobs", "1"]]
    assert run(*words).returncode == 0
    done = (out / "one" / "case.json").stat().st_mtime_ns
    shutil.copytree(incoming / "one", incoming / "two")
    assert run(*words).returncode == 0
    assert (out / "two" / "report.html").exists()
    assert (out / "one" / "case.json").stat().st_mtime_ns == done
