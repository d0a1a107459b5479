"""Rotation sets: the files of one log of one place, oldest first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from acforensics.sources import Reading

_COMPRESSION = re.compile(r"\.(?:gz|xz|bz2|zst|Z|lzma)$")
_ENDING = re.compile(r"\.(?:log|txt)$")
_ROTATION = re.compile(
    r"[-.](?P<date>(?:19|20)\d{6})(?:[-_T]?\d{2,6})?$|[-.](?P<dashed>(?:19|20)\d\d-\d\d-\d\d)(?:[-_T]\d+)?$"
    r"|\.(?P<number>\d{1,3})$|\.(?P<old>old|bak)$|-(?P<epoch>1\d{9})$"
    # CLUSTERPRO's internal logs: the file being written, and the one before it.
    r"|(?<=\.log)\.(?P<generation>cur|pre)$"
)


@dataclass
class Stream:
    """A rotation set: the readings of one log of one place, oldest first."""

    name: str
    readings: list[Reading]
    rotation_dates: list[date | None]


def streams(readings: Sequence[Reading]) -> list[Stream]:
    """Group readings into rotation sets by directory and name, each set oldest first."""
    groups: dict[tuple[str, str], list[tuple[tuple[int, ...], date | None, Reading]]] = {}
    for reading in readings:
        base, order, rotated = _rotation(reading.names[-1] if reading.names else reading.path)
        if reading.part is not None:
            base += f" ({reading.part.log + 1})" if reading.part.log else ""
            order = (*order, reading.part.age)
        # The path, not the names: `a/messages` and `b/messages` given as two inputs are two logs.
        place = reading.path.removesuffix(reading.names[-1]) if reading.names else ""
        groups.setdefault((place, base), []).append((order, rotated, reading))
    found: dict[str, Stream] = {}
    for (place, base), members in groups.items():
        members.sort(key=lambda member: (member[0], member[2].path))
        name = "/".join((*members[0][2].names[:-1], base))
        stream = Stream(name if name not in found else place + base, [m[2] for m in members], [m[1] for m in members])
        found[stream.name] = stream
    return list(found.values())


def _rotation(name: str) -> tuple[str, tuple[int, ...], date | None]:
    name = _COMPRESSION.sub("", name)
    # `extension .log` makes logrotate put the date before the ending.
    stem = _ENDING.sub("", name)
    match = _ROTATION.search(stem)
    if match is None or match.start() == 0:
        return name, (2,), None
    base = name[: match.start()] + name[len(stem) :]
    if match["number"]:
        return base, (1, -int(match["number"])), None
    if match["old"] or match["generation"] == "pre":
        return base, (1, -1), None
    if match["generation"]:
        return base, (2,), None
    try:
        if match["epoch"]:
            rotated = datetime.fromtimestamp(int(match["epoch"]), UTC).date()
        else:
            rotated = datetime.strptime((match["date"] or match["dashed"]).replace("-", ""), "%Y%m%d").date()
    except ValueError:
        return name, (2,), None
    return base, (0, rotated.toordinal()), rotated
