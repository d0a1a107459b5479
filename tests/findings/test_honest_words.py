"""What a finding says must be what its lines show, of the server and the time that it is about."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from samples.cluster import Server
from samples.sequence_stops import MORNING, again, cluster_stop, halted, request, running
from tests.settings.cluster import STOP, configuration

AMCCMD = (
    'type=EXECVE msg=audit({at}.000:9): argc=6 a0="/usr/local/AUTORC/amccmd" a1="-downrequest" a2="{option}" '
    'a3="127.0.0.1" a4="{server}" a5="x"'
)


def found(model, rule):
    return [finding for finding in model.findings if finding.rule == rule]


def script_line(server: Server) -> int:
    """Where the second line of stop.sh stands."""
    return [i for i, line in enumerate(server.files["messages"]) if "AC EXEC COMMAND" in line][1]


def amccmd(server: Server, option: str) -> dict[str, str]:
    """An audit log with the command, at the second line."""
    stamp = server.files["messages"][script_line(server)][:15]
    at = datetime.strptime(f"2026 {stamp} +0900", "%Y %b %d %H:%M:%S %z").timestamp()
    line = AMCCMD.format(at=int(at), option=option, server=server.name)
    return {f"{server.name}/var/log/audit/audit.log": line + "\n"}


# --- amccmd


def test_a_command_with_an_empty_option_was_run(analysed):
    first, second = halted()
    model = analysed(first, second, files=amccmd(first, ""))
    (untold,) = found(model, "ups-not-told")
    assert untold.servers == ["svr031"]
    assert "ran the AC command, but with an empty option" in untold.summary.en
    assert "is not: ESMPRO/AC" not in untold.summary.en
    assert untold.evidence[0].kind == "ac.command_run"
    (mismatch,) = found(model, "ac-option-mismatch")
    assert "with an empty option" in mismatch.summary.en
    assert "unknown" not in mismatch.summary.en.lower()


@pytest.mark.parametrize("recorded", [True, False])
def test_what_stop_sh_writes_yields_to_the_recorded_command(analysed, recorded):
    first, second = halted()
    lines = first.files["messages"]
    place = script_line(first)
    lines.insert(place, f"{lines[place][:15]} svr031 stop.sh[99]: AC ACTION REBOOT")
    model = analysed(first, second, files=amccmd(first, "ShutdownOff") if recorded else None)
    mismatch = found(model, "ac-option-mismatch")
    assert len(mismatch) == (0 if recorded else 1)
    assert all('wrote "AC ACTION REBOOT"' in one.summary.en for one in mismatch)
    assert bool(found(model, "sequence-deviation")) is recorded


@pytest.mark.parametrize(
    ("wait", "said"),
    [("sleep 30s", "waits 30 seconds"), ("sleep $WAIT", "cannot be told from it"), (None, "is not in the input")],
)
def test_the_wait_is_the_script_s_own_or_said_to_be_unknown(analysed, wait, said):
    files = {}
    if wait is not None:
        files["svr031/etc/clp.conf"] = configuration(encoding="UTF-8").replace("exec_ac", "exec_ac_")
        files["svr031/scripts/AC_1/exec_ac_1/stop.sh"] = STOP.replace("sleep 30s", wait)
    model = analysed(*halted(business_first=False, takes=14), files=files)
    (own,) = [one for one in found(model, "stop-wait-too-short") if one.servers == ["svr031"]]
    assert said in own.summary.en


# --- loops


def looping(first: Server, second: Server) -> tuple[Server, Server]:
    """A disk is not there at the starts: four boots of each."""
    for turn in range(4):
        for server, other in ((first, second), (second, first)):
            server.kernel().daemon(other.name)
            if turn < 3:
                server.disk_error_reboot().wait(60)
            else:
                server.groups(server.group).daily()
    return first, second


def cluster(*names: str, later: float = 0) -> tuple[Server, Server]:
    start = MORNING + timedelta(seconds=later)
    one, other = (Server(name, start, ac_group=f"AC_{name}", group=f"failover_{name}") for name in names)
    return one, other


def test_a_loop_tells_of_the_disk_and_no_deviation_repeats_it(analysed):
    model = analysed(*looping(*cluster("svr031", "svr047")))
    assert "diskw1" in found(model, "reboot-loop")[0].summary.en
    assert not found(model, "sequence-deviation")


def test_the_loop_of_another_cluster_is_another_loop(analysed):
    one, other = looping(*cluster("svr031", "svr047")), looping(*cluster("svr101", "svr102", later=30))
    loops = found(analysed(*one, *other), "reboot-loop")
    assert [loop.servers for loop in loops] == [["svr031", "svr047"], ["svr101", "svr102"]]


# --- an AC group that was moved and came back


def test_the_way_back_of_an_ac_group_is_no_second_move(analysed):
    first, second = running()
    at = first.now + timedelta(hours=1)
    for server in (first, second):
        server.daily(9).at(at)
    first.event("rc", 50, "Moving group AC_1 has started.")
    first.event("rc", 20, "Stopping group AC_1 has started.").event("rc", 21, "Stopping group AC_1 has completed.")
    second.at(first.now).activate("AC_1")
    first.at(second.now).event("rc", 51, "Moving group AC_1 has completed.")
    second.wait(600).event("rc", 50, "Moving group AC_1 has started.")
    second.event("rc", 20, "Stopping group AC_1 has started.").event("rc", 21, "Stopping group AC_1 has completed.")
    stopped = f"{second.now:%H:%M:%S}"
    first.at(second.now).activate("AC_1")
    second.at(first.now).event("rc", 51, "Moving group AC_1 has completed.")
    request(first.wait(600), "shutdown", "cluster", "clpstdn")
    for server in (first, second.wait(600)):
        cluster_stop(server, "halt")
        server.at(MORNING + timedelta(days=1))
    again(first, second, after=0)
    (finding,) = found(analysed(first, second), "ac-group-moved")
    assert finding.servers == ["svr047"]
    assert "svr047 activated AC_1" in finding.summary.en
    assert f"AC_1 is seen to stop on svr047 at 2026-11-24 {stopped}" in finding.summary.en
    assert not any("Moving" in one.text for one in finding.evidence)
