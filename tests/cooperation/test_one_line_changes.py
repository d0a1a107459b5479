"""One line of a conforming sample is deleted, delayed, swapped or repeated: the verdicts change exactly where the HOWTO says.

The tables below are written from the HOWTO and know nothing of sequences/*.toml. What they do not name changes nothing.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

import acforensics
from acforensics import analysis
from samples import sequences

ROOT = Path(sequences.__file__).parent / "sequences"
CONFORMING = [name for name in sequences.SAMPLES if name.endswith("/conforms")]
THIN = 1 if os.environ.get("EVERY_LINE") else 18
"""Of the lines of which nothing is expected, and of those of another phase, every n-th is tried; all of the others are.

Each try is an analysis of its own: some 650 as it is, and nine times as many with every line (`make lines`), minutes
instead of seconds. Most of these lines are starts before a stop, and cron. Each test and sample begins elsewhere, so that
together they come to all sorts of lines.
"""
CHANGES = ("deleted", "twice", "swapped", "late", "cut off")

DEVIATES, OPEN, GONE = "deviates", "not-observable", None
CLPSTDN = ("cluster-shutdown-halt", "cluster-shutdown-reboot")
CLPDOWN = ("server-shutdown-halt", "server-shutdown-reboot")
BY_AC = ("power-failure-stop", "power-failure-partial", "schedule-stop")
RECOVERY = ("recovery-reboot",)
STOPS = (*CLPSTDN, *CLPDOWN, *BY_AC, *RECOVERY)
STARTS = ("normal-start", "start-with-missing-peer")

WORDS = {
    "request": r"<type: down>", "received": r"<type: pm><event: 3[02]>", "announced": r"<type: pm><event: 2[35]>",
    "pm1": r"<type: pm><event: 1>", "pm2": r"<type: pm><event: 2>", "exec": r"AC EXEC COMMAND",
    "rc11-ac": r"<event: 11> .* AC_", "rc11": r"<type: rc><event: 11>", "rc10-ac": r"<event: 10> .* AC_",
    "rc10": r"<type: rc><event: 10>", "rc20": r"<type: rc><event: 20>", "rc21-ac": r"<event: 21> .* AC_",
    "rc21": r"<type: rc><event: 21>", "rc40": r"<event: 40>", "rc41": r"<event: 41>", "rc60": r"<event: 60>",
    "rc61": r"<event: 61>", "rc90": r"<event: 90>", "rc91": r"<event: 91>", "nm1": r"<type: nm><event: 1>",
    "nm2": r"<type: nm><event: 2>", "nm5": r"<type: nm><event: 5>", "nm6": r"<type: nm><event: 6>",
    "nm7": r"<type: nm><event: 7>", "rm9": r"<type: rm><event: 9>", "rm17": r"<type: rm><event: 17>",
    "power": r"input power lost", "schedule": r"schedule: power off now", "disk-on": r"UPS of disk1: output",
    "server-on": r"UPS of svr\d+: output", "kernel": r"kernel: \[", "of-cluster": r"clusterpro:",
}  # fmt: skip
"""What a line is: the first that fits."""


@dataclass(frozen=True)
class Line:
    """`boot` counts the starts of its server before it; `own`: nm 1 about the server itself."""

    server: str
    place: int
    boot: int
    what: str
    own: bool


Logs = dict[str, list[str]]
Verdicts = dict[tuple[str, str, int], str]


# --- the HOWTO, as tables: what becomes of the sequence that a line belongs to


DELETED = {
    # Required, and something later in the log shows that it is overdue.
    "rc21": dict.fromkeys(STOPS, DEVIATES),
    "exec": dict.fromkeys(STOPS, DEVIATES),
    "rc41": dict.fromkeys((*CLPSTDN, *CLPDOWN), DEVIATES),
    "pm1": dict.fromkeys(STARTS, DEVIATES),
    "nm5": {"start-with-missing-peer": DEVIATES},
    "nm6": {"normal-start": DEVIATES},
    "rc11": dict.fromkeys(STARTS, DEVIATES),
    "rc11-ac": dict.fromkeys(STARTS, DEVIATES),
    "rm17": {"recovery-reboot": DEVIATES},
    # Required, but it might still have come when syslog stopped.
    "announced": dict.fromkeys((*CLPSTDN, *CLPDOWN, *RECOVERY), OPEN),
    "pm2": dict.fromkeys((*CLPSTDN, *CLPDOWN, *BY_AC), OPEN),
    "rc90": dict.fromkeys(CLPSTDN, OPEN),
    "rc91": dict.fromkeys(CLPDOWN, OPEN),
    "received": dict.fromkeys(RECOVERY, OPEN),
    # What the sequence starts with.
    "power": {"power-failure-stop": GONE, "power-failure-partial": GONE},
    "schedule": {"schedule-stop": GONE},
    "rm9": {"recovery-reboot": GONE},
}
ONLY_THERE = {"rc41", "rm17", "nm5", "nm6", "rc11", "pm1"}
"""Their absence counts only where a log of the case shows another one."""
REPEATED_BY_ANOTHER_PROCESS = {"exec": dict.fromkeys((*CLPSTDN, *CLPDOWN), DEVIATES)}
LATE = {"exec": dict.fromkeys((*CLPSTDN, *CLPDOWN), DEVIATES), "rc41": dict.fromkeys((*CLPSTDN, *CLPDOWN), DEVIATES),
        "nm6": {"normal-start": DEVIATES}, "nm7": {"start-with-missing-peer": DEVIATES}}  # fmt: skip
DELAYS = {"nm6": 400.0}
"""Seconds beyond the deadline; others have waits of 30 seconds and as much to spare."""
SWAPPED = {
    ("rc21", "exec"): dict.fromkeys((*CLPSTDN, *CLPDOWN), DEVIATES),
    ("exec", "rc41"): dict.fromkeys(STOPS, DEVIATES),
    ("pm1", "nm1"): dict.fromkeys(STARTS, DEVIATES),
    ("rc10", "rc11"): dict.fromkeys(STARTS, DEVIATES),
    ("nm5", "nm7"): {"start-with-missing-peer": DEVIATES},
    ("rm9", "rm17"): {"recovery-reboot": DEVIATES},
    ("rm17", "received"): {"recovery-reboot": DEVIATES},
}
RUNNING = ("rc10", "rc11", "rc10-ac", "rc11-ac")
"""Of a start only where a group was not failed over."""


# --- samples


@pytest.fixture(scope="module", autouse=True)
def definitions_are_compiled_once():
    """Hundreds of analyses with one file of a site's definitions: the program reads and compiles them for each."""
    known: dict[int, object] = {}

    def load(directories=()):
        return len(directories)

    def recogniser(directories):
        if directories not in known:
            site = [ROOT / "power-failure-stop" / "conforms" / "parsers"]
            known[directories] = original(definitions(site[:directories]))
        return known[directories]

    definitions, original = analysis.load, analysis.Recogniser
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(analysis, "load", load)
        patch.setattr(analysis, "Recogniser", recogniser)
        yield


