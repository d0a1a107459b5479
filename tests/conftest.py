"""What tests of every room may use."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

import acforensics
from samples.scenario import Machine

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# Another process may have the core for a while. What must be fast is measured in the tests' own processor time.
settings.register_profile("busy-machine", settings(), deadline=None)
settings.load_profile("busy-machine")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """One process where only some tests are named: the others would take longer to start than they save."""
    return None if config.args_source is pytest.Config.ArgsSource.TESTPATHS else 0


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, or the one that $CHROMIUM names; without one CI fails, others skip with a reason."""
    program = Path(os.environ.get("CHROMIUM") or "/usr/bin/chromium")
    if not program.exists():
        reason = f"{program} is missing: install chromium, or name another one with CHROMIUM=/path"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Containers have no namespaces for Chromium's own sandbox; what it opens is a file of ours.
        opened = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def machine():
    def make(name: str = "svr031", **options) -> Machine:
        return Machine(name, datetime(2026, 11, 24, 9, 0, 0), **options)

    return make


@pytest.fixture
def case(tmp_path):
    def analyse(*machines: Machine, **options):
        for one in machines:
            one.write(tmp_path)
        return acforensics.analyze([tmp_path], **options)

    return analyse


@pytest.fixture
def analysed(tmp_path):
    """The result for some machines, with other files by their path where given."""

    def analyse(*machines: Machine, files: Mapping[str, str] | None = None, **options):
        for one in machines:
            one.write(tmp_path)
        for path, content in (files or {}).items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(content, encoding="utf-8")
        return acforensics.analyze([tmp_path], **options).model

    return analyse


@pytest.fixture
def end(case):
    """The only shutdown of a case with one machine."""

    def only(*machines: Machine, **options):
        shutdowns = case(*machines, **options).shutdowns
        assert len(shutdowns) == 1, [(s.server, s.trigger) for s in shutdowns]
        return shutdowns[0]

    return only
