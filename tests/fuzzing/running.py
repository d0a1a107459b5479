"""Analyses mutated bundles in a process of their own, and tells what no bundle may do to it."""

from __future__ import annotations

import faulthandler
import json
import multiprocessing
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from tests.fuzzing.mutating import make

SECONDS = 10
"""Of processor time; a machine may be busy."""
_STUCK = 120
MOST_MEMORY = 3 << 30
MOST_RESIDENT = 800 << 20
EVERY = 10
"""Reports, and the commands beside the analysis, take longer: one bundle of so many is tried with them."""
_HARD = 9


class TooSlowError(BaseException):
    """Nothing catches it on its way."""


@dataclass
class Trouble:
    """What a bundle did: `seed` makes it again."""

    seed: int
    bundle: str
    what: str


@dataclass
class Report:
    """Of a run."""

    bundles: int = 0
    refused: int = 0
    troubles: list[Trouble] = field(default_factory=list)
    slowest: tuple[float, int] = (0.0, 0)
    packings: Counter[str] = field(default_factory=Counter)


def try_bundle(seed: int, recordings: Path | None = None) -> tuple[str, str]:
    """Analyse the bundle of a number in this process: how it is packed, and what went wrong, if anything did.

    `refused` is nothing wrong: the analysis said so itself.
    """
    import acforensics
    from acforensics.auditing import audit
    from acforensics.redaction import redact

    bundle = make(seed, recordings)
    with tempfile.TemporaryDirectory(prefix="acforensics-fuzz-") as scratch:
        folder = bundle.write(Path(scratch) / "bundle")
        inputs = [folder] if seed % 3 else sorted(folder.iterdir())
        options = {"tz": "Asia/Tokyo"} if seed % 2 else {}
        try:
            case = acforensics.analyze(inputs, **options)
            for language in ("en", "ja"):
                json.loads(case.to_json(language).encode("utf-8"))
                case.to_markdown(language).encode("utf-8")
            if seed % EVERY == 0:
                case.to_html("ja").encode("utf-8")
            if seed % EVERY == 5:
                redact(inputs, Path(scratch) / "redacted.tar.gz")
                audit(inputs)
        except acforensics.AcforensicsError as error:
            str(error).encode("utf-8")
            return bundle.name, "refused"
        except (Exception, TooSlowError):
            return bundle.name, traceback.format_exc(limit=-8)
    return bundle.name, ""


def _serve(connection: Connection, recordings: Path | None, said: Path) -> None:
    """Answer numbers with what their bundles did, within bounds of time and memory."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    signal.signal(signal.SIGPROF, _too_slow)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with said.open("w", encoding="utf-8") as log:
        while (seed := connection.recv()) is not None:
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
            faulthandler.dump_traceback_later(_STUCK - 10, file=log)
            start = time.process_time()
            try:
                name, what = try_bundle(seed, recordings)
            except TooSlowError:
                name, what = "?", traceback.format_exc(limit=-8)
            signal.setitimer(signal.ITIMER_PROF, 0)
            faulthandler.cancel_dump_traceback_later()
            taken = time.process_time() - start
            resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
            connection.send((name, what, taken, resident))


def _too_slow(*_: object) -> None:
    raise TooSlowError(f"more than {SECONDS} seconds of processor time")


class Worker:
    """A process that is used again and again, and replaced where a bundle hurt it."""

    def __init__(self, recordings: Path | None) -> None:
        self._recordings = recordings
        self._folder = tempfile.TemporaryDirectory(prefix="acforensics-fuzz-")
        self._said = Path(self._folder.name) / "stuck.txt"
        self._begin()

    def _begin(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self._recordings, self._said), daemon=True)
        self._process.start()
        theirs.close()

    def run(self, seed: int) -> tuple[str, str, float]:
        """One bundle: how it is packed, what went wrong, seconds."""
        try:
            self._connection.send(seed)
            if self._connection.poll(_STUCK):
                name, what, taken, resident = self._connection.recv()
                if resident > MOST_RESIDENT and not what:
                    what = f"memory: {resident >> 20} MiB"
                if what not in ("", "refused"):
                    self._replace()
                return name, what, taken
            stack = self._said.read_text(encoding="utf-8")
            self._replace()
            return "?", f"no answer within {_STUCK} seconds\n{stack}", float(_STUCK)
        except (EOFError, OSError):
            self._process.join(10)
            code = self._process.exitcode
            self._replace()
            return "?", f"the process died ({code})", 0.0

    def _replace(self) -> None:
        self._process.kill()
        self._process.join()
        self._connection.close()
        self._begin()

    def close(self) -> None:
        """End the process."""
        with suppress(OSError):
            self._connection.send(None)
        self._process.join(_HARD)
        self._process.kill()
        self._folder.cleanup()


def run(seconds: float, first: int, recordings: Path | None, keep: Path | None, most: int | None = None) -> Report:
    """Bundles from a number on, until the time is over; those that did harm are kept."""
    report, until = Report(), time.monotonic() + seconds
    worker = Worker(recordings)
    seed = first
    try:
        while time.monotonic() < until and (most is None or report.bundles < most):
            name, what, taken = worker.run(seed)
            report.bundles += 1
            report.packings[name.partition(",")[0]] += 1
            report.refused += what == "refused"
            report.slowest = max(report.slowest, (taken, seed))
            if what not in ("", "refused"):
                report.troubles.append(Trouble(seed, name, what))
                sys.stderr.write(f"--- seed {seed} ({name})\n{what}\n")
                if keep is not None:
                    make(seed, recordings).write(keep / str(seed))
            elif report.bundles % 500 == 0:
                sys.stderr.write(f"{report.bundles} bundles, {len(report.troubles)} troubles\n")
            seed += 1
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
    finally:
        worker.close()
    return report
