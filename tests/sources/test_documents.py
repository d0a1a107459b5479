"""Small files that are kept whole: which, in which encoding, how large; and that logs stay logs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from acforensics.sources import Reading, Shelf
from acforensics.sources.documents import MOST_BYTES
from tests.settings.cluster import OWN_CODE, STOP, configuration

ReadFile = Callable[..., Reading]


def kind(reading: Reading) -> str | None:
    return reading.document.kind if reading.document is not None else None


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "euc_jp", "cp932", "utf-16"])
def test_a_script_in_any_encoding(read_file: ReadFile, codec: str) -> None:
    reading = read_file(STOP.encode(codec), "anything")
    assert (kind(reading), reading.format, reading.records, reading.hits) == ("script", "shell script", 0, [])
    assert reading.document is not None
    assert reading.document.text == STOP
    assert reading.lines == STOP.count("\n")
    assert OWN_CODE not in repr(reading)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("stop.sh", "#!/bin/sh\nexit 0\n", "script"),
        ("start.sh", "echo no first line\n", "script"),
        ("svr031_stop.sh.txt", "exit 0\n", "script"),
        ("tell_ac", "#!/usr/bin/env bash\n/usr/local/AUTORC/amccmd x\n", "script"),
        ("profile.sh", "#!/bin/sh\nexport A=b\n", None),
        ("tool.py", "#!/usr/bin/python3\namccmd\n", None),
        ("notes.txt", "amccmd was called\n", None),
        ("stop.sh", "", None),
        ("stop.sh", "Nov 24 09:00:00 svr031 sudo: x\n" * 3, None),
    ],
)
def test_which_scripts_are_kept(read_file: ReadFile, name: str, content: str, expected: str | None) -> None:
    assert kind(read_file(content.encode(), name)) == expected


def test_a_log_with_the_name_of_a_script_stays_a_log(read_file: ReadFile) -> None:
    log = b"Dec  4 22:01:35 svr031 systemd-logind[258]: System is powering down.\n"
    reading = read_file(log, "stop.sh")
    assert [hit.kind for hit in reading.hits] == ["os.shutdown_started"]
    assert (reading.source, reading.document) == ("syslog", None)


def test_what_is_binary_is_no_script(read_file: ReadFile) -> None:
    reading = read_file(b"\x01\x02\x03\x04" * 200, "stop.sh")
    assert (reading.format, reading.document) == ("binary", None)


def test_a_script_that_is_too_large_is_named(read_file: ReadFile) -> None:
    reading = read_file(STOP.encode() + b"# x\n" * (MOST_BYTES // 4), "stop.sh")
    assert reading.document is None
    assert "256 KiB" in reading.notes[0].en


@pytest.mark.parametrize("codec", ["euc_jp", "utf-8", "cp932"])
@pytest.mark.parametrize("declared", ["EUC-JP", "ASCII", "UTF-8", "Shift_JIS"])
def test_a_configuration_in_the_encoding_that_it_really_has(read_file: ReadFile, codec: str, declared: str) -> None:
    document = configuration(encoding=declared)
    reading = read_file(document.encode(codec), "conf.bin")
    assert reading.document is not None
    assert (kind(reading), reading.document.text) == ("settings", document)


@pytest.mark.parametrize(
    "secret",
    [
        "<adminpwd>s3cret</adminpwd>",
        "<password>\ns3cret\n</password>",
        "<userpwd><![CDATA[s3<cret]]></userpwd>",
        "<pwd>s3cret",
    ],
)
def test_passwords_of_a_configuration_are_not_kept(read_file: ReadFile, secret: str) -> None:
    document = configuration().replace("</root>", f"<webmgr>{secret}</webmgr>\n</root>")
    reading = read_file(document.encode("euc_jp"), "clp.conf")
    assert reading.document is not None
    assert "cret" not in reading.document.text
    assert reading.document.text.count("\n") == document.count("\n")


def test_of_a_text_of_esmpro_only_the_line_that_matters(recogniser) -> None:
    from io import BytesIO

    from acforensics.bundle import Member
    from acforensics.sources import read_member

    content = f"CODE={OWN_CODE}\nCLUSTERPRO連携 = しない\nx = 1\n".encode("cp932")
    names = ("usr", "local", "AUTORC", "ac.ini")
    reading = read_member(Member("/".join(names), names, None, BytesIO(content), content), recogniser)
    assert reading.document is not None
    assert (kind(reading), reading.document.text) == ("linkage", "\nCLUSTERPRO連携 = しない\n\n")


def test_the_documents_of_a_case_are_bounded(read_file: ReadFile) -> None:
    shelf = Shelf(len(STOP) + 10)
    first, second = read_file(STOP.encode(), "stop.sh"), read_file(STOP.encode(), "stop.sh")
    shelf.take(first)
    shelf.take(second)
    assert (kind(first), kind(second)) == ("script", None)
    assert "Give fewer servers" in second.notes[0].en
