"""How a line is framed: every form of the reference, mixed in one file, damaged, and built from parts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acforensics.events import Stamp
from acforensics.lines import Record, frame, split_records

BARE = Stamp(None, 2, 4, 9, 34, 10)
FULL = Stamp(2022, 2, 4, 9, 34, 10)
JST = FULL._replace(offset=9 * 3600)
FORMS = [
    ("Feb  4 09:34:10 svr031 sshd[12]: hello", BARE, "svr031", "sshd", "12"),
    ("Feb 04 09:34:10 svr031 kernel: hello", BARE, "svr031", "kernel", ""),
    ("Feb  4 09:34:10.250 svr031 app: hello", BARE._replace(microsecond=250_000), "svr031", "app", ""),
    ("Feb  4 2022 09:34:10 svr031 app: hello", FULL, "svr031", "app", ""),
    ("2022 Feb  4 09:34:10 svr031 app: hello", FULL, "svr031", "app", ""),
    ("Feb  4 09:34:10 2022 svr031 app: hello", FULL, "svr031", "app", ""),
    ("2022-02-04T09:34:10+09:00 svr031 app: hello", JST, "svr031", "app", ""),
    ("2022-02-04T09:34:10+0900 svr031 app: hello", JST, "svr031", "app", ""),
    ("2022-02-04T09:34:10.698463-03:30 svr031 app: hello",
     FULL._replace(microsecond=698_463, offset=-12_600), "svr031", "app", ""),
    ("2022-02-04T09:34:10Z svr031 app: hello", FULL._replace(offset=0), "svr031", "app", ""),
    ("2022-02-04T09:34:10 svr031 app: hello", FULL, "svr031", "app", ""),
    ("2022-02-04 09:34:10 svr031 app: hello", FULL, "svr031", "app", ""),
    ("2022-02-04 09:34:10 Zebra app: hello", FULL, "Zebra", "app", ""),
    ("2022-02-04 09:34:10 NODEA app[3]: hello", FULL, "NODEA", "app", "3"),
    ("2022-02-04 09:34:10,123 ERROR db.pool: hello", FULL._replace(microsecond=123_000), "", "", ""),
    ("Fri 2022-02-04 09:34:10 UTC svr031 app[3]: hello", FULL._replace(offset=0), "svr031", "app", "3"),
    ("Fri 2022-02-04 09:34:10 JST svr031 app[3]: hello", JST, "svr031", "app", "3"),
    ("Fri 2022-02-04 09:34:10 CEST svr031 app[3]: hello", FULL, "svr031", "app", "3"),
    ("金 2022-02-04 09:34:10 JST svr031 app[3]: hello", JST, "svr031", "app", "3"),
    ("<34>Feb  4 09:34:10 svr031 app: hello", BARE, "svr031", "app", ""),
    ("<34>2022-02-04T09:34:10+09:00 svr031 app: hello", JST, "svr031", "app", ""),
    ("<34>1 2022-02-04T09:34:10+09:00 svr031 app 12 ID47 - hello", JST, "svr031", "app", "12"),
    ("1 2022-02-04T09:34:10+09:00 svr031 app - - - hello", JST, "svr031", "app", ""),
    (r'<34>1 2022-02-04T09:34:10Z svr031 app 12 - [a@1 b="c\]d"][e@2 f="g h"] hello',
     FULL._replace(offset=0), "svr031", "app", "12"),
    ("\ufeff<34>1 2022-02-04T09:34:10Z svr031 app 12 - - \ufeffhello", FULL._replace(offset=0), "svr031", "app", "12"),
    ("<34>1 2022-02-04T09:34:10Z svr031 kernel - - - [    0.000000] hello",
     FULL._replace(offset=0), "svr031", "kernel", ""),
    ("Feb  4 09:34:10 src@svr031/svr031 app: hello", BARE, "svr031", "app", ""),
    ("Feb  4 09:34:10 svr031 sshd(pam_unix)[12]: hello", BARE, "svr031", "sshd", "12"),
    ("Feb  4 09:34:10 svr031 sshd[12] hello", BARE, "svr031", "sshd", "12"),
    ("Feb  4 09:34:10 svr031 (systemd)[12]: hello", BARE, "svr031", "(systemd)", "12"),
    ("Feb  4 09:34:10 svr031 gdm-password]: hello", BARE, "svr031", "gdm-password", ""),
    ("Feb  4 09:34:10 svr031 /usr/sbin/cron[12]: hello", BARE, "svr031", "cron", "12"),
    ("Feb  4 09:34:10 svr031 sudo:     hello", BARE, "svr031", "sudo", ""),
    ("Feb  4 09:34:10 svr031 kernel: [    0.000000] hello", BARE, "svr031", "kernel", ""),
    ("Feb  4 09:34:10 svr031 kernel: [    0.000000][    T1] hello", BARE, "svr031", "kernel", ""),
    ("Feb  4 09:34:10 svr031 kernel: <6>[    0.000000] hello", BARE, "svr031", "kernel", ""),
    ("Feb  4 09:34:10 svr031 kernel: <6>hello", BARE, "svr031", "kernel", ""),
    ("Feb  4 09:34:10 kernel: hello", BARE, "", "kernel", ""),
    ("Feb  4 09:34:10 svr031 hello", BARE, "svr031", "", ""),
    ("\ufeffFeb  4 09:34:10 svr031 app: hello", BARE, "svr031", "app", ""),
    ("Feb\t4\t09:34:10\tsvr031\tapp: hello", BARE, "svr031", "app", ""),
    ("2月  4 09:34:10 svr031 app: hello", BARE, "svr031", "app", ""),
    ("2月 4日 09:34:10 svr031 app: hello", BARE, "svr031", "app", ""),
    ("févr. 4 09:34:10 svr031 app: hello", BARE, "svr031", "app", ""),
]  # fmt: skip


@pytest.mark.parametrize(("line", "stamp", "host", "program", "pid"), FORMS, ids=[form[0] for form in FORMS])
def test_every_form_of_the_reference(line: str, stamp: Stamp, host: str, program: str, pid: str) -> None:
    record = frame(line)
    assert record is not None
    assert record[:4] == (stamp, host, program, pid)
    assert record.message.endswith("hello")
    if program:
        assert record.message == "hello"


def test_the_tag_of_old_login_stays_in_the_message() -> None:
    record = frame("Jun 14 15:16:02 combo  -- root[2417]: ROOT LOGIN ON tty2")
    assert record is not None
    assert (record.host, record.program, record.message) == ("combo", "", "-- root[2417]: ROOT LOGIN ON tty2")


@pytest.mark.parametrize(
    ("text", "uptime"), [("[    1.500000][   C0] x", 1.5), ("<6>[12.25] x", 12.25), ("<6>x", None)]
)
def test_the_kernels_own_seconds(text: str, uptime: float | None) -> None:
    record = frame(f"Feb  4 09:34:10 svr031 kernel: {text}")
    assert record is not None
    assert (record.uptime, record.message) == (uptime, "x")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "-- Logs begin at Fri 2022-02-04 09:42:52 UTC, end at Fri 2022-02-04 11:33:06 UTC. --",
        "-- Journal begins at Fri 2022-02-04 09:42:52 UTC, ends at Fri 2022-02-04 11:33:06 UTC. --",
        "-- Boot 492d1e02b975448b83d9649c70e57cbf --",
        "-- Reboot --",
        "-- No entries --",
        "Feb 30 09:34:10 svr031 app: x",
        "2023-02-29T09:34:10Z svr031 app: x",
        "1900-02-29T09:34:10Z svr031 app: x",
        "0000-00-00T00:00:00Z svr031 app: x",
        "9999-12-31T23:59:59Z svr031 app: x",
        "2022-13-01T00:00:00Z svr031 app: x",
        "Feb  0 09:34:10 svr031 app: x",
        "Feb  4 24:34:10 svr031 app: x",
        "Feb  4 09:60:10 svr031 app: x",
        "Feb  4 09:34:61 svr031 app: x",
        "Foo  4 09:34:10 svr031 app: x",
        "13月  4 09:34:10 svr031 app: x",
        "Feb  4 09:34:10",
        "<34>1 - svr031 app - - - x",
    ],
)
def test_what_is_no_record_is_none(line: str) -> None:
    assert frame(line) is None


def stamp_of(line: str) -> Stamp | None:
    record = frame(line)
    return record.stamp if record is not None else None


def test_leap_days_and_leap_seconds() -> None:
    assert stamp_of("Feb 29 00:00:00 h a: x") == Stamp(None, 2, 29, 0, 0, 0)
    assert stamp_of("2024-02-29T00:00:00Z h a: x") == Stamp(2024, 2, 29, 0, 0, 0, 0, 0)
    assert stamp_of("2016-12-31T23:59:60Z h a: x") == Stamp(2016, 12, 31, 23, 59, 59, 999_999, 0)


MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{1,20}", fullmatch=True)
WORDS = st.text(st.characters(min_codepoint=0x20, exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=30)
STAMPS = st.builds(
    Stamp,
    st.integers(1970, 2199) | st.none(),
    st.integers(1, 12),
    st.integers(1, 28),
    st.integers(0, 23),
    st.integers(0, 59),
    st.integers(0, 59),
    st.integers(0, 999_999),
    st.sampled_from([None, 0, 9 * 3600, -3 * 3600 - 1800]),
    st.just(1),
)


def written(stamp: Stamp, form: str) -> tuple[str, Stamp]:
    """The stamp in a form, and what of it the form keeps."""
    year, month, day, hour, minute, second, micro, offset, _ = stamp
    clock = f"{hour:02d}:{minute:02d}:{second:02d}"
    if form == "traditional":
        return f"{MONTHS[month - 1]} {day:2d} {clock}", stamp._replace(year=None, microsecond=0, offset=None)
    year = year or 2024
    if form == "year":
        return f"{MONTHS[month - 1]} {day:2d} {year} {clock}", stamp._replace(year=year, microsecond=0, offset=None)
    sign = "-" if (offset or 0) < 0 else "+"
    zone = "" if offset is None else f"{sign}{abs(offset) // 3600:02d}:{abs(offset) % 3600 // 60:02d}"
    return f"{year:04d}-{month:02d}-{day:02d}T{clock}.{micro:06d}{zone}", stamp._replace(year=year)


@given(
    STAMPS,
    st.sampled_from(["traditional", "year", "iso"]),
    NAMES,
    NAMES.filter(lambda name: name != "kernel"),
    st.integers(1, 99_999) | st.none(),
    WORDS,
    st.booleans(),
)
def test_a_line_built_from_parts_frames_back_to_them(
    stamp: Stamp, form: str, host: str, program: str, pid: int | None, message: str, forwarded: bool
) -> None:
    shown, expected = written(stamp, form)
    tag = program if pid is None else f"{program}[{pid}]"
    record = frame(f"{'<13>' if forwarded else ''}{shown} {host} {tag}: {message}")
    assert record is not None
    assert record[:5] == Record(expected, host, program, str(pid or ""), message.lstrip("\ufeff"), "")[:5] or (
        record[:5] == (expected, host, program, str(pid or ""), message)
    )


@given(
    st.text(max_size=300) | st.builds(lambda a, b: a + b, st.sampled_from([f[0] for f in FORMS]), st.text(max_size=40))
)
def test_no_text_raises(line: str) -> None:
    record = frame(line)
    assert record is None or 1 <= record.stamp.month <= 12


@given(st.binary(max_size=200))
def test_splitting_loses_nothing_but_nul_bytes(line: bytes) -> None:
    parts = split_records(line)
    assert b"".join(part for _, part in parts) == line.replace(b"\0", b"")
    assert all(line[at : at + len(part)] == part for at, part in parts)


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("<34>Feb  4 09:34:10 a b: one<34>Feb  4 09:34:11 a b: two", 2),
        ("<34>1 2022-02-04T09:34:10Z a b - - - one<35>1 2022-02-04T09:34:10Z a b - - - two", 2),
        ("Feb  4 09:3Feb  4 09:40:00 svr031 kernel: Linux version 5.14.0", 2),
        ("Feb  4 09:34:10 svr031 systemd[1]: StoppFeb  4 09:40:00 svr031 kernel: Linux version 5.14.0", 2),
        ("2022-02-04T09:34:10+09:00 a b: on2022-02-04T09:40:00+09:00 a kernel: Linux version 5.14.0", 2),
        ("Feb  4 09:34:10 a b: \0\0\0Feb  4 09:40:00 a c: two", 2),
        ('Feb  4 09:34:10 a b: it said "Feb  4 09:30:00 a kernel: Linux version 5.14.0"', 1),
        ("Feb  4 09:34:10 a b: it said Feb  4 09:30:00 a kernel: Linux version 5.14.0", 1),
        ("Feb  4 09:34:10 a b: <6>usb 1-1: new device", 1),
    ],
)
def test_records_run_together(line: str, parts: int) -> None:
    assert len(split_records(line.encode())) == parts
