"""What UPS agents write: apcupsd's own events file in both its forms, and lines in syslog that are no agent's."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acforensics.lines import frame
from acforensics.parsing.recognition import Recogniser

OUTAGE = [
    "Power failure.",
    "Running on UPS batteries.",
    "Battery charge below low limit.",
    "Initiating system shutdown!",
    "User logins prohibited",
    "apcupsd exiting, signal 15",
    "apcupsd shutdown succeeded",
    "apcupsd 3.14.14 (31 May 2016) redhat startup succeeded",
    "Mains returned. No longer on UPS batteries.",
    "Power is back. UPS running on mains.",
    "Allowing logins",
]
KINDS = (
    ["ups.on_battery"] * 2 + ["ups.battery_low", "ups.shutdown_decided"] + ["ups.message"] * 4
    + ["ups.on_line"] * 2 + ["ups.message"]
)  # fmt: skip


@pytest.mark.parametrize("name", ["apcupsd.events", "apcupsd.events.1", "apcupsd.events-20261124", "APCUPSD.EVENTS"])
@pytest.mark.parametrize(
    ("stamp", "offset"), [("2026-11-24 11:19:{:02d} +0900", 32400), ("Tue Nov 24 11:19:{:02d} JST 2026", 32400),
                          ("Tue Nov 24 11:19:{:02d} PDT 2026", None)],
)  # fmt: skip
def test_the_events_file_of_apcupsd(read_file, name, stamp, offset):
    reading = read_file("".join(f"{stamp.format(i)}  {what}\n" for i, what in enumerate(OUTAGE)).encode(), name)
    assert (reading.source, reading.lines, reading.records, reading.unframed) == ("ups-log", 11, 11, 0)
    assert [hit.kind for hit in reading.hits] == KINDS
    assert [hit.message for hit in reading.hits] == OUTAGE
    first = reading.hits[0]
    assert first.stamp[:6] == (2026, 11, 24, 11, 19, 0)
    assert (first.stamp.offset, first.program, first.host, first.line) == (offset, "apcupsd", "", 1)


def test_both_stamps_in_one_file_with_windows_line_ends_and_torn_lines(read_file):
    content = (
        b"Tue Nov 24 11:19:38 JST 2026  Power failure.\r\n"
        b"2026-11-24 11:20:38 +0900  Power is back. UPS running on mains.\r\n"
        b"failure.\r\n\0\0\0\0"
        b"2026-11-24 11:21:38 +0900  Communications with UPS lost.\r\n2026-11-24 11:2"
    )
    reading = read_file(content, "apcupsd.events")
    assert [hit.kind for hit in reading.hits] == ["ups.on_battery", "ups.on_line", "ups.communication_lost"]
    assert reading.unframed == 2


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=60) | st.sampled_from([f"2026-11-24 11:19:38 +0900  {t}".encode() for t in OUTAGE])))
def test_damage_is_survived(read_file, lines):
    reading = read_file(b"\n".join(lines), "apcupsd.events")
    assert all(hit.program == "apcupsd" for hit in reading.hits)


@pytest.mark.parametrize("name", ["messages", "my-apcupsd.log"])
def test_those_lines_elsewhere_are_nobodys(read_file, name):
    assert read_file(b"2026-11-24 11:19:38 +0900  Power failure.\n" * 3, name).hits == []


def test_syslog_and_the_events_file_tell_of_one_outage(machine, case):
    log = machine().boot().wait(60).log("apcupsd", "Power failure.", pid=1254)
    log.files["apcupsd.events"] = [f"{log.now:%Y-%m-%d %H:%M:%S} +0900  Power failure."]
    found = [event for event in case(log).events if event.kind == "ups.on_battery"]
    assert [sorted(w.input.rpartition("/")[2] for w in event.witnesses) for event in found] == [
        ["apcupsd.events", "messages"]
    ]


def kind_of_line(recogniser: Recogniser, program: str, message: str) -> str | None:
    record = frame(f"Nov 24 11:19:38 svr031 {program}: {message}")
    assert record is not None
    found = recogniser.recognise(record)
    return found.kind if found is not None else None


@pytest.mark.parametrize(
    "message",
    ["UPS ups1@localhost on battery", "Power failure.", "Executing automatic power-fail shutdown",
     "Initiating system shutdown!", "SVR031 is running on battery power. SVR031 shutdown in 29 min 0 sec",
     "UPS ups1@localhost: forced shutdown in progress", "Communications with UPS lost.", "UPSオンバッテリ"],
)  # fmt: skip
@pytest.mark.parametrize(
    "program", ["wall[811]", "root", "ope1", "logger", "myapp[7]", "shutdown[12]", "systemd-logind[258]"]
)
def test_what_people_and_other_programs_say_of_a_ups_is_no_agents(recogniser, program, message):
    kind = kind_of_line(recogniser, program, message)
    assert kind is None or not kind.startswith("ups.")


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("SVR031 is running on battery power. SVR031 shutdown in 29 min 0 sec", "ups.on_battery"),
        ("SVR031 shutdown in 29 min 0 sec", "ups.message"),
        ("SVR031 shutdown in 0 min 10 sec", "ups.message"),
        ("SVR031 shutdown in 0 min 0 sec", "ups.shutdown_decided"),
        ("SVR031 is running on battery power. SVR031 shutdown in 0 min 0 sec", "ups.shutdown_decided"),
        ("UPS self test passed", None),
    ],
)
def test_a_countdown_of_powerchute_decides_only_when_it_is_over(recogniser, message, kind):
    assert kind_of_line(recogniser, "PowerChute[212]", message) == kind


@pytest.mark.parametrize(
    ("program", "message"),
    [("apcupsd[1254]", "UPS Self Test switch to battery."), ("apcupsd[1254]", "UPS Self Test completed: Test failed"),
     ("upsmon[412]", "UPS ups1@localhost: calibration in progress"), ("nut-monitor[412]", "UPS ups1@localhost: calibration finished")],
)  # fmt: skip
def test_tests_of_the_battery_are_no_outages(recogniser, program, message):
    assert kind_of_line(recogniser, program, message) == "ups.message"
