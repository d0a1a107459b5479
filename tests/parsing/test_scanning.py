"""A scan in a process of its own gives what a scan here gives, whatever becomes of the process."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
from pathlib import Path
from typing import Any

import pytest

from acforensics.parsing import scanning
from acforensics.parsing.scanning import Beside, Scanned, compile_scan, scan

PATTERN = compile_scan(rb"(?:sshd|halt +now|\xe5\x81\x9c)")


def chunks(count: int = 40) -> list[bytes]:
    chance = random.Random(1)
    words = ["sshd", "halt  now", "停止", "nothing", "", "x" * 90]
    made = [
        "".join(f"Nov {chance.choice('12')} {chance.choice(words)}\n" for _ in range(chance.randrange(1, 400)))
        for _ in range(count)
    ]
    return [*(one.encode() for one in made), b"no end: sshd", b"\n", b"\n\nsshd\n\n"]


def through(beside: Beside, given: list[bytes]) -> list[tuple[bytes, Scanned]]:
    taken = [found for chunk in given if (found := beside.take(chunk)) is not None]
    while (found := beside.give()) is not None:
        taken.append(found)
    beside.close()
    return taken


def children() -> set[int]:
    """Processes of this one that scan."""
    found = set()
    for entry in Path("/proc").iterdir():
        try:
            status, command = (entry / "stat").read_text(), (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if b"scanning.py" in command and int(status.rpartition(")")[2].split()[1]) == os.getpid():
            found.add(int(entry.name))
    return found


@pytest.fixture
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    monkeypatch.setattr(multiprocessing, "parent_process", lambda: None)


def test_lines_candidates_and_beginnings() -> None:
    chunk = b"Nov  1 a\nNov  1 sshd one\nNov  2 sshd sshd\nlast halt now"
    found = scan(PATTERN, chunk)
    assert found.lines == 4
    assert [(chunk[start:end], before) for start, end, before in found.found] == [
        (b"Nov  1 sshd one", 1), (b"Nov  2 sshd sshd", 2), (b"last halt now", 3),
    ]  # fmt: skip
    assert found.begin == {b"Nov  1 ": 2, b"last ha": 1}


@pytest.mark.usefixtures("two_cores")
def test_another_process_finds_the_same_in_the_same_order() -> None:
    beside = Beside(PATTERN)
    assert len(children()) == 1
    large = b"sshd " * 200_000 + b"\n"
    given = [*chunks(), large, *chunks()]
    assert through(beside, given) == [(chunk, scan(PATTERN, chunk)) for chunk in given]
    assert not children()


@pytest.mark.usefixtures("two_cores")
@pytest.mark.parametrize("after", [0, 1, 5, 20])
def test_a_process_that_dies_is_done_without(after: int) -> None:
    beside = Beside(PATTERN)
    given = chunks()
    taken = [beside.take(chunk) for chunk in given[:after]]
    for child in children():
        os.kill(child, signal.SIGKILL)
    rest = through(beside, given[after:])
    found = [one for one in taken if one is not None] + rest
    assert found == [(chunk, scan(PATTERN, chunk)) for chunk in given]
    assert not children()


@pytest.mark.usefixtures("two_cores")
def test_whoever_is_left_without_its_end_leaves_no_process() -> None:
    beside = Beside(PATTERN)
    beside.take(b"sshd\n")
    del beside
    assert not children()


@pytest.mark.parametrize("reason", ["one core", "a worker of many", "no interpreter"])
def test_there_is_none_where_it_would_not_help(reason: str, two_cores: None, monkeypatch: pytest.MonkeyPatch) -> None:
    changes: dict[str, tuple[Any, str, Any]] = {
        "one core": (os, "sched_getaffinity", lambda _: {0}),
        "a worker of many": (multiprocessing, "parent_process", multiprocessing.current_process),
        "no interpreter": (scanning.sys, "executable", ""),
    }
    monkeypatch.setattr(*changes[reason])
    beside = Beside(PATTERN)
    assert not children()
    assert through(beside, chunks()) == [(chunk, scan(PATTERN, chunk)) for chunk in chunks()]
