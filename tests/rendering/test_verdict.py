from __future__ import annotations

from typing import Any

import pytest

from acforensics.case import Reason
from acforensics.rendering.verdict import judge, names
from acforensics.texts import Text, literal


def test_a_command_names_server_command_person_and_the_ups(make: Any) -> None:
    end = make.end(actor="ope1", command="shutdown -h now")
    make.finding("os-command-shutdown", [end])
    (incident,) = judge(make.model()).incidents
    assert incident.headline.en == (
        "svr031 shut down: an OS command, past CLUSTERPRO (`shutdown -h now`, run by ope1)."
    )
    assert incident.headline.ja == (
        "svr031 は CLUSTERPRO を経由しない OS コマンド (`shutdown -h now`、実行者: ope1) により停止した。"
    )
    assert incident.ups.en == "The UPS was not told."
    assert incident.ups_missed
    assert incident.grade == "critical"
    assert "clpdown" in incident.advice.en


def test_outside_a_cluster_a_command_is_no_fault(make: Any) -> None:
    end = make.end(actor="ope1", command="shutdown -h now")
    make.finding("os-command-shutdown", [end], severity="warning")
    (incident,) = judge(make.model()).incidents
    assert "past CLUSTERPRO" not in incident.headline.en
    assert "nothing to do" in incident.advice.en


@pytest.mark.parametrize(
    ("confidence", "english", "japanese"),
    [
        ("likely", "likely an OS command", "可能性が高い"),
        ("possible", "possibly an OS command", "可能性がある"),
    ],
)
def test_what_is_not_certain_is_not_said_as_certain(make: Any, confidence: str, english: str, japanese: str) -> None:
    missing = Reason(text=literal("no record of the command"), weight="missing")
    make.end(confidence=confidence, reasons=[missing])
    (incident,) = judge(make.model()).incidents
    assert english in incident.headline.en
    assert japanese in incident.headline.ja
    assert [sentence.en for sentence in incident.why] == ["No record of the command."]


def test_equal_ends_of_several_servers_within_minutes_are_one_incident(make: Any) -> None:
    for minutes, server in ((0, "svr031"), (5, "svr047"), (9.9, "svr055")):
        make.end(minutes, server, trigger="power-loss", mode="unknown", confidence="possible", end_state="unclean")
    (incident,) = judge(make.model()).incidents
    assert incident.servers == ("svr031", "svr047", "svr055")
    assert incident.headline.en.startswith("svr031, svr047 and svr055 went down without a shutdown: possibly")
    assert incident.when().en.count("2026-11-24") == 3


@pytest.mark.parametrize(
    "other",
    [
        {"minutes": 5.1},
        {"trigger": "crash"},
        {"mode": "reboot"},
        {"confidence": "likely"},
        {"actor": "ope2"},
        {"server": "svr031"},
    ],
)
def test_ends_that_differ_are_separate(make: Any, other: dict[str, Any]) -> None:
    make.end()
    make.end(**{"minutes": 2, "server": "svr047", **other})
    assert len(judge(make.model()).incidents) == 2


def test_servers_whose_ups_was_told_differently_are_named(make: Any) -> None:
    make.end(ups_told="yes", trigger="clusterpro-command")
    make.end(1, "svr047", ups_told="no", trigger="clusterpro-command")
    (incident,) = judge(make.model()).incidents
    assert incident.ups.en == "UPS told: svr031: yes, svr047: no."
    assert "stop.sh" in incident.advice.en
    assert incident.grade == "info"


def test_an_orderly_stop_that_told_the_ups_is_in_order(make: Any) -> None:
    make.end(ups_told="yes", trigger="clusterpro-command", command="clpstdn")
    (incident,) = judge(make.model()).incidents
    assert incident.grade == "ok"
    assert incident.why == ()
    assert "Nothing to do" in incident.advice.en


def test_an_orderly_stop_with_a_fault_is_not_praised(make: Any) -> None:
    end = make.end(trigger="clusterpro-command", mode="halt", ups_told="yes")
    make.finding("sequence-deviation", [end], severity="warning")
    (incident,) = judge(make.model()).incidents
    assert "see the findings" in incident.advice.en
    assert "Nothing to do" not in incident.advice.en


def test_a_reboot_loop_is_one_incident(reboot_loop: Any) -> None:
    (incident,) = judge(reboot_loop.model()).incidents
    assert incident.headline.en == (
        "svr031 and svr047 rebooted again and again (3 times each): CLUSTERPRO's own recovery action."
    )
    assert incident.why[0].ja == "根拠: diskw1 に対する最終動作。"
    assert incident.when().en == "2026-11-24 12:00:00 to 2026-11-24 12:24:00"
    assert "svr047 since 2026-11-24 12:30:00" in incident.after[0].en
    assert len(incident.shutdowns) == 6


