"""The command line: arguments, outputs and exit statuses (contract: 0, 1 with --fail-on, 2 usage, 3 input)."""

from __future__ import annotations

import os
import signal
import sys
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from acforensics.errors import AcforensicsError, InputError, UsageError
from acforensics.masking import mask_path, mask_secrets
from acforensics.plain import visible
from acforensics.writing import replacing

if TYPE_CHECKING:
    from acforensics.analysis import Case
    from acforensics.texts import Language

DEFAULT_REPORT = Path("acforensics-report.html")
EXIT_FINDING, EXIT_USAGE, EXIT_INPUT = 1, 2, 3
_SEVERITIES = ("info", "warning", "critical")
_LONGEST_OFFSET = 10 * 365 * 86_400.0

app = typer.Typer(
    name="acforensics",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="What happened to a CLUSTERPRO cluster behind a UPS, from its logs, with evidence.",
)
parsers_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The definitions of what log lines mean.")
app.add_typer(parsers_app, name="parsers")


class Lang(StrEnum):
    """Languages of messages and reports."""

    en = "en"
    ja = "ja"


class Level(StrEnum):
    """Severities, for --fail-on."""

    critical = "critical"
    warning = "warning"
    info = "info"


def _version(wanted: bool) -> None:
    if not wanted:
        return
    from importlib.metadata import version

    libraries = (
        "pandas",
        "plotly",
        "pydantic",
        "google-re2",
        "isal",
        "zstandard",
        "pyarrow",
        "Jinja2",
        "tree-sitter",
        "tree-sitter-bash",
    )
    typer.echo(f"acforensics {version('acforensics')}")
    typer.echo(f"Python {sys.version.split()[0]}, " + ", ".join(f"{name} {version(name)}" for name in libraries))
    raise typer.Exit


@app.callback()
def _main_options(
    _version_wanted: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show versions, for bug reports."),
    ] = False,
) -> None:
    pass


LangOption = Annotated[Lang, typer.Option("--lang", help="Language of messages and reports.")]
ParsersOption = Annotated[
    list[Path] | None,
    typer.Option("--parsers", metavar="DIR", help="Folder of your own definitions; may be given again.",
                 envvar="ACFORENSICS_PARSERS"),
]  # fmt: skip
SequencesOption = Annotated[
    list[Path] | None,
    typer.Option("--sequences", metavar="DIR", help="Folder of your own expected sequences; may be given again.",
                 envvar="ACFORENSICS_SEQUENCES"),
]  # fmt: skip


RedactionMapOption = Annotated[
    Path | None,
    typer.Option("--redaction-map", metavar="FILE", help="Write which stand-in is whose, readable by you only."),
]


@app.command()
def analyze(
    inputs: Annotated[
        list[str], typer.Argument(metavar="INPUT...", help="Files, directories or archives of one incident.")
    ],
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="REPORT.html", help="HTML report.")] = None,
    json_file: Annotated[
        str | None,
        typer.Option("--json", metavar="FILE", help="JSON result; '-' for standard output, and nothing else there."),
    ] = None,
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
    tz: Annotated[
        str | None,
        typer.Option("--tz", metavar="ZONE", help="Zone of stamps without one: Asia/Tokyo, +09:00."),
    ] = None,
    year: Annotated[
        int | None, typer.Option("--year", metavar="YYYY", help="Year of the newest stamp without one.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help="Leave out events before this time.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="Leave out events after this time.")
    ] = None,
    clock: Annotated[
        list[str] | None,
        typer.Option(
            "--clock", metavar="SERVER=SECONDS", help="Seconds a server's clock was ahead; may be given again."
        ),
    ] = None,
    parsers: ParsersOption = None,
    sequences: SequencesOption = None,
    loop_window: Annotated[
        float,
        typer.Option("--loop-window", metavar="MINUTES", help="Longest time between two starts of a reboot loop."),
    ] = 30,
    redact: Annotated[
        bool,
        typer.Option("--redact", help="Stand-ins for names, addresses and identifiers in every output."),
    ] = False,
    redaction_map: RedactionMapOption = None,
    fail_on: Annotated[
        Level | None, typer.Option("--fail-on", help="Exit with 1 if a finding reaches this severity.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No summary on the terminal.")] = False,
) -> None:
    """Analyse inputs together as one case: who or what ended each boot, and was the UPS told."""
    from acforensics.analysis import analyze as run
    from acforensics.timeline import export

    result = Path(json_file) if json_file not in (None, "-") else None
    targets = [path for path in (output, markdown, timeline, result) if path]
    _refuse_overwriting(inputs, [*targets, *([redaction_map] if redaction_map is not None else [])])
    if redaction_map is not None and not redact:
        raise UsageError("--redaction-map: there are stand-ins only with --redact")
    if loop_window <= 0:
        raise UsageError(f"--loop-window {loop_window}: must be more than 0 minutes")
    if year is not None and not 1990 <= year <= 2200:
        raise UsageError(f"--year {year}: not a year that a log can be from")
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
        clock=_clocks(clock or []),
        redact=redact,
    )
    language: Language = lang.value
    if redaction_map is not None and case.pseudonyms is not None:
        _write(redaction_map, case.pseudonyms.to_json(), private=True)
    if not targets and json_file is None:
        output = DEFAULT_REPORT
    if output is not None:
        _write(output, case.to_html(language))
    if json_file == "-":
        sys.stdout.write(case.to_json(language))
    elif json_file is not None:
        _write(Path(json_file), case.to_json(language))
    if markdown is not None:
        _write(markdown, case.to_markdown(language))
    if timeline is not None:
        with replacing(timeline) as temporary:
            export(case.timeline, temporary)
    if not quiet and json_file != "-":
        _summary(case, language, output)
    for problem in case.model.problems:
        _complain(problem.within(language))
    raise typer.Exit(_status(case, fail_on))


