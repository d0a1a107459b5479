"""What another server's logs may say of an end: cause before effect, on clocks that can be compared."""

from __future__ import annotations

from datetime import timedelta

import pytest

REFUSED = "A request to shutdown cluster failed(-1)."
ASKED = "There was a request to shutdown cluster from the clpstdn."


def by_server(case):
    return {s.server: s for s in case.shutdowns}


@pytest.mark.parametrize(("refused", "trigger"), [(True, "clusterpro-recovery"), (False, "clusterpro-command")])
def test_a_refused_request_on_the_peer_asked_nobody(machine, case, refused, trigger):
    peer = machine("svr047").boot().wait(600).event("down", 1, ASKED)
    if refused:
        peer.event("down", 11, REFUSED)
    peer.wait(20)
    here = machine("svr031").boot().at(peer.now + timedelta(seconds=30)).disk_error_reboot()
    found = by_server(case(peer, here.wait(60).boot()))
    assert found["svr031"].trigger == trigger


@pytest.mark.parametrize("later", [300, 480])
def test_a_request_that_came_later_is_no_cause(machine, case, later):
    here = machine("svr031").boot().wait(600).disk_error_reboot()
    peer = machine("svr047").boot().at(here.now + timedelta(seconds=later)).clp_stop("clpstdn")
    found = by_server(case(peer.wait(60).boot(), here.wait(60).boot()))
    assert found["svr031"].trigger == "clusterpro-recovery"


def test_ends_in_the_same_minutes_say_nothing_where_clocks_cannot_be_compared(machine, case):
    one = machine("svr031").boot(cluster=False).wait(600).log("app", "x")
    other = machine("svr047").boot(cluster=False).wait(610).log("app", "x")
    found = case(one.wait(300).boot(recovered=True, cluster=False), other.wait(300).boot(recovered=True, cluster=False))
    assert [(s.trigger, s.confidence) for s in found.shutdowns] == [("power-loss", "possible")] * 2


def test_two_users_with_the_same_command_name_nobody(machine, end):
    log = machine().boot().wait(600).sudo("ope1", "/sbin/reboot").wait(1).sudo("ope2", "/sbin/reboot").wait(1)
    found = end(log.os_stop("reboot").wait(60).boot())
    assert (found.trigger, found.actor) == ("os-command", None)
    assert any("another user" in reason.text.en for reason in found.reasons)


@pytest.mark.parametrize("cut", [True, False])
def test_a_log_that_begins_between_the_two_lines_does_not_show_one_only(machine, case, tmp_path, cut):
    log = machine().boot().wait(600).clp_stop("clpstdn", ac_lines=2 if cut else 1).wait(600).boot()
    lines = log.files["messages"]
    if cut:
        first = next(i for i, line in enumerate(lines) if "AC EXEC COMMAND" in line)
        log.files["messages"] = lines[first + 1 :]
    found = case(log)
    assert found.shutdowns[0].ups_told == ("unknown" if cut else "partly")
    assert [f.rule for f in found.findings if f.rule == "ac-command-unfinished"] == (
        [] if cut else ["ac-command-unfinished"]
    )


@pytest.mark.parametrize("lost", [True, False])
def test_a_log_that_lost_records_does_not_show_that_the_ups_was_not_told(machine, case, lost):
    log = machine().boot().wait(600).clp_stop("clpstdn").wait(600).boot().wait(600)
    log.event("pm", 30, "Received a request to stop the system from clpstdn.").event(
        "pm", 23, "The system will be stopped."
    )
    log.event("rc", 20, "Stopping group AC_1 has started.").event("rc", 40, "Stopping exec_ac_1 resource has started.")
    log.wait(30)
    if lost:
        log.log("rsyslogd", "imjournal: 123 messages lost due to rate-limiting", wait=1)
    log.event("rc", 41, "Stopping exec_ac_1 resource has completed.", wait=30).event(
        "rc", 90, "All the servers in the cluster were shut down."
    )
    found = case(log.os_stop("halt", cluster=False).wait(600).boot()).shutdowns
    assert [s.ups_told for s in found] == ["yes", "unknown" if lost else "no"]


@pytest.mark.parametrize("elsewhere", [True, False])
def test_a_server_that_logs_its_script_elsewhere_is_not_said_to_have_told_nobody(machine, case, elsewhere):
    one = machine("svr031").boot().wait(600).clp_stop("clpstdn").wait(600).boot()
    other = machine("svr047", ac_group="AC_2")
    if elsewhere:
        # Of this log only a part from days before is there.
        other.wait(-200_000).log("CLUSTERPRO", "AC EXEC COMMAND", pid=306, file="user.log").wait(200_000)
    found = case(one, other.boot().wait(600).clp_stop("clpstdn", ac_lines=0, sleep=0).wait(600).boot())
    told = {shutdown.server: shutdown.ups_told for shutdown in found.shutdowns}
    assert told == {"svr031": "yes", "svr047": "unknown" if elsewhere else "no"}
    rules = {finding.rule for finding in found.findings}
    blamed = {"ups-not-told", "cluster-shutdown-incomplete"}
    assert rules & blamed == (set() if elsewhere else blamed)
