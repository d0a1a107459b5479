"""Files made of bytes, read as those of a case."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from acforensics import settings
from acforensics.bundle import Member
from acforensics.parsing.definitions import load
from acforensics.parsing.recognition import Recogniser
from acforensics.sources import Reading, read_member
from tests.settings.cluster import files


@pytest.fixture(scope="session")
def recogniser() -> Recogniser:
    return Recogniser(load())


@pytest.fixture(scope="session")
def read(recogniser: Recogniser) -> Callable[..., tuple[list[Reading], dict[int, str]]]:
    """Files by path → readings, and the server that the first folder names."""

    def reading(given: Mapping[str, bytes]) -> tuple[list[Reading], dict[int, str]]:
        found = [
            read_member(Member(path, tuple(path.split("/")), None, io.BytesIO(content), content[:1024]), recogniser)
            for path, content in given.items()
        ]
        return found, {i: one.names[0] if len(one.names) > 1 else "" for i, one in enumerate(found)}

    return reading


@pytest.fixture(scope="session")
def case(read) -> Callable[..., settings.Settings]:
    def made(given: Mapping[str, bytes] | None = None, places: Mapping[str, str] | None = None) -> settings.Settings:
        return settings.read(*read(files() if given is None else given), places)

    return made


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Mapping[str, bytes]], Path]:
    def made(given: Mapping[str, bytes]) -> Path:
        for path, content in given.items():
            target = tmp_path / "bundle" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        return tmp_path / "bundle"

    return made
