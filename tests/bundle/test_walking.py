"""What a walk finds: directories, files, archives, archives in archives; and what it passes over."""

from __future__ import annotations

import io
import os
import socket
import stat
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from acforensics.bundle import Limits, Walker

LOG = b"".join(b"Feb  4 09:34:%02d svr031 app: line %d\n" % (n % 60, n) for n in range(2000))
Walk = Callable[..., Any]
Make = Callable[..., bytes]


def put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_a_directory_in_a_stable_order(tmp_path: Path, walk: Walk) -> None:
    for name in ("b/messages", "a/var/log/syslog", "a/var/log/messages", "a/empty"):
        put(tmp_path / "case" / name, name.encode())
    found = walk(tmp_path / "case")
    assert [path.removeprefix(f"{tmp_path}/") for path in found.files] == [
        "case/a/empty",
        "case/a/var/log/messages",
        "case/a/var/log/syslog",
        "case/b/messages",
    ]
    assert found.names[f"{tmp_path}/case/a/var/log/syslog"] == ("case", "a", "var", "log", "syslog")
    assert found.problems == []


def test_several_inputs_and_a_single_file(tmp_path: Path, walk: Walk) -> None:
    one, two = put(tmp_path / "one/messages", b"1"), put(tmp_path / "two/messages", b"2")
    found = walk(one, two.parent)
    assert list(found.files.values()) == [b"1", b"2"]
    assert found.names[str(one)] == ("messages",)


def test_every_kind_of_archive(tmp_path: Path, walk: Walk, make_archive: Make) -> None:
    files = {"svr031/var/log/messages": LOG, "svr031/empty": b"", "svr047/messages": LOG * 3}
    path = put(tmp_path / "bundle", make_archive(files))
    found = walk(path)
    assert {place.removeprefix(f"{path}!"): content for place, content in found.files.items()} == files
    assert found.names[f"{path}!svr047/messages"] == ("bundle", "svr047", "messages")
    assert (found.problems, found.torn) == ([], {})


def test_a_single_compressed_file(tmp_path: Path, walk: Walk, pack: Make) -> None:
    path = put(tmp_path / "messages-20240621.x", pack(LOG))
    found = walk(path)
    assert (found.files, found.problems, found.torn) == ({str(path): LOG}, [], {})


def test_two_frames_in_one_file(tmp_path: Path, walk: Walk, pack: Make) -> None:
    path = put(tmp_path / "messages.x", pack(LOG) + pack(LOG))
    found = walk(path)
    assert (found.files, found.torn) == ({str(path): LOG * 2}, {})


def test_archives_in_archives(
    tmp_path: Path, walk: Walk, make_archive: Make, make_tar: Make, make_zip: Make, pack: Make
) -> None:
    inner = make_archive({"var/log/messages": LOG, "var/log/messages.1.gz": pack(LOG)})
    for name, outer in (
        ("t", make_tar({"svr031.tgz": inner, "x": b"1"})),
        ("z", make_zip({"svr031.tgz": inner, "x": b"1"})),
        ("p", pack(make_tar({"deep": make_zip({"svr031.tgz": inner}), "x": b"1"}))),
    ):
        found = walk(put(tmp_path / name, outer))
        assert [content for path, content in found.files.items() if "messages" in path] == [LOG, LOG]
        assert [content for path, content in found.files.items() if path.endswith("x")] == [b"1"]
        assert (found.problems, found.torn) == ([], {})


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_forms_of_tar(tmp_path: Path, walk: Walk, make_tar: Make, form: int) -> None:
    name = "very/long/" + "/".join(["x" * 40] * 3) + "/messages"
    path = put(tmp_path / "a.tar", make_tar({name: LOG}, form))
    assert walk(path).files == {f"{path}!{name}": LOG}


def test_times_of_members(tmp_path: Path, make_tar: Make, make_zip: Make) -> None:
    for name, content, expected in (
        ("a.tar", make_tar({"m": b"x"}), datetime.fromtimestamp(1_718_900_000, UTC)),
        ("a.zip", make_zip({"m": b"x"}), datetime(2024, 6, 21, 9, tzinfo=UTC)),
    ):
        members = list(Walker().walk([put(tmp_path / name, content)]))
        assert [member.written for member in members] == [expected]


