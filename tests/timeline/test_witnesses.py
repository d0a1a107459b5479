"""Several records of one occurrence: one event, several witnesses, and what they say otherwise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import acforensics
from acforensics.events import Event, Witness
from acforensics.timeline import Item, Track, merge

START = datetime(2026, 12, 4, 13, 1, 33, tzinfo=UTC)


def event(seconds: float, kind: str, stream: str, message: str = "m", program: str = "", **fields: str) -> Event:
    time = START + timedelta(seconds=seconds)
    witness = Witness(f"svr031/{stream}", 1, time, f"{program} {message} {fields}")
    return Event(time, "svr031", kind, program, "", message, fields, "x/y", "verified", stream, [witness])


def merged(*events: Event) -> list[Event]:
    tracks: dict[str, Track] = {}
    for one in events:
        tracks.setdefault(one.stream, Track(one.stream, "svr031")).items.append(Item(one.time, one))
    return merge(list(tracks.values()))


def clusterpro(
    seconds: float, stream: str, text: str, *, program: str = "clusterpro", module: str = "rm", event_id: str = "9"
) -> Event:
    return event(
        seconds, "clusterpro.monitor_error", stream, f"<…> {text}", program, module=module, event=event_id, text=text
    )


def test_an_event_in_syslog_journal_and_alert_log_is_one() -> None:
    text = "Detected an error in monitoring diskw1. (8 : x)"
    found = merged(
        clusterpro(0, "messages", text),
        clusterpro(0.2, "journal.json", text),
        clusterpro(0.4, "alertlog.alt", text.replace(". ", ", "), program="alert"),
    )
    assert [len(one.witnesses) for one in found] == [3]
    assert found[0].streams == {"messages", "journal.json", "alertlog.alt"}


@pytest.mark.parametrize(
    "other",
    [
        {"text": "Detected an error in monitoring diskw2. (8 : x)"},
        {"module": "mm"},
        {"event_id": "10"},
    ],
)
def test_another_monitor_module_or_number_is_another_event(other: dict[str, str]) -> None:
    text = other.pop("text", "Detected an error in monitoring diskw1. (8 : x)")
    assert (
        len(
            merged(
                clusterpro(0, "messages", "Detected an error in monitoring diskw1. (8 : x)"),
                clusterpro(0, "alertlog.alt", text, **other),
            )
        )
        == 2
    )


def test_one_command_as_sudo_and_audit_record_it() -> None:
    found = merged(
        event(0, "os.command", "secure", program="sudo", user="ope1", command="/usr/sbin/shutdown -h now", tty="ttyS0"),
        event(0.4, "os.command", "audit.log", "USER_CMD", "audit", user="ope1", command="shutdown -h now"),
        event(0.5, "os.command", "audit.log", "EXECVE", "audit", user="ope1", command="shutdown -h now", serial="4"),
    )
    assert [len(one.witnesses) for one in found] == [3]
    assert (found[0].program, found[0].fields["command"]) == ("sudo", "/usr/sbin/shutdown -h now")
    assert not found[0].disagreements


@pytest.mark.parametrize(
    ("user", "command", "seconds", "stream"),
    [
        ("ope2", "shutdown -h now", 0.5, "audit.log"),  # another person
        ("ope1", "shutdown -r now", 0.5, "audit.log"),  # another command
        ("ope1", "shutdown -h now", 3.5, "audit.log"),  # another time
        ("ope1", "/usr/sbin/shutdown -h now", 1, "secure"),  # typed again
    ],
)
def test_two_commands_stay_two(user: str, command: str, seconds: float, stream: str) -> None:
    first = event(0, "os.command", "secure", program="sudo", user="ope1", command="/usr/sbin/shutdown -h now")
    second = event(
        seconds,
        "os.command",
        stream,
        program=first.program if stream == "secure" else "audit",
        user=user,
        command=command,
    )
    assert len(merged(first, second)) == 2


def test_what_a_witness_lacks_is_taken_from_the_other_and_what_differs_is_kept() -> None:
    found = merged(
        event(0, "clusterpro.stopping", "messages", module="pm", event="23", text="x", mode="halt", scope="unknown"),
        event(
            1, "clusterpro.stopping", "alertlog.alt", module="pm", event="23", text="x", mode="reboot", scope="server"
        ),
    )
    assert len(found) == 1
    assert found[0].fields["scope"] == "server"
    assert [(d.name, d.value, d.witness.input) for d in found[0].disagreements] == [
        ("mode", "reboot", "svr031/alertlog.alt")
    ]


def test_login_records_and_the_audit_log_record_one_stop() -> None:
    found = merged(
        event(0, "os.shutdown_recorded", "wtmp", program="wtmp"),
        event(0, "os.shutdown_recorded", "last-x.txt", program="last"),
        event(0.2, "os.shutdown_recorded", "audit.log", program="audit"),
    )
    assert [len(one.witnesses) for one in found] == [3]


def test_a_listing_in_minutes_is_a_witness_of_the_record_with_seconds() -> None:
    listing = event(-33, "os.shutdown_recorded", "last-x.short.txt", program="last")
    listing.resolution = 60
    record = event(0, "os.shutdown_recorded", "wtmp", program="wtmp")
    found = merged(listing, record)
    assert len(found) == 1
    assert (found[0].time, found[0].resolution) == (START, 1)


def test_a_kernel_line_that_syslog_stamps_a_minute_late_is_one_event(tmp_path: Path) -> None:
    journal = (
        "2026-11-25T18:31:48+0900 svr031 kernel: Linux version 6.1.0-56-amd64 (debian-kernel@lists.debian.org) #1 SMP\n"
        "2026-11-25T18:31:48+0900 svr031 kernel: Command line: root=/dev/vda ro\n"
        "2026-11-25T18:31:49+0900 svr031 kernel: EXT4-fs (vda): INFO: recovery required on readonly filesystem\n"
        "2026-11-25T18:33:00+0900 svr031 sshd[9]: x\n"
    )
    messages = (
        "Nov 25 18:32:49 svr031 kernel: [    0.000000] Linux version 6.1.0-56-amd64 (debian-kernel@lists.debian.org) #1 SMP\n"
        "Nov 25 18:32:49 svr031 kernel: [    0.000000] Command line: root=/dev/vda ro\n"
        "Nov 25 18:32:49 svr031 kernel: [    2.9] EXT4-fs (vda): INFO: recovery required on readonly filesystem\n"
        "Nov 25 18:33:00 svr031 sshd[9]: x\n"
    )
    (tmp_path / "journal.txt").write_text(journal, encoding="utf-8")
    (tmp_path / "messages").write_text(messages, encoding="utf-8")
    case = acforensics.analyze([tmp_path], year=2026)
    assert len(case.boots) == 1
    kinds = list(case.timeline["kind"])
    assert kinds == ["os.boot", "os.boot_command_line", "os.filesystem_recovered"]
    assert list(case.timeline["witnesses"]) == [2, 2, 2]
    evidence = case.boots[0].evidence[0]
    assert [(place.input.rpartition("/")[2], place.line) for place in evidence.also] == [("messages", 1)]
    assert (evidence.also[0].time - evidence.time).total_seconds() == 61