def test_an_end_outside_the_loop_stays_its_own(reboot_loop: Any) -> None:
    reboot_loop.end(55, trigger="clusterpro-command", ups_told="yes")
    assert [incident.loop for incident in judge(reboot_loop.model()).incidents] == [True, False]


# --- incidents of the result


def test_a_chain_is_one_story_with_the_first_end_as_its_headline(chain: Any) -> None:
    (incident,) = judge(chain.model()).incidents
    assert incident.headline.en == "svr031 shut down: another UPS agent than ESMPRO/AC."
    assert [passage.sentence.en for passage in incident.story] == [
        "svr031: a power failure is reported.",
        "svr031 shut down: another UPS agent than ESMPRO/AC.",
        "failover1 fails over to svr047.",
        "svr031 rebooted again and again (3 times): CLUSTERPRO's own recovery action.",
    ]
    assert incident.grade == "critical"
    assert incident.servers == ("svr031", "svr047")
    assert len(incident.shutdowns) == 4
    assert [reading.en for reading in incident.readings] == ["one reading", "another"]


def test_what_is_inferred_is_said_so_in_the_story_and_in_what_follows(chain: Any) -> None:
    (incident,) = judge(chain.model()).incidents
    grounds = [[(one.number, one.recorded) for one in passage.grounds] for passage in incident.story]
    assert grounds == [[], [(1, True)], [(2, True)], [(2, False)]]
    assert incident.consequence is not None
    assert incident.consequence.en.startswith("Then (link inferred): svr031 rebooted again and again")
    chain.incidents[0].parts[3].because[0].recorded = True
    (incident,) = judge(chain.model()).incidents
    assert incident.consequence is not None
    assert incident.consequence.en.startswith("Then: svr031 rebooted")


def test_what_joins_a_consequence_only_by_way_of_something_inferred_is_inferred(make: Any) -> None:
    first = make.end(0, trigger="clusterpro-command", ups_told="yes")
    late = make.finding("shared-disk-late", [first], severity="warning")
    last = make.end(30, mode="reboot", trigger="clusterpro-recovery", ups_told="yes")
    make.finding("restart-limit-reached", [last])
    make.incident(make.part(0, first), make.part(29, late, (0, False)), make.part(30, last, (1, True)))
    (incident,) = judge(make.model()).incidents
    assert incident.consequence is not None
    assert incident.consequence.en.startswith("Then (link inferred): svr031 rebooted: CLUSTERPRO's own")


def test_the_gravest_part_is_advised_on_first_and_praise_only_alone(make: Any) -> None:
    stop = make.end(0, trigger="clusterpro-command", ups_told="yes")
    wait = make.finding(
        "startup-wait-timeout", [stop], severity="warning",
        advice=Text(en="Look at `svr047`. Then more.", ja="`svr047` を確認してください。さらに続く。"),
    )  # fmt: skip
    make.incident(make.part(0, stop), make.part(600, wait, (0, False)))
    (incident,) = judge(make.model()).incidents
    assert incident.advice.en == "Look at `svr047`."
    assert incident.advice.ja == "`svr047` を確認してください。"


def test_at_most_two_pieces_of_advice(make: Any) -> None:
    ends = [make.end(n * 20, trigger=trigger) for n, trigger in enumerate(("crash", "fencing", "power-loss"))]
    make.finding("power-loss", [ends[2]])
    make.incident(*(make.part(n * 20, end, *([(n - 1, True)] if n else [])) for n, end in enumerate(ends)))
    (incident,) = judge(make.model()).incidents
    assert incident.advice.en.startswith("Compare with the event logs of the UPS")
    assert "crash dump" in incident.advice.en
    assert "other node" not in incident.advice.en


def test_one_request_that_stopped_two_servers_is_one_sentence(make: Any) -> None:
    known = {"trigger": "clusterpro-command", "ups_told": "yes", "scope": "cluster"}
    first = make.end(0, actor="root", command="/usr/sbin/clpstdn", **known)
    second = make.end(7, "svr047", command="clpstdn", **known)
    make.incident(make.part(0, first), make.part(7, second, (0, True), relation="together"))
    (incident,) = judge(make.model()).incidents
    assert incident.headline.en == (
        "svr031 and svr047 shut down: an orderly CLUSTERPRO request (`/usr/sbin/clpstdn`, run by root)."
    )
    assert len(incident.story) == 1


