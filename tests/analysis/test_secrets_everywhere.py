"""A secret planted in every place that a bundle has comes out at none: whatever is written, shown or complained of."""

from __future__ import annotations

import io
import json
import re
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from acforensics import analyze, cli
from acforensics.bundle import Member, Walker
from acforensics.parsing.definitions import load
from acforensics.parsing.recognition import Recogniser
from acforensics.rendering import terminal
from acforensics.sources import Reading, read_member
from acforensics.suggestion import suggest
from tests.raw_logs import T0, login, syslog

TOKEN = "Zk9x7Qw"
TRACES = (TOKEN, TOKEN.encode().hex(), ", ".join(map(str, TOKEN.encode())), ",".join(map(str, TOKEN.encode())))
FIRST, SECOND = "a3f2433e11534599bb433331cbc2d52d", "059079dbfd214e87a963a5e55e43e55c"
REQUEST = f"/usr/local/AUTORC/amccmd -downrequest ShutdownOff 192.0.2.7 svr031 {TOKEN}"
SCRIPT = f"""#!/bin/sh
AC_SECCODE="{TOKEN}"
logger -i -t CLUSTERPRO "AC EXEC COMMAND"
/usr/local/AUTORC/amccmd -downrequest ShutdownOff 192.0.2.7 svr031 \\
    {TOKEN}
"""


def entry(seconds: int, message: Any, boot: str = FIRST, **fields: Any) -> dict[str, Any]:
    return {
        "__REALTIME_TIMESTAMP": str((T0 + seconds) * 1_000_000),
        "__MONOTONIC_TIMESTAMP": str((seconds + 100) * 1_000_000),
        "_BOOT_ID": boot,
        "_HOSTNAME": "svr031",
        "SYSLOG_IDENTIFIER": "agent",
        "_PID": "77",
        "MESSAGE": message,
        **fields,
    }


def journal(*entries: dict[str, Any]) -> str:
    logind = {"SYSLOG_IDENTIFIER": "systemd-logind", "_COMM": "systemd-logind", "_UID": "0"}
    started = entry(90, "Linux version 5.14.0", SECOND, SYSLOG_IDENTIFIER="kernel", _TRANSPORT="kernel")
    whole = [entry(0, "begun"), *entries, entry(40, "System is rebooting.", **logind), started]
    return "".join(json.dumps(one) + "\n" for one in whole)


AUDIT = f"""\
type=SYSCALL msg=audit({T0}.100:1): arch=c000003e syscall=59 success=yes exit=0 pid=2 auid=1000 uid=0 tty=pts0 comm="shutdown"
type=EXECVE msg=audit({T0}.100:1): argc=5 a0="shutdown" a1="-r" a2="now" a3="--password" a4="{TOKEN}"
type=USER_CMD msg=audit({T0}.200:2): pid=3 uid=1000 auid=1000 ses=1 msg='cwd="/" cmd={f"env AC_SECCODE={TOKEN} shutdown -r now".encode().hex().upper()} exe="/usr/bin/sudo" terminal=pts/0 res=success'
type=PROCTITLE msg=audit({T0}.300:3): proctitle={REQUEST.replace(" ", chr(0)).encode().hex().upper()}
type=SYSTEM_SHUTDOWN msg=audit({T0 + 5}.100:4): pid=9 uid=0 auid=4294967295 ses=4294967295 msg=' comm="systemd-update-utmp" exe="/x" hostname=? addr=? terminal=? res=success'
"""
ALERTS = (
    "Type,Received Time,Event Time,Server,Module,Event ID,Message\n"
    f'INFO,2026/11/25 10:00:00,2026/11/25 10:00:00,svr031,rc,10,"password={TOKEN}"\n'
    f'INFO,2026/11/25 10:00:01,2026/11/25 10:00:01,"password={TOKEN}",rc,10,"x"\n'
    f'INFO,2026/11/25 10:00:02,2026/11/25 10:00:02,svr031,"password={TOKEN}",10,"x"\n'
    f'INFO,2026/11/25 10:00:03,2026/11/25 10:00:03,svr031,down,1,"{{""password"":""{TOKEN}""}}"\n'
    f'INFO,2026/11/25 10:00:04,"{REQUEST}\n'
)
BYTES = json.dumps(list(f"AC_SECCODE={TOKEN}".encode()))

