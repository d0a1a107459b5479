"""A server that collects the logs of others: what one of them did is told of no other."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

import acforensics
from acforensics.case import CaseModel


def analysed(folder: Path, files: dict[str, list[str]]) -> CaseModel:
    for name, lines in files.items():
        (folder / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return acforensics.analyze([folder]).model


def stopped_by_hand(one, *, cluster: bool = False):
    """A start, and a halt that somebody asked for by sudo."""
    one.boot(cluster=cluster).wait(70)
    for program, pid in (("systemd", 1), ("systemd-logind", 258)):
        one.log(program, "Started something.", pid=pid, wait=1)
    lines = one.log("sudo", "    ope1 : TTY=tty1 ; PWD=/home/ope1 ; USER=root ; COMMAND=/sbin/shutdown -h now").wait(1)
    return lines.os_stop("halt", cluster=cluster)


def only_starts(one, *, cluster: bool = False):
    return one.boot(cluster=cluster).wait(60).log("systemd", "Started something else.", pid=1)


def days(machine, count: int) -> dict[str, list[str]]:
    """A file a day: what svr031 wrote and then, minutes later and below it, what svr047 did."""
    files = {}
    for day in range(count):
        one, other = machine("svr031", iso=True), machine("svr047", iso=True)
        stopped_by_hand(one.wait(86_400 * day))
        only_starts(other.at(one.now + timedelta(minutes=1)))
        files[f"central-202611{24 + day}.log"] = [*one.files["messages"], *other.files["messages"]]
    return files


def test_servers_that_follow_one_another_in_every_daily_file_are_two(machine, tmp_path):
    found = analysed(tmp_path, days(machine, 2))
    assert [server.name for server in found.servers] == ["svr031", "svr047"]
    asked = [(end.server, f"{end.time:%d}") for end in found.shutdowns if end.actor == "ope1"]
    assert asked == [("svr031", "24"), ("svr031", "25")]
    assert {(boot.server, f"{boot.start:%d}") for boot in found.boots if boot.start} == {
        (name, day) for name in ("svr031", "svr047") for day in ("24", "25")
    }


def test_two_members_of_a_cluster_are_two_servers_though_each_is_seen_once(machine, tmp_path):
    one, other = machine("svr031", iso=True), machine("svr047", iso=True)
    stopped_by_hand(one, cluster=True)
    only_starts(other.at(one.now + timedelta(minutes=1)), cluster=True)
    found = analysed(tmp_path, {"central.log": [*one.files["messages"], *other.files["messages"]]})
    assert [server.name for server in found.servers] == ["svr031", "svr047"]
    assert [end.server for end in found.shutdowns if end.actor == "ope1"] == ["svr031"]


def test_a_renamed_server_outside_a_cluster_is_still_one(machine, tmp_path):
    one, other = machine("old", iso=True), machine("new", iso=True)
    stopped_by_hand(one)
    only_starts(other.at(one.now + timedelta(minutes=1)))
    found = analysed(tmp_path, {"messages": [*one.files["messages"], *other.files["messages"]]})
    assert [server.name for server in found.servers] == ["new"]


@pytest.mark.parametrize("iso", [True, False])
def test_the_zone_of_a_server_that_is_seen_in_the_file_of_another_one_only(machine, tmp_path, iso):
    one, other = machine("svr031", iso=iso), machine("svr047", iso=iso)
    stopped_by_hand(one)
    only_starts(other.at(one.now + timedelta(minutes=1)))
    for _ in range(80):
        other.log("systemd", "Started something else.", pid=1, wait=400)
    stopped_by_hand(one.at(other.now))
    found = analysed(tmp_path, {"central.log": [*other.files["messages"], *one.files["messages"]]})
    assert [(server.name, server.zone, server.zone_assumed) for server in found.servers] == [
        ("svr031", "UTC+09:00", False),
        ("svr047", "UTC+09:00", False),
    ]


def test_a_host_among_others_is_seen_before_its_first_start_though_nothing_else_of_it_is_known(tmp_path):
    """In an audit log of several hosts not every record is kept; the one before a start is."""
    session = "USER_START msg=audit({}): pid=9 uid=0 auid=0 ses=9 msg='op=PAM:session_open acct=\"root\" res=success'"
    start = "DAEMON_START msg=audit({}): op=start ver=3.0 format=enriched kernel=5.14 auid=4294967295 pid=6 res=success"
    boot = "SYSTEM_BOOT msg=audit({}): pid=7 uid=0 auid=4294967295 msg=' comm=\"systemd-update-utmp\" res=success'"
    said = [(seconds, "svr047", session) for seconds in range(0, 3600, 7)]
    said += [(545, "svr031", session), (850, "svr031", session), (1505, "svr031", start), (1507, "svr031", boot)]
    lines = [
        f"node={host} type={one.format(f'{1795599318 + seconds}.123:{number}')}\n"
        for number, (seconds, host, one) in enumerate(sorted(said))
    ]
    (tmp_path / "audit.log").write_text("".join(lines), encoding="utf-8")
    found = acforensics.analyze([tmp_path], tz="UTC")
    assert [(end.server, f"{end.time:%H:%M:%S}") for end in found.shutdowns] == [("svr031", "09:49:28")]
