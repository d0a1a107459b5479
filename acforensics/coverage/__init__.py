"""What each source of each server could have shown, and when; and what the case lacks.

Absence is not proof: a record that was not seen is missing only where a source that would have shown it covers that
time on that server. `Coverage.covers` answers that.
"""

from acforensics.coverage.absence import Mention, Missing, find_missing, members_named
from acforensics.coverage.measuring import cover
from acforensics.coverage.model import Coverage, Gap, Hole, Lack, Loss, SourceCoverage, Span
from acforensics.coverage.sentences import Clock, gap_text, hole_text, length_text, loss_text

__all__ = [
    "Clock",
    "Coverage",
    "Gap",
    "Hole",
    "Lack",
    "Loss",
    "Mention",
    "Missing",
    "SourceCoverage",
    "Span",
    "cover",
    "find_missing",
    "gap_text",
    "hole_text",
    "length_text",
    "loss_text",
    "members_named",
]
