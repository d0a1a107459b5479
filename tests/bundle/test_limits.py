"""Bounds against hostile inputs: each is on by default, stops only what passes it, and says what raises it."""

from __future__ import annotations

import gzip
import io
import lzma
import struct
import tarfile
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import acforensics
from acforensics.bundle import Limits, Walker, parse_limits
from acforensics.errors import UsageError
from samples.scenario import Machine

LOG = b"".join(b"Feb  4 09:34:%02d svr031 app: line %d\n" % (n % 60, n) for n in range(2000))
MEBIBYTE = 1 << 20
TIGHT = Limits(expansion_ratio=50, expanded_freely=MEBIBYTE)
Walk = Callable[..., Any]
Make = Callable[..., bytes]


def put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def read(found: Any) -> int:
    return sum(map(len, found.files.values()))


# --- as they are typed


def test_limits_as_typed() -> None:
    assert parse_limits([]) == Limits()
    typed = ["depth=3", "members=7", "expanded-size=2T", "expansion-ratio=9", "seconds-per-file=60", "members=8"]
    limits = parse_limits(typed)
    assert limits == Limits(3, 8, 2 << 40, 9, 60)
    assert limits.changed() == {
        "depth": 3,
        "members": 8,
        "expanded-size": 2 << 40,
        "expansion-ratio": 9,
        "seconds-per-file": 60,
    }
    assert [parse_limits([f"expanded-size=1{unit}"]).expanded_size for unit in ("", "k", "M", "g")] == [
        1,
        1 << 10,
        1 << 20,
        1 << 30,
    ]
    assert Limits().changed() == {}


