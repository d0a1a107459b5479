"""Outputs that cannot be written: what was there before stays, nothing half-written is left, and the remedy is told."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from acforensics.errors import UsageError
from acforensics.writing import replacing
from tests.command_line import run

SAMPLE = Path(__file__).parents[2] / "samples" / "os-command" / "bundle"


def small_files_only() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))


@pytest.mark.parametrize("option", ["-o", "--json", "--timeline"])
def test_a_file_that_may_not_grow_leaves_the_old_one(tmp_path, option):
    target = tmp_path / ("out.csv" if option == "--timeline" else "out")
    target.write_text("as before")
    limit = (
        (lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))) if option == "--timeline" else small_files_only
    )
    done = subprocess.run(
        [sys.executable, "-m", "acforensics", "analyze", SAMPLE, option, target, "--quiet"],
        capture_output=True, text=True, preexec_fn=limit, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert f"{target}: cannot be written" in done.stderr
    assert "unchanged" in done.stderr
    assert "Traceback" not in done.stderr
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(target.name, "as before")]


@pytest.mark.parametrize(
    ("number", "remedy"),
    [(errno.ENOSPC, "make room on the disk"), (errno.EROFS, "read-only"), (errno.EACCES, "you may not write there")],
)
def test_the_message_says_what_to_do(tmp_path, number, remedy):
    target = tmp_path / "report.html"
    with pytest.raises(UsageError, match=remedy), replacing(target) as temporary:
        temporary.write_text("half of it")
        raise OSError(number, os.strerror(number))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_none_is_told_before_anything_is_read(tmp_path):
    (tmp_path / "file").write_text("")
    done = run("analyze", SAMPLE, "-o", tmp_path / "file" / "report.html")
    assert done.returncode == 2
    assert "does not exist" in done.stderr


def test_an_interrupted_write_leaves_nothing_that_looks_whole(tmp_path):
    target = tmp_path / "report.html"
    target.write_text("as before")
    with pytest.raises(KeyboardInterrupt), replacing(target) as temporary:
        temporary.write_text("half of it")
        raise KeyboardInterrupt
    assert [path.read_text() for path in tmp_path.iterdir()] == ["as before"]
