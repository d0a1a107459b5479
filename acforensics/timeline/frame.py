"""The timeline as rows or as a DataFrame, and its exports.

Rows are enough for a report: pandas takes longer to start than a small case to judge.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from acforensics.errors import UsageError
from acforensics.events import Event
from acforensics.plain import visible, visible_json

if TYPE_CHECKING:
    import pandas as pd

_FORMULA_SIGNS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")

COLUMNS: dict[str, str] = {
    "server": "server the record belongs to",
    "layer": "os, clusterpro, ac or ups",
    "kind": "what the record means",
    "message": "the record's text after its tag",
    "program": "tag of the record",
    "pid": "process id as written, empty where none",
    "fields": "values read from the message, as JSON",
    "certainty": "verified, inferred or unverified: how sure we are of this format",
    "definition": "file and id of the definition that recognised it",
    "input": "file it was read from",
    "line": "1-based line in that file, or number of the record in a binary one",
    "witnesses": "number of files that record it",
    "local_time": "time on the case's clock as the case's zone shows it, ISO 8601",
    "server_time": "time by the server's own clock as the case's zone shows it, ISO 8601",
}


class TimelineRow(NamedTuple):
    """One event: its time on the case's clock, then what `COLUMNS` says."""

    time: datetime
    server: str
    layer: str
    kind: str
    message: str
    program: str
    pid: str
    fields: str
    certainty: str
    definition: str
    input: str
    line: int | None
    witnesses: int
    local_time: str
    server_time: str


def to_rows(events: Sequence[Event], zone: tzinfo) -> list[TimelineRow]:
    """The timeline: one row an event, in order."""
    return [
        TimelineRow(
            event.case_time or event.time,
            event.server,
            event.layer,
            event.kind,
            event.message,
            event.program,
            event.pid,
            visible_json(json.dumps(event.fields, ensure_ascii=False, sort_keys=True)),
            event.certainty,
            event.definition,
            event.witnesses[0].input,
            event.witnesses[0].line,
            len(event.witnesses),
            (event.case_time or event.time).astimezone(zone).isoformat(timespec="microseconds"),
            event.witnesses[0].time.astimezone(zone).isoformat(timespec="microseconds"),
        )
        for event in events
    ]


def to_frame(events: Sequence[Event], zone: tzinfo) -> pd.DataFrame:
    """The timeline as a DataFrame: one row an event in order, columns as in `COLUMNS`.

    The UTC index `time` is on the case's clock: the server's own, corrected where its offset is known.
    """
    import pandas as pd

    rows = to_rows(events, zone)
    index = pd.DatetimeIndex([row.time for row in rows], name="time", dtype="datetime64[us, UTC]")
    frame = pd.DataFrame([row[1:] for row in rows], columns=list(COLUMNS), index=index)
    return frame.astype({"line": "Int64", "witnesses": "int64"})


def export(frame: pd.DataFrame, path: Path) -> None:
    r"""Write the timeline; the ending chooses the form: `.csv`, `.jsonl` (both load into Timesketch) or `.parquet`.

    What hides or steers is written out in CSV (`\x1b`), escaped in JSONL (`\u001b`), and as it was in Parquet.

    Raises:
        UsageError: another ending.
    """
    ending = path.suffix.lower()
    if ending not in (".csv", ".jsonl", ".parquet"):
        raise UsageError(f"--timeline {path}: the name must end in .csv, .jsonl or .parquet")
    if ending == ".parquet":
        frame.to_parquet(path)
        return
    flat = frame.reset_index(drop=True)
    flat.insert(0, "datetime", [stamp.isoformat(timespec="microseconds") for stamp in frame.index])
    flat.insert(1, "timestamp_desc", flat.pop("kind"))
    flat.insert(2, "message", flat.pop("message"))
    if ending == ".csv":
        text_columns = flat.select_dtypes(include=["object", "string"]).columns
        flat[text_columns] = flat[text_columns].map(_harmless_cell)
        flat.to_csv(path, index=False, lineterminator="\r\n")
    else:
        path.write_text(visible_json(flat.to_json(orient="records", lines=True, force_ascii=False)), encoding="utf-8")


def _harmless_cell(value: str) -> str:
    """Spreadsheets run cells that begin like a formula (in Japan also a full-width one); log text is data.

    Characters that steer a terminal or turn text round are written out; with them go line breaks within a cell.
    """
    shown = visible(value)
    return "'" + shown if shown.startswith(_FORMULA_SIGNS) else shown
