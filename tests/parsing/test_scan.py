"""Whatever a pattern finds in a decoded text, its scan finds in the bytes, in every encoding."""

from __future__ import annotations

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from acforensics.lines import Record, frame
from acforensics.parsing.definitions import DefinitionFile
from acforensics.parsing.patterns import scan_forms
from acforensics.parsing.recognition import Recogniser

CODECS = ["utf-8", "euc_jp", "cp932"]


def recogniser(pattern: str) -> Recogniser:
    event = {
        "id": "x",
        "kind": "site.x",
        "programs": ["app"],
        "pattern": pattern,
        "status": "unverified",
        "source": "test",
        "examples": ["x"],
    }
    return Recogniser([DefinitionFile.model_validate({"name": "t", "title": {"en": "t", "ja": "t"}, "event": [event]})])


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("^停止$", "停止"),
        (r"^(?:停止|^開始$)", "開始"),
        (r"^foo|^bar$", "bar"),
        (r"\Afoo\z", "foo"),
        (r"a(?:$|;)", "bla"),
        (r"サーバ.を", "サーバ甲を"),
        (r"サーバ.?を", "サーバ甲を"),
        (r"サーバ.{1,2}を", "サーバ甲乙を"),
        (r"サーバ[^a]を", "サーバ甲を"),
        (r"user \S{1,4} left", "user 管理者 left"),
        (r"user \p{Han}+ left", "user 管理者 left"),
        (r"\Q[停止]\E", "[停止]"),
        (r"\[停止\]+", "[停止]]"),
        (r"停+止", "停停止"),
        (r"\x{505c}止", "停止"),
        (r"[]a]停", "]停"),
        (r"[[:alpha:]]停", "a停"),
        (r"costs \$5\^2", "costs $5^2"),
        (r"[$^]x", "^x"),
        (r"(?i)STOP(?P<what>.)", "stop停"),
    ],
)
def test_the_scan_finds_it(pattern: str, text: str, codec: str) -> None:
    found = recogniser(pattern)
    record = frame(f"Feb  4 09:34:10 svr031 app: {text}")
    assert record is not None
    assert found.recognise(record) is not None
    assert found.scan.search(f"Feb  4 09:34:10 svr031 app: {text}".encode(codec)) is not None


ATOMS = st.sampled_from(["a", "停", "止", ".", r"\S", r"\d", r"\.", "[ab]", "[^b]", r"\p{L}", "(?:停|b)", "(?P<n>a)"])
PIECES = st.builds(
    lambda a, q: a + q, ATOMS, st.sampled_from(["", "", "", "?", "*", "+", "{1,2}", "{2}", "{2,}", "+?"])
)


def pattern_of(pieces: list[str], start: str, end: str) -> str:
    seen = False
    kept = []
    for piece in pieces:
        if "?P<n>" in piece and seen:
            continue
        seen = seen or "?P<n>" in piece
        kept.append(piece)
    return start + "".join(kept) + end


@given(
    st.lists(PIECES, min_size=1, max_size=5),
    st.sampled_from(["", "^", r"\A"]),
    st.sampled_from(["", "$", r"\z"]),
    st.text(st.sampled_from("ab停止甲1. "), max_size=12),
    st.sampled_from(CODECS),
)
def test_the_scan_is_never_narrower(pieces: list[str], start: str, end: str, text: str, codec: str) -> None:
    pattern = pattern_of(pieces, start, end)
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    if re2.search(pattern, text) is not None:
        raw = b"before: " + text.encode(codec)
        assert any(re2.search(form, raw, options=options) for form in scan_forms(pattern))


def test_pids_prefixes_and_any_program() -> None:
    found = recogniser("^停止")
    event = found.files[0].event[0]
    record = frame("Feb  4 09:34:10 svr031 app[1]: 停止")
    assert record is not None

    def recognises(record: Record, **changes: list[str]) -> bool:
        changed = found.files[0].model_copy(update={"event": [event.model_copy(update=changes)]})
        return Recogniser([changed]).recognise(record) is not None

    assert recognises(record)
    assert recognises(record, pids=["1"])
    assert not recognises(record, pids=["2"])
    assert recognises(record, programs=["ap*"])
    assert recognises(record, programs=["*"])
    assert not recognises(record, programs=["App"])
    assert not recognises(record._replace(message="x停止"))
