"""Login records (wtmp, utmp) as `utmpdump` writes them: the form in which binary ones are shown, too.

Their messages are words of our own, the same for every form in which these records come (binary, `utmpdump`, `last`).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from acforensics.events import Stamp
from acforensics.lines.record import Record

PROGRAM = "wtmp"
PROGRAMS = frozenset({PROGRAM, "last"})
"""Records of the file itself, and of listings of it."""
FORMAT = "login records"

_FIELD = r"\[([^\[\]]*)\]"
_LINE = re.compile(rf"\[(\d)\] \[(-?\d{{1,10}})\] {_FIELD} {_FIELD} {_FIELD} {_FIELD} {_FIELD} {_FIELD}\s*$")
_ISO = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)T(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)"
    r"(?:[,.](?P<fraction>\d{1,6}))?(?P<zone>Z|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
# utmpdump of RHEL 6 and 7, and full dates of `last`: local time, with the zone's name or without.
_DATE = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?P<month>[A-Z][a-z]{2}) +(?P<day>\d{1,2}) "
    r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d) (?P<year>\d{4})(?: (?P<zone>[A-Z]{3,5}))?",
    re.ASCII,
)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ZONES = {"Z": 0, "UTC": 0, "GMT": 0, "JST": 9 * 3600}
_GREETERS = ("(unknown", "gdm", "Debian-gdm", "gdm-greeter", "lightdm", "sddm")
# Refused logins, and logins that only move files: nobody sits at a terminal.
_NO_TERMINAL = ("ssh:notty", "ftp", "vsftpd")


def frame(line: str) -> Record | None:
    """Frame a line of `utmpdump`; empty records are none."""
    if not line.startswith("["):
        return None
    match = _LINE.match(line)
    if match is None:
        return None
    kind, pid, _, user, tty, host, address, written = (group.strip() for group in match.groups())
    stamp = stamp_of(written)
    if stamp is None or kind == "0":
        return None
    host = host or ("" if address in ("0.0.0.0", "::") else address)  # noqa: S104  (no address at all)
    message, given = _meaning(int(kind), int(pid), user, tty, host)
    return Record(stamp, "", PROGRAM, "" if int(pid) == 0 else str(int(pid)), message, FORMAT, given=given)


def _meaning(kind: int, pid: int, user: str, tty: str, host: str) -> tuple[str, dict[str, str]]:
    if kind == 2:
        return system_boot(host)
    if kind == 1 and user == "shutdown":
        return system_down(host)
    if kind == 1 and user == "runlevel":
        new, old = chr(pid & 0xFF), chr(pid >> 8 & 0xFF)
        return runlevel(new if new.isalnum() else "?", old if old.isalnum() else "")
    if kind == 7:
        return session(user, tty, host)
    if kind == 8:
        return f"session closed on {tty}", {"tty": tty}
    words = {
        1: "runlevel record",
        3: "clock set to this time",
        4: "clock set from this time",
        5: f"process started on {tty}",
        6: f"login prompt on {tty}",
    }
    return words.get(kind, "other record"), {}


def system_boot(kernel: str) -> tuple[str, dict[str, str]]:
    """Message and fields of a start of the system."""
    return f"system boot {kernel}".rstrip(), {"kernel": kernel} if kernel else {}


def system_down(kernel: str) -> tuple[str, dict[str, str]]:
    """Message and fields of a shutdown record."""
    return f"system down {kernel}".rstrip(), {"kernel": kernel} if kernel else {}


def runlevel(new: str, old: str) -> tuple[str, dict[str, str]]:
    """Message and fields of a change of the runlevel."""
    return f"runlevel {new}" + (f", before it {old}" if old else ""), {"level": new}


def session(user: str, tty: str, host: str) -> tuple[str, dict[str, str]]:
    """Message and fields of a login."""
    if not user:
        return f"process started on {tty}", {}
    origin = f" from {host}" if host else ""
    if tty.startswith(_NO_TERMINAL):
        return f"login of {user} without a terminal ({tty}){origin}", {}
    given = {"user": user, "tty": tty}
    if host:
        given["from"] = host
    if user.startswith(_GREETERS):
        # The login screen's own session.
        given["class"] = "greeter"
    return f"session opened for {user} on {tty}{origin}", given


def session_closed(user: str, tty: str) -> tuple[str, dict[str, str]]:
    """Message and fields of the end of a login."""
    return f"session closed for {user} on {tty}", {"user": user, "tty": tty}


def stamp_of(written: str) -> Stamp | None:
    """A full time: ISO 8601, or `Wed Nov 25 18:31:29 2026 JST`; the offset is missing where the zone says none."""
    match = _ISO.fullmatch(written) or _DATE.fullmatch(written)
    if match is None:
        return None
    month = MONTHS.index(match["month"]) + 1 if match["month"] in MONTHS else 0
    month = int(match["month"]) if match["month"].isdigit() else month
    fraction = match.groupdict().get("fraction") or ""
    try:
        time = datetime(
            int(match["year"]), month, int(match["day"]), int(match["hour"]), int(match["minute"]), int(match["second"])
        )
    except ValueError:
        return None
    if not 1970 <= time.year < 2200:
        return None
    return Stamp(*time.timetuple()[:6], int(fraction.ljust(6, "0")), _offset(match["zone"] or ""))


def _offset(zone: str) -> int | None:
    if zone[:1] not in ("+", "-") or not zone:
        return _ZONES.get(zone)
    seconds = int(zone[1:3]) * 3600 + int(zone[-2:]) * 60
    return (-seconds if zone[0] == "-" else seconds) if seconds <= 14 * 3600 else None


def render(kind: int, pid: int, names: tuple[str, str, str, str], address: str, seconds: int, microsecond: int) -> str:
    """A record as `utmpdump` prints it; `names` are id, user, line and host."""
    identifier, user, line, host = names
    time = datetime.fromtimestamp(seconds, UTC).isoformat()[:19]
    return (
        f"[{kind}] [{pid:05d}] [{identifier:<4}] [{user:<8}] [{line:<12}] [{host:<20}] [{address:<15}] "
        f"[{time},{microsecond:06d}+00:00]"
    )
