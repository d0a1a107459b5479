"""Files of two machines never become one server's because neither, or both, have a name that tells them apart."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

import acforensics


def log(host: str, day: str, *starts: str, asked: str = "") -> str:
    lines = []
    for number, start in enumerate(starts):
        if number and asked:
            hour, minute = int(start[:2]), int(start[3:])
            before = f"{hour - (minute == 0):02d}:{(minute - 1) % 60:02d}"
            lines += [
                f"{day} {before}:00 {host} sudo[5]:    {asked} : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/sbin/reboot",
                f"{day} {before}:01 {host} systemd-logind[3]: System is rebooting.",
            ]
        lines += [
            f"{day} {start}:00 {host} kernel: Linux version 5.14.0-1 (x) #1",
            f"{day} {start}:30 {host} systemd[1]: Startup finished in 1s.",
        ]
    return "\n".join([*lines, f"{day} 23:50:00 {host} systemd[1]: Startup finished in 1s."]) + "\n"


def ends(root: Path, files: dict[str, str]) -> dict[str, list[tuple[str, str | None]]]:
    for name, content in files.items():
        path = root / "case" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    case = acforensics.analyze([root / "case"], tz="UTC")
    found: dict[str, list[tuple[str, str | None]]] = {boot.server: [] for boot in case.boots}
    for end in case.shutdowns:
        found[end.server].append((end.trigger, end.actor))
    return found


ASKED = log("localhost", "Nov 24", "10:00", "11:01", asked="ope1")
SILENT = log("svr047", "Nov 24", "10:00", "11:02")


def test_a_log_of_localhost_is_not_its_neighbours(tmp_path: Path) -> None:
    """The command on one machine is nobody's on the other one."""
    found = ends(tmp_path, {"A/messages": ASKED, "B/messages": SILENT})
    assert found["A"] == [("os-command", "ope1")]
    assert [trigger for trigger, _ in found["svr047"]] == ["unknown"]


def test_a_log_of_localhost_beside_a_named_one_is_of_its_machine(tmp_path: Path) -> None:
    secure = ASKED.splitlines()[2].replace("localhost", "svr047") + "\n"
    assert ends(tmp_path, {"var/log/secure": secure, "var/log/journal/export.txt": ASKED}) == {
        "svr047": [("os-command", "ope1")]
    }


def test_login_records_that_agree_on_no_start_are_another_machines(tmp_path: Path) -> None:
    boot = "[2] [00000] [~~  ] [reboot  ] [~           ] [5.14.0              ] [0.0.0.0        ] [2026-11-24T{},000000+00:00]\n"
    for other, servers in (("10:17:00", {"A", "svr047"}), ("11:02:10", {"svr047"})):
        files = {"A/utmpdump.txt": boot.format("09:30:00") + boot.format(other) + boot.format("23:55:00")}
        assert set(ends(tmp_path, {**files, "B/messages": SILENT})) == servers


def test_two_whole_systems_are_two_machines(tmp_path: Path) -> None:
    events = "2026-11-24 11:01:30 +0000  UPS Self Test switch to battery.\n"
    files = {"A/var/log/apcupsd.events": events, "B/var/log/messages": SILENT}
    assert ends(tmp_path, files)["svr047"] == [("unknown", None)]
    assert {one.server for one in acforensics.analyze([tmp_path / "case"], tz="UTC").model.inputs} == {"A", "svr047"}


def test_two_machines_of_one_name_whose_starts_contradict(tmp_path: Path) -> None:
    """Each keeps its own ends, and the case says that the name is not one machine's."""
    files = {
        "A/messages": log("svr031", "Nov 24", "09:58", "11:03", asked="ope1"),
        "B/messages": log("svr031", "Nov 24", "10:13", "11:51", "13:40"),
        "B/secure": "Nov 24 13:39:10 svr031 sshd[3]: Accepted password for ope7 from 192.0.2.9 port 5 ssh2\n",
    }
    found = ends(tmp_path, files)
    assert found["svr031"] == [("os-command", "ope1")]
    assert [trigger for trigger, _ in found["svr031 (2)"]] == ["unknown", "unknown"]
    model = acforensics.analyze([tmp_path / "case"], tz="UTC").model
    assert ["B/secure" in one.path for one in model.inputs if one.server == "svr031 (2)"] == [False, True]
    assert all("more than one machine" in server.notes[0].en for server in model.servers)


def test_one_machine_in_two_folders_stays_one(tmp_path: Path) -> None:
    """Another day, the same day by a zone that is read wrong, or a start that one of the two lost."""
    first = log("svr031", "Nov 24", "09:58", "11:03")
    for other in (
        log("svr031", "Nov 25", "10:13", "11:51"),
        log("svr031", "Nov 24", "00:58", "02:03"),
        log("svr031", "Nov 24", "10:00"),
    ):
        assert set(ends(tmp_path, {"A/messages": first, "B/journal.txt": other})) == {"svr031"}


def test_redacted_both_have_the_same_stand_in(tmp_path: Path) -> None:
    files = {
        "A/messages": log("svr031", "Nov 24", "09:58", "11:03"),
        "B/messages": log("svr031", "Nov 24", "10:13", "11:51"),
    }
    ends(tmp_path, files)
    shown = acforensics.analyze([tmp_path / "case"], tz="UTC", redact=True).to_json()
    assert "svr031" not in shown


RECORD = "[2] [00000] [~~  ] [reboot  ] [~           ] [5.14.0              ] [0.0.0.0        ] [2026-11-24T{}:00,000000+00:00]\n"


@pytest.mark.parametrize(
    ("files", "other"),
    [
        ({"svr047.tgz": ["var/log/utmpdump.txt", "var/log/messages"]}, "svr047"),
        ({"../svr047/messages": [], "svr047-log.tgz": ["var/log/utmpdump.txt"]}, "svr047"),
        ({"old.tgz": ["var/log/utmpdump.txt"]}, "old"),
    ],
)
def test_an_archive_within_another_servers_folder(tmp_path: Path, files: dict[str, list[str]], other: str) -> None:
    said = {
        "utmpdump.txt": "".join(map(RECORD.format, ("10:17", "12:22", "14:22"))),
        "messages": log("svr047", "Nov 24", "10:17", "12:22", "14:22"),
    }
    for name, members in files.items():
        path = tmp_path / "case/svr031" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "case/svr047").mkdir(exist_ok=True)
        if not members:
            path.write_text(said[path.name], encoding="utf-8")
            continue
        with tarfile.open(path, "w:gz") as archive:
            for member in members:
                content = said[member.rpartition("/")[2]].encode()
                info = tarfile.TarInfo(member)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    found = ends(tmp_path, {"svr031/var/log/messages": log("svr031", "Nov 24", "10:00", "11:02")})
    assert {server: len(own) for server, own in found.items()} == {"svr031": 1, other: 2}
