"""Files that tell a server's time zone: `/etc/localtime`, `timezone`, `sysconfig/clock`, the output of `timedatectl`.

They hold no records. What they tell becomes facts of their reading; a name that no zone has becomes a note.
"""

from __future__ import annotations

import hashlib
import re

from acforensics.bundle import Member
from acforensics.lines import decode_line, mask_secrets
from acforensics.parsing.recognition import Recogniser
from acforensics.sources.reading import Fact, FactName, Reading
from acforensics.sources.zone_names import MAGIC, find_zone, name_of
from acforensics.texts import text

ZONE_DATA = "time zone data"
ZONE_LINK = "link to a time zone"
ZONE_NAME = "time zone name"
CLOCK_SETTINGS = "clock settings"
TIMEDATECTL = "timedatectl output"
DATE_OUTPUT = "output of date"

_LONGEST_FILE = 64 << 10
_MOST_LINES = 200
_SHOWN = 200
_TARGET = re.compile(r"(?:.*/)?zoneinfo/(?:posix/|right/)?(?P<zone>[A-Z][\w+-]*(?:/[A-Z][\w+-]*){0,2})", re.ASCII)
_WORD = re.compile(r"[A-Za-z][\w+-]*(?:/[\w+-]+){0,3}", re.ASCII)
_SETTING = re.compile(r"\s*(?P<key>[A-Za-z_]\w*)=(?P<quote>[\"']?)(?P<value>[^\"']*)(?P=quote)\s*(?:#.*)?", re.ASCII)
_ZONE_SETTINGS = {"ZONE", "TIMEZONE"}
_LABEL = re.compile(
    r"\s*(?P<label>Local time|Universal time|RTC time|Time ?zone|(?:System clock|NTP) synchronized|NTP enabled"
    r"|NTP service|RTC in local TZ|DST active):\s*(?P<value>\S+)?.*"
    r"|(?P<property>Timezone|LocalRTC|CanNTP|NTP|NTPSynchronized|TimeUSec|RTCTimeUSec)=(?P<set>.*)",
    re.DOTALL,
)
_CLOCK = r"\d{1,2}:\d\d:\d\d(?:[.,]\d+)?(?: ?[AP]M)?"
_ABBREVIATION = r"(?P<zone>[A-Z]{3,5}|[+-]\d{2,4})"
_DATES = (
    re.compile(rf"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{{2}} [ \d]\d {_CLOCK} {_ABBREVIATION} \d{{4}}"),
    re.compile(rf"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +\d{{1,2}} [A-Z][a-z]{{2}} \d{{4}} {_CLOCK} {_ABBREVIATION}"),
    re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)? ?(?P<zone>[+-]\d\d:?\d\d)"),
    re.compile(
        r"\d{4}年 *\d{1,2}月 *\d{1,2}日 *[(（]?[月火水木金土日](?:曜日)?[)）]? *(?:午前|午後)?"
        rf"\d{{1,2}}[:時]\d\d[:分]\d\d秒? {_ABBREVIATION}"
    ),
)
# Other abbreviations mean several offsets, or one that changes with the season.
_PLAIN_ABBREVIATIONS = {"JST", "UTC"}


def read_link(reading: Reading, target: str) -> Reading:
    """Read a link named `localtime` by its target: the walk follows no links.

    Only a zone's place below `zoneinfo` tells it; that something else happens to be called like a zone does not.
    """
    reading.format = ZONE_LINK
    reading.sha256 = hashlib.sha256(target.encode("utf-8", "surrogatepass")).hexdigest()
    match = _TARGET.fullmatch(target)
    if match is None:
        reading.notes.append(text("clock.zone-link-elsewhere", target=mask_secrets(target)[:_SHOWN]))
    else:
        _take_zone(reading, match["zone"], None, f"localtime -> {target}")
    return reading


