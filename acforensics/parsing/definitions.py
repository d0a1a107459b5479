"""Loads and validates `parsers/*.toml`. The format is documented in docs/definitions.md."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

import re2
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from acforensics import knowledge
from acforensics.events import KINDS, Certainty
from acforensics.knowledge import Names
from acforensics.parsing.patterns import class_beyond_ascii, compiled
from acforensics.texts import Text

KindName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$")]
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$")]
Severity = Literal["error", "warning", "notice", "info"]
_NEARLY = 0.9


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Example(_Strict):
    """A line that must be recognised, and fields that it must give; `file` is the name of the file it stands in."""

    line: str
    file: str | None = None
    fields: dict[str, str] = {}


class Refinement(_Strict):
    """A narrower kind of the same record: `when` names field values that the base pattern found."""

    id: Identifier
    kind: KindName
    when: dict[str, list[str]]
    pattern: str | None = None
    """Named groups to read from the field `text` of the base; the kind holds even where it does not match."""
    wording: str | None = None
    """Fallback for lines that lack the base form: recognised by this pattern on the whole text, marked as inferred."""
    set: dict[str, str] = {}
    severity: Severity | None = None
    examples: list[Example] = []
    not_examples: list[str] = []

    @field_validator("pattern", "wording")
    @classmethod
    def _linear(cls, value: str | None) -> str | None:
        return None if value is None else _checked_pattern(value)

    @field_validator("examples", mode="before")
    @classmethod
    def _plain_lines(cls, value: Any) -> Any:
        return _examples(value)


class EventDefinition(_Strict):
    """One kind of line."""

    id: Identifier
    kind: KindName
    programs: list[str] = Field(min_length=1)
    """Tags that may write it; `name*` for a prefix, `""` for a line without a tag, `*` for any."""
    pids: list[str] = []
    """Where given, the pid must be one of these (`1`: the system's own systemd; `""`: none written)."""
    pattern: str
    set: dict[str, str] = {}
    status: Certainty
    source: str = Field(min_length=3)
    severity: Severity = "info"
    yields: bool = False
    """A net over guessed words: any other definition that fits comes first, and its programs do not count as known."""
    near_only: bool = False
    """Too common to be looked for everywhere: recognised only near a stop or a start."""
    refine: list[Refinement] = []
    examples: list[Example] = Field(min_length=1)
    not_examples: list[str] = []

    @field_validator("pattern")
    @classmethod
    def _linear(cls, value: str) -> str:
        return _checked_pattern(value)

    @field_validator("examples", mode="before")
    @classmethod
    def _plain_lines(cls, value: Any) -> Any:
        return _examples(value)


class OwnFile(_Strict):
    """Files that hold one program's records: a stamp and a text, without host or tag."""

    names: list[str] = Field(min_length=1)
    """Patterns for the file's name without its rotation (`apcupsd.events`, `*.schedule`), whatever the case."""
    program: str = Field(min_length=1)


class DefinitionFile(_Strict):
    """One `parsers/*.toml`."""

    name: Identifier
    title: Text
    description: str = ""
    file: list[OwnFile] = []
    bystanders: list[str] = []
    """Programs that are known and end no machine: they are not reported as unclassified. `name*` for a prefix."""
    event: list[EventDefinition] = []

    @model_validator(mode="after")
    def _says_something(self) -> DefinitionFile:
        if not self.event and not self.bystanders:
            raise ValueError("needs an [[event]], or bystanders")
        return self


def _examples(value: Any) -> Any:
    if isinstance(value, list):
        return [{"line": item} if isinstance(item, str) else item for item in value]
    return value


def _checked_pattern(pattern: str) -> str:
    try:
        found = compiled(pattern)
    except re2.error as error:
        raise ValueError(
            f"not a valid RE2 pattern ({error}); look-around and back-references are not available"
        ) from None
    if (beyond := class_beyond_ascii(pattern)) is not None:
        raise ValueError(f"characters outside ASCII cannot stand in {beyond}: write (?:あ|い) instead")
    if found.search("") is not None:
        raise ValueError("it matches the empty text, so it would match every line")
    return pattern


def load(directories: list[Path] | None = None) -> list[DefinitionFile]:
    """Load our definitions, then the site's: a file of the same name replaces ours, another one adds to ours.

    Args:
        directories: a site's folders (`--parsers`), in order.

    Raises:
        DefinitionError: a file or folder cannot be read or is wrong; the message has file, line and reason.
    """
    files = []
    names = Names()
    for path in knowledge.find("parsers", directories or [], "parser definitions (--parsers)"):
        file = load_file(path)
        names.take(file.name, path, ("name",))
        files.append(file)
    return files


def kinds_of(files: Iterable[DefinitionFile]) -> set[str]:
    """The kinds of events that there can be: of these definitions, and of our vocabulary."""
    events = [event for file in files for event in file.event]
    return {*KINDS, *(event.kind for event in events), *(one.kind for event in events for one in event.refine)}


def misspelt(files: Iterable[DefinitionFile]) -> list[tuple[str, str, str]]:
    """Definitions of a kind that decides nothing and is nearly one that does: definition, its kind, the other."""
    found = []
    for file in files:
        for event in file.event:
            for identifier, kind in ((event.id, event.kind), *((one.id, one.kind) for one in event.refine)):
                near = get_close_matches(kind, KINDS, 1, _NEARLY) if kind not in KINDS else []
                found += [(f"{file.name}/{identifier}", kind, one) for one in near]
    return found


def load_file(path: Path) -> DefinitionFile:
    """Load one definition file.

    Raises:
        DefinitionError: see `load`.
    """
    file = knowledge.load_file(path, DefinitionFile)
    names = Names("the id")
    for i, event in enumerate(file.event):
        names.take(event.id, path, ("event", i, "id"))
        for j, refinement in enumerate(event.refine):
            names.take(refinement.id, path, ("event", i, "refine", j, "id"))
    return file
