"""The tables of a batch for queries: `cases.parquet`, `findings.parquet` and `shutdowns.parquet`.

Columns are described in docs/batch.md. Times are UTC with microseconds; rows are in order of cases.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from acforensics.batch.work import Outcome

_TEXT, _NUMBER, _TIME, _TEXTS = pa.string(), pa.int64(), pa.timestamp("us", tz="UTC"), pa.list_(pa.string())
COLUMNS: dict[str, dict[str, pa.DataType]] = {
    "cases": {
        "case": _TEXT, "status": _TEXT, "error": _TEXT, "error_ja": _TEXT, "severity": _TEXT,
        "critical": _NUMBER, "warning": _NUMBER, "info": _NUMBER,
        "servers": _TEXTS, "first": _TIME, "last": _TIME,
        "boots": _NUMBER, "shutdowns": _NUMBER, "os_command_shutdowns": _NUMBER, "incidents": _NUMBER,
        "rules": _TEXTS, "verdict_en": _TEXT, "verdict_ja": _TEXT,
        "files": _NUMBER, "bytes": _NUMBER, "report": _TEXT,
    },
    "findings": {
        "case": _TEXT, "number": _NUMBER, "rule": _TEXT, "severity": _TEXT, "servers": _TEXTS,
        "start": _TIME, "end": _TIME, "title_en": _TEXT, "title_ja": _TEXT, "summary_en": _TEXT, "summary_ja": _TEXT,
        "shutdowns": _TEXTS, "input": _TEXT, "line": _NUMBER, "text": _TEXT,
    },
    "shutdowns": {
        "case": _TEXT, "id": _TEXT, "server": _TEXT, "time": _TIME, "trigger": _TEXT, "confidence": _TEXT,
        "mode": _TEXT, "scope": _TEXT, "actor": _TEXT, "command": _TEXT, "ups_told": _TEXT,
        "sequence": _TEXT, "verdict": _TEXT,
    },
}  # fmt: skip
"""Table → column → type."""
_ROWS_AT_ONCE = 10_000


def write(outcomes: Iterable[Outcome], folder: Path) -> list[str]:
    """Write the tables into a folder and return their file names; memory does not grow with the number of cases."""
    with ExitStack() as stack:
        tables = {
            name: stack.enter_context(_Table(folder / f"{name}.parquet", columns)) for name, columns in COLUMNS.items()
        }
        for outcome in outcomes:
            tables["cases"].add([outcome.row])
            tables["findings"].add(outcome.findings)
            tables["shutdowns"].add(outcome.shutdowns)
    return [f"{name}.parquet" for name in COLUMNS]


class _Table:
    def __init__(self, path: Path, columns: dict[str, pa.DataType]) -> None:
        self._schema = pa.schema(list(columns.items()))
        self._times = {name for name, kind in columns.items() if pa.types.is_timestamp(kind)}
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")
        self._rows: list[dict[str, Any]] = []

    def __enter__(self) -> _Table:
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        self._writer.close()

    def add(self, rows: Iterable[dict[str, Any]]) -> None:
        """Take rows."""
        self._rows += rows
        while len(self._rows) >= _ROWS_AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        rows, self._rows = self._rows[:_ROWS_AT_ONCE], self._rows[_ROWS_AT_ONCE:]
        if rows:
            self._writer.write_table(pa.Table.from_pylist(list(map(self._typed, rows)), schema=self._schema))

    def _typed(self, row: dict[str, Any]) -> dict[str, Any]:
        return {
            name: datetime.fromisoformat(row[name]) if name in self._times and row[name] else row[name]
            for name in self._schema.names
        }
