"""Writes the definition file that `acforensics parsers suggest` proposes: safe as it is, and ready to edit.

As it is written it decides nothing: each line keeps the kind that it has without the file. It is held against all
other definitions before it is handed out, so that `parsers check` accepts it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import tomli

from acforensics import resources
from acforensics.errors import UsageError
from acforensics.events import UNCLASSIFIED
from acforensics.lines import frame
from acforensics.parsing.definitions import DefinitionFile, EventDefinition, load
from acforensics.parsing.recognition import Recogniser, check_examples
from acforensics.parsing.suggesting import Template, Templates
from acforensics.rendering.wrapping import wrap
from acforensics.texts import Language, Text, join, text

_MOST_EVENTS = 25
"""Of one program."""
_WIDTH = 110
_VALUES_SHOWN = 5
_MOST_ATTEMPTS = 8
_LIST_MARK = re.compile(r"\d+\. |   (?:[a-z]+\.[a-z_]+ +)?")
# A complaint of `parsers check`, without the log line that it quotes.
_PROBLEM = re.compile(r"[a-z0-9-]+/[a-z0-9-]+: (?:the example is recognised as [a-z0-9/, -]+: )?")
_CHOICES = (
    "ac.power_failure", "ac.power_restored", "ac.shutdown_started", "ac.schedule_off", "ac.message", "ups.on_battery",
    "ups.on_line", "ups.battery_low", "ups.shutdown_decided", "site.message", UNCLASSIFIED,
)  # fmt: skip


@dataclass
class Unknown:
    """A program that no definition names: what it said. `ends` is how many ends it spoke before."""

    name: str
    guessed: bool = False
    """Its name is one that ESMPRO/AC's own programs may have."""
    ends: int = 0
    more: bool = False
    """It says so much that not all of it was read."""
    templates: Templates = field(default_factory=Templates)


@dataclass
class Suggestion:
    """The definition file, and what is in it."""

    content: str
    programs: int
    events: int


@dataclass
class _Event:
    id: str
    program: Unknown
    template: Template
    kind: str


def name_for(output: Path | None, parsers: Sequence[Path]) -> str:
    """The name of a new file's definitions, after its own name.

    Raises:
        UsageError: the file cannot be one that `--parsers` takes beside all others.
    """
    if output is None:
        return "site-suggested"
    if output.suffix != ".toml":
        raise UsageError(f"{output}: the name must end in .toml, or --parsers would not find the file")
    if output.exists():
        raise UsageError(f"{output}: exists already and is never overwritten; choose another name")
    if not output.parent.is_dir():
        raise UsageError(f"{output}: the folder {output.parent} does not exist; create it first")
    if (resources.folder("parsers") / output.name).exists():
        raise UsageError(f"{output}: a file of this name would replace our own definitions; choose another name")
    name = _slug([output.stem]) or "site-suggested"
    if name in {file.name for file in load(list(parsers))}:
        raise UsageError(f"{output}: '{name}' is the name of other definitions already; choose another name")
    return name


def write(
    programs: Sequence[Unknown], left_out: Sequence[str], name: str, files: list[DefinitionFile], lang: Language
) -> Suggestion:
    """Write the file.

    Args:
        programs: what to define, most suspicious first.
        left_out: names of further programs, for which there was no room.
        name: of the file's definitions.
        files: all other definitions: each example must be recognised by its own definition only.
        lang: of the comments.
    """
    events = _accepted([event for event in _events(programs, Recogniser(files)) if _is_valid(event)], name, files)
    header = _comment(text("suggest.header").within(lang))
    care = _comment(f"   {text('suggest.care').within(lang)}")
    kinds = [_comment(f"   {kind:<20} {text(f'suggest.kind.{kind}').within(lang)}") for kind in _CHOICES]
    parts = [
        "\n".join([header, *kinds, care, _comment(text("suggest.steps").within(lang))]),
        _head(name),
    ]
    for program in programs:
        own = [event for event in events if event.program is program]
        parts.append(_about(program, own, lang))
        parts += [f"{_counts(event.template, lang)}\n{_block(event)}" for event in own]
    if left_out:
        names = ", ".join(_printable(one) for one in left_out)
        parts.append(_comment(text("suggest.left-out", count=len(left_out), names=names).within(lang)))
    return Suggestion("\n\n".join(parts) + "\n", len(programs), len(events))


def _events(programs: Sequence[Unknown], recogniser: Recogniser) -> Iterator[_Event]:
    used: set[str] = set()
    for program in programs:
        templates = [template for template in program.templates.joined() if template.examples]
        for template in templates[:_MOST_EVENTS]:
            base = _slug([program.name, *template.words()[:5]]) or "message"
            identifier, number = base, 1
            while identifier in used:
                number += 1
                identifier = f"{base}-{number}"
            used.add(identifier)
            record = frame(template.examples[-1][1])
            guess = recogniser.recognise(record) if record is not None else None
            yield _Event(identifier, program, template, guess.kind if guess is not None else UNCLASSIFIED)


def _is_valid(event: _Event) -> bool:
    try:
        EventDefinition.model_validate(tomli.loads(_block(event))["event"][0])
    except ValueError:
        return False
    return True


