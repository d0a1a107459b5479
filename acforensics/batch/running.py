"""The run of a batch: hands out cases, keeps their outcomes, and writes what they have in common."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from acforensics import clocks, cooperation, resources
from acforensics.batch import fleet, index, tables
from acforensics.batch.pool import DaskWorkers, LocalWorkers, run_all
from acforensics.batch.spool import Spool
from acforensics.batch.storage import LocalStorage, Storage, storage
from acforensics.batch.work import Outcome, Task, failed
from acforensics.errors import UsageError
from acforensics.masking import ShownNames, mask_path
from acforensics.parsing.definitions import kinds_of, load
from acforensics.texts import Language, Text, input_error, text

INDEX = "index.html"
_RESERVED = {INDEX, "assets", *(f"{name}.parquet" for name in tables.COLUMNS)}
_SHOWN_EVERY = 30.0
_SHARE = 20
"""The index is written anew while the batch runs, but takes no more than a twentieth of the time."""


@dataclass(frozen=True)
class Options:
    """Options of a batch: where and how it runs, and those of each analysis.

    `arguments` are keyword arguments of `acforensics.analyze`.
    """

    root: str
    out: str
    jobs: int | None = None
    scheduler: str | None = None
    resume: bool = False
    lang: Language = "en"
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Result:
    """What came of a batch. `index`: where its page is; `reused`: cases that were not analysed again."""

    fleet: fleet.Fleet
    index: str
    reused: int

    @property
    def all_read(self) -> bool:
        """Whether every case was analysed as a whole."""
        return not self.fleet.statuses["failed"] and not self.fleet.statuses["incomplete"]


def run(options: Options, progress: Callable[[int, int], None] = lambda done, of: None) -> Result:
    """Analyse every case of a folder; a case that fails is recorded and the rest goes on.

    Args:
        options: of the batch.
        progress: told how many of how many cases are done.

    Raises:
        InputError: the folder cannot be listed, or holds no case.
        UsageError: an option does not fit, or results cannot be written.
        DefinitionError: a definition is wrong.
        KeyboardInterrupt: interrupted; the index and the tables hold what was done until then.
    """
    _check(options.arguments)
    root, out = storage(options.root), storage(options.out)
    names = _names(options, root)
    if not names:
        raise input_error([text("batch.no-cases", path=mask_path(options.root))])
    plotly = _share_plotly(out)
    knowledge = _knowledge(options.arguments)

    def task(name: str, child: str) -> Task:
        return Task(
            name=name,
            child=child,
            root=_absolute(options.root),
            out=_absolute(options.out),
            arguments=dict(options.arguments),
            lang=options.lang,
            plotly=f"../{plotly}",
            knowledge=knowledge,
            resume=options.resume,
        )

    tasks = (task(name, child) for name, child in names.items())
    page = _Page(options, out, plotly, len(names))
    reused = 0
    with Spool() as spool:
        try:
            for outcome in _outcomes(options, tasks, out):
                spool.add(outcome)
                reused += outcome.reused
                progress(len(spool), len(names))
                page.refresh(spool)
        finally:
            found = page.write(spool, finished=len(spool) == len(names))
            _write_tables(spool, out)
    return Result(found, f"{options.out.rstrip('/')}/{INDEX}", reused)


def _outcomes(options: Options, tasks: Iterator[Task], out: Storage) -> Iterator[Outcome]:
    def died(task: Task, error: Text) -> Outcome:
        return failed(task, out, error)

    if options.scheduler is None:
        yield from run_all(tasks, LocalWorkers(options.jobs or _cores()), died)
        return
    with closing(DaskWorkers(options.scheduler)) as workers:
        yield from run_all(tasks, workers, died)


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _check(arguments: Mapping[str, Any]) -> None:
    """Refuse at once what would fail in every case."""
    if arguments.get("tz") is not None:
        clocks.parse_zone(arguments["tz"])
    files = load([Path(folder) for folder in arguments.get("parsers", ())])
    cooperation.load([Path(folder) for folder in arguments.get("sequences", ())], kinds_of(files))


def _names(options: Options, root: Storage) -> dict[str, str]:
    """The folder of each case below OUT → what it is called below ROOT.

    A case is named after its bundle, without secrets; where names are replaced, cases have numbers.
    """
    children = root.children()
    if isinstance(root, LocalStorage) and "://" not in options.out:
        own = Path(options.out).resolve()
        within = next((child for child in children if (root.folder / child).resolve() in own.parents), None)
        if own == root.folder.resolve() or within is not None:
            where = f"within the case {within}" if within is not None else "where the cases do"
            raise UsageError(f"-o {options.out}: the results cannot lie {where}; give another folder")
        children = [child for child in children if (root.folder / child).resolve() != own]
    if options.arguments.get("redact"):
        return {f"case-{number:06}": child for number, child in enumerate(children, 1)}
    shown = ShownNames()
    names: dict[str, str] = {}
    for child in children:
        name = shown.name(child.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace"))
        while name in _RESERVED or name in names:
            name += "_"
        names[name] = child
    return names


def _absolute(place: str) -> str:
    """A place as workers elsewhere in the file system find it."""
    return place if "://" in place else str(Path(place).resolve())


def _share_plotly(out: Storage) -> str:
    """One copy of Plotly's script for all reports; its path below OUT."""
    from plotly.offline import get_plotlyjs, get_plotlyjs_version

    path = f"assets/plotly-{get_plotlyjs_version()}.min.js"
    content = get_plotlyjs().encode()
    if out.read(path) != content:
        out.write(path, content)
    return path