@cache
def logs_of(name: str) -> Logs:
    folder = ROOT / name / "bundle"
    return {own.name: (own / "var/log/messages").read_text(encoding="utf-8").splitlines() for own in folder.iterdir()}


@cache
def lines_of(name: str) -> list[Line]:
    found = []
    for server, lines in sorted(logs_of(name).items()):
        boot = -1
        for place, line in enumerate(lines):
            boot += "Linux version" in line
            what = next((what for what, words in WORDS.items() if re.search(words, line)), "other")
            found.append(Line(server, place, boot, what, f"Server {server} has" in line))
    return found


def analysed(name: str, logs: Logs, folder: Path) -> list:
    for server in logs_of(name):
        file = folder / server / "var" / "log" / "messages"
        if server in logs:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("".join(f"{line}\n" for line in logs[server]), encoding="utf-8")
        else:
            file.unlink(missing_ok=True)
    parsers = ROOT / name / "parsers"
    return acforensics.analyze([folder], parsers=[parsers] if parsers.is_dir() else []).model.sequences


def verdicts(found: list) -> Verdicts:
    """By server, sequence and the boot that it is about."""
    counted: Verdicts = {}
    two_readings = any(one.id == "terminal-shared" for one in found)
    for one in found:
        if two_readings and one.id == "terminal-separate":
            # Where the control terminal is a server of the cluster, the other reading accuses nobody.
            assert one.verdict != DEVIATES
            continue
        place = sum((one.server, one.id) == key[:2] for key in counted)
        counted[one.server, one.id, place] = one.verdict
    return counted


@cache
def unchanged(name: str) -> Verdicts:
    with TemporaryDirectory() as folder:
        found = verdicts(analysed(name, logs_of(name), Path(folder)))
    assert set(found.values()) == {"conforms"}
    return found


