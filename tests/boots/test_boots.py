"""Boots over several streams: counted once each, in order, whatever their stamps do."""

from __future__ import annotations

from datetime import timedelta

import pytest

import acforensics


def spans(found):
    return [(b.server, b.end_state) for b in found.boots]


def test_lines_of_a_new_boot_before_its_first_kernel_line_belong_to_it(machine, case):
    log = machine().boot().wait(60).sudo("ope1", "/sbin/reboot").os_stop("reboot").wait(40)
    log.log("systemd-logind", "New seat seat0.", pid=258)
    log.log("rsyslogd", '[origin software="rsyslogd" swVersion="8" x-pid="9" x-info="x"] start')
    log.boot()
    found = case(log)
    assert spans(found) == [("svr031", "clean"), ("svr031", "running")]
    assert found.boots[0].end.isoformat() < "2026-11-24T09:01:40+09:00"


def test_early_lines_at_the_top_of_a_days_file_are_not_the_end_of_the_boot_before(machine, case):
    log = machine(iso=True).boot().wait(60).sudo("ope1", "/sbin/shutdown -h now").os_stop("halt")
    first = {"messages-20261124": log.files.pop("messages")}
    log.wait(20 * 3600).log("systemd-modules-load", "Inserted module 'virtio_console'", pid=182).boot()
    log.files = {**first, **log.files, "messages-20261125": log.files.pop("messages")}
    found = case(log)
    assert spans(found) == [("svr031", "clean"), ("svr031", "running")]
    assert f"{found.boots[0].end:%d}" == "24"
    assert [s.actor for s in found.shutdowns] == ["ope1"]


def test_streams_that_stamp_one_start_apart_give_one_boot(machine, case, tmp_path):
    log = machine()
    late = machine()
    for one, lag in ((log, 0), (late, 35)):
        start = one.now
        for turn in range(4):
            one.at(start + timedelta(seconds=80 * turn + lag)).boot(cluster=False)
            one.at(start + timedelta(seconds=80 * turn + 60)).os_stop("reboot", cluster=False)
        one.at(start + timedelta(seconds=320 + lag)).boot(cluster=False).wait(30).log("app", "x")
    log.files["syslog"] = late.files["messages"]
    assert len(case(log).boots) == 5


def test_a_log_that_begins_amid_a_boot_has_a_boot_without_start(machine, case):
    log = machine().wait(60).log("systemd", "Started session-7.scope - Session 7 of User root.", pid=1)
    log.log("systemd-logind", "New session 7 of user root.", pid=258)
    log.sudo("ope1", "/sbin/reboot").os_stop("reboot").wait(40).boot()
    found = case(log)
    assert [b.start is None for b in found.boots] == [True, False]
    assert [s.trigger for s in found.shutdowns] == ["os-command"]


def test_secure_alone_with_an_earlier_command_is_not_lost(machine, case):
    log = machine().sudo("ope1", "/sbin/reboot").wait(30).boot().wait(60).log("app", "x")
    found = case(log)
    assert [(s.server, s.trigger, s.actor) for s in found.shutdowns] == [("svr031", "os-command", "ope1")]


def test_backward_clock_at_boot_keeps_file_order(machine, case):
    log = machine().boot().wait(600).sudo("ope1", "/sbin/reboot").wait(1).os_stop("reboot")
    log.wait(-7 * 3600).boot(clock=False).wait(60).log("app", "x")
    found = case(log)
    assert spans(found) == [("svr031", "clean"), ("svr031", "running")]
    assert [s.trigger for s in found.shutdowns] == ["os-command"]


def test_rotated_logs_are_one_stream_in_order(machine, case):
    log = (
        machine()
        .boot()
        .wait(60)
        .sudo("ope1", "/sbin/reboot")
        .wait(1)
        .os_stop("reboot")
        .wait(40)
        .boot()
        .wait(60)
        .log("app", "x")
    )
    lines = log.files["messages"]
    cut = next(i for i, line in enumerate(lines) if "Stopped target" in line)
    log.files["messages-20261124"], log.files["messages"] = lines[: cut + 1], lines[cut + 1 :]
    found = case(log)
    assert spans(found) == [("svr031", "clean"), ("svr031", "running")]
    assert len(found.shutdowns) == 1