@app.command()
def demo(lang: LangOption = Lang.en) -> None:
    """Analyse a sample bundle and print where the report is; opens nothing."""
    from acforensics import resources

    sample = resources.folder("samples") / "os-command" / "bundle"
    analyze(
        [str(sample)], lang=lang, output=DEFAULT_REPORT, tz="Asia/Tokyo", parsers=None, sequences=None, loop_window=30
    )


@app.command()
def audit(
    inputs: Annotated[
        list[str], typer.Argument(metavar="INPUT...", help="Bundles, or clp.conf and stop.sh files alone.")
    ],
    json_file: Annotated[
        str | None,
        typer.Option("--json", metavar="FILE", help="JSON result; '-' for standard output, and nothing else there."),
    ] = None,
    lang: LangOption = Lang.en,
    parsers: ParsersOption = None,
    place: Annotated[
        list[str] | None,
        typer.Option(
            "--place", metavar="NAME=PATH", help="Where clp.conf has sync-wait or restart-limit; may be given again."
        ),
    ] = None,
) -> None:
    """Compare the settings in clp.conf and stop.sh with the HOWTO."""
    from acforensics.auditing import audit as run
    from acforensics.auditing import places_of
    from acforensics.case import to_json
    from acforensics.rendering.audit import print_audit

    _refuse_overwriting(inputs, [Path(json_file)] if json_file not in (None, "-") else [])
    language: Language = lang.value
    model = run(inputs, parsers=parsers or [], places=places_of(place or []), lang=language)
    if json_file == "-":
        sys.stdout.write(to_json(model, language))
    elif json_file is not None:
        _write(Path(json_file), to_json(model, language))
    else:
        print_audit(model, language)
    for problem in model.problems:
        _complain(problem.within(language))
    raise typer.Exit(EXIT_INPUT if model.problems else 0)


@app.command("redact")
def redact_bundles(
    inputs: Annotated[
        list[str], typer.Argument(metavar="INPUT...", help="Files, directories or archives of one incident.")
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="OUT", help="New folder, or an archive by its name (.tar.gz, .tgz)."),
    ],
    redaction_map: RedactionMapOption = None,
    force: Annotated[bool, typer.Option("--force", help="Replace OUT if it is there already.")] = False,
    lang: LangOption = Lang.en,
) -> None:
    """Copy bundles with stand-ins for names, addresses and identifiers, and without secrets.

    The copy is analysed to the same verdict. Binary files other than login records are left out, and listed.
    """
    from acforensics.redaction import redact as run
    from acforensics.texts import text

    language: Language = lang.value
    if redaction_map is not None:
        _refuse_overwriting(inputs, [redaction_map])
    copy = run(inputs, output, force=force)
    if redaction_map is not None:
        _write(redaction_map, copy.pseudonyms.to_json(), private=True)
    typer.echo(text("redact.written", files=copy.files, path=mask_path(output)).within(language))
    if redaction_map is not None:
        typer.echo(text("redact.map", path=mask_path(redaction_map)).within(language))
    for one in copy.left_out:
        _complain(text("redact.left-out", what=one).within(language))
    for said in (*copy.notes, *copy.problems):
        _complain(said.within(language))
    raise typer.Exit(EXIT_INPUT if copy.problems else 0)