PLACES: dict[str, tuple[str, str | bytes]] = {
    "line": ("messages", syslog(f"agent[5]: {REQUEST}", f"clp_exec[5]: ｐａｓｓｗｏｒｄ＝{TOKEN}")),
    "host": ("messages", syslog("agent[5]: x", host=f"password={TOKEN}")),
    "tag": ("messages", syslog(f"password={TOKEN}[5]: x", f"AC_SECCODE: {TOKEN}", f"password={TOKEN}: y")),
    "next line": (
        "messages",
        syslog(f"agent[5]: {REQUEST.replace(TOKEN, chr(92))}", f"agent[6]:   {TOKEN}"),
    ),
    "line without stamp": ("messages", syslog(f"agent[5]: {REQUEST.replace(TOKEN, chr(92))}\n      {TOKEN}")),
    "folder": (f"AC_SECCODE={TOKEN}/var/log/messages", syslog("agent[5]: x").replace(" svr031 ", " ")),
    "file": (f"password={TOKEN}.log", syslog("agent[5]: x")),
    "request as file": (f"amccmd -downrequest 192.0.2.7 svr031 {TOKEN}.log", syslog("agent[5]: x")),
    "table": ("alerts.csv", ALERTS),
    "journal message": ("j.json", journal(entry(1, REQUEST), entry(2, list(f"password={TOKEN}".encode())))),
    "journal command": ("j.json", journal(entry(1, "x", _CMDLINE=REQUEST.replace(" ", "\0")))),
    "journal host": ("j.json", journal(entry(1, "x", _HOSTNAME=f"AC_SECCODE={TOKEN}"))),
    "journal tag": (
        "j.json",
        journal(
            entry(1, "x", SYSLOG_IDENTIFIER=f"AC_SECCODE={TOKEN}"),
            entry(2, TOKEN, SYSLOG_IDENTIFIER="AC_SECCODE"),
            entry(3, "x", SYSLOG_IDENTIFIER=f"password=a/{TOKEN}"),
            entry(4, "x", SYSLOG_IDENTIFIER="", _COMM=f"password={TOKEN}", _PID=f"pwd={TOKEN}"),
        ),
    ),
    "journal boot": ("j.json", journal(entry(1, "x", f"password={TOKEN}"))),
    "journal next entry": (
        "j.json",
        journal(
            entry(1, REQUEST.replace(TOKEN, "\\")), entry(1, f"  {TOKEN}"), entry(2, f"{REQUEST[:-7]}\\\n {TOKEN}")
        ),
    ),
    "torn entry": (
        "j.json",
        f'{{"__REALTIME_TIMESTAMP":"1","MESSAGE":{BYTES}\n{BYTES[30:]},"MESSAGE":"x"}}\n' + journal(),
    ),
    "audit": ("audit/audit.log", AUDIT),
    "login records": (
        "wtmp",
        login(2, "~", "reboot", "5.14", 0)
        + login(7, "pts/0", f"password={TOKEN}", f"AC_SECCODE={TOKEN}", 5)
        + login(1, "~", "shutdown", f"password={TOKEN}", 50),
    ),
    "script": ("scripts/failover-ac/exec-ac/stop.sh", SCRIPT),
    "script log": ("opt/nec/clusterpro/log/exec_ac.log", f"AC FACTOR CLUSTERSHUTDOWN\n+ {SCRIPT}AC SCRIPT EXIT\n"),
    "configuration": (
        "etc/opt/nec/clusterpro/clp.conf",
        f'<root><server name="password={TOKEN}"/><cluster><name>AC_SECCODE={TOKEN}</name></cluster></root>',
    ),
    "zone": ("etc/timezone", f"password={TOKEN}\n"),
    "schedule": ("schedule.txt", f"ON=2026/11/24-08:00 ;password={TOKEN}\nOFF=2026/11/24-20:00\n;password={TOKEN}\n"),
    "UPS": (
        "apcupsd.events",
        f"2026-11-25 10:00:00 +0900  apcupsd 3.14.14 startup succeeded password={TOKEN}\n"
        "2026-11-25 10:02:00 +0900  Initiating system shutdown!\n",
    ),
}


def assert_nothing_of_it(told: dict[str, str]) -> None:
    for name, content in told.items():
        for trace in TRACES:
            at = content.lower().find(trace.lower())
            assert at < 0, f"{name}: {content[max(0, at - 80) : at + 20]!r}"


