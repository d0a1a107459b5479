from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

# What builds the pages is no package: it lies with them.
sys.path.insert(0, str(DOCS / "site"))


@pytest.fixture(scope="session")
def pages() -> list[Path]:
    """Every document that a reader is given, in both languages."""
    return [*sorted(DOCS.glob("*.md")), ROOT / "README.md", ROOT / "README.ja.md"]
