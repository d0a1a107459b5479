"""What is an address, and what only looks like one; names as words, and stand-ins that stay."""

from __future__ import annotations

import ipaddress
import re
from datetime import datetime
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acforensics.redaction import Learner, Pseudonyms, Rewriter

HOSTS = ("svr031", "svr047", "db-tokyo-1", "log", "a", "x")


def rewriter(*lines: str, hosts: tuple[str, ...] = HOSTS, users: tuple[str, ...] = ("tanaka", "test")) -> Rewriter:
    learner = Learner()
    for host in hosts:
        learner.host(host)
    for user in users:
        learner.user(user)
    learner.take_block("".join(f"{line}\n" for line in lines).encode("latin-1"))
    return Rewriter(Pseudonyms(learner.names))


@pytest.mark.parametrize(
    "line",
    [
        "kernel: Linux version 4.18.0-305.el8.x86_64 (mockbuild@x86-01.example) (gcc version 8.4.1.20200928)",
        "version 10.1.2.3 of the driver, v4.3.2.1, libfoo-1.2.3.4-5.el8.x86_64",
        "12:34:56 00:00:01.123456 2026-11-24T18:30:00+09:00 0000:00:1f.2 6:0:0:0",
        "route 0.0.0.0 mask 255.255.255.0 lo 127.0.0.1 ::1 :: localhost",
        "root reboot shutdown runlevel systemd-network nobody daemon",
        "session opened for user root by LOGIN(uid=0)",
        "getty@tty1.service user@1000.service systemd-fsck@dev-vda1.service",
        "std::string dead::beef [12345]: pid 4294967295 crc 0xdeadbeef",
        "/var/log/messages /etc/a/x.conf a reboot and a log",
        "26-11-24-10-20-30.log 00:00:00:00:00:00 ff:ff:ff:ff:ff:ff",
        "x-info=\"https://www.rsyslog.com\" exec_ac.log libc.so.6 stop.sh org.freedesktop.login1",
        "MESSAGE_ID=98268866d1d54a499c4e98921d93bc40",
    ],
)  # fmt: skip
def test_what_only_looks_like_a_name_or_an_address_stays(line):
    assert rewriter(line).line(line) == line


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("from 192.168.1.5:22, [10.0.0.1] 10.0.0.1.", "from 192.0.2.2:22, [192.0.2.1] 192.0.2.1."),
        ("addr_10.0.0.1.log ::ffff:10.0.0.1 ip=10.0.0.1/24", "addr_192.0.2.1.log ::ffff:192.0.2.1 ip=192.0.2.1/24"),
        ("fe80::5054:ff:fe12:3456%eth0 fe80:0:0:0:5054:ff:fe12:3456", "2001:db8::1%eth0 2001:db8::1"),
        ("52:54:00:12:34:56 52-54-00-12-34-5A 5254.0012.3456", "02:00:00:00:00:01 02-00-00-00-00-02 0200.0000.0001"),
        ("wwn 50:06:01:60:3b:20:1a:2c", "wwn 02:00:00:00:00:00:00:01"),
        ("db-tokyo-1 db-tokyo-12 DB-TOKYO-1 SVR031.", "server1 db-tokyo-12 SERVER1 SERVER2."),
        ("svr031_log log_svr031-2 xsvr031 svr0311", "server2_log log_server2-2 xsvr031 svr0311"),
        ("[tanaka  ] [x", "[user1   ] [x"),
        ("\x1b[0msvr031 \\tsvr031 C:\\svr031", "\x1b[0mserver2 \\tserver2 C:\\server2"),
        ("$6$abcdefgh$0123456789abcdef/x tanaka:", "**** user1:"),
    ],
)  # fmt: skip
def test_what_is_one_is_replaced(line, expected):
    found = rewriter(line, hosts=("svr031", "db-tokyo-1"))
    assert found.line(line) == expected
    assert found.line(expected) == expected