@pytest.mark.parametrize(
    "given",
    [
        "depth",
        "depth=",
        "depth=0",
        "depth=-1",
        "depth=1K",
        "depth=1.5",
        "deep=1",
        "expanded-freely=1",
        "members=１",
        "",
    ],
)
def test_a_limit_that_cannot_be_names_all_of_them(given: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_limits([given])
    assert f"--limit {given}:" in str(raised.value)
    for one in ("depth=10", "members=200000", "expanded-size=256G", "expansion-ratio=5000", "seconds-per-file=3600"):
        assert one in str(raised.value)


# --- expansion


def test_a_stream_that_expands_like_a_bomb_is_stopped(tmp_path: Path, walk: Walk, pack: Make) -> None:
    bomb = put(tmp_path / "bomb", pack(bytes(12 * MEBIBYTE)))
    found = walk(bomb, put(tmp_path / "messages", LOG), limits=TIGHT)
    # A block of 64 KiB of the input is granted for what was read ahead.
    assert MEBIBYTE < len(found.files[str(bomb)]) <= 50 * ((64 << 10) + bomb.stat().st_size) + MEBIBYTE
    assert found.files[str(tmp_path / "messages")] == LOG
    assert list(found.torn) == [str(bomb)]
    assert "50 times" in found.torn[str(bomb)]
    assert "--limit expansion-ratio=" in found.torn[str(bomb)]
    assert found.problems == []


def test_what_is_small_expands_freely_and_what_is_honest_for_long(tmp_path: Path, walk: Walk, pack: Make) -> None:
    small = put(tmp_path / "small", pack(bytes(MEBIBYTE)))
    large = put(tmp_path / "large", pack(LOG * 50))
    found = walk(small, large, limits=Limits(expansion_ratio=1000, expanded_freely=MEBIBYTE))
    assert (read(found), found.torn, found.problems) == (MEBIBYTE + len(LOG) * 50, {}, [])


@pytest.mark.parametrize("outer", ["tar", "zip", "gz of tar", "zip in zip"])
def test_bombs_in_archives_are_stopped_and_the_rest_is_read(
    tmp_path: Path, walk: Walk, make_tar: Make, make_zip: Make, pack: Make, outer: str
) -> None:
    files = {"bomb": pack(bytes(12 * MEBIBYTE)), "messages": LOG}
    content = {
        "tar": lambda: make_tar(files),
        "zip": lambda: make_zip(files),
        "gz of tar": lambda: gzip.compress(make_tar(files)),
        "zip in zip": lambda: make_zip({"in": make_zip(files)}),
    }[outer]()
    path = put(tmp_path / "a", content)
    other = put(tmp_path / "other", LOG)
    found = walk(path, other, limits=TIGHT)
    assert read(found) < 8 * MEBIBYTE
    assert found.files[str(other)] == LOG
    said = [*found.torn.values(), *(p.message.en for p in found.problems)]
    assert any("50 times" in one for one in said)
    assert all("collect" not in one for one in said)


def test_many_small_bombs_count_together(tmp_path: Path, walk: Walk, make_zip: Make) -> None:
    bombs = {f"{n:02d}": gzip.compress(gzip.compress(bytes(4 * MEBIBYTE))) for n in range(40)}
    path = put(tmp_path / "a.zip", make_zip(bombs))
    found = walk(path, put(tmp_path / "messages", LOG), limits=TIGHT)
    assert read(found) < 8 * MEBIBYTE
    assert found.files[str(tmp_path / "messages")] == LOG
    assert len([p for p in found.problems if "50 times" in p.message.en]) == 1


def test_a_file_of_holes_in_a_tar_is_stopped(tmp_path: Path, walk: Walk) -> None:
    """A header of 512 bytes claims 8 GiB of zeros, which stand nowhere in the archive."""
    info = tarfile.TarInfo("holes")
    info.type = tarfile.GNUTYPE_SPARSE
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[386:410] = b"%011o\0" % (8 << 30) + b"%011o\0" % 0
    header[483:495] = b"%011o\0" % (8 << 30)
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    path = put(tmp_path / "a.tar", bytes(header) + bytes(1024))
    found = walk(path, limits=TIGHT)
    assert list(found.torn) == [f"{path}!holes"]
    assert MEBIBYTE < read(found) < 5 * MEBIBYTE


# --- members, depth


def test_what_is_no_file_counts_in_archives(tmp_path: Path, walk: Walk) -> None:
    tar, packed = io.BytesIO(), io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive, zipfile.ZipFile(packed, "w") as other:
        for number in range(50):
            info = tarfile.TarInfo(f"{number:02d}")
            info.type = (tarfile.DIRTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.SYMTYPE)[number % 4]
            archive.addfile(info)
            other.writestr(zipfile.ZipInfo(f"{number:02d}/"), b"")
    for name, content in (("a.tar", tar.getvalue()), ("a.zip", packed.getvalue())):
        path = put(tmp_path / name, content)
        found = walk(path, limits=Limits(members=10))
        assert [p.path.rstrip("/") for p in found.problems] == [f"{path}!10"]


def test_a_folder_with_too_many_files(tmp_path: Path, walk: Walk) -> None:
    for number in range(30):
        put(tmp_path / "case" / f"{number:02d}", b"x")
    found = walk(tmp_path / "case", limits=Limits(members=10))
    assert len(found.files) == 10
    assert [p.path for p in found.problems] == [str(tmp_path / "case" / "10")]


def test_archives_in_archives_without_end(tmp_path: Path, walk: Walk, make_zip: Make, make_tar: Make) -> None:
    content = LOG
    for number in range(60):
        content = make_zip({"a": content}) if number % 2 else gzip.compress(make_tar({"a": content}))
    found = walk(put(tmp_path / "deep", content))
    assert found.files == {}
    assert "10 deep" in found.problems[0].message.en
    assert "--limit depth=" in found.problems[0].message.en


@pytest.fixture
def deep(tmp_path: Path) -> Iterator[Path]:
    """A folder with more folders in each other than Python calls go deep. Nobody else can remove it."""
    case = tmp_path / "case"
    put(case / "d" / "lost", LOG)
    for _ in range(1500):
        (case / "outer").mkdir()
        (case / "d").rename(case / "outer" / "d")
        (case / "outer").rename(case / "d")
    yield case
    while (case / "d" / "d").exists():
        (case / "d" / "d").rename(case / "inner")
        (case / "d").rmdir()
        (case / "inner").rename(case / "d")


def test_folders_in_folders_without_end(deep: Path, walk: Walk) -> None:
    put(deep / "messages", LOG)
    found = walk(deep)
    assert list(found.files) == [str(deep / "messages")]
    assert len(found.problems) == 1


# --- memory


def peak(path: Path) -> int:
    """Megabytes that a walk takes; what it finds is dropped."""
    tracemalloc.start()
    walker = Walker()
    for member in walker.walk([path]):
        try:
            while member.stream.read(4096):
                pass
        except OSError:
            continue
    taken = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return taken >> 20


@pytest.mark.parametrize("before", [0, 1])
def test_a_header_without_end_takes_no_memory(tmp_path: Path, walk: Walk, before: int) -> None:
    """GNU's sparse format 1.0 has a list of holes in front of the data, as long as it says."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for number in range(before):
            archive.addfile(tarfile.TarInfo(f"{number}"))
        info = tarfile.TarInfo("holes")
        info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "1"}
        content = b"99999999\n" + b"0\n" * (16 * MEBIBYTE)
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    path = put(tmp_path / "a.tar.gz", gzip.compress(tar.getvalue()))
    start = time.process_time()
    found = walk(path)
    # The whole list would take a minute, and two numbers of it as much memory as ten of its bytes.
    assert time.process_time() - start < 10
    assert len(found.files) == before
    assert [f"torn after {before} file" in p.message.en for p in found.problems] == [True]


def test_a_long_table_of_contents_takes_no_memory(tmp_path: Path, walk: Walk, make_zip: Make) -> None:
    entry = struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 0, 0, 33, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"x"
    count = 40 * MEBIBYTE // len(entry)
    front = make_zip({"messages": LOG})
    front = front[: front.index(b"PK\1\2")]
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, count * len(entry), len(front), 0)
    path = put(tmp_path / "a.zip", front + entry * count + end)
    assert peak(path) < 32
    assert walk(path).files == {f"{path}!messages": LOG}


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_is_packed_best_is_unpacked_in_small_steps(tmp_path: Path, walk: Walk, method: int) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive, archive.open("a", "w") as file:
        for _ in range(96):
            file.write(bytes(MEBIBYTE))
        file.write(LOG)
    path = put(tmp_path / "a.zip", content.getvalue())
    assert peak(path) < 32
    assert walk(path, limits=Limits(expanded_freely=1 << 30)).files[f"{path}!a"].endswith(LOG)


def test_a_stream_that_asks_for_much_memory_is_refused(tmp_path: Path, walk: Walk) -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 29}]
    # A flag in a byte of the header says how large a dictionary is needed; it need not be.
    path = put(tmp_path / "a.xz", lzma.compress(LOG, filters=filters))
    found = walk(path)
    assert "emory" in (found.torn.get(str(path)) or found.problems[0].message.en)
    assert walk(put(tmp_path / "b.xz", lzma.compress(LOG, preset=9))).files == {str(tmp_path / "b.xz"): LOG}


# --- time


def test_a_file_that_takes_too_long_is_left_and_the_next_is_read(
    tmp_path: Path, make_tar: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    path = put(tmp_path / "a.tar", make_tar({"a": LOG, "b": LOG}))
    walker = Walker(Limits(seconds_per_file=60))
    members = walker.walk([path])
    first = next(members)
    assert first.stream.read(1000) == LOG[:1000]
    now += 61
    with pytest.raises(OSError, match=r"more than 60 seconds.*--limit seconds-per-file="):
        first.stream.read(1000)
    second = next(members)
    assert b"".join(iter(lambda: second.stream.read(1000), b"")) == LOG
    assert (list(members), walker.problems) == ([], [])


# --- in a case


def test_limits_of_a_case(case: Callable[..., Any], machine: Callable[..., Machine]) -> None:
    two = [machine(name).boot().wait(3600).os_stop() for name in ("svr031", "svr047")]
    usual = case(*two)
    assert "limits" not in usual.model.generator.options
    assert [one.name for one in usual.model.servers] == ["svr031", "svr047"]
    bound = case(*two, limits=Limits(members=1))
    assert bound.model.generator.options["limits"] == {"members": 1}
    assert [one.name for one in bound.model.servers] == ["svr031"]
    assert ["--limit members=" in problem.en for problem in bound.model.problems] == [True]


def test_a_torn_file_and_a_stopped_one_are_told_apart(tmp_path: Path, machine: Callable[..., Machine]) -> None:
    log = machine().boot().wait(3600).os_stop().content()
    path = put(tmp_path / "svr031" / "messages.gz", gzip.compress(log + bytes(12 * MEBIBYTE)))
    (problem,) = acforensics.analyze([path], limits=TIGHT).model.problems
    assert problem.en.startswith(f"{path}: expands to more than 50 times")
    assert "50 倍" in problem.ja
