"""Seconds for n and 2n records of sources that hand over every record: `python -m benchmarks.many_records [name …]`.

The ratio tells whether time grows with the input (2) or faster (4: with its square).
"""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import acforensics

START = datetime(2026, 1, 1, tzinfo=UTC)


def _entry(at: datetime, boot: int, identifier: str, message: str) -> str:
    return json.dumps({
        "__REALTIME_TIMESTAMP": str(int(at.timestamp() * 1_000_000)), "_BOOT_ID": f"{boot:032x}",
        "_HOSTNAME": "svr031", "SYSLOG_IDENTIFIER": identifier, "MESSAGE": message,
    })  # fmt: skip


def journal_with_boots(count: int) -> Iterator[str]:
    """Short boots, each with an orderly stop."""
    for boot in range(count):
        at = START + timedelta(minutes=30 * boot)
        yield _entry(at, boot + 1, "kernel", "Linux version 6.1.0-56-amd64 (x)")
        yield _entry(
            at + timedelta(seconds=20), boot + 1, "clusterpro", "<type: pm><event: 1> Starting the cluster daemon..."
        )
        yield _entry(at + timedelta(seconds=600), boot + 1, "systemd-logind", "System is rebooting.")
        yield _entry(at + timedelta(seconds=605), boot + 1, "systemd-journald", "Journal stopped")


def two_servers(count: int) -> Iterator[str]:
    """Two servers of a cluster that are shut down by clpstdn and come back, over and over, in one syslog."""
    for boot in range(count // 2):
        for server in ("svr031", "svr032"):
            at = START + timedelta(minutes=30 * boot)
            for seconds, program, message in (
                (0, "kernel", "Linux version 6.1.0-56-amd64 (x)"),
                (20, "clusterpro", "<type: pm><event: 1> Starting the cluster daemon..."),
                (600, "clusterpro", "<type: down><event: 1> There was a request to shutdown cluster from the clpstdn."),
                (601, "clusterpro", "<type: pm><event: 2> Shutting down the cluster daemon..."),
                (640, "systemd-logind", "System is powering down."),
                (641, "systemd-journald", "Journal stopped"),
            ):
                yield f"{at + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S+00:00} {server} {program}: {message}"


def journal_with_hits(count: int) -> Iterator[str]:
    """One boot in which every entry means something."""
    for number in range(count):
        at = START + timedelta(seconds=number)
        yield _entry(at, 1, "clusterpro", f"<type: rm><event: 4> Warn monitoring w{number % 7}. (100 : not ready.)")


def login_listing(count: int) -> Iterator[str]:
    """What `last -x` prints: the newest first."""
    kinds = ("reboot   system boot  6.1.0", "shutdown system down  6.1.0", "ope1     pts/0        192.0.2.7")
    for number in range(count, 0, -1):
        at = START + timedelta(minutes=number)
        stamp = f"{at:%a %b} {at.day:2d} {at:%H:%M:%S %Y}"
        yield f"{kinds[number % 3]:40} {stamp} - {stamp}  (00:00)"


def alert_log(count: int) -> Iterator[str]:
    """An alert log in which every second record is a start of the daemon."""
    for number in range(count):
        at = f"{START + timedelta(seconds=40 * number):%Y/%m/%d %H:%M:%S}.000"
        text = (
            "pm         1     3     Starting the cluster daemon...",
            "pm         2     3     Shutting down the cluster daemon...",
        )
        yield f"{number + 1:<10}{at} {at} svr031     {text[number % 2]}"


def alert_export(count: int) -> Iterator[str]:
    """Cluster WebUI's CSV."""
    yield "Type,Received Time,Event Time,Server,Module,Event ID,Message"
    for number in range(count):
        at = f"{START + timedelta(seconds=7 * number):%Y/%m/%d %H:%M:%S}"
        yield f"Error,{at},{at},svr031,rm,9,Detected an error in monitoring pingw{number % 9}. (1 : x)"


def undecodable(count: int) -> Iterator[bytes]:
    """Long lines in no encoding."""
    for number in range(count):
        yield b"Jan  1 00:00:%02d svr031 app: " % (number % 60) + bytes([0x81, 0xFF, 0xA4, 0x80]) * 2000


CASES: dict[str, tuple[str, int, Callable[[int], Iterator[str | bytes]]]] = {
    "journal, boots": ("journal.json", 2000, journal_with_boots),
    "two servers": ("messages", 500, two_servers),
    "journal, hits": ("journal.json", 50_000, journal_with_hits),
    "last": ("last-x.txt", 50_000, login_listing),
    "alert log": ("alertlog.alt", 10_000, alert_log),
    "alert log, CSV": ("alerts.csv", 50_000, alert_export),
    "undecodable": ("messages", 1000, undecodable),
}


def seconds(file: str, lines: Iterator[str | bytes]) -> float:
    """Processor time that the analysis of one file takes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "svr031" / file
        path.parent.mkdir()
        with path.open("wb") as out:
            for line in lines:
                out.write((line if isinstance(line, bytes) else line.encode()) + b"\n")
        begin = time.process_time()
        with contextlib.suppress(acforensics.InputError):  # nothing could be read
            acforensics.analyze([folder])
        return time.process_time() - begin


def main(wanted: list[str]) -> None:
    """Print a line for each case."""
    seconds("messages", iter(["Jan  1 00:00:00 svr031 systemd-logind[1]: System is rebooting."]))
    for name, (file, count, make) in CASES.items():
        if wanted and name not in wanted:
            continue
        once, twice = seconds(file, make(count)), seconds(file, make(2 * count))
        print(
            f"{name:16} {count:>8,} records {once:7.2f} s   twice {twice:7.2f} s   ratio {twice / once:.1f}", flush=True
        )


if __name__ == "__main__":
    main(sys.argv[1:])
