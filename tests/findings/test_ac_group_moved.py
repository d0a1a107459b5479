"""`ac-group-moved`: an AC group on another server than its own, and groups that may move."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from acforensics.boots import find_boots
from acforensics.cooperation import learn
from acforensics.findings import FindingContext, ac_group_moved
from acforensics.timeline import Item, Track
from samples.sequence_stops import running, server_stop

RULE = "ac-group-moved"


def of(found):
    return [finding for finding in found.findings if finding.rule == RULE]


def cluster(machine, groups=("AC_1", "AC_2")):
    """Two servers with an orderly stop behind them, so that the case knows stop.sh's line, and up again."""
    first, second = machine("svr031", ac_group=groups[0]), machine("svr047", ac_group=groups[1])
    for own in (first, second):
        own.boot().at(datetime(2026, 11, 24, 10, 0, 0)).clp_stop("clpstdn")
        own.at(datetime(2026, 11, 24, 12, 0, 0)).boot().wait(600)
    return first, second


def failover(log, group, end="completed"):
    log.event("rc", 60, f"Failover group {group} has started.")
    log.event("rc", 10, f"Activating group {group} has started.")
    log.event("rc", 11, f"Activating group {group} has completed.")
    return log.event("rc", 61, f"Failover group {group} has {end}.")


def test_the_ac_group_of_one_server_fails_over_to_another(machine, case):
    first, second = cluster(machine)
    (finding,) = of(case(first, failover(second, "AC_1")))
    assert (finding.severity, finding.servers) == ("warning", ["svr047"])
    assert "AC_1 failed over to svr047" in finding.summary.en
    assert "stop.sh logs its line while AC_1 stops" in finding.summary.en
    assert "svr031" in finding.title.en
    assert finding.evidence[0].text.endswith("Failover group AC_1 has started.")
    for value in (finding.title, finding.summary, finding.advice, finding.reference):
        assert value.en != value.ja


@pytest.mark.parametrize(
    ("events", "told"),
    [
        (
            [(10, "Activating group AC_1 has started."), (11, "Activating group AC_1 has completed.")],
            "svr047 activated",
        ),
        ([(10, "Activating group AC_1 has started."), (12, "Activating group AC_1 has failed.")], "began to activate"),
        ([(50, "Moving group AC_1 has started."), (51, "Moving group AC_1 has completed.")], "was moved"),
    ],
)
def test_other_ways_to_get_there(machine, case, events, told):
    first, second = cluster(machine)
    for number, text in events:
        second.event("rc", number, text)
    (finding,) = of(case(first, second))
    assert told in finding.summary.en


def test_each_ac_group_on_its_own_server_is_as_it_should_be(machine, case):
    assert of(case(*cluster(machine))) == []


def test_a_business_group_may_move(machine, case):
    first, second = cluster(machine)
    first.event("rc", 10, "Activating group failover1 has started.")
    first.event("rc", 11, "Activating group failover1 has completed.")
    assert of(case(first, failover(second, "failover1"))) == []


def test_a_business_group_with_a_name_like_an_ac_groups_may_move(machine, case):
    """`web_ac` holds a disk and an address."""
    first, second = cluster(machine)
    first.event("rc", 10, "Activating group web_ac has started.").event(
        "rc", 30, "Activating disk1 resource has started."
    )
    first.event("rc", 31, "Activating disk1 resource has completed.").event(
        "rc", 11, "Activating group web_ac has completed."
    )
    assert of(case(first, failover(second, "web_ac"))) == []


def test_a_name_alone_is_not_enough(machine, case):
    first, second = machine("svr031", ac_group="apps_ac"), machine("svr047", ac_group="failover2")
    for own in (first, second):
        own.boot().wait(600)
    assert of(case(first, failover(second, "apps_ac"))) == []


def test_two_such_names_on_one_server_are_no_pattern(machine, case):
    first, second = machine("svr031", ac_group="apps_ac"), machine("svr047", ac_group="failover2")
    for own in (first, second):
        own.boot().wait(600)
    first.event("rc", 10, "Activating group web_ac has started.").event(
        "rc", 11, "Activating group web_ac has completed."
    )
    assert of(case(first, failover(second, "apps_ac"))) == []


def test_names_with_one_such_group_on_each_server_are(machine, case):
    first, second = (
        machine("svr031", ac_group="AC_1").boot().wait(600),
        machine("svr047", ac_group="AC_2").boot().wait(600),
    )
    (finding,) = of(case(first, failover(second, "AC_1")))
    assert "inferred" in finding.summary.en


def test_a_failover_that_found_no_destination_moved_nothing(machine, case):
    first, second = cluster(machine)
    second.event("rc", 60, "Failover group AC_1 has started.")
    second.event("rc", 65, "There is no appropriate destination for the group AC_1 (reason: 2).")
    second.event("rc", 62, "Failover group AC_1 has failed.")
    assert of(case(first, second)) == []


def test_where_two_servers_are_even_no_home_is_made_up(machine, case):
    first, second = machine("svr031", ac_group="AC_1").boot(), machine("svr047", ac_group="AC_1").boot()
    for own in (first, second):
        own.wait(60).clp_stop("clpstdn")
    assert of(case(first, second)) == []


def test_the_settings_outrank_what_is_learned(machine, case):
    """The cluster's settings say that `grp_x` is the AC group of svr031, although no log tells it."""
    found = case(machine("svr031").boot(), failover(machine("svr047").boot().wait(60), "grp_x"))
    boots = {}
    for server in ("svr031", "svr047"):
        items = [Item(event.time, event) for event in found.events if event.server == server]
        boots[server] = find_boots(server, [Track(f"{server}/messages", server, items)])
    assert ac_group_moved.find(FindingContext(boots, (), {}, UTC, ac_groups=learn(boots))) == []
    told = FindingContext(boots, (), {}, UTC, ac_groups=learn(boots, {"grp_x": "svr031"}))
    (finding,) = ac_group_moved.find(told)
    assert finding.servers == ["svr047"]
    assert "settings name svr031" in finding.summary.en


@pytest.mark.parametrize("lost", [True, False])
def test_a_business_group_is_not_taken_for_the_ac_group_whose_lines_are_lost(analysed, lost):
    """svr031 is stopped: its business group fails over, and the log has lost that its AC group began to start and stop."""
    first, second = running()
    server_stop(first, "halt")
    second.at(first.now + timedelta(seconds=30)).sees_down("svr031").takes_over("failover1").daily(4)
    if lost:
        begun = ("<event: 10> Activating group AC_1", "<event: 20> Stopping group AC_1")
        first.files["messages"] = [line for line in first.files["messages"] if not any(one in line for one in begun)]
    model = analysed(first, second)
    assert of(model) == []
    assert {one.verdict for one in model.sequences if one.id == "server-shutdown-halt"} <= {
        "conforms",
        "not-observable",
    }
