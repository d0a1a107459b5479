"""Where a request may have been written and is lost, nobody is named by circumstance; a record stays a record."""

from __future__ import annotations

import gzip

import pytest

import acforensics

REQUEST = ("<type: rm>", "Received a request", "Shutdown monitoring", "The system will be")


def without(log, *parts, file="messages"):
    """The same log without the lines that hold one of the given texts."""
    log.files[file] = [line for line in log.files[file] if not any(part in line for part in parts)]
    return log


def summary(end):
    return end.trigger, end.confidence


def said(end):
    return " ".join(reason.text.en for reason in end.reasons)


# --- the log before a stop


def days(log, count=6):
    """Some lines each hour, for days."""
    for _ in range(count * 24):
        log.wait(3590).log("app", "works").wait(10)
    return log


def rotated(log, *, missing):
    """The log in three files, of which the middle one ends shortly before the stop; it may be missing."""
    lines = log.files["messages"]
    stop = next(i for i, line in enumerate(lines) if "New session" in line)
    log.files["messages"] = lines[stop:]
    log.files["messages.2"] = lines[: stop // 2]
    if not missing:
        log.files["messages.1"] = lines[stop // 2 : stop]
    return log


@pytest.mark.parametrize(
    ("missing", "typed", "expected"),
    [(False, False, ("os-command", "likely")), (True, False, ("unknown", "possible")), (True, True, ("os-command", "certain"))],
)  # fmt: skip
def test_a_missing_file_before_a_stop_may_have_held_the_request(machine, end, missing, typed, expected):
    log = days(machine().boot()).login("root").wait(60)
    log = log.sudo("ope1", "/sbin/reboot").wait(1) if typed else log
    found = end(rotated(log.os_stop("reboot").wait(60).boot(), missing=missing))
    assert summary(found) == expected
    assert ("a rotated file of messages is missing" in said(found)) is (expected[0] == "unknown")


@pytest.mark.parametrize("cut", [True, False])
def test_a_file_that_could_not_be_read_to_its_end_may_have_held_the_request(machine, tmp_path, cut):
    log = days(machine().boot()).login("root").wait(60).os_stop("reboot").wait(60).boot()
    lines = log.files.pop("messages")
    login = next(i for i, line in enumerate(lines) if "New session" in line)
    log.files["messages"] = lines[login:]
    folder = log.write(tmp_path) / "var" / "log"
    packed = gzip.compress("".join(line + "\n" for line in lines[:login]).encode())
    (folder / "messages.1.gz").write_bytes(packed[: len(packed) - 12 * cut])
    (end,) = acforensics.analyze([tmp_path]).shutdowns
    assert summary(end) == (("unknown", "possible") if cut else ("os-command", "likely"))
    assert ("could be read in part only" in said(end)) is cut


@pytest.mark.parametrize("lost", [True, False])
def test_records_lost_before_a_stop_may_have_been_the_request(machine, end, lost):
    log = machine().boot().wait(600).login("root").wait(60)
    if lost:
        log.log("rsyslogd", "imjournal: 123 messages lost due to rate-limiting", wait=1)
    found = end(log.wait(5).os_stop("reboot").wait(60).boot())
    assert summary(found) == (("unknown", "possible") if lost else ("os-command", "likely"))
    assert ("records of messages were lost" in said(found)) is lost


@pytest.mark.parametrize(("before", "trigger"), [(300, "unknown"), (900, "os-command")])
def test_a_log_that_begins_shortly_before_a_stop_may_lack_the_request(machine, end, before, trigger):
    log = machine().boot().wait(3600)
    log.files.clear()
    found = end(log.log("app", "goes on").wait(before).login("root").wait(9).os_stop("reboot").wait(60).boot())
    assert found.trigger == trigger
    assert ("would not be seen" in said(found)) is (trigger == "unknown")


def test_hours_without_a_record_are_no_hole(machine, end):
    log = days(machine().boot()).wait(3 * 3600).login("root").wait(9)
    assert summary(end(log.os_stop("reboot").wait(60).boot())) == ("os-command", "likely")


def test_a_server_without_clusterpro_needs_no_records_of_it(machine, end):
    log = machine().boot(cluster=False).wait(3600).login("root").wait(9)
    assert end(log.os_stop("reboot", cluster=False).wait(60).boot(cluster=False)).trigger == "os-command"


@pytest.mark.parametrize(("named", "trigger"), [(True, "unknown"), (False, "os-command")])
def test_a_member_whose_log_lacks_clusterpros_records_may_have_been_asked(machine, case, named, trigger):
    peer = machine("svr047").boot().wait(30)
    if named:
        peer.event("nm", 1, "Server svr031 has started.")
    here = machine("svr031").boot(cluster=False).wait(3600).login("root").wait(9)
    here.os_stop("reboot", cluster=False).wait(60).boot(cluster=False)
    peer.at(here.now).log("app", "goes on")
    assert [(s.server, s.trigger) for s in case(peer, here).shutdowns] == [("svr031", trigger)]


@pytest.mark.parametrize(("before", "trigger"), [(True, "unknown"), (False, "os-command")])
def test_logind_that_announces_commands_and_did_not_was_asked_otherwise(machine, case, before, trigger):
    log = machine().boot().wait(600).sudo("ope1", "/sbin/reboot").os_stop("reboot", announced=before).wait(60).boot()
    log.wait(3600).login("root").wait(60).os_stop("halt", announced=False)
    end = case(log.wait(60).boot()).shutdowns[-1]
    assert end.trigger == trigger
    assert ("logind of this server says when a command asks" in said(end)) is before


@pytest.mark.parametrize(("unit", "trigger"), [("clusterpro.service", "unknown"), ("session-1.scope", "os-command")])
def test_clusterpros_own_service_is_no_command(machine, end, unit, trigger):
    log = machine().boot().wait(600).login("root").wait(60)
    log.log("systemd-logind", f"reboot requested from client PID 1234 ('systemctl') (unit {unit}).", pid=258)
    assert end(log.os_stop("reboot").wait(60).boot()).trigger == trigger


# --- CLUSTERPRO's own lines


@pytest.mark.parametrize(("seen", "expected"), [(True, ("os-command", "likely")), (False, ("unknown", "possible"))])
def test_clusterpro_that_is_not_seen_to_stop_may_have_stopped_first(machine, end, seen, expected):
    log = machine().boot().wait(600).login("root").wait(60)
    found = end(log.os_stop("reboot", cluster=seen).wait(60).boot())
    assert summary(found) == expected
    assert ("it may have stopped before" in said(found)) is not seen


def test_clusterpro_whose_service_was_stopped_before_asked_for_nothing(machine, end):
    log = machine().boot().wait(600).log("systemd", "Stopping clusterpro.service...", pid=1)
    log.event("cl", 2, "There was a request to stop cluster from the clpcl.").cluster_stop().wait(1800).login("root")
    assert end(log.wait(60).os_stop("reboot", cluster=False).wait(60).boot()).trigger == "os-command"


@pytest.mark.parametrize("reboot", [True, False])
def test_a_shutdown_of_clusterpros_own_without_its_request_is_no_os_command(machine, end, reboot):
    log = machine().boot().wait(600).login("root").wait(60).clp_stop("clpdown", reboot=reboot, os_first=True)
    found = end(without(log.wait(60).boot(), *REQUEST))
    assert (found.trigger, found.ups_told) == ("unknown", "yes")
    assert "not the request that such a shutdown begins with" in said(found)


@pytest.mark.parametrize("kept", [0, 1])
def test_without_the_request_nobody_is_said_to_have_asked_clusterpro(machine, end, kept):
    found = end(
        without(machine().boot().wait(600).disk_error_reboot().wait(60).boot(), *REQUEST[: len(REQUEST) - kept])
    )
    assert (*summary(found), found.mode, found.ups_told) == ("unknown", "possible", "reboot", "yes")
    assert "CLUSTERPRO may have asked by itself" in said(found)


def test_a_monitors_error_before_speaks_for_clusterpro_itself(machine, end):
    log = machine().boot().wait(600).login("root").wait(60).disk_error_reboot().wait(60).boot()
    found = end(without(log, "<event: 17>", *REQUEST[1:]))
    assert found.trigger == "unknown"
    assert "a monitor had reported an error" in said(found)


# --- what lies between two boots


def test_a_start_that_is_lost_does_not_lend_its_end_to_the_one_before(machine, end):
    log = machine().boot().wait(600).login("root").wait(60).os_stop("reboot").wait(60).boot().wait(60)
    log.disk_error_reboot()
    lines = log.files["messages"]
    stop = next(i for i, line in enumerate(lines) if "System is rebooting" in line)
    log.files["messages"] = [line for i, line in enumerate(lines) if i < stop or "kernel:" not in line]
    found = end(log.wait(60).boot())
    assert summary(found) == ("clusterpro-recovery", "certain")
    assert "the start between is not in the logs" in said(found)


@pytest.mark.parametrize(("missing", "trigger"), [(True, "unknown"), (False, "power-loss")])
def test_a_missing_file_between_two_boots_may_have_held_the_stop(machine, end, missing, trigger):
    log = machine().boot().wait(600)
    for _ in range(20):
        log.wait(60).log("app", "works")
    before = len(log.files["messages"])
    log.wait(120)
    if not missing:
        log.log("app", "works")
    log.files["messages.2"] = log.files["messages"][:before]
    log.files["messages.1"] = log.files["messages"][before:]
    if missing:
        del log.files["messages.1"]
    log.files["messages"] = []
    found = end(log.wait(600).boot(recovered=True))
    assert found.trigger == trigger
    assert ("a rotated file of messages is missing" in said(found)) is missing


# --- the plan of ESMPRO/AC


@pytest.mark.parametrize("known", [True, False])
def test_a_request_on_a_peer_whose_clock_is_off_outranks_the_plan_where_that_is_known(machine, case, known):
    here = machine("svr031").boot().wait(9 * 3600)
    peer = machine("svr047", skew=900).boot().at(here.now).wait(10).clp_stop("clpstdn").wait(40_000).boot()
    off = here.now
    here.wait(20).os_stop("halt").wait(40_000).boot()
    here.files["schedule.dat"] = [f"OFF={off:%Y/%m/%d-%H:%M}"]
    found = case(here, peer, tz="Asia/Tokyo", clock={"svr047": 900 if known else 0})
    assert {s.server: s.trigger for s in found.shutdowns}["svr031"] == ("unknown" if known else "ac-schedule")
