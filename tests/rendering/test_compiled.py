"""Compiled templates are used while they fit, and never trusted when they do not."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import jinja2
import pytest

from acforensics.rendering.compiled import CompiledTemplates


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    (tmp_path / "page.html.j2").write_text("<p>{{ name }}</p>\n")
    return tmp_path


def rendered(folder: Path, **settings: bool) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder), bytecode_cache=CompiledTemplates(folder), **settings
    )
    return environment.get_template("page.html.j2").render(name="<b>")


def kept(folder: Path) -> Path:
    (found,) = (folder / "__pycache__").iterdir()
    return found


def test_the_second_time_nothing_is_compiled(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = rendered(folder, autoescape=True)

    def compile_again(*_: Any) -> None:
        pytest.fail("compiled again")

    monkeypatch.setattr(jinja2.Environment, "compile", compile_again)
    assert rendered(folder, autoescape=True) == first == "<p>&lt;b&gt;</p>"


def test_another_text_or_other_settings_are_compiled_anew(folder: Path) -> None:
    assert rendered(folder, autoescape=True) == "<p>&lt;b&gt;</p>"
    assert rendered(folder, autoescape=False) == "<p><b></p>"
    (folder / "page.html.j2").write_text("{{ name }}, changed")
    assert rendered(folder, autoescape=True) == "&lt;b&gt;, changed"


@pytest.mark.parametrize("left", [0, 3, 20, 40, 90])
def test_a_torn_one_is_replaced(folder: Path, left: int) -> None:
    first = rendered(folder)
    whole = kept(folder).read_bytes()
    kept(folder).write_bytes(whole[:left])
    assert rendered(folder) == first
    assert kept(folder).read_bytes() == whole


def test_where_none_can_be_kept_it_is_done_without(folder: Path) -> None:
    (folder / "__pycache__").write_text("a file where the folder should be")
    assert rendered(folder) == rendered(folder) == "<p><b></p>"


def test_python_may_be_told_to_keep_none(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    rendered(folder)
    assert not (folder / "__pycache__").exists()
