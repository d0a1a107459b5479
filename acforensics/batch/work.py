"""One case of a batch, from its bundle to its results: what a worker does, wherever it runs.

Results are trusted only as a whole: `batch.json` is removed first and written last, and holds the digests of the rest.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from acforensics.errors import AcforensicsError
from acforensics.masking import mask_secrets
from acforensics.texts import Language, Text, join, literal, text

if TYPE_CHECKING:
    from acforensics.analysed import Case
    from acforensics.batch.storage import Fetched, Storage
    from acforensics.case import Finding, Shutdown

Status = Literal["analysed", "incomplete", "failed", "skipped"]
RECORD, REPORT, RESULT = "batch.json", "report.html", "case.json"
SCHEMA = "acforensics/batch-case/1"
_LONGEST_ERROR = 2000
_BYTES_LOOKED_AT = 1024
_ARCHIVES = (".tar", ".tgz", ".tbz2", ".txz", ".zip", ".gz", ".bz2", ".xz", ".zst")
"""A damaged one may have lost its beginning."""


@dataclass(frozen=True)
class Task:
    """One case: `name` is its folder below `out`, `child` what it is called below `root`."""

    name: str
    child: str
    root: str
    out: str
    arguments: Mapping[str, Any]
    """Keyword arguments of `acforensics.analyze`."""
    lang: Language
    plotly: str
    """Where the reports find Plotly's script, seen from a case's folder."""
    knowledge: str
    """Digest of all definitions, sequences and templates in use."""
    resume: bool = False


@dataclass
class Outcome:
    """What became of a case: a row of the table of cases, and the rows of its findings and ends.

    `reused`: its results are those of an earlier run.
    """

    name: str
    status: Status
    row: dict[str, Any]
    findings: list[dict[str, Any]] = field(default_factory=list)
    shutdowns: list[dict[str, Any]] = field(default_factory=list)
    reused: bool = False


def work(task: Task) -> Outcome:
    """Analyse a case and write its results; whatever goes wrong with it is its outcome.

    Raises:
        UsageError: the results cannot be written.
    """
    from acforensics.batch.storage import storage

    root, out = storage(task.root), storage(task.out)
    try:
        key = _key(task, root)
        if task.resume and (earlier := _earlier(task, out, key)) is not None:
            return earlier
        clear(out, task.name)
        return _analysed(task, root, out, key)
    except AcforensicsError as error:
        return failed(task, out, Text(en=str(error), ja=error.ja))
    except MemoryError:
        return failed(task, out, text("batch.no-memory"))
    except Exception as error:
        return failed(task, out, _internal(error))


def _key(task: Task, root: Storage) -> dict[str, Any]:
    """What the results depend on: the same content, version and options give the same bytes."""
    return {
        "content": root.content(task.child),
        "version": version("acforensics"),
        "knowledge": task.knowledge,
        "options": json.loads(json.dumps(dict(task.arguments), default=str, sort_keys=True)),
        "lang": task.lang,
        "plotly": task.plotly,
    }


def _earlier(task: Task, out: Storage, key: Mapping[str, Any]) -> Outcome | None:
    """The outcome of an earlier run, if it was finished and nothing that it depends on has changed."""
    try:
        found = json.loads(out.read(f"{task.name}/{RECORD}") or b"null")
        if not isinstance(found, dict) or found["schema"] != SCHEMA or found["key"] != key:
            return None
        for name, digest in found["outputs"].items():
            if _digest(out.read(f"{task.name}/{name}") or b"") != digest:
                return None
        status = found["row"]["status"]
        if status not in ("analysed", "incomplete") or found["row"]["case"] != task.name:
            return None
        return Outcome(task.name, status, found["row"], found["findings"], found["shutdowns"], reused=True)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def clear(out: Storage, name: str) -> None:
    """Remove what an earlier run left of a case, what says that the rest is whole first."""
    for file in (RECORD, REPORT, RESULT):
        out.remove(f"{name}/{file}")


def _analysed(task: Task, root: Storage, out: Storage, key: dict[str, Any]) -> Outcome:
    from acforensics.analysis import analyze

    with root.fetched(task.child) as bundle:
        if not _is_case(bundle.within / bundle.name):
            return Outcome(task.name, "skipped", {"case": task.name})
        with _shown_as(task.name, bundle) as within:
            case = analyze([task.name], within=within, strict=False, **task.arguments)
            report = case.to_html(task.lang, plotly=task.plotly, name=task.name)
    problems = case.model.problems
    told = join(problems, literal("\n")) if problems else None
    row = _row(task, case, "incomplete" if problems else "analysed", told)
    outcome = Outcome(task.name, row["status"], row, _findings(task, case), _shutdowns(task, case))
    outputs = {REPORT: report.encode(), RESULT: case.to_json(task.lang).encode()}
    for name, content in outputs.items():
        out.write(f"{task.name}/{name}", content)
    if root.content(task.child) != key["content"]:
        # It grew or changed while it was read: good for a look, but not to be trusted by a later run.
        key["content"] = ""
    _record(out, outcome, key, {name: _digest(content) for name, content in outputs.items()})
    return outcome


@contextmanager
def _shown_as(name: str, bundle: Fetched) -> Iterator[Path]:
    """A folder in which the bundle has the case's name: its own may be a secret, or no text."""
    if bundle.name == name:
        yield bundle.within
        return
    with tempfile.TemporaryDirectory(prefix="acforensics-") as folder:
        (Path(folder) / name).symlink_to((bundle.within / bundle.name).resolve())
        yield Path(folder)


