"""A journal as journald stores it (`*.journal`): read through journalctl, where this machine has it.

The file is copied to a private temporary file, because inputs are streams and journalctl wants to seek; the copy is
deleted as soon as it has been read. There are no lines: evidence counts entries. Nothing that an input holds is run.
"""

from __future__ import annotations

import glob
import os
import selectors
import shutil
import struct
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from acforensics.bundle import Member
from acforensics.lines import mask_secrets
from acforensics.parsing.recognition import Recogniser
from acforensics.sources.journal import Entries
from acforensics.sources.journal_export import ExportParser, decoded
from acforensics.sources.reading import Reading
from acforensics.texts import Text, text

FORMAT = "binary journal"
_MAGIC = b"LPKSHHRH"
_HEADER = struct.Struct("<88xQQ48xQ")
"""Of the header: its own size, that of all behind it, the number of entries."""
_LARGEST = 4 << 30
"""journald makes no larger file."""
_MOST_OUTPUT = 64
"""Times the size of the file: compressed values grow, but not without end."""
_SMALL = 1 << 30
_SILENCE = 60.0
_LONGEST_RUN = 3600.0
_BLOCK = 256 << 10
_MOST_SAID = 4096
_TOO_SLOW = "no answer in time"


class JournalFile:
    """Reads one binary journal."""

    def __init__(self, reading: Reading, recogniser: Recogniser) -> None:
        self._reading = reading
        self._entries = Entries(reading, recogniser, FORMAT)
        self._encodings: set[str] = set()
        self._program = shutil.which("journalctl")
        self._copy: IO[bytes] | None = None
        self._size = 0
        self._number = 0
        self._failure: Text | None = None
        if self._program is None:
            self._failure = text("input.journal-no-program", name=_name(reading))

    @staticmethod
    def fits(member: Member, head: bytes) -> bool:
        """Whether it begins as every journal file does."""
        return head.startswith(_MAGIC)

    def feed(self, block: bytes) -> None:
        """Copy the next block."""
        if self._failure is not None:
            return
        self._size += len(block)
        try:
            if self._size > _LARGEST:
                raise OSError(f"larger than {_LARGEST >> 30} GiB")
            if self._copy is None:
                self._copy = tempfile.NamedTemporaryFile(prefix="acforensics-", suffix=".journal")  # noqa: SIM115
            self._copy.write(block)
        except OSError as error:
            self._fail(error.strerror or str(error))
            self._drop()

    def close(self) -> None:
        """End of the file: now it can be read."""
        try:
            if self._copy is not None and self._program is not None:
                whole, entries = _claims(self._copy)
                # journalctl opens no file that is shorter than it says to be, but reads one that is empty from there.
                self._copy.truncate(max(whole, self._size))
                self._copy.flush()
                self._run(self._program, self._copy.name)
                if self._size < whole and self._failure is None:
                    self._fail(f"{self._size} of {whole} bytes")
                elif self._number < entries and self._failure is None:
                    # Of some damage it says nothing.
                    self._fail(f"{self._number} of {entries} entries")
        except OSError as error:
            self._fail(error.strerror or str(error))
        finally:
            self._drop()
        self._entries.close(self._number, self._encodings)
        if self._failure is not None:
            self._reading.lose(self._failure)

    def _drop(self) -> None:
        if self._copy is not None:
            self._copy.close()
            self._copy = None

    def _fail(self, reason: str) -> None:
        self._failure = text("input.journal-failed", name=_name(self._reading), count=self._number, error=reason)

    def _run(self, program: str, path: str) -> None:
        """Stream journalctl's export of the copy; what it complains of becomes the failure."""
        parser = ExportParser(self._take, self._damaged)
        command = [program, "--file", glob.escape(path), "-o", "export", "--no-pager", "--all", "--quiet"]
        environment = {"LC_ALL": "C", "SYSTEMD_COLORS": "0", "PATH": os.defpath}
        with subprocess.Popen(  # noqa: S603 (a fixed program and our own file's name)
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
        ) as process:
            try:
                complaint, stopped = self._listen(process, parser)
            finally:
                process.kill()
        parser.close()
        said = complaint.decode("utf-8", "replace")
        for shown in (glob.escape(path), path):
            said = said.replace(shown, _name(self._reading))
        if stopped:
            self._fail(stopped)
        elif process.returncode or said.strip():
            self._fail(mask_secrets(" ".join(said.split())) or f"exit status {process.returncode}")

    def _listen(self, process: subprocess.Popen[bytes], parser: ExportParser) -> tuple[bytes, str]:
        """Pass on what it writes until it ends; what it complained of, and why it was stopped, if it was."""
        output, complaints = process.stdout, process.stderr
        complaint, received, begun = b"", 0, time.monotonic()
        most = max(_SMALL, self._size * _MOST_OUTPUT)
        with selectors.DefaultSelector() as selector:
            for pipe in (output, complaints):
                if pipe is not None:
                    selector.register(pipe, selectors.EVENT_READ)
            while selector.get_map():
                ready = selector.select(_SILENCE)
                if not ready or time.monotonic() - begun > _LONGEST_RUN:
                    return complaint, _TOO_SLOW
                for key, _ in ready:
                    block = os.read(key.fd, _BLOCK)
                    if not block:
                        selector.unregister(key.fileobj)
                    elif key.fileobj is complaints:
                        complaint = (complaint + block)[:_MOST_SAID]
                    else:
                        received += len(block)
                        parser.feed(block)
                if received > most:
                    return complaint, "it expands without end"
        try:
            process.wait(_SILENCE)
        except subprocess.TimeoutExpired:
            return complaint, _TOO_SLOW
        return complaint, ""

    def _take(self, fields: Mapping[bytes, bytes], line: int) -> None:
        self._number += 1
        self._entries.take(decoded(fields, self._encodings), self._number)

    def _damaged(self, line: int, sample: bytes) -> None:
        self._entries.damaged(self._number + 1, sample[:200].decode("utf-8", "replace"))


def _name(reading: Reading) -> str:
    return Path(reading.names[-1] if reading.names else reading.path).name


def _claims(copy: IO[bytes]) -> tuple[int, int]:
    """The size and the number of entries that the file itself says to have; a size that is nonsense counts as 0."""
    copy.seek(0)
    header = copy.read(_HEADER.size)
    if len(header) < _HEADER.size:
        return 0, 0
    own, contents, entries = _HEADER.unpack(header)
    return (own + contents if own + contents <= _LARGEST else 0), entries
