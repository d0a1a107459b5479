"""From stamps as written to UTC: years of rotation sets, the zone, and how each was decided.

A stamp without a year is dated by walking from a known date: an embedded year, a rotation name, the time at which
the file was last written (`years`); a listing with weekdays also by the other files of its server (`weekdays`). The
zone is decided for each server (`zones`) from what its files and stamps show (`evidence`), and from records that stand
in two of its files (`shared_records`); which files are one server's is guessed from hosts and folders (`places`).
Stretches in which a clock was dead or set back are named (`wrong_clocks`). Logs that were put together in one file are
told apart before all that (`seams`).

Offsets between servers are estimated from occurrences that two of them recorded (`offsets`).
"""

from acforensics.clocks.case_clock import CaseClock, Pair, ServerClock, Span
from acforensics.clocks.dating import Dating, date_streams
from acforensics.clocks.offsets import estimate
from acforensics.clocks.own_clock import seconds_told
from acforensics.clocks.rotation import Stream, streams
from acforensics.clocks.seams import separate_logs
from acforensics.clocks.weekdays import settle_weekdays
from acforensics.clocks.wrong_clocks import Step
from acforensics.clocks.years import resolve_years
from acforensics.clocks.zones import ZoneChoice, ZoneChoices, choose_zones, near, parse_zone

__all__ = [
    "CaseClock",
    "Dating",
    "Pair",
    "ServerClock",
    "Span",
    "Step",
    "Stream",
    "ZoneChoice",
    "ZoneChoices",
    "choose_zones",
    "date_streams",
    "estimate",
    "near",
    "parse_zone",
    "resolve_years",
    "seconds_told",
    "separate_logs",
    "settle_weekdays",
    "streams",
]
