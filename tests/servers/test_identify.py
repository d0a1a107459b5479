"""Which server a record belongs to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from acforensics.events import Stamp
from acforensics.servers import ServerMap, identify
from acforensics.sources import Mark, Reading
from acforensics.sources.reading import Fact

START = datetime(2024, 6, 21, tzinfo=UTC)


def case(
    *files: tuple[str, str], boots: dict[int, list[int]] | None = None, starts: dict[int, int] | None = None
) -> ServerMap:
    """Files of (path, hosts a record); records are a minute apart; `boots` has the minutes of kernel starts by file."""
    readings, times, boot_times = [], [], []
    for i, (path, hosts) in enumerate(files):
        marks = [Mark(n, Stamp(None, 1, 1, 0, 0, 0), "" if h == "." else h) for n, h in enumerate(hosts.split())]
        readings.append(Reading(path, tuple(path.replace("!", "/").split("/")), None, marks=marks))
        begin = START + timedelta(minutes=(starts or {}).get(i, 0))
        times.append([begin + timedelta(minutes=n) for n in range(len(marks))])
        boot_times.append([begin + timedelta(minutes=n) for n in (boots or {}).get(i, [])])
    return identify(readings, times, boot_times)


def test_short_and_full_names_and_case() -> None:
    found = case(("messages", "svr031 svr031.example.co.jp SVR031 svr031. svr031 svr031"))
    assert list(found.servers) == ["svr031"]
    assert {found.of(0, h) for h in ("svr031", "SVR031.other.domain", "svr031.")} == {"svr031"}
    assert found.servers["svr031"].aliases == {"svr031.example.co.jp", "SVR031"}


def test_a_rename_at_a_boot_is_one_server() -> None:
    found = case(("messages", "old old old new new new"), boots={0: [3]})
    assert list(found.servers) == ["new"]
    assert found.of(0, "old") == "new"
    assert "'old' became 'new'" in found.servers["new"].notes[0].en


def test_a_change_without_a_boot_is_two_servers() -> None:
    assert set(case(("messages", "old old old new new new")).servers) == {"old", "new"}


def test_two_servers_in_one_central_log_are_not_merged() -> None:
    found = case(("messages", "svr031 svr047 svr031 svr047 svr047 svr031"), boots={0: [1, 3]})
    assert set(found.servers) == {"svr031", "svr047"}


def test_servers_one_after_the_other_in_a_central_log_that_live_on_elsewhere() -> None:
    files = [("central", "svr031 svr031 svr047 svr047"), ("svr031/messages", "svr031 svr031 svr031 svr031")]
    assert set(case(*files, boots={0: [2]}).servers) == {"svr031", "svr047"}


def test_names_that_follow_one_another_in_several_files_are_two_servers() -> None:
    """Their stretches in no single file overlap, but from their first to their last record both were there."""
    daily = [("central-1", "svr031 svr031 svr047 svr047"), ("central-2", "svr031 svr031 svr047 svr047")]
    found = case(*daily, boots={0: [2], 1: [2]}, starts={1: 1440})
    assert set(found.servers) == {"svr031", "svr047"}
    assert [server.notes for server in found.servers.values()] == [[], []]


def test_a_rename_that_several_files_show_is_still_one_server() -> None:
    files = [("messages", "old old old new new new"), ("secure", "old old"), ("cron", "new new")]
    assert set(case(*files, boots={0: [3]}, starts={2: 4}).servers) == {"new"}


def test_members_of_a_cluster_are_never_one_server_renamed() -> None:
    listing = Reading("clp.conf", ("clp.conf",), None)
    listing.facts = [Fact("member", name, 1, name) for name in ("svr031", "SVR047.example.jp")]
    for named, servers in ((listing, {"svr031", "svr047"}), (Reading("x", ("x",), None), {"svr047"})):
        marks = [Mark(n, Stamp(None, 1, 1, 0, 0, 0), name) for n, name in enumerate(("svr031", "svr047"))]
        log = Reading("messages", ("messages",), None, marks=marks)
        found = identify(
            [log, named], [[START, START + timedelta(minutes=1)], []], [[START + timedelta(minutes=1)], []]
        )
        assert set(found.servers) == servers


def test_localhost_is_the_server_of_its_file() -> None:
    found = case(("messages", "localhost localhost.localdomain svr031 svr031"))
    assert list(found.servers) == ["svr031"]
    assert found.of(0, "localhost") == "svr031"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("svr031/var/log/messages", "svr031"),
        ("case/svr031-log.tar.gz!var/log/messages", "svr031"),
        ("case/svr031/var/log/audit/audit.log", "svr031"),
        ("svr031-log.tar.gz!var/log/messages", "svr031"),
        ("svr031.tgz!opt/nec/clusterpro/log/messages", "svr031"),
        ("svr031_logs.zip!messages", "svr031"),
        ("var/log/messages", "localhost"),
        ("messages", "localhost"),
    ],
)
def test_records_without_host_belong_to_the_place_they_lie_in(path: str, name: str) -> None:
    found = case((path, ". . ."))
    assert list(found.servers) == [name]
    assert found.of(0, "") == name


def test_hostless_files_beside_others() -> None:
    found = case(
        ("b/svr031/var/log/messages", "svr031 svr031"),
        ("b/svr031/opt/exec_ac.log", ". ."),
        ("b/svr047/var/log/messages", "svr047 svr047"),
        ("b/svr047/opt/exec_ac.log", ". ."),
    )
    assert [found.of(i, "") for i in range(4)] == ["svr031", "svr031", "svr047", "svr047"]


def test_addresses_as_hosts() -> None:
    found = case(("messages", "10.0.0.1 10.0.0.2 10.0.0.1 fe80::1 FE80:0::1"))
    assert set(found.servers) == {"10.0.0.1", "10.0.0.2", "fe80::1"}


def test_one_server_in_several_folders() -> None:
    found = case(("a/svr031/messages", "svr031 svr031"), ("b/copy/syslog", "SVR031 svr031.example"))
    assert list(found.servers) == ["svr031"]


def test_a_chain_of_renames() -> None:
    found = case(("messages", "a a b b c c"), boots={0: [2, 4]})
    assert list(found.servers) == ["c"]
    assert {found.of(0, h) for h in "abc"} == {"c"}


def test_no_files_and_no_hosts() -> None:
    assert case().servers == {}
    assert case(("messages", "")).servers == {}


def test_equal_short_names_in_two_domains_are_two_servers(tmp_path):
    import acforensics

    line = "Nov 24 09:0{m}:00 {host} clusterpro: <type: pm><event: 1> Starting the cluster daemon...\n"
    for host in ("web1.a.example", "web1.b.example"):
        (tmp_path / host).mkdir()
        (tmp_path / host / "messages").write_text(
            "".join(line.format(m=m, host=host) for m in (1, 2)), encoding="utf-8"
        )
    found = acforensics.analyze([tmp_path], year=2026)
    assert [server.name for server in found.model.servers] == ["web1.a.example", "web1.b.example"]