# --- the oracle


def expected(name: str, line: Line, table: dict, before: Verdicts) -> Verdicts:
    """What the verdicts must be when something happens to a line that a table says something about."""
    after = dict(before)
    effects = table.get(line.what, {})
    for key in before:
        server, sequence, place = key
        if server == line.server and sequence in effects and place == occurrence(name, line, sequence):
            after[key] = effects[sequence]
    return {key: verdict for key, verdict in after.items() if verdict is not GONE}


def occurrence(name: str, line: Line, sequence: str) -> int:
    """Which of the sequences of that name on its server a line belongs to."""
    if sequence not in STARTS:
        return 0
    if line.what in RUNNING and any(
        other.what == "rc60" and other.server == line.server and other.boot == line.boot and other.place < line.place
        for other in lines_of(name)
    ):
        return -1
    waits_in_vain = [one.boot for one in lines_of(name) if one.what == "nm7" and one.server == line.server]
    if sequence == "start-with-missing-peer":
        return 0 if line.boot in waits_in_vain else -1
    return line.boot if line.boot not in waits_in_vain else -1


def when_deleted(name: str, line: Line, before: Verdicts) -> Verdicts:
    rest = [other for other in lines_of(name) if other != line]
    shown = any(other.what.removesuffix("-ac") == line.what.removesuffix("-ac") for other in rest)
    table = DELETED
    if line.what in ONLY_THERE and not shown:
        table = {line.what: dict.fromkeys(DELETED[line.what], OPEN)}
    after = expected(name, line, table, before)
    other = "svr047" if line.server == "svr031" else "svr031"
    if line.what == "exec":
        # A server of the cluster without its pair.
        after |= {key: DEVIATES for key in after if key[0] == other and key[1] in CLPSTDN}
    if line.what in ("nm2", "rc61"):
        # Only this log shows such a record at all.
        after |= {key: OPEN for key in after if key[0] == other and key[1] in (*CLPDOWN, "power-failure-partial")}
    if line.what == "disk-on":
        after |= {key: OPEN for key in after if key[1].startswith("terminal-")}
    if line.what == "nm7":
        # Then it is a start as usual, in which the wait did not end.
        after = {key: verdict for key, verdict in after.items() if key[1] != "start-with-missing-peer"}
        after["svr031", "normal-start", 1] = DEVIATES
    return after


def when_swapped(name: str, line: Line, following: Line, before: Verdicts) -> Verdicts:
    pair = (line.what, following.what)
    if pair == ("pm1", "nm1") and not following.own:
        return before
    after = expected(name, line, {line.what: SWAPPED[pair]} if pair in SWAPPED else {}, before)
    if pair == ("disk-on", "server-on") and name == "terminal-separate/conforms":
        after["svr031", "terminal-separate", 0] = DEVIATES
    return after


# --- the changes


def relevant(name: str, change: str, *tables: dict) -> list[Line]:
    """Lines of which something is expected, and some of the others."""
    named = {what for table in tables for what in table} | {"nm2", "rc61", "disk-on", "nm7"}
    lines = enumerate(lines_of(name))
    return [one for i, one in lines if (one.what in named and in_phase(name, one)) or is_tried(name, change, i)]


def is_tried(name: str, change: str, place: int) -> bool:
    """Whether a line of which nothing is expected is one of those that are tried."""
    return (place + 5 * CONFORMING.index(name) + 7 * CHANGES.index(change)) % THIN == 0


def in_phase(name: str, line: Line) -> bool:
    """Whether a line is of the stop or start that the sample is about; the starts before stops are all alike."""
    if name.startswith(("normal-start", "shared-disk-late")):
        return True
    moment = stamp(text_of(name, line))
    if name.startswith("start-with-missing-peer"):
        return moment >= datetime(2026, 11, 25, 7)
    return moment >= datetime(2026, 11, 24, 8) and (line.boot == 0 or name.startswith("terminal"))


def changed(name: str, line: Line, new: list[str]) -> Logs:
    """The logs with other lines instead of one."""
    own = logs_of(name)[line.server]
    return {**logs_of(name), line.server: [*own[: line.place], *new, *own[line.place + 1 :]]}


def text_of(name: str, line: Line) -> str:
    return logs_of(name)[line.server][line.place]


def check(name: str, logs: Logs, wanted: Verdicts, folder: Path, why: str) -> None:
    assert verdicts(analysed(name, logs, folder)) == wanted, why


