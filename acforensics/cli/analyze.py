"""`analyze` and `demo`: one case, and its outputs."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from acforensics.cli.common import (
    EXIT_FINDING,
    EXIT_INPUT,
    SEVERITIES,
    ClockOption,
    FailOnOption,
    InputsArgument,
    JsonOption,
    Lang,
    LangOption,
    Level,
    LimitOption,
    LoopWindowOption,
    ParsersOption,
    RedactionMapOption,
    SequencesOption,
    SinceOption,
    TzOption,
    UntilOption,
    YearOption,
    app,
    check_analysis,
    clocks,
    complain,
    refuse_overwriting,
    write,
)
from acforensics.errors import UsageError
from acforensics.masking import mask_path
from acforensics.writing import replacing

if TYPE_CHECKING:
    from acforensics.analysed import Case
    from acforensics.texts import Language

DEFAULT_REPORT = Path("acforensics-report.html")


@app.command()
def analyze(
    inputs: InputsArgument,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="REPORT.html", help="HTML report.")] = None,
    json_file: JsonOption = None,
    markdown: Annotated[
        Path | None,
        typer.Option(
            "--markdown", metavar="FILE.md", help="Summary to paste into a ticket (at most 10,000 characters)."
        ),
    ] = None,
    timeline: Annotated[
        Path | None,
        typer.Option("--timeline", metavar="FILE", help="Timeline as .csv, .jsonl (Timesketch) or .parquet."),
    ] = None,
    lang: LangOption = Lang.en,
    tz: TzOption = None,
    year: YearOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    clock: ClockOption = None,
    parsers: ParsersOption = None,
    sequences: SequencesOption = None,
    loop_window: LoopWindowOption = 30,
    redact: Annotated[
        bool,
        typer.Option("--redact", help="Stand-ins for names, addresses and identifiers in every output."),
    ] = False,
    redaction_map: RedactionMapOption = None,
    limit: LimitOption = None,
    fail_on: FailOnOption = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No summary on the terminal.")] = False,
) -> None:
    """Analyse inputs together as one case: who or what ended each boot, and was the UPS told."""
    from acforensics.analysis import analyze as run
    from acforensics.bundle import parse_limits
    from acforensics.timeline import export

    result = Path(json_file) if json_file not in (None, "-") else None
    targets = [path for path in (output, markdown, timeline, result) if path]
    refuse_overwriting(inputs, [*targets, *([redaction_map] if redaction_map is not None else [])])
    if redaction_map is not None and not redact:
        raise UsageError("--redaction-map: there are stand-ins only with --redact")
    check_analysis(loop_window=loop_window, year=year)
    if timeline is not None and timeline.suffix.lower() not in (".csv", ".jsonl", ".parquet"):
        raise UsageError(f"--timeline {timeline}: the name must end in .csv, .jsonl or .parquet")
    case = run(
        inputs,
        tz=tz,
        year=year,
        since=since,
        until=until,
        parsers=parsers or [],
        sequences=sequences or [],
        loop_window=timedelta(minutes=loop_window),
        clock=clocks(clock or []),
        redact=redact,
        limits=parse_limits(limit or []),
    )
    language: Language = lang.value
    if redaction_map is not None and case.pseudonyms is not None:
        write(redaction_map, case.pseudonyms.to_json(), private=True)
    if not targets and json_file is None:
        output = DEFAULT_REPORT
    if output is not None:
        write(output, case.to_html(language))
    if json_file == "-":
        sys.stdout.write(case.to_json(language))
    elif json_file is not None:
        write(Path(json_file), case.to_json(language))
    if markdown is not None:
        write(markdown, case.to_markdown(language))
    if timeline is not None:
        with replacing(timeline) as temporary:
            export(case.timeline, temporary)
    if not quiet and json_file != "-":
        _summary(case, language, output)
    for problem in case.model.problems:
        complain(problem.within(language))
    raise typer.Exit(_status(case, fail_on))


@app.command()
def demo(lang: LangOption = Lang.en) -> None:
    """Analyse a sample bundle and print where the report is; opens nothing."""
    from acforensics import resources

    sample = resources.folder("samples") / "os-command" / "bundle"
    analyze(
        [str(sample)], lang=lang, output=DEFAULT_REPORT, tz="Asia/Tokyo", parsers=None, sequences=None, loop_window=30
    )


def _summary(case: Case, lang: Language, report: Path | None) -> None:
    from acforensics.rendering.terminal import print_summary

    shown = mask_path(report) if report is not None else None
    if shown is not None and case.rewriter is not None:
        shown = case.rewriter.path(shown)
    print_summary(case.model, lang, Path(shown) if shown is not None else None)


def _status(case: Case, fail_on: Level | None) -> int:
    if case.model.problems:
        return EXIT_INPUT
    if fail_on is not None:
        least = SEVERITIES.index(fail_on.value)
        if any(SEVERITIES.index(finding.severity) >= least for finding in case.findings):
            return EXIT_FINDING
    return 0
