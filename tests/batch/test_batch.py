"""`acforensics batch` on this machine: every case has its outcome, whatever becomes of the others."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from acforensics.batch import Options, run
from acforensics.batch.pool import LocalWorkers, run_all
from acforensics.batch.work import Outcome, Task
from acforensics.errors import InputError, UsageError
from acforensics.texts import Text
from tests.batch.conftest import ARGUMENTS, outputs
from tests.batch.dying import die_on_bad
from tests.command_line import run as command


def test_each_case_has_its_results(done):
    result, out = done
    assert (result.fleet.total, result.fleet.statuses["analysed"], result.fleet.statuses["failed"]) == (6, 4, 2)
    assert result.fleet.skipped == ["README.txt"]
    for name in ("typed", "again", "quiet 停電", "packed.tar.gz"):
        case = json.loads((out / name / "case.json").read_text(encoding="utf-8"))
        assert case["schema"] == "acforensics/case/1"
        # Paths begin with the case, wherever the cases lie.
        assert all(one["path"].startswith(name) for one in case["inputs"])
        assert (out / name / "report.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert not (out / "README.txt").exists()
    for name in ("empty", "torn.tar.gz"):
        assert [path.name for path in (out / name).iterdir()] == ["batch.json"]


def test_reports_share_plotly(done):
    _, out = done
    (shared,) = (out / "assets").iterdir()
    page = (out / "typed" / "report.html").read_text(encoding="utf-8")
    assert f'src="../assets/{shared.name}"' in page
    assert len(page) < 500_000


def test_the_number_of_workers_changes_no_byte(cases, done, tmp_path):
    run(Options(str(cases), str(tmp_path), jobs=1, arguments=ARGUMENTS))
    assert outputs(tmp_path) == outputs(done[1])


def test_the_command_says_what_failed_and_exits_with_3(cases, tmp_path):
    found = command("batch", cases, "-o", tmp_path / "out", "--tz", "Asia/Tokyo", "--jobs", "2")
    assert found.returncode == 3
    assert "6 cases: 3 critical, 0 warning, 0 information only, 1 without a finding; 2 could not" in found.stdout
    assert "README.txt" in found.stderr
    index = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert "torn.tar.gz" in index
    assert "nothing recognised" in index
    # Also in Japanese.
    assert "認識できる記録がありません" in index


def test_errors_are_told_in_the_language_asked_for(tmp_path):
    (tmp_path / "nothing").mkdir()
    for command_line in (["batch", "nothing", "-o", "out"], ["analyze", "nothing"], ["audit", "nothing"]):
        found = command(*command_line, "--lang", "ja", cwd=tmp_path)
        assert found.returncode == 3
        assert re.search("[ぁ-ん]", found.stderr), found.stderr


def test_without_failures_the_status_is_that_of_the_findings(cases, tmp_path, here):
    root = tmp_path / "root"
    shutil.copytree(cases / "typed", root / "typed")
    assert command("batch", root, "-o", tmp_path / "out", "--quiet").returncode == 0
    assert command("batch", root, "-o", tmp_path / "out", "--resume", "--fail-on", "warning").returncode == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["missing", "-o", "out"], "cannot be listed"),
        (["nothing", "-o", "out"], "no folder and no archive"),
        (["nothing", "-o", "nothing"], "another folder"),
        (["nothing", "-o", "nothing/one/out"], "within the case one; give another folder"),
        (["nothing", "-o", "out", "--tz", "Mars/Olympus"], "Mars/Olympus"),
        (["nothing", "-o", "out", "--jobs", "2", "--scheduler", "tcp://127.0.0.1:1"], "--jobs"),
        (["nothing/one", "-o", "/dev/null/x"], "cannot be made"),
    ],
)
def test_wrong_usage_is_told_at_once(tmp_path, arguments, said):
    (tmp_path / "nothing" / ".hidden").mkdir(parents=True)
    if any(one.startswith("nothing/one") for one in arguments):
        (tmp_path / "nothing" / "one" / "case").mkdir(parents=True)
    found = command("batch", *arguments, cwd=tmp_path)
    assert found.returncode in (2, 3)
    assert said in found.stderr


def test_options_of_an_analysis_reach_each_case(cases, tmp_path, here):
    root = tmp_path / "root"
    for name in ("typed", "again"):
        shutil.copytree(cases / name, root / name)
    found = command(
        "batch", root, "-o", tmp_path / "out", "--tz", "UTC", "--clock", "svr999=5", "--lang", "ja", "--quiet"
    )
    assert found.returncode == 0
    case = json.loads((tmp_path / "out" / "typed" / "case.json").read_text(encoding="utf-8"))
    assert case["timezone"] == "UTC"
    assert "OS コマンド" in case["findings"][0]["title"]


def test_redacted_cases_have_numbers_and_no_names(cases, tmp_path, here):
    root = tmp_path / "root"
    shutil.copytree(cases / "typed", root / "svr031-of-example.co.jp")
    assert command("batch", root, "-o", tmp_path / "out", "--redact").returncode == 0
    found = outputs(tmp_path / "out")
    assert any(name.startswith("case-000001/") for name in found)
    assert not any(secret in content for content in found.values() for secret in (b"svr031", b"ope1", b"example.co.jp"))


# --- resume


@pytest.fixture
def finished(cases, tmp_path, here):
    root, out = tmp_path / "root", tmp_path / "out"
    for name in ("typed", "again"):
        shutil.copytree(cases / name, root / name)
    run(Options(str(root), str(out), jobs=1, arguments=ARGUMENTS))
    return root, out


def resumed(root: Path, out: Path, **changed) -> int:
    options = {"arguments": ARGUMENTS, "jobs": 1, "resume": True} | changed
    return run(Options(str(root), str(out), **options)).reused


def test_unchanged_cases_are_not_analysed_again(finished):
    root, out = finished
    before = outputs(out)
    assert resumed(root, out) == 2
    assert outputs(out) == before
    assert resumed(root, out, resume=False) == 0


@pytest.mark.parametrize("change", ["content", "time", "report", "record", "half a record", "options", "language"])
def test_changed_cases_are(finished, change):
    root, out = finished
    log = sorted(path for path in (root / "typed").rglob("*") if path.is_file())[0]
    options: dict[str, object] = {}
    if change == "content":
        log.write_bytes(log.read_bytes() + b"\n")
    elif change == "time":
        os.utime(log, (1_000_000_000, 1_000_000_000))
    elif change == "report":
        (out / "typed" / "report.html").write_text("half of")
    elif change == "record":
        (out / "typed" / "batch.json").unlink()
    elif change == "half a record":
        record = out / "typed" / "batch.json"
        record.write_bytes(record.read_bytes()[:-40])
    elif change == "options":
        options = {"arguments": {"tz": "UTC"}}
    else:
        options = {"lang": "ja"}
    assert resumed(root, out, **options) == (0 if options else 1)
    assert (out / "typed" / "report.html").stat().st_size > 100_000


def test_a_failed_case_is_tried_again_and_leaves_no_old_report(finished):
    root, out = finished
    shutil.rmtree(root / "typed")
    (root / "typed").mkdir()
    assert resumed(root, out) == 1
    assert [path.name for path in (out / "typed").iterdir()] == ["batch.json"]
    assert resumed(root, out) == 1


def test_definitions_are_a_part_of_what_results_depend_on(finished, tmp_path):
    root, out = finished
    own = tmp_path / "own"
    own.mkdir()
    text = 'name = "site"\ntitle = { en = "x", ja = "x" }\ndescription = "Ours."\nbystanders = ["foo"]\n'
    (own / "site.toml").write_text(text)
    arguments = ARGUMENTS | {"parsers": [str(own)]}
    assert resumed(root, out, arguments=arguments) == 0
    assert resumed(root, out, arguments=arguments) == 2
    (own / "site.toml").write_text(text.replace("foo", "bar"))
    assert resumed(root, out, arguments=arguments) == 0


# --- faults


def task(name: str) -> Task:
    return Task(name, name, ".", ".", {}, "en", "x", "")


def test_a_killed_worker_takes_one_case_with_it():
    names = ["a", "bad 1", "b", "raising", "bad 2", "c"]

    def died(task: Task, error: Text) -> Outcome:
        return Outcome(task.name, "failed", {"error": error.en})

    found = {one.name: one for one in run_all(map(task, names), LocalWorkers(2), died, die_on_bad)}
    assert sorted(found) == sorted(names)
    assert {name for name, one in found.items() if one.status == "failed"} == {"bad 1", "bad 2", "raising"}
    assert "killed" in found["bad 1"].row["error"]
    assert "OSError" in found["raising"].row["error"]


def records(out: Path) -> list[Path]:
    """What says that a case is finished."""
    folders = list(out.iterdir()) if out.exists() else []
    return [record for folder in folders if (record := folder / "batch.json").exists()]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_batch_goes_on_where_it_was(cases, tmp_path, here, number):
    root, out = tmp_path / "root", tmp_path / "out"
    for copy in range(8):
        shutil.copytree(cases / "typed", root / f"typed {copy}")
    program = [sys.executable, "-m", "acforensics", "batch", str(root), "-o", str(out), "--jobs", "2"]
    with subprocess.Popen(program, stderr=subprocess.PIPE, start_new_session=True) as process:
        until = time.monotonic() + 60
        while not records(out) and time.monotonic() < until:
            time.sleep(0.02)
        process.send_signal(number)
        process.wait(30)
        said = process.stderr.read().decode() if process.stderr is not None else ""
    if number == signal.SIGINT:
        assert process.returncode == 130
        assert "--resume" in said
        assert "not finished" in (out / "index.html").read_text(encoding="utf-8")
    finished = records(out)
    assert 0 < len(finished) < 8
    for record in finished:
        assert json.loads(record.read_text(encoding="utf-8"))["row"]["status"] == "analysed"
    # Its workers have ended, too: nothing is written any more.
    time.sleep(3)
    going_on = command("batch", root, "-o", out, "--jobs", "2", "--resume")
    reused = int(going_on.stdout.split(" of them unchanged")[0].split()[-1])
    assert len(finished) <= reused < 8
    assert len(records(out)) == 8


def test_a_full_disk_stops_the_batch_with_a_remedy(cases, tmp_path, monkeypatch):
    from acforensics.batch import storage

    def full(self, path, content):
        raise UsageError(f"{path}: cannot be written (No space left on device): make room on the disk")

    monkeypatch.setattr(storage.LocalStorage, "write", full)
    with pytest.raises(UsageError, match="make room"):
        run(Options(str(cases), str(tmp_path), jobs=1, arguments=ARGUMENTS))


def test_a_case_that_changes_while_it_is_read_is_not_trusted_later(cases, tmp_path, monkeypatch):
    from acforensics.batch import storage, work

    root, out = tmp_path / "root", tmp_path / "out"
    shutil.copytree(cases / "typed", root / "typed")
    contents = iter(["before", "after"])
    monkeypatch.setattr(storage.LocalStorage, "content", lambda self, name: next(contents))
    one = Task("typed", "typed", str(root), str(out), dict(ARGUMENTS), "en", "../assets/x.js", "")
    assert work.work(one).status == "analysed"
    assert json.loads((out / "typed" / "batch.json").read_text(encoding="utf-8"))["key"]["content"] == ""


def test_an_internal_error_is_an_outcome_that_quotes_nothing(cases, tmp_path, monkeypatch):
    import acforensics.analysis
    from acforensics.batch import work

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("AC_SECCODE=98765")

    monkeypatch.setattr(acforensics.analysis, "analyze", broken)
    found = work.work(Task("typed", "typed", str(cases), str(tmp_path), {}, "en", "x", ""))
    assert found.status == "failed"
    assert "RuntimeError" in found.row["error"]
    assert "98765" not in found.row["error"]


def test_a_folder_that_cannot_be_listed(tmp_path):
    with pytest.raises(InputError, match="cannot be listed"):
        run(Options(str(tmp_path / "none"), str(tmp_path / "out")))
