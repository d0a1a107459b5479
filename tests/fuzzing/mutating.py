"""Makes damaged and hostile bundles: the same number gives the same bundle, on every machine."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import zstandard

from tests.fuzzing.seeds import LONGEST, START, Files, bundles

_MOST_FILES = 6
_NUMBERS = [b"0", b"-1", b"1", b"99", b"2147483648", b"9" * 25, b"1e999", b"00000000000000000000"]
_PIECES = [
    b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\n\n\n", b"\x1b[2J", b"\x1f\x8b\x08", b"PK\x03\x04", b"\xed\xa0\x80",
    b"Feb 29 23:59:60 ", b"Dec 31 23:59:59 ", b"Jan  1 00:00:00 ", b"0000-00-00T00:00:00Z ", b"9999-12-31T23:59:59+14:00 ",
    b"1970-01-01T00:00:00Z ", b"message repeated 99999999 times: [ x]", b"<script>alert(1)</script>", b"{{7*7}}",
    b"msg=audit(99999999999999.9:1)", "（サーバー）".encode(), "監視".encode("cp932"), "監視".encode("euc_jp"), b"%s%n{0}",
    b"\"\\\"", b"]]>", b"&x;", b"$(reboot)", b"`halt`",
]  # fmt: skip
Change = Callable[[random.Random, bytes, bytes], bytes]


@dataclass(frozen=True)
class Bundle:
    """A bundle as it lies on a disk: files by their path, or one archive. `name` tells how it came about."""

    name: str
    files: Files

    def write(self, folder: Path) -> Path:
        """Write it, and say where."""
        for path, content in self.files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        return folder


def make(seed: int, recordings: Path | None = None) -> Bundle:
    """The bundle of a number."""
    rng = random.Random(seed)
    seeds = bundles(recordings)
    chosen = rng.choice(seeds)
    names = sorted(chosen)
    files: Files = {}
    for name in rng.sample(names, min(len(names), rng.randint(1, _MOST_FILES))):
        content, steps = _cropped(rng, chosen[name]), []
        for _ in range(rng.choice([0, 1, 1, 2, 3, 5])):
            other = rng.choice(seeds)
            change = rng.choice(CHANGES)
            content = change(rng, content, other[rng.choice(sorted(other))])
            steps.append(change.__name__.strip("_"))
        files[_renamed(rng, name)] = content[: 4 * LONGEST]
    packing = rng.choice(list(PACKINGS))
    packed = PACKINGS[packing](rng, files)
    if len(packed) == 1 and packing != "folder" and rng.random() < 0.4:
        ((path, content),) = packed.items()
        change = rng.choice(CHANGES)
        packed = {path: change(rng, content, content)}
        packing += f", {change.__name__.strip('_')}"
    return Bundle(packing, packed)


def _cropped(rng: random.Random, content: bytes) -> bytes:
    """Some of a large file: its beginning, which tells its form, and lines from anywhere."""
    if content.startswith(b"\x1f\x8b"):
        content = gzip.decompress(content)
    if len(content) <= LONGEST:
        return content
    start = content.find(b"\n", rng.randrange(len(content) - LONGEST // 2)) + 1
    head = content[: content.find(b"\n", 2048) + 1]
    return head + content[start : start + rng.choice([4 << 10, 16 << 10, LONGEST])]


def _renamed(rng: random.Random, name: str) -> str:
    """Now and then a file has the name of another, or one of an attacker's."""
    if rng.random() < 0.9:
        return name
    others = ["messages", "wtmp", "clp.conf", "stop.sh", "last.txt", "x" * 200, "サーバー.log", "a!b", "svr031 (1).log"]
    return name.rpartition("/")[0] + "/" + rng.choice(others) if "/" in name else rng.choice(others)


# --- changes of a content; the third argument is that of another file


def _flipped(rng: random.Random, content: bytes, _: bytes) -> bytes:
    changed = bytearray(content)
    for _number in range(rng.choice([1, 3, 30])):
        if changed:
            changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _cut(rng: random.Random, content: bytes, _: bytes) -> bytes:
    at = rng.randint(0, len(content))
    return content[at:] if rng.random() < 0.3 else content[:at]


def _span(rng: random.Random, content: bytes) -> tuple[int, int]:
    start = rng.randint(0, len(content))
    return start, min(len(content), start + rng.choice([1, 20, 400, 5_000, 60_000]))


def _spliced(rng: random.Random, content: bytes, other: bytes) -> bytes:
    (start, end), (first, last) = _span(rng, content), _span(rng, other)
    return content[:start] + other[first:last] + content[end:]


def _doubled(rng: random.Random, content: bytes, _: bytes) -> bytes:
    start, end = _span(rng, content)
    return content[:end] + content[start:end] * rng.choice([1, 2, 30]) + content[end:]


def _dropped(rng: random.Random, content: bytes, _: bytes) -> bytes:
    start, end = _span(rng, content)
    return content[:start] + content[end:]


