"""stop.sh: what it would do for each reason of the stop. Nothing is run, nothing is guessed, the code is kept nowhere."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from acforensics.settings.amccmd import Code
from acforensics.settings.script_lines import differing_lines
from acforensics.settings.stop_script import Run, StopScript, read_script
from tests.settings.cluster import OWN_CODE, STOP

CALL = '/usr/local/AUTORC/amccmd -downrequest "$AC_OPT" 127.0.0.1 "$HOST" "$AC_SECCODE"'
HEAD = f"#!/bin/bash\nHOST=`hostname -s`\nAC_SECCODE={OWN_CODE}\n"


def script(content: str) -> StopScript:
    return read_script(content, "stop.sh", ("stop.sh",))


def run(content: str, factor: str = "CLUSTERSHUTDOWN", action: str = "HALT") -> Run:
    return script(content).runs[factor, action]


def test_the_sample_of_the_howto() -> None:
    found = script(STOP)
    assert (found.problem, found.code, found.mentions_command) == (None, Code.OWN, True)
    assert {key: one.option for key, one in found.runs.items()} == {
        ("CLUSTERSHUTDOWN", "HALT"): "ShutdownOff",
        ("CLUSTERSHUTDOWN", "REBOOT"): "ShutdownReboot",
        ("SERVERSHUTDOWN", "HALT"): "ShutdownOff",
        ("SERVERSHUTDOWN", "REBOOT"): "ShutdownReboot",
    }
    lines = STOP.split("\n")
    for one in found.runs.values():
        assert one.calls == "yes"
        assert (one.first_sleep.seconds, one.second_sleep.seconds) == (30, 30)
        assert "sleep 30s" in lines[(one.first_sleep.line or 0) - 1]
        assert "amccmd -downrequest" in lines[(one.line or 0) - 1]
        assert [(t.message, t.tag, t.after) for t in one.logged] == [
            ("AC EXEC COMMAND", "CLUSTERPRO", False),
            ("AC EXEC COMMAND", "CLUSTERPRO", True),
        ]
        assert all("logger" in lines[t.line - 1] for t in one.logged)
    assert found.other.calls == "no"
    assert "AC_SECCODE=" in lines[(found.code_line or 0) - 1]


@pytest.mark.parametrize("ending", ["\r\n", "\n"])
def test_line_ends_of_windows(ending: str) -> None:
    found = script(STOP.replace("\n", ending))
    assert found.runs == script(STOP).runs
    assert found.problem is None


SAME = {
    "double brackets": STOP.replace("if [ ", "if [[ ").replace(" ]\n", " ]]\n"),
    "test": STOP.replace("if [ ", "if test ").replace(" ]\n", "\n"),
    "then on the same line": STOP.replace("]\nthen", "]; then").replace("]\n    then", "]; then"),
    "comments and blank lines": STOP.replace("\n", "\n\n# amccmd is not called here\n", 3),
    "letters before": STOP.replace('"$CLP_FACTOR" = "', 'x"$CLP_FACTOR" = x"'),
    "braces": STOP.replace("$CLP_FACTOR", "${CLP_FACTOR}").replace("$AC_OPT", "${AC_OPT}"),
    "continued line": STOP.replace("-downrequest ", "-downrequest \\\n      "),
    "output redirected": STOP.replace('"$AC_SECCODE"\n', '"$AC_SECCODE" >/tmp/ac.log 2>&1\n'),
    "other forms of time": STOP.replace("sleep 30s", "sleep 0.5m", 1).replace("sleep 30s", "/bin/sleep 30"),
    "a variable for the time": STOP.replace("AC_IPADDR=", 'WAIT="30s"\nAC_IPADDR=', 1).replace(
        "sleep 30s", "sleep $WAIT"
    ),
    "nohup": STOP.replace("/usr/local/AUTORC/amccmd", "nohup /usr/local/AUTORC/amccmd"),
    "timeout": STOP.replace("/usr/local/AUTORC/amccmd", "timeout 60 /usr/local/AUTORC/amccmd"),
    "long options of logger": STOP.replace("logger -i -t CLUSTERPRO", "logger --id --tag=CLUSTERPRO"),
    "clustered options of logger": STOP.replace("logger -i -t CLUSTERPRO", "logger -it CLUSTERPRO -p user.notice --"),
    "a here-document before": STOP.replace("AC_IPADDR=", "cat <<EOT\nif [ amccmd\n'\nEOT\nAC_IPADDR=", 1),
    "a command behind a pipe": STOP.replace('echo "AC EXIT COMMAND"', 'date | tee -a /tmp/x && [ -n "$X" ] && echo y'),
}


@pytest.mark.parametrize("content", SAME.values(), ids=SAME.keys())
def test_other_ways_to_write_the_same(content: str) -> None:
    expected, found = script(STOP), script(content)
    assert found.problem is None

    def said(one: Run) -> tuple[object, ...]:
        logged = [(text.message, text.tag, text.after) for text in one.logged]
        return (one.calls, one.option, one.first_sleep.surely, one.second_sleep.surely, logged, one.code)

    assert {key: said(one) for key, one in found.runs.items()} == {k: said(one) for k, one in expected.runs.items()}
    assert found.other.calls == "no"


CASE = (
    HEAD
    + f"""
