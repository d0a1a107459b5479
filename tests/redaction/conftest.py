"""A bundle that has names, addresses and identifiers in every place that a bundle has."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from pathlib import Path

import pytest
import zstandard

from tests import raw_logs
from tests.raw_logs import T0, login, stamp

BOOT, NEXT, MACHINE = (
    "a3f2433e11534599bb433331cbc2d52d",
    "059079dbfd214e87a963a5e55e43e55c",
    "7be2d9a04c6f4b3ea15f80d247470047",
)
CODE = "Zk9x7Qw"
FINGERPRINT = "SHA256:" + "Q3vYb1xkP0" * 4 + "abc"
# What must not be in any output, in small letters.
ORIGINALS = (
    "svr031", "svr047", "kobe-dc", "tanaka", "yamada", "suzuki.taro", "takahash", "192.168.10.", "fd00:12",
    "52:54:00", BOOT, NEXT, MACHINE, CODE.lower(), FINGERPRINT[7:].lower(), "hanako",
)  # fmt: skip


def syslog(host: str, *said: str) -> str:
    return raw_logs.syslog(*said, host=host, user="tanaka")


SAID = (
    "sshd[9]: Accepted publickey for tanaka from 192.168.10.21 port 22 ssh2: RSA " + FINGERPRINT,
    "sshd[9]: Failed password for invalid user yamada from fd00:12::7 port 22 ssh2",
    "sudo:   tanaka : TTY=pts/0 ; PWD=/home/tanaka ; USER=root ; COMMAND=/usr/sbin/shutdown -r now",
    "clusterpro: <type: nm><event: 2> Server SVR047 has been stopped.",
    "postfix/smtp[4]: to=<suzuki.taro@mail.kobe-dc.example.jp>, relay=svr047.kobe-dc.example.jp[192.168.10.47]:25",
    "kernel: eth0: 52:54:00:12:34:56 MAC=52:54:00:12:34:56:52:54:00:aa:bb:cc:08:00 SRC=192.168.10.21",
    f"systemd-journald[1]: Runtime Journal (/run/log/journal/{MACHINE}) is 588.0K",
    "agent[5]: \\nsvr031 #012svr031 %20svr031 failover_svr031 svr031:/export tanaka's 'svr047' [svr047]",
    f"agent[5]: /usr/local/AUTORC/amccmd -downrequest ShutdownOff 192.168.10.99 svr031 {CODE}",
    "su: (to root) tanaka on pts/1",
)
ENTRY = {
    "__REALTIME_TIMESTAMP": str(T0 * 1_000_000),
    "__CURSOR": f"s={MACHINE};i=1;b={BOOT};m=1;t=2;x=3",
    "_BOOT_ID": BOOT,
    "_MACHINE_ID": MACHINE,
    "_HOSTNAME": "svr031",
    "SYSLOG_IDENTIFIER": "agent",
    "MESSAGE_ID": "98268866d1d54a499c4e98921d93bc40",
}
JOURNAL = "".join(
    json.dumps(one) + "\n"
    for one in (
        {**ENTRY, "MESSAGE": "begun by tanaka at svr031\nsvr031"},
        {**ENTRY, "MESSAGE": list(b"\xff on svr047 from 192.168.10.5")},
        {
            **ENTRY,
            "_BOOT_ID": NEXT,
            "MESSAGE": "Linux version 5.14.0",
            "SYSLOG_IDENTIFIER": "kernel",
            "_TRANSPORT": "kernel",
        },
    )
)
TITLE = b"su\0-\0yamada".hex().upper()
AUDIT = f"""\
type=EXECVE msg=audit({T0}.100:1): argc=3 a0="su" a1="-" a2="yamada"
type=USER_CMD msg=audit({T0}.200:2): pid=3 uid=1000 ses=1 msg='cwd="/" cmd={b"ssh tanaka@svr047 reboot".hex().upper()} acct="tanaka" hostname=svr047.kobe-dc.example.jp addr=192.168.10.47'
type=SOCKADDR msg=audit({T0}.300:3): saddr=02000016C0A80A150000000000000000
type=PROCTITLE msg=audit({T0}.300:4): proctitle={TITLE}
"""
STOP = f"""#!/bin/sh
AC_SECCODE="{CODE}"
AC_HOST=svr031
if [ "$CLP_FACTOR" = "SERVERSHUTDOWN" ]; then
  logger -i -t CLUSTERPRO "AC EXEC COMMAND"
  /usr/local/AUTORC/amccmd -downrequest ShutdownOff 192.168.10.31 svr031 \\
    {CODE}
