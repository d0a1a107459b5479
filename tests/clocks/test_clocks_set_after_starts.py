"""Hardware clocks that hold local time while the kernel takes it for UTC, until a time server is asked after the start."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from acforensics.clocks import estimate, resolve_years
from acforensics.events import Event, Stamp, Witness

JST = timezone(timedelta(hours=9))
START = datetime(2026, 11, 24, 9, 0, 0)
HOURS = [9, -9]


def boot(machine, hours: float, *, told: bool, set_after: float = 30) -> None:
    """A start by a wrong clock, with the records of a server that goes on."""
    machine.skew = hours * 3600
    machine.boot(cluster=False).wait(set_after)
    machine.skew = 0
    if told and hours:
        machine.log("chronyd", f"System clock was stepped by {-hours * 3600:.6f} seconds", pid=811)
    for number in range(4):
        machine.log("systemd", f"Started Session {number} of User root.", pid=1, wait=1)


def rebooted(machine, wrong: dict[str, float], *, told: bool = True) -> list:
    """Two servers that are rebooted as a cluster; at the second start some clocks are wrong by hours."""
    servers = [machine("svr031"), machine("svr047")]
    for own, other in ((0, 1), (1, 0)):
        one, peer = servers[own], servers[other].name
        for hours in (0, wrong.get(one.name, 0)):
            boot(one, hours, told=told)
            one.cluster_start().event("nm", 1, f"Server {peer} has started.")
            for _ in range(12):
                one.log("CROND", "(root) CMD (run-parts /etc/cron.hourly)", pid=None, wait=600)
            if not one.content().count(b"clpstdn"):
                one.clp_stop("clpstdn", reboot=True).wait(70)
    return servers


def second(moment: datetime | None) -> datetime | None:
    return moment and moment.replace(microsecond=0)


def told_of(case) -> dict[str, object]:
    """What must be the same, whatever the clock was."""
    return {
        "boots": [(b.id, second(b.start), second(b.end), b.corrected_start, b.end_state) for b in case.boots],
        "ends": [(s.server, second(s.time), s.trigger, s.mode, s.confidence, s.verdict) for s in case.shutdowns],
        "sequences": [
            (q.id, q.server, second(q.start), second(q.end), q.verdict, [(s.step, s.status) for s in q.steps])
            for q in case.model.sequences
        ],
        "findings": [(f.rule, f.servers) for f in case.findings],
        "incidents": [(i.servers, second(i.start), second(i.end)) for i in case.model.incidents],
        "clocks": [(s.name, [o.seconds for o in s.clock_offsets]) for s in case.model.servers],
    }


@pytest.mark.parametrize("hours", HOURS)
@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("both", [True, False])
def test_a_start_by_a_wrong_clock_is_judged_as_by_a_right_one(machine, case, tmp_path, hours, told, both) -> None:
    right = told_of(case(*rebooted(machine, {}, told=told)))
    wrong = {"svr031": hours, "svr047": hours if both else 0}
    found = case(*rebooted(machine, wrong, told=told))
    assert told_of(found) == right
    assert not {finding.rule for finding in found.findings} & {"clock-skew", "sequence-deviation"}


@pytest.mark.parametrize("hours", HOURS)
def test_what_was_written_is_shown_with_the_time_that_is_meant(machine, case, hours) -> None:
    found = case(*rebooted(machine, {"svr031": hours}), tz="Asia/Tokyo")
    later = next(b for b in found.boots if b.id == "svr031#2")
    line = later.evidence[0]
    assert line.time == later.start + timedelta(hours=hours)
    assert line.corrected_time == later.start
    (log,) = [one for one in found.model.inputs if "svr031" in one.path]
    said = [note.en for note in log.notes if "at a start" in note.en]
    assert len(said) == 1
    assert "32400 s " + ("ahead" if hours > 0 else "behind") in said[0]


def started(machine, wrong: dict[str, float], *, told: bool = True) -> tuple[list[datetime], object]:
    """When svr031 truly started, and the server with its logs."""
    right, one = rebooted(machine, {}, told=told)[0], rebooted(machine, wrong, told=told)[0]
    lines = [line for line in right.files["messages"] if "Linux version" in line]
    return [datetime.strptime(f"2026 {line[:15]}", "%Y %b %d %H:%M:%S") for line in lines], one


def journal_of(machine, folder: Path) -> None:
    """The lines of a server as an export of its journal, in which each boot has its name."""
    boots, entries = 0, []
    for line in machine.files["messages"]:
        shown = datetime.strptime(f"2026 {line[:15]}", "%Y %b %d %H:%M:%S").replace(tzinfo=JST)
        tag, _, text = line[16 + len(machine.name) + 1 :].partition(": ")
        if tag == "kernel":
            text = text.partition("] ")[2]
        boots += text.startswith("Linux version")
        entries.append({
            "__REALTIME_TIMESTAMP": str(round(shown.timestamp() * 1e6)), "_BOOT_ID": f"{boots:032x}",
            "_HOSTNAME": machine.name, "SYSLOG_IDENTIFIER": tag.partition("[")[0], "MESSAGE": text,
        })  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "journal.json").write_text("".join(json.dumps(entry) + "\n" for entry in entries), encoding="utf-8")


@pytest.mark.parametrize("hours", HOURS)
@pytest.mark.parametrize("told", [True, False])
def test_a_journal_beside_syslog_gives_the_same_boots(machine, case, tmp_path, hours, told) -> None:
    starts, one = started(machine, {"svr031": hours}, told=told)
    journal_of(one, tmp_path / one.name)
    found = case(one, tz="Asia/Tokyo")
    assert [second(b.start.replace(tzinfo=None)) for b in found.boots] == starts
    assert len(found.shutdowns) == 1


@pytest.mark.parametrize("hours", HOURS)
def test_login_records_of_a_wrong_clock_go_with_the_boot(machine, case, tmp_path, hours) -> None:
    """`last -x`, newest first; the shutdown record is by the clock before."""
    (_, again), one = started(machine, {"svr031": hours})
    rows = [
        ("reboot   system boot ", again - timedelta(seconds=9) + timedelta(hours=hours)),
        ("shutdown system down ", again - timedelta(seconds=71)),
        ("reboot   system boot ", START - timedelta(seconds=9)),
    ]
    text = "".join(f"{who} 5.14.0-427.el9.x {t:%a %b %e %H:%M:%S %Y}   still running\n" for who, t in rows)
    (tmp_path / one.name).mkdir()
    (tmp_path / one.name / "last-x.txt").write_text(text + f"\nwtmp begins {START:%a %b %e %H:%M:%S %Y}\n")
    found = case(one, tz="Asia/Tokyo")
    assert [second(b.start.replace(tzinfo=None)) for b in found.boots] == [
        START - timedelta(seconds=9),
        again - timedelta(seconds=9),
    ]
    assert len(found.shutdowns) == 1


@pytest.mark.parametrize("hours", HOURS)
@pytest.mark.parametrize("told", [True, False])
def test_kernel_lines_in_a_log_of_their_own(machine, case, hours, told) -> None:
    """That log holds starts only, all of them by the wrong clock; another one shows that it was set."""
    starts, one = started(machine, {"svr031": hours}, told=told)
    lines = one.files["messages"]
    one.files = {
        "kern.log": [line for line in lines if " kernel: " in line],
        "syslog": [line for line in lines if " kernel: " not in line],
    }
    found = case(one, tz="Asia/Tokyo")
    assert [second(b.start.replace(tzinfo=None)) for b in found.boots] == starts
    assert second(found.boots[0].end.replace(tzinfo=None)) == starts[1] - timedelta(seconds=70)


@pytest.mark.parametrize("hours", HOURS)
def test_a_clock_that_is_wrong_at_every_start(machine, case, hours) -> None:
    one = machine()
    for _ in range(6):
        boot(one, hours, told=False)
        one.cluster_start().wait(400).log("CROND", "(root) CMD (true)", pid=None)
        one.clp_stop("clpstdn", reboot=True, sleep=5).wait(70)
    found = case(one, tz="Asia/Tokyo")
    assert len(found.boots) == 6
    assert all(b.start < b.end for b in found.boots if b.end)
    assert [b.start for b in found.boots] == sorted(b.start for b in found.boots)
    assert found.boots[0].start.replace(tzinfo=None) == START
    (log,) = found.model.inputs
    assert sum("at a start" in note.en for note in log.notes) == 3
    assert any("at 3 more starts" in note.en for note in log.notes)


@pytest.mark.parametrize("hours", HOURS)
@pytest.mark.parametrize("told", [True, False])
def test_the_turn_of_a_year_within_the_wrong_hours(machine, case, hours, told) -> None:
    one = machine().at(datetime(2026, 12, 31, 17, 0) if hours > 0 else datetime(2027, 1, 1, 4, 0))
    begun = []
    for wrong in (0, hours, 0):
        begun.append(one.now)
        boot(one, wrong, told=told)
        one.cluster_start().wait(600).log("CROND", "(root) CMD (true)", pid=None)
        one.clp_stop("clpstdn", reboot=True, sleep=5).wait(70)
    found = case(one, tz="Asia/Tokyo", year=2026 if hours > 0 else 2027)
    assert [second(b.start.replace(tzinfo=None)) for b in found.boots] == begun


def test_years_of_stamps_hours_ahead_or_behind_at_the_turn_of_a_year() -> None:
    days = [(12, 31, 16), (1, 1, 1), (12, 31, 16), (12, 31, 23), (1, 1, 0), (12, 31, 15), (1, 1, 0)]
    stamps = [Stamp(None, month, day, hour, 30, 0) for month, day, hour in days]
    years = [2026, 2027, 2026, 2026, 2027, 2026, 2027]
    last_known = resolve_years(stamps, {}, datetime(2027, 1, 2))
    first_known = resolve_years(stamps, {0: 2026}, None)
    assert [t.year for t in last_known] == [t.year for t in first_known] == years


# --- what must not be moved


def test_a_silence_after_a_start_is_no_clock_that_was_set(machine, case) -> None:
    one = machine()
    one.boot(cluster=False).wait(7 * 3600).cluster_start().wait(3600).log("CROND", "(root) CMD (true)", pid=None)
    one.clp_stop("clpstdn", reboot=True).wait(70).boot(cluster=False).wait(9 * 3600).cluster_start()
    found = case(one, tz="Asia/Tokyo")
    assert found.boots[0].start.replace(tzinfo=None) == START
    assert all(line.corrected_time is None for b in found.boots for line in b.evidence)


def test_a_program_that_writes_in_utc_is_no_clock_that_was_set(machine, case) -> None:
    one = machine()
    one.boot(cluster=False)
    for _ in range(3):
        one.skew = -9 * 3600
        one.log("app", "ready", pid=77, wait=5)
        one.skew = 0
        one.log("CROND", "(root) CMD (true)", pid=None, wait=5)
    one.cluster_start()
    found = case(one, tz="Asia/Tokyo")
    assert [b.start.replace(tzinfo=None) for b in found.boots] == [START]
    assert all(line.corrected_time is None for line in found.boots[0].evidence)


def test_records_of_the_same_hours_by_the_right_clock_stay(machine, case) -> None:
    """Nine hours later the server is up and writes the times that its start had shown."""
    one = machine()
    boot(one, 9, told=True)
    one.cluster_start()
    for minute in range(0, 12 * 60, 10):
        one.at(START + timedelta(minutes=minute + 2)).log("CROND", "(root) CMD (true)", pid=None)
        one.sudo("alice", f"/usr/bin/true {minute}")
    found = case(one, tz="Asia/Tokyo")
    assert [b.start.replace(tzinfo=None) for b in found.boots] == [START]
    assert [e.time for e in found.events if e.kind == "os.command" and e.time != e.witnesses[0].time] == []


def test_a_step_of_which_no_record_shows_the_clock_before_moves_nothing() -> None:
    """syslog started after chronyd had set the clock: all stamps of the boot are right."""

    def event(minutes: float, kind: str, name: str, **fields: str) -> Event:
        time = START.replace(tzinfo=JST) + timedelta(minutes=minutes)
        stream = f"{name}/messages"
        return Event(time, name, kind, "", "", "", fields, "", "verified", stream, [Witness(stream, 1, time, "")])

    def server(name: str, peer: str) -> list[Event]:
        return [
            event(0, "os.boot", name),
            event(0.1, "os.clock_stepped", name, offset="-32400.1"),
            *(event(minutes, "clusterpro.server_up", name, server=who) for minutes in (2, 90) for who in (name, peer)),
        ]

    clock = estimate({"svr031": server("svr031", "svr047"), "svr047": server("svr047", "svr031")}, {})
    assert [span.offset for one in clock.servers.values() for span in one.spans] == [0.0, 0.0]