case "$CLP_FACTOR" in
CLUSTERSHUTDOWN|SERVER*)
    case $CLP_LASTACTION in
        HALT) AC_OPT=ShutdownOff;;
        REBOOT) AC_OPT=ShutdownReboot ;;
    esac
    sleep 90; logger -t AC "before"; {CALL}; logger -t AC "after"; sleep 1m
    ;;
*) echo nothing ;;
esac
exit 0
"""
)
FUNCTION = (
    HEAD
    + f"""
tell() {{
    local how="$1"
    AC_OPT="$how"
    sleep $2
    {CALL}
    sleep $2
}}
if [ "$CLP_FACTOR" = CLUSTERSHUTDOWN ] || [ "$CLP_FACTOR" = SERVERSHUTDOWN ]; then
    [ "$CLP_LASTACTION" = HALT ] && tell ShutdownOff 45
    [ "$CLP_LASTACTION" = REBOOT ] && tell ShutdownReboot 45
fi
exit 0
"""
)


def test_case_and_functions() -> None:
    for content, wait, after in ((CASE, 90, 60), (FUNCTION, 45, 45)):
        found = script(content)
        assert found.problem is None
        for (_, action), one in found.runs.items():
            assert (one.calls, one.option) == ("yes", "ShutdownOff" if action == "HALT" else "ShutdownReboot")
            assert (one.first_sleep.seconds, one.second_sleep.seconds) == (wait, after)
        assert found.other.calls == "no"
    assert [text.message for text in run(CASE).logged] == ["before", "after"]


def test_a_branch_without_the_command_and_swapped_options() -> None:
    one_branch = STOP.replace('elif [ "$CLP_FACTOR" = "SERVERSHUTDOWN" ]', 'elif [ "$CLP_FACTOR" = "OTHER" ]')
    found = script(one_branch)
    assert found.runs["CLUSTERSHUTDOWN", "HALT"].calls == "yes"
    assert found.runs["SERVERSHUTDOWN", "HALT"].calls == "no"
    swapped = (
        STOP.replace("ShutdownOff", "x").replace("ShutdownReboot", "ShutdownOff").replace('"x"', '"ShutdownReboot"')
    )
    assert run(swapped).option == "ShutdownReboot"
    unset = STOP.replace('AC_OPT="ShutdownOff"', ":")
    assert run(unset).option == ""
    always = script(HEAD + f"AC_OPT=ShutdownOff\n{CALL}\n")
    assert (always.other.calls, always.runs["SERVERSHUTDOWN", "REBOOT"].option) == ("yes", "ShutdownOff")


UNKNOWN = {
    "a wait from outside": "sleep $(cat /etc/wait)",
    "a wait from a variable of nobody": "sleep $SITE_WAIT",
    "a wait in a loop": 'while [ -n "$(clpstat)" ]; do sleep 5; done',
    "one of two waits": "if [ -f /tmp/fast ]; then sleep 1; else sleep 60; fi",
    "arithmetic": "sleep $((60 * 2))",
    "forever": "sleep infinity",
}


@pytest.mark.parametrize("wait", UNKNOWN.values(), ids=UNKNOWN.keys())
def test_waits_that_cannot_be_told(wait: str) -> None:
    one = run(HEAD + f"AC_OPT=ShutdownOff\n{wait}\n{CALL}\nsleep 10\n")
    assert one.calls == "yes"
    assert (one.first_sleep.seconds, one.second_sleep.seconds) == (None, 10)


NOT_KNOWN_TO_CALL = {
    "another script": "/opt/site/tell_ac.sh",
    "a sourced file": ". /opt/site/functions\ntell_ac",
    "a command in a variable": "$TELL_AC HALT",
    "on a condition that is not known": f"[ -x /usr/local/AUTORC/amccmd ] && {CALL}",
    "evaluated": 'eval "$WHAT"',
}


@pytest.mark.parametrize("content", NOT_KNOWN_TO_CALL.values(), ids=NOT_KNOWN_TO_CALL.keys())
def test_whether_it_calls_cannot_be_told(content: str) -> None:
    assert run(HEAD + content + "\nexit 0\n").calls == "unknown"


CALLED = {
    "in another shell": f"sh -c '{CALL}'",
    "as another user": f"su - root -c '{CALL}'",
    "for its output": f"RESULT=`{CALL}`",
    "for its output, nested": f'RESULT="$( {CALL} )"',
    "for its status": f"if {CALL}; then echo done; fi",
    "in brackets": f"( {CALL} )",
    "in the background": f"{CALL} &",
    "instead of the shell": f"exec {CALL}",
    "for each of a list": f"for i in 1 2 3; do {CALL} && break; sleep 3; done",
    "in a pipe": f"{CALL} | tee /tmp/ac.log",
}


@pytest.mark.parametrize("content", CALLED.values(), ids=CALLED.keys())
def test_ways_to_call(content: str) -> None:
    found = script(HEAD + "AC_OPT=ShutdownOff\n" + content + "\n")
    one = found.runs["CLUSTERSHUTDOWN", "HALT"]
    assert (found.problem, one.calls, one.line) == (None, "yes", 5)


@pytest.mark.parametrize("content", ["# amccmd -downrequest x\n", "exit 0\n" + CALL, "if false; then " + CALL + "\nfi"])
def test_it_is_not_called(content: str) -> None:
    assert run(HEAD + content + "\n").calls == "no"


@pytest.mark.parametrize(
    ("assignment", "code"),
    [
        ("AC_SECCODE=ESMACnet", Code.DEFAULT),
        ("AC_SECCODE='ESMACnet'", Code.DEFAULT),
        ('A=ESMAC\nAC_SECCODE="${A}net"', Code.DEFAULT),
        (f"AC_SECCODE={OWN_CODE}", Code.OWN),
        ("AC_SECCODE=", Code.EMPTY),
        ("AC_SECCODE=$(cat /etc/code)", Code.UNKNOWN),
        (". /etc/code", Code.UNKNOWN),
    ],
)
def test_the_code(assignment: str, code: Code) -> None:
    assert script(f"#!/bin/sh\n{assignment}\nAC_OPT=ShutdownOff\n{CALL}\n").code == code


HIDING = {
    "as sample": STOP,
    "as a word": f"#!/bin/sh\namccmd -downrequest ShutdownOff 127.0.0.1 h {OWN_CODE}\n",
    "logged": f'#!/bin/sh\nC={OWN_CODE}\nlogger -t x "code $C"\namccmd -downrequest ShutdownOff 127.0.0.1 h $C\n',
    "as a tag": f"#!/bin/sh\nC={OWN_CODE}\nlogger -t $C hello\namccmd -downrequest ShutdownOff 127.0.0.1 h $C\n",
    "in the place of the option": f"#!/bin/sh\namccmd -downrequest {OWN_CODE} 127.0.0.1 h x\n",
    "in the place of the address": f"#!/bin/sh\namccmd -downrequest ShutdownOff {OWN_CODE}\n",
    "as interpreter": f"#!/bin/sh # {OWN_CODE}\namccmd x\n",
    "torn": f"#!/bin/sh\nC='{OWN_CODE}\namccmd -downrequest ShutdownOff 127.0.0.1 h $C\n",
    "in pieces": f"#!/bin/sh\nP={OWN_CODE[:5]}\nlogger -t x $P\namccmd -downrequest ShutdownOff 127.0.0.1 h $P{OWN_CODE[5:]}\n",
    "in a list": f'#!/bin/bash\nK={OWN_CODE}\nA=(-downrequest {OWN_CODE})\nlogger -t x "k $K"\namccmd "${{A[@]}}"\n',
    "in front": f"#!/bin/sh\nK={OWN_CODE}\nlogger -t x $K\namccmd $K -downrequest ShutdownOff 127.0.0.1 h\n",
    "in the place of the host": f"#!/bin/sh\nK={OWN_CODE}\nlogger -t x $K\namccmd -downrequest ShutdownOff 127.0.0.1 $K h x y\n",
    "named as a code alone": f'#!/bin/bash\nAC_SECCODE={OWN_CODE}\nlogger -t x "k $AC_SECCODE"\namccmd -downrequest "$@"\n',
}


@pytest.mark.parametrize("content", HIDING.values(), ids=HIDING.keys())
def test_the_code_is_kept_nowhere(content: str) -> None:
    found = script(content)
    shown = repr(found) + repr(found.runs) + repr(found.problem) + repr(vars(found))
    assert OWN_CODE not in shown
    assert all(OWN_CODE not in repr(one.logged) for one in found.runs.values())


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("#!/bin/sh\necho 'torn\namccmd\n", 2),
        ("#!/bin/sh\nif true; then\namccmd\n", 3),
        ("#!/bin/sh\nfi\namccmd\n", 2),
        ("#!/bin/sh\necho $(amccmd\n", 2),
        ("#!/bin/sh\n) amccmd\n", 2),
        ("#!/bin/sh\ncase x in\n;; esac amccmd", 3),
    ],
)
def test_what_is_not_understood_is_unknown(content: str, line: int) -> None:
    found = script(content)
    assert found.problem is not None
    assert f"line {line}" in found.problem.en
    assert {one.calls for one in [*found.runs.values(), found.other]} == {"unknown"}
    assert found.mentions_command


def test_differences_are_named_by_their_lines() -> None:
    other = STOP.replace("sleep 30s", "sleep 60s", 1).replace(OWN_CODE, "other").replace("# デフォルト", "# default:")
    own, others = differing_lines(script(other).lines, script(STOP).lines)
    lines = STOP.split("\n")
    assert [lines[number - 1].split()[0] for number in others] == [f'AC_SECCODE="{OWN_CODE}"', "sleep"]
    assert own == others
    commented = script(STOP.replace("# ", "#  ") + "\n\n# end\n")
    assert differing_lines(commented.lines, script(STOP).lines) == ([], [])
    long = STOP + "echo x\n" * 6000
    assert differing_lines(script(long + "echo y\n").lines, script(long).lines) == ([5001], [5001])


@pytest.mark.parametrize(
    "content",
    [
        "(" * 50_000,
        "if true; then " * 5000,
        "$(" * 20_000,
        "`" * 50_001,
        "${" * 20_000 + "amccmd",
        "\n".join(f"if [ -f /{i} ]; then X{i}=1; logger {i}; fi" for i in range(3000)) + "\namccmd",
        "f() { f; }\nf\namccmd",
        "A=x\n" + "A=$A$A\n" * 60 + "amccmd -downrequest $A",
        "((" * 20_000 + "\n",
        " #" * 30_000 + "'",
        "<<" * 10_000,
        "a=(" * 20_000,
        'echo "' + "$(echo `" * 5000,
        "! " * 50_000,
        "[ " + "( " * 50_000,
        "while true; do " * 30 + "sleep 1; amccmd; " + "done; " * 30,
        "eval 'a;b;c'\n" * 15_000,
        "[ a ] && b\n" * 20_000,
        "cat <<E\n" + "a line with $A and `date`\n" * 9000 + "E\namccmd\n",
        "a\n" * 2_000_000,
    ],
)
def test_hostile_scripts_end_soon(content: str) -> None:
    begun = time.process_time()
    script("#!/bin/sh\n" + content)
    assert time.process_time() - begun < 6


SNIPPETS = st.sampled_from(
    ["if ", "then\n", "fi\n", "[ ", " ]", "'", '"', "$CLP_FACTOR", "`", "$(", ")", "(", "case x in\n", "esac\n", ";;", "amccmd ",
     "-downrequest ", "sleep 3\n", "<<E\n", "E\n", "\\\n", "#", "\r\n", "${A", "}", "{ ", "&&", "||", "|", "&", "f() ", "exit 0\n",
     "A=", "日本", "\0", "do\n", "done\n", "for i in 1 2\n", "[[ ", " ]]", " = ", "x", "eval ", "logger -t ", ". /x\n", "return\n"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(SNIPPETS, max_size=40).map("".join))
@example("[[ ]]")
@example("case x in (")
def test_any_text_is_survived(content: str) -> None:
    found = script(content)
    assert set(found.runs) == set(script(STOP).runs)
