"""Machines, and an `ends` fixture that analyses them and returns the shutdowns."""

from __future__ import annotations

from datetime import datetime

import pytest

import acforensics
from samples.scenario import Machine


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
def end(case):
    """The only shutdown of a case with one machine."""

    def only(*machines: Machine, **options):
        shutdowns = case(*machines, **options).shutdowns
        assert len(shutdowns) == 1, [(s.server, s.trigger) for s in shutdowns]
        return shutdowns[0]

    return only
