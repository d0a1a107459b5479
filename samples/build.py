"""Writes the sample bundles and what is expected of them: `python -m samples.build` from the top of the checkout.

The expectation is written by hand below, never taken from the program's own output.
"""

from __future__ import annotations

import json
import shutil
from datetime import datetime
from pathlib import Path

from samples.scenario import Machine, archive

HERE = Path(__file__).resolve().parent
NIGHT = datetime(2026, 11, 24, 1, 0, 0)


def _pair(start: datetime = NIGHT) -> tuple[Machine, Machine]:
    return Machine("svr031", start, ac_group="AC_1"), Machine("svr047", start.replace(second=7), ac_group="AC_2")


def clpstdn_halt() -> tuple[list[Machine], dict[str, object]]:
    """`clpstdn` on one server stops both in order; they come back in the morning."""
    first, second = _pair()
    for machine in (first, second):
        machine.boot().at(datetime(2026, 11, 24, 22, 0, 0))
    first.login("root").wait(20).clp_stop("clpstdn")
    second.wait(21).clp_stop("clpstdn")
    for machine in (first, second):
        machine.at(datetime(2026, 11, 25, 7, 0, 0)).boot()
    ends = [
        {"server": s, "time": t, "trigger": "clusterpro-command", "mode": "halt", "scope": "cluster", "actor": None,
         "confidence": "certain", "ups_told": "yes"}
        for s, t in (("svr031", "2026-11-24T22:00:21+09:00"), ("svr047", "2026-11-24T22:00:22+09:00"))
    ]  # fmt: skip
    return [first, second], {"boots": {"svr031": 2, "svr047": 2}, "shutdowns": ends, "findings": []}


def os_command() -> tuple[list[Machine], dict[str, object]]:
    """The night before both stop by `clpstdn`; then ope1 types `sudo shutdown -h now` on one; the other takes over."""
    first, second = _pair(datetime(2026, 11, 23, 7, 0, 0))
    for machine in (first, second):
        machine.boot().at(datetime(2026, 11, 23, 22, 0, 0)).clp_stop("clpstdn")
        machine.at(datetime(2026, 11, 24, 7, 0, 0)).boot().at(datetime(2026, 11, 24, 18, 30, 0))
    first.login("ope1", tty="pts/0").wait(12).sudo("ope1", "/usr/sbin/shutdown -h now").wait(1).os_stop("halt")
    second.wait(30)
    second.event("nm", 4, "Resource lankhb1 of server svr031 has stopped.")
    second.event("nm", 2, "Server svr031 has been stopped.")
    second.event("rc", 65, "Server svr047 has been set as the destination for the group failover1.")
    second.event("rc", 60, "Failover group failover1 has started.")
    second.event("rc", 10, "Activating group failover1 has started.")
    second.event("rc", 11, "Activating group failover1 has completed.", wait=9)
    second.event("rc", 61, "Failover group failover1 has completed.")
    first.at(datetime(2026, 11, 25, 8, 55, 0)).boot()
    second.at(datetime(2026, 11, 25, 8, 55, 20)).event("nm", 1, "Server svr031 has started.")
    ends = [
        {"server": server, "time": "2026-11-23T22:00:01+09:00", "trigger": "clusterpro-command", "mode": "halt",
         "scope": "cluster", "actor": None, "confidence": "certain", "ups_told": "yes"}
        for server in ("svr031", "svr047")
    ]  # fmt: skip
    ends.append(
        {"server": "svr031", "time": "2026-11-24T18:30:12+09:00", "trigger": "os-command", "mode": "halt", "scope": "server",
         "actor": "ope1", "confidence": "certain", "ups_told": "no"}
    )  # fmt: skip
    findings = ["os-command-shutdown", "ups-not-told"]
    return [first, second], {"boots": {"svr031": 3, "svr047": 2}, "shutdowns": ends, "findings": findings}


def reboot_loop() -> tuple[list[Machine], dict[str, object]]:
    """After a power failure the shared disk's UPS comes back late: both servers reboot three times, then the disk is there."""
    first, second = _pair(datetime(2026, 11, 24, 6, 0, 0))
    ends = []
    for machine in (first, second):
        for _ in range(3):
            machine.boot().disk_error_reboot()
            machine.wait(45)
        machine.boot().event("rm", 1, "Monitoring diskw1 has started.", wait=20)
        machine.event("rm", 26, "Monitoring diskw1 status changed from error to normal.", wait=30)
    for server, seconds in (("svr031", 0), ("svr047", 7)):
        for minutes, second_of in ((0, 31), (2, 8), (3, 45)):
            total = minutes * 60 + second_of + seconds
            ends.append(
                {"server": server, "time": f"2026-11-24T06:{total // 60:02d}:{total % 60:02d}+09:00",
                 "trigger": "clusterpro-recovery", "mode": "reboot", "scope": "server", "actor": None,
                 "confidence": "certain", "ups_told": "yes"}
            )  # fmt: skip
    ends.sort(key=lambda end: (str(end["time"]), str(end["server"])))
    return [first, second], {
        "boots": {"svr031": 4, "svr047": 4},
        "shutdowns": ends,
        "findings": ["reboot-loop", "shared-disk-late"],
    }


def power_failure() -> tuple[list[Machine], dict[str, object]]:
    """The log of one server breaks off; the other goes on, takes over, and logs no request."""
    first, second = _pair()
    for machine in (first, second):
        machine.boot().at(datetime(2026, 11, 24, 3, 10, 0))
    first.log("CROND", "(root) CMD (/usr/lib64/sa/sa1 1 1)", pid=4711, file="cron")
    first.log("systemd", "Started session-7.scope - Session 7 of User root.", pid=1)
    second.wait(52)
    second.event("nm", 4, "Resource lankhb1 of server svr031 has stopped.")
    second.event("nm", 2, "Server svr031 has been stopped.")
    second.event("rc", 60, "Failover group failover1 has started.")
    second.event("rc", 61, "Failover group failover1 has completed.", wait=12)
    first.at(datetime(2026, 11, 24, 3, 41, 0)).boot(recovered=True)
    second.at(datetime(2026, 11, 24, 3, 41, 30)).event("nm", 1, "Server svr031 has started.")
    end = {"server": "svr031", "time": "2026-11-24T03:10:00+09:00", "trigger": "power-loss", "mode": "unknown", "scope": "server",
           "actor": None, "confidence": "possible", "ups_told": "not-applicable"}  # fmt: skip
    return [first, second], {"boots": {"svr031": 2, "svr047": 1}, "shutdowns": [end], "findings": ["power-loss"]}


SAMPLES = {
    "clpstdn-halt": clpstdn_halt,
    "os-command": os_command,
    "reboot-loop": reboot_loop,
    "power-failure": power_failure,
}


def main() -> None:
    """Write every sample anew: three as folders, one as an archive, as users have both."""
    for name, make in SAMPLES.items():
        machines, expected = make()
        folder = HERE / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        if name == "reboot-loop":
            (folder / "bundle.tar.gz").write_bytes(archive(machines, datetime(2026, 11, 24, 0, 0, 0)))
        else:
            for machine in machines:
                machine.write(folder / "bundle")
        expected = {"title": (make.__doc__ or "").strip(), "synthetic": True, **expected}
        (folder / "expected.json").write_text(
            json.dumps(expected, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
        )


if __name__ == "__main__":
    main()