def everything_told(inputs: list[Path], work: Path) -> dict[str, str]:
    """All that the commands write and print of these inputs, in both languages."""
    told: dict[str, str] = {}
    given = [str(path) for path in inputs]
    for lang in ("en", "ja"):
        files = [work / f"{lang}.{suffix}" for suffix in ("html", "json", "csv")]
        options = ["-o", str(files[0]), "--json", str(files[1]), "--timeline", str(files[2]), "--tz", "Asia/Tokyo"]
        run = CliRunner().invoke(cli.app, ["analyze", *given, *options, "--lang", lang])
        told[f"analyze {lang}"] = run.output + errors_of(run.exception)
        told.update({file.name: file.read_text(encoding="utf-8") for file in files if file.exists()})
        run = CliRunner().invoke(cli.app, ["parsers", "suggest", *given, "--lang", lang])
        told[f"suggest {lang}"] = run.output + errors_of(run.exception)
    return told


def errors_of(error: BaseException | None) -> str:
    """The message that the entry point prints."""
    return "" if error is None or isinstance(error, SystemExit) else str(error)


def told_of(inputs: list[Path]) -> dict[str, str]:
    """All that the library says of these inputs."""
    case = analyze(inputs, tz="Asia/Tokyo")
    found = suggest(inputs, parsers=[], name="site", lang="en")
    return {
        "json": case.to_json("en"),
        "json in Japanese": case.to_json("ja"),
        "report": case.to_html("en"),
        "timeline": case.timeline.to_csv(),
        "terminal": terminal.render(case.model, "en", width=100, colour=False, report=None),
        "suggestion": found.suggestion.content if found.suggestion is not None else repr(found.looked),
    }


@pytest.mark.parametrize("place", PLACES)
def test_one_place(tmp_path: Path, place: str) -> None:
    name, content = PLACES[place]
    path = tmp_path / "in" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    case_of_it = [tmp_path / "in"]
    if "messages" not in name and "j.json" not in name:
        # Something that makes a case of it.
        (tmp_path / "messages").write_text(syslog("agent[5]: x"))
        case_of_it.append(tmp_path / "messages")
    assert_nothing_of_it(told_of(case_of_it))


def test_all_places_in_one_archive(tmp_path: Path) -> None:
    archive = tmp_path / f"AC_SECCODE={TOKEN}.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for place, (name, content) in PLACES.items():
            raw = content if isinstance(content, bytes) else content.encode()
            for folder in (place, f"{place}/password={TOKEN}", f"{place}/password={TOKEN}2"):
                member = tarfile.TarInfo(f"{folder}/{name}")
                member.size = len(raw)
                tar.addfile(member, io.BytesIO(raw))
        torn = tarfile.TarInfo(f"password={TOKEN}.zip")
        torn.size = 40
        tar.addfile(torn, io.BytesIO(b"PK\x03\x04" + b"x" * 36))
    told = everything_told([archive], tmp_path)
    assert "ja.html" in told, told["analyze ja"]
    assert_nothing_of_it(told)
    inputs = [one["path"] for one in json.loads(told["en.json"])["inputs"]]
    assert len(inputs) == len(set(inputs)) == 3 * len(PLACES)
    assert any("AC_SECCODE=****.tar.gz!line/password=****(2)/messages" in path for path in inputs)


def test_evidence_points_at_one_of_the_inputs(tmp_path: Path) -> None:
    for number in range(3):
        path = tmp_path / "in" / f"password={TOKEN}{number}.log"
        path.parent.mkdir(exist_ok=True)
        path.write_text(syslog(f"agent[{number}]: x").replace("svr031", f"svr03{number}"))
    case = analyze([tmp_path / "in"], tz="Asia/Tokyo").model
    paths = {one.path: one.server for one in case.inputs}
    assert sorted(Path(path).name for path in paths) == [
        "password=****(2).log",
        "password=****(3).log",
        "password=****.log",
    ]
    assert len({(paths[one.evidence[0].input], one.server) for one in case.shutdowns}) == 3
    assert all(paths[evidence.input] == one.server for one in case.shutdowns for evidence in one.evidence)


