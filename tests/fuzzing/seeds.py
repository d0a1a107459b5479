"""What bundles are mutated from: the samples, small files of every other form, and recordings where there are some."""

from __future__ import annotations

import json
import struct
import tarfile
from functools import cache
from pathlib import Path

from tests.settings.cluster import files as cluster_files

SAMPLES = Path(__file__).parents[2] / "samples"
START = 1_795_599_318
LONGEST = 96 << 10
Files = dict[str, bytes]


@cache
def bundles(recordings: Path | None = None) -> list[Files]:
    """Files by their path, a bundle each; in an order that does not change."""
    found = [_folder(path) for path in sorted(SAMPLES.glob("**/bundle")) if path.is_dir()]
    found += [_archive(path) for path in sorted(SAMPLES.glob("**/bundle.tar.gz"))]
    small = small_files()
    # A form is met as often as a sample is, whatever the number of samples.
    found += [{f"svr031/{path}": content} for path, content in small.items()] * 2
    found += [{f"svr031/{path}": content for path, content in small.items()}, cluster_files()]
    if recordings is not None:
        servers = sorted(path for path in recordings.glob("*/*") if path.is_dir())
        found += [_folder(path) for path in servers] * 3
        found += [_folder(path) for path in sorted(recordings.iterdir()) if path.is_dir()]
    return found


def small_files() -> Files:
    """A file of each form that no sample has."""
    return {
        "var/log/wtmp": b"".join(_login(*one) for one in _LOGINS),
        "utmpdump.txt": _UTMPDUMP.encode(),
        "system.journal": b"LPKSHHRH" + bytes(80) + struct.pack("<QQ48xQ", 264, 4096, 9) + bytes(range(256)) * 16,
        "last-x.txt": _LAST.encode(),
        "journal.json": b"".join(_entry(number) for number in range(60)),
        "journal.export": b"".join(_exported(number) for number in range(40)),
        "list-boots.txt": _BOOTS.encode(),
        "var/log/audit/audit.log": b"".join(_audit(number) for number in range(30)),
        "log/alertlog.alt": _ALERTS.encode("euc_jp"),
        "alerts.csv": _EXPORT.encode("cp932"),
        "log/rc.log.cur": _INTERNAL.encode(),
        "log/exec_ac.log": _SCRIPT.encode(),
        "clpstat.txt": _STATE.encode(),
        "AUTORC/schedule.txt": b"OFF=2026/11/24-20:00\nON=2026/11/25-08:00\nOFF=2026/11/25-20:00\n",
        "AUTORC/setting.ini": b"[CLUSTERPRO]\nCLUSTERPRO=1\nSECCODE=ESMACnet\n",
        "etc/timezone": b"Asia/Tokyo\n",
        "etc/sysconfig/clock": b'ZONE="Asia/Tokyo"\nUTC=false\n',
        "var/log/apcupsd.events": _UPS.encode(),
        "sysvinit/messages": "".join(_KANJI).encode("euc_jp"),
        "wide/messages": "".join(_KANJI).encode("utf-16"),
    }


def _folder(path: Path) -> Files:
    found = {}
    for file in sorted(path.rglob("*")):
        if file.is_file() and not file.is_symlink():
            found[file.relative_to(path).as_posix()] = file.read_bytes()
    return found


def _archive(path: Path) -> Files:
    with tarfile.open(path) as archive:
        return {info.name: archive.extractfile(info).read() for info in archive if info.isreg()}


def _login(kind: int, line: str, user: str, host: str, seconds: int) -> bytes:
    form = "<h2xi32s4s32s256s4xiIi16s20s"
    texts = (line.encode(), line[-4:].encode(), user.encode(), host.encode())
    return struct.pack(form, kind, 300, *texts, 0, START + seconds, 0, bytes(16), bytes(20))


_LOGINS = [
    (2, "~", "reboot", "6.1.0-56-amd64", 0),
    (1, "~", "runlevel", "6.1.0-56-amd64", 80),
    (7, "pts/0", "ope1", "192.0.2.5", 100),
    (1, "~", "shutdown", "6.1.0-56-amd64", 4000),
    (2, "~", "reboot", "6.1.0-56-amd64", 40_000),
]
_UTMPDUMP = """\
[2] [00000] [~~  ] [reboot  ] [~           ] [6.1.0-56-amd64      ] [0.0.0.0        ] [2026-11-25T09:31:29,722707+00:00]
[7] [00276] [ts/0] [ope1    ] [pts/0       ] [192.0.2.5           ] [192.0.2.5      ] [2026-11-25T09:33:12,000000+00:00]
[1] [00000] [~~  ] [shutdown] [~           ] [6.1.0-56-amd64      ] [0.0.0.0        ] [2026-11-25T09:33:28,000000+00:00]
[2] [00000] [~~  ] [reboot  ] [~           ] [6.1.0-56-amd64      ] [0.0.0.0        ] [2026-11-25T23:54:39,000000+00:00]
"""
_LAST = """\
runlevel (to lvl 5)   6.1.0-56-amd64   Thu Nov 26 08:55:04 2026   still running
reboot   system boot  6.1.0-56-amd64   Thu Nov 26 08:54:39 2026   still running
shutdown system down  6.1.0-56-amd64   Wed Nov 25 18:33:28 2026 - Thu Nov 26 08:54:39 2026  (14:21)
ope1     pts/0        192.0.2.5        Wed Nov 25 18:33:12 2026 - down                      (00:00)
reboot   system boot  6.1.0-56-amd64   Wed Nov 25 18:31:29 2026 - Wed Nov 25 18:33:28 2026  (00:01)

wtmp begins Wed Nov 25 18:31:29 2026
"""
_SAID = [
    ("kernel", "Linux version 6.1.0-56-amd64 (x)"),
    ("clusterpro", "<type: pm><event: 1> Starting the cluster daemon..."),
    ("sshd", "Accepted password for ope1 from 192.0.2.5 port 50022 ssh2"),
    ("sudo", "ope1 : TTY=pts/0 ; PWD=/home/ope1 ; USER=root ; COMMAND=/sbin/shutdown -h now"),
    ("clusterpro", "<type: down><event: 1> There was a request to shutdown cluster from the clpstdn."),
    ("CLUSTERPRO", "AC EXEC COMMAND"),
    ("systemd-logind", "System is powering down."),
    ("systemd-journald", "Journal stopped"),
]