fi
exit 0
"""
CONFIGURATION = """<?xml version="1.0" encoding="EUC-JP"?>
<root><cluster><name>cluster1</name></cluster><server name="svr031"><priority>0</priority></server>
<server name="svr047"><priority>1</priority><device id="0"><info>192.168.10.47</info></device></server>
<group name="failover_svr031"><type>failover</type></group></root>
"""
LAST = (
    "takahash pts/1        192.168.10.21    Wed Nov 25 18:33:12 2026 - down                      (00:00)\n"
    "reboot   system boot  5.14.0           Wed Nov 25 18:31:29 2026 - Wed Nov 25 18:33:28 2026  (00:01)\n"
    "\nwtmp begins Wed Nov 25 18:31:29 2026\n"
)


def packed(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(content), T0 + 500
            archive.addfile(info, io.BytesIO(content))
    return target.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def write_bundle(folder: Path) -> None:
    plain = syslog("svr031", *SAID)
    other = syslog("svr047.kobe-dc.example.jp", "sudo: yamada : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/ls")
    files: dict[str, bytes] = {
        "svr031/var/log/messages": plain.encode(),
        "svr031/var/log/messages-svr031.1.gz": gzip.compress(plain.encode()),
        "svr031/var/log/secure.xz": lzma.compress(plain.encode()),
        "svr031/var/log/cron.bz2": bz2.compress(f"{stamp(5)} svr031 CROND[7]: (tanaka) CMD (/home/tanaka/x)\n".encode()),
        "svr031/var/log/user.zst": zstandard.compress(plain.encode()),
        "svr031/var/log/audit/audit.log": AUDIT.encode(),
        "svr031/var/log/wtmp": login(2, "~", "reboot", "5.14.0", 0)
        + login(7, "pts/0", "tanaka", "svr047.kobe-dc.example.jp", 5, bytes([192, 168, 10, 47]))
        + login(7, "pts/1", "takahashi", "192.168.10.21", 6, bytes([192, 168, 10, 21])),
        "svr031/last.txt": LAST.encode(),
        "svr031/journal.json": JOURNAL.encode(),
        "svr031/cp932.log": f"{stamp(6)} svr031 agent[1]: サーバー表svr031 ソtanaka を停止\r\n".encode("cp932"),
        "svr031/euc.log": f"{stamp(6)} svr031 agent[1]: サーバーsvr031 を停止\n".encode("euc_jp"),
        "svr031/wide.log": plain.encode("utf-16"),
        "svr031/etc/passwd": b"root:x:0:0:root:/root:/bin/bash\ntanaka:x:1000:1000:Tanaka Hanako:/home/tanaka:/bin/bash\n",
        "svr031/etc/hosts": b"127.0.0.1 localhost\n192.168.10.31 svr031.kobe-dc.example.jp svr031\n",
        "svr031/scripts/failover_svr031/exec/stop.sh": STOP.encode(),
        "svr031/etc/opt/nec/clusterpro/clp.conf": CONFIGURATION.encode(),
        "svr047-log.tar.gz": packed({
            "var/log/messages": other.encode(),
            "inner/svr047.zip": zipped({"svr047.log": other.encode()}),
        }),
        "svr031/core.bin": bytes(range(1, 9)) * 200 + b"svr031",
    }  # fmt: skip
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("input") / "case"
    write_bundle(folder)
    return folder


def everything_in(path: Path) -> dict[str, bytes]:
    """Every file below a folder, archives and packed files as they are and taken apart, by its names."""
    found: dict[str, bytes] = {}
    for file in sorted(path.rglob("*")):
        if file.is_file():
            _open(str(file.relative_to(path)), file.read_bytes(), found)
    return found


def _open(name: str, content: bytes, found: dict[str, bytes]) -> None:
    inner = None
    if content.startswith(b"\x1f\x8b"):
        inner = gzip.decompress(content)
    elif content.startswith(b"\xfd7zXZ"):
        inner = lzma.decompress(content)
    elif content.startswith(b"BZh"):
        inner = bz2.decompress(content)
    elif content.startswith(b"\x28\xb5\x2f\xfd"):
        inner = zstandard.ZstdDecompressor().decompressobj().decompress(content)
    elif content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for one in archive.namelist():
                _open(f"{name}!{one}", archive.read(one), found)
        return
    elif content[257:262] == b"ustar":
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            for one in archive:
                taken = archive.extractfile(one)
                _open(f"{name}!{one.name}", taken.read() if taken is not None else b"", found)
        return
    if inner is None:
        found[name] = content
    else:
        _open(name, inner, found)
