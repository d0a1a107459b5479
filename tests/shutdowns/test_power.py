"""ESMPRO/AC and UPS agents as the cause of an end: outage, drill and schedule, each with its nearest opposite."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from acforensics.boots import find_boots
from acforensics.coverage import Coverage, SourceCoverage, Span
from acforensics.events import Event, Witness
from acforensics.shutdowns import operators, power
from acforensics.shutdowns.records import Records
from acforensics.shutdowns.view import StopView
from acforensics.timeline import Item, Track

SITE = """
name = "site-ac"
title = { en = "ESMPRO/AC at our site", ja = "当社の ESMPRO/AC" }
"""
EVENT = """
[[event]]
id = "{id}"
kind = "{kind}"
programs = ["ACDAEMON"]
pattern = '^{pattern}'
status = "verified"
source = "svr031:/var/log/messages, drill"
examples = ["Feb  3 10:00:00 svr031 ACDAEMON[812]: {line}"]
"""
MESSAGES = [
    ("power-failure", "ac.power_failure", "UPS ups1: input power lost"),
    ("power-restored", "ac.power_restored", "UPS ups1: input power restored"),
    ("shutdown-started", "ac.shutdown_started", "shutting down the OS"),
    ("schedule-off", "ac.schedule_off", "schedule: power off"),
]


@pytest.fixture
def site(tmp_path_factory):
    """A site's folder of definitions, for ESMPRO/AC's messages."""
    folder = tmp_path_factory.mktemp("site")
    events = [EVENT.format(id=i, kind=kind, pattern=line, line=line) for i, kind, line in MESSAGES]
    (folder / "site_ac.toml").write_text(SITE + "".join(events), encoding="utf-8")
    return {"parsers": [folder]}


def ac(log, message):
    return log.log("ACDAEMON", message, pid=812)


def summary(shutdown):
    return shutdown.trigger, shutdown.mode, shutdown.confidence


def says(shutdown, words):
    return any(words in reason.text.en for reason in shutdown.reasons)


# --- ESMPRO/AC by its messages


def test_a_power_failure_that_esmpro_ac_answers(machine, end, site):
    log = ac(machine().boot().wait(600), "UPS ups1: input power lost").wait(300)
    found = end(ac(log, "shutting down the OS").wait(1).os_stop("halt").wait(4000).boot(), **site)
    assert summary(found) == ("ac-power-failure", "halt", "certain")
    assert (found.actor, found.ups_told) == (None, "not-applicable")
    assert found.evidence[0].kind == "ac.power_failure"


def test_the_failure_alone_is_likely(machine, end, site):
    log = ac(machine().boot().wait(600), "UPS ups1: input power lost").wait(300)
    assert summary(end(log.os_stop("halt").wait(4000).boot(), **site)) == ("ac-power-failure", "halt", "likely")


def test_power_that_had_returned_is_not_the_cause(machine, end, site):
    log = ac(machine().boot().wait(600), "UPS ups1: input power lost").wait(60)
    log = ac(log, "UPS ups1: input power restored").wait(3600)
    assert end(log.os_stop("halt").wait(4000).boot(), **site).trigger == "unknown"


@pytest.mark.parametrize("message", ["UPS ups1: input power lost", "schedule: power off"])
def test_a_recorded_command_outranks_a_message_that_leads_to_nothing(machine, end, site, message):
    log = ac(machine().boot().wait(600), message).wait(120).sudo("ope1", "/sbin/shutdown -h now")
    found = end(log.wait(1).os_stop("halt").wait(4000).boot(), **site)
    assert (found.trigger, found.actor) == ("os-command", "ope1")


@pytest.mark.parametrize("message", ["UPS ups1: input power lost", "schedule: power off"])
def test_a_message_of_the_peer_is_the_peers(machine, case, site, message):
    log = machine().boot().wait(700).os_stop("halt").wait(4000).boot()
    peer = ac(machine("svr047").boot().wait(600), message).wait(8000).log("app", "goes on")
    assert [(s.server, s.trigger) for s in case(log, peer, **site).shutdowns] == [("svr031", "unknown")]


def test_the_schedule_and_the_shutdown(machine, end, site):
    log = ac(machine().boot().wait(600), "schedule: power off")
    found = end(ac(log, "shutting down the OS").wait(1).os_stop("halt").wait(40_000).boot(), **site)
    assert summary(found) == ("ac-schedule", "halt", "certain")


def test_the_schedule_alone_is_likely(machine, end, site):
    log = ac(machine().boot().wait(600), "schedule: power off").wait(20)
    assert summary(end(log.os_stop("halt").wait(40_000).boot(), **site)) == ("ac-schedule", "halt", "likely")


def test_a_schedule_of_another_day_is_not_the_cause(machine, end, site):
    log = ac(machine().boot().wait(600), "schedule: power off").wait(86_400)
    assert end(log.os_stop("halt").wait(4000).boot(), **site).trigger == "unknown"


# --- ESMPRO/AC by its schedule file

TOKYO = ZoneInfo("Asia/Tokyo")
STOP = datetime(2026, 11, 24, 20, 0, 20, tzinfo=TOKYO)


@pytest.fixture
def schedule(case):
    """Explain the end of the first boot of svr031 by a planned power-off, given as local time."""

    def explain(*logs, off=datetime(2026, 11, 24, 20, 0, tzinfo=TOKYO)):
        time = off.astimezone(UTC)
        line = f"OFF={off:%Y/%m/%d-%H:%M}"
        planned = Event(time, "svr031", "ac.schedule_planned", "", "", line, {}, "", "verified", "svr031/schedule",
                        [Witness("svr031/schedule.dat", 3, time, line)])  # fmt: skip
        events = case(*logs, tz="Asia/Tokyo").events
        servers = {e.server: [x for x in events if x.server == e.server] for e in events}
        own = servers.pop("svr031")
        boots = find_boots("svr031", [Track("svr031/all", "svr031", [Item(e.time, e) for e in own])])
        spans = {boot.id: Span(boot.id, boot.first, boot.last) for boot in boots}
        everything = SourceCoverage("svr031", "svr031/all", "syslog", (), boots[0].first, boots[-1].last, len(own), len(own),
                                    kinds=frozenset(e.kind for e in own), seen=spans)  # fmt: skip
        peers = {name: Records(theirs) for name, theirs in servers.items()}
        view = StopView(boots[0], peers=peers, planned_offs=[planned], coverage=Coverage((everything,)))
        return power.ac_schedule(view, operators.os_command_recorded(view, TOKYO))

    return explain


def evening(machine, **options):
    """Up since the morning, and just before the planned power-off."""
    return machine(**options).boot().wait(60).log("app", "works").at(STOP.replace(tzinfo=None) - timedelta(minutes=4))


def stopped(log, mode="halt", **options):
    return log.at(STOP.replace(tzinfo=None)).os_stop(mode, **options).wait(40_000).boot()


def test_a_halt_as_planned_is_likely_the_schedules(machine, schedule):
    found = schedule(stopped(evening(machine)))
    assert (found.trigger, found.mode, found.confidence, found.actor) == ("ac-schedule", "halt", "likely", None)
    assert found.time == STOP
    first = found.arguments[0]
    assert "OFF=2026/11/24-20:00" in first.text.en
    assert "20 seconds" in first.text.en
    assert [(w.input, w.line) for w in first.events[0].witnesses] == [("svr031/schedule.dat", 3)]
    assert any("inferred from the plan" in a.text.en and a.weight == "missing" for a in found.arguments)


@pytest.mark.parametrize(
    ("off", "fires"),
    [(STOP, True), (STOP + timedelta(seconds=1), False), (STOP - timedelta(minutes=5), True),
     (STOP - timedelta(minutes=5, seconds=1), False), (STOP - timedelta(days=1), False)],
)  # fmt: skip
def test_only_a_stop_in_the_five_minutes_behind_the_plan(machine, schedule, off, fires):
    assert (schedule(stopped(evening(machine)), off=off) is not None) is fires


def test_a_reboot_is_no_planned_halt(machine, schedule):
    assert schedule(stopped(evening(machine), "reboot")) is None


@pytest.mark.parametrize("command", ["/sbin/shutdown -h now", "/sbin/shutdown -h 20:00", "/usr/sbin/clpstdn"])
def test_a_command_on_record_outranks_the_plan(machine, schedule, command):
    assert schedule(stopped(evening(machine).wait(200).sudo("ope1", command))) is None


def test_a_request_to_clusterpro_outranks_the_plan(machine, schedule):
    log = evening(machine).wait(230).clp_stop("clpstdn", os_first=True).wait(4000).boot()
    assert schedule(log) is None


def test_a_request_for_the_whole_cluster_on_the_peer_outranks_the_plan(machine, schedule):
    peer = evening(machine, name="svr047").wait(230).clp_stop("clpstdn")
    assert schedule(stopped(evening(machine)), peer) is None


def test_clusterpro_that_stopped_first_was_asked_by_somebody(machine, schedule):
    log = evening(machine).wait(180).cluster_stop(ac_lines=2, sleep=5)
    assert schedule(stopped(log, cluster=False)) is None


def test_a_ups_agent_that_decided_outranks_the_plan(machine, schedule):
    log = evening(machine).wait(230).log("upsmon", "UPS ups1@localhost on battery", pid=4)
    assert schedule(stopped(log.log("upsmon", "Executing automatic power-fail shutdown", pid=4))) is None


def test_a_power_button_outranks_the_plan(machine, schedule):
    log = evening(machine).wait(238).log("systemd-logind", "Power key pressed short.", pid=258)
    assert schedule(stopped(log.log("systemd-logind", "Powering off...", pid=258))) is None


def test_with_somebody_logged_in_it_is_possible_and_accuses_nobody(machine, schedule):
    found = schedule(stopped(evening(machine).login("root")))
    assert (found.trigger, found.confidence, found.actor) == ("ac-schedule", "possible", None)
    assert [a.weight for a in found.arguments if a.events and a.events[0].kind == "os.session_opened"] == ["against"]


@pytest.mark.parametrize("wall", ["maintenance", "UPS battery replacement"])
def test_a_reason_of_its_own_makes_it_possible(machine, schedule, wall):
    assert schedule(stopped(evening(machine), wall=wall)).confidence == "possible"


def test_a_power_failure_at_that_time_makes_it_possible(machine, schedule):
    log = evening(machine).log("upsmon", "UPS ups1@localhost on battery", pid=4)
    assert schedule(stopped(log)).confidence == "possible"


def test_a_stop_that_does_not_say_what_follows_is_possible(machine, schedule):
    assert schedule(stopped(evening(machine, style="upstart"))).confidence == "possible"


def planning(log, *lines):
    """The same server, with a schedule file among its logs."""
    log.files["schedule.dat"] = list(lines)
    return log


PLAN = ["# weekdays", "OFF=2026/11/23-20:00", "ON=2026/11/24-08:00", "OFF=2026/11/24-20:00", "ON=2026/11/25-08:00"]


def test_a_schedule_file_in_the_bundle_explains_the_end(machine, end):
    found = end(planning(stopped(evening(machine)), *PLAN), tz="Asia/Tokyo")
    assert (*summary(found), found.actor) == ("ac-schedule", "halt", "likely", None)
    assert (found.evidence[0].input.rpartition("/")[2], found.evidence[0].line) == ("schedule.dat", 4)
    assert found.evidence[0].text == "OFF=2026/11/24-20:00"


def test_a_plan_comes_before_an_inference_about_a_person(machine, end):
    found = end(planning(stopped(evening(machine).login("root")), *PLAN), tz="Asia/Tokyo")
    assert (*summary(found), found.actor) == ("ac-schedule", "halt", "possible", None)


def test_without_the_file_the_end_stays_undecided(machine, end):
    assert end(stopped(evening(machine)), tz="Asia/Tokyo").trigger == "unknown"


def test_the_schedule_of_another_server_explains_nothing(machine, case):
    peer = planning(machine("svr047").boot().wait(50_000).log("app", "goes on"), *PLAN)
    found = case(stopped(evening(machine)), peer, tz="Asia/Tokyo").shutdowns
    assert [(s.server, s.trigger) for s in found] == [("svr031", "unknown")]


def test_a_plan_alone_is_no_event(machine, case):
    found = case(planning(machine().boot().wait(50_000).log("app", "goes on"), *PLAN), tz="Asia/Tokyo")
    assert found.shutdowns == []
    assert not [event for event in found.events if event.kind.startswith("ac.")]


# --- UPS agents


def up(machine):
    return machine().boot().wait(60)


def upsmon(log, *messages, every=30):
    for message in messages:
        log.log("upsmon", message, pid=412).wait(every)
    return log


DECISION = "Executing automatic power-fail shutdown"
ON_BATTERY, ON_LINE = "UPS ups1@localhost on battery", "UPS ups1@localhost on line power"
DRILL, RETURNED = "no battery event precedes", "had returned to line power"


def halted(log):
    return log.os_stop("halt", announced=False).wait(4000).boot()


def test_an_outage_is_told_as_one(machine, end):
    found = end(halted(upsmon(up(machine), ON_BATTERY, "UPS ups1@localhost battery is low", DECISION, every=5)))
    assert summary(found) == ("ups-agent", "halt", "certain")
    assert says(found, "had reported a power failure before")
    assert not says(found, "drill")


def test_a_drill_is_told_as_one(machine, end):
    log = upsmon(up(machine), "Signal 10: User requested FSD", "UPS ups1@localhost: forced shutdown in progress", DECISION,
                 every=4)  # fmt: skip
    found = end(halted(log))
    assert summary(found) == ("ups-agent", "halt", "certain")
    assert DRILL in found.reasons[0].text.en
    assert (found.reasons[0].weight, found.actor) == ("for", None)
    assert says(found, "User requested FSD")
    assert any("cannot be ruled out" in r.text.en for r in found.reasons if r.weight == "missing")


def test_a_reader_of_the_report_sees_that_it_looks_like_a_drill(machine, case):
    found = case(halted(upsmon(up(machine), "Signal 10: User requested FSD", DECISION, every=4)))
    assert "looks like a drill" in found.to_html("en")
    assert "訓練または手動の強制シャットダウン (FSD)" in found.to_html("ja")


def test_who_typed_the_drill_is_named(machine, end):
    log = up(machine).sudo("ope1", "/sbin/upsmon -c fsd")
    found = end(halted(upsmon(log, "Signal 10: User requested FSD", DECISION, every=4)))
    assert (found.trigger, found.actor, found.command) == ("ups-agent", "ope1", "/sbin/upsmon -c fsd")


def test_a_typed_drill_that_upsmon_did_not_hear_names_nobody(machine, end):
    log = up(machine).sudo("ope1", "/sbin/upsmon -c fsd").wait(100)
    found = end(halted(upsmon(log, ON_BATTERY, "UPS ups1@localhost battery is low", DECISION, every=4)))
    assert (found.trigger, found.actor, found.command) == ("ups-agent", None, None)


def test_back_on_line_before_the_decision(machine, end):
    log = upsmon(up(machine), ON_BATTERY, ON_LINE).wait(600)
    found = end(halted(upsmon(log, "Signal 10: User requested FSD", DECISION, every=4)))
    assert RETURNED in found.reasons[0].text.en
    assert found.evidence[0].kind == "ups.on_line"


def test_power_that_returns_after_the_decision_changes_nothing(machine, end):
    log = upsmon(up(machine), ON_BATTERY, "UPS ups1@localhost battery is low",
                 "UPS ups1@localhost: forced shutdown in progress", every=5)  # fmt: skip
    found = end(halted(upsmon(log, ON_LINE, DECISION, every=5)))
    assert says(found, "had reported a power failure before")
    assert not says(found, RETURNED)


def test_another_ups_that_came_back_is_another_story(machine, end):
    log = upsmon(up(machine), ON_BATTERY, "UPS ups2@localhost on battery", "UPS ups2@localhost on line power", DECISION)
    assert not says(end(halted(log)), RETURNED)


@pytest.mark.parametrize("battery_first", [True, False])
def test_a_calibration_is_no_outage(machine, end, battery_first):
    begun = [ON_BATTERY, "UPS ups1@localhost: calibration in progress"]
    log = upsmon(up(machine), *(begun if battery_first else begun[::-1]), every=3)
    found = end(halted(upsmon(log.wait(60), "Signal 10: User requested FSD", DECISION, every=4)))
    assert "only a battery test or calibration" in found.reasons[0].text.en
    assert not says(found, "had reported a power failure")


def test_an_outage_after_a_calibration_is_one(machine, end):
    log = upsmon(up(machine), "UPS ups1@localhost: calibration in progress", "UPS ups1@localhost: calibration finished")
    assert says(end(halted(upsmon(log, ON_BATTERY, DECISION))), "had reported a power failure before")


def test_a_timer_of_the_site_is_no_drill(machine, end):
    log = up(machine).log("upssched", "New timer: downontap (120 seconds)", pid=77).wait(120)
    log.log("upssched", "Event: downontap ", pid=77).wait(1)
    found = end(halted(upsmon(log, "Signal 10: User requested FSD", DECISION, every=4)))
    assert says(found, "timer of the site's upssched had run out (downontap)")
    assert not says(found, "drill")


@pytest.mark.parametrize(
    "reason", ["Reached run time limit on batteries.", "Battery failure. Emergency.", "Battery power exhausted."]
)
def test_what_apcupsd_gives_as_its_reason_is_no_drill(machine, end, reason):
    log = up(machine).log("apcupsd", reason, pid=9).log("apcupsd", "Initiating system shutdown!", pid=9).wait(2)
    found = end(log.os_stop("halt", wall="apcupsd UPS ups1 initiated shutdown").wait(4000).boot())
    assert summary(found) == ("ups-agent", "halt", "certain")
    assert not says(found, "drill")


def test_the_events_file_alone_tells_of_the_outage(machine, end):
    log = up(machine)
    log.files["apcupsd.events"] = [
        f"{log.now + timedelta(seconds=s):%Y-%m-%d %H:%M:%S} +0900  {what}"
        for s, what in [(0, "Power failure."), (6, "Running on UPS batteries."),
                        (50, "Reached run time limit on batteries."), (50, "Initiating system shutdown!")]
    ]  # fmt: skip
    found = end(log.wait(52).os_stop("halt", wall="apcupsd UPS ups1 initiated shutdown").wait(4000).boot())
    assert summary(found) == ("ups-agent", "halt", "certain")
    assert "/apcupsd.events" in found.evidence[0].input
    assert says(found, "had reported a power failure before")


@pytest.mark.parametrize(
    "wall",
    ["apcupsd replacement, back at 9", "ope1 initiated shutdown", "upsmon test", "UPS ups1 initiated shutdown by ope1"],
)
def test_a_person_who_writes_of_the_agent_is_not_the_agent(machine, end, wall):
    found = end(up(machine).login("root").wait(60).os_stop("halt", wall=wall).wait(4000).boot())
    assert found.trigger == "os-command"


def test_an_agent_whose_messages_are_guessed_is_likely_at_most(machine, end):
    log = up(machine).log("PowerChute", "SVR031 is running on battery power. SVR031 shutdown in 2 min 0 sec", pid=5)
    log.wait(120).log("PowerChute", "SVR031 shutdown in 0 min 0 sec", pid=5).wait(2)
    assert summary(end(halted(log))) == ("ups-agent", "halt", "likely")


def test_an_announcement_of_powerchute_is_no_decision(machine, end):
    log = up(machine).log("PowerChute", "SVR031 is running on battery power. SVR031 shutdown in 29 min 0 sec", pid=5)
    assert end(halted(log.wait(60))).trigger == "unknown"
