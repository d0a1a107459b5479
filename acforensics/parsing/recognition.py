"""Compiles definitions into one byte scan, and recognises framed records."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

import re2

from acforensics.errors import DefinitionError
from acforensics.events import UNCLASSIFIED, Certainty
from acforensics.lines import Record, frame, frame_own
from acforensics.parsing.agents import agents, speaks_of_an_end
from acforensics.parsing.definitions import DefinitionFile, EventDefinition, Refinement
from acforensics.parsing.patterns import compiled, named, scan_forms
from acforensics.parsing.scanning import compile_scan

# Lines that the reader of text files resolves: repetitions of the line before, and where a listing begins a boot.
_READERS_OWN = {rb"message (?:'.*' )?repeated \d+ times?", rb"-- Boot [0-9a-f]{32} --", rb"-- Reboot --"}
_ROTATED = re.compile(r"(?:[-.](?:\d{8}|\d{1,3}|old|bak|gz|xz|bz2|zst))*$")


class Recognition(NamedTuple):
    """What a record means."""

    kind: str
    fields: dict[str, str]
    definition: str
    certainty: Certainty
    near_only: bool = False


@dataclass(slots=True)
class _Rule:
    definition: str
    event: EventDefinition
    pattern: Any
    refinements: list[tuple[Refinement, Any]]
    fallback: Refinement | None = None
    _by_values: dict[tuple[str, ...], dict[tuple[str, ...], int]] = field(init=False)
    """Names of fields → their values → the first refinement that asks for them."""

    def __post_init__(self) -> None:
        """Prepare the look-up: a message list has hundreds of refinements."""
        self._by_values = {}
        for position, (refinement, _) in enumerate(self.refinements):
            names = tuple(sorted(refinement.when))
            known = self._by_values.setdefault(names, {})
            for values in itertools.product(*(map(str.lower, refinement.when[name]) for name in names)):
                known.setdefault(values, position)

    def _refine(self, fields: dict[str, str]) -> tuple[Refinement, Any] | None:
        """The first refinement whose values the fields have."""
        found = [
            position
            for names, known in self._by_values.items()
            if (position := known.get(tuple(fields.get(name, "").lower() for name in names))) is not None
        ]
        return self.refinements[min(found)] if found else None

    def recognise(self, record: Record) -> Recognition | None:
        if self.event.pids and record.pid not in self.event.pids:
            return None
        match = self.pattern.search(record.message)
        if match is None:
            return None
        fields = named(match)
        if self.fallback is not None:
            # Which of several ids wrote it, the words do not tell.
            values = {name: allowed[0] for name, allowed in self.fallback.when.items() if len(allowed) == 1}
            return Recognition(
                self.fallback.kind,
                {**values, **self.fallback.set, **fields, "recognised_by": "wording"},
                f"{self.definition}/{self.fallback.id}",
                "inferred",
            )
        fields = {**self.event.set, **fields}
        narrower = self._refine(fields)
        if narrower is not None:
            refinement, pattern = narrower
            detail = pattern.search(fields.get("text", "")) if pattern is not None else None
            found = named(detail) if detail is not None else {}
            fields = {**fields, **refinement.set, **found}
            return Recognition(refinement.kind, fields, f"{self.definition}/{refinement.id}", self.event.status)
        name = f"{self.definition}/{self.event.id}"
        return Recognition(self.event.kind, fields, name, self.event.status, self.event.near_only)


class Recogniser:
    """All definitions, ready to use. `scan` finds candidate lines in raw bytes; `recognise` decides on a record."""

    steady = True
    """Whether `scan` stays what it is while a file is read."""

    def __init__(self, files: list[DefinitionFile]) -> None:
        self.files = files
        self._by_program: dict[str, list[_Rule]] = {}
        self._by_prefix: list[tuple[str, _Rule]] = []
        self._any: list[_Rule] = []
        self._cache: dict[str, list[_Rule]] = {}
        self._near_cache: dict[str, list[_Rule]] = {}
        self._own_files = [(name.lower(), own.program) for file in files for own in file.file for name in own.names]
        understood = [e for file in files for e in file.event if not e.yields and e.kind != UNCLASSIFIED]
        named = {program for event in understood for program in event.programs}
        named |= {program for file in files for program in file.bystanders}
        self.near_programs = {p for file in files for e in file.event if e.near_only for p in e.programs}
        self._named = {program for program in named if not program.endswith("*")}
        self._named_prefixes = tuple(
            sorted(program[:-1] for program in named if program.endswith("*") and program != "*")
        )
        ending = agents(files)
        self._agents = {program for program in ending if not program.endswith("*")}
        self._agent_prefixes = tuple(sorted(program[:-1] for program in ending if program.endswith("*")))
        for file in files:
            for event in file.event:
                self._add(file.name, event)
            for event in file.event:
                for refinement in event.refine:
                    if refinement.wording is not None:
                        self._add(file.name, event, refinement)
        self.scan = _compile_scan([pattern for file in files for pattern in _patterns(file)])

    def _add(self, name: str, event: EventDefinition, fallback: Refinement | None = None) -> None:
        source = fallback.wording if fallback is not None and fallback.wording else event.pattern
        # A fallback stands for one refinement already: it needs none of the others.
        refinements = [(r, compiled(r.pattern) if r.pattern else None) for r in event.refine if fallback is None]
        rule = _Rule(name, event, compiled(source), refinements, fallback)
        for program in event.programs:
            if program == "*":
                self._any.append(rule)
            elif program.endswith("*"):
                self._by_prefix.append((program[:-1], rule))
            else:
                self._by_program.setdefault(program, []).append(rule)

    def _rules(self, program: str) -> list[_Rule]:
        rules = self._cache.get(program)
        if rules is None:
            prefixed = [rule for prefix, rule in self._by_prefix if program.startswith(prefix)]
            rules = [*self._by_program.get(program, []), *prefixed, *self._any]
            rules.sort(key=lambda rule: (rule.fallback is not None, rule.event.yields))
            if len(self._cache) < 4096:  # tags come from hostile input
                self._cache[program] = rules
        return rules

    def knows(self, program: str) -> bool:
        """Whether some definition names this program."""
        program = program.strip("()")
        return program in self._named or program.startswith(self._named_prefixes)

    def ignores(self, program: str, message: str) -> bool:
        """Whether a message that no definition recognises is of no interest even near an end.

        A program that some definition names is known; but one that can end a machine may announce it in other words.
        """
        if not self.knows(program):
            return False
        program = program.strip("()")
        is_agent = program in self._agents or program.startswith(self._agent_prefixes)
        return not is_agent or not speaks_of_an_end(message)

    def may_matter_near(self, record: Record) -> bool:
        """Whether a record that the scan did not find may be of interest near a stop or a start: most are of none."""
        if not self.ignores(record.program, record.message):
            return True
        rules = self._near_cache.get(record.program)
        if rules is None:
            rules = [rule for rule in self._rules(record.program) if rule.event.near_only]
            if len(self._near_cache) < 4096:
                self._near_cache[record.program] = rules
        return any(rule.recognise(record) is not None for rule in rules)

    def owner(self, file_name: str) -> str:
        """The program whose own log a file is, by its name; empty for logs that many programs write."""
        name = _ROTATED.sub("", file_name.lower())
        return next((program for pattern, program in self._own_files if fnmatchcase(name, pattern)), "")

    def recognise(self, record: Record) -> Recognition | None:
        """Return what the record means, by the first definition that fits, or `None`."""
        for rule in self._rules(record.program):
            found = rule.recognise(record)
            if found is not None:
                return found
        return None

    def recognise_all(self, record: Record) -> list[str]:
        """Names of every definition that fits: for `parsers check`, where more than one is a mistake.

        One that yields is named only where no other fits.
        """
        exact = [rule for rule in self._rules(record.program) if rule.fallback is None]
        found = [(rule, rule.recognise(record)) for rule in exact]
        firm = [recognition.definition for rule, recognition in found if recognition and not rule.event.yields]
        names = firm or [recognition.definition for _, recognition in found if recognition]
        if names:
            return names
        first = self.recognise(record)
        return [first.definition] if first is not None else []


def _patterns(file: DefinitionFile) -> list[str]:
    events = [event.pattern for event in file.event if not event.near_only]
    wordings = [r.wording for event in file.event for r in event.refine if r.wording is not None]
    return events + wordings


def _compile_scan(patterns: list[str]) -> Any:
    """One pattern over raw bytes that finds every line some definition may recognise."""
    alternatives = sorted({scanned for pattern in patterns for scanned in scan_forms(pattern)} | _READERS_OWN)
    try:
        return compile_scan(b"|".join(b"(?:" + form + b")" for form in alternatives))
    except re2.error as error:
        raise DefinitionError(f"parsers: the definitions together do not compile to one scan: {error}") from None


def check_examples(recogniser: Recogniser) -> list[str]:
    """Hold every example against all definitions.

    Returns:
        One sentence for each mistake (`file: id: …`); empty when everything is as it says.
    """
    problems: list[str] = []
    for file in recogniser.files:
        for event in file.event:
            problems += _check(recogniser, file.name, event)
            for refinement in event.refine:
                problems += _check(recogniser, file.name, refinement)
    return problems


def _scan_finds(pattern: str, line: str) -> bool:
    """Whether this pattern alone finds the line amid others, in every encoding that can write it."""
    alone = _compile_scan([pattern])
    for codec in ("utf-8", "euc_jp", "cp932"):
        try:
            raw = line.encode(codec)
        except UnicodeEncodeError:
            continue
        if alone.search(b"before\n" + raw + b"\nbehind\n") is None:
            return False
    return True


def _check(recogniser: Recogniser, name: str, item: EventDefinition | Refinement) -> list[str]:
    own = f"{name}/{item.id}"
    problems = []
    for example in item.examples:
        own_log = recogniser.owner(example.file) if example.file else ""
        record = frame_own(example.line, own_log) if own_log else frame(example.line)
        if record is None:
            problems.append(f"{own}: the example has no stamp and host that fit any framing: {example.line}")
            continue
        pattern = item.pattern if isinstance(item, EventDefinition) else None
        if pattern is not None and not _scan_finds(pattern, example.line):
            problems.append(f"{own}: the scan does not find the example: {example.line}")
        names = recogniser.recognise_all(record)
        if isinstance(item, EventDefinition) and item.yields and names and own not in names:
            # A site's own definition has taken the place of a guess.
            continue
        if names != [own]:
            problems.append(f"{own}: the example is recognised as {', '.join(names) or 'nothing'}: {example.line}")
            continue
        found = recogniser.recognise(record)
        for key, expected in example.fields.items():
            actual = found.fields.get(key) if found is not None else None
            if actual != expected:
                problems.append(f"{own}: the field '{key}' is {actual!r}, not {expected!r}, in: {example.line}")
    for line in item.not_examples:
        record = frame(line)
        if record is not None and own in recogniser.recognise_all(record):
            problems.append(f"{own}: recognises a line that it must not: {line}")
    return problems
