"""What those who carry on are given: templates, hooks, the guide."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "form", sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml")), ids=lambda form: form.name
)
def test_issue_forms_are_such(form):
    content = yaml.safe_load(form.read_text(encoding="utf-8"))
    if form.name == "config.yml":
        assert set(content) == {"blank_issues_enabled"}
        return
    assert {"name", "description", "body"} <= set(content)
    for part in content["body"]:
        assert part["type"] in {"markdown", "textarea", "input"}
        assert part["attributes"].get("label") or part["type"] == "markdown"
    named = [part["id"] for part in content["body"] if "id" in part]
    assert len(named) == len(set(named))


def test_hooks_run_what_make_check_runs():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0]["hooks"]
    checked = (ROOT / "Makefile").read_text(encoding="utf-8").split("\ncheck:")[1].split("\n\n")[0]
    for hook in hooks:
        program, *words = shlex.split(hook["entry"])
        assert program.startswith(".venv/bin/")
        assert f"$(BIN)/{program.removeprefix('.venv/bin/')} {words[0]}" in checked


@pytest.mark.parametrize(
    "document", ["CONTRIBUTING.md", ".github/pull_request_template.md", "README.md", "README.ja.md"]
)
def test_targets_of_make_that_are_named_are_there(document):
    targets = set(re.findall(r"^([a-z]+):.* ## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = re.findall(r"(?:`|^)make ([a-z]+)", (ROOT / document).read_text(encoding="utf-8"), re.MULTILINE)
    assert named
    assert set(named) <= targets


@pytest.mark.parametrize("document", ["CONTRIBUTING.md", "ARCHITECTURE.md", "README.md", "README.ja.md"])
def test_paths_that_are_named_are_there(document):
    text = (ROOT / document).read_text(encoding="utf-8")
    for path in re.findall(r"`((?:acforensics|parsers|sequences|reports|docs|tests|samples)/[\w./-]+)`", text):
        assert (ROOT / path).exists(), path


def test_extras_that_are_named_are_there(pages):
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    named = {
        extra.strip()
        for page in pages
        for group in re.findall(r"(?:acforensics|\.)\[([a-z,]+)\]", page.read_text(encoding="utf-8"))
        for extra in group.split(",")
    }
    assert named
    assert named <= set(extras)
