"""Scripts that do what the HOWTO wants in a way of their own: none is called wrong, and what is not known stays so."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from acforensics import settings
from tests.settings.cluster import OWN_CODE, configuration, files

AMCCMD = "/usr/local/AUTORC/amccmd"
HEAD = f'#!/bin/bash\nAC_IPADDR="127.0.0.1"\nAC_HOSTNAME=`hostname -s`\nAC_SECCODE="{OWN_CODE}"\n'
CALL = f'{AMCCMD} -downrequest "$AC_OPT" "$AC_IPADDR" "$AC_HOSTNAME" "$AC_SECCODE"'
LOG = 'logger -i -t CLUSTERPRO "AC EXEC COMMAND"'
TELL = f"sleep 60\n{LOG}\n{CALL}\n{LOG}\nsleep 30\n"
IS_SHUTDOWN = 'if [ "$CLP_FACTOR" = CLUSTERSHUTDOWN -o "$CLP_FACTOR" = SERVERSHUTDOWN ]; then\n'
OPTION = (
    'if [ "$CLP_LASTACTION" = HALT ]; then AC_OPT=ShutdownOff; '
    'elif [ "$CLP_LASTACTION" = REBOOT ]; then AC_OPT=ShutdownReboot; fi\n'
)
REQUEST = f'{AMCCMD} -downrequest "$1" "$AC_IPADDR" "$AC_HOSTNAME" "$AC_SECCODE"'


def script(before: str = "", condition: str = IS_SHUTDOWN, body: str = OPTION + TELL, end: str = "fi\nexit 0\n") -> str:
    return HEAD + before + condition + body + end


def either(how: str) -> str:
    """The same for HALT and REBOOT, with its option."""
    return 'if [ "$CLP_LASTACTION" = HALT ]; then {}; else {}; fi\n'.format(
        how.replace("@", "ShutdownOff"), how.replace("@", "ShutdownReboot")
    )


KNOWN = {
    # What is told of these is right.
    "set -e and traps that clean up": script(
        "set -euo pipefail\ntrap 'rm -f /tmp/lock' EXIT\ntrap '' TERM\ntrap - HUP\n"
    ),
    "output to a log": script("exec >>/var/log/ac.log 2>&1\n"),
    "output to a log and elsewhere": script("exec > >(tee -a /var/log/ac.log) 2>&1\n"),
    "leaves at once else": HEAD
    + '[ "$CLP_FACTOR" = CLUSTERSHUTDOWN ] || [ "$CLP_FACTOR" = SERVERSHUTDOWN ] || exit 0\n'
    + OPTION
    + TELL,
    "not": script(condition='if ! [ "$CLP_FACTOR" != CLUSTERSHUTDOWN -a "$CLP_FACTOR" != SERVERSHUTDOWN ]; then\n'),
    "patterns": script(condition="if [[ $CLP_FACTOR == *SHUTDOWN ]]; then\n"),
    "a function that answers": HEAD
    + "is_shutdown() { case $CLP_FACTOR in *SHUTDOWN) return 0;; esac; return 1; }\nis_shutdown || exit 0\n"
    + OPTION
    + TELL,
    "shifted": HEAD
    + f"tell() {{\nlocal wait=$1; shift\nsleep $wait\n{LOG}\n{REQUEST}\n{LOG}\nsleep 30\n}}\n"
    + IS_SHUTDOWN
    + either("tell 60 @")
    + "fi\n",
    "words set anew": HEAD + IS_SHUTDOWN + either("set -- @") + TELL.replace('"$AC_OPT"', '"$1"') + "fi\n",
    "a variable for a function only": HEAD + f"tell() {{\n{TELL}}}\n" + IS_SHUTDOWN + either("AC_OPT=@ tell") + "fi\n",
    "a variable for a shell only": script(body=TELL.replace(CALL, either(f"env AC_OPT=@ sh -c '{CALL}'"))),
    "looks for amccmd": script(f"command -v {AMCCMD} >/dev/null 2>&1\n"),
    "microseconds": script(body=OPTION + TELL.replace("sleep 60", "usleep 60000000")),
    "minutes of other forms": script(body=OPTION + TELL.replace("sleep 60", "sleep .5m 30")),
    "busybox": script(body=OPTION + TELL.replace("sleep", "busybox sleep")),
    "two control terminals": script(body=OPTION + TELL.replace(CALL, f"{CALL}\n{CALL}")),
    "Japanese comments": script("# 「amccmd」を実行する (it's the end)\n"),
}
UNKNOWN = {
    # Of these something cannot be told.
    "called at the end": HEAD + f"tell() {{\n{OPTION}{TELL}}}\n" + IS_SHUTDOWN + "trap tell EXIT\nfi\n",
    "called at the end, as text": HEAD + OPTION + IS_SHUTDOWN + f"trap 'sleep 60; {CALL}; sleep 30' EXIT\nfi\n",
    "asks amccmd for its version": script(f"{AMCCMD} -version\n"),
    "waits by ping": script(body=OPTION + TELL.replace("sleep 60", "ping -c 60 127.0.0.1")),
    "waits by read": script(body=OPTION + TELL.replace("sleep 60", "read -t 60 x").replace("sleep 30", "read -t 30 x")),
    "waits by timeout": script(body=OPTION + TELL.replace("sleep 60", "timeout 60 tail -f /x").replace("sleep 30", "timeout 30 cat")),
    "waits in a script": script(body=OPTION + TELL.replace("sleep 60", "/opt/site/wait.sh").replace("sleep 30", "/opt/site/end.sh")),
    "waits in perl": script(body=OPTION + TELL.replace("sleep", "perl -e 'sleep shift'")),
    "stops the groups itself": script(body=OPTION + TELL.replace("sleep 60", "clpgrp -t failover1")),
    "waits between two calls": script(body=OPTION + f"sleep 60\n{CALL}\nsleep 30\n{CALL}\n"),
    "a default that stays": HEAD
    + IS_SHUTDOWN
    + '[ "$CLP_LASTACTION" = REBOOT ] && AC_OPT=ShutdownReboot\n: ${AC_OPT:="ShutdownOff"}\n'
    + TELL
    + "fi\n",
    "a name for a name": script(body=f"OPT_HALT=ShutdownOff\nOPT_REBOOT=ShutdownReboot\ndeclare -n AC_OPT=OPT_$CLP_LASTACTION\n{TELL}"),
    "small letters by declaration": script("declare -l F=$CLP_FACTOR\n", 'if [[ "$F" == *shutdown ]]; then\n'),
    "small letters by option": script("shopt -s nocasematch\n", "if [[ $CLP_FACTOR == *shutdown ]]; then\n"),
    "counted": script(
        'N=0\n[ "$CLP_FACTOR" = CLUSTERSHUTDOWN ] && ((N++))\n[ "$CLP_FACTOR" = SERVERSHUTDOWN ] && (( N += 1 ))\n',
        "if [ $N -gt 0 ]; then\n",
    ),
    "words divided by colons": script(
        body=f'{OPTION}IFS=:\nA=-downrequest:$AC_OPT:$AC_IPADDR:host\nsleep 60\n{AMCCMD} $A "$AC_SECCODE"\nsleep 30\n'
    ),
    "a code from another file": script("AC_SECCODE=\n. /etc/ac.code\n"),
    "all from a file": HEAD + ". /opt/site/ac.sh\ntell_ac\n",
    "a list": HEAD + IS_SHUTDOWN + OPTION
    + 'sleep 60\nA=(-downrequest "$AC_OPT" "$AC_IPADDR" "$AC_HOSTNAME" "$AC_SECCODE")\n'
    + f'{AMCCMD} "${{A[@]}}"\nsleep 30\nfi\n',
}  # fmt: skip


@pytest.fixture
def audited(case) -> Callable[[str], list[settings.SettingRow]]:
    def made(stop: str) -> list[settings.SettingRow]:
        found = settings.audit(case(files(configuration(), stop)))
        return [row for row in found if row.server == "svr031"]

    return made


@pytest.mark.parametrize("stop", KNOWN.values(), ids=KNOWN.keys())
def test_another_way_to_do_it_is_right(audited, stop: str) -> None:
    rows = {row.item: row for row in audited(stop)}
    of_script = (
        "stop-script-command",
        "stop-script-options",
        "second-sleep",
        "recognition-code",
        "stop-script-timeout",
    )
    assert {item: rows[item].status for item in of_script} == dict.fromkeys(of_script, "ok")
    assert rows["first-sleep"].found.en == "60 s"
    assert [item for item, row in rows.items() if row.status == "differs"] == []


@pytest.mark.parametrize("stop", UNKNOWN.values(), ids=UNKNOWN.keys())
def test_what_cannot_be_followed_is_no_fault(audited, stop: str) -> None:
    rows = audited(stop)
    assert [(row.item, row.found.en) for row in rows if row.status == "differs"] == []
    of_script = ("stop-script-command", "stop-script-options", "second-sleep", "first-sleep", "recognition-code")
    assert any(row.status == "unknown" for row in rows if row.item in of_script)


@pytest.mark.parametrize(
    ("before", "item"),
    [
        ("trap 'echo over' EXIT\n", "stop-script-command"),
        ("shift; set -e; ((N++))\n", "stop-script-command"),
        ("declare -l F=x\n", "stop-script-command"),
    ],
)
def test_the_nearest_wrong_script_is_still_found(audited, before: str, item: str) -> None:
    stop = script(before, 'if [ "$CLP_FACTOR" = CLUSTERSHUTDOWN ]; then\n')
    assert [row.item for row in audited(stop) if row.status == "differs"] == [item]


def test_wrong_options_of_functions_are_still_found(audited) -> None:
    for stop in (KNOWN["shifted"], KNOWN["a variable for a function only"]):
        rows = audited(stop.replace("ShutdownReboot", "ShutdownOff"))
        assert [row.item for row in rows if row.status == "differs"] == ["stop-script-options"]


def test_a_wait_that_may_be_longer_says_so(audited) -> None:
    stop = script(body=OPTION + TELL.replace("sleep 60", "/opt/site/wait.sh\nsleep 5"))
    row = next(row for row in audited(stop) if row.item == "first-sleep")
    assert row.status == "unknown"
    assert row.found.en.startswith("at least 5 s")
    limit = next(row for row in audited(stop) if row.item == "stop-script-timeout")
    assert limit.status == "unknown"


@pytest.mark.parametrize(
    ("stop", "talks"),
    [
        ("#!/bin/sh\necho 'amccmd is run by AC_1'\nexit 0\n", False),
        ('#!/bin/sh\nlogger "amccmd follows"; sleep 1 # amccmd\n', False),
        (f"#!/bin/sh\necho '{AMCCMD} -downrequest' | sh\n", True),
        (f"#!/bin/sh\nC={AMCCMD}\n$C -downrequest x\n", True),
        (f"#!/bin/sh\nf() {{ x=$({AMCCMD} -downrequest y); }}\n", True),
        (f"#!/bin/sh\necho 'torn\n{AMCCMD}\n", True),
    ],
)
def test_who_only_speaks_of_amccmd_does_not_talk_to_it(case, stop: str, talks: bool) -> None:
    given = files()
    for server in ("svr031", "svr047"):
        given[f"{server}/scripts/failover1/exec1/stop.sh"] = stop.encode()
    found = case(given)
    assert ("failover1" in found.ac_groups("svr031").names) == talks