def _shuffled(rng: random.Random, content: bytes, _: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    start = rng.randint(0, len(lines))
    part = lines[start : start + rng.choice([3, 50, 100_000])]
    rng.shuffle(part)
    return b"".join([*lines[:start], *part, *lines[start + len(part) :]])


def _turned(rng: random.Random, content: bytes, _: bytes) -> bytes:
    return b"".join(content.splitlines(keepends=True)[::-1])


def _nul_run(rng: random.Random, content: bytes, _: bytes) -> bytes:
    start, end = _span(rng, content)
    return content[:start] + bytes(rng.choice([1, 30, 4096, 100_000])) + content[end if rng.random() < 0.5 else start :]


def _inserted(rng: random.Random, content: bytes, _: bytes) -> bytes:
    for _number in range(rng.choice([1, 5])):
        at = rng.randint(0, len(content))
        piece = rng.choice([*_PIECES, rng.randbytes(rng.choice([1, 16, 300]))])
        content = content[:at] + piece + content[at:]
    return content


def _numbers(rng: random.Random, content: bytes, _: bytes) -> bytes:
    """Some numbers become others, which no clock or counter shows."""
    changed = bytearray()
    rate = rng.choice([0.001, 0.02])
    within = False
    for byte in content:
        digit = 48 <= byte <= 57
        if digit and not within and rng.random() < rate:
            changed += rng.choice(_NUMBERS)
        else:
            changed.append(byte)
        within = digit
    return bytes(changed)


def _later(rng: random.Random, content: bytes, _: bytes) -> bytes:
    """A clock that was set: from somewhere on, another digit in every stamp of that kind."""
    at = rng.randint(0, len(content))
    old, new = (b"%d" % rng.randrange(10) for _number in range(2))
    front = rng.choice([b" ", b":", b"-", b"T", b"2"])
    return content[:at] + content[at:].replace(front + old, front + new)


def _without_ends(rng: random.Random, content: bytes, _: bytes) -> bytes:
    start, end = _span(rng, content)
    return (
        content[:start]
        + content[start:end].replace(b"\n", rng.choice([b"", b"\r", b"\0", b"\r\n", b"\\\n"]))
        + content[end:]
    )


def _recoded(rng: random.Random, content: bytes, _: bytes) -> bytes:
    text = content.decode("utf-8", "replace")
    return text.encode(rng.choice(["utf-16", "utf-16-be", "utf-32", "cp932", "euc_jp"]), "replace")


CHANGES: list[Change] = [
    _flipped, _cut, _spliced, _doubled, _dropped, _shuffled, _turned, _nul_run, _inserted, _numbers, _later,
    _without_ends, _recoded,
]  # fmt: skip


# --- packing


def _tar(rng: random.Random, files: Files) -> bytes:
    buffer = io.BytesIO()
    form = rng.choice([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(content), START + 100_000
            archive.addfile(info, io.BytesIO(content))
            if rng.random() < 0.1:
                special = tarfile.TarInfo(rng.choice(["../climbs", "/absolute", "etc/localtime", "dev"]))
                special.type = rng.choice([tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
                special.linkname = rng.choice(["/etc/passwd", name, "../../usr/share/zoneinfo/Asia/Tokyo"])
                archive.addfile(special)
    return buffer.getvalue()


def _zip(rng: random.Random, files: Files) -> bytes:
    buffer = io.BytesIO()
    methods = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 11, 26, 9, 0, 0)), content, rng.choice(methods))
    return buffer.getvalue()


def _gzip(content: bytes) -> bytes:
    return gzip.compress(content, 6, mtime=0)


def _each(rng: random.Random, files: Files) -> Files:
    packers = [(".gz", _gzip), (".bz2", bz2.compress), (".xz", lzma.compress), (".zst", _zstd), ("", bytes)]
    found = {}
    for name, content in files.items():
        ending, packer = rng.choice(packers)
        found[name + ending] = packer(content)
    return found


def _zstd(content: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(content)


PACKINGS: dict[str, Callable[[random.Random, Files], Files]] = {
    "folder": lambda _, files: files,
    "each": _each,
    "tar": lambda rng, files: {"bundle.tar": _tar(rng, files)},
    "tar.gz": lambda rng, files: {"bundle.tar.gz": _gzip(_tar(rng, files))},
    "tar.bz2": lambda rng, files: {"bundle.tar.bz2": bz2.compress(_tar(rng, files))},
    "tar.xz": lambda rng, files: {"bundle.tar.xz": lzma.compress(_tar(rng, files))},
    "tar.zst": lambda rng, files: {"bundle.tar.zst": _zstd(_tar(rng, files))},
    "zip": lambda rng, files: {"bundle.zip": _zip(rng, files)},
    "tar in zip": lambda rng, files: {"bundle.zip": _zip(rng, {"svr031.tgz": _gzip(_tar(rng, files))})},
    "zip in tar": lambda rng, files: {"bundle.tar.gz": _gzip(_tar(rng, {"svr031.zip": _zip(rng, _each(rng, files))}))},
}
