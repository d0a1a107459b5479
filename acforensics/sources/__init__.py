"""One module for each way in which records are stored. They know bytes and lines, not what events mean."""

from acforensics.sources.documents import Shelf
from acforensics.sources.reader import read_member
from acforensics.sources.reading import Document, Mark, Reading

__all__ = ["Document", "Mark", "Reading", "Shelf", "read_member"]
