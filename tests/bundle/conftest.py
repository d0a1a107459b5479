"""Archives of every kind, and what a walk finds in them."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
import zstandard

from acforensics.bundle import READ_ERRORS, Limits, Problem, Walker

TIME = 1_718_900_000
PACK: dict[str, Callable[[bytes], bytes]] = {
    ".gz": lambda data: gzip.compress(data, mtime=0),
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.ZstdCompressor().compress,
}


class Found(NamedTuple):
    """What a walk found: path → content, path → names, files with errors, problems."""

    files: dict[str, bytes]
    names: dict[str, tuple[str, ...]]
    torn: dict[str, str]
    problems: list[Problem]


@pytest.fixture
def walk() -> Callable[..., Found]:
    def walking(*inputs: Path, limits: Limits | None = None) -> Found:
        walker = Walker(limits)
        found = Found({}, {}, {}, walker.problems)
        for member in walker.walk(list(inputs)):
            found.names[member.path] = member.names
            content = bytearray()
            try:
                while block := member.stream.read(4096):
                    content += block
            except READ_ERRORS as error:
                found.torn[member.path] = str(error)
            found.files[member.path] = bytes(content)
        return found

    return walking


def tar(files: dict[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(content), TIME
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2024, 6, 21, 9, 0, 0)), content, method)
    return buffer.getvalue()


@pytest.fixture
def make_tar() -> Callable[..., bytes]:
    return tar


@pytest.fixture
def make_zip() -> Callable[..., bytes]:
    return zipped


@pytest.fixture(params=["tar", *(f"tar{ending}" for ending in PACK), "zip", "zip-stored"])
def make_archive(request: pytest.FixtureRequest) -> Callable[[dict[str, bytes]], bytes]:
    """An archive of each kind."""
    kind: str = request.param
    if kind.startswith("zip"):
        return lambda files: zipped(files, zipfile.ZIP_STORED if "stored" in kind else zipfile.ZIP_DEFLATED)
    return lambda files: PACK.get(kind[3:], bytes)(tar(files))


@pytest.fixture(params=list(PACK))
def pack(request: pytest.FixtureRequest) -> Callable[[bytes], bytes]:
    """Each compression."""
    return PACK[request.param]
