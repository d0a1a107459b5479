"""Files whose records name no host: they belong to their own folder's server, never to the neighbour's."""

from __future__ import annotations

from pathlib import Path

import pytest

import acforensics

BOOT = "[2] [00000] [~~  ] [reboot  ] [~           ] [5.14.0              ] [0.0.0.0        ] [2026-11-24T{time},000000+00:00]\n"
STOP = "[1] [00000] [~~  ] [shutdown] [~           ] [5.14.0              ] [0.0.0.0        ] [2026-11-24T{time},000000+00:00]\n"
LOGIN = BOOT.format(time="00:00:00") + STOP.format(time="01:00:00") + BOOT.format(time="02:00:00")
MESSAGES = "2026-11-24T09:00:00+09:00 {host} kernel: Linux version 5.14.0 (mockbuild@example) #1 SMP\n2026-11-24T10:30:00+09:00 {host} sshd[1]: x\n"


def boots(root: Path, files: dict[str, str]) -> dict[str, int]:
    for name, content in files.items():
        path = root / "case" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    found: dict[str, int] = {}
    for boot in acforensics.analyze([root / "case"]).boots:
        found[boot.server] = found.get(boot.server, 0) + 1
    return found


@pytest.mark.parametrize("inner", ["", "var/log/"])
def test_a_folder_beside_one_named_after_its_server_is_another_server(tmp_path: Path, inner: str) -> None:
    files = {f"svr031/{inner}utmpdump.txt": LOGIN, f"svr047/{inner}messages": MESSAGES.format(host="svr047")}
    assert boots(tmp_path, files) == {"svr031": 2, "svr047": 1}


def test_a_folder_of_another_name_belongs_to_the_only_server(tmp_path: Path) -> None:
    files = {"accounting/utmpdump.txt": LOGIN, "logs/messages": MESSAGES.format(host="svr047")}
    assert boots(tmp_path, files) == {"svr047": 2}


@pytest.mark.parametrize(
    "names", [("svr031-utmpdump.txt", "svr047-utmpdump.txt"), ("utmpdump.svr031.txt", "utmpdump.svr047.txt")]
)
def test_in_a_flat_folder_the_names_of_the_files_tell(tmp_path: Path, names: tuple[str, str]) -> None:
    other = BOOT.format(time="03:00:00")
    logs = {f"messages.{host}": MESSAGES.format(host=host) for host in ("svr031", "svr047")}
    assert boots(tmp_path, {names[0]: LOGIN, names[1]: other, **logs}) == {"svr031": 2, "svr047": 2}


def test_equal_logs_with_different_beginnings_are_of_different_servers(tmp_path: Path) -> None:
    files = {"alpha-utmpdump.txt": LOGIN, "beta-utmpdump.txt": BOOT.format(time="03:00:00")}
    assert boots(tmp_path, files) == {"alpha": 2, "beta": 1}
