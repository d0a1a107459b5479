"""Every sample of a sequence is judged exactly as its expected.json says, and the checkout holds what the writer writes."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

import acforensics
from acforensics.cooperation import load
from samples import sequences

ROOT = Path(sequences.__file__).parent / "sequences"
NAMES = sorted(sequences.SAMPLES)
STATES = {"conforms", "deviates", "not-observable"}
NEVER = {
    # Nothing is right about the forbidden path; no order is wrong where none is guaranteed.
    "os-command": {"conforms"},
    "terminal-shared": {"deviates"},
}


def expected(name):
    return json.loads((ROOT / name / "expected.json").read_text(encoding="utf-8"))


@cache
def analysed(name):
    folder = ROOT / name
    parsers = [folder / "parsers"] if (folder / "parsers").is_dir() else []
    return acforensics.analyze([folder / "bundle"], parsers=parsers)


def of_sequence(found, wanted):
    """A judged sequence, with the steps that an expectation names."""
    steps = {}
    for step in found.steps:
        name = step.step + (f"[{step.group}]" if step.group else "")
        steps |= {name: step.status, f"{name}@{step.server}": step.status}
    named = {name: steps.get(name, "-") for name in wanted["steps"]}
    return {"server": found.server, "id": found.id, "verdict": found.verdict, "steps": named}


def test_each_sequence_has_a_sample_in_each_state_that_it_can_have():
    for sequence in load():
        states = {name.partition("/")[2] for name in NAMES if name.startswith(f"{sequence.id}/")}
        assert states == STATES - NEVER.get(sequence.id, set()), sequence.id


@pytest.mark.parametrize("name", NAMES)
def test_every_sequence_comes_out_as_expected_and_no_other(name):
    wanted = expected(name)["sequences"]
    found = analysed(name).model.sequences
    key = lambda one: (one["server"], one["id"]) if isinstance(one, dict) else (one.server, one.id)  # noqa: E731
    wanted, found = sorted(wanted, key=key), sorted(found, key=key)
    assert [key(one) for one in found] == [key(one) for one in wanted]
    assert [of_sequence(one, other) for one, other in zip(found, wanted, strict=True)] == wanted


@pytest.mark.parametrize("name", NAMES)
def test_every_shutdown_comes_out_as_expected_and_no_other(name):
    keys = ("server", "trigger", "mode", "scope", "confidence")
    found = [{key: getattr(end, key) for key in keys} for end in analysed(name).shutdowns]
    wanted = expected(name)["shutdowns"]
    assert sorted(found, key=lambda end: end["server"]) == sorted(wanted, key=lambda end: end["server"])


@pytest.mark.parametrize("name", NAMES)
def test_exactly_the_expected_rules_fire(name):
    assert sorted({finding.rule for finding in analysed(name).findings}) == sorted(expected(name)["findings"])


def test_the_checkout_holds_what_the_writer_writes(tmp_path, monkeypatch):
    monkeypatch.setattr(sequences, "HERE", tmp_path)
    sequences.main()
    written = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    kept = {path.relative_to(ROOT): path.read_bytes() for path in ROOT.rglob("*") if path.is_file()}
    assert written == kept
