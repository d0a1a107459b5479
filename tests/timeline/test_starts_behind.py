"""A hardware clock that is wrong at each start until chronyd sets it: ends and starts keep their times."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

import pytest

import acforensics
from samples.scenario import Machine
from tests.raw_logs import T0, login

NINE = datetime(2026, 11, 20, 9, 0, 0)
JAPAN = timedelta(hours=9)


def since(local: datetime) -> int:
    """Seconds as login records of tests count them."""
    return round((local - JAPAN - datetime(1970, 1, 1)).total_seconds()) - T0


def server(wrong: int, down: float, seed: int) -> tuple[Machine, list[datetime], list[datetime], bytes]:
    """Four boots with a reboot after each; when the OS began to stop and when it started, and the login records."""
    chance = Random(seed)
    machine = Machine("svr031", NINE)
    stops, starts, records = [], [], b""
    for _ in range(4):
        machine.skew = wrong
        starts.append(machine.now)
        records += login(2, "~", "reboot", "5.14.0", since(machine.now + timedelta(seconds=wrong)))
        machine.boot(cluster=False, clock=False).wait(32)
        machine.skew = 0
        machine.log("chronyd", f"System clock was stepped by {-wrong}.000000 seconds", pid=600)
        for _ in range(20):
            machine.log("CROND", "(root) CMD (/opt/site/job)", pid=None, wait=chance.uniform(20, 300))
        records += login(7, "pts/0", "ope1", "192.0.2.9", since(machine.now))
        stops.append(machine.now)
        machine.os_stop("reboot", cluster=False).wait(down)
    return machine, stops, starts, records


def analysed(tmp_path, machine: Machine, records: bytes = b""):
    folder = tmp_path / "svr031" / "var" / "log"
    folder.mkdir(parents=True)
    (folder / "messages").write_text("\n".join(machine.files["messages"]) + "\n", encoding="utf-8")
    if records:
        (folder / "wtmp").write_bytes(records)
    return acforensics.analyze([tmp_path], tz="Asia/Tokyo").model


@pytest.mark.parametrize("behind", [75, 120, 180])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_stop_before_a_start_that_is_stamped_before_it_keeps_its_time(tmp_path, behind, seed):
    machine, stops, _, _ = server(-behind, 60, seed)
    ends = [end.time.replace(tzinfo=None) for end in analysed(tmp_path, machine).shutdowns]
    for stop in stops[:-1]:
        assert any(abs(end - stop) <= timedelta(seconds=5) for end in ends)


@pytest.mark.parametrize("seed", range(4))
def test_login_records_do_not_make_a_told_change_wrong(tmp_path, seed):
    machine, _, starts, records = server(9 * 3600, 60, seed)
    model = analysed(tmp_path, machine, records)
    found = [boot.start.replace(tzinfo=None) for boot in model.boots if boot.start is not None]
    for start in starts:
        assert any(abs(one - start) <= timedelta(seconds=60) for one in found)
