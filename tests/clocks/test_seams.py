"""Several logs in one file: told apart where the records go back and no clock was set, and only there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import acforensics
from acforensics.case import CaseModel
from acforensics.clocks import separate_logs
from acforensics.events import Hit, Stamp
from acforensics.sources import Mark, Reading
from samples.scenario import Machine

START = datetime(2026, 11, 15, 9, 0, 0)
SAID = "several logs, one behind the other"


def week(*, iso: bool = True, since: datetime = START) -> Machine:
    """Two logs of a server that is rebooted, and halted days later."""
    one = Machine("svr031", since, iso=iso)

    def day() -> None:
        for _ in range(24):
            one.log("systemd", "Started Session 3 of user root.", pid=1, wait=3600)

    one.boot()
    day()
    one.sudo("ope1", "/sbin/reboot").wait(1).os_stop("reboot").wait(60).boot()
    day()
    day()
    day()
    one.login("ope2").sudo("ope2", "/sbin/shutdown -h now").wait(1).os_stop("halt").wait(10_800).boot()
    day()
    one.sudo("ope2", "/bin/ls")
    return one


def analysed(folder: Path, **files: Sequence[str]) -> CaseModel:
    for name, lines in files.items():
        (folder / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return acforensics.analyze([folder], tz="Asia/Tokyo", year=2026).model


def story(model: CaseModel) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    ends = [(s.time, s.trigger, s.mode, s.actor, s.confidence) for s in model.shutdowns]
    return ends, [(boot.start, boot.end, boot.end_state) for boot in model.boots]


def notes(model: CaseModel) -> list[str]:
    return [note.en for one in model.inputs for note in one.notes if SAID in note.en or "stepped back" in note.en]


@pytest.mark.parametrize("iso", [True, False])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_the_newer_log_above_the_older_one(tmp_path: Path, iso: bool, share: float) -> None:
    lines = week(iso=iso).files["messages"]
    cut = int(len(lines) * share)
    (tmp_path / "right").mkdir()
    (tmp_path / "wrong").mkdir()
    right = analysed(tmp_path / "right", messages=lines)
    wrong = analysed(tmp_path / "wrong", one=[*lines[cut:], *lines[:cut]])
    assert story(wrong) == story(right)
    (note,) = notes(wrong)
    first = len(lines) - cut + 1
    assert f"one:{first} belongs begins at" in note
    assert [(one.path.rpartition("/")[2], one.records) for one in wrong.inputs] == [("one", len(lines))]
    assert [tuple(path.rpartition("/")[2] for path in one.inputs) for one in wrong.coverage] == [("one",)]


@pytest.mark.parametrize("iso", [True, False])
def test_another_log_of_that_server_below(tmp_path: Path, iso: bool) -> None:
    files = week(iso=iso).files
    (tmp_path / "apart").mkdir()
    (tmp_path / "together").mkdir()
    apart = analysed(tmp_path / "apart", messages=files["messages"], secure=files["secure"])
    together = analysed(tmp_path / "together", one=[*files["messages"], *files["secure"]])
    assert story(together) == story(apart)
    assert [end.actor for end in together.shutdowns] == ["ope1", "ope2"]
    assert len(notes(together)) == 1
    assert {one.log.rpartition("/")[2] for one in together.coverage} == {"one", "one (2)"}


def test_the_same_log_twice_is_one_log_that_two_places_witness(tmp_path: Path) -> None:
    lines = week().files["messages"][:60]
    (tmp_path / "once").mkdir()
    (tmp_path / "twice").mkdir()
    once = analysed(tmp_path / "once", messages=lines)
    twice = analysed(tmp_path / "twice", one=[*lines, *lines])
    assert story(twice) == story(once)
    assert f"one:{len(lines) + 1} belongs" in notes(twice)[0]


def test_the_log_of_another_server_below_has_a_zone_of_its_own(tmp_path: Path) -> None:
    one, other = week(), week()
    lines = [line.replace("svr031", "svr047").replace("+09:00", "+08:00") for line in other.files["messages"]]
    found = analysed(tmp_path, one=[*one.files["messages"], *lines])
    assert [(server.name, server.zone) for server in found.servers] == [
        ("svr031", "Asia/Tokyo"),
        ("svr047", "UTC+08:00"),
    ]
    assert found.inputs[0].server == "svr031, svr047"


def test_a_log_of_last_year_below_one_of_this_year(tmp_path: Path) -> None:
    """Without years, the records of December are not those of the year to come."""
    lines = week(iso=False, since=datetime(2025, 12, 29, 9)).files["messages"]
    cut = next(i for i, line in enumerate(lines) if line.startswith("Jan"))
    found = analysed(tmp_path, one=[*lines[cut:], *lines[:cut]])
    assert [f"{boot.start:%Y-%m-%d}" for boot in found.boots if boot.start] == [
        "2025-12-29",
        "2025-12-30",
        "2026-01-02",
    ]
    assert len(notes(found)) == 1


def test_a_start_at_the_top_of_the_lower_log_does_not_follow_the_line_above_it(tmp_path: Path) -> None:
    lines = week().files["messages"]
    second = [i for i, line in enumerate(lines) if "Linux version" in line][1]
    found = analysed(
        tmp_path, one=[*lines[:second], *lines[second - 3 : second - 1], *lines[second:]][second:] + lines[:second]
    )
    assert all(boot.end is None or boot.start is None or boot.start < boot.end for boot in found.boots)
    assert [end.mode for end in found.shutdowns] == ["reboot", "halt"]


# --- none


def hit(place: int, time: datetime, kind: str, **fields: str) -> Hit:
    stamp = Stamp(time.year, time.month, time.day, time.hour, time.minute, time.second)
    raw = f"{time} {kind}"
    return Hit(place + 1, stamp, "svr031", "x", "", "", raw, kind, fields, "d", "verified", offset=place)


def log(
    times: Sequence[datetime], hosts: Sequence[str] = (), kinds: dict[int, tuple[str, dict[str, str]]] | None = None
) -> Reading:
    marks = [
        Mark(n, Stamp(t.year, t.month, t.day, t.hour, t.minute, t.second), hosts[n] if hosts else "svr031")
        for n, t in enumerate(times)
    ]
    hits = [hit(n, times[n], kind, **fields) for n, (kind, fields) in sorted((kinds or {}).items())]
    return Reading("one", ("one",), datetime(2026, 12, 1, tzinfo=UTC), marks=marks, hits=hits)


def every(hours: float, count: int, start: datetime = START) -> list[datetime]:
    return [start + timedelta(hours=hours * n) for n in range(count)]


def parts(reading: Reading) -> list[int]:
    return [len(part.marks) for part in separate_logs([reading])]


BACK = [*every(1, 120), *every(1, 40, START + timedelta(days=2))]
"""Five days, and from the third one on again."""


def test_what_goes_back_by_days_without_a_reason_are_two_logs() -> None:
    assert parts(log(BACK)) == [120, 40]


@pytest.mark.parametrize("told", [{}, {"seconds": "-255600"}, {"offset": "-255599.2"}])
def test_a_clock_that_a_record_tells_was_set_is_one(told: dict[str, str]) -> None:
    for place in (118, 119, 120, 122):
        assert parts(log(BACK, kinds={place: ("os.clock_stepped", told)})) == [160]


def test_a_clock_that_was_set_by_something_else_explains_nothing() -> None:
    assert parts(log(BACK, kinds={121: ("os.clock_stepped", {"seconds": "-0.4"})})) == [120, 40]
    assert parts(log(BACK, kinds={121: ("os.clock_stepped", {"seconds": "32400"})})) == [120, 40]


def test_a_start_with_a_clock_days_behind_is_one_log() -> None:
    started = {120: ("os.boot", {})}
    assert parts(log(BACK, kinds=started)) == [160]
    ahead = every(1, 120)
    behind = [*every(0.01, 6, START - timedelta(days=3)), *every(1, 20, ahead[-1] + timedelta(minutes=30))]
    assert parts(log([*ahead, *behind], kinds=started)) == [146]


def test_an_older_log_that_begins_with_a_start_is_another_one() -> None:
    assert parts(log([*every(1, 120), *every(1, 40, START - timedelta(days=3))], kinds={120: ("os.boot", {})})) == [
        120,
        40,
    ]


def test_one_host_of_several_whose_clock_is_days_behind() -> None:
    times, hosts = [], []
    for n in range(30):
        times += [START + timedelta(hours=n), *every(0.01, 5, START + timedelta(hours=n, days=-3))]
        hosts += ["svr031", *["svr047"] * 5]
    assert parts(log(times, hosts)) == [180]


@pytest.mark.parametrize("hours", [1, 9, 14])
def test_a_clock_set_to_another_zone_is_one_log(hours: float) -> None:
    late = START + timedelta(hours=0.5)
    assert parts(log([*every(0.1, 6), *every(0.1, 60, late - timedelta(hours=hours))])) == [66]


def test_newest_records_first_late_records_and_single_stamps_are_one_log() -> None:
    assert parts(log(every(1, 120)[::-1])) == [120]
    assert parts(log([*every(1, 120), START, *every(1, 20, START + timedelta(days=6))])) == [141]
    assert parts(log([*every(1, 120), START])) == [121]


def test_without_end() -> None:
    times = [time for n in range(500) for time in every(1, 40, START - timedelta(days=2 * n))]
    assert parts(log(times)) == [len(times)]


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(-400, 400), st.integers(0, 86_399), st.sampled_from("ab")), max_size=60),
    st.dictionaries(st.integers(0, 59), st.sampled_from(["os.boot", "os.clock_stepped", "os.target_reached"])),
)
def test_no_record_is_lost_and_none_is_made(stamps, kinds) -> None:
    times = [START + timedelta(days=days, seconds=seconds) for days, seconds, _ in stamps]
    whole = log(times, [host for *_, host in stamps], {n: (k, {}) for n, k in kinds.items() if n < len(times)})
    found = separate_logs([whole])
    assert [mark for part in found for mark in part.marks] == whole.marks
    assert [one.offset for part in found for one in part.hits] == [one.offset for one in whole.hits]


@settings(max_examples=12)
@given(st.integers(30, 150))
def test_wherever_a_log_is_cut_its_story_is_the_same(cut: int) -> None:
    lines = week().files["messages"]
    with TemporaryDirectory() as right, TemporaryDirectory() as wrong:
        assert story(analysed(Path(wrong), one=[*lines[cut:], *lines[:cut]])) == story(analysed(Path(right), one=lines))


def _mixed(log: str) -> list[str]:
    """A day of one log, of a server that is rebooted in the afternoon: what each says begins and ends at other times."""
    own = {
        "messages": [
            *(f"{hour:02d}:11:05 svr031 systemd[1]: Started Session 1 of user root." for hour in range(3, 14)),
            "14:20:01 svr031 systemd-logind[3]: System is rebooting.",
            "14:21:30 svr031 kernel: Linux version 5.14.0-1 (x) #1",
            *(f"{hour:02d}:11:05 svr031 systemd[1]: Started Session 1 of user root." for hour in range(15, 19)),
        ],
        "secure": [
            "04:40:00 svr031 sshd[4]: Accepted password for ope2 from 192.0.2.1 port 4 ssh2",
            "14:20:00 svr031 sudo[5]:    ope1 : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/sbin/reboot",
            "14:21:44 svr031 sshd[31]: Server listening on 0.0.0.0 port 22.",
            "17:40:00 svr031 sshd[4]: Accepted password for ope2 from 192.0.2.1 port 4 ssh2",
        ],
        "cron": [
            *(f"{hour:02d}:01:01 svr031 CROND[9]: (root) CMD (run-parts /etc/cron.hourly)" for hour in range(6, 14)),
            "14:20:03 svr031 crond[8]: (CRON) INFO (Shutting down)",
            "14:21:45 svr031 crond[8]: (CRON) STARTUP (1.5.2)",
            *(f"{hour:02d}:01:01 svr031 CROND[9]: (root) CMD (run-parts /etc/cron.hourly)" for hour in range(15, 18)),
        ],
    }
    return [f"Nov 24 {line}" for line in own[log]]


@pytest.mark.parametrize("order", list(permutations(["messages", "secure", "cron"])))
def test_logs_of_other_sorts_of_a_part_of_a_day(tmp_path: Path, order: tuple[str, ...]) -> None:
    apart, one = tmp_path / "apart", tmp_path / "one"
    apart.mkdir(), one.mkdir()
    expected = story(analysed(apart, **{log: _mixed(log) for log in order}))
    assert [end[1:4] for end in expected[0]] == [("os-command", "reboot", "ope1")]
    assert story(analysed(one, all=[line for log in order for line in _mixed(log)])) == expected


def test_a_log_of_all_sorts_whose_clock_goes_back_stays_one(tmp_path: Path) -> None:
    both = sorted([*_mixed("messages"), *_mixed("secure")])
    after = [line.replace("Nov 24 1", "Nov 24 0") for line in _mixed("secure")[-2:]]
    assert not any(SAID in note for note in notes(analysed(tmp_path, all=[*both, *after])))


def _ahead_since_a_start(*, before: bool) -> list[str]:
    """A start with a clock 9 hours ahead that nothing tells of, and few records from then on."""
    first = ["10:57:00 {s}", "10:58:00 {s}", "10:58:30 {reboot}", "10:58:31 {stop}"] if before else []
    rest = ["20:00:00 {start}", "20:00:30 {s}", "11:05:10 {s}", "11:40:10 {s}", "12:40:10 {s}"]
    rest += ["13:40:10 {reboot}", "13:40:11 {stop}", "13:41:10 {start}", "13:45:10 {s}"]
    said = {
        "s": "systemd[1]: Startup finished in 1s.",
        "reboot": "sudo[5]:    ope1 : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/sbin/reboot",
        "stop": "systemd-logind[3]: System is rebooting.",
        "start": "kernel: Linux version 5.14.0-1 (x) #1",
    }
    return [f"Nov 24 {line[:9]}svr031 {line[9:].format(**said)}" for line in first + rest]


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("logins", [False, True])
def test_a_clock_ahead_since_a_start_that_nothing_tells_of(tmp_path: Path, before: bool, logins: bool) -> None:
    files = {"messages": _ahead_since_a_start(before=before)}
    if logins:
        record = "[2] [00000] [~~  ] [reboot  ] [~     ] [5.14.0  ] [0.0.0.0   ] [2026-11-24T{},000000+09:00]"
        files["utmpdump.txt"] = [record.format(time) for time in ("20:00:00", "13:41:10")]
    found = analysed(tmp_path, **files)
    assert not any(SAID in note for note in notes(found))
    assert [(end.trigger, end.actor) for end in found.shutdowns] == [("os-command", "ope1")] * (1 + before)


def test_a_log_that_ends_just_after_a_start_above_another_one_of_days_before() -> None:
    """The newest of rotated files is short: it was begun at the start."""
    newest = every(0.01, 3, START + timedelta(days=4))
    assert parts(log([*newest, *every(6, 16)], kinds={0: ("os.boot", {})})) == [3, 16]
