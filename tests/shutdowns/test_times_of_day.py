"""A time of day that somebody types is one of that server's clock, whatever zone the case is shown in."""

from __future__ import annotations

from pathlib import Path

import pytest

import acforensics

LOG = """\
2026-11-24T20:00:00{zone} {host} kernel: Linux version 5.14.0-1 (x) #1
2026-11-24T20:05:00{zone} {host} systemd[1]: Startup finished in 1s.
2026-11-24T21:00:00{zone} {host} sudo[5]:    ope1 : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/sbin/shutdown -h {due}
2026-11-24T22:30:00{zone} {host} systemd[1]: Started Session 1 of user root.
2026-11-24T23:00:00{zone} {host} systemd-logind[3]: System is powering down.
2026-11-24T23:50:00{zone} {host} kernel: Linux version 5.14.0-1 (x) #1
2026-11-24T23:55:00{zone} {host} systemd[1]: Startup finished in 1s.
"""
ZONES = {"svr031": "+00:00", "svr047": "+09:00", "svr062": "-05:00"}


@pytest.mark.parametrize(("due", "trigger"), [("23:00", "os-command"), ("14:00", "unknown")])
def test_a_time_of_day_typed_on_servers_of_several_zones(tmp_path: Path, due: str, trigger: str) -> None:
    for host, zone in ZONES.items():
        (tmp_path / host).mkdir()
        (tmp_path / host / "messages").write_text(LOG.format(host=host, zone=zone, due=due), encoding="utf-8")
    found = acforensics.analyze([tmp_path])
    assert {end.server: end.trigger for end in found.shutdowns} == dict.fromkeys(ZONES, trigger)
