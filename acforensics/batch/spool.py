"""Outcomes of a run, kept on disk: there may be a million of them."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterator
from typing import Self

from acforensics.batch.work import Outcome


class Spool:
    """Takes outcomes in any order and gives them back in order of their names."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="acforensics-")  # noqa: SIM115  (closed with the spool)
        self._places: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self._places)

    def add(self, outcome: Outcome) -> None:
        """Keep an outcome."""
        self._places[outcome.name] = self._file.seek(0, 2)
        pickle.dump(outcome, self._file, pickle.HIGHEST_PROTOCOL)

    def __iter__(self) -> Iterator[Outcome]:
        for name in sorted(self._places):
            self._file.seek(self._places[name])
            yield pickle.load(self._file)  # noqa: S301  (our own file, which has no name)
