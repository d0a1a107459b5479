"""Boots with a dead hardware clock are placed by order; a flapping UPS is told in a line; both keep what was written."""

from __future__ import annotations

from datetime import datetime

import pytest

import acforensics

RECORD = (
    "[{kind}] [00000] [~~  ] [{user:8}] [~           ] [5.14.0              ] [0.0.0.0        ] [{time},000000+00:00]\n"
)


def record(time: str, *, stop: bool = False) -> str:
    return RECORD.format(kind=1 if stop else 2, user="shutdown" if stop else "reboot", time=time)


@pytest.mark.parametrize("dead", ["1970-01-01T00:00:{:02d}", "2000-01-01T00:00:{:02d}"])
def test_login_records_of_a_dead_clock_keep_their_place(tmp_path, dead):
    (tmp_path / "utmpdump.txt").write_text(
        record("2026-11-24T00:00:00") + record("2026-11-24T01:00:00", stop=True)
        + record(dead.format(5)) + record(dead.format(45), stop=True)
        + record("2026-11-24T03:00:00"),
        encoding="utf-8",
    )  # fmt: skip
    case = acforensics.analyze([tmp_path])
    assert [b.end_state for b in case.boots] == ["clean", "clean", "running"]
    first, second = case.shutdowns
    assert first.time.isoformat() == "2026-11-24T01:00:00+00:00"
    assert first.time <= second.time <= case.boots[2].start
    evidence = case.boots[1].evidence[0]
    assert evidence.time.isoformat() == dead.format(5) + "+00:00"  # as written
    assert first.time <= evidence.corrected_time <= case.boots[2].start
    assert case.timeline.index.is_monotonic_increasing
    assert any("clock" in note.en for item in case.model.inputs for note in item.notes)


def test_a_journal_of_a_dead_clock_keeps_its_boots(tmp_path):
    lines = []
    boots = [("1" * 32, 1_795_599_000), ("2" * 32, 20), ("3" * 32, 1_795_602_000)]
    for boot, start in boots:
        for second, text in enumerate(
            ["Linux version 5.14.0 (mockbuild@example) #1 SMP", "x", "System is rebooting.", "y"]
        ):
            program, pid = ("kernel", "") if second == 0 else ("systemd-logind", "258")
            lines.append(
                f'{{"__REALTIME_TIMESTAMP":"{start + second}000000","__MONOTONIC_TIMESTAMP":"{second}000000","_BOOT_ID":"{boot}",'
                f'"_HOSTNAME":"svr031","SYSLOG_IDENTIFIER":"{program}","_PID":"{pid}","_UID":"0","MESSAGE":"{text}"}}'
            )
    (tmp_path / "journal.json").write_text("\n".join(lines) + "\n", encoding="utf-8")
    case = acforensics.analyze([tmp_path])
    assert [b.id for b in case.boots] == ["svr031#1", "svr031#2", "svr031#3"]
    times = [s.time for s in case.shutdowns]
    assert times == sorted(times)
    assert len(times) == 3
    raw = [
        e.time.year for s in case.shutdowns for r in s.reasons for e in r.evidence if e.kind == "os.shutdown_started"
    ]
    assert raw == [2026, 1970, 2026]


def test_a_flapping_ups_is_one_line_of_the_timeline(tmp_path):
    lines = []
    for n in range(10_000):
        clock = f"{n * 6 // 3600 % 24:02d}:{n * 6 // 60 % 60:02d}:{n * 6 % 60:02d}"
        text = "Power failure." if n % 2 else "Power is back. UPS running on mains."
        lines.append(f"2024-07-31 {clock} +0900  {text}")
    (tmp_path / "apcupsd.events").write_text("\n".join(lines) + "\n", encoding="utf-8")
    case = acforensics.analyze([tmp_path])
    flapping = case.timeline[case.timeline["kind"] == "ups.flapping"]
    assert len(case.timeline) < 20
    assert len(flapping) == 1
    assert case.model.inputs[0].events == 10_000
    assert datetime.fromisoformat(case.timeline["server_time"].iloc[-1]).date().isoformat() == "2024-07-31"
