"""One module for each way in which records are stored. They know bytes and lines, not what events mean."""

from acforensics.sources.reader import read_member
from acforensics.sources.reading import Mark, Reading

__all__ = ["Mark", "Reading", "read_member"]
