"""The journal in JSON and in its short forms: what is read of an entry, what is believed, and what damage costs."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acforensics.events import Stamp
from acforensics.parsing.recognition import Recogniser
from acforensics.sources import Reading
from acforensics.sources.journal_json import JournalJson

ReadFile = Callable[..., Reading]
FIRST, SECOND = "a3f2433e11534599bb433331cbc2d52d", "059079dbfd214e87a963a5e55e43e55c"
AT = 1_796_293_686_746_367  # 2026-12-03T10:28:06.746367Z


def entry(message: Any = "System is powering down.", seconds: float = 0.0, **fields: Any) -> dict[str, Any]:
    """An entry of systemd-logind, so many seconds after the first one; a field of `None` is left out."""
    moment = round(seconds * 1_000_000)
    found = {
        "__CURSOR": f"s=30bf072fd8784ec09d7e71da5d9439cd;i=1;b={FIRST}",
        "__REALTIME_TIMESTAMP": str(AT + moment),
        "__MONOTONIC_TIMESTAMP": str(21_821_583 + moment),
        "_BOOT_ID": FIRST,
        "_HOSTNAME": "svr031",
        "_TRANSPORT": "journal",
        "SYSLOG_IDENTIFIER": "systemd-logind",
        "_PID": "261",
        "_UID": "0",
        "_COMM": "systemd-logind",
        **fields,
        "MESSAGE": message,
    }
    return {name: value for name, value in found.items() if value is not None or name == "MESSAGE"}


def lines(*entries: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(one, ensure_ascii=False).encode() + b"\n" for one in entries)


def kernel(message: str, seconds: float, written: float, **fields: Any) -> dict[str, Any]:
    """A line of the kernel: taken after so many seconds, written when the kernel had run for `written` seconds."""
    own = {"SYSLOG_IDENTIFIER": "kernel", "_TRANSPORT": "kernel", "_PID": None, "_UID": None, "_COMM": None}
    return entry(message, seconds, **own, _SOURCE_MONOTONIC_TIMESTAMP=str(round(written * 1_000_000)), **fields)


def test_an_entry_is_a_record(read_file: ReadFile) -> None:
    reading = read_file(lines(entry("nothing"), entry(seconds=1)), "journal.json")
    assert (reading.source, reading.format, reading.lines, reading.records) == ("journal", "journal json", 2, 2)
    (hit,) = reading.hits
    assert (hit.kind, hit.line, hit.host, hit.program, hit.pid) == (
        "os.shutdown_started", 2, "svr031", "systemd-logind", "261",
    )  # fmt: skip
    assert hit.stamp == Stamp(2026, 12, 3, 10, 28, 7, 746367, 0)
    assert hit.boot == FIRST
    assert hit.raw == "2026-12-03T10:28:07.746367Z svr031 systemd-logind[261]: System is powering down."


@pytest.mark.parametrize(
    "message",
    [
        "System is powering down (停電).",
        list("System is powering down (停電).".encode()),
        list("System is powering down (停電).".encode("euc_jp")),
        list("System is powering down (停電).".encode("cp932")),
        ["System is powering down (停電).", "again"],
        [list("System is powering down (停電).".encode("euc_jp")), "again"],
        [None, "System is powering down (停電)."],
        "System is powering down (停電).\n",
    ],
)
def test_a_message_in_every_form(read_file: ReadFile, message: Any) -> None:
    (hit,) = read_file(lines(entry(message))).hits
    assert hit.message == "System is powering down (停電)."
    assert hit.fields["wall"] == "停電"


@pytest.mark.parametrize("message", [None, [], [None], [[]], {"a": 1}, True, [300], [-1], 5.5])
def test_a_message_that_says_nothing_is_still_a_record(read_file: ReadFile, message: Any) -> None:
    reading = read_file(lines(entry(message), entry(seconds=1)))
    assert (reading.records, reading.unframed, len(reading.hits)) == (2, 0, 1)


def test_messages_too_large_for_json_are_counted(read_file: ReadFile) -> None:
    (note,) = read_file(lines(entry(None), entry(None), entry("x"))).notes
    assert "2 entries" in note.en
    assert "--all" in note.ja


def test_a_message_of_several_lines_is_one_record(read_file: ReadFile) -> None:
    reading = read_file(lines(entry("note\nSystem is powering down."), entry("System is powering down.\nbye\n")))
    assert [hit.message for hit in reading.hits] == ["System is powering down.#012bye"]


def relatives() -> dict[str, bytes]:
    entries = [entry("nothing [here]", _MACHINE_ID=None), entry(list(b"System is powering down."), 1)]
    plain = lines(*entries)
    journalctl = "\n".join(json.dumps(one, indent="\t", separators=(",", " : ")) for one in entries)
    return {
        "json": plain,
        "json without a newline at its end": plain.rstrip(),
        "json-sse": b"".join(b"data: " + line + b"\n\n" for line in plain.splitlines()),
        "json-seq": b"".join(b"\x1e" + line + b"\n" for line in plain.splitlines()),
        "json-pretty": journalctl.encode(),
        "jq": "\n".join(json.dumps(one, indent=2) for one in entries).encode(),
        "jq -s": json.dumps(entries, indent=2).encode(),
        "jq -sc": json.dumps(entries).encode(),
        "Windows": b"\xef\xbb\xbf" + plain.replace(b"\n", b"\r\n"),
        "UTF-16": plain.decode().encode("utf-16"),
        "behind a prompt": b"\n[root@svr031 ~]# journalctl -o json\n" + plain,
        "in EUC-JP": plain.replace(b"nothing", "停電".encode("euc_jp")),
    }


@pytest.mark.parametrize("name", relatives())
def test_relatives_of_json(read_file: ReadFile, name: str) -> None:
    content = relatives()[name]
    reading = read_file(content, "anything.txt")
    assert (reading.source, reading.records, len(reading.hits)) == ("journal", 2, 1)
    assert reading.unframed == (name == "behind a prompt")
    shown = content.decode("utf-16" if name == "UTF-16" else "euc_jp" if name == "in EUC-JP" else "utf-8")
    assert reading.lines == len(shown.rstrip("\n").split("\n")) + shown.endswith("\n\n")


def test_the_line_of_an_object_is_where_it_begins(read_file: ReadFile) -> None:
    assert read_file(relatives()["json-pretty"]).hits[0].line == 14
    assert read_file(relatives()["json-sse"]).hits[0].line == 3


def test_what_is_not_a_journal_is_not_taken(read_file: ReadFile) -> None:
    inner = lines(entry()).decode().strip()
    reading = read_file(f"Feb  4 09:34:20 svr031 forwarder[9]: {inner}\n".encode())
    assert (reading.source, reading.hits) == ("syslog", [])
    assert read_file(b'{"level": "info", "msg": "System is powering down."}\n').source == "other"


# --- who wrote it


@pytest.mark.parametrize(
    ("fields", "kinds"),
    [
        ({"_PID": "1", "SYSLOG_IDENTIFIER": "systemd"}, ["os.target_reached"]),
        ({"_PID": None, "SYSLOG_PID": "1", "_UID": None, "SYSLOG_IDENTIFIER": "systemd"}, ["os.target_reached"]),
        ({"_PID": "4321", "SYSLOG_IDENTIFIER": "systemd", "_UID": "1000"}, []),
        ({"_PID": "4321", "SYSLOG_PID": "1", "SYSLOG_IDENTIFIER": "systemd", "_COMM": "logger"}, []),
    ],
)
def test_a_claimed_process_id_is_not_believed(read_file: ReadFile, fields: dict[str, Any], kinds: list[str]) -> None:
    reading = read_file(lines(entry("Reached target poweroff.target - System Power Off.", **fields)))
    assert [hit.kind for hit in reading.hits if hit.kind != "os.unclassified"] == kinds


@pytest.mark.parametrize(
    ("fields", "believed"),
    [
        ({"_UID": "0"}, True),
        ({"_UID": None, "_TRANSPORT": None}, True),
        ({"_UID": "1000", "_COMM": "logger"}, False),
    ],
)
def test_a_system_tag_of_an_ordinary_user_is_a_claim(
    read_file: ReadFile, fields: dict[str, Any], believed: bool
) -> None:
    reading = read_file(lines(entry(**fields)))
    assert [hit.kind for hit in reading.hits] == (["os.shutdown_started"] if believed else [])


def test_no_user_makes_up_a_kernel(read_file: ReadFile) -> None:
    fields = {"SYSLOG_IDENTIFIER": "kernel", "_TRANSPORT": "syslog", "_UID": "1000", "_COMM": "logger"}
    forged = entry("Linux version 6.1.0 (x) #1", **fields)
    genuine = kernel("Linux version 6.1.0 (x) #1", 0, 0)
    assert [hit.kind for hit in read_file(lines(forged, genuine)).hits] == ["os.boot"]


def test_a_program_without_a_tag_has_the_name_of_its_process(read_file: ReadFile) -> None:
    (hit,) = read_file(lines(entry(SYSLOG_IDENTIFIER=None))).hits
    assert hit.program == "systemd-logind"


def test_trusted_fields_are_kept_under_names_of_their_own(read_file: ReadFile) -> None:
    fields = {"_UID": "1000", "_AUDIT_LOGINUID": "1000", "_CMDLINE": "sudo shutdown -h now", "_COMM": "sudo"}
    message = "    ope1 : TTY=ttyS0 ; PWD=/home/ope1 ; USER=root ; COMMAND=/usr/sbin/shutdown -h now"
    (hit,) = read_file(lines(entry(message, SYSLOG_IDENTIFIER="sudo", **fields))).hits
    assert {name: value for name, value in hit.fields.items() if name.startswith("journal_")} == {
        "journal_uid": "1000",
        "journal_loginuid": "1000",
        "journal_cmdline": "sudo shutdown -h now",
    }
    assert hit.fields["user"] == "ope1"
    (other,) = read_file(lines(entry(_AUDIT_LOGINUID="4294967295"))).hits
    assert not [name for name in other.fields if name.startswith("journal_")]


def test_secrets_are_masked(read_file: ReadFile) -> None:
    secret = "Qx7pass9"
    command = f"/usr/local/AUTORC/amccmd -downrequest ShutdownOff 192.0.2.7 svr031 {secret}"
    message = f"ope1 : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND={command}"
    reading = read_file(
        lines(
            entry(message, SYSLOG_IDENTIFIER="sudo", _CMDLINE=f"sudo {command}"),
            {"MESSAGE": f"password={secret}", "_HOSTNAME": "svr031"},
            entry(SYSLOG_IDENTIFIER=f"password={secret}", _HOSTNAME=f"password={secret}", seconds=1),
        )
        + f'{{"torn": "password={secret}\n'.encode()
    )
    assert (len(reading.hits), reading.unframed) == (1, 2)
    assert secret not in repr((reading.hits, reading.unframed_samples))


# --- time


def test_late_lines_of_the_kernel_name_their_true_time(read_file: ReadFile) -> None:
    (boot,) = read_file(lines(kernel("Linux version 6.1.0 (x) #1", 0, 0))).hits
    assert boot.stamp == Stamp(2026, 12, 3, 10, 28, 6, 746367, 0)
    assert boot.fields["journal_kernel_time"] == "2026-12-03T10:27:44.924784Z"


@pytest.mark.parametrize("written", [21.8, 700.0])
def test_no_true_time_where_the_kernel_was_read_at_once_or_long_ago(read_file: ReadFile, written: float) -> None:
    seconds = 0 if written < 60 else 700
    (hit,) = read_file(lines(kernel("Linux version 6.1.0 (x) #1", seconds, written))).hits
    assert "journal_kernel_time" not in hit.fields


def clocks(*pairs: tuple[float, float], message: str = "x", boot: str = FIRST) -> list[dict[str, Any]]:
    """Entries at (real time, monotonic time) in seconds."""
    return [
        entry(
            message,
            __REALTIME_TIMESTAMP=str(AT + round(real * 1e6)),
            __MONOTONIC_TIMESTAMP=str(round(monotonic * 1e6)),
            _BOOT_ID=boot,
        )
        for real, monotonic in pairs
    ]


def steps(reading: Reading) -> list[tuple[int | None, str]]:
    return [(hit.line, hit.fields["seconds"]) for hit in reading.hits if hit.kind == "os.clock_stepped"]


def test_a_step_of_the_clock_is_known_exactly(read_file: ReadFile) -> None:
    reading = read_file(lines(*clocks((0, 10), (5, 15), (110, 25), (112, 27), (108.5, 28), (109, 28.5))))
    assert steps(reading) == [(3, "+95.000"), (5, "-4.500")]
    assert (reading.records, reading.lines) == (6, 6)
    step = reading.hits[0]
    assert step.stamp == Stamp(2026, 12, 3, 10, 29, 56, 746367, 0)
    assert step.raw == (
        "2026-12-03T10:29:56.746367Z svr031 journal-clock: clock stepped by +95.000 s"
        " (realtime against monotonic, since line 2)"
    )
    assert (step.boot, step.certainty) == (FIRST, "inferred")


@pytest.mark.parametrize(
    "entries",
    [
        clocks(*[(n * 10.9, n * 10) for n in range(200)]),
        clocks((0, 10), (0.999, 10)),
        clocks((0, 10), (1.0, 10)),
        # Another boot has clocks of its own, and a file out of order is not a clock out of order.
        clocks((0, 10)) + clocks((90, 10), boot=SECOND) + clocks((5, 15)),
        clocks((0, 10), (95, 5)),
        clocks((0, 10), boot="no boot id") + clocks((95, 11), boot="no boot id"),
    ],
)
def test_no_step_without_a_jump_within_a_boot(read_file: ReadFile, entries: list[dict[str, Any]]) -> None:
    assert steps(read_file(lines(*entries))) == []


def test_sleep_is_no_step(read_file: ReadFile) -> None:
    asleep = kernel("PM: suspend entry (deep)", 20, 41.8)
    woken = clocks((3600, 50), (3601, 51))
    assert steps(read_file(lines(*clocks((0, 21)), asleep, *woken))) == []
    later = clocks((3700, 52))
    assert steps(read_file(lines(*clocks((0, 21)), asleep, *woken, *later))) == [(5, "+98.000")]
    claimed = entry("PM: suspend entry (deep)", 20, SYSLOG_IDENTIFIER="myapp")
    assert len(steps(read_file(lines(*clocks((0, 21)), claimed, *woken)))) == 1


# --- boots


def test_a_boot_knows_the_last_record_of_the_boot_before(read_file: ReadFile) -> None:
    reading = read_file(
        lines(
            kernel("Linux version 6.1.0 (x) #1", 0, 0),
            entry("last words", 50, SYSLOG_IDENTIFIER="myapp"),
            kernel("Linux version 6.1.0 (x) #1", 600, 0, _BOOT_ID=SECOND),
        )
    )
    boots = [hit for hit in reading.hits if hit.kind == "os.boot"]
    assert [hit.boot for hit in boots] == [FIRST, SECOND]
    assert boots[1].previous is not None
    assert (boots[1].previous.line, boots[1].previous.raw.partition("Z ")[2]) == (2, "svr031 myapp[261]: last words")
    assert list(dict.fromkeys(mark.boot for mark in reading.marks)) == [FIRST, SECOND]


def test_short_forms_name_boots_that_have_no_line_of_the_kernel(read_file: ReadFile) -> None:
    reading = read_file(
        b"-- Journal begins at Thu 2026-12-03 19:28:06 JST, ends at Thu 2026-12-03 19:53:23 JST. --\n"
        b"Dec 03 19:28:06 svr031 myapp[812]: one\n"
        b"-- Boot 059079dbfd214e87a963a5e55e43e55c --\n"
        b"Dec 03 19:52:51 svr031 myapp[640]: two\n"
        b"Dec 03 19:53:00 svr031 myapp[640]: three\n"
        b"Dec 03 19:53:23 svr031 myapp[640]: four\n"
        b"-- Reboot --\n"
        b"Dec 03 20:10:00 svr031 myapp[633]: five\n"
    )
    assert (reading.source, reading.records, reading.unframed) == ("journal", 5, 0)
    boots = dict.fromkeys((mark.stamp[3:6], mark.boot) for mark in reading.marks)
    assert list(boots) == [((19, 28, 6), "~0"), ((19, 52, 51), SECOND), ((19, 53, 23), SECOND), ((20, 10, 0), "~2")]


def test_long_journals_keep_few_marks(read_file: ReadFile) -> None:
    reading = read_file(lines(*(entry("x", n / 10) for n in range(3000))))
    assert reading.records == 3000
    assert len(reading.marks) < 100
    last = datetime.fromtimestamp(AT // 1_000_000 + 299, UTC)
    assert reading.marks[-1].stamp[:6] == (last.year, last.month, last.day, last.hour, last.minute, 6)


def test_an_entry_is_found_however_far_the_batches_reach(read_file: ReadFile) -> None:
    reading = read_file(lines(*(entry("System is powering down." if n % 400 == 7 else "x", n) for n in range(2000))))
    assert [hit.line for hit in reading.hits] == [8, 408, 808, 1208, 1608]


# --- damage

STOP = lines(entry(seconds=9))


@pytest.mark.parametrize(
    "damage",
    [
        b"{" * 200_000 + b"\n",
        b'{"a":' * 50_000 + b"\n",
        b'{"MESSAGE":"x","__REALTIME_TIMESTAMP":' + b"9" * 5000 + b"}\n",
        b'{"MESSAGE":"x","__REALTIME_TIMESTAMP":"' + b"9" * 18 + b'"}\n',
        b'{"MESSAGE":"x","__REALTIME_TIMESTAMP":"-5"}\n',
        b'{"MESSAGE":"x"}\n',
        b'{"MESSAGE":"' + b"x" * (5 << 20) + b'"}\n',
        b"x" * (5 << 20) + b"\n",
        STOP[:200] + b"\n",
        STOP[150:],
        STOP[:200],
        b"5\n",
        b"{\n" + b'"a": "b",\n' * 20,
        b"-- No entries --\n",
        b"\xff\xfe\xfd\n",
    ],
)
def test_damage_costs_itself_only(read_file: ReadFile, damage: bytes) -> None:
    reading = read_file(lines(entry()) + damage + STOP)
    assert [hit.kind for hit in reading.hits] == ["os.shutdown_started"] * 2
    assert (reading.records, reading.hits[1].line) == (2, reading.lines)
    assert reading.unframed >= 1
    assert len(reading.unframed_samples[0][1]) <= 200


def test_half_a_surrogate_can_be_written_on(read_file: ReadFile) -> None:
    content = lines(entry()).replace(b"powering down.", b"powering down (\\ud83d).").replace(b"svr031", b"svr\\udc00")
    (hit,) = read_file(content).hits
    repr((hit.raw, hit.host, hit.fields)).encode()
    assert hit.fields["wall"] == "?"


ONE_LINE = {
    "run together": (b"", b"", b""),
    "with blanks": (b"", b" ", b""),
    "as an array": (b"[", b", ", b"]"),
    "as an array of Windows": (b"\xef\xbb\xbf[", b",", b"]\r\n"),
    "as a sequence": (b"\x1e", b"\x1e", b""),
    "with carriage returns": (b"", b"\r", b"\r"),
}


@pytest.mark.parametrize("form", ONE_LINE)
@pytest.mark.parametrize("count", [9, 3000])
def test_a_whole_journal_in_one_line(read_file: ReadFile, form: str, count: int) -> None:
    before, between, behind = ONE_LINE[form]
    entries = [entry('x {"A": 1} {', n) for n in range(count - 1)] + [entry(seconds=count)]
    content = before + between.join(lines(one).rstrip() for one in entries) + behind
    reading = read_file(content, "journal.json")
    assert (reading.source, reading.records, reading.unframed) == ("journal", count, 0)
    returns = "carriage" in form
    assert reading.lines == (count if returns else 1)
    assert [hit.line for hit in reading.hits] == [count if returns else 1]


def test_damage_within_one_line_costs_itself_only(read_file: ReadFile) -> None:
    many = b"".join(lines(entry("x", n)).rstrip() for n in range(1000))
    torn = lines(entry())[:250].rstrip()
    for damage in (torn, b"junk", b"[" * 100_000, b'{"A":' * 50_000, b'{"MESSAGE":"' + b"x" * (6 << 20)):
        reading = read_file(many + damage + many + STOP, "journal.json")
        assert (reading.records, len(reading.hits), reading.lines) == (2001, 1, 1)
        assert reading.unframed >= 1 or damage.startswith(b"[")
        assert reading.complete is (len(damage) < 4 << 20)
        assert reading.complete or "1 entry is larger than 4 MiB, first in line 1" in reading.notes[0].en
        assert {number for number, _ in reading.unframed_samples} <= {1}


def test_one_line_that_begins_amid_an_entry(read_file: ReadFile) -> None:
    content = b"".join(lines(entry(seconds=n)).rstrip() for n in range(20))[300:]
    reading = read_file(content, "journal.json")
    assert (reading.source, reading.records, reading.unframed) == ("journal", 19, 1)
    forwarded = b"Feb  4 09:34:20 svr031 forwarder[9]: " + b"".join(lines(entry()).rstrip() for _ in range(2)) + b"\n"
    assert read_file(forwarded * 3).source == "syslog"


def test_objects_within_an_entry_end_no_entry(read_file: ReadFile) -> None:
    nested = entry(KUBERNETES={"POD": {"NAME": "x"}, "LIST": [{"A": 1}, {"B": 2}]})
    reading = read_file(lines(nested, nested).replace(b"\n", b""), "journal.json")
    assert (reading.records, len(reading.hits), reading.unframed) == (2, 2, 0)


def test_memory_stays_bounded_over_one_line(recogniser: Recogniser) -> None:
    reader = JournalJson(Reading("journal.json", ("journal.json",), None), recogniser)
    block = b"".join(lines(entry("x", n)).rstrip() for n in range(500))
    for _ in range(20):
        reader.feed(block)
        assert len(reader._carry) < 1 << 20
    for _ in range(40):
        reader.feed(b"x" * (1 << 20))
        assert len(reader._carry) < 6 << 20
    reader.close()


@settings(max_examples=60, deadline=None)
@given(
    damage=st.lists(st.tuples(st.integers(0, 5000), st.binary(max_size=12)), max_size=6),
    cut=st.integers(0, 5000),
    block=st.integers(1, 3000),
)
def test_no_bytes_raise(recogniser: Recogniser, damage: list[tuple[int, bytes]], cut: int, block: int) -> None:
    content = lines(*(entry(seconds=n) for n in range(8)))[:cut]
    for place, junk in damage:
        content = content[:place] + junk + content[place + len(junk) :]
    content += b"\n" + STOP
    reading = Reading("journal.json", ("journal.json",), None, bytes=len(content))
    reader = JournalJson(reading, recogniser)
    for start in range(0, len(content), block):
        reader.feed(content[start : start + block])
    reader.close()
    assert reading.lines == content.count(b"\n")
    assert reading.hits[-1].line == reading.lines
    assert reading.records + reading.unframed > 0
