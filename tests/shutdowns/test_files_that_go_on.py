"""A log that goes on in another file, of which nothing tells that it is the next: no end lies between the two."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from samples.scenario import Machine


@pytest.mark.parametrize("quiet", [1200, 3600])
def test_silence_between_two_daily_files_is_no_power_loss(case, tmp_path, quiet):
    first = Machine("svr031", datetime(2026, 11, 20, 20, 0, 0)).boot().wait(3600).os_stop("reboot").wait(60).boot()
    for _ in range(30):
        first.log("CROND", "(root) CMD (/opt/site/job)", pid=9, wait=300)
    second = Machine("svr031", first.now + timedelta(seconds=quiet))
    for _ in range(30):
        second.log("CROND", "(root) CMD (/opt/site/job)", pid=9, wait=300)
    second.os_stop("reboot").wait(60).boot()
    for name, one in (("2026/11/20/messages", first), ("2026/11/21/messages", second)):
        path = tmp_path / "logs" / name
        path.parent.mkdir(parents=True)
        lines = sorted(line for lines in one.files.values() for line in lines)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = case()
    assert "power-loss" not in {finding.rule for finding in found.findings}
    assert "power-loss" not in {end.trigger for end in found.shutdowns}
