"""ESMPRO/AC's own setting for CLUSTERPRO (HOWTO, chapter 1). How its file looks is not published: read tolerantly."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

_LINKED = re.compile(r"連携|リンク|link|cooperat|co-operat|collaborat", re.IGNORECASE)
_DIVIDES = re.compile(r"[=:：\t]")
_YES = frozenset(("する", "yes", "on", "1", "true", "enable", "enabled", "有効", "あり", "y"))
_NO = frozenset(("しない", "no", "off", "0", "false", "disable", "disabled", "無効", "なし", "n"))


class Linkage(NamedTuple):
    """A line that seems to be the setting `CLUSTERPRO 連携`."""

    input: str
    line: int
    value: Literal["yes", "no", "unknown"]


def read_linkage(document: str, path: str) -> list[Linkage]:
    """Every line that seems to be this setting."""
    found = []
    for number, line in enumerate(document.split("\n"), 1):
        divider = _DIVIDES.search(line)
        if divider is None or line.lstrip().startswith(("#", ";", "//")):
            continue
        key, value = line[: divider.start()], line[divider.end() :].strip(" \t\r\"'<>/;,").lower()
        if "clusterpro" in key.lower() and _LINKED.search(key):
            found.append(Linkage(path, number, "yes" if value in _YES else "no" if value in _NO else "unknown"))
    return found
