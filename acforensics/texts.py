"""Every sentence that a reader sees, in English and Japanese, from `reports/texts/*.toml`.

A text is looked up by key and filled with named values: `text("reason.sudo", user="ope1")`.
Values come from logs and are data: they are inserted, never interpreted.
"""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from functools import cache
from typing import Any, Literal

import tomli
from pydantic import BaseModel, ConfigDict, SerializationInfo, model_serializer

from acforensics import resources
from acforensics.errors import DefinitionError, InputError

Language = Literal["en", "ja"]
_MOST_TOLD = 10
LANGUAGES: tuple[Language, ...] = ("en", "ja")


_COUNTED = re.compile(
    r"\{(\w+)\} (boots|bytes|cases|copies|ends|entries|events|files|groups|lines|marks|messages|pairs|places|programs"
    r"|records|rows|runs|seconds|sequences|servers|settings|stamps|starts|times)\b"
    r"( are\b| were\b| belong\b| fit\b| stand\b)?"
)
_VERBS = {"": "", " are": " is", " were": " was", " belong": " belongs", " fit": " fits", " stand": " stands"}


class Text(BaseModel):
    """One text in both languages; serialised as the string of the language asked for (`context={"lang": …}`)."""

    model_config = ConfigDict(frozen=True)

    en: str
    ja: str

    def __str__(self) -> str:
        return self.en

    def within(self, lang: Language) -> str:
        """Return the text in one language."""
        return self.ja if lang == "ja" else self.en

    @model_serializer
    def _as_string(self, info: SerializationInfo) -> str:
        context: dict[str, Any] = info.context if isinstance(info.context, dict) else {}
        return self.within(context.get("lang", "en"))


def literal(value: str) -> Text:
    """Wrap a string that is the same in both languages (a name, a quoted line)."""
    return Text(en=value, ja=value)


def join(parts: list[Text], separator: Text | None = None) -> Text:
    """Join texts language by language (English with a blank, Japanese with nothing, unless told)."""
    between = separator or Text(en=" ", ja="")
    return Text(en=between.en.join(p.en for p in parts), ja=between.ja.join(p.ja for p in parts))


def text(key: str, /, **values: object) -> Text:
    """Return the text `key` filled with `values`; a value that is itself a `Text` is inserted per language.

    Raises:
        KeyError: no such key, or a value that the text names was not given.
    """
    templates = catalogue()[key]
    ones = frozenset(name for name, value in values.items() if value in (1, "1"))
    english = _in_singular(templates["en"], ones) if ones else templates["en"]
    return Text(
        en=english.format_map({k: v.en if isinstance(v, Text) else v for k, v in values.items()}),
        ja=templates["ja"].format_map({k: v.ja if isinstance(v, Text) else v for k, v in values.items()}),
    )


@cache
def _in_singular(template: str, ones: frozenset[str]) -> str:
    """An English template for values that are one: "{count} files were" becomes "{count} file was"."""

    def singular(match: re.Match[str]) -> str:
        name, noun, verb = match.groups()
        if name not in ones:
            return match[0]
        noun = noun[:-3] + "y" if noun in ("entries", "copies") else noun[:-1]
        return f"{{{name}}} {noun}{_VERBS[verb or '']}"

    return _COUNTED.sub(singular, template)


def input_error(told: Sequence[Text]) -> InputError:
    """An error about inputs in both languages; of many sentences the first ones."""
    said = join(list(told[:_MOST_TOLD]), literal("\n  "))
    return InputError(said.en, said.ja)


def placeholders(template: str) -> set[str]:
    """Names in braces that a template expects."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


@cache
def catalogue() -> dict[str, dict[Language, str]]:
    """All texts: key → language → template. Keys are the dotted path in the TOML files, without the language.

    Raises:
        DefinitionError: a text lacks a language, or its two versions expect different values.
    """
    found: dict[str, dict[Language, str]] = {}
    for path in sorted((resources.folder("reports") / "texts").glob("*.toml")):
        _collect(tomli.loads(path.read_text(encoding="utf-8")), "", found, path.name)
    return found


def _collect(table: dict[str, Any], prefix: str, found: dict[str, dict[Language, str]], where: str) -> None:
    if table and all(isinstance(value, str) for value in table.values()):
        if set(table) != set(LANGUAGES):
            raise DefinitionError(f"reports/texts/{where}: '{prefix}' needs exactly the languages en and ja")
        if placeholders(table["en"]) != placeholders(table["ja"]):
            raise DefinitionError(f"reports/texts/{where}: '{prefix}' names different values in en and ja")
        if prefix in found:
            raise DefinitionError(f"reports/texts/{where}: '{prefix}' stands twice")
        found[prefix] = {"en": table["en"].strip(), "ja": table["ja"].strip()}
        return
    for name, value in table.items():
        if not isinstance(value, dict):
            raise DefinitionError(f"reports/texts/{where}: '{prefix}.{name}' must be a table with en and ja")
        _collect(value, f"{prefix}.{name}" if prefix else name, found, where)
