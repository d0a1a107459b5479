"""Torn and corrupted archives: what was before the damage is kept, there is one clear problem, nothing raises or hangs."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

LOG = b"".join(b"Feb  4 09:34:%02d svr031 app: line %d\n" % (n % 60, n * 7919) for n in range(3000))
FILES = {"svr031/messages": LOG, "svr031/secure": LOG[::-1], "svr047/messages": LOG.swapcase()}
Walk = Callable[..., Any]
Make = Callable[..., bytes]
QUICK = settings(max_examples=25, deadline=2000, suppress_health_check=[HealthCheck.function_scoped_fixture])


def told(found: Any) -> bool:
    return bool(found.problems or found.torn)


@pytest.mark.parametrize("part", [0.5, 0.9, 0.97])
def test_a_torn_archive_keeps_what_was_before(tmp_path: Path, walk: Walk, make_archive: Make, part: float) -> None:
    content = make_archive(FILES)
    path = tmp_path / "a"
    path.write_bytes(content[: int(len(content) * part)])
    found = walk(path)
    assert len(found.problems) == 1
    assert found.problems[0].path == str(path)
    assert "again" in found.problems[0].message.en
    for place, read in found.files.items():
        assert FILES[place.removeprefix(f"{path}!")].startswith(read)
    kept = sum(map(len, found.files.values()))
    # bzip2 packs 900 kB into one block: less than one holds nothing.
    assert kept > len(LOG) * 3 * part * 0.7 or content.startswith((b"BZh", b"\xfd7z", b"\x28\xb5"))


def test_every_byte_before_the_tear_is_read(tmp_path: Path, walk: Walk, make_tar: Make) -> None:
    content = make_tar({"messages": LOG})
    for cut in (512 + 1, 512 + 700, 512 + 10_241, 512 + len(LOG) - 1):
        path = tmp_path / "a.tar"
        path.write_bytes(content[:cut])
        found = walk(path)
        assert found.files == {f"{path}!messages": LOG[: cut - 512]}
        assert list(found.torn) == [f"{path}!messages"]
        assert len(found.problems) == 1


@pytest.mark.parametrize("cut", [1, 8, 9, 30, 300])
def test_a_torn_compressed_file(tmp_path: Path, walk: Walk, pack: Make, cut: int) -> None:
    path = tmp_path / "messages.x"
    path.write_bytes(pack(LOG[:20_000])[:-cut])
    found = walk(path)
    assert told(found)
    assert all(LOG.startswith(read) for read in found.files.values())


def test_a_small_torn_gzip_keeps_its_beginning(tmp_path: Path, walk: Walk) -> None:
    path = tmp_path / "messages.gz"
    content = gzip.compress(LOG)
    path.write_bytes(content[:-10])
    found = walk(path)
    assert len(found.files[str(path)]) > len(LOG) * 0.99
    assert "end mark" in found.torn[str(path)]


def test_a_tar_cut_between_members_is_told(tmp_path: Path, walk: Walk, make_tar: Make) -> None:
    content = make_tar({"a": b"x" * 512, "b": b"y" * 512})
    path = tmp_path / "a.tar"
    path.write_bytes(content[:1024])
    found = walk(path)
    assert list(found.files.values()) == [b"x" * 512]
    assert "after 1 file" in found.problems[0].message.en


def test_a_damaged_header_amid_a_tar_is_told(tmp_path: Path, walk: Walk, make_tar: Make) -> None:
    content = bytearray(make_tar({"a": b"x" * 512, "b": b"y" * 512}))
    content[1024 + 150] ^= 0xFF
    path = tmp_path / "a.tar"
    path.write_bytes(content)
    found = walk(path)
    assert list(found.files.values()) == [b"x" * 512]
    assert len(found.problems) == 1


def test_a_wrong_checksum_behind_a_tar_is_told(tmp_path: Path, walk: Walk, make_tar: Make, pack: Make) -> None:
    content = bytearray(pack(make_tar(FILES)))
    content[-6] ^= 0xFF
    path = tmp_path / "a.tgz"
    path.write_bytes(content)
    found = walk(path)
    assert told(found) or content.startswith(b"\x28\xb5")
    assert all(
        FILES[place.removeprefix(f"{path}!")] == read for place, read in found.files.items() if place not in found.torn
    )


def test_a_torn_archive_inside_another_leaves_the_rest(
    tmp_path: Path, walk: Walk, make_archive: Make, make_tar: Make
) -> None:
    inner = make_archive(FILES)
    path = tmp_path / "a.tar"
    path.write_bytes(make_tar({"torn": inner[: len(inner) // 2], "messages": LOG}))
    found = walk(path)
    assert found.files[f"{path}!messages"] == LOG
    assert [p.path for p in found.problems] == [f"{path}!torn"]


def test_a_locked_zip_is_told(tmp_path: Path, walk: Walk, make_zip: Make) -> None:
    content = bytearray(make_zip({"a": b"x", "b": b"y"}))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + at] |= 1
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    found = walk(path)
    assert found.files == {f"{path}!b": b"y"}
    assert [p.path for p in found.problems] == [f"{path}!a"]


@pytest.mark.parametrize("size", [-512, 1 << 40])
def test_absurd_sizes_in_headers(tmp_path: Path, walk: Walk, make_tar: Make, size: int) -> None:
    content = bytearray(make_tar({"a": b"x" * 512, "b": b"y" * 512}))
    content[1024 + 124 : 1024 + 136] = (
        size.to_bytes(12, "big", signed=True) if size < 0 else b"\x80" + size.to_bytes(11, "big")
    )
    header = content[1024:1536]
    header[148:156] = b" " * 8
    content[1024 + 148 : 1024 + 156] = b"%06o\0 " % sum(header)
    path = tmp_path / "a.tar"
    path.write_bytes(content)
    found = walk(path)
    assert found.files[f"{path}!a"] == b"x" * 512
    assert len(found.problems) == 1


@QUICK
@given(
    cut=st.integers(0, 100_000),
    flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), max_size=6),
    nested=st.booleans(),
)
def test_random_damage_never_raises_or_hangs(
    tmp_path: Path,
    walk: Walk,
    make_archive: Make,
    make_tar: Make,
    cut: int,
    flips: list[tuple[float, int]],
    nested: bool,
) -> None:
    small = {name: data[:3000] for name, data in FILES.items()}
    content = bytearray(make_archive({"in": make_archive(small), "log": LOG[:2000]} if nested else small))
    for place, mask in flips:
        content[int(place * len(content))] ^= mask
    path = tmp_path / "a"
    path.write_bytes(content[: cut % (2 * len(content))])
    found = walk(path)
    assert sum(map(len, found.files.values())) < 4_000_000
    assert all(p.message.en and p.message.ja and p.path.startswith(str(path)) for p in found.problems)


@QUICK
@given(
    head=st.sampled_from(
        [b"", b"\x1f\x8b\x08", b"BZh9", b"BZh91AY&SY", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"PK\x03\x04"]
    ),
    rest=st.binary(max_size=900),
)
def test_random_bytes_never_raise(tmp_path: Path, walk: Walk, head: bytes, rest: bytes) -> None:
    path = tmp_path / "a"
    path.write_bytes(head + rest)
    found = walk(path)
    assert told(found) or path.stat().st_size == 0 or found.files
