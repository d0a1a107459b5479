"""Files that change while they are read: what is said of them is true of some moment, and nothing else is lost."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

import acforensics
from acforensics.bundle import walking
from samples import build

SAMPLE = Path(build.__file__).parent / "os-command" / "bundle"
LINES = b"Nov 24 21:00:%02d svr031 app: something else\n"


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """The system log of a server that an OS command stopped, among others."""
    found = next(path for path in SAMPLE.rglob("messages") if b"svr031" in path.read_bytes())
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "messages").write_bytes(found.read_bytes())
    return tmp_path / "logs"


def while_it_is_read(monkeypatch: pytest.MonkeyPatch, change: Any) -> None:
    """Let something happen to each file behind its first block."""
    real = walking.Metered

    def metered(stream: Any, meter: Any) -> Any:
        inner = real(stream, meter)
        read = inner.read

        def reads(size: int = -1) -> bytes:
            data = read(min(size, 4096) if size > 0 else size)
            change(Path(stream.name))
            return bytes(data)

        inner.read = reads
        return inner

    monkeypatch.setattr(walking, "Metered", metered)


def test_of_a_file_that_grows_a_whole_beginning_is_read(logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grown = 0

    def grow(path: Path) -> None:
        nonlocal grown
        if grown < 20:
            with path.open("ab") as stream:
                stream.write(LINES % grown + b"Nov 24 21:0")
            grown += 1

    while_it_is_read(monkeypatch, grow)
    case = acforensics.analyze([logs])
    assert "os-command" in {end.trigger for end in case.shutdowns}
    (item,) = case.model.inputs
    now = (logs / "messages").read_bytes()
    assert item.bytes <= len(now)
    assert hashlib.sha256(now[: item.bytes]).hexdigest() == item.sha256
    lines = now.decode().split("\n")
    for end in case.shutdowns:
        for one in end.evidence:
            assert one.line is not None
            assert one.text in lines[one.line - 1]


def test_a_file_that_is_cut_while_it_is_read_is_as_long_as_it_was(logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(path: Path) -> None:
        with path.open("r+b") as stream:
            stream.truncate(1000)

    while_it_is_read(monkeypatch, cut)
    case = acforensics.analyze([logs])
    (item,) = case.model.inputs
    assert item.records > 0
    # Where evidence stood is nothing now, or another line: it is shown alone, and not among lines of another time.
    assert "<html" in case.to_html()


def test_a_file_that_vanishes_is_named_and_the_others_are_read(logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (logs / "gone.log").write_text("Nov 24 20:00:00 svr031 app: will be rotated away\n")

    listed = Path.iterdir

    def then_gone(folder: Path) -> Any:
        found = list(listed(folder))
        (logs / "gone.log").unlink(missing_ok=True)
        return iter(found)

    monkeypatch.setattr(Path, "iterdir", then_gone)
    case = acforensics.analyze([logs])
    assert "os-command" in {end.trigger for end in case.shutdowns}
    (problem,) = case.model.problems
    assert "gone.log" in problem.en
    assert "no such file" in problem.en


def test_lines_around_evidence_are_those_that_were_judged(logs: Path) -> None:
    case = acforensics.analyze([logs])
    one = case.shutdowns[0].evidence[0]
    assert one.line is not None
    target = logs / "messages"
    before = case.to_html()
    lines = target.read_text().split("\n")
    neighbour = lines[one.line - 2]
    assert neighbour in before.replace("&lt;", "<").replace("&gt;", ">")
    # Rotated since: at that place stands what nobody judged.
    target.write_text("\n".join(["Nov 25 00:00:00 svr031 app: of another day"] * len(lines)))
    after = case.to_html()
    assert "of another day" not in after
    assert one.text in after.replace("&lt;", "<").replace("&gt;", ">")
