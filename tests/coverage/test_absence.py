"""What a case lacks is named, with what cannot be decided without it."""

from __future__ import annotations

import pytest

from acforensics.coverage import Mention, find_missing, members_named
from acforensics.servers import Server
from acforensics.sources.reading import Fact
from tests.coverage.bundle import Bundle, boot, stop

MENTION = Mention("clp.conf", 3, '<server name="svr047">')
UP = (20, "clusterpro.server_up", {"server": "svr031"})


def cluster(*servers: str) -> Bundle:
    found = Bundle()
    for server in servers:
        up = (20, "clusterpro.server_up", {"server": server})
        found.add(f"{server}/var/log/messages", "syslog", [*boot(0), up, *stop(500)])
    return found


def missing(found: Bundle, *members: str):
    found.build()
    named = dict.fromkeys(members, MENTION)
    return find_missing(named, found.servers, found.coverage)


def test_members_are_named_by_settings_and_by_messages_first_mention_first():
    found = cluster("svr031")
    down = (30, "clusterpro.heartbeat_down", {"server": "svr047", "resource": "lankhb1"})
    found.add("svr031/var/log/syslog", "syslog", [down, (31, "os.session_opened", {"server": "svr055"})]).build()
    found.readings[0].facts.append(Fact("member", "SVR047.example.com", 12, '<server name="SVR047.example.com">'))
    named = members_named(found.readings, found.events)
    assert list(named) == ["SVR047.example.com", "svr031"]
    assert named["SVR047.example.com"] == Mention("svr031/var/log/messages", 12, '<server name="SVR047.example.com">')


@pytest.mark.parametrize("name", ["", "-", "x" * 400, "a b", "サーバ", "../etc", "name\n"])
def test_what_is_no_name_names_no_member(name):
    found = cluster("svr031")
    found.readings[0].facts.append(Fact("member", name, 1, name))
    found.build()
    assert list(members_named(found.readings, found.events)) == ["svr031"]


def test_a_complete_cluster_lacks_nothing():
    assert missing(cluster("svr031", "svr047"), "svr031", "svr047") == []


def test_a_member_without_logs_is_named_with_the_line_that_names_it():
    (lack,) = missing(cluster("svr031"), "svr031", "svr047")
    assert (lack.server, lack.what, lack.mention) == ("svr047", "server", MENTION)
    assert "svr047" in lack.text.en and "svr047" in lack.text.ja and "UPS" in lack.without.en


def test_a_member_is_known_by_any_of_its_names():
    found = cluster("svr031", "svr047")
    found.servers["svr047"] = Server("svr047", {"db1"})
    assert missing(found, "SVR031.example.com", "DB1") == []
    (lack,) = missing(cluster("svr031"), "svr03")
    assert lack.server == "svr03"


def test_the_alert_log_of_another_server_is_not_its_own_log():
    found = cluster("svr031")
    found.add("svr031/alertlog.alt", "alert-log", [UP], svr047=[(40, "clusterpro.server_up", {"server": "svr047"})])
    (lack,) = missing(found, "svr031", "svr047")
    assert (lack.server, lack.what) == ("svr047", "server")
    assert "svr031/alertlog.alt" in lack.text.en
    alone = cluster("svr031").add("svr047/alertlog.alt", "alert-log", [(40, "clusterpro.server_up", {"server": "x"})])
    assert [m.what for m in missing(alone, "svr031", "svr047")] == ["system-log"]


def test_a_log_host_is_own_log_enough():
    found = Bundle()
    found.add("loghost/messages", "syslog", [*boot(0), UP], svr047=[*boot(5), (40, "clusterpro.server_up")])
    assert [m for m in missing(found, "svr047") if m.server == "svr047"] == []


@pytest.mark.parametrize(
    ("path", "source", "lacks"),
    [
        ("svr047/var/log/secure", "syslog", True),
        ("svr047/var/log/auth.log", "syslog", True),
        ("svr047/var/log/wtmp", "login-records", True),
        ("svr047/var/log/syslog", "syslog", False),
        ("svr047/journal.json", "journal", False),
    ],
)
def test_a_system_log_is_syslog_or_journal(path, source, lacks):
    found = cluster("svr031").add(path, source, [*boot(0), (40, "clusterpro.server_up")])
    assert ("system-log" in {m.what for m in missing(found, "svr031", "svr047")}) is lacks


def test_no_clusterpro_messages_at_all_is_said_once():
    found = Bundle().add("svr031/messages", "syslog", boot(0)).add("svr047/messages", "syslog", boot(0))
    (lack,) = missing(found)
    assert (lack.server, lack.what) == ("", "clusterpro-messages")


def test_one_server_without_clusterpro_messages():
    found = cluster("svr031").add("svr047/messages", "syslog", boot(0))
    assert [(m.server, m.what) for m in missing(found)] == [("svr047", "clusterpro-messages")]
    found = cluster("svr031").add("terminal/messages", "syslog", boot(0))
    assert missing(found, "svr031") == []


def test_the_alert_log_of_another_server_may_hold_its_messages():
    found = cluster("svr031").add("svr047/messages", "syslog", boot(0))
    found.add("svr031/alertlog.alt", "alert-log", [UP], svr047=[(40, "clusterpro.server_up", {"server": "svr047"})])
    assert missing(found) == []


def test_servers_come_first():
    found = cluster("svr031").add("svr047/messages", "syslog", boot(0))
    assert [(m.server, m.what) for m in missing(found, "svr031", "svr047", "svr099")] == [
        ("svr099", "server"),
        ("svr047", "clusterpro-messages"),
    ]
