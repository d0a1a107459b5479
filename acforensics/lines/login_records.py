"""Login records (wtmp) as `utmpdump` writes them: the form in which binary ones are shown, too."""

from __future__ import annotations

from acforensics.lines.record import Record

PROGRAM = "wtmp"
FORMAT = "login records"


def frame(line: str) -> Record | None:
    """Frame a line of `utmpdump`."""
    return None
