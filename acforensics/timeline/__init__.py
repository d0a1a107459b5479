"""One order over all servers: tracks of streams, events with their witnesses, and the DataFrame with its exports."""

from acforensics.timeline.clock_changes import EARLY_LINES, KERNEL_STARTS, SAME_MOMENT, SAME_START, stops
from acforensics.timeline.frame import COLUMNS, TimelineRow, export, to_frame, to_rows
from acforensics.timeline.tracks import Item, Track, build_tracks, interleave, on_one_clock
from acforensics.timeline.witnesses import absorb, merge, same_line
from acforensics.timeline.wrong_starts import Moved, set_clocks

__all__ = [
    "COLUMNS",
    "EARLY_LINES",
    "KERNEL_STARTS",
    "SAME_MOMENT",
    "SAME_START",
    "Item",
    "Moved",
    "TimelineRow",
    "Track",
    "absorb",
    "build_tracks",
    "export",
    "interleave",
    "merge",
    "on_one_clock",
    "same_line",
    "set_clocks",
    "stops",
    "to_frame",
    "to_rows",
]
