"""Every sample gives exactly what its expected.json says, and the files in the checkout are what the writer writes."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

import acforensics
from samples import build

ROOT = Path(build.__file__).parent


@pytest.fixture(params=sorted(build.SAMPLES), scope="module")
def sample(request):
    folder = ROOT / request.param
    bundle = next(folder.glob("bundle*"))
    return json.loads((folder / "expected.json").read_text(encoding="utf-8")), acforensics.analyze([bundle])


def test_every_shutdown_comes_out_as_expected_and_no_other(sample):
    expected, case = sample
    found = [
        {
            "server": s.server,
            "time": s.time.isoformat(),
            "trigger": s.trigger,
            "mode": s.mode,
            "scope": s.scope,
            "actor": s.actor,
            "confidence": s.confidence,
            "ups_told": s.ups_told,
        }
        for s in case.shutdowns
    ]
    assert found == [{**end, "time": datetime.fromisoformat(end["time"]).isoformat()} for end in expected["shutdowns"]]


def test_boots_are_counted(sample):
    expected, case = sample
    counts: dict[str, int] = {}
    for boot in case.boots:
        counts[boot.server] = counts.get(boot.server, 0) + 1
    assert counts == expected["boots"]


def test_exactly_the_expected_rules_fire(sample):
    expected, case = sample
    assert sorted({finding.rule for finding in case.findings}) == sorted(expected["findings"])


def test_the_checkout_holds_what_the_writer_writes(tmp_path, monkeypatch):
    for name in build.SAMPLES:
        (tmp_path / name).mkdir()
    monkeypatch.setattr(build, "HERE", tmp_path)
    build.main()
    written = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    kept = {path: (ROOT / path).read_bytes() for path in written}
    assert written == kept