def test_rotated_files_that_overlap_are_counted_once(machine, case):
    log = (
        machine()
        .boot()
        .wait(60)
        .sudo("ope1", "/sbin/reboot")
        .wait(1)
        .os_stop("reboot")
        .wait(40)
        .boot()
        .wait(60)
        .log("app", "x")
    )
    lines = log.files["messages"]
    log.files["messages-20261124"], log.files["messages"] = lines[:-4], lines[3:]
    found = case(log)
    assert spans(found) == [("svr031", "clean"), ("svr031", "running")]
    assert len(found.shutdowns) == 1


def test_a_kernel_log_written_twice_is_one_boot(machine, case):
    log = machine().boot().wait(60).log("app", "x")
    lines = log.files["messages"]
    log.files["messages"] = [line for line in lines for _ in range(2 if "kernel:" in line else 1)]
    assert len(case(log).boots) == 1


def test_no_kernel_lines_at_all_a_stop_still_cuts(machine, case):
    log = machine().log("systemd-logind", "New session 1 of user root.", pid=258).wait(900)
    log.log("systemd-logind", "System is rebooting.", pid=258).wait(300).log(
        "systemd-logind", "New session 1 of user ope1.", pid=258
    )
    found = case(log, tz="Asia/Tokyo")
    assert [(s.trigger, s.mode) for s in found.shutdowns] == [("os-command", "reboot")]


@pytest.mark.parametrize("copies", [1, 2])
def test_the_same_file_given_twice_changes_nothing(machine, tmp_path, copies):
    import acforensics

    log = machine().boot().wait(60).sudo("ope1", "/sbin/reboot").wait(1).os_stop("reboot").wait(40).boot()
    folders = []
    for copy in range(copies):
        log.write(tmp_path / f"copy{copy}")
        folders.append(tmp_path / f"copy{copy}")
    found = acforensics.analyze(folders)
    assert len(found.boots) == 2
    assert len(found.shutdowns) == 1


def test_in_a_shared_log_the_last_line_is_the_servers_own(machine, tmp_path):
    import acforensics

    one = machine("svr031").boot().wait(600).log("app", "own last words").wait(60).boot(recovered=True)
    other = machine("svr047").boot()
    for _ in range(12):
        other.wait(60).log("app", "the other one goes on")
    stamped = sorted([*one.files["messages"], *other.files["messages"]], key=lambda line: line[:15])
    (tmp_path / "messages").write_text("\n".join(stamped) + "\n", encoding="utf-8")
    found = acforensics.analyze([tmp_path / "messages"])
    assert [(s.server, s.trigger, s.evidence[0].text.endswith("own last words")) for s in found.shutdowns] == [
        ("svr031", "power-loss", True)
    ]


def test_a_lost_first_kernel_line_loses_no_boot(machine, case):
    log = machine().boot().wait(30).log("app", "x").wait(40).boot(recovered=True)
    lines = log.files["messages"]
    second = [i for i, line in enumerate(lines) if "Linux version" in line][1]
    del lines[second]
    assert len(case(log).boots) == 2


def test_a_listing_in_minutes_beside_one_in_seconds_moves_no_start(machine, tmp_path):
    log = machine().boot().wait(600).sudo("ope1", "/sbin/reboot").wait(1).os_stop("reboot")
    stop = log.now
    log.wait(20).boot().wait(60).log("app", "x")
    start = stop + timedelta(seconds=12)
    log.files["last-x.txt"] = [
        f"reboot   system boot  6.1.0-56-amd64   {start:%a %b %d %H:%M:%S %Y}   still running",
        f"shutdown system down  6.1.0-56-amd64   {stop:%a %b %d %H:%M:%S %Y} - {start:%a %b %d %H:%M:%S %Y}  (00:00)",
        "",
        "wtmp begins Tue Nov 24 09:00:00 2026",
    ]
    log.files["last-x-short.txt"] = [
        f"reboot   system boot  6.1.0-56-amd64   {start:%a %b %d %H:%M}   still running",
        f"shutdown system down  6.1.0-56-amd64   {stop:%a %b %d %H:%M} - {start:%H:%M}  (00:00)",
        "",
        "wtmp begins Tue Nov 24 09:00:00 2026",
    ]
    log.write(tmp_path)
    boots = acforensics.analyze([tmp_path], tz="Asia/Tokyo", year=2026).boots
    assert len(boots) == 2
    assert boots[1].start.replace(tzinfo=None) >= stop
    assert boots[0].end <= boots[1].start
