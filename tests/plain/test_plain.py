from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acforensics.plain import shorten, visible, visible_json


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain text 123 ~", "plain text 123 ~"),
        ("日本語の記録、「ディスク」…ｱｲｳ", "日本語の記録、「ディスク」…ｱｲｳ"),
        ("naïve café ÄÖÜ ß €", "naïve café ÄÖÜ ß €"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("\x9b31m", "\\x9b31m"),
        ("a\tb\r\nc\0", "a\\tb\\r\\nc\\x00"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\u2066x\u2069\u200f\u061c", "\\u2066x\\u2069\\u200f\\u061c"),
        ("zero\u200bwidth\ufeff\u00ad\u2060", "zero\\u200bwidth\\ufeff\\xad\\u2060"),
        ("line\u2028para\u2029", "line\\u2028para\\u2029"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("filler\u3164", "filler\\u3164"),
        ("half\ud800", "half\\ud800"),
    ],
)
def test_what_could_hide_or_steer_is_written_out(raw: str, shown: str) -> None:
    assert visible(raw) == shown


@given(st.text())
def test_nothing_unprintable_is_left(raw: str) -> None:
    shown = visible(raw)
    assert all(c.isprintable() or c.isspace() for c in shown)
    assert not {"\x1b", "\x9b", "\n", "\r", "\u202e", "\u2066"} & set(shown)
    assert visible(shown) == shown


@given(st.text())
def test_json_stays_the_same_json(raw: str) -> None:
    shown = visible_json(json.dumps([raw], ensure_ascii=False, indent=1))
    assert json.loads(shown) == [raw]
    assert all(c.isprintable() or c == "\n" or unicodedata.category(c) == "Zs" for c in shown)


def test_shortening_says_how_much_is_gone() -> None:
    assert shorten("abc", 3) == "abc"
    assert shorten("abcdef", 3) == "abc… (+3)"
