"""`audit` and `redact`: what is done with bundles beside an analysis, and `explain`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from acforensics.cli.common import (
    EXIT_INPUT,
    InputsArgument,
    JsonOption,
    Lang,
    LangOption,
    LimitOption,
    ParsersOption,
    RedactionMapOption,
    SequencesOption,
    app,
    complain,
    refuse_overwriting,
    write,
)
from acforensics.masking import mask_path

if TYPE_CHECKING:
    from acforensics.texts import Language


@app.command()
def audit(
    inputs: Annotated[
        list[str], typer.Argument(metavar="INPUT...", help="Bundles, or clp.conf and stop.sh files alone.")
    ],
    json_file: JsonOption = None,
    lang: LangOption = Lang.en,
    parsers: ParsersOption = None,
    place: Annotated[
        list[str] | None,
        typer.Option(
            "--place", metavar="NAME=PATH", help="Where clp.conf has sync-wait or restart-limit; may be given again."
        ),
    ] = None,
    limit: LimitOption = None,
) -> None:
    """Compare the settings in clp.conf and stop.sh with the HOWTO."""
    from acforensics.auditing import audit as run
    from acforensics.auditing import places_of
    from acforensics.bundle import parse_limits
    from acforensics.case import to_json
    from acforensics.rendering.audit import print_audit

    refuse_overwriting(inputs, [Path(json_file)] if json_file not in (None, "-") else [])
    language: Language = lang.value
    model = run(
        inputs, parsers=parsers or [], places=places_of(place or []), lang=language, limits=parse_limits(limit or [])
    )
    if json_file == "-":
        sys.stdout.write(to_json(model, language))
    elif json_file is not None:
        write(Path(json_file), to_json(model, language))
    else:
        print_audit(model, language)
    for problem in model.problems:
        complain(problem.within(language))
    raise typer.Exit(EXIT_INPUT if model.problems else 0)


@app.command("redact")
def redact_bundles(
    inputs: InputsArgument,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="OUT", help="New folder, or an archive by its name (.tar.gz, .tgz)."),
    ],
    redaction_map: RedactionMapOption = None,
    force: Annotated[bool, typer.Option("--force", help="Replace OUT if it is there already.")] = False,
    limit: LimitOption = None,
    lang: LangOption = Lang.en,
) -> None:
    """Copy bundles with stand-ins for names, addresses and identifiers, and without secrets.

    The copy is analysed to the same verdict. Binary files other than login records are left out, and listed.
    """
    from acforensics.bundle import parse_limits
    from acforensics.redaction import redact as run
    from acforensics.texts import text

    language: Language = lang.value
    if redaction_map is not None:
        refuse_overwriting(inputs, [redaction_map])
    copy = run(inputs, output, force=force, limits=parse_limits(limit or []))
    if redaction_map is not None:
        write(redaction_map, copy.pseudonyms.to_json(), private=True)
    typer.echo(text("redact.written", files=copy.files, path=mask_path(output)).within(language))
    if redaction_map is not None:
        typer.echo(text("redact.map", path=mask_path(redaction_map)).within(language))
    for one in copy.left_out:
        complain(text("redact.left-out", what=one).within(language))
    for said in (*copy.notes, *copy.problems):
        complain(said.within(language))
    raise typer.Exit(EXIT_INPUT if copy.problems else 0)


@app.command()
def explain(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[RULE|TRIGGER|SEQUENCE]", help="What to explain; without it, all are listed."),
    ] = None,
    sequences: SequencesOption = None,
    lang: LangOption = Lang.en,
) -> None:
    """Explain a rule, a trigger or a sequence: what it means, how it is decided, what it needs, what to do."""
    from acforensics.rendering.explanation import names, page

    language: Language = lang.value
    if name is None:
        for kind, listed in names(sequences or []).items():
            typer.echo(f"{kind}: {', '.join(listed)}")
        return
    typer.echo(page(name, language, sequences or []))