def _fields(number: int) -> dict[str, str]:
    program, message = _SAID[number % len(_SAID)]
    return {
        "__REALTIME_TIMESTAMP": str((START + 600 * number) * 1_000_000),
        "_BOOT_ID": f"{number // len(_SAID):032x}",
        "_HOSTNAME": "svr031",
        "SYSLOG_IDENTIFIER": program,
        "MESSAGE": message,
    }


def _entry(number: int) -> bytes:
    return json.dumps(_fields(number)).encode() + b"\n"


def _exported(number: int) -> bytes:
    fields = _fields(number)
    message = fields.pop("MESSAGE").encode()
    lines = b"".join(f"{name}={value}\n".encode() for name, value in fields.items())
    binary = b"MESSAGE\n" + struct.pack("<Q", len(message)) + message + b"\n"
    return lines + (binary if number % 3 else b"MESSAGE=" + message + b"\n") + b"\n"


def _audit(number: int) -> bytes:
    kind = ("USER_CMD", "SYSTEM_BOOT", "SYSTEM_SHUTDOWN", "USER_LOGIN", "EXECVE")[number % 5]
    said = (
        'argc=2 a0="shutdown" a1=2D6820'
        if kind == "EXECVE"
        else "msg='op=x cmd=73687574646F776E terminal=pts/0 res=success'"
    )
    return f"type={kind} msg=audit({START + 60 * number}.{number:03d}:{number}): pid=1 uid=0 auid=1000 ses=1 {said}\n".encode()


_BOOTS = """\
 -1 0123456789abcdef0123456789abcdef Wed 2026-11-25 18:31:29 JST—Wed 2026-11-25 18:33:28 JST
  0 fedcba9876543210fedcba9876543210 Thu 2026-11-26 08:54:39 JST—Thu 2026-11-26 09:10:00 JST
"""
_ALERTS = """\
No.       Received Time           Event Time              Server   Module  Event ID  Type  Message
1         2026/12/04 22:01:35.200 2026/12/04 22:01:35.123 svr031   pm      30        3     Received a request to stop the system from clpstdn.
2         2026/12/04 22:01:36.001 2026/12/04 22:01:40.500 svr047   rm      9         1     監視 diskw1 は異常を検出しました。(8 : x)
"""
_EXPORT = """\
種別,受信時刻,発生時刻,サーバ名,モジュール名,イベントID,メッセージ
エラー,2026/12/04 22:01:36.001,2026/12/04 22:01:35.123,svr047,rm,9,"Detected an error in monitoring diskw1. (8 : x)"
情報,2026/12/04 22:02:36.003,2026/12/04 22:02:36.000,svr031,pm,23,The system will be stopped.
"""
_INTERNAL = """\
***** log begins *****
I 26/12/04 22:01:35.123[ 1312: 1320] rc_main.c 100 begin
I 26/12/04 22:01:36.123[ 1312: 1320] rc_srv.c SRVTIME svr047 2026/12/04 22:03:11.120
E 26/12/04 22:01:37.123[ 1312: 1320] rc_main.c There was a request to shutdown cluster from the clpstdn.
"""
_SCRIPT = """\
2026-12-04 22:01:35 stop.sh start CLP_FACTOR=CLUSTERSHUTDOWN CLP_LASTACTION=HALT
AC FACTOR CLUSTERSHUTDOWN
AC ACTION HALT
AC EXEC COMMAND
AC EXIT COMMAND
AC SCRIPT EXIT
2026-12-04 22:01:47 stop.sh end
"""
_STATE = """\
 ========================  CLUSTER STATUS  ===========================
  Cluster : cluster-x600
  <server>
   *svr031 ..........: Online           main site
    svr047 ..........: Offline
  <group>
    failover1 .......: Online
      current        : svr031
  <monitor>
    userw            : Normal
"""
_UPS = """\
2026-11-25 18:30:00 +0900  Power failure.
2026-11-25 18:30:06 +0900  Running on UPS batteries.
2026-11-25 18:32:06 +0900  Initiating system shutdown!
2026-11-26 08:54:00 +0900  apcupsd shutdown succeeded
"""
_KANJI = [
    "11月 25 18:31:29 svr031 kernel: Linux version 2.6.32 (x)\n",
    "11月 25 18:32:00 svr031 clusterpro: <type: rm><event: 9> 監視 diskw1 は異常を検出しました。\n",
    "11月 25 18:33:27 svr031 shutdown[812]: shutting down for system halt\n",
    "11月 25 18:33:28 svr031 init: Switching to runlevel: 0\n",
]
