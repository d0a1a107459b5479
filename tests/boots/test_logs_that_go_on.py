"""A log that begins within a boot goes on where another one is only silent: no end is made up between the two."""

from __future__ import annotations

from pathlib import Path

import pytest

import acforensics
from acforensics.case import CaseModel

RECORD = (
    "[2] [00000] [~~  ] [reboot  ] [~           ] [5.14.0              ] [0.0.0.0        ] [2026-11-{},000000+00:00]\n"
)


def hours(day: int, host: str, minute: int, boot: int | None = None, asked: bool = False) -> str:
    """A day of a log with a record an hour, and a start in one of them."""
    lines = []
    for hour in range(24):
        at = f"Nov {day} {hour:02d}:{minute:02d}"
        if hour != boot:
            lines.append(f"{at}:11 {host} systemd[1]: Started Session {hour} of user root.")
            continue
        if asked:
            lines += [
                f"{at}:00 {host} sudo[5]:    ope1 : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/sbin/reboot",
                f"{at}:01 {host} systemd-logind[3]: System is rebooting.",
            ]
        lines.append(f"{at}:50 {host} kernel: Linux version 5.14.0-1 (x) #1")
    return "".join(f"{line}\n" for line in lines)


def analysed(folder: Path, files: dict[str, str]) -> CaseModel:
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
    return acforensics.analyze([folder], tz="UTC", year=2026).model


def ends(model: CaseModel, server: str = "svr031") -> list[tuple[str, str]]:
    return [(f"{end.time:%d %H:%M}", end.trigger) for end in model.shutdowns if end.server == server]


@pytest.mark.parametrize("names", [("mon", "tue", "wed", "thu"), ("1", "2", "3", "4"), ("d", "c", "b", "a")])
def test_a_days_files_that_are_no_rotation_set(tmp_path: Path, names: tuple[str, ...]) -> None:
    starts = {21: (10, False), 22: (10, True)}
    files = {
        name: hours(day, "svr031", 3, *starts.get(day, ())) for name, day in zip(names, range(20, 24), strict=True)
    }
    found = analysed(tmp_path, files)
    assert ends(found)[1:] == [("22 10:03", "os-command")]
    assert len(found.boots) == 3


def test_days_of_two_hosts_one_behind_the_other(tmp_path: Path) -> None:
    files = {}
    for day in (20, 21, 22, 23):
        # Either of them has the earlier records of a day.
        one, other = (1, 5) if day % 2 else (5, 1)
        files[f"day{day}"] = hours(day, "svr031", one, 10 if day in (21, 22) else None, day == 22) + hours(
            day, "svr047", other, 15 if day in (20, 23) else None
        )
    found = analysed(tmp_path, files)
    assert len(found.boots) == 6
    assert ends(found)[1:] == [("22 10:05", "os-command")]
    assert [time for time, _ in ends(found, "svr047")] == ["20 14:01", "23 14:05"]


@pytest.mark.parametrize("older", [(), ("08T08:00:00",)])
def test_login_records_are_older_than_the_log_beside_them(tmp_path: Path, older: tuple[str, ...]) -> None:
    starts = (*older, "10T08:00:00", "25T09:03:50")
    messages = "".join(hours(day, "svr031", 3) for day in range(20, 25)) + hours(25, "svr031", 3, 9, True)
    found = analysed(tmp_path, {"utmpdump.txt": "".join(map(RECORD.format, starts)), "messages": messages})
    assert len(found.boots) == len(starts)
    assert ends(found)[-1] == ("25 09:03", "os-command")
    assert f"{found.boots[-2].start:%d %H}" == "10 08"


def test_a_start_between_of_which_another_log_tells_is_an_end(tmp_path: Path) -> None:
    starts = ("10T08:00:00", "15T12:00:00", "25T09:03:50")
    messages = "".join(hours(day, "svr031", 3) for day in range(20, 25)) + hours(25, "svr031", 3, 9, True)
    found = analysed(tmp_path, {"utmpdump.txt": "".join(map(RECORD.format, starts)), "messages": messages})
    assert [f"{boot.start:%d}" for boot in found.boots if boot.start is not None] == ["10", "15", "25"]
    assert len(found.boots) == 3


def test_where_a_log_is_missing_for_days_another_boot_may_lie_between(tmp_path: Path) -> None:
    files = {"first": hours(20, "svr031", 3, 10), "last": hours(24, "svr031", 3, 10, True)}
    found = analysed(tmp_path, files)
    assert len(found.boots) == 4


@pytest.mark.parametrize("earlier", ["", "Nov  6 00:07:42 svr031 systemd-logind[3]: System is rebooting.\n"])
def test_logs_that_were_all_rotated_within_a_stop_show_one_end(tmp_path: Path, earlier: str) -> None:
    stop = RECORD.replace("[2]", "[1]").replace("reboot  ", "shutdown")
    files = {
        "utmpdump.txt": stop.format("06T00:07:44") + RECORD.format("06T11:14:21"),
        "messages": f"{earlier}Nov  6 00:07:45 svr031 systemd[1]: Stopping System Logging Service...\n"
        "Nov  6 11:14:23 svr031 kernel: Linux version 5.14.0-1 (x) #1\n",
        "secure": "Nov  6 00:07:43 svr031 sshd[31]: Received signal 15; terminating.\n",
    }
    found = analysed(tmp_path, files)
    assert [boot.end_state for boot in found.boots] == ["clean", "running"]
    assert len(found.shutdowns) == 1
