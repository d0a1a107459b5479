"""From the messages of programs that nobody knows to a definition file that a site can edit."""

from acforensics.suggestion.gathering import Looked, Result, suggest

__all__ = ["Looked", "Result", "suggest"]
