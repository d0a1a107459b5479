"""`batch`: many cases in one run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from acforensics.cli.common import (
    EXIT_FINDING,
    EXIT_INPUT,
    SEVERITIES,
    ClockOption,
    FailOnOption,
    Lang,
    LangOption,
    Level,
    LimitOption,
    LoopWindowOption,
    ParsersOption,
    SequencesOption,
    SinceOption,
    TzOption,
    UntilOption,
    YearOption,
    app,
    check_analysis,
    clocks,
    complain,
)
from acforensics.errors import UsageError
from acforensics.masking import mask_path

if TYPE_CHECKING:
    from acforensics.batch import Result
    from acforensics.texts import Language

_INTERRUPTED = 130


@app.command()
def batch(
    root: Annotated[
        str,
        typer.Argument(
            metavar="ROOT", help="Folder or URL (s3://...): each folder or archive directly in it is a case."
        ),
    ],
    output: Annotated[str, typer.Option("--output", "-o", metavar="OUT", help="Folder or URL for the results.")],
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="Worker processes on this machine; one a core by default.")
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option("--scheduler", metavar="ADDRESS", help="Run on this Dask cluster instead: tcp://host:8786."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Keep results of cases that were finished and have not changed since.")
    ] = False,
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
        typer.Option("--redact", help="Stand-ins for names, addresses and identifiers; cases get numbers as names."),
    ] = False,
    limit: LimitOption = None,
    fail_on: FailOnOption = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no summary.")] = False,
) -> None:
    """Analyse many cases: a report for each, an index, and tables for queries."""
    from acforensics.batch import Options, run
    from acforensics.bundle import parse_limits

    check_analysis(loop_window=loop_window, year=year)
    if jobs is not None and scheduler is not None:
        raise UsageError("--jobs: is for this machine; the Dask cluster of --scheduler has its own workers")
    arguments = {
        "tz": tz,
        "year": year,
        "since": since,
        "until": until,
        "clock": clocks(clock or []),
        "parsers": [str(path.resolve()) for path in parsers or []],
        "sequences": [str(path.resolve()) for path in sequences or []],
        "loop_window": timedelta(minutes=loop_window),
        "redact": redact,
        "limits": parse_limits(limit or []),
    }
    language: Language = lang.value
    options = Options(root, output, jobs, scheduler, resume, language, arguments)
    try:
        with _progress(quiet) as progress:
            result = run(options, progress)
    except KeyboardInterrupt:
        from acforensics.texts import text

        complain(text("batch.interrupted", path=mask_path(output)).within(language))
        raise typer.Exit(_INTERRUPTED) from None
    if not quiet:
        _summary(result, language)
    raise typer.Exit(_status(result, fail_on))


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal; nothing elsewhere, where it would only fill a log."""
    if quiet or not sys.stderr.isatty():
        yield lambda done, of: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


def _summary(result: Result, lang: Language) -> None:
    from acforensics.texts import text

    fleet = result.fleet
    counts = {grade: fleet.counts[grade] for grade in (*SEVERITIES, "none")}
    failed, incomplete = fleet.statuses["failed"], fleet.statuses["incomplete"]
    typer.echo(text("batch.done", cases=fleet.total, failed=failed, incomplete=incomplete, **counts).within(lang))
    if result.reused:
        typer.echo(text("batch.reused", count=result.reused).within(lang))
    if fleet.skipped:
        names = ", ".join(map(mask_path, fleet.skipped[:10]))
        complain(text("fleet.skipped", count=len(fleet.skipped), names=names).within(lang))
    typer.echo(text("batch.index", path=mask_path(result.index)).within(lang))


def _status(result: Result, fail_on: Level | None) -> int:
    if not result.all_read:
        return EXIT_INPUT
    if fail_on is not None:
        least = SEVERITIES.index(fail_on.value)
        if any(result.fleet.findings[severity] for severity in SEVERITIES[least:]):
            return EXIT_FINDING
    return 0
