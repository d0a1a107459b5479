"""`journalctl -o verbose`: the same entries as in the export, from headings and indented fields."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acforensics.parsing.recognition import Recogniser
from acforensics.sources import Reading
from acforensics.sources.journal_verbose import JournalVerbose

ReadFile = Callable[..., Reading]
BOOT = "a3f2433e11534599bb433331cbc2d52d"
AT = 1_796_293_686_746_367


def entry(message: str = "System is powering down.", seconds: int = 0, day: str = "Fri ", **fields: str) -> str:
    found = {
        "_HOSTNAME": "svr031",
        "_BOOT_ID": BOOT,
        "SYSLOG_IDENTIFIER": "systemd-logind",
        "_PID": "261",
        "MESSAGE": message.replace("\n", "\n" + " " * 12),
        "_SOURCE_REALTIME_TIMESTAMP": "1",
        **fields,
    }
    times = f"m={21_821_583 + seconds * 1_000_000:x};t={AT + seconds * 1_000_000:x}"
    heading = f"{day}2026-12-03 19:28:06.746367 JST [s=30bf072fd8784ec09d7e71da5d9439cd;i=a1;b={BOOT};{times};x=9f3]"
    return "\n".join([heading, *(f"    {name}={value}" for name, value in found.items())]) + "\n"


@pytest.mark.parametrize("day", ["Fri ", "", "木 "])
@pytest.mark.parametrize("heading", ["", "-- Logs begin at Mon 2026-11-30 09:00:00 JST. --\n"])
def test_entries_are_read_with_their_boot_and_true_time(read_file: ReadFile, day: str, heading: str) -> None:
    found = read_file((heading + entry(day=day) + f"-- Boot {BOOT} --\n" + entry("x", 5)).encode())
    assert (found.source, found.format, found.records, found.unframed) == ("journal", "journal verbose", 2, 0)
    (hit,) = found.hits
    assert (hit.kind, hit.host, hit.boot, hit.pid) == ("os.shutdown_started", "svr031", BOOT, "261")
    assert hit.stamp[:7] == (2026, 12, 3, 10, 28, 6, 746367)
    assert hit.line == 1 + bool(heading)


def test_a_clock_that_was_set_is_told(read_file: ReadFile) -> None:
    set_later = entry("x", 5).replace(f"t={AT + 5_000_000:x}", f"t={AT + 65_000_000:x}")
    assert [hit.kind for hit in read_file((entry("x") + set_later).encode()).hits] == ["os.clock_stepped"]


def test_a_message_of_several_lines_is_one_and_quotes_are_no_entries(read_file: ReadFile) -> None:
    quote = entry("System is rebooting.").replace("\n", "\n" + " " * 12)
    found = read_file(entry(f"note\n{quote}").encode())
    assert (found.records, found.hits) == (1, [])


def test_what_does_not_belong_is_counted_and_secrets_are_masked(read_file: ReadFile) -> None:
    found = read_file((entry() + "password=Geheim12345\n" + entry("run --password=Geheim12345 now", 1)).encode())
    assert (found.records, found.unframed) == (2, 1)
    assert "Geheim" not in repr(found)


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(0, 900), junk=st.binary(max_size=60), place=st.integers(0, 900))
def test_torn_and_nonsense(recogniser: Recogniser, cut: int, junk: bytes, place: int) -> None:
    whole = (entry() + entry("x", 1)).encode()
    content = (whole[:place] + junk + whole[place:])[: len(whole) + len(junk) - cut]
    reading = Reading("v", ("v",), None, bytes=len(content))
    reader = JournalVerbose(reading, recogniser)
    for start in range(0, len(content), 7):
        reader.feed(content[start : start + 7])
    reader.close()
    assert reading.records <= 2 + junk.count(b"[s=")


def test_stamps_since_the_start_are_said_to_tell_no_date(read_file: ReadFile) -> None:
    lines = ["Linux version 5.14.0-1 (x) #1 SMP", "Command line: BOOT_IMAGE=x", "systemd[1]: Started x."]
    for level in ("", "<6>"):
        found = read_file("".join(f"{level}[    {n}.000000] {line}\n" for n, line in enumerate(lines)).encode())
        assert "seconds since the start" in found.notes[0].en
    assert not read_file(b"Nov 24 10:00:00 svr031 kernel: [    0.000000] Linux version 5.14.0-1 (x) #1\n" * 4).notes