class ZoneFile:
    """Reads one file that tells a zone, into facts."""

    def __init__(self, reading: Reading, recogniser: Recogniser) -> None:
        self._reading = reading
        self._content = b""

    @staticmethod
    def fits(member: Member, head: bytes) -> bool:
        """Whether this is a file of that sort: by its content, and by its name where that could be much else."""
        return _form(member.names, head) is not None

    def feed(self, block: bytes) -> None:
        """Take the next block of the file; such files are small."""
        self._content += block[: _LONGEST_FILE - len(self._content)]

    def close(self) -> None:
        """Say what the file tells."""
        reading = self._reading
        form = _form(reading.names, self._content[:1024])
        reading.format = form or "unknown"
        if form == ZONE_DATA:
            reading.encoding = ""
            self._take_data()
            return
        decoded = [decode_line(line.rstrip(b"\r")) for line in self._content.split(b"\n")]
        reading.encoding = next((encoding for _, encoding in decoded if encoding != "ascii"), "ascii")
        reading.lines = self._content.count(b"\n") + (not self._content.endswith(b"\n"))
        for number, (line, _) in enumerate(decoded[:_MOST_LINES], start=1):
            if form == TIMEDATECTL:
                self._take_label(number, line)
            elif form == CLOCK_SETTINGS:
                match = _SETTING.fullmatch(line)
                if match and match["key"] in _ZONE_SETTINGS:
                    _take_zone(reading, match["value"], number, line)
            elif form == DATE_OUTPUT:
                zone = _date_zone(line)
                if zone:
                    _take_zone(reading, zone, number, line)
            elif line.strip() and not line.lstrip().startswith("#"):
                _take_zone(reading, line.strip(), number, line)

    def _take_data(self) -> None:
        """Compiled data tell a server's zone only where they stand as its `localtime`."""
        reading = self._reading
        if not reading.names or "localtime" not in reading.names[-1]:
            return
        name = name_of(self._content)
        if name is None:
            reading.notes.append(text("clock.zone-data-unknown"))
        else:
            reading.facts.append(Fact("zone", name, None, ""))

    def _take_label(self, number: int, line: str) -> None:
        match = _LABEL.fullmatch(line)
        if match is None:
            return
        label, value = match["label"] or match["property"], (match["value"] or match["set"] or "").strip()
        if label in ("Time zone", "Timezone"):
            _take_zone(self._reading, value, number, line)
        elif label in ("System clock synchronized", "NTP synchronized", "NTPSynchronized") and value in ("yes", "no"):
            self._reading.facts.append(_fact("clock-synchronised", value, number, line))


def _take_zone(reading: Reading, name: str, number: int | None, line: str) -> None:
    if find_zone(name) is None:
        reading.notes.append(text("clock.zone-name-unknown", name=mask_secrets(name)[:_SHOWN]))
    else:
        reading.facts.append(_fact("zone", name, number, line))


def _fact(name: FactName, value: str, number: int | None, line: str) -> Fact:
    return Fact(name, value, number, mask_secrets(line)[:_SHOWN].strip())


def _form(names: tuple[str, ...], head: bytes) -> str | None:
    """Which of these files it is, by its first kilobyte; `None` for any other."""
    if head.startswith(MAGIC):
        return ZONE_DATA
    if b"\0" in head:
        return None
    name = names[-1].lower() if names else ""
    whole = len(head) < 1024
    lines = [decode_line(line)[0].strip() for line in head.split(b"\n")]
    lines = [line for line in (lines if whole else lines[:-1]) if line and not line.startswith("#")]
    labels = {(m["label"] or m["property"]) for line in lines[:12] if (m := _LABEL.fullmatch(line))}
    if len(labels) > 1 and labels & {"Time zone", "Timezone"}:
        return TIMEDATECTL
    if whole and 1 <= len(lines) <= 2 and _date_zone(lines[0]) is not None:
        return DATE_OUTPUT
    if whole and len(lines) == 1 and _WORD.fullmatch(lines[0]):
        known = "/" in lines[0] and find_zone(lines[0]) is not None
        return ZONE_NAME if known or name in ("timezone", "timezone.txt") else None
    settings = [_SETTING.fullmatch(line) for line in lines]
    if all(settings) and (name.startswith("clock") or "sysconfig" in names):
        zones = [m["value"] for m in settings if m and m["key"] in _ZONE_SETTINGS]
        if zones or (not whole and name == "clock"):
            return CLOCK_SETTINGS
    return None


def _date_zone(line: str) -> str | None:
    """The zone that a line of `date` names: empty where its abbreviation is not enough; `None`: no such line."""
    match = next((m for form in _DATES if (m := form.fullmatch(line.strip()))), None)
    if match is None:
        return None
    zone = match["zone"]
    return zone if zone[0] in "+-" or zone in _PLAIN_ABBREVIATIONS else ""