def test_stand_ins_are_none_that_the_case_has():
    line = "server1 Server2 user1 domain1 192.0.2.1 2001:db8::1 02:00:00:00:00:01 tanaka svr031 10.0.0.1"
    found = rewriter(line, hosts=("svr031",), users=("tanaka",))
    names = found.pseudonyms.as_map()
    assert names["server"] == {"svr031": "server3"}
    assert names["user"] == {"tanaka": "user2"}
    assert names["ipv4"] == {"10.0.0.1": "192.0.2.2", "192.0.2.1": "192.0.2.3"}
    assert "02:00:00:00:00:01" not in found.line(line)


def test_an_address_that_was_not_learned_does_not_stay():
    assert rewriter().line("10.9.8.7 fd00::9 52:54:00:12:34:56") == "192.0.2.0 2001:db8:: 02:00:00:00:00:00"


def test_more_addresses_than_documents_have():
    addresses = [str(ipaddress.IPv4Address((10 << 24) + number)) for number in range(1, 2001)]
    found = rewriter(*addresses)
    stand_ins = [found.line(address) for address in addresses]
    assert len(set(stand_ins)) == 2000
    assert all(ipaddress.ip_address(one).is_private for one in stand_ins)


@given(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)))
def test_times_are_no_addresses(time):
    found = _plain
    for form in ("%b %d %H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%Y/%m/%d %H:%M:%S", "%H:%M:%S", "%d%m%y-%H%M%S", "%c"):
        assert found.line(time.strftime(form)) == time.strftime(form)


@given(st.tuples(*[st.integers(0, 99)] * 3), st.integers(0, 9999), st.sampled_from(["el7", "el8_4", "amzn2", "fc40"]))
def test_versions_and_numbers_are_no_addresses(parts, build, release):
    for word in (f"{'.'.join(map(str, parts))}-{build}.{release}", f"[{build}]:", f"({build}.{build:06})", f"#{build}"):
        assert _plain.line(f"kernel {word} x") == f"kernel {word} x"


@given(st.ip_addresses(), st.sampled_from(" ,;()[]<>\"'=/|"), st.sampled_from(" ,;()[]<>\"'|\n"))
def test_every_address_is_replaced_whatever_stands_around_it(address, before, behind):
    if (address.version == 4 and _is_kept(address)) or int(address) < 2 or not re.search(r"\d", str(address)):
        return
    line = f"to{before}{address}{behind}x"
    found = rewriter(line).line(line)
    stand_in = found[3 : len(found) - 2]
    assert ipaddress.ip_address(stand_in) != address
    assert ipaddress.ip_address(stand_in).version == address.version
    assert found == f"to{before}{stand_in}{behind}x"


def _is_kept(address):
    nets = ("0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/4")
    is_mask = any(address == ipaddress.ip_network(f"0.0.0.0/{bits}").netmask for bits in range(33))
    return is_mask or any(address in ipaddress.ip_network(net) for net in nets)


@given(st.text(st.characters(max_codepoint=255), max_size=80), st.sampled_from(["svr031", "tanaka", "10.1.2.3"]))
def test_replacing_twice_is_replacing_once_and_no_line_is_lost(around, name):
    line = f"{around} {name} {around}"
    found = rewriter(line, "10.1.2.3")
    once = found.line(line)
    assert name not in once.split(" ")
    assert found.line(once) == once
    assert once.count("\n") == line.count("\n")


_plain = rewriter()


@pytest.mark.parametrize(
    "unit",
    [
        "svr031-",
        "a.",
        "::",
        "1:",
        "10.0.0.1.",
        "ab",
        "0",
        "\\n",
        "x@y.",
        "[1,",
        "user ",
        "-----BEGIN A-----",
        "%41",
        "=61",
    ],
)
def test_long_lines_take_time_in_proportion(unit):
    found = rewriter()

    def seconds(length):
        line = unit * (length // len(unit))
        begin = process_time()
        found.line(line)
        Learner().take_block(line.encode("latin-1"))
        return process_time() - begin

    short, long = min(seconds(20_000) for _ in range(2)), min(seconds(160_000) for _ in range(2))
    assert long < 0.2 + 24 * short, (short, long)
