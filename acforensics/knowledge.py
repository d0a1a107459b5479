"""Files of knowledge in TOML (`parsers/`, `sequences/`): ours and a site's; read, validated; errors name the line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TypeVar, cast

import tomli
from pydantic import BaseModel, ValidationError

from acforensics import resources
from acforensics.errors import DefinitionError

Location = tuple[int | str, ...]
Model = TypeVar("Model", bound=BaseModel)


def find(folder: str, directories: Sequence[Path], what: str) -> list[Path]:
    """The files to load, by name: a site's file of the same name replaces ours, another one adds to ours.

    Args:
        folder: the name of our folder.
        directories: a site's folders, in order.
        what: what they hold and the option that names them, for the message.

    Raises:
        DefinitionError: a folder does not exist.
    """
    paths: dict[str, Path] = {}
    for directory in [resources.folder(folder), *directories]:
        if not directory.is_dir():
            raise DefinitionError(f"{directory}: no such folder of {what}")
        paths.update({path.name: path for path in sorted(directory.glob("*.toml"))})
    return [path for _, path in sorted(paths.items())]


def load_file(path: Path, model: type[Model]) -> Model:
    """Read and validate one file; it is shared, so nobody changes it.

    Raises:
        DefinitionError: it cannot be read or is wrong; the message has file, line and reason.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DefinitionError(f"{path}: cannot be read: {error.strerror}") from None
    return cast(Model, _validated(path, raw, model))


@lru_cache(maxsize=256)
def _validated(path: Path, raw: bytes, model: type[BaseModel]) -> BaseModel:
    try:
        content = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise DefinitionError(f"{path}:{line}: not UTF-8 text ({error.reason}): save it as UTF-8") from None
    try:
        table = tomli.loads(content)
    except tomli.TOMLDecodeError as error:
        told = re.search(r" \(at line (\d+), column \d+\)$", str(error))
        line = int(told[1]) if told else content.count("\n") + 1
        raise DefinitionError(f"{path}:{line}: not valid TOML: {error}") from None
    try:
        return model.model_validate(table)
    except ValidationError as error:
        first = error.errors()[0]
        place, where = _locate(content, first["loc"]), ".".join(str(part) for part in first["loc"])
        raise DefinitionError(f"{path}:{place}: {where}: {first['msg'].removeprefix('Value error, ')}") from None


def wrong(path: Path, location: Location, reason: str) -> DefinitionError:
    """An error about one place of a file that is valid by itself."""
    return DefinitionError(f"{path}:{_locate(path.read_text(encoding='utf-8-sig'), location)}: {reason}")


class Names:
    """Names that may stand only once; `what` says what they are, for the message."""

    def __init__(self, what: str = "name:") -> None:
        self._what = what
        self._places: dict[str, Path] = {}

    def take(self, name: str, path: Path, location: Location) -> None:
        """Note a name.

        Raises:
            DefinitionError: it is taken already.
        """
        before = self._places.get(name)
        if before == path:
            raise wrong(path, location, f"{self._what} '{name}' stands twice")
        if before is not None:
            raise wrong(path, location, f"{self._what} '{name}' is the name of {before} already")
        self._places[name] = path


def _locate(content: str, location: Location) -> int:
    """Line of the table, or of the key within it, that an error speaks of (1-based)."""
    lines = content.splitlines()
    start, header, rest = 0, "", list(location)
    while len(rest) > 1 and isinstance(rest[0], str) and isinstance(rest[1], int):
        header = f"{header}.{rest[0]}" if header else str(rest[0])
        found = [n for n, line in enumerate(lines) if n >= start and line.strip().startswith(f"[[{header}]]")]
        if rest[1] >= len(found):
            break
        start = found[rest[1]]
        rest = rest[2:]
    end = next((n for n in range(start + 1, len(lines)) if lines[n].strip().startswith("[[")), len(lines))
    for key in (part for part in reversed(location) if isinstance(part, str)):
        for number in range(start, end):
            if re.match(rf"\s*{re.escape(key)}\s*=", lines[number]):
                return number + 1
    return start + 1
