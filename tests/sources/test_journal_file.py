"""Binary journals: made here by systemd's own writer, read through journalctl where it is there."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acforensics.sources import Reading, journal_file

ReadFile = Callable[..., Reading]
WRITER = Path("/usr/lib/systemd/systemd-journal-remote")
BOOT = "a3f2433e11534599bb433331cbc2d52d"
AT = 1_796_293_686_746_367


def export(count: int = 40) -> bytes:
    found = []
    for number in range(count):
        message = b"System is powering down." if number % 20 == 3 else b"nothing"
        if number % 20 == 5:
            message = "一行目\n".encode("euc_jp") * 3
        found.append(
            f"__REALTIME_TIMESTAMP={AT + number * 1_000_000}\n__MONOTONIC_TIMESTAMP={number * 1_000_000}\n"
            f"_BOOT_ID={BOOT}\n_HOSTNAME=svr031\n_PID=261\nSYSLOG_IDENTIFIER=systemd-logind\nMESSAGE\n".encode()
            + struct.pack("<Q", len(message))
            + message
            + b"\n\n"
        )
    return b"".join(found)


@pytest.fixture(scope="session")
def journal(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A real journal file; without systemd's programs CI fails, others skip with a reason."""
    missing = [str(WRITER)] if not WRITER.exists() else []
    missing += ["journalctl"] if shutil.which("journalctl") is None else []
    if missing:
        reason = f"{' and '.join(missing)} missing: install systemd and systemd-journal-remote"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    path = tmp_path_factory.mktemp("journal") / "made.journal"
    subprocess.run([WRITER, "-o", path, "-"], input=export(), check=True, capture_output=True, timeout=60)
    return path.read_bytes()


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put a program of the test's own in journalctl's place."""

    def replace(script: str) -> None:
        path = tmp_path / "journalctl"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))

    return replace


@pytest.fixture(autouse=True)
def no_copy_is_left(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path_factory.mktemp("copies[1]")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield
    assert list(folder.iterdir()) == []


def seen(reading: Reading) -> list[tuple[int | None, str, str]]:
    return [(hit.line, hit.kind, hit.raw) for hit in reading.hits]


def test_a_binary_journal_is_read_like_its_export(read_file: ReadFile, journal: bytes) -> None:
    reading = read_file(journal, "system.journal")
    assert (reading.source, reading.format, reading.complete, reading.notes) == ("journal", "binary journal", True, [])
    assert (reading.records, reading.lines, reading.encoding, reading.unframed) == (40, 40, "euc-jp", 0)
    # Evidence counts entries.
    assert [hit.line for hit in reading.hits] == [4, 24]
    exported = read_file(export(), "export")
    assert [text for _, _, text in seen(reading)] == [text for _, _, text in seen(exported)]
    assert [mark.stamp for mark in reading.marks] == [mark.stamp for mark in exported.marks]
    assert {mark.boot for mark in reading.marks} == {BOOT}


def test_a_torn_journal_gives_what_it_holds(read_file: ReadFile, journal: bytes) -> None:
    reading = read_file(journal[:-100_000], "system.journal")
    assert [hit.line for hit in reading.hits] == [4, 24]
    assert reading.complete is False
    assert f"{len(journal) - 100_000} of {len(journal)} bytes" in reading.notes[0].en


@pytest.mark.parametrize("length", [8, 100, 300, 5000])
def test_the_beginning_of_a_journal_is_named(read_file: ReadFile, journal: bytes, length: int) -> None:
    reading = read_file(journal[:length], "system.journal")
    assert (reading.format, reading.records, reading.complete) == ("binary journal", 0, False)
    for said in (reading.notes[0].en, reading.notes[0].ja):
        assert "journalctl --file system.journal -o json > system.journal.json" in said


def test_damage_in_a_journal_ends_with_a_note(read_file: ReadFile, journal: bytes) -> None:
    place = journal.index(b"MESSAGE=nothing")
    damaged = bytearray(journal)
    damaged[place - 3000 : place + 17_000] = bytes(range(1, 251)) * 80
    reading = read_file(bytes(damaged), "system.journal")
    assert reading.records < 40
    assert reading.complete is False
    assert f"{reading.records} of 40 entries" in reading.notes[0].en
    assert len(reading.notes) == 1


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(places=st.lists(st.tuples(st.integers(0, 60_000), st.integers(0, 255)), min_size=1, max_size=400))
def test_no_damage_raises(read_file: ReadFile, journal: bytes, places: list[tuple[int, int]]) -> None:
    damaged = bytearray(journal)
    objects = journal.index(b"_BOOT_ID=") - 200
    for place, value in places:
        damaged[place % 300 + 8 if place % 50 == 0 else objects + place] = value
    reading = read_file(bytes(damaged), "system.journal")
    assert reading.complete is (reading.notes == [])


def test_nothing_is_read_without_journalctl(read_file: ReadFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    reading = read_file(b"LPKSHHRH" + bytes(300), "system.journal")
    assert (reading.source, reading.format, reading.complete) == ("journal", "binary journal", False)
    (note,) = reading.notes
    assert "no journalctl" in note.en
    assert "journalctl --file system.journal -o json > system.journal.json" in note.ja


def test_what_journalctl_complains_of_is_told_without_our_paths(read_file: ReadFile, program) -> None:
    program('echo "$2: Bad message, password=Qx7pass9" >&2; exit 1')
    (note,) = read_file(b"LPKSHHRH" + bytes(300), "system.journal").notes
    assert "(system.journal: Bad message, password=****)" in note.en


def test_how_journalctl_is_called(read_file: ReadFile, program, tmp_path: Path) -> None:
    content = b"LPKSHHRH" + bytes(300)
    program(f'echo "$@" > {tmp_path}/said; echo "$LC_ALL $SYSTEMD_COLORS $HOME" >> {tmp_path}/said')
    assert read_file(content, "a; reboot `x`.journal").complete is True
    arguments, environment = (tmp_path / "said").read_text().splitlines()
    assert arguments.startswith("--file /")
    assert arguments.endswith(".journal -o export --no-pager --all --quiet")
    # The name of the copy is a pattern to journalctl: what is special in it is not.
    assert "copies[[]1]" in arguments
    assert "reboot" not in arguments
    assert environment == "C 0 "


@pytest.mark.parametrize(
    ("script", "names", "reason"),
    [
        ("exec /bin/sleep 60", {"_SILENCE": 0.2}, "no answer in time"),
        ("while :; do echo MESSAGE=x; done", {"_LONGEST_RUN": 0.2}, "no answer in time"),
        ("while :; do echo MESSAGE=x; done", {"_SMALL": 10_000}, "it expands without end"),
        ("exec >&- 2>&-; exec /bin/sleep 60", {"_SILENCE": 0.2}, "no answer in time"),
        ("while :; do echo no >&2; done", {"_LONGEST_RUN": 0.2}, "no answer in time"),
    ],
)
def test_journalctl_is_stopped(
    read_file: ReadFile, program, monkeypatch: pytest.MonkeyPatch, script: str, names: dict[str, float], reason: str
) -> None:
    program(script)
    for name, value in names.items():
        monkeypatch.setattr(journal_file, name, value)
    begun = time.monotonic()
    (note,) = read_file(b"LPKSHHRH" + bytes(300), "system.journal").notes
    assert time.monotonic() - begun < 20
    assert reason in note.en


def test_a_file_larger_than_journals_are_is_not_copied(read_file: ReadFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_file, "_LARGEST", 2000)
    (note,) = read_file(b"LPKSHHRH" + bytes(300_000), "system.journal").notes
    assert "larger than" in note.en or "no journalctl" in note.en
