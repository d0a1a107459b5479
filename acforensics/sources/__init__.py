"""One module for each way in which records are stored. They know bytes and lines, not what events mean."""

from acforensics.sources.documents import Shelf
from acforensics.sources.reader import read_member
from acforensics.sources.reading import Document, Mark, Reading
from acforensics.sources.surroundings import Surroundings, read_around

__all__ = ["Document", "Mark", "Reading", "Shelf", "Surroundings", "read_around", "read_member"]
