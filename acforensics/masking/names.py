"""Names of files and folders: shown without secrets, and still told apart."""

from __future__ import annotations

import re

from acforensics.masking.lines import mask_secrets
from acforensics.masking.values import MASK

# What a file is called after says nothing of its secret, and tells how to read it.
_SUFFIX = re.compile(
    r"(?:\.(?:log|txt|csv|json|jsonl|conf|xml|toml|html|sh|alt|cur|pre|journal|export|tar|tgz|zip|gz|xz|bz2|zst))+\Z",
    re.IGNORECASE,
)
_DIVIDED = re.compile(r"([/\\!])")


class ShownNames:
    """Names as they are shown within one case: two that differ by their secrets only are numbered."""

    def __init__(self) -> None:
        self._shown: dict[str, str] = {}
        self._taken: set[str] = set()

    def path(self, path: str) -> str:
        """A path, part by part."""
        return "".join(part if part in "/\\!" else self.name(part) for part in _DIVIDED.split(path))

    def name(self, name: str) -> str:
        """One part of a path."""
        stem, suffix = _parts(name)
        if MASK not in stem:
            return name
        if name not in self._shown:
            number, shown = 1, stem + suffix
            while shown in self._taken:
                number += 1
                shown = f"{stem}({number}){suffix}"
            self._shown[name] = shown
            self._taken.add(shown)
        return self._shown[name]


def mask_path(path: object) -> str:
    """A path by itself, for messages."""
    return ShownNames().path(str(path))


def _parts(name: str) -> tuple[str, str]:
    """The name without secrets, and its suffix."""
    stem = _SUFFIX.sub("", name)
    masked = mask_secrets(stem)
    return (name, "") if masked == name else (masked, name[len(stem) :])
