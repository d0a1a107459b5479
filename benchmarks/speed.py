"""The figures of docs/benchmarks.md: `python -m benchmarks.speed [--size MB] [--write docs/benchmarks.md]`.

Each is a ratio to a peer that runs in the same minute on the same input: `rg` (one thread, 64 of our patterns),
`zgrep -E` with the same, `lnav`. Wall times are the best of three; memory is the peak of the whole process.
"""

from __future__ import annotations

import argparse
import gzip
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from acforensics.parsing.definitions import load
from acforensics.parsing.patterns import scan_forms
from benchmarks import logs

ROOT = Path(__file__).parents[1]
PROGRAM = [sys.executable, "-m", "acforensics"]
# As installed: with compiled modules and templates.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
REPEATS = 3
PATTERNS = 64
_ONLY_RE2 = re.compile(rb"\(\?[^:]|[*+?}]\?|\\[a-zA-Z0-9]")


@dataclass
class Run:
    """A command's best wall time and its peak of memory."""

    seconds: float
    megabytes: float


def run(command: Sequence[str | Path], repeats: int = REPEATS, **options: object) -> Run:
    """Run a command some times."""
    best, most = float("inf"), 0.0
    for _ in range(repeats):
        begun = time.perf_counter()
        process = subprocess.Popen(  # type: ignore[call-overload]
            [str(part) for part in command], stdout=subprocess.DEVNULL, env=ENVIRONMENT, **options
        )
        _, _, usage = os.wait4(process.pid, 0)
        best = min(best, time.perf_counter() - begun)
        most = max(most, usage.ru_maxrss / 1024)
    return Run(best, most)


def patterns(count: int = PATTERNS) -> bytes:
    """Of our own patterns those that grep -E can read as well, evenly chosen."""
    events = [event for file in load() for event in file.event if not event.near_only]
    sources = [event.pattern for event in events]
    sources += [refine.wording for event in events for refine in event.refine if refine.wording is not None]
    forms = {form.replace(rb"\d", b"[0-9]").replace(rb"\S", b"[^ ]") for one in sources for form in scan_forms(one)}
    forms = sorted(form.replace(b"(?:", b"(") for form in forms if form.isascii() and not _ONLY_RE2.search(form))
    step = len(forms) / count
    return b"\n".join(forms[int(number * step)] for number in range(count)) + b"\n"


def megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="1000", help="MB of syslog")
    parser.add_argument("--write", type=Path, help="put the table into this document, below its marker")
    options = parser.parse_args()
    missing = [name for name in ("rg", "zgrep", "lnav") if shutil.which(name) is None]
    if missing:
        sys.exit(f"needs {', '.join(missing)}: apt-get install ripgrep gzip lnav")
    with tempfile.TemporaryDirectory() as folder:
        rows = list(measure(Path(folder), int(options.size) * 1_000_000))
    table = render(rows)
    print(table)
    if options.write is not None:
        text = options.write.read_text(encoding="utf-8")
        head, _, rest = text.partition("<!-- figures -->")
        _, _, tail = rest.partition("<!-- end of figures -->")
        options.write.write_text(f"{head}<!-- figures -->\n{table}\n<!-- end of figures -->{tail}", encoding="utf-8")


Row = tuple[str, str, str, str, str]


def measure(folder: Path, size: int) -> list[Row]:
    """Every figure: what, ours, peer, ratio, wanted."""
    rows: list[Row] = []
    plain, listed = folder / "messages", folder / "patterns"
    listed.write_bytes(patterns())
    written = logs.write(plain, size)
    analyse = [*PROGRAM, "analyze", plain, "--json", folder / "out.json", "--quiet"]
    ripgrep = ["rg", "--no-config", "--threads", "1", "--text", "--count", "-f", listed, plain]
    run(ripgrep, 1)  # the file is in memory for all
    ours, peer = run(analyse), run(ripgrep)
    rows.append(row(f"syslog, {megabytes(written)}", ours, "rg -j1, 64 patterns", peer, "≤ 2", lower=True))

    packed = folder / "packed" / "messages.gz"
    packed.parent.mkdir()
    with plain.open("rb") as source, gzip.open(packed, "wb", 6) as target:
        shutil.copyfileobj(source, target, 1 << 20)
    zgrep = run(["zgrep", "-E", "-c", "-f", listed, packed], 1)
    of_gzip = run([*PROGRAM, "analyze", packed, "--json", folder / "out.json", "--quiet"])
    rows.append(row("the same as .gz", of_gzip, "zgrep -E, 64 patterns", zgrep, "≥ 2.5 times as fast", lower=False))

    quarter = folder / "quarter"
    with plain.open("rb") as source, quarter.open("wb") as target:
        for _ in range(written // 4 >> 20):
            target.write(source.read(1 << 20))
    small = run([*PROGRAM, "analyze", quarter, "--json", folder / "out.json", "--quiet"], 1)
    rows.append((
        "peak of memory", f"{ours.megabytes:,.0f} MB", f"{small.megabytes:,.0f} MB for a quarter of it",
        f"{ours.megabytes / small.megabytes:.2f}", "≤ 300 MB, the same for 4 times the input",
    ))  # fmt: skip

    viewer = run(["lnav", "-n", "-c", ";SELECT count(*) FROM syslog_log WHERE log_procname = 'clusterpro'", quarter], 1)
    rows.append(
        row(
            f"syslog, {megabytes(written // 4)}", small, "lnav -n, one query", viewer, "≥ 10 times as fast", lower=False
        )
    )

    sample = ROOT / "samples" / "os-command" / "bundle"
    ours, nothing = run([*PROGRAM, "--help"], 5), run([sys.executable, "-c", "pass"], 5)
    rows.append((
        "`--help`", f"{ours.seconds:.2f} s", f"python -c pass: {nothing.seconds:.2f} s",
        f"{ours.seconds / nothing.seconds:.1f}", "≤ 0.2 s",
    ))  # fmt: skip
    whole = run([*PROGRAM, "analyze", sample, "-o", folder / "report.html", "--quiet"], 5)
    libraries = run([sys.executable, "-c", "import pandas, plotly.offline, pydantic, jinja2, typer"], 5)
    rows.append((
        "small case to HTML", f"{whole.seconds:.2f} s", f"importing its libraries: {libraries.seconds:.2f} s",
        f"{whole.seconds / libraries.seconds:.1f}", "≤ 1.5 s",
    ))  # fmt: skip
    return rows


def row(what: str, ours: Run, name: str, peer: Run, wanted: str, *, lower: bool) -> Row:
    ratio = ours.seconds / peer.seconds if lower else peer.seconds / ours.seconds
    return what, f"{ours.seconds:.2f} s", f"{name}: {peer.seconds:.2f} s", f"{ratio:.2f}", wanted


def render(rows: Sequence[Row]) -> str:
    """The table, with machine and date."""
    lines = ["| what | acforensics | peer | ratio | wanted |", "|---|---|---|---|---|"]
    lines += [f"| {' | '.join(one)} |" for one in rows]
    cores = len(os.sched_getaffinity(0))
    lines += ["", f"{date.today():%Y-%m-%d}, {cores} cores ({_processor()}), Python {platform.python_version()}."]
    return "\n".join(lines)


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


if __name__ == "__main__":
    main()
