"""The command line: arguments, outputs and exit statuses (contract: 0, 1 with --fail-on, 2 usage, 3 input)."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import Annotated

import typer

from acforensics.cli import analyze, batch, bundles, parsers
from acforensics.cli.common import EXIT_INPUT, EXIT_USAGE, app, chosen_language, complain
from acforensics.errors import AcforensicsError, InputError
from acforensics.masking import mask_secrets

__all__ = ["analyze", "app", "batch", "bundles", "main", "parsers"]


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
        told = error.ja if chosen_language() == "ja" else str(error)
        complain(told if isinstance(error, InputError) else mask_secrets(told))
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
