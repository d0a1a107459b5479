"""The same input gives the same bytes, whatever the machine is like that reads it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from samples import build

SAMPLE = Path(build.__file__).parent / "power-failure" / "bundle"
OUTPUTS = ("case.html", "case.md", "case.json", "case.csv", "said")

MACHINES = {
    "of bytes, west of Greenwich": {
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "PYTHONIOENCODING": "utf-8",
        "TZ": "America/St_Johns",
        "PYTHONHASHSEED": "7",
    },
    "of another language, in a zone of its own": {
        "LC_ALL": "C.UTF-8",
        "LANG": "de_DE.UTF-8",
        "LANGUAGE": "ja",
        "TZ": "<-13>13:30",
        "PYTHONHASHSEED": "3",
    },
}


def outputs(folder: Path, bundle: Path, machine: dict[str, str]) -> dict[str, bytes]:
    """Every output of an analysis, in a process of its own that knows little else of this machine."""
    (folder / "logs").symlink_to(bundle)
    kept = {key: os.environ[key] for key in ("PATH", "PYTHONPATH", "HOME") if key in os.environ}
    environment = {**kept, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "90", **machine}
    done = subprocess.run(
        [sys.executable, "-m", "acforensics", "analyze", "logs", "-o", "case.html", "--markdown", "case.md",
         "--json", "case.json", "--timeline", "case.csv"],
        cwd=folder, env=environment, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    (folder / "said").write_bytes(done.stdout)
    return {name: (folder / name).read_bytes() for name in OUTPUTS}


def written_backwards(bundle: Path, copy: Path) -> Path:
    """A copy whose files were made in another order."""
    for source in sorted(bundle.rglob("*"), reverse=True):
        if source.is_file():
            target = copy / source.relative_to(bundle)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    return copy


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return outputs(tmp_path_factory.mktemp("usual"), SAMPLE, {})


@pytest.mark.parametrize("machine", list(MACHINES))
def test_on_another_machine(usual: dict[str, bytes], tmp_path: Path, machine: str) -> None:
    copy = written_backwards(SAMPLE, tmp_path / "copy")
    other = outputs(tmp_path, copy, MACHINES[machine])
    assert [name for name in OUTPUTS if usual[name] != other[name]] == []
