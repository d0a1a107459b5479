"""Runs cases on the cores of this machine or on a Dask cluster; a worker that dies takes one case with it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Protocol

from acforensics.batch.work import Outcome, Task, work
from acforensics.errors import AcforensicsError, UsageError
from acforensics.texts import Text, text

_AHEAD = 2
_ORPHANED_AFTER = 2.0
PATIENCE = "10s"
"""How long a scheduler may take to answer."""


class Workers(Protocol):
    """What runs cases."""

    def executor(self, alone: bool = False) -> Executor:
        """A new pool; `alone`: of one worker, for a case that may kill it."""

    def room(self) -> int:
        """How many cases to hand out at once."""

    def leave(self, executor: Executor, *, finished: bool) -> None:
        """Be done with a pool; where not all is `finished`, nobody waits for what it still does."""


class LocalWorkers:
    """Processes of this machine."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs

    def executor(self, alone: bool = False) -> Executor:
        """Make a pool."""
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(1 if alone else self._jobs, context, _prepare, (os.getpid(),))

    def room(self) -> int:
        """Enough to keep all busy."""
        return self._jobs * _AHEAD

    def leave(self, executor: Executor, *, finished: bool) -> None:
        """End its processes."""
        executor.shutdown(wait=finished, cancel_futures=True)
        if not finished:
            # What is interrupted leaves nothing that could be taken for whole.
            for process in multiprocessing.active_children():
                process.terminate()


def _prepare(parent: int) -> None:
    """In a worker: Ctrl-C is the parent's affair; without its parent it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    pause = threading.Event()
    while os.getppid() == parent:
        pause.wait(_ORPHANED_AFTER)
    os._exit(1)


class DaskWorkers:
    """Workers of a Dask cluster that runs already; they need this version of acforensics, and to see ROOT and OUT."""

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise UsageError(f"--scheduler {address}: needs Dask; install acforensics[dask]") from None
        try:
            self._client = Client(address, timeout=PATIENCE, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise UsageError(f"--scheduler {address}: no Dask scheduler answers there ({error})") from None
        self._refuse_other_versions(address)

    def _refuse_other_versions(self, address: str) -> None:
        own = _version()
        try:
            found = self._client.run(_version)
        except Exception as error:
            raise UsageError(
                f"--scheduler {address}: its workers cannot load acforensics ({type(error).__name__}); install "
                f"acforensics {own} where they run"
            ) from None
        others = {worker: version for worker, version in found.items() if version != own}
        if others:
            worker, version = min(others.items())
            raise UsageError(
                f"--scheduler {address}: {worker} has acforensics {version}, and this is {own}: results would differ; "
                "install the same version everywhere"
            )

    def executor(self, alone: bool = False) -> Executor:
        """Make a pool; Dask itself tries the case of a dead worker again elsewhere, and gives up in the end."""
        executor: Executor = self._client.get_executor(pure=False)
        return executor

    def room(self) -> int:
        """Enough to keep all busy, as many as there are now."""
        cores: int = sum(self._client.ncores().values())
        return max(8, _AHEAD * cores)

    def leave(self, executor: Executor, *, finished: bool) -> None:
        """Take back what it has not begun."""
        executor.shutdown(wait=finished)

    def close(self) -> None:
        """Leave the cluster as it is."""
        self._client.close()


def _version() -> str:
    from importlib.metadata import version

    return version("acforensics")


def run_all(
    tasks: Iterator[Task],
    workers: Workers,
    died: Callable[[Task, Text], Outcome],
    job: Callable[[Task], Outcome] = work,
) -> Iterator[Outcome]:
    """Outcomes as they are ready, in no particular order.

    Args:
        tasks: taken as there is room.
        workers: what runs them.
        died: makes the outcome of a case whose worker did not live to tell.
        job: what is done with each.

    Raises:
        UsageError: the results cannot be written.
    """
    with _pool(workers) as pool:
        waiting: dict[Future[Outcome], Task] = {}
        while True:
            while len(waiting) < workers.room() and (task := next(tasks, None)) is not None:
                waiting[pool.executor.submit(job, task)] = task
            if not waiting:
                return
            done, _ = wait(waiting, return_when=FIRST_COMPLETED)
            suspects = []
            for future in done:
                task = waiting.pop(future)
                try:
                    yield _result(future, task, died)
                except BrokenProcessPool:
                    suspects.append(task)
            if suspects:
                # One of them killed its worker, and with it the pool. Nobody knows which: each is tried alone.
                suspects += waiting.values()
                waiting.clear()
                for task in sorted(suspects, key=lambda task: task.name):
                    yield _alone(task, workers, died, job)
                pool.renew()


def _alone(
    task: Task, workers: Workers, died: Callable[[Task, Text], Outcome], job: Callable[[Task], Outcome]
) -> Outcome:
    with workers.executor(alone=True) as executor:
        try:
            return _result(executor.submit(job, task), task, died)
        except BrokenProcessPool:
            return died(task, text("batch.worker-killed"))


def _result(future: Future[Outcome], task: Task, died: Callable[[Task, Text], Outcome]) -> Outcome:
    """The outcome of a case; an error of its worker is one, but not that results cannot be written."""
    try:
        return future.result()
    except (AcforensicsError, BrokenProcessPool):
        raise
    except Exception as error:
        return died(task, text("batch.worker-failed", error=type(error).__name__))


class _Pool:
    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self.executor = workers.executor()

    def renew(self) -> None:
        """Replace one whose processes were killed."""
        self._workers.leave(self.executor, finished=False)
        self.executor = self._workers.executor()


@contextmanager
def _pool(workers: Workers) -> Iterator[_Pool]:
    pool = _Pool(workers)
    finished = False
    try:
        yield pool
        finished = True
    finally:
        workers.leave(pool.executor, finished=finished)
