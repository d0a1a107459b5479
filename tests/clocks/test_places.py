"""Which files come from one server, by hosts and folders."""

from __future__ import annotations

from acforensics.clocks.places import Hosts, places
from acforensics.events import Stamp
from acforensics.sources import Mark, Reading

BARE = Stamp(2024, 6, 21, 9, 0, 0)


def reading(path: str, *hosts: str, names: int | None = None) -> Reading:
    parts = tuple(path.replace("!", "/").strip("/").split("/"))
    marks = [Mark(n, BARE, host) for n, host in enumerate(hosts)]
    return Reading(path, parts[-names:] if names else parts, None, marks=marks)


def servers(*readings: Reading) -> list[str]:
    return [place.server for place in places(readings, Hosts.of(readings))]


def test_a_file_belongs_to_the_host_of_most_of_its_records() -> None:
    found = servers(reading("case/messages", "svr031", "svr047", "SVR031.example.com", "localhost", ""))
    assert found == ["svr031"]


def test_names_that_only_their_domains_tell_apart() -> None:
    found = servers(reading("a/messages", "db.east.example"), reading("b/messages", "db.west.example"))
    assert found == ["db.east.example", "db.west.example"]


def test_files_without_hosts_belong_to_what_lies_nearest() -> None:
    found = servers(
        reading("case/node-a/var/log/messages", "svr031"),
        reading("case/node-a/etc/localtime"),
        reading("case/node-a/sos_commands/systemd/timedatectl"),
        reading("case/node-b/var/log/messages", "svr047"),
        reading("case/node-b/etc/localtime"),
        reading("case/node-b/var/log/wtmp", ""),
    )
    assert found == ["svr031", "svr031", "svr031", "svr047", "svr047", "svr047"]


def test_folders_next_to_each_other() -> None:
    assert servers(reading("case/logs/messages", "svr031"), reading("case/info/timezone")) == ["svr031", "svr031"]
    assert servers(reading("x.tgz!logs/messages", "svr031"), reading("x.tgz!info/timezone")) == ["svr031", "svr031"]


def test_two_files_given_on_the_command_line() -> None:
    given = [reading("/tmp/x/messages", "svr031", names=1), reading("/tmp/x/timezone", names=1)]
    assert servers(*given) == ["svr031", "svr031"]


def test_an_archive_or_a_root_of_its_own_is_another_server() -> None:
    found = servers(
        reading("case/a.tgz!var/log/messages", "svr031"),
        reading("case/b.tgz!etc/localtime"),
        reading("case/c.tgz!audit.log", ""),
        reading("case/c.tgz!localtime"),
        reading("case/d/etc/localtime"),
        reading("case/d/var/log/wtmp", ""),
    )
    assert found == ["svr031", "case/b.tgz!", "case/c.tgz!", "case/c.tgz!", "case/d", "case/d"]


def test_where_the_input_lies_says_nothing() -> None:
    found = servers(
        reading("/var/tmp/case/one/audit.log", "", names=3),
        reading("/var/tmp/case/two/audit.log", "", names=3),
        reading("/opt/one/timezone", names=1),
    )
    assert found[:2] == ["var/tmp/case/one", "var/tmp/case/two"]


def test_between_two_servers_nothing_is_guessed() -> None:
    found = servers(
        reading("case/messages.a", "svr031"), reading("case/messages.b", "svr047"), reading("case/timezone")
    )
    assert found[2] not in ("svr031", "svr047")


def test_order_does_not_matter() -> None:
    given = [
        reading("case/a/etc/localtime"),
        reading("case/a/var/log/wtmp", ""),
        reading("case/a/var/log/messages", "svr031"),
    ]
    assert servers(*given) == servers(*reversed(given))[::-1] == ["svr031"] * 3
