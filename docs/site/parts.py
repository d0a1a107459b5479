"""Parts of pages that are taken from the program itself, so that they cannot differ from what it does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, cast

import typer
from documents import Part, translated, words

from acforensics.cli import app
from acforensics.cooperation import StepDefinition
from acforensics.cooperation import load as load_sequences
from acforensics.parsing.definitions import DefinitionFile, EventDefinition
from acforensics.parsing.definitions import load as load_definitions
from acforensics.rendering.explanation import names, told_of
from acforensics.texts import Language, catalogue, text

_SECTIONS = ("meaning", "decided", "needs", "fooled", "advice")
_SURENESS = ("verified", "inferred", "unverified")
_OTHER_PAGES = {"trigger": "triggers", "rule": "rules", "sequence": "expected-sequences"}


# --- explain


def _explained(kind: Literal["rule", "trigger"]) -> Part:
    def part(language: str) -> str:
        lang = cast(Language, language)
        blocks = []
        for name in names()[kind]:
            blocks.append(f"## {name}")
            for section in _SECTIONS:
                key = f"explain.{kind}.{name}.{section}"
                if key in catalogue():
                    heading = text(f"explain.section-{section}").within(lang)
                    said = _linked(_escaped(text(key).within(lang)), kind, lang)
                    blocks.append(f"**{heading}**\n\n{said}")
        return "\n\n".join(blocks) + "\n"

    return part


def _linked(said: str, kind: str, lang: str) -> str:
    """`acforensics explain NAME` becomes a link to what it prints; the name of a rule and a trigger may be the same."""

    def link(found: re.Match[str]) -> str:
        name = found[1]
        first = "trigger" if kind == "rule" else "rule"
        for other in (first, "trigger", "rule", "sequence"):
            if name in names()[other]:
                return f"[{found[0]}]({_file(_OTHER_PAGES[other], lang)}#{name})"
        return found[0]

    return re.sub(r"`acforensics explain ([\w-]+)`", link, said)


def _sequences(language: str) -> str:
    lang = cast(Language, language)
    blocks = []
    for sequence in load_sequences():
        blocks += [
            f"## {sequence.id}",
            f"**{_escaped(sequence.title.within(lang))}** ({_escaped(sequence.reference.within(lang))})",
            _escaped(sequence.description.within(lang).strip()),
            "\n".join(_step(number, step, lang) for number, step in enumerate(sequence.step, 1)),
        ]
    return "\n\n".join(blocks) + "\n"


def _step(number: int, step: StepDefinition, lang: Language) -> str:
    presence = text(f"explain.presence-{step.presence}").within(lang)
    said = "".join(f"  \n   {_escaped(one)}" for one in told_of(step, lang))
    return f"{number}. **{_escaped(step.title.within(lang))}** `{step.id}` ({presence}){said}"


# --- definitions of lines


def _sureness(lang: str) -> str:
    """How many lines of each definition file are known how well."""
    rows = []
    for file in load_definitions():
        counts = [sum(status == one for _, _, status in _lines(file)) for one in _SURENESS]
        title = f"[{_escaped(file.title.within(cast(Language, lang)))}]({_file('recognised-lines', lang)}#{file.name})"
        rows.append([title, *(str(count) if count else "–" for count in counts)])
    heads = [words("definitions", lang), *(words(one, lang) for one in _SURENESS)]
    return _table(heads, rows)


def _recognised(lang: str) -> str:
    """Every definition, by file."""
    blocks = []
    for file in load_definitions():
        blocks += [f"## {file.name}", f"**{_escaped(file.title.within(cast(Language, lang)))}**"]
        rows = []
        for event in file.event:
            programs = ", ".join(_code(one) if one else words("no-tag", lang) for one in event.programs)
            rows.append(
                [_code(event.id), _code(event.kind), programs, words(event.status, lang), _escaped(event.source)]
            )
            rows += [[f"↳ {_code(one.id)}", _code(one.kind), "", words(event.status, lang), ""] for one in event.refine]
        heads = [words(one, lang) for one in ("definition", "kind", "programs", "how-sure", "source")]
        blocks.append(_table(heads, rows))
    return "\n\n".join(blocks) + "\n"


def _lines(file: DefinitionFile) -> Iterator[tuple[EventDefinition, str, str]]:
    for event in file.event:
        yield event, event.id, event.status
        for one in event.refine:
            yield event, one.id, event.status


# --- the command line


def _commands(lang: str) -> str:
    """Every command with its arguments and options."""
    root = typer.main.get_command(app)
    return "\n\n".join(_command(path, command, lang) for path, command in walk(root, ["acforensics"])) + "\n"


def walk(command: Any, path: Sequence[str]) -> Iterator[tuple[Sequence[str], Any]]:
    """All commands below one that do something, with their names."""
    children = getattr(command, "commands", None)
    if children is None:
        yield path, command
        return
    for name, child in children.items():
        yield from walk(child, [*path, name])


def _command(path: Sequence[str], command: Any, lang: str) -> str:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    usage = " ".join([*path, *(_metavar(one) for one in arguments), f"[{words('options', lang)}]"])
    rows = [[_code(_metavar(one)), _help(one, lang)] for one in arguments]
    rows += [[_code(_spelled(one, command)), _help(one, lang)] for one in options]
    about = " ".join(_said(paragraph, lang) for paragraph in (command.help or "").split("\n\n"))
    table = _table([words("argument-or-option", lang), words("meaning", lang)], rows)
    return f"## {' '.join(path)}\n\n{about}\n\n```text\n{usage}\n```\n\n{table}"


def _metavar(argument: Any) -> str:
    named: str = argument.metavar or argument.name.upper()
    return named if argument.required or named.startswith("[") else f"[{named}]"


def _spelled(option: Any, command: Any) -> str:
    spelled: str = option.get_help_record(typer.Context(command))[0]
    return spelled


def _help(parameter: Any, lang: str) -> str:
    told = [_said(parameter.help or "", lang)]
    default = getattr(parameter.default, "value", parameter.default)
    if default is not None and not getattr(parameter, "is_flag", False) and parameter.param_type_name == "option":
        told.append(words("default", lang).format(value=_code(str(default))))
    if parameter.envvar:
        told.append(words("environment", lang).format(value=_code(parameter.envvar)))
    return (" " if lang == "en" else "").join(told)


def _said(english: str, lang: str) -> str:
    english = " ".join(english.split())
    return _escaped(translated(english) if lang == "ja" else english)


# --- what all share


def _file(page: str, lang: str) -> str:
    return f"{page}.ja.md" if lang == "ja" else f"{page}.md"


def _escaped(said: str) -> str:
    """Text of the program as Markdown: only what stands between backticks has a meaning."""
    pieces = re.split(r"(`[^`]*`)", said)
    return "".join(one if one.startswith("`") else re.sub(r"([\\*_<>\[\]|#~$])", r"\\\1", one) for one in pieces)


def _code(value: str) -> str:
    return "`" + value.replace("|", "\\|") + "`"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


PARTS: dict[str, Callable[[str], str]] = {
    "triggers": _explained("trigger"),
    "rules": _explained("rule"),
    "sequences": _sequences,
    "sureness": _sureness,
    "lines": _recognised,
    "commands": _commands,
}