@pytest.mark.parametrize("mtime", [0, 253_402_300_799, 8**11 - 1])
def test_times_that_cannot_be_true_are_none(tmp_path: Path, mtime: int) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        info = tarfile.TarInfo("m")
        info.mtime = mtime
        archive.addfile(info)
    members = list(Walker().walk([put(tmp_path / "a.tar", buffer.getvalue())]))
    assert [member.written for member in members] == [None]


def test_links_devices_and_fifos_are_passed_over(tmp_path: Path, walk: Walk) -> None:
    case = tmp_path / "case"
    real = put(case / "messages", LOG)
    (case / "loop").symlink_to(case)
    (case / "other").symlink_to("/etc/passwd")
    os.link(real, case / "syslog")
    os.mkfifo(case / "fifo")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(case / "sock"))
        found = walk(case)
    # A hard link is a file like any other.
    assert list(found.files) == [str(case / "messages"), str(case / "syslog")]
    assert found.problems == []
    assert list(walk(case / "loop").files.values()) == [LOG, LOG]
    problems = walk(case / "fifo", tmp_path / "missing").problems
    assert [(p.path, p.message.en.split(":")[0]) for p in problems] == [
        (str(case / "fifo"), "is neither a file nor a directory"),
        (str(tmp_path / "missing"), "no such file or directory"),
    ]


def links(*inputs: Path) -> dict[str, str | None]:
    return {"/".join(m.names[1:]): m.link for m in Walker().walk(list(inputs)) if not m.stream.read()}


def test_a_link_named_localtime_tells_its_target(tmp_path: Path) -> None:
    case = tmp_path / "case"
    put(case / "secret", LOG)
    for name, target in (
        ("etc/localtime", "/usr/share/zoneinfo/Asia/Tokyo"),
        ("b/localtime", "../secret"),
        ("c/localtime", "../etc"),
        ("d/localtime", "nowhere"),
        ("d/zone", "/usr/share/zoneinfo/Asia/Tokyo"),
    ):
        (case / name).parent.mkdir(parents=True, exist_ok=True)
        (case / name).symlink_to(target)
    assert links(case) == {
        "b/localtime": "../secret",
        "c/localtime": "../etc",
        "d/localtime": "nowhere",
        "etc/localtime": "/usr/share/zoneinfo/Asia/Tokyo",
    }


