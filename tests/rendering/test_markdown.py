"""The summary for a ticket: it fits, it says what the result says, and log text formats nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

import acforensics
from acforensics.rendering.markdown import LIMIT, render
from acforensics.texts import LANGUAGES

SAMPLE = Path(__file__).parents[2] / "samples" / "os-command" / "bundle"
_READER = MarkdownIt("gfm-like")


def tokens(written: str) -> list[Any]:
    return [inner for token in _READER.parse(written) for inner in (token, *(token.children or ()))]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_facts_of_the_result_are_in_it(lang: Any) -> None:
    case = acforensics.analyze([SAMPLE], tz="Asia/Tokyo")
    written = case.to_markdown(lang)
    assert len(written) <= LIMIT
    for finding in case.findings:
        assert f"`{finding.rule}`" in written
    code = [token.content for token in tokens(written) if token.type == "fence"]
    assert any(f":{case.findings[0].evidence[0].line}" in block for block in code)
    rows = [line for line in written.splitlines() if line.startswith("| 20")]
    assert len(rows) == len(case.shutdowns)


def test_parts_come_in_the_order_of_the_report(reboot_loop: Any) -> None:
    headings = [line[3:] for line in render(reboot_loop.model()).splitlines() if line.startswith("## ")]
    assert headings == ["Verdict", "Findings", "Shutdowns", "What was read"]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("limit", [10_000, 4_000, 1_500, 600])
def test_a_large_case_fits_and_says_what_is_left_out(make: Any, lang: Any, limit: int) -> None:
    for number in range(60):
        make.finding("os-command-shutdown", [make.end(60 * number)])
    written = render(make.model(), lang, limit)
    assert len(written) <= limit
    assert re.search({"en": r"\d+ more", "ja": r"他 \d+"}[lang], written) or limit < 1_500
    if limit < 1_500:
        assert {"en": "cut here", "ja": "打ち切った"}[lang] in written


def test_hostile_text_formats_nothing(hostile_case: Any, hostile: Any) -> None:
    written = render(hostile_case.model())
    assert "\x1b" not in written
    assert "\u202e" not in written
    found = tokens(written)
    assert {token.type for token in found}.isdisjoint({"link_open", "html_inline", "html_block", "image"})
    assert not any(
        "<script" in _READER.renderer.render([token], _READER.options, {}) for token in found if not token.children
    )


@pytest.mark.parametrize(
    "text",
    ["[x](http://evil.example)", "http://evil.example/a_b_c", "**bold**", "a | b", "# x", "- x", "1. x", "<b>", "`", "~~x~~", "www.evil.example", "stop.sh", "svr031.corp.example.com", "@all #12"],
)  # fmt: skip
def test_a_command_from_a_log_is_text(make: Any, text: str) -> None:
    end = make.end(0, command=text, actor=text)
    written = render(make.model())
    found = tokens(written)
    assert {token.type for token in found}.isdisjoint({"link_open", "html_inline", "s_open"})
    (row,) = [line for line in written.splitlines() if line.startswith("| 20")]
    cells = [
        token.children
        for token in _READER.parse(written)
        if token.type == "inline" and token.content and text[0] in token.content
    ]
    shown = ["".join(child.content for child in children) for children in cells]
    assert sum(text in one for one in shown) >= 1, (end, row)
