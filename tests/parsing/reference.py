"""The slow way: every line by itself, with Python's `re`. It shares nothing with the scan, its chunks and its counting."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from acforensics.lines import Record, decode_line, frame, mask_secrets, split_records
from acforensics.parsing.definitions import DefinitionFile, EventDefinition, Refinement
from acforensics.sources.masked import mask_record

# What RE2 writes otherwise.
_TRANSLATED = (("\\z", r"\\Z"), (r"\pN", r"[0-9]"), (r"\p{Han}", "[\u4e00-\u9fff]"))


class Meaning(NamedTuple):
    line: int
    kind: str
    definition: str
    fields: Mapping[str, str]


@dataclass
class Reference:
    files: list[DefinitionFile]
    _rules: dict[str, list[tuple[str, EventDefinition, Refinement | None]]] = field(default_factory=dict)

    def events(self, content: bytes) -> Iterator[Meaning]:
        """What the lines of a log mean."""
        for number, line in enumerate(content.split(b"\n"), start=1):
            for _, part in split_records(line.rstrip(b"\r")):
                record = frame(mask_secrets(decode_line(part)[0]))
                found = self.meaning(mask_record(record), number) if record is not None else None
                if found is not None:
                    yield found

    def meaning(self, record: Record, number: int) -> Meaning | None:
        """That of the first definition that fits; `None` where that is of interest near an end only."""
        for name, event, fallback in self._for(record.program):
            if event.pids and record.pid not in event.pids:
                continue
            wording = fallback.wording if fallback is not None else None
            match = _compiled(wording or event.pattern).search(record.message)
            if match is None:
                continue
            if event.near_only:
                return None
            read = {key: value for key, value in match.groupdict().items() if value is not None}
            if fallback is not None:
                told = {key: values[0] for key, values in fallback.when.items() if len(values) == 1}
                fields = {**told, **fallback.set, **read, "recognised_by": "wording"}
                return Meaning(number, fallback.kind, f"{name}/{fallback.id}", fields)
            fields = {**event.set, **read}
            for refinement in event.refine:
                if all(
                    fields.get(key, "").lower() in map(str.lower, values) for key, values in refinement.when.items()
                ):
                    detail = (
                        _compiled(refinement.pattern).search(fields.get("text", "")) if refinement.pattern else None
                    )
                    more = (
                        {key: value for key, value in detail.groupdict().items() if value is not None} if detail else {}
                    )
                    return Meaning(
                        number, refinement.kind, f"{name}/{refinement.id}", {**fields, **refinement.set, **more}
                    )
            return Meaning(number, event.kind, f"{name}/{event.id}", fields)
        return None

    def _for(self, program: str) -> list[tuple[str, EventDefinition, Refinement | None]]:
        """Definitions that may speak of a program's records: named ones first, nets and wordings last."""
        if program not in self._rules:
            ranked = [
                (wording is not None, event.yields, rank, place, number, name, event, wording)
                for place, (name, event, wording) in enumerate(self._all())
                for number, pattern in enumerate(event.programs)
                if (rank := _rank(pattern, program)) is not None
            ]
            ranked.sort(key=lambda one: one[:5])
            self._rules[program] = [one[5:] for one in ranked]
        return self._rules[program]

    def _all(self) -> Iterator[tuple[str, EventDefinition, Refinement | None]]:
        for file in self.files:
            for event in file.event:
                yield file.name, event, None
            for event in file.event:
                for refinement in event.refine:
                    if refinement.wording is not None:
                        yield file.name, event, refinement


def _rank(pattern: str, program: str) -> int | None:
    if pattern == "*":
        return 2
    if pattern.endswith("*"):
        return 1 if program.startswith(pattern[:-1]) else None
    return 0 if pattern == program else None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    for ours, theirs in _TRANSLATED:
        pattern = pattern.replace(ours, theirs)
    # RE2's classes are those of ASCII. A record has no line end, so that `$` is the end of it for both.
    return re.compile(pattern, re.ASCII)
