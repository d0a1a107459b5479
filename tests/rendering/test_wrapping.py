from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acforensics.rendering.wrapping import pad, width_of, wrap


def test_japanese_is_two_cells_wide_and_breaks_anywhere() -> None:
    assert wrap("再起動を繰り返した", 10) == ["再起動を繰", "り返した"]


@pytest.mark.parametrize("text", ["あいうえお、かき", "あいうえお。かき", "あいうえ「かき」く"])
def test_punctuation_does_not_begin_a_line_and_brackets_do_not_end_one(text: str) -> None:
    lines = wrap(text, 10)
    assert "".join(lines) == text
    assert all(line[0] not in "、。」" and line[-1] != "「" for line in lines)


def test_words_and_times_stay_whole() -> None:
    assert wrap("one 2026-11-24 12:00:00 two", 22) == ["one", "2026-11-24 12:00:00", "two"]


def test_a_word_longer_than_the_line_is_cut() -> None:
    assert wrap("x" * 25, 10) == ["x" * 10, "x" * 10, "x" * 5]


@given(st.text(alphabet="ab 、。「」再起動1-:\u3000"), st.integers(4, 40))
def test_no_line_is_too_wide_and_nothing_is_lost(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(width_of(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_padding_counts_cells() -> None:
    assert pad("停止", 6) == "停止  "
    assert pad("再起動", 5) == "再起…"
    assert width_of(pad("CLUSTERPRO 自身の復旧動作", 16)) == 16
