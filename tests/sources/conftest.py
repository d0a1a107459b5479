"""A recogniser with our definitions, and files made of bytes."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from acforensics.bundle import Member
from acforensics.parsing.definitions import load
from acforensics.parsing.recognition import Recogniser
from acforensics.sources import Reading, read_member
from acforensics.sources.text import TextReader


@pytest.fixture(scope="session")
def recogniser() -> Recogniser:
    return Recogniser(load())


@pytest.fixture(scope="session")
def read(recogniser: Recogniser) -> Callable[..., Reading]:
    """Read bytes as a file, in blocks of a size."""

    def reading(content: bytes, block: int = 256 << 10) -> Reading:
        found = Reading("messages", ("messages",), None, bytes=len(content))
        reader = TextReader(found, recogniser)
        for start in range(0, len(content), block):
            reader.feed(content[start : start + block])
        reader.close()
        return found

    return reading


@pytest.fixture(scope="session")
def read_file(recogniser: Recogniser) -> Callable[..., Reading]:
    """Read bytes as a member of an input."""

    def reading(content: bytes, name: str = "messages") -> Reading:
        return read_member(Member(name, (name,), None, io.BytesIO(content), content[:1024]), recogniser)

    return reading
