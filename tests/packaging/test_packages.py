"""The wheel and the sdist: built twice to the same bytes, whole, of one package, and at work outside of any checkout."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = (
    "acforensics", "parsers", "sequences", "reports", "samples", "docs", "pyproject.toml", "README.md", "LICENSE",
    "THIRD-PARTY-NOTICES.md", "tests/packaging",
)  # fmt: skip
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", "*.new")


def build(checkout: Path, out: Path) -> list[Path]:
    """Both packages of a copy of this checkout."""
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, checkout / name, ignore=LEFT_OUT)
        else:
            shutil.copy(source, checkout / name)
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", out, checkout]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"TZ": "Asia/Tokyo"})
    assert done.returncode == 0, done.stderr
    return sorted(out.iterdir())


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("packages")
    sdist, wheel = sorted(build(folder / "checkout", folder / "out"), key=lambda path: path.suffix)
    return sdist, wheel


def test_they_are_built_to_the_same_bytes(packages: tuple[Path, Path], tmp_path: Path) -> None:
    again = sorted(build(tmp_path / "elsewhere" / "checkout", tmp_path / "out"), key=lambda path: path.suffix)
    digests = [[hashlib.sha256(path.read_bytes()).hexdigest() for path in both] for both in (packages, again)]
    assert digests[0] == digests[1]


def test_the_wheel_is_one_package_with_its_knowledge(packages: tuple[Path, Path]) -> None:
    names = zipfile.ZipFile(packages[1]).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"acforensics"}
    of_checkout = {
        f"acforensics/{path.relative_to(ROOT)}"
        for folder in ("parsers", "sequences", "reports")
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
    }
    assert of_checkout <= set(names)
    assert {"acforensics/py.typed", "acforensics/case.schema.json"} <= set(names)
    assert {Path(name).name for name in names if "/licenses/" in name} == {"LICENSE", "THIRD-PARTY-NOTICES.md"}
    assert not [name for name in names if "__pycache__" in name or "/tests/" in name]


def test_the_sdist_has_tests_and_samples(packages: tuple[Path, Path]) -> None:
    with tarfile.open(packages[0]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "samples/build.py", "tests/packaging/test_packages.py"} <= names


def test_the_wheel_works_outside_of_a_checkout(packages: tuple[Path, Path], tmp_path: Path) -> None:
    zipfile.ZipFile(packages[1]).extractall(tmp_path / "site")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path / "site"), "COLUMNS": "80"}
    (tmp_path / "empty").mkdir()
    where = subprocess.run(
        [sys.executable, "-c", "import acforensics; print(acforensics.__file__)"],
        cwd=tmp_path / "empty", env=environment, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert where.startswith(str(tmp_path / "site"))
    for arguments in (["parsers", "check"], ["demo"], ["explain", "reboot-loop"]):
        done = subprocess.run(
            [sys.executable, "-m", "acforensics", *arguments],
            cwd=tmp_path / "empty", env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "empty" / "acforensics-report.html").stat().st_size > 1_000_000


def test_the_shell_completes_commands() -> None:
    environment = {
        **os.environ,
        "_ACFORENSICS_COMPLETE": "complete_bash",
        "COMP_WORDS": "acforensics ana",
        "COMP_CWORD": "1",
    }
    script = "import sys; sys.argv[0] = 'acforensics'; from acforensics.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["analyze"], done.stderr