def _accepted(events: list[_Event], name: str, files: list[DefinitionFile]) -> list[_Event]:
    """Leave out what `parsers check` would complain of.

    Only earlier suggestions can name the same programs: their examples are checked, too, all others need not be.
    """
    concerned = [file for file in files if any(event.kind == UNCLASSIFIED for event in file.event)]
    for attempt in range(_MOST_ATTEMPTS):
        if not events:
            break
        file = DefinitionFile.model_validate(tomli.loads("\n".join([_head(name), *map(_block, events)])))
        wrong: set[str] = set()
        recogniser = Recogniser([*files, file])
        recogniser.files = [file, *concerned]
        for problem in check_examples(recogniser):
            told = _PROBLEM.match(problem)
            named = re.findall(rf"\b{re.escape(name)}/([a-z0-9-]+)", told[0]) if told is not None else []
            # Of two that fit one line the wider one may stay, unless that goes on too long.
            if named and (attempt == _MOST_ATTEMPTS - 2 or not wrong & set(named)):
                wrong.update(named if attempt == _MOST_ATTEMPTS - 2 else named[:1])
        if not wrong:
            return events
        events = [event for event in events if event.id not in wrong]
    return events


# --- the text


def _head(name: str) -> str:
    return "\n".join([
        f"name = {_string(name)}",
        'title = { en = "Messages of our site", ja = "当サイトのメッセージ" }',
        "bystanders = []",
    ])  # fmt: skip


def _block(event: _Event) -> str:
    examples = event.template.examples
    return "\n".join([
        "[[event]]",
        f"id = {_string(event.id)}",
        f"kind = {_string(event.kind)}",
        f"programs = [{_string(event.program.name)}]",
        f"pattern = {_pattern(event.template.pattern())}",
        'status = "unverified"',
        f"source = {_string(examples[-1][0])}",
        'severity = "info"',
        "examples = [",
        *(f"  {_string(line)}," for line in dict.fromkeys(line for _, line in examples)),
        "]",
    ])  # fmt: skip


def _about(program: Unknown, events: Sequence[_Event], lang: Language) -> str:
    templates = program.templates.joined()
    told = {event.template.number for event in events}
    said = program.templates
    sentences = [
        text("suggest.program" if not program.more else "suggest.program-more", count=said.count),
        text("suggest.before-ends", lines=said.before_ends, ends=program.ends, near=_span(said.closest))
        if said.closest is not None
        else text("suggest.never-before-ends"),
        text("suggest.after-starts", lines=said.after_starts),
    ]
    others = program.templates.others + sum(t.count for t in templates if t.number not in told)
    if others:
        sentences.append(text("suggest.others", count=others))
    if program.guessed:
        sentences.append(text("suggest.guessed"))
    line = "-" * max(4, _WIDTH - 10 - len(program.name))
    return f"# ---- {_printable(program.name)} {line}\n" + _comment(join(sentences).within(lang))


def _counts(template: Template, lang: Language) -> str:
    sentences = [text("suggest.lines", count=template.count)]
    if template.closest is not None:
        sentences.append(text("suggest.near-end", count=template.before_ends, near=_span(template.closest)))
    if template.after_starts:
        sentences.append(text("suggest.near-start", count=template.after_starts))
    lines = [_comment(join(sentences).within(lang))]
    for name, values in template.seen():
        shown = ", ".join(_printable(value) for value in values[:_VALUES_SHOWN])
        shown += ", …" if len(values) > _VALUES_SHOWN else ""
        lines.append(_comment(text("suggest.seen", name=name, values=shown).within(lang)))
    return "\n".join(lines)


def _span(seconds: float | None) -> Text:
    if seconds is None or seconds < 120:
        return text("suggest.seconds", count=round(seconds or 0))
    return text("suggest.minutes", count=round(seconds / 60))


def _slug(words: Sequence[str]) -> str:
    return re.sub(r"[^a-z0-9]+", "-", " ".join(words).lower()).strip("-")[:60].strip("-")


def _comment(content: str) -> str:
    """Comment lines; each line of the text begins its own, and is indented as it begins where it goes on."""
    lines = []
    for line in content.splitlines():
        mark = _LIST_MARK.match(line)
        begin = mark[0] if mark is not None else ""
        parts = wrap(line[len(begin) :], _WIDTH - len(begin))
        lines += [f"# {' ' * len(begin) if i else begin}{part}".rstrip() for i, part in enumerate(parts)]
    return "\n".join(lines)


def _printable(content: str) -> str:
    """Without what could hide, steer or break a line."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in content)


def _pattern(pattern: str) -> str:
    return f"'{pattern}'" if "'" not in pattern and pattern.isprintable() else _string(pattern)


def _string(content: str) -> str:
    """A basic string of TOML, in which anything unusual is escaped."""
    parts = []
    for c in content:
        if c in '"\\':
            parts.append(f"\\{c}")
        elif c.isprintable():
            parts.append(c)
        elif 0xD800 <= ord(c) < 0xE000:
            parts.append("\ufffd")  # half a character: TOML cannot hold it
        else:
            parts.append(f"\\u{ord(c):04x}" if ord(c) < 0x10000 else f"\\U{ord(c):08x}")
    return '"' + "".join(parts) + '"'
