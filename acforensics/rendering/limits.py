"""How much of each list the page holds."""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace

_FEW_EVENTS, _FEW_ENDS = 250, 250


@dataclass(frozen=True)
class Limits:
    """The most of each list; `smaller()` until the page is small enough."""

    lines: int = 12
    shutdowns: int = 200
    findings: int = 200
    boots: int = 500
    inputs: int = 400
    problems: int = 100
    events: int = 2000
    """In the chart and in its table: the same ones."""
    marks: int = 1000
    """Ends in the chart, and boots."""
    sequences: int = 30
    steps: int = 60
    settings: int = 120

    def smaller(self, fits: float) -> Limits:
        """Fewer events and marks first, which the exports hold as well; then half of everything, at least a few.

        Args:
            fits: which part of the lists the page has room for. They are not all of the same weight, hence the power.
        """
        if self.events > _FEW_EVENTS or self.marks > _FEW_ENDS:
            part = min(0.75, fits) ** 1.5
            return replace(
                self,
                events=max(min(self.events, _FEW_EVENTS), int(self.events * part)),
                marks=max(min(self.marks, _FEW_ENDS), int(self.marks * part)),
            )
        return Limits(*(max(4, value // 2) for value in astuple(self)))
