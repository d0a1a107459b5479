"""`acforensics redact`: a copy of inputs without names, addresses and secrets; first all is learned, then written."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from acforensics import clocks, placing
from acforensics.bundle import READ_ERRORS, Limits, Member, Walker, failure_text, problem_text
from acforensics.errors import InputError, UsageError
from acforensics.masking import ShownNames, mask_path
from acforensics.parsing.definitions import load
from acforensics.parsing.recognition import Recogniser
from acforensics.redaction.cases import redact_text
from acforensics.redaction.content import Content
from acforensics.redaction.learning import Learner
from acforensics.redaction.packing import Container, FolderContainer, Packer, TarContainer, packed, packing_of
from acforensics.redaction.pseudonyms import Pseudonyms
from acforensics.redaction.redacting import Redactor
from acforensics.redaction.rewriting import Rewriter
from acforensics.sources import Reading, read_member
from acforensics.texts import LANGUAGES, Text, input_error, join, literal, text
from acforensics.writing import replacing

ARCHIVE_SUFFIXES = (".tar.gz", ".tgz")
LEFT_OUT = "acforensics-left-out.txt"
"""In the copy: what is not in it, where something is not."""
_BLOCK = 256 << 10
_REASONS = {"journal": "redact.left-out-journal", "binary": "redact.left-out-binary"}


@dataclass
class Copy:
    """What was written, and what was not; all of it already with stand-ins."""

    pseudonyms: Pseudonyms
    files: int = 0
    left_out: list[Text] = field(default_factory=list)
    problems: list[Text] = field(default_factory=list)
    notes: list[Text] = field(default_factory=list)


def redact(inputs: Sequence[str | Path], output: Path, *, force: bool = False, limits: Limits | None = None) -> Copy:
    """Write a redacted copy.

    Args:
        inputs: files, directories or archives.
        output: a folder, or an archive if its name ends in `.tar.gz` or `.tgz`; it appears when it is complete.
        force: replace what is there.
        limits: bounds against hostile inputs, where others than the usual ones are wanted.

    Raises:
        InputError: no input could be read.
        UsageError: the output is there already, or lies within an input.
    """
    given = [Path(one) for one in inputs]
    _check(given, output, force)
    learner, problems, found = _learn(given, limits)
    pseudonyms = Pseudonyms(learner.names)
    rewriter = Rewriter(pseudonyms, tuple(str(path.parent) for path in given))
    if not found:
        said = problems or [text("redact.nothing", inputs=", ".join(map(mask_path, given)))]
        told = input_error(said)
        raise InputError(rewriter.text(str(told)), rewriter.text(told.ja))
    copy = Copy(pseudonyms)
    with replacing(output, force=force) as temporary:
        _write(given, temporary, output, rewriter, copy, limits)
    if learner.names.full():
        copy.notes.append(text("redact.too-many-names"))
    return copy


def _learn(given: Sequence[Path], limits: Limits | None) -> tuple[Learner, list[Text], int]:
    learner, names = Learner(), ShownNames()
    recogniser = Recogniser(load())
    readings: list[Reading] = []
    problems: list[Text] = []
    walker = Walker(limits, names)
    for member in walker.walk(list(given)):
        readings.append(read_member(learner.watch(member), recogniser))
        learner.take_reading(readings[-1])
    problems += map(problem_text, walker.problems)
    servers, _ = placing.date(placing.unique(readings), clocks.choose_zones(readings, None), None).place()
    for name in (*servers.servers, *servers.by_reading.values()):
        learner.host(name)
    return learner, problems, len(readings)


def _write(
    given: Sequence[Path], temporary: Path, output: Path, rewriter: Rewriter, copy: Copy, limits: Limits | None
) -> None:
    names = ShownNames()
    is_archive = _is_archive(output)
    with tempfile.TemporaryDirectory(dir=temporary.parent, prefix=".acforensics-") as scratch:
        outermost: Container
        stream: IO[bytes] | None = None
        if is_archive:
            stream = temporary.open("wb")
            outermost = TarContainer(stream, packing_of(output.name))
        else:
            temporary.unlink()
            temporary.mkdir()
            outermost = FolderContainer(temporary)
        try:
            packer = Packer(outermost, Path(scratch))
            writer = _Writer(packer, rewriter, copy, flat=is_archive)
            walker = Walker(limits, names)
            for member in walker.walk(list(given)):
                writer.take(member)
            copy.problems += [redact_text(problem_text(problem), rewriter) for problem in walker.problems]
            writer.close()
        finally:
            if stream is not None:
                stream.close()


class _Writer:
    """Writes members one by one."""

    def __init__(self, packer: Packer, rewriter: Rewriter, copy: Copy, *, flat: bool) -> None:
        self._packer = packer
        self._rewriter = rewriter
        self._copy = copy
        self._flat = flat
        self._names: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._taken: set[tuple[str, ...]] = set()

    def take(self, member: Member) -> None:
        """Write a file, unless nobody can read it here."""
        names, archives = self._renamed(member), member.archives
        if self._flat and archives and archives[0] == 1:
            # An archive in an archive by itself: its files lie in a folder of its name.
            archives = archives[1:]
        container = self._packer.container(names, archives, member.written)
        parts = names[archives[-1] if archives else 0 :]
        if member.link is not None:
            container.link(parts, self._rewriter.path(member.link), member.written)
            self._copy.files += 1
            return
        with self._packer.scratch_file() as spool:
            content = Content(member, Redactor(self._rewriter))
            stream = packed(spool, packing_of(parts[-1]))
            self._fill(member, content, stream)
            stream.close()
            if content.sort in _REASONS:
                self._leave_out(member, content.sort)
                return
            size = spool.tell()
            spool.seek(0)
            container.add(parts, spool, size, member.written)
        self._copy.files += 1

    def close(self) -> None:
        """Say in the copy what is not there, and end it."""
        if self._copy.left_out:
            container = self._packer.container((), (), None)
            said = "".join(f"{one.within(lang)}\n" for lang in LANGUAGES for one in self._copy.left_out).encode()
            with self._packer.scratch_file() as spool:
                spool.write(said)
                spool.seek(0)
                container.add((LEFT_OUT,), spool, len(said), None)
        self._packer.close()

    def _fill(self, member: Member, content: Content, stream: IO[bytes]) -> None:
        try:
            while block := member.stream.read(_BLOCK):
                stream.write(content.feed(block))
        except READ_ERRORS as error:
            problem = failure_text(error)
            self._copy.problems.append(self._about(member, problem))
        stream.write(content.close())

    def _leave_out(self, member: Member, sort: str) -> None:
        self._copy.left_out.append(self._about(member, text(_REASONS[sort])))

    def _about(self, member: Member, said: Text) -> Text:
        return redact_text(join([literal(f"{member.path}: "), said], literal("")), self._rewriter)

    def _renamed(self, member: Member) -> tuple[str, ...]:
        """The names of a file with stand-ins; two that would become one are numbered."""
        names: tuple[str, ...] = ()
        for length in range(1, len(member.names) + 1):
            own = member.names[:length]
            if own not in self._names:
                name = self._rewriter.path(own[-1])
                number, chosen = 1, (*names, name)
                while chosen in self._taken:
                    number += 1
                    chosen = (*names, f"{name}({number})")
                self._names[own] = chosen
                self._taken.add(chosen)
            names = self._names[own]
        return names


# --- where it is written


def _is_archive(output: Path) -> bool:
    return output.name.lower().endswith(ARCHIVE_SUFFIXES)


def _check(given: Sequence[Path], output: Path, force: bool) -> None:
    if not output.parent.is_dir():
        raise UsageError(f"{output}: the folder {output.parent} does not exist; create it first")
    place = output.resolve()
    for path in map(Path.resolve, given):
        if place == path or path in place.parents or place in path.parents:
            raise UsageError(f"{output}: lies in an input, or an input in it; choose another place for the copy")
    if output.is_dir() and _is_archive(output):
        raise UsageError(f"{output}: is a folder; choose another name for the archive")
    is_empty = output.is_dir() and not any(output.iterdir())
    if output.exists() and not is_empty and not force:
        raise UsageError(f"{output}: is there already; choose another place, or replace it with --force")