def test_a_link_named_localtime_in_archives(tmp_path: Path, make_tar: Make) -> None:
    target = "../usr/share/zoneinfo/Asia/Tokyo"
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        for name, kind in (
            ("etc/localtime", tarfile.SYMTYPE),
            ("b/localtime", tarfile.LNKTYPE),
            ("zone", tarfile.SYMTYPE),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            archive.addfile(info)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as outer:
        for name in ("etc/localtime", "zone"):
            info = zipfile.ZipInfo(name)
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
            outer.writestr(info, target + "x" * 9000 if name == "zone" else target)
    one, two = put(tmp_path / "a.tar", tar.getvalue()), put(tmp_path / "b.zip", packed.getvalue())
    assert links(one) == {"etc/localtime": target, "b/localtime": target}
    assert links(two) == {"etc/localtime": target}
    nested = put(tmp_path / "c.tar", make_tar({"a.tar": tar.getvalue()}))
    assert list(links(nested)) == ["a.tar/etc/localtime", "a.tar/b/localtime"]


def test_targets_of_links_are_bounded_and_count_as_members(tmp_path: Path) -> None:
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for number in range(9):
            info = tarfile.TarInfo(f"{number}/localtime")
            info.type, info.linkname = tarfile.SYMTYPE, "x" * 100_000 + "\n"
            archive.addfile(info)
    walker = Walker(Limits(members=5))
    found = list(walker.walk([put(tmp_path / "a.tar", tar.getvalue())]))
    assert [len(member.link or "") for member in found] == [4096] * 5
    assert [problem.path for problem in walker.problems] == [str(tmp_path / "a.tar") + "!5/localtime"]


def test_links_and_devices_in_archives_are_passed_over(tmp_path: Path, walk: Walk) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for kind in (
            tarfile.SYMTYPE,
            tarfile.LNKTYPE,
            tarfile.CHRTYPE,
            tarfile.BLKTYPE,
            tarfile.FIFOTYPE,
            tarfile.DIRTYPE,
        ):
            info = tarfile.TarInfo(f"special{kind!r}")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        info = tarfile.TarInfo("messages")
        info.size = len(LOG)
        archive.addfile(info, io.BytesIO(LOG))
    path = put(tmp_path / "a.tar", buffer.getvalue())
    assert walk(path).files == {f"{path}!messages": LOG}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        link = zipfile.ZipInfo("link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        packed.writestr(link, "/etc/passwd")
        packed.writestr("messages", LOG)
    path = put(tmp_path / "a.zip", buffer.getvalue())
    assert walk(path).files == {f"{path}!messages": LOG}


HOSTILE = ["../../etc/passwd", "/etc/passwd", "a/../../b", "x\x1b[31m\n\ry", "caf\udce9", "..\\..\\b", "\u202eevil"]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_shown_and_nothing_else(tmp_path: Path, walk: Walk, make_tar: Make, name: str) -> None:
    path = put(tmp_path / "a.tar", make_tar({name: LOG}, tarfile.GNU_FORMAT))
    found = walk(path)
    (shown,) = found.files
    assert found.files[shown] == LOG
    assert shown.isprintable()
    shown.encode("utf-8")
    assert not {"..", "", "."} & set(found.names[shown])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.tar"]


def test_undecodable_names_in_a_directory(tmp_path: Path, walk: Walk) -> None:
    raw = os.fsencode(tmp_path) + b"/\x83T\x81[\x83o"
    with open(raw, "wb") as stream:  # noqa: PTH123
        stream.write(LOG)
    found = walk(tmp_path)
    (shown,) = found.files
    assert (shown, found.files[shown]) == (f"{tmp_path}/\\x83T\\x81[\\x83o", LOG)


def test_names_in_a_zip_from_japanese_windows(tmp_path: Path, walk: Walk, make_zip: Make) -> None:
    content = make_zip({"??????/messages": LOG}).replace(b"??????", "サーバ".encode("cp932"))
    path = put(tmp_path / "a.zip", content)
    assert walk(path).files == {f"{path}!サーバ/messages": LOG}


def test_depth_is_bounded(tmp_path: Path, walk: Walk, make_tar: Make, pack: Make) -> None:
    content = LOG
    for _ in range(4):
        content = pack(make_tar({"a": content}))
    path = put(tmp_path / "deep", content)
    assert list(walk(path).files.values()) == [LOG]
    found = walk(path, limits=Limits(depth=7))
    assert found.files == {}
    assert [p.path for p in found.problems] == [f"{path}!a!a!a"]
    assert "7 deep" in found.problems[0].message.en


def test_the_number_of_members_is_bounded(tmp_path: Path, walk: Walk, make_archive: Make) -> None:
    path = put(tmp_path / "many", make_archive({f"f{n:03d}": b"x" for n in range(50)}))
    other = put(tmp_path / "other", b"x")
    found = walk(path, other, limits=Limits(members=10))
    assert len(found.files) == 10
    # Each input that is not read is named.
    assert [p.path for p in found.problems] == [f"{path}!f010", str(other)]
    assert all("10 files" in p.message.en and "--limit members=" in p.message.en for p in found.problems)


def test_the_expanded_size_is_bounded(tmp_path: Path, walk: Walk, pack: Make, make_tar: Make, make_zip: Make) -> None:
    bomb = pack(b"\0" * 6_000_000)
    for name, content in (
        ("f", bomb),
        ("t", pack(make_tar({"a": bomb, "b": bomb}))),
        ("z", make_zip({"a": bomb, "b": bomb})),
    ):
        found = walk(
            put(tmp_path / name, content), put(tmp_path / "other.gz", bomb), limits=Limits(expanded_size=2_000_000)
        )
        assert sum(map(len, found.files.values())) <= 2_000_000
        assert len(found.torn) <= 1
        # Where it ended, and each input that is not read.
        told = [*found.torn, *(p.path for p in found.problems)]
        assert {path.partition("!")[0] for path in told} == {str(tmp_path / name), str(tmp_path / "other.gz")}
        assert all("2000000 bytes" in p.message.en and "--limit expanded-size=" in p.message.en for p in found.problems)


def test_nothing_is_written_to_disk(
    tmp_path: Path, walk: Walk, make_archive: Make, make_tar: Make, monkeypatch: Any
) -> None:
    path = put(tmp_path / "a", make_tar({"inner": make_archive({"messages": LOG})}))
    temporary = tmp_path / "tmp"
    temporary.mkdir(mode=0o500)
    monkeypatch.setattr(tempfile, "tempdir", str(temporary / "missing"))
    monkeypatch.chdir(temporary)
    assert list(walk(path).files.values()) == [LOG]
    assert list(temporary.iterdir()) == []