@pytest.mark.parametrize("change", [{"actor": "ope2"}, {"mode": "reboot"}, {"trigger": "os-command"}])
def test_ends_of_one_story_that_differ_are_told_one_by_one(make: Any, change: dict[str, Any]) -> None:
    first = make.end(0, actor="ope1", trigger="clusterpro-command")
    second = make.end(1, "svr047", **{"actor": "ope1", "trigger": "clusterpro-command", **change})
    make.incident(make.part(0, first), make.part(1, second, (0, True), relation="together"))
    (incident,) = judge(make.model()).incidents
    assert incident.headline.en.startswith("svr031 shut down")
    assert incident.story[1].sentence.en.startswith("svr047")
    assert incident.story[1].sentence.en.endswith("The UPS was not told.")


def test_equal_ends_of_two_incidents_stay_two(make: Any) -> None:
    for end in (make.end(0), make.end(1, "svr047")):
        make.incident(make.part(0 if end.server == "svr031" else 1, end))
    assert [incident.servers for incident in judge(make.model()).incidents] == [("svr031",), ("svr047",)]


def test_an_incident_without_an_end_has_its_finding_as_headline_and_no_word_on_the_ups(make: Any) -> None:
    stop = make.end(-500, trigger="clusterpro-command", ups_told="yes")
    title = Text(en="svr047: AC_1 was moved there", ja="svr047: AC_1 が移動された")
    moved = make.finding("ac-group-moved", [stop], severity="warning", title=title)
    moved.related = []
    make.incident(make.part(0, moved))
    found = next(one for one in judge(make.model()).incidents if one.grade == "warning")
    assert found.headline.en == "svr047: AC_1 was moved there."
    assert (found.confidence, found.ups, found.shutdowns) == (None, None, ())
    assert [sentence.en for sentence in found.why] == ["what was seen"]
    assert found.when().en == "2026-11-24 12:00:00"


def test_a_cause_with_a_later_stamp_still_comes_first(make: Any) -> None:
    first, second = make.end(0), make.end(1, "svr047", trigger="crash")
    make.incident(make.part(0, first, (1, True)), make.part(1, second), root=1)
    (incident,) = judge(make.model()).incidents
    assert [passage.sentence.en[:6] for passage in incident.story] == ["svr047", "svr031"]
    assert incident.headline.en.startswith("svr047")


def test_causes_that_go_round_in_a_circle_end(make: Any) -> None:
    ends = [make.end(n * 10, trigger=trigger) for n, trigger in enumerate(("crash", "fencing", "power-loss"))]
    make.incident(*(make.part(n * 10, end, ((n + 1) % 3, True)) for n, end in enumerate(ends)))
    (incident,) = judge(make.model()).incidents
    assert sorted(passage.sentence.en for passage in incident.story)
    assert len(incident.story) == 3


def test_undecided_is_said(make: Any) -> None:
    make.end(trigger="unknown", mode="unknown", end_state="unknown", confidence="possible", ups_told="unknown")
    (incident,) = judge(make.model()).incidents
    assert "cannot be told from these logs" in incident.headline.en
    assert "判断できない" in incident.headline.ja


def test_nothing_found_does_not_look_like_nothing_wrong(make: Any) -> None:
    make.running(0)
    verdict = judge(make.model())
    assert verdict.incidents == ()
    assert "no proof" in verdict.nothing[1].en
    assert verdict.read.en.startswith("Read: 1 file, 100 records of svr031, 2026-11-24 11:00:00 to")
    assert verdict.advice is not None


def test_too_many_incidents_leave_the_gravest(make: Any) -> None:
    for number in range(20):
        end = make.end(number * 60, trigger="clusterpro-command", ups_told="yes")
        if number == 3:
            make.finding("ups-not-told", [end])
    verdict = judge(make.model())
    assert len(verdict.incidents) == 12
    assert verdict.left_out == 8
    assert "critical" in [incident.grade for incident in verdict.incidents]
    starts = [incident.start for incident in verdict.incidents]
    assert starts == sorted(starts)


def test_every_word_of_the_result_has_its_sentence(every_word: Any) -> None:
    for maker in every_word():
        for incident in judge(maker.model()).incidents:
            assert incident.headline.en.endswith(".")
            assert incident.headline.ja.endswith("。")


def test_names_are_listed_as_people_do() -> None:
    assert names(["a"]).en == "a"
    assert names(["a", "b", "c"]).en == "a, b and c"
    assert names(["a", "b", "c"]).ja == "a、b と c"
