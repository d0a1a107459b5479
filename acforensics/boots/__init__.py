"""Boots of each server: the time from a start of its kernel to its end, joined over all streams of that server.

A kernel's first line starts a boot; a restart of syslog or of a service does not. The segments that different streams
see are one boot where their spans overlap, because the stamps of a boot's first lines differ from stream to stream by
a minute.
"""

from acforensics.boots.finding import find_boots
from acforensics.boots.model import Boot, Segment

__all__ = ["Boot", "Segment", "find_boots"]
