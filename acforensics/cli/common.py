"""What all commands share: the application, options of several commands, outputs and messages."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from acforensics.errors import UsageError
from acforensics.plain import visible
from acforensics.writing import replacing

EXIT_FINDING, EXIT_USAGE, EXIT_INPUT = 1, 2, 3
SEVERITIES = ("info", "warning", "critical")
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


def _remember(lang: Lang) -> Lang:
    """Errors are told when the command that knew the language has ended."""
    global _chosen  # noqa: PLW0603
    _chosen = lang
    return lang


_chosen = Lang.en


def chosen_language() -> Lang:
    """The language that the command was called with."""
    return _chosen


LangOption = Annotated[Lang, typer.Option("--lang", callback=_remember, help="Language of messages and reports.")]
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
TzOption = Annotated[
    str | None, typer.Option("--tz", metavar="ZONE", help="Zone of stamps without one: Asia/Tokyo, +09:00.")
]
YearOption = Annotated[int | None, typer.Option("--year", metavar="YYYY", help="Year of the newest stamp without one.")]
SinceOption = Annotated[
    str | None, typer.Option("--since", metavar="TIME", help="Show what touches the time from here on.")
]
UntilOption = Annotated[
    str | None, typer.Option("--until", metavar="TIME", help="Show what touches the time up to here.")
]
ClockOption = Annotated[
    list[str] | None,
    typer.Option("--clock", metavar="SERVER=SECONDS", help="Seconds a server's clock was ahead; may be given again."),
]
LoopWindowOption = Annotated[
    float, typer.Option("--loop-window", metavar="MINUTES", help="Longest time between two starts of a reboot loop.")
]
FailOnOption = Annotated[
    Level | None, typer.Option("--fail-on", help="Exit with 1 if a finding reaches this severity.")
]
JsonOption = Annotated[
    str | None,
    typer.Option("--json", metavar="FILE", help="JSON result; '-' for standard output, and nothing else there."),
]
LimitOption = Annotated[
    list[str] | None,
    typer.Option(
        "--limit",
        metavar="NAME=VALUE",
        help="Bounds against hostile inputs: depth, members, expanded-size, expansion-ratio, seconds-per-file; "
        "may be given again.",
    ),
]
InputsArgument = Annotated[
    list[str], typer.Argument(metavar="INPUT...", help="Files, directories or archives of one incident.")
]


def complain(message: str) -> None:
    """Say it on standard error. It may quote names and lines of logs, which must not steer the terminal."""
    typer.echo("acforensics: " + "\n".join(visible(line) for line in message.split("\n")), err=True)


def check_analysis(*, loop_window: float, year: int | None) -> None:
    """Refuse numbers that no log can fit."""
    if loop_window <= 0:
        raise UsageError(f"--loop-window {loop_window}: must be more than 0 minutes")
    if year is not None and not 1990 <= year <= 2200:
        raise UsageError(f"--year {year}: not a year that a log can be from")


def clocks(given: list[str]) -> dict[str, float]:
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


def refuse_overwriting(inputs: list[str], targets: list[Path]) -> None:
    """Refuse outputs that are inputs, or whose folder is not there."""
    for target in targets:
        if any(Path(given).exists() and target.exists() and target.samefile(given) for given in inputs):
            raise UsageError(f"{target}: is an input; choose another name for the output")
        if not target.parent.is_dir():
            raise UsageError(f"{target}: the folder {target.parent} does not exist; create it first")


def write(path: Path, content: str, *, private: bool = False) -> None:
    """Write an output as a whole."""
    with replacing(path, private=private) as temporary:
        temporary.write_text(content, encoding="utf-8")
