"""Loads and validates `parsers/*.toml`. The format is documented in docs/definitions.md."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

import re2
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from acforensics import resources
from acforensics.errors import DefinitionError
from acforensics.events import Certainty
from acforensics.texts import Text

KindName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$")]
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$")]
Severity = Literal["error", "warning", "notice", "info"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Example(_Strict):
    """A line that must be recognised, and fields that it must give."""

    line: str
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


class DefinitionFile(_Strict):
    """One `parsers/*.toml`."""

    name: Identifier
    title: Text
    description: str = ""
    event: list[EventDefinition] = Field(min_length=1)

    @model_validator(mode="after")
    def _unique_names(self) -> DefinitionFile:
        seen: set[str] = set()
        for name in (name for event in self.event for name in (event.id, *(r.id for r in event.refine))):
            if name in seen:
                raise ValueError(f"the id '{name}' stands twice")
            seen.add(name)
        return self


def _examples(value: Any) -> Any:
    if isinstance(value, list):
        return [{"line": item} if isinstance(item, str) else item for item in value]
    return value


_CLASS_WITH_JAPANESE = re.compile(r"\[[^\]]*[^\x00-\x7f][^\]]*\]")


def _checked_pattern(pattern: str) -> str:
    options = re2.Options()
    options.log_errors = False
    try:
        compiled = re2.compile(pattern, options)
    except re2.error as error:
        raise ValueError(
            f"not a valid RE2 pattern ({error}); look-around and back-references are not available"
        ) from None
    if _CLASS_WITH_JAPANESE.search(pattern):
        raise ValueError("characters outside ASCII cannot stand in [...]: write (?:あ|い) instead")
    if compiled.search("") is not None:
        raise ValueError("it matches the empty text, so it would match every line")
    return pattern


def load(directories: list[Path] | None = None) -> list[DefinitionFile]:
    """Load our definitions, then the site's: a file of the same name replaces ours, another one adds to ours.

    Args:
        directories: a site's folders (`--parsers`), in order.

    Raises:
        DefinitionError: a file or folder cannot be read or is wrong; the message has file, line and reason.
    """
    paths: dict[str, Path] = {}
    for directory in [resources.folder("parsers"), *(directories or [])]:
        if not directory.is_dir():
            raise DefinitionError(f"{directory}: no such folder of parser definitions (--parsers)")
        paths.update({path.name: path for path in sorted(directory.glob("*.toml"))})
    return [load_file(path) for _, path in sorted(paths.items())]


def load_file(path: Path) -> DefinitionFile:
    """Load one definition file.

    Raises:
        DefinitionError: see `load`.
    """
    try:
        content = path.read_text(encoding="utf-8")
        table = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise DefinitionError(f"{path}: {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DefinitionError(f"{path}: cannot be read as UTF-8 text: {error}") from None
    try:
        return DefinitionFile.model_validate(table)
    except ValidationError as error:
        first = error.errors()[0]
        place = _locate(content, table, first["loc"])
        where = ".".join(str(part) for part in first["loc"])
        raise DefinitionError(f"{path}:{place}: {where}: {first['msg'].removeprefix('Value error, ')}") from None


def _locate(content: str, table: dict[str, Any], location: tuple[int | str, ...]) -> int:
    """Line of the event, or of the key within it, that an error speaks of (1-based)."""
    lines = content.splitlines()
    start = 0
    if len(location) > 1 and location[0] == "event" and isinstance(location[1], int):
        headers = [number for number, line in enumerate(lines) if line.strip().startswith("[[event]]")]
        start = headers[location[1]] if location[1] < len(headers) else 0
        if len(location) > 3 and location[2] == "refine" and isinstance(location[3], int):
            inner = [n for n, line in enumerate(lines) if n > start and line.strip().startswith("[[event.refine]]")]
            start = inner[location[3]] if location[3] < len(inner) else start
    key = next((part for part in reversed(location) if isinstance(part, str)), "")
    for number in range(start, len(lines)):
        if number > start and lines[number].strip().startswith("[["):
            break
        if re.match(rf"\s*{re.escape(key)}\s*=", lines[number]):
            return number + 1
    return start + 1
