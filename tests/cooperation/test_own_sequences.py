"""Expected sequences of a site's own: checked against what there is, explained like ours, cited by their own reference."""

from __future__ import annotations

from pathlib import Path

import pytest

from samples import build
from tests.command_line import run

SAMPLE = Path(build.__file__).parent / "os-command" / "bundle"
OWN = """
id = "site-stop"
title = { en = "A stop at our site", ja = "当社の停止" }
reference = { en = "Site handbook 7", ja = "運用手順書 7" }
description = { en = "What we expect.", ja = "当社の想定。" }
aspect = "site"
[applies]
phase = "stop"
triggers = ["os-command"]
[[step]]
id = "told"
title = { en = "Somebody is told", ja = "連絡" }
lane = "os"
kinds = ["KIND"]
presence = "PRESENCE"
"""
PARSER = r"""
name = "site"
title = { en = "Ours", ja = "当社" }
[[event]]
id = "pager"
kind = "os.pager_called"
programs = ["pager"]
pattern = '^called (?P<who>\w+)$'
status = "verified"
source = "our own program"
examples = ["Nov 24 18:30:11 svr031 pager: called ope1"]
"""


def own(folder: Path, kind: str, presence: str = "required") -> Path:
    (folder / "sequences").mkdir()
    (folder / "sequences" / "site.toml").write_text(
        OWN.replace("KIND", kind).replace("PRESENCE", presence), encoding="utf-8"
    )
    return folder / "sequences"


@pytest.mark.parametrize("kind", ["os.shutdown_anounced", "clusterpro.no_such_*"])
def test_a_kind_that_nothing_yields_is_refused_with_the_nearest(tmp_path: Path, kind: str) -> None:
    done = run("analyze", SAMPLE, "--sequences", own(tmp_path, kind), cwd=tmp_path)
    assert done.returncode == 2
    assert f"site.toml:14: no definition yields the kind '{kind}'" in done.stderr
    assert ("is 'os.shutdown_announced' meant?" in done.stderr) == (kind == "os.shutdown_anounced")


def test_a_kind_of_the_sites_own_definitions_is_known(tmp_path: Path) -> None:
    folder = own(tmp_path, "os.pager_called")
    assert run("analyze", SAMPLE, "--sequences", folder, cwd=tmp_path).returncode == 2
    (tmp_path / "parsers").mkdir()
    (tmp_path / "parsers" / "site.toml").write_text(PARSER, encoding="utf-8")
    done = run("analyze", SAMPLE, "--sequences", folder, "--parsers", tmp_path / "parsers", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_it_is_explained_and_what_deviates_cites_its_reference(tmp_path: Path) -> None:
    folder = own(tmp_path, "os.shutdown_announced", "forbidden")
    page = run("explain", "site-stop", "--sequences", folder)
    assert "Site handbook 7" in page.stdout
    assert "site-stop" in run("explain", "--sequences", folder).stdout
    assert run("explain", "site-stop").returncode == 2
    done = run("analyze", SAMPLE, "--tz", "Asia/Tokyo", "--sequences", folder, cwd=tmp_path)
    told = done.stdout[done.stdout.index("sequence-deviation") :]
    assert "(Site handbook 7)" in told
