"""Logs for benchmarks: a busy server's syslog in which one line in two thousand means something."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

START = datetime(2026, 9, 1)
SPAN = timedelta(days=30)
_BLOCK = 20_000
_ALIKE = 8
"""So many lines have one time."""
_ORDINARY = [
    "postfix/smtpd[{p}]: connect from mail.example.com[192.0.2.{a}]",
    "postfix/qmgr[{p}]: {h}: removed",
    "httpd[{p}]: 192.0.2.{a} - - GET /app/orders?id={q} 200 {q}",
    "snmpd[{p}]: Connection from UDP: [192.0.2.{a}]:{q}->[192.0.2.{b}]:161",
    "oracle[{p}]: ORA-{q}: archive log {h} written to /arch/{h}.arc",
    "chronyd[{p}]: Selected source 192.0.2.{a}",
    "dbus-daemon[{p}]: [system] Successfully activated service 'org.example.{h}'",
    "kernel: [{q}.{p}] IPv4: martian source 192.0.2.{a} from 198.51.100.{b}, on dev ens192",
    "app-server[{p}]: INFO  request {h} served in {a} ms by worker {b}",
    "app-server[{p}]: WARN  queue orders has {q} entries, limit {p}",
    "NetworkManager[{p}]: <info>  [{q}.{p}] dhcp4 (ens192): state changed bound -> bound",
    "systemd[1]: session-{q}.scope: Deactivated successfully.",
    "zabbix_agentd[{p}]: active check configuration update from [192.0.2.{a}:10051] is working again",
]
_TELLING = [
    "clusterpro: <type: rm><event: 1> Monitor fipw1 has started.",
    "clusterpro: <type: rc><event: 10> Activating group failover1 has started.",
    "systemd-logind[700]: New session {q} of user root.",
    "sshd[{p}]: Accepted publickey for root from 192.0.2.{a} port {q} ssh2",
]
_END = [
    "clusterpro: <type: down><event: 1> There was a request to shutdown cluster from the clpstdn.",
    "clusterpro: <type: pm><event: 2> Shutting down the cluster daemon...",
    "systemd-logind[700]: System is powering down.",
    "systemd[1]: Reached target Power-Off.",
    "kernel: Linux version 5.14.0-362.el9.x86_64 (x) #1 SMP",
]


def syslog(size: int, server: str = "svr031") -> Iterator[bytes]:
    """Blocks of a syslog of about this many bytes, over 30 days, with a halt and a start in its last tenth."""
    chance = random.Random(1)
    pool = [_filled(chance.choice(_ORDINARY), chance) for _ in range(_BLOCK * 4)]
    step = SPAN / (size // 88)
    time, number, written, ended = START, 0, 0, False
    while written < size:
        # The same texts in another order under other times: what a scan or a compressor sees does not repeat itself.
        texts = chance.sample(pool, _BLOCK)
        for place in range(-number % 2000, _BLOCK, 2000):
            texts[place] = _filled(_TELLING[(number + place) // 2000 % len(_TELLING)], chance)
        if not ended and written > size * 0.9:
            texts += _END
            ended = True
        lines = []
        for place in range(0, len(texts), _ALIKE):
            stamp = f"{time:%b} {time.day:2d} {time:%H:%M:%S} {server} "
            lines += [stamp + text for text in texts[place : place + _ALIKE]]
            time += step * _ALIKE
        number += len(texts)
        data = ("\n".join(lines) + "\n").encode()
        written += len(data)
        yield data


def _filled(text: str, chance: random.Random) -> str:
    return text.format(
        p=chance.randrange(1000, 30_000), q=chance.randrange(100, 65_000), a=chance.randrange(254),
        b=chance.randrange(254), h=f"{chance.getrandbits(48):012x}",
    )  # fmt: skip


def write(path: Path, size: int) -> int:
    """Write such a log and return its size."""
    with path.open("wb") as out:
        for block in syslog(size):
            out.write(block)
    return path.stat().st_size