def test_files_of_several_inputs_stay_apart(tmp_path: Path) -> None:
    for number in range(2):
        (tmp_path / f"password={TOKEN}{number}").mkdir()
        (tmp_path / f"password={TOKEN}{number}" / "messages").write_text(syslog("agent[5]: x", host=f"svr03{number}"))
    case = analyze([tmp_path / f"password={TOKEN}{number}" for number in range(2)], tz="Asia/Tokyo").model
    assert [Path(one.path).parent.name for one in case.inputs] == ["password=****", "password=****(2)"]


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["analyze", f"/nowhere/password={TOKEN}.log"], "password=****.log"),
        (["analyze", f"/nowhere/amccmd -downrequest 192.0.2.7 svr031 {TOKEN}"], "svr031 ****: "),
        (["parsers", "suggest", f"/nowhere/password={TOKEN}"], "password=****: "),
        (["analyze", "x", "-o", f"/nowhere/password={TOKEN}/x.html"], "password=****"),
        (["analyze", "x", "--timeline", f"password={TOKEN}.txt"], "must end in .csv"),
        (["analyze", "x", "--clock", f"password={TOKEN}=x"], "password=****"),
        (["analyze", "x", "--parsers", f"/nowhere/password={TOKEN}"], "password=****"),
        (["parsers", "list", "--parsers", f"/nowhere/password={TOKEN}"], "password=****"),
        (["parsers", "suggest", "x", "-o", f"/nowhere/password={TOKEN}.toml"], "password=****"),
    ],
)
def test_errors_name_no_secret(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: list[str], told: str
) -> None:
    monkeypatch.setattr("sys.argv", ["acforensics", *command])
    with pytest.raises(SystemExit):
        cli.main()
    said = capsys.readouterr().err
    assert TOKEN not in said
    assert told in said


def test_an_unreadable_file_is_named_without_its_secret(tmp_path: Path) -> None:
    path = tmp_path / f"password={TOKEN}.log"
    path.write_text("x")

    class Failing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error", str(path))

    member = next(Walker().walk([path]))
    member.stream = Failing()
    reading = read_member(member, Recogniser(load()))
    assert not reading.complete
    assert "Input/output error" in repr(reading.notes)
    assert TOKEN not in repr(reading)


def test_a_report_with_a_secret_name_is_told_without_it(tmp_path: Path) -> None:
    (tmp_path / "messages").write_text(syslog("agent[5]: x"))
    report = tmp_path / f"password={TOKEN}.html"
    run = CliRunner().invoke(cli.app, ["analyze", str(tmp_path / "messages"), "-o", str(report), "--tz", "Asia/Tokyo"])
    assert report.exists()
    assert TOKEN not in run.output
    assert "password=****.html" in re.sub(r"\s", "", run.output)


@pytest.fixture(scope="module")
def read_journal() -> Callable[..., Reading]:
    recogniser = Recogniser(load())

    def read(*entries: dict[str, Any]) -> Reading:
        content = journal(*entries).encode()
        return read_member(Member("j.json", ("j.json",), None, io.BytesIO(content), content[:1024]), recogniser)

    return read


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("amccmd -down\0request 192.0.2.7 svr031 code", "amccmd -downrequest 192.0.2.7 svr031 ****"),
        ("pass\0word=code", "password=****"),
        ("password:\n  code", "password:#012  ****"),
    ],
)
def test_a_message_of_a_journal_is_masked_as_it_is_shown(
    read_journal: Callable[..., Reading], message: str, shown: str
) -> None:
    """NUL bytes go and newlines are written as one line before secrets are sought, not behind it."""
    hits = read_journal(entry(39, list(message.encode()))).hits
    assert shown in [hit.message for hit in hits]
    assert all("code" not in hit.raw for hit in hits)


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("mysql\0--password\0code\0-h\0db", "mysql --password **** -h db"),
        ("amccmd\0-downrequest\x00192.0.2.7\0svr031\0code", "amccmd -downrequest 192.0.2.7 svr031 ****"),
    ],
)
def test_the_arguments_of_a_command_are_masked_as_words(
    read_journal: Callable[..., Reading], command: str, shown: str
) -> None:
    """NUL bytes between arguments become blanks before secrets are sought, not behind it."""
    hits = read_journal(entry(39, "x", _CMDLINE=command)).hits
    assert shown in [hit.fields.get("journal_cmdline") for hit in hits]