def _knowledge(arguments: Mapping[str, Any]) -> str:
    """A digest of every definition, sequence, template and text that results depend on."""
    folders = [resources.folder(name) for name in ("parsers", "sequences", "reports")]
    folders += [Path(folder) for name in ("parsers", "sequences") for folder in arguments.get(name, ())]
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            digest.update(f"{path.relative_to(folder)} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


class _Page:
    """The index, which is there as soon as the first cases are done."""

    def __init__(self, options: Options, out: Storage, plotly: str, of: int) -> None:
        self._options = options
        self._out = out
        self._plotly = plotly
        self._of = of
        self._due = time.monotonic() + 1.0

    def refresh(self, spool: Spool) -> None:
        """Write it anew, if that is due."""
        begun = time.monotonic()
        if begun >= self._due:
            self.write(spool, finished=False)
            took = time.monotonic() - begun
            self._due = begun + max(_SHOWN_EVERY, _SHARE * took)

    def write(self, spool: Spool, *, finished: bool) -> fleet.Fleet:
        """Write it."""
        options = self._options
        found = fleet.gather(spool)
        page = index.render(
            found,
            name="-" if options.arguments.get("redact") else Path(options.root.rstrip("/")).name,
            version=version("acforensics"),
            options=_shown(options.arguments),
            lang=options.lang,
            plotly=self._plotly,
            unfinished=0 if finished else self._of,
        )
        self._out.write(INDEX, page.encode())
        return found


def _shown(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Options of the analyses that are not as usual, without paths of this machine."""
    from acforensics.analysis import Options as OfOne

    given = {name: value for name, value in arguments.items() if value is not None}
    given |= {name: tuple(map(Path, given[name])) for name in ("parsers", "sequences") if name in given}
    return {name: value for name, value in OfOne(**given).shown().items() if value not in (None, [], {})}


def _write_tables(spool: Spool, out: Storage) -> None:
    outcomes = (outcome for outcome in spool if outcome.status != "skipped")
    with tempfile.TemporaryDirectory(prefix="acforensics-") as folder:
        for name in tables.write(outcomes, Path(folder)):
            out.put(name, Path(folder) / name)
