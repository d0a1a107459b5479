"""Lines are cut where they are long: what is left of a name at the cut tells as much as the name."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import acforensics
from acforensics.rendering import terminal
from tests.command_line import run
from tests.redaction.conftest import syslog
from tests.redaction.test_tokens import rewriter

NAMES = ("svr031", "db-tokyo-1", "kobe-dc.example.jp", "tanaka", "192.168.10.21", "fd00:12::7", "52:54:00:12:34:56",
         "a3f2433e-1153-4599-bb43-3331cbc2d52d")  # fmt: skip
FOUND = rewriter("to x@mail.kobe-dc.example.jp", *NAMES, hosts=("svr031", "db-tokyo-1"), users=("tanaka",))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("before", [" ", " host=", " failover_", "@", " [", "/"])
def test_the_beginning_of_a_name_at_a_cut_goes(name, before):
    for length in range(4, len(name)):
        text = f"{'x' * 200}{before}{name[:length]}"
        if name[length - 1].isalnum():
            assert FOUND.text(text) == f"{'x' * 200}{before}…"


@pytest.mark.parametrize("length", range(2, 6))
def test_a_few_letters_of_a_name_go_too(length):
    assert FOUND.text(f"{'x' * 200} {'tanaka'[:length]}").endswith(" …")


def test_a_name_that_is_whole_is_replaced_as_everywhere():
    for name in ("tanaka", "svr031"):
        assert FOUND.text(f"{'x' * 200} {name}") == f"{'x' * 200} {FOUND.line(name)}" != f"{'x' * 200} {name}"


@pytest.mark.parametrize("end", ["now", "-r now", "session-7", "done.", "port 22", "(x)", "2026-11-24"])
def test_what_begins_no_name_stays(end):
    assert FOUND.text(f"{'x' * 200} {end}") == f"{'x' * 200} {end}"


def test_a_short_text_is_whole():
    assert FOUND.text("shutdown by tan") == "shutdown by tan"


def test_a_cut_line_that_an_error_quotes():
    quoted = f"messages: text ('{'x' * 200} svr0'); secure: text ('{'y' * 200} tana')"
    assert FOUND.sentence(quoted) == f"messages: text ('{'x' * 200} …'); secure: text ('{'y' * 200} …')"


@given(st.text(max_size=40), st.integers(1, 8), st.sampled_from(NAMES))
def test_nothing_but_the_end_is_lost(around, length, name):
    text = f"{around}{'x' * 200} {around} {name[:length]}"
    shown = FOUND.text(text)
    assert shown.count("\n") == text.count("\n")
    assert "x" * 200 in shown


def test_no_output_has_what_a_cut_left_of_a_name(tmp_path):
    # Lines that fit no form are shown to 200 characters, lines of unknown programs to 500.
    odd = f"{'odd ' * 49}svr031 from 192.168.10.21\n"
    cut = [f"agent{n}: {'z' * (453 + n)} tanaka svr031" for n in range(12)]
    signed = "sshd[9]: Accepted password for tanaka from 192.168.10.21 port 22 ssh2"
    (tmp_path / "messages").write_text(odd + syslog("svr031", signed, *cut))
    case = acforensics.analyze([tmp_path], redact=True)
    for lang in ("en", "ja"):
        page = re.sub("<script>.*?</script>", "", case.to_html(lang), flags=re.DOTALL)
        shown = [case.to_json(lang), page, case.to_markdown(lang), case.timeline.to_csv()]
        for one in (*shown, terminal.render(case.model, lang, width=100)):
            for piece in ("svr0", "tana", "192.168.1"):
                assert piece not in one


def test_the_paths_of_outputs_are_told_with_stand_ins(tmp_path):
    (tmp_path / "messages").write_text(syslog("svr031", "sshd[9]: session opened for user tanaka by root(uid=0)"))
    (tmp_path / "tanaka").mkdir()
    outputs = {suffix: tmp_path / "tanaka" / f"svr031.{suffix}" for suffix in ("html", "json", "md", "csv")}
    done = run(
        "analyze", tmp_path / "messages", "--redact", "-o", outputs["html"], "--json", outputs["json"],
        "--markdown", outputs["md"], "--timeline", outputs["csv"],
    )  # fmt: skip
    assert all(path.exists() for path in outputs.values())
    assert "user1/server1.html" in done.stdout.replace("\n", "")
    assert "svr031" not in done.stdout + done.stderr
    assert "tanaka" not in done.stdout + done.stderr
