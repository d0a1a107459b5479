"""Nobody is accused for being logged in where CLUSTERPRO had a cause of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

import acforensics

LOG = """\
Nov 24 10:00:00 svr031 kernel: Linux version 5.14.0-1 (x) #1
Nov 24 10:00:20 svr031 systemd[1]: Startup finished in 1s.
Nov 24 10:01:00 svr031 clusterpro: <type: rc><event: 11> Activating group failover1 has completed.
Nov 24 10:58:00 svr031 sshd[9]: pam_unix(sshd:session): session opened for user ope1(uid=1000) by (uid=0)
Nov 24 10:58:10 svr031 su[19]: pam_unix(su:session): session opened for user root(uid=0) by ope1(uid=1000)
{said}Nov 24 11:00:00 svr031 systemd-logind[3]: System is rebooting.
Nov 24 11:00:01 svr031 clusterpro: <type: rc><event: 20> Stopping group failover1 has started.
Nov 24 11:00:02 svr031 systemd[1]: Stopping System Logging Service...
Nov 24 11:01:00 svr031 kernel: Linux version 5.14.0-1 (x) #1
Nov 24 11:05:00 svr031 systemd[1]: Startup finished in 1s.
"""
ERROR = "<type: rm><event: 9> Detected an error in monitoring diskw1. (8 : Failed to open the device.)"
RECOVERED = "<type: rm><event: 26> diskw1 status changed from error to normal."
CAUSES = [
    ERROR,
    "<type: rm><event: 23> Attempted to reboot the system due to the error detected in monitoring diskw1, but failed.",
    "<type: rm><event: 20> Attempted to fail over failover1 due to the error detected in monitoring diskw1, but failed.",
    "<type: rm><event: 13> Recovery target failover1 has restarted because an error was detected in monitoring diskw1.",
    "<type: pm><event: 20> Process clprc was terminated abnormally.",
]


def end(folder: Path, *said: str, time: str = "10:59:50") -> acforensics.case.Shutdown:
    lines = "".join(f"Nov 24 {time} svr031 clusterpro: {one}\n" for one in said)
    (folder / "messages").write_text(LOG.format(said=lines), encoding="utf-8")
    return acforensics.analyze([folder], tz="UTC").shutdowns[0]


@pytest.mark.parametrize("cause", CAUSES)
def test_a_person_logged_in_is_not_accused_beside_a_cause_of_clusterpro(tmp_path: Path, cause: str) -> None:
    found = end(tmp_path, cause)
    assert (found.trigger, found.actor) in {("unknown", None), ("clusterpro-recovery", None)}
    assert any(cause[-30:] in line.text for reason in found.reasons for line in reason.evidence)


@pytest.mark.parametrize("said", [(), (ERROR, RECOVERED)])
def test_without_one_or_where_it_was_over_the_person_likely_asked(tmp_path: Path, said: tuple[str, ...]) -> None:
    found = end(tmp_path, *said)
    assert (found.trigger, found.confidence, found.actor) == ("os-command", "likely", "ope1")


def test_an_error_of_another_hour_is_another_matter(tmp_path: Path) -> None:
    assert end(tmp_path, ERROR, time="10:15:00").actor == "ope1"
