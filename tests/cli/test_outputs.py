"""Outputs that cannot be written: what was there before stays, nothing half-written is left, and the remedy is told."""

from __future__ import annotations

import errno
import json
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


def test_a_device_or_a_pipe_is_written_to_and_stays_what_it_is(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE) as reader:
        assert run("analyze", SAMPLE, "--json", pipe, "-o", "/dev/null", "--quiet").returncode == 0
        received, _ = reader.communicate(timeout=30)
    assert json.loads(received)["schema"] == "acforensics/case/1"
    assert pipe.is_fifo()
    assert Path("/dev/null").is_char_device()


def test_a_device_without_room_is_told(tmp_path):
    done = run("analyze", SAMPLE, "--markdown", "/dev/full", "--quiet", cwd=tmp_path)
    assert done.returncode == 2
    assert "/dev/full: cannot be written (No space left on device): make room" in done.stderr
    assert Path("/dev/full").is_char_device()


def test_standard_output_by_its_name_is_not_replaced(tmp_path):
    # A file in its place would be lost with the process.
    with (tmp_path / "out").open("wb") as out:
        done = subprocess.run(
            [sys.executable, "-m", "acforensics", "analyze", SAMPLE, "--json", "/dev/stdout", "--quiet"],
            stdout=out, stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "out").read_text(encoding="utf-8"))["schema"] == "acforensics/case/1"
