"""One order over all servers: tracks of streams, events with their witnesses, and the DataFrame with its exports."""

from acforensics.timeline.frame import COLUMNS, export, to_frame
from acforensics.timeline.tracks import Item, Track, build_tracks, interleave, on_one_clock
from acforensics.timeline.witnesses import absorb, merge, same_line

__all__ = [
    "COLUMNS",
    "Item",
    "Track",
    "absorb",
    "build_tracks",
    "export",
    "interleave",
    "merge",
    "on_one_clock",
    "same_line",
    "to_frame",
]
