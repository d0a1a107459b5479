from __future__ import annotations

import re
from typing import Any

import pytest

from acforensics.rendering.terminal import print_summary, render
from acforensics.rendering.wrapping import width_of
from acforensics.texts import LANGUAGES, literal

_ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_no_line_is_wider_than_the_terminal(reboot_loop: Any, lang: Any, width: int) -> None:
    shown = render(reboot_loop.model(), lang, width=width, report="acforensics-report.html")
    assert max(width_of(line) for line in shown.splitlines()) <= width


def test_the_verdict_comes_first_and_the_report_last(reboot_loop: Any) -> None:
    shown = render(reboot_loop.model(), report="acforensics-report.html")
    order = [
        "Verdict",
        "rebooted again and again",
        "Findings",
        "reboot-loop",
        "var/log/messages:7",
        "Shutdowns",
        "What was read",
    ]
    positions = [shown.index(part) for part in order]
    assert positions == sorted(positions)
    assert shown.endswith("Full report: acforensics-report.html\n")


def test_a_pipe_gets_no_escape_codes_and_a_terminal_the_same_words(reboot_loop: Any) -> None:
    plain = render(reboot_loop.model())
    coloured = render(reboot_loop.model(), colour=True)
    assert "\x1b" not in plain
    assert "\x1b" in coloured
    assert _ESCAPE.sub("", coloured) == plain


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_control_character_of_a_log_reaches_the_terminal(hostile_case: Any, lang: Any) -> None:
    shown = render(hostile_case.model(), lang, colour=True, report="x\x1b[2J.html")
    rest = _ESCAPE.sub("", shown)
    assert all(character.isprintable() or character == "\n" for character in rest)
    assert "\x1b[31mred" not in shown
    assert "\\x1b[31mred" in rest.replace("\n", "").replace(" ", "")


def test_nothing_found_says_what_was_read(make: Any) -> None:
    make.running(0)
    make.problems = [literal("secure: permission denied")]
    shown = render(make.model())
    assert "No shutdown was found" in shown
    assert "100 records" in shown
    assert "- secure: permission denied" in shown


def test_japanese_on_an_ascii_terminal_is_no_error(
    reboot_loop: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    print_summary(reboot_loop.model(), "ja", None)
    assert "判定" in capsys.readouterr().out


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_word_of_the_result_has_its_text(every_word: Any, lang: Any) -> None:
    for maker in every_word():
        assert render(maker.model(), lang)
