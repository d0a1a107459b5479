"""The scan finds, line for line, the events of a slow reference: on every sample, and on what is made of our examples."""

from __future__ import annotations

import io
import random
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acforensics.bundle import Member
from acforensics.events import UNCLASSIFIED
from acforensics.lines import frame
from acforensics.parsing.definitions import load
from acforensics.parsing.recognition import Recogniser
from acforensics.sources import Reading, chunks, read_member
from acforensics.sources.text import TextReader
from tests.parsing.reference import Meaning, Reference

SAMPLES = Path(__file__).parents[2] / "samples"
FILES = load()
RECOGNISER = Recogniser(FILES)
REFERENCE = Reference(FILES)
NEAR_ONLY = {f"{file.name}/{event.id}" for file in FILES for event in file.event if event.near_only}
_OTHERWISE = re.compile(r"^-- |message (?:'.*' )?repeated \\d+ times?")
"""Lines that the reader resolves by those around them."""
EXAMPLES = sorted(
    {
        example.line
        for file in FILES
        for event in file.event
        for one in (event, *event.refine)
        for example in one.examples
        if example.file is None
        and (record := frame(example.line)) is not None
        and record.format.removeprefix("<PRI> ").startswith(("syslog", "ISO"))
        and _OTHERWISE.search(example.line) is None
    }
)


def events(reading: Reading) -> list[Meaning]:
    """What the tool found, but for what it keeps near ends only."""
    assert reading.hits == sorted(reading.hits, key=lambda hit: hit.offset) or not reading.hits
    return [
        Meaning(hit.line or 0, hit.kind, hit.definition, hit.fields)
        for hit in sorted(reading.hits, key=lambda hit: hit.offset)
        if hit.kind != UNCLASSIFIED and hit.definition not in NEAR_ONLY
    ]


def read(content: bytes, block: int) -> Reading:
    """Read a log in blocks of this size."""
    found = Reading("messages", ("messages",), None, bytes=len(content))
    reader = TextReader(found, RECOGNISER)
    for start in range(0, len(content), block):
        reader.feed(content[start : start + block])
    reader.close()
    return found


@pytest.mark.parametrize(
    "path", sorted(SAMPLES.glob("**/bundle/**/messages*")), ids=lambda path: str(path.relative_to(SAMPLES))
)
def test_every_sample(path: Path) -> None:
    content = path.read_bytes()
    found = read_member(Member(path.name, (path.name,), None, io.BytesIO(content), content[:1024]), RECOGNISER)
    assert events(found) == list(REFERENCE.events(content))
    assert found.lines == len(content.splitlines())


def damaged(line: str, place: int, change: str) -> str:
    """The line with some characters more or fewer behind its stamp, or none of its end."""
    place = min(len(line), 30 + place)
    return line[:place] if change == "cut" else line[:place] + change + line[place + len(change) % 2 :]


LINES = st.one_of(
    st.sampled_from(EXAMPLES),
    st.builds(
        damaged,
        st.sampled_from(EXAMPLES),
        st.integers(0, 90),
        st.sampled_from(["", " ", "x", "停止", "cut", "\r", "\0", ": ", "Shutdown", "\x1b[0m"]),
    ),
    st.text(st.sampled_from("ab :[]停\0\r<>"), max_size=20),
)
CODECS = st.sampled_from(["utf-8", "utf-8", "euc_jp", "cp932"])


@settings(max_examples=80)
@given(st.lists(st.tuples(LINES, CODECS), max_size=30), st.sampled_from([1, 97, 4096, 256 << 10]), st.booleans())
def test_generated_logs(lines: list[tuple[str, str]], block: int, ended: bool) -> None:
    content = b"\n".join(line.encode(codec, "replace") for line, codec in lines) + b"\n" * ended
    assert events(read(content, block)) == list(REFERENCE.events(content))


@pytest.mark.parametrize(("seed", "block"), [(0, 30_000), (1, 256 << 10)])
@pytest.mark.parametrize("beside", [False, True])
def test_logs_of_many_blocks(seed: int, block: int, beside: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "_LARGE", 0 if beside else 1 << 40)
    chance = random.Random(seed)
    lines = []
    for number in range(6_000):
        line = (
            chance.choice(EXAMPLES) if chance.random() < 0.05 else f"Nov  1 10:00:00 svr031 app[{number}]: x {number}"
        )
        lines.append(line.encode(chance.choice(["utf-8", "euc_jp", "cp932"]), "replace"))
        if chance.random() < 0.001:
            lines.append(b"x" * 100_000)
    content = b"\n".join(lines)
    found = read(content, block)
    assert events(found) == list(REFERENCE.events(content))
    assert found.lines == len(lines)
