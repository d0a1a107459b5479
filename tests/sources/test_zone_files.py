"""Files that tell a zone, and files that only look like them."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acforensics.bundle import Member
from acforensics.parsing.recognition import Recogniser
from acforensics.sources import Reading, read_member
from acforensics.sources.zone_names import name_of

Read = Callable[..., Reading]

TIMEDATECTL = """\
               Local time: Wed 2026-11-25 18:33:28 JST
           Universal time: Wed 2026-11-25 09:33:28 UTC
                 RTC time: Wed 2026-11-25 09:33:28
                Time zone: Asia/Tokyo (JST, +0900)
System clock synchronized: yes
              NTP service: active
          RTC in local TZ: no
"""
RHEL7 = """\
      Local time: Wed 2026-11-25 18:33:28 JST
  Universal time: Wed 2026-11-25 09:33:28 UTC
        RTC time: Wed 2026-11-25 09:33:27
       Timezone: Asia/Tokyo (JST, +0900)
     NTP enabled: yes
NTP synchronized: no
 RTC in local TZ: no
      DST active: n/a
"""
SHOW = (
    "Timezone=Asia/Tokyo\nLocalRTC=no\nCanNTP=yes\nNTP=yes\nNTPSynchronized=yes\nTimeUSec=Wed 2026-11-25 18:33:28 JST\n"
)


@pytest.fixture(scope="module")
def read_at(recogniser: Recogniser) -> Read:
    def reading(content: bytes, path: str, link: str | None = None) -> Reading:
        names = tuple(path.split("/"))
        return read_member(Member(path, names, None, io.BytesIO(content), content[:1024], link), recogniser)

    return reading


def compiled(zone: str) -> bytes:
    return resources.files("tzdata").joinpath("zoneinfo", *zone.split("/")).read_bytes()


def facts(reading: Reading) -> list[tuple[str, str, int | None]]:
    return [(fact.name, fact.value, fact.line) for fact in reading.facts]


@pytest.mark.parametrize(
    ("path", "content", "format_name", "expected"),
    [
        ("svr031/etc/timezone", "Asia/Tokyo\n", "time zone name", [("zone", "Asia/Tokyo", 1)]),
        ("svr031/tz.txt", "Asia/Tokyo", "time zone name", [("zone", "Asia/Tokyo", 1)]),
        ("svr031/etc/timezone", "# set by hand\r\n\r\nUTC\r\n", "time zone name", [("zone", "UTC", 3)]),
        ("etc/sysconfig/clock", 'ZONE="Asia/Tokyo"\nUTC=true\n', "clock settings", [("zone", "Asia/Tokyo", 1)]),
        (
            "etc/sysconfig/clock",
            "## Path: System\n" * 80 + "HWCLOCK='-u'\nTIMEZONE='Europe/Berlin'\nDEFAULT_TIMEZONE=\"US/Eastern\"\n",
            "clock settings",
            [("zone", "Europe/Berlin", 82)],
        ),
        ("sos/timedatectl", TIMEDATECTL, "timedatectl output", [("zone", "Asia/Tokyo", 4), ("clock-synchronised", "yes", 5)]),
        ("anything.txt", RHEL7, "timedatectl output", [("zone", "Asia/Tokyo", 4), ("clock-synchronised", "no", 6)]),
        ("anything.txt", SHOW, "timedatectl output", [("zone", "Asia/Tokyo", 1), ("clock-synchronised", "yes", 5)]),
        ("date", "Wed Nov 25 18:33:28 JST 2026\n", "output of date", [("zone", "JST", 1)]),
        ("date", "Wed 25 Nov 2026 06:33:28 PM JST\n", "output of date", [("zone", "JST", 1)]),
        ("date", "Wed, 25 Nov 2026 18:33:28 +0900\n", "output of date", [("zone", "+0900", 1)]),
        ("date", "2026-11-25T18:33:28+09:00\n", "output of date", [("zone", "+09:00", 1)]),
        ("date", "2026年 11月 25日 水曜日 18:33:28 JST\n", "output of date", [("zone", "JST", 1)]),
        # CST is six hours west, or eight hours east.
        ("date", "Wed Nov 25 18:33:28 CST 2026\n", "output of date", []),
    ],
)  # fmt: skip
def test_what_files_tell(
    read_at: Read, path: str, content: str, format_name: str, expected: list[tuple[str, str, int | None]]
) -> None:
    found = read_at(content.encode(), path)
    assert facts(found) == expected
    assert (found.format, found.complete, found.unframed, found.notes) == (format_name, True, 0, [])
    assert found.lines == content.count("\n") or not content.endswith("\n")


def test_the_line_is_kept_as_evidence(read_at: Read) -> None:
    (zone, _) = read_at(TIMEDATECTL.encode(), "timedatectl").facts
    assert zone.text == "Time zone: Asia/Tokyo (JST, +0900)"


def test_date_in_an_old_japanese_encoding(read_at: Read) -> None:
    assert facts(read_at("2026年 11月 25日 水曜日 18:33:28 JST\n".encode("euc_jp"), "date")) == [("zone", "JST", 1)]


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("Asia/Tokyo", "Asia/Tokyo"),
        ("Japan", "Asia/Tokyo"),
        ("Asia/Seoul", "Asia/Seoul"),
        ("Europe/Berlin", "Europe/Berlin"),
        ("Europe/Paris", "Europe/Paris"),
        ("America/New_York", "America/New_York"),
        ("UTC", "UTC"),
        ("Asia/Kathmandu", "Asia/Kathmandu"),
    ],
)
def test_compiled_data_name_their_zone(read_at: Read, zone: str, expected: str) -> None:
    found = read_at(compiled(zone), "svr031/etc/localtime")
    assert facts(found) == [("zone", expected, None)]
    assert (found.format, found.notes, found.encoding) == ("time zone data", [], "")


def test_other_compiled_data_are_no_server_s_zone(read_at: Read) -> None:
    found = read_at(compiled("Asia/Seoul"), "svr031/usr/share/zoneinfo/Asia/Seoul")
    assert (found.facts, found.notes) == ([], [])


def test_data_of_the_first_version_have_no_rule() -> None:
    """As on servers of about 2005: no 64-bit part, no rule at the end."""
    names = b"JDT\0JST\0"
    changes = [-683794800, -672393600, -654764400, -640944000, -620290800, -609494400, -588841200, -578044800]
    data = b"TZif" + bytes(16) + struct.pack(">6L", 0, 0, 0, len(changes), 2, len(names))
    data += struct.pack(f">{len(changes)}l", *changes) + bytes([0, 1] * 4)
    data += struct.pack(">lbBlbB", 36000, 1, 0, 32400, 0, 4) + names
    assert name_of(data) == "Asia/Tokyo"


def test_a_zone_that_only_its_rule_tells() -> None:
    assert name_of(compiled("Asia/Kathmandu").replace(b"<+0545>-5:45", b"<+0546>-5:46")) == "+05:46"


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/usr/share/zoneinfo/Asia/Tokyo", "Asia/Tokyo"),
        ("../usr/share/zoneinfo/Asia/Tokyo", "Asia/Tokyo"),
        ("/usr/share/zoneinfo/posix/Asia/Tokyo", "Asia/Tokyo"),
        ("usr/share/zoneinfo/America/Argentina/Ushuaia", "America/Argentina/Ushuaia"),
    ],
)
def test_a_link_names_its_zone(read_at: Read, target: str, expected: str) -> None:
    found = read_at(b"", "svr031/etc/localtime", target)
    assert facts(found) == [("zone", expected, None)]
    assert found.facts[0].text == f"localtime -> {target}"
    assert (found.format, found.bytes) == ("link to a time zone", 0)


@pytest.mark.parametrize(
    ("path", "content", "link"),
    [
        ("etc/timezone", b"Asia/Tokio\n", None),
        ("etc/timezone", b"Mars\n", None),
        ("etc/sysconfig/clock", b'ZONE="Asia/Atlantis"\n', None),
        ("timedatectl", TIMEDATECTL.replace("Asia/Tokyo (JST, +0900)", "n/a").encode(), None),
        ("etc/localtime", b"", "/etc/../../../etc/passwd"),
        ("etc/localtime", b"", "/usr/share/zoneinfo/../../../etc/passwd"),
        ("etc/localtime", b"", ""),
        ("etc/localtime", b"", "../../localtime"),
        ("etc/localtime", b"", "Asia/Tokyo"),
        ("etc/localtime", b"", "+09:00"),
        ("etc/localtime", b"", "JST"),
        ("etc/localtime", b"", "/usr/share/zoneinfo/+09:00"),
        ("etc/localtime", b"", "/usr/share/zoneinfo/localtime"),
        ("etc/localtime", b"", "/usr/share/zoneinfo/../Asia/Tokyo"),
        ("etc/localtime", b"", "/srv/myzoneinfo/Asia/Tokyo"),
        ("etc/localtime", b"", "/usr/share/zoneinfo/Asia/Tokyo/../../../../../etc/localtime"),
        ("etc/localtime", b"TZif2", None),
        ("etc/localtime", b"TZif2" + b"\xff" * 2000, None),
    ],
)
def test_a_zone_that_does_not_exist_is_noted(read_at: Read, path: str, content: bytes, link: str | None) -> None:
    found = read_at(content, path, link)
    assert [fact for fact in found.facts if fact.name == "zone"] == []
    assert len(found.notes) == 1


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("var/log/messages", "Nov 25 18:33:28 svr031 kernel: Asia/Tokyo\n"),
        ("var/log/messages", "Wed Nov 25 18:33:28 JST 2026 svr031 app: started\n"),
        ("app/timezone", "Nov 25 18:33:28 svr031 app: timezone is Asia/Tokyo\n"),
        ("deploy.conf", 'ZONE="us-east1-b"\nNAME=x\n'),
        ("deploy.sh", '#!/bin/sh\nTIMEZONE="Asia/Tokyo"\necho "$TIMEZONE"\n'),
        ("words", "hello\n"),
        ("notes", "Time zone: please check\n"),
        ("etc/timezone", ""),
        ("etc/sysconfig/network", "NETWORKING=yes\nHOSTNAME=svr031\n"),
    ],
)
def test_files_that_are_something_else(read_at: Read, path: str, content: str) -> None:
    found = read_at(content.encode(), path)
    assert [fact for fact in found.facts if fact.name == "zone"] == []
    assert "zone" not in found.format
    assert found.format not in ("timedatectl output", "clock settings", "output of date")


def test_secrets_do_not_pass(read_at: Read) -> None:
    content = TIMEDATECTL.replace("Asia/Tokyo (JST, +0900)", "Asia/Tokyo (password=hunter2)")
    found = read_at(content.encode(), "timedatectl")
    assert facts(found)[0] == ("zone", "Asia/Tokyo", 4)
    assert "hunter2" not in str(found)


def test_memory_is_bounded(read_at: Read) -> None:
    found = read_at(TIMEDATECTL.encode() + b"Time zone: Asia/Seoul\n" * 100_000, "timedatectl")
    assert len(found.facts) < 500
    assert read_at(compiled("Asia/Tokyo") + bytes(1 << 20), "localtime").complete


# The first look at every zone takes a while.
@settings(deadline=None)
@given(st.binary(max_size=300), st.integers(0, 400), st.sampled_from(["Asia/Tokyo", "Europe/Berlin"]))
def test_damaged_data_never_raise(noise: bytes, place: int, zone: str) -> None:
    whole = compiled(zone)
    name_of(whole[:place])
    name_of(whole[:place] + noise + whole[place + len(noise) :])
    name_of(b"TZif" + noise)