@pytest.mark.parametrize("name", CONFORMING)
def test_a_deleted_line(name, tmp_path):
    before = unchanged(name)
    for line in relevant(name, "deleted", DELETED):
        why = f"without {text_of(name, line)}"
        check(name, changed(name, line, []), when_deleted(name, line, before), tmp_path, why)


@pytest.mark.parametrize("name", CONFORMING)
def test_a_line_that_is_written_twice(name, tmp_path):
    before = unchanged(name)
    for line in relevant(name, "twice", REPEATED_BY_ANOTHER_PROCESS):
        text = text_of(name, line)
        if line.what == "kernel":
            # That would be another start: a kernel writes its first lines in one go.
            continue
        check(name, changed(name, line, [text, text]), before, tmp_path, f"twice {text}")
        if line.what == "exec":
            other = re.sub(r"\[\d+\]", "[9999]", text)
            wanted = expected(name, line, REPEATED_BY_ANOTHER_PROCESS, before)
            check(name, changed(name, line, [text, other]), wanted, tmp_path, f"another process, too, writes {text}")


@pytest.mark.parametrize("name", CONFORMING)
def test_two_lines_in_the_other_order(name, tmp_path):
    """The stamps stay where they are."""
    before = unchanged(name)
    every = lines_of(name)
    for i, (line, following) in enumerate(pairwise(every)):
        if line.server != following.server or following.what == "kernel" or line.what == "kernel":
            continue
        pair = (line.what, following.what)
        matters = pair in SWAPPED or pair == ("disk-on", "server-on")
        if (matters and in_phase(name, line)) or is_tried(name, "swapped", i):
            first, second = text_of(name, line), text_of(name, following)
            logs = changed(name, line, [first[:15] + second[15:]])
            logs[line.server][following.place] = second[:15] + first[15:]
            wanted = when_swapped(name, line, following, before)
            check(name, logs, wanted, tmp_path, f"the other way round: {first} / {second}")


@pytest.mark.parametrize("name", CONFORMING)
def test_a_line_that_comes_late(name, tmp_path):
    """What follows is put off only as far as the order asks for."""
    before = unchanged(name)
    seen: set[tuple[str, int, str]] = set()
    for line in relevant(name, "late", LATE):
        if line.what == "kernel":
            continue
        first = (line.server, line.boot, line.what) not in seen
        seen.add((line.server, line.boot, line.what))
        table = LATE if line.what != "exec" or first else {}
        logs = delayed(logs_of(name), line, DELAYS.get(line.what, 40.0))
        wanted = expected(name, line, table, before)
        check(name, logs, wanted, tmp_path, f"late {text_of(name, line)}")


def delayed(logs: Logs, line: Line, seconds: float) -> Logs:
    own = logs[line.server]
    moved = own[: line.place]
    latest = stamp(own[line.place]) + timedelta(seconds=seconds)
    for text in own[line.place :]:
        latest = max(latest, stamp(text))
        moved.append(f"{latest:%b} {latest.day:2d} {latest:%H:%M:%S}" + text[15:])
    return {**logs, line.server: moved}


def stamp(text: str) -> datetime:
    return datetime.strptime(f"2026 {text[:15]}", "%Y %b %d %H:%M:%S")


@pytest.mark.parametrize("name", CONFORMING)
def test_a_log_that_stops_early_accuses_nobody(name, tmp_path):
    """To the end of the file, and to the next start."""
    unchanged(name)
    for i, line in enumerate(lines_of(name)):
        if not is_tried(name, "cut off", i):
            continue
        own = logs_of(name)[line.server]
        follows = [other.place for other in lines_of(name) if other.server == line.server and other.boot > line.boot]
        for rest in ([], own[follows[0] :]) if follows else ([],):
            found = analysed(name, {**logs_of(name), line.server: own[: line.place + 1] + rest}, tmp_path)
            for one in found:
                missing = [step.step for step in one.steps if step.status == "missing"]
                assert (one.verdict == DEVIATES, missing) == (False, []), (one.server, one.id, text_of(name, line))


@pytest.mark.parametrize("name", CONFORMING)
def test_without_the_logs_of_a_server_nothing_of_it_is_missing(name, tmp_path):
    for server in logs_of(name):
        kept = {other: lines for other, lines in logs_of(name).items() if other != server}
        for one in analysed(name, kept, tmp_path):
            assert one.verdict != DEVIATES, (server, one.server, one.id)
            assert "missing" not in {step.status for step in one.steps}
