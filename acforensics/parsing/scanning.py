"""One pass over a chunk of text: which lines some definition may recognise, and how many lines there are.

For a large file it runs in a process of its own, beside the one that parses: threads cannot, because the search asks
for the interpreter at every line that it finds. That process is this file run alone, so it imports nothing of ours.
"""

from __future__ import annotations

import mmap
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
from collections import deque
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import re2

_BEGINNING = 7
"""Bytes of a line that hold the day, in most forms of a stamp."""
_SLOT = 512 << 10
_AHEAD = 6
_LEAST_CORES = 2


class Scanned(NamedTuple):
    """What a pass over a chunk finds."""

    lines: int
    """A last one without its end counts."""
    found: list[tuple[int, int, int]]
    """Candidate lines: where each begins and ends, and how many lines stand before it."""
    begin: dict[bytes, int]
    """How many lines begin as the first one, and as the last one."""


def compile_scan(pattern: bytes) -> Any:
    """A pattern over raw bytes.

    Raises:
        re2.error: it is not one of RE2's, or too large.
    """
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    options.never_nl = True
    options.max_mem = 64 << 20
    return re2.compile(pattern, options)


def scan(pattern: Any, chunk: bytes) -> Scanned:
    """Scan a chunk of whole lines."""
    found = []
    position = counted = before = 0
    while position < len(chunk) and (match := pattern.search(chunk, position)) is not None:
        start = chunk.rfind(b"\n", 0, match.start()) + 1
        end = chunk.find(b"\n", match.end())
        end = len(chunk) if end < 0 else end
        before += chunk.count(b"\n", counted, start)
        counted = start
        found.append((start, end, before))
        position = end + 1
    lines = before + chunk.count(b"\n", counted) + (not chunk.endswith(b"\n"))
    return Scanned(lines, found, count_beginnings(chunk, {chunk[:_BEGINNING], chunk[_last_line(chunk) :][:_BEGINNING]}))


def count_beginnings(chunk: bytes, beginnings: set[bytes]) -> dict[bytes, int]:
    """How many lines begin with each of these."""
    return {one: chunk.count(b"\n" + one) + chunk.startswith(one) for one in beginnings}


def _last_line(chunk: bytes) -> int:
    return chunk.rfind(b"\n", 0, len(chunk) - 1) + 1


class Beside:
    """Scans chunks in a process of its own, a few ahead, and hands them back in order.

    Where there is none, or none any more, the caller does it: what comes out is the same.
    """

    def __init__(self, pattern: Any) -> None:
        self._pattern = pattern
        self._waiting: deque[tuple[bytes, bool]] = deque()
        self._next = 0
        self._memory: mmap.mmap | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._start()

    def _start(self) -> None:
        if not is_worthwhile():
            return
        ours, theirs = socket.socketpair()
        handle = os.memfd_create("acforensics")
        try:
            os.ftruncate(handle, _SLOT * _AHEAD)
            self._memory = mmap.mmap(handle, _SLOT * _AHEAD)
            command = [sys.executable, "-P", str(Path(__file__)), str(theirs.fileno()), str(handle)]
            self._process = subprocess.Popen(  # noqa: S603  (this file, by this interpreter)
                command,
                pass_fds=(theirs.fileno(), handle),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            self._connection = Connection(ours.detach())
            self._connection.send_bytes(self._pattern.pattern)
        except OSError:
            self.close()
        finally:
            ours.close()
            theirs.close()
            os.close(handle)

    @property
    def works(self) -> bool:
        """Whether there is one."""
        return self._connection is not None

    def take(self, chunk: bytes) -> tuple[bytes, Scanned] | None:
        """Take the next chunk; once enough wait, the first of these and what was found in it."""
        sent = False
        if self._connection is not None and self._memory is not None and len(chunk) <= _SLOT:
            place = self._next * _SLOT
            self._memory[place : place + len(chunk)] = chunk
            try:
                self._connection.send((place, len(chunk)))
                sent, self._next = True, (self._next + 1) % _AHEAD
            except OSError:
                self.close()
        self._waiting.append((chunk, sent))
        return self.give() if len(self._waiting) >= _AHEAD or self._connection is None else None

    def give(self) -> tuple[bytes, Scanned] | None:
        """The first chunk that waits."""
        if not self._waiting:
            return None
        chunk, sent = self._waiting.popleft()
        if sent and self._connection is not None:
            try:
                return chunk, Scanned(*self._connection.recv())
            except (OSError, EOFError):
                self.close()
        return chunk, scan(self._pattern, chunk)

    def close(self) -> None:
        """End the process."""
        if self._connection is not None:
            self._connection.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        if self._memory is not None:
            self._memory.close()
        self._connection = self._process = self._memory = None

    def __del__(self) -> None:
        """Where reading a file ended in an error."""
        self.close()


def is_worthwhile() -> bool:
    """Whether a process more may find a core of its own: not within a worker of many, which has one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    alone = multiprocessing.parent_process() is None
    return cores >= _LEAST_CORES and alone and bool(sys.executable) and hasattr(os, "memfd_create")


def _serve(connection: Connection, memory: mmap.mmap) -> None:
    """In the process of its own: until the other end closes."""
    pattern = compile_scan(connection.recv_bytes())
    while True:
        place, length = connection.recv()
        connection.send(tuple(scan(pattern, memory[place : place + length])))


if __name__ == "__main__":
    # Ctrl-C is the affair of whoever asked for this.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        _serve(Connection(int(sys.argv[1])), mmap.mmap(int(sys.argv[2]), 0, prot=mmap.PROT_READ))
    except (EOFError, OSError):
        sys.exit(0)
