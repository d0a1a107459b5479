"""A few dozen mutated bundles; `make fuzz` runs thousands. And the fuzzer itself: it must be able to find something."""

from __future__ import annotations

from pathlib import Path

import pytest

import acforensics
from tests.fuzzing.mutating import CHANGES, PACKINGS, make
from tests.fuzzing.running import run, try_bundle


@pytest.mark.parametrize("first", range(0, 24, 8))
def test_mutated_bundles_do_no_harm(first: int) -> None:
    found = {seed: try_bundle(seed)[1] for seed in range(first, first + 8)}
    assert {seed: what for seed, what in found.items() if what not in ("", "refused")} == {}
    assert "" in found.values()


def test_a_number_makes_the_same_bundle_again() -> None:
    assert [make(seed) for seed in range(40)] == [make(seed) for seed in range(40)]
    assert len({str(make(seed).files) for seed in range(40)}) == 40


def test_every_packing_and_change_is_met() -> None:
    names = [make(seed).name for seed in range(400)]
    assert {name.partition(",")[0] for name in names} == set(PACKINGS)
    assert {change.__name__.strip("_") for change in CHANGES} <= {name.partition(", ")[2] for name in names}


def test_an_error_that_is_none_of_ours_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RecursionError("deep")

    monkeypatch.setattr(acforensics, "analyze", broken, raising=False)
    assert "RecursionError: deep" in try_bundle(3)[1]


def test_a_run_in_a_process_of_its_own(tmp_path: Path) -> None:
    report = run(60, 1, None, tmp_path, most=4)
    assert (report.bundles, report.troubles) == (4, [])
    assert report.slowest[0] > 0
    assert list(tmp_path.iterdir()) == []
