"""From stamps as written to UTC: years of rotation sets, the zone, and how each was decided.

A stamp without a year is dated by walking from a known date: an embedded year, a rotation name, the time at which
the file was last written (`years`). The zone is decided once for a case (`zones`).
"""

from acforensics.clocks.dating import Dating, date_streams
from acforensics.clocks.rotation import Stream, streams
from acforensics.clocks.years import resolve_years
from acforensics.clocks.zones import ZoneChoice, choose_zone, clock_read, near, parse_zone

__all__ = [
    "Dating",
    "Stream",
    "ZoneChoice",
    "choose_zone",
    "clock_read",
    "date_streams",
    "near",
    "parse_zone",
    "resolve_years",
    "streams",
]