def _record(out: Storage, outcome: Outcome, key: Mapping[str, Any], outputs: Mapping[str, str]) -> None:
    found = {
        "schema": SCHEMA,
        "key": key,
        "outputs": outputs,
        "row": outcome.row,
        "findings": outcome.findings,
        "shutdowns": outcome.shutdowns,
    }
    out.write(f"{outcome.name}/{RECORD}", json.dumps(found, ensure_ascii=False, indent=1).encode() + b"\n")


def failed(task: Task, out: Storage, error: Text) -> Outcome:
    """A case without results, and why."""
    clear(out, task.name)
    row = _empty_row(task) | {"status": "failed", **_errors(error)}
    outcome = Outcome(task.name, "failed", row)
    _record(out, outcome, {}, {})
    return outcome


def _errors(error: Text | None) -> dict[str, str | None]:
    """The columns that say what went wrong; messages of others may quote what they were given."""
    if error is None:
        return {"error": None, "error_ja": None}
    return {"error": mask_secrets(error.en)[:_LONGEST_ERROR], "error_ja": mask_secrets(error.ja)[:_LONGEST_ERROR]}


def _internal(error: Exception) -> Text:
    """An error that is ours: where it happened. What it says may quote a log."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
    return text("batch.internal-error", error=type(error).__name__, place=place)


def _is_case(path: Path) -> bool:
    """A folder, or an archive by its first bytes or its name; other files beside the cases are none."""
    from acforensics.bundle import is_archive

    if path.is_dir() or path.name.lower().endswith(_ARCHIVES):
        return True
    try:
        with path.open("rb") as stream:
            return is_archive(stream.read(_BYTES_LOOKED_AT))
    except OSError:
        # Analysed all the same: the error says why it cannot be read.
        return True


# --- rows


def _empty_row(task: Task) -> dict[str, Any]:
    return {
        "case": task.name,
        "status": "",
        **_errors(None),
        "severity": None,
        "critical": 0,
        "warning": 0,
        "info": 0,
        "servers": [],
        "first": None,
        "last": None,
        "boots": 0,
        "shutdowns": 0,
        "os_command_shutdowns": 0,
        "incidents": 0,
        "rules": [],
        "verdict_en": None,
        "verdict_ja": None,
        "files": 0,
        "bytes": 0,
        "report": None,
    }


def _row(task: Task, case: Case, status: Status, error: Text | None) -> dict[str, Any]:
    from acforensics.rendering.choice import SEVERITIES
    from acforensics.rendering.verdict import judge

    model = case.model
    counts: dict[str, int] = {
        severity: sum(one.severity == severity for one in model.findings) for severity in SEVERITIES
    }
    verdict = judge(model)
    said = verdict.incidents[0].headline if verdict.incidents else verdict.nothing[0] if verdict.nothing else None
    return _empty_row(task) | {
        "status": status,
        **_errors(error),
        "severity": next((severity for severity, count in counts.items() if count), None),
        **counts,
        "servers": [server.name for server in model.servers],
        "first": _time(min((one.first for one in model.inputs if one.first), default=None)),
        "last": _time(max((one.last for one in model.inputs if one.last), default=None)),
        "boots": len(model.boots),
        "shutdowns": len(model.shutdowns),
        "os_command_shutdowns": sum(one.trigger == "os-command" for one in model.shutdowns),
        "incidents": len(model.incidents),
        "rules": sorted({one.rule for one in model.findings}),
        "verdict_en": said.en if said is not None else None,
        "verdict_ja": said.ja if said is not None else None,
        "files": len(model.inputs),
        "bytes": sum(one.bytes for one in model.inputs),
        "report": f"{task.name}/{REPORT}",
    }


def _findings(task: Task, case: Case) -> list[dict[str, Any]]:
    return [_finding(task, number, one) for number, one in enumerate(case.model.findings, 1)]


def _finding(task: Task, number: int, one: Finding) -> dict[str, Any]:
    line = one.evidence[0] if one.evidence else None
    return {
        "case": task.name,
        "number": number,
        "rule": one.rule,
        "severity": one.severity,
        "servers": list(one.servers),
        "start": _time(one.case_start),
        "end": _time(one.case_end),
        "title_en": one.title.en,
        "title_ja": one.title.ja,
        "summary_en": one.summary.en,
        "summary_ja": one.summary.ja,
        "shutdowns": list(one.related),
        "input": line.input if line is not None else None,
        "line": line.line if line is not None else None,
        "text": line.text if line is not None else None,
    }


def _shutdowns(task: Task, case: Case) -> list[dict[str, Any]]:
    return [_shutdown(task, one) for one in case.model.shutdowns]


def _shutdown(task: Task, one: Shutdown) -> dict[str, Any]:
    return {
        "case": task.name,
        "id": one.id,
        "server": one.server,
        "time": _time(one.case_time),
        "trigger": one.trigger,
        "confidence": one.confidence,
        "mode": one.mode,
        "scope": one.scope,
        "actor": one.actor,
        "command": one.command,
        "ups_told": one.ups_told,
        "sequence": one.sequence,
        "verdict": one.verdict,
    }


def _time(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat(timespec="microseconds") if moment is not None else None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
