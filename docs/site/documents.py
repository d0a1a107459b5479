"""From a document as it stands in the repository to a page of the site."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

SITE = Path(__file__).resolve().parent
DOCS = SITE.parent
ROOT = DOCS.parent

NOT_PAGES = frozenset({"benchmarks.md"})
"""Of use to those who develop the program only, in English."""

Part = Callable[[str], str]

_TWIN = re.compile(r"^\*\[(?:日本語|English)\]\([\w-]+(?:\.ja)?\.md\)\*\n+", re.MULTILINE)
_PLACE = re.compile(r"<!-- (part|readme): (.+?) -->\n.*?<!-- end -->\n", re.DOTALL)
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")


def pages(lang: str) -> list[Path]:
    """The pages of a language."""
    found = sorted(page for page in DOCS.glob("*.md") if page.name not in NOT_PAGES)
    return [page for page in found if page.name.endswith(".ja.md") == (lang == "ja")]


def not_in(lang: str) -> list[str]:
    """What Sphinx must pass over for the site of a language."""
    own = pages(lang)
    return ["examples", "site", *(page.name for page in sorted(DOCS.glob("*.md")) if page not in own)]


def for_site(source: str, lang: str, parts: Mapping[str, Part]) -> str:
    """Without the link to the twin (every page of the site has one), and with what is taken from elsewhere."""

    def filled(place: re.Match[str]) -> str:
        kind, name = place.groups()
        return parts[name](lang) if kind == "part" else section(readme(lang), name)

    return _LINK.sub(_within_site, _PLACE.sub(filled, _TWIN.sub("", source, count=1)))


def readme(lang: str) -> Path:
    """The README of a language."""
    return ROOT / ("README.ja.md" if lang == "ja" else "README.md")


def section(document: Path, heading: str) -> str:
    """The text below a heading of the second level, with links as from docs/.

    Raises:
        ValueError: no such heading.
    """
    found = re.search(
        rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", document.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    if found is None:
        raise ValueError(f"{document.name} has no section '{heading}'")
    return _LINK.sub(_from_docs, found[1].strip()) + "\n"


def _from_docs(link: re.Match[str]) -> str:
    mark, shown, target = link.groups()
    if target.startswith(("http:", "https:", "#")):
        return link[0] if not target.startswith("#") else f"{mark}[{shown}](../README.md{target})"
    return f"{mark}[{shown}]({target.removeprefix('docs/') if target.startswith('docs/') else '../' + target})"


_SECTIONS = {
    "limits": "limits.md#how-much-it-reads",
    "上限": "limits.ja.md#読み取る量の上限",
    "exit-status": "commands.md#exit-status",
    "終了コード": "commands.ja.md#終了コード",
}
"""Sections of the README that the site has on a page of its own."""


def _within_site(link: re.Match[str]) -> str:
    """What lies outside docs/ is no page: of the README a section may be one, of the rest the name stays."""
    mark, shown, target = link.groups()
    if not target.startswith("../"):
        return link[0]
    page = _SECTIONS.get(target.partition("#")[2])
    return f"{mark}[{shown}]({page})" if page is not None else shown


@cache
def all_translations() -> dict[str, str]:
    """English → Japanese."""
    with (SITE / "translations.toml").open("rb") as file:
        return {one["en"].strip(): one["ja"].strip() for one in tomllib.load(file)["text"]}


def translated(text: str) -> str:
    """The Japanese of a help text or docstring of the program.

    Raises:
        ValueError: it has none, because it is new or was changed.
    """
    if not text:
        return text
    if text not in all_translations():
        raise ValueError(f"docs/site/translations.toml lacks the Japanese of: {text}")
    return all_translations()[text]


def words(key: str, lang: str) -> str:
    """A heading or a word of the generated parts."""
    return _words()[key][lang]


@cache
def _words() -> dict[str, dict[str, str]]:
    with (SITE / "words.toml").open("rb") as file:
        return tomllib.load(file)
