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


def test_the_story_of_a_chain_is_told_in_lines_with_times(chain: Any) -> None:
    lines = render(chain.model()).splitlines()
    story = lines[lines.index("  What led to what:") + 1 :]
    assert story[:4] == [
        "    12:00:00  svr031: a power failure is reported.",
        "    12:05:00  Then: svr031 shut down: another UPS agent than ESMPRO/AC.",
        "    12:06:00  Then: failover1 fails over to svr047.",
        "    12:40:00  Then (link inferred): svr031 rebooted again and again (3 times):",
    ]


def test_a_story_on_several_days_says_which_day(make: Any) -> None:
    stop = make.end(0)
    make.incident(make.part(0, stop), make.part(1440, literal("it goes on"), (0, True)))
    assert "    2026-11-25 12:00:00  Then: it goes on." in render(make.model())


def test_a_single_end_has_no_story(make: Any) -> None:
    make.incident(make.part(0, make.end()))
    assert "What led to what" not in render(make.model())


def test_a_long_story_says_how_much_is_left_out(make: Any) -> None:
    stop = make.end(0)
    make.incident(make.part(0, stop), *(make.part(n, literal(f"part {n}"), (0, True)) for n in range(1, 20)))
    shown = render(make.model())
    assert "part 7." in shown
    assert "part 8." not in shown
    assert "… 12 more: see the report" in shown


def test_sequences_are_counted_and_only_what_deviates_is_named(judged: Any) -> None:
    shown = render(judged.model(), width=100)
    lines = shown[shown.index("Expected and observed") : shown.index("\nShutdowns")].splitlines()
    assert lines == [
        "Expected and observed",
        "3 sequences: 1 conform, 1 deviate, 1 not observable.",
        "- 2026-11-24 12:00:00 svr031: The whole stop",
        "    Late: Step command, at 12:01:00; due by 12:00:30.",
        "    Missing: Step second (AC_1); due 12:01:00 to 12:01:30.",
        "    Out of order: Step peer (svr047), at 12:00:30, before: Step command.",
        "    1 more: see the report",
    ]


def test_a_deviation_that_repeats_is_told_once(make: Any) -> None:
    for minutes in (0, 10, 20):
        make.sequence(make.step("never", "forbidden-observed", minutes), verdict="deviates", minutes=minutes)
    make.sequence(make.step("other", "missing"), verdict="deviates", minutes=30)
    shown = render(make.model(), width=100)
    assert "- 3 times on svr031, first 2026-11-24 12:00:00: The whole stop" in shown
    assert shown.count("Must not happen: Step never") == 1
    assert "Missing: Step other." in shown


def test_settings_that_differ_are_named(make: Any) -> None:
    make.setting("ok", title=literal("not to be named"))
    make.setting("differs")
    make.setting("unknown")
    shown = render(make.model(), width=100)
    assert "3 settings: 1 differ, 1 unknown, 1 ok." in shown
    assert "- Type of the group (svr031, AC_1): found virtual machine, expected failover" in shown
    assert "not to be named" not in shown


def test_settings_of_which_nothing_is_known_are_not_worth_a_heading(make: Any) -> None:
    make.setting("unknown")
    assert "Settings" not in render(make.model())


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
