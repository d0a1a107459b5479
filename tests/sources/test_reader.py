"""How a file is read: what is text, in which width, and what is kept of a damaged one."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable

import pytest

from acforensics.bundle import Member
from acforensics.parsing.recognition import Recogniser
from acforensics.sources import Reading, read_member

STOP = "Feb  4 09:34:20 svr031 systemd-logind[258]: System is powering down.\r\n"
ReadFile = Callable[..., Reading]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_files_from_windows(read_file: ReadFile, codec: str) -> None:
    content = (STOP * 40).encode(codec)
    reading = read_file(content)
    assert (reading.lines, len(reading.hits), reading.unframed) == (40, 40, 0)
    assert reading.hits[0].raw == STOP.rstrip()
    assert reading.sha256 == hashlib.sha256(content).hexdigest()
    assert reading.bytes == len(content)


def test_an_empty_file(read_file: ReadFile) -> None:
    reading = read_file(b"")
    assert (reading.format, reading.lines, reading.records, reading.complete) == ("empty", 0, 0, True)


@pytest.mark.parametrize(
    ("content", "name"),
    [(bytes(range(256)) * 20, "core"), (b"\0" * 5000, "lastlog")],
)
def test_binary_files_are_named_and_not_read(read_file: ReadFile, content: bytes, name: str) -> None:
    reading = read_file(content, name)
    assert reading.format == "binary"
    assert (reading.lines, reading.hits, len(reading.notes)) == (0, [], 1)
    assert reading.sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("nul", [400, 1024, 5000, 256 << 10, (256 << 10) + 1, 700_000])
def test_a_log_that_begins_with_nul_bytes_is_text(read_file: ReadFile, nul: int) -> None:
    content = b"\0" * nul + STOP.encode() * 20
    reading = read_file(content, "messages")
    assert len(reading.hits) == 20
    assert (reading.bytes, reading.sha256) == (len(content), hashlib.sha256(content).hexdigest())


def test_a_journal_that_begins_with_nul_bytes_is_one(read_file: ReadFile) -> None:
    entry = '{"__REALTIME_TIMESTAMP":"1795599318000000","_BOOT_ID":"a3f2433e11534599bb433331cbc2d52d","MESSAGE":"x"}'
    assert read_file(b"\0" * 5000 + b"\n" + entry.encode() + b"\n", "journal.json").source == "journal"


class Torn(io.RawIOBase):
    """Gives its bytes in short reads and then fails."""

    def __init__(self, content: bytes) -> None:
        self._content = io.BytesIO(content)

    def read(self, size: int = -1) -> bytes:
        block = self._content.read(min(size, 1000))
        if not block:
            raise OSError("input/output error")
        return block


def test_what_was_read_before_an_error_is_kept(recogniser: Recogniser) -> None:
    content = STOP.encode() * 50
    stream: io.RawIOBase = Torn(content)
    reading = read_member(Member("messages", ("messages",), None, stream, content[:1024]), recogniser)  # type: ignore[arg-type]
    assert (reading.complete, len(reading.hits), reading.bytes) == (False, 50, len(content))
    assert "input/output error" in reading.notes[0].en