@app.command()
def explain(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[RULE|TRIGGER|SEQUENCE]", help="What to explain; without it, all are listed."),
    ] = None,
    lang: LangOption = Lang.en,
) -> None:
    """Explain a rule, a trigger or a sequence: what it means, how it is decided, what it needs, what to do."""
    from acforensics.rendering.explanation import names, page

    language: Language = lang.value
    if name is None:
        for kind, listed in names().items():
            typer.echo(f"{kind}: {', '.join(listed)}")
        return
    typer.echo(page(name, language))


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
    from acforensics.parsing.definitions import load
    from acforensics.parsing.recognition import Recogniser, check_examples

    files = load(directories or [])
    problems = check_examples(Recogniser(files))
    for problem in problems:
        typer.echo(problem, err=True)
    if problems:
        raise typer.Exit(EXIT_USAGE)
    count = sum(1 + len(event.refine) for file in files for event in file.event)
    typer.echo(f"{len(files)} files, {count} definitions: all examples hold")


@parsers_app.command("suggest")
def parsers_suggest(
    inputs: Annotated[
        list[str], typer.Argument(metavar="INPUT...", help="Files, directories or archives of one incident.")
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE.toml", help="New definition file; else standard output."),
    ] = None,
    parsers: ParsersOption = None,
    lang: LangOption = Lang.en,
) -> None:
    """Write definitions, ready to edit, of what unknown programs say near a stop or a start."""
    from acforensics.suggestion import suggest
    from acforensics.suggestion.writing import name_for
    from acforensics.texts import text

    language: Language = lang.value
    name = name_for(output, parsers or [])
    found = suggest(inputs, parsers=parsers or [], name=name, lang=language)
    for problem in found.problems:
        _complain(problem.within(language))
    if found.suggestion is None:
        _complain(found.looked.nothing().within(language))
    elif output is None:
        sys.stdout.write(found.suggestion.content)
    else:
        _write(output, found.suggestion.content)
        counts = {"events": found.suggestion.events, "programs": found.suggestion.programs}
        path, folder = mask_path(output), mask_path(output.parent)
        typer.echo(text("suggest.written", path=path, folder=folder, **counts).within(language))
    raise typer.Exit(EXIT_INPUT if found.problems else 0)


def main() -> None:
    """Entry point: errors of ours become one line and the exit status of the contract."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        # Under nohup a hangup is ignored, and stays so.
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _end)
    try:
        app()
    except AcforensicsError as error:
        # What could not be read is told without secrets; here the user's own names and files are quoted.
        _complain(str(error) if isinstance(error, InputError) else mask_secrets(str(error)))
        sys.exit(EXIT_INPUT if isinstance(error, InputError) else EXIT_USAGE)
    except BrokenPipeError:
        # The reader of our output went away (`| head`): not an error of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def _end(number: int, _frame: FrameType | None) -> None:
    """Asked to end: as an exception, so that temporary files and programs started by us go, too."""
    for other in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(other, signal.SIG_IGN)
    sys.exit(128 + number)


def _complain(message: str) -> None:
    """Say it on standard error. It may quote names and lines of logs, which must not steer the terminal."""
    typer.echo("acforensics: " + "\n".join(visible(line) for line in message.split("\n")), err=True)


def _clocks(given: list[str]) -> dict[str, float]:
    """`SERVER=SECONDS`, as typed."""
    found = {}
    for one in given:
        server, _, seconds = one.rpartition("=")
        try:
            found[server] = float(seconds)
        except ValueError:
            found[server] = float("nan")
        if not server or abs(found[server]) > _LONGEST_OFFSET or found[server] != found[server]:
            raise UsageError(f"--clock {one}: write SERVER=SECONDS, for example svr047=-95 (95 seconds behind)")
    return found


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
        least = _SEVERITIES.index(fail_on.value)
        if any(_SEVERITIES.index(finding.severity) >= least for finding in case.findings):
            return EXIT_FINDING
    return 0


def _refuse_overwriting(inputs: list[str], targets: list[Path]) -> None:
    for target in targets:
        if any(Path(given).exists() and target.exists() and target.samefile(given) for given in inputs):
            raise UsageError(f"{target}: is an input; choose another name for the output")
        if not target.parent.is_dir():
            raise UsageError(f"{target}: the folder {target.parent} does not exist; create it first")


def _write(path: Path, content: str, *, private: bool = False) -> None:
    with replacing(path, private=private) as temporary:
        temporary.write_text(content, encoding="utf-8")
