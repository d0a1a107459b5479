"""A folder of cases, and what a batch makes of it."""

from __future__ import annotations

import tarfile
from concurrent.futures import Executor, Future
from datetime import datetime
from pathlib import Path

import pytest

from acforensics.batch import Options, run
from samples.scenario import Machine

ARGUMENTS = {"tz": "Asia/Tokyo"}


def write_cases(root: Path) -> None:
    """Four cases that can be analysed, two that cannot, and a file that is none."""
    root.mkdir(parents=True, exist_ok=True)

    def machine(name: str, month: int = 11) -> Machine:
        return Machine(name, datetime(2026, month, 24, 9, 0, 0))

    typed = machine("svr031").boot().wait(60).sudo("ope1", "/sbin/reboot").wait(1).os_stop("reboot").wait(60).boot()
    typed.write(root / "typed")
    again = machine("svr031", 12).boot().wait(60).sudo("ope2", "/sbin/reboot").wait(1).os_stop("reboot").wait(60).boot()
    again.write(root / "again")
    quiet = machine("svr047").boot().wait(600)
    quiet.write(root / "quiet 停電")
    packed = root / "packed"
    machine("svr063").boot().wait(600).boot(recovered=True).write(packed)
    with tarfile.open(root / "packed.tar.gz", "w:gz") as archive:
        archive.add(packed, "packed")
    for path in sorted(packed.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    packed.rmdir()
    (root / "torn.tar.gz").write_bytes((root / "packed.tar.gz").read_bytes()[:30])
    (root / "empty").mkdir()
    (root / "README.txt").write_text("not a case\n")


def outputs(folder: Path) -> dict[str, bytes]:
    """Every file of a batch's output but Plotly's script."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.parent.name != "assets"
    }


class Here(Executor):
    """Runs a case at once, in this process: what is not about processes needs none."""

    def submit(self, job, task):  # type: ignore[override]
        done: Future = Future()
        done.set_result(job(task))
        return done


class HereWorkers:
    def __init__(self, jobs: int) -> None:
        self.jobs = jobs

    def executor(self, alone: bool = False) -> Executor:
        return Here()

    def room(self) -> int:
        return 1

    def leave(self, executor: Executor, *, finished: bool) -> None:
        pass


@pytest.fixture
def here(monkeypatch):
    """Batches run in this process."""
    monkeypatch.setattr("acforensics.batch.running.LocalWorkers", HereWorkers)


@pytest.fixture(scope="session")
def cases(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("batch") / "cases"
    write_cases(root)
    return root


@pytest.fixture(scope="session")
def done(cases, tmp_path_factory):
    """The result of a batch on two processes, and its output."""
    out = tmp_path_factory.mktemp("done") / "out"
    return run(Options(str(cases), str(out), jobs=2, arguments=ARGUMENTS)), out
