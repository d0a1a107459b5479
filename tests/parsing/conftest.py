"""All our definitions, loaded once."""

from __future__ import annotations

import pytest

from acforensics.parsing.definitions import load
from acforensics.parsing.recognition import Recogniser


@pytest.fixture(scope="session")
def everything() -> Recogniser:
    return Recogniser(load())
