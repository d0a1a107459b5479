"""Writes the samples of the expected sequences: `python -m samples.sequences` from the top of the checkout.

For each `sequences/*.toml` there are bundles in three states: `conforms`, `deviates` and `not-observable`, as far as a
sequence can be in them. What is expected is written by hand, from the HOWTO, never taken from the program's output.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from samples import sequence_starts, sequence_stops
from samples.expectations import SITE_AC, Sample

HERE = Path(__file__).resolve().parent / "sequences"

SAMPLES: dict[str, Callable[[], Sample]] = {**sequence_stops.SAMPLES, **sequence_starts.SAMPLES}
"""`<sequence>/<state>` → what makes it."""


def main(names: Sequence[str] = tuple(SAMPLES)) -> None:
    """Write samples anew."""
    for name in names:
        make = SAMPLES[name]
        sample = make()
        folder = HERE / name
        shutil.rmtree(folder, ignore_errors=True)
        for machine in sample.machines:
            machine.write(folder / "bundle")
        if sample.site_ac:
            (folder / "parsers").mkdir()
            (folder / "parsers" / "site_ac.toml").write_text(SITE_AC, encoding="utf-8")
        expected = {
            "title": " ".join((make.__doc__ or "").split()),
            "synthetic": True,
            "sequences": sample.sequences,
            "shutdowns": sample.shutdowns,
            "findings": sample.findings,
        }
        text = json.dumps(expected, indent=2, ensure_ascii=False) + "\n"
        (folder / "expected.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
