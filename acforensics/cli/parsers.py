"""`parsers list|check|suggest`: the definitions of what log lines mean."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from acforensics.cli.common import (
    EXIT_INPUT,
    EXIT_USAGE,
    InputsArgument,
    Lang,
    LangOption,
    LimitOption,
    ParsersOption,
    complain,
    parsers_app,
    write,
)
from acforensics.masking import mask_path

if TYPE_CHECKING:
    from acforensics.texts import Language


@parsers_app.command("list")
def parsers_list(parsers: ParsersOption = None, lang: LangOption = Lang.en) -> None:
    """List the definition files and how sure they are of their formats."""
    from acforensics.parsing.definitions import load

    for file in load(parsers or []):
        counts = {
            status: sum(event.status == status for event in file.event)
            for status in ("verified", "inferred", "unverified")
        }
        shown = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
        typer.echo(f"{file.name}: {file.title.within(lang.value)} ({shown})")


@parsers_app.command("check")
def parsers_check(
    directories: Annotated[
        list[Path] | None, typer.Argument(metavar="[DIR]...", help="Folders of your own definitions.")
    ] = None,
) -> None:
    """Check definitions: syntax, patterns, and that each example is recognised by its own definition and no other."""
    from acforensics.parsing.definitions import load, misspelt
    from acforensics.parsing.recognition import Recogniser, check_examples

    files = load(directories or [])
    problems = check_examples(Recogniser(files))
    for problem in problems:
        typer.echo(problem, err=True)
    if problems:
        raise typer.Exit(EXIT_USAGE)
    for definition, kind, near in misspelt(files):
        complain(f"{definition}: the kind '{kind}' decides nothing; is '{near}' meant?")
    count = sum(1 + len(event.refine) for file in files for event in file.event)
    typer.echo(f"{len(files)} files, {count} definitions: all examples hold")


@parsers_app.command("suggest")
def parsers_suggest(
    inputs: InputsArgument,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE.toml", help="New definition file; else standard output."),
    ] = None,
    parsers: ParsersOption = None,
    limit: LimitOption = None,
    lang: LangOption = Lang.en,
) -> None:
    """Write definitions, ready to edit, of what unknown programs say near a stop or a start."""
    from acforensics.bundle import parse_limits
    from acforensics.suggestion import suggest
    from acforensics.suggestion.writing import name_for
    from acforensics.texts import text

    language: Language = lang.value
    name = name_for(output, parsers or [])
    found = suggest(inputs, parsers=parsers or [], name=name, lang=language, limits=parse_limits(limit or []))
    for problem in found.problems:
        complain(problem.within(language))
    if found.suggestion is None:
        complain(found.looked.nothing().within(language))
    elif output is None:
        sys.stdout.write(found.suggestion.content)
    else:
        write(output, found.suggestion.content)
        counts = {"events": found.suggestion.events, "programs": found.suggestion.programs}
        path, folder = mask_path(output), mask_path(output.parent)
        typer.echo(text("suggest.written", path=path, folder=folder, **counts).within(language))
    raise typer.Exit(EXIT_INPUT if found.problems else 0)
