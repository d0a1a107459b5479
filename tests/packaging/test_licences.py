"""What users install with it: each package is named with its licence, and none has one that binds them."""

from __future__ import annotations

import re
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement

NOTICES = Path(__file__).parents[2] / "THIRD-PARTY-NOTICES.md"
BINDING = re.compile(r"\b[AL]?GPL|GNU|CC-BY-NC|SSPL|Commons Clause", re.IGNORECASE)


def installed(name: str, extras: tuple[str, ...] = (), found: dict[str, str] | None = None) -> dict[str, str]:
    """Each package that is installed with one, and what it says of its licence."""
    found = {} if found is None else found
    for said in distribution(name).requires or []:
        one = Requirement(said)
        wanted = one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in ("", *extras))
        key = re.sub(r"[-_.]+", "-", one.name).lower()
        if not wanted or key in found:
            continue
        metadata = distribution(one.name).metadata
        licences = [said for key in ("License-Expression", "License") if (said := metadata.get(key))]
        licences += [one for one in metadata.get_all("Classifier") or [] if one.startswith("License ::")]
        # Some have the whole text there, in which other licences may be named.
        found[key] = "; ".join(licence.strip().split("\n")[0] for licence in licences)
        installed(one.name, tuple(one.extras), found)
    return found


def test_every_package_is_named() -> None:
    rows = re.findall(r"^\| ([a-z0-9-]+) \| (.+) \|$", NOTICES.read_text(encoding="utf-8"), re.MULTILINE)
    assert [name for name, _ in rows[1:]] == sorted(installed("acforensics"))
    assert not [name for name, licence in rows if BINDING.search(licence)]


def test_no_licence_binds_users() -> None:
    for name, licence in installed("acforensics", ("dask", "s3")).items():
        assert licence, name
        assert not BINDING.search(licence), (name, licence)


def test_the_notice_of_what_reports_hold_is_that_of_its_licence() -> None:
    shipped = (distribution("plotly").locate_file("plotly/package_data/plotly.min.js")).read_text(encoding="utf-8")
    notice = re.search(r"Copyright 2012-(\d+), Plotly, Inc", shipped[:500])
    assert notice is not None
    assert "Licensed under the MIT license" in shipped[:500]
    assert f"2012-{notice[1]} Plotly, Inc." in NOTICES.read_text(encoding="utf-8")
