from __future__ import annotations

from typing import Any

import pytest

from acforensics.case import Reason
from acforensics.rendering.verdict import judge, names
from acforensics.texts import literal


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
    assert verdict.read.en.startswith("Read: 1 files, 100 records of svr031, 2026-11-24 11:00:00 to")
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
