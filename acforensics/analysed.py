"""The analysed case: its result, its timeline, and the forms in which it is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from acforensics import case as models
from acforensics.bundle import Limits, Walker
from acforensics.events import Event
from acforensics.masking import ShownNames
from acforensics.sources import Surroundings, read_around
from acforensics.texts import Language
from acforensics.timeline import to_frame, to_rows

if TYPE_CHECKING:
    import pandas as pd

    from acforensics.redaction import Pseudonyms, Rewriter

_MOST_SURROUNDED = 200
_SURROUNDED_LINES = 3
"""Of so many findings so many lines of evidence are shown among those around them."""


@dataclass
class Case:
    """All inputs analysed together. Build it with `analyze()`."""

    model: models.CaseModel
    events: list[Event] = field(repr=False)
    zone: tzinfo
    inputs: Sequence[str | Path] = ()
    within: Path | None = None
    """The folder that the inputs lie in, where their paths are relative to one."""
    plain: Case | None = field(default=None, repr=False)
    """The case as it was judged, where this one has stand-ins instead of its names."""
    rewriter: Rewriter | None = field(default=None, repr=False)
    """What the stand-ins are applied with."""
    limits: Limits = field(default_factory=Limits, repr=False)

    @property
    def pseudonyms(self) -> Pseudonyms | None:
        """The stand-ins of a redacted case."""
        return self.rewriter.pseudonyms if self.rewriter is not None else None

    @cached_property
    def surroundings(self) -> Mapping[tuple[str, int], Surroundings]:
        """The lines around the evidence of the findings, by path and line: the inputs are read once more for them.

        Where an input is gone or has changed since, there are none.
        """
        if self.plain is not None and self.rewriter is not None:
            from acforensics.redaction import redact_around

            return redact_around(self.plain.surroundings, self.rewriter)
        wanted: dict[str, dict[int, str]] = {}
        for finding in self.model.findings[:_MOST_SURROUNDED]:
            for one in finding.evidence[:_SURROUNDED_LINES]:
                if one.line is not None:
                    wanted.setdefault(one.input, {})[one.line] = one.text
        names = ShownNames()
        found: dict[tuple[str, int], Surroundings] = {}
        # Names are shown in the order in which they are met, as when the case was read.
        members = Walker(self.limits, names, self.within).walk([Path(given) for given in self.inputs])
        while wanted and (member := next(members, None)) is not None:
            around = read_around(member, wanted.pop(member.path, {}))
            found.update({(member.path, line): one for line, one in around.items()})
        return found

    @cached_property
    def timeline(self) -> pd.DataFrame:
        """One row an event, UTC index; columns as in `acforensics.timeline.COLUMNS`."""
        return to_frame(self.events, self.zone)

    @property
    def shutdowns(self) -> list[models.Shutdown]:
        """The ends of boots, by time."""
        return self.model.shutdowns

    @property
    def findings(self) -> list[models.Finding]:
        """What a reviewer must know, by time."""
        return self.model.findings

    @property
    def boots(self) -> list[models.Boot]:
        """Every boot of every server."""
        return self.model.boots

    def to_json(self, lang: Language = "en") -> str:
        """The result as JSON (`acforensics/case/1`)."""
        return models.to_json(self.model, lang)

    def to_markdown(self, lang: Language = "en") -> str:
        """The summary as Markdown, to paste into a ticket: at most 10,000 characters."""
        from acforensics.rendering.markdown import render

        return render(self.model, lang)

    def to_html(self, lang: Language = "en", *, plotly: str | None = None, name: str | None = None) -> str:
        """The report as one self-contained HTML page.

        Args:
            lang: the language shown first.
            plotly: URL that the chart's script is loaded from, where many reports share one.
            name: of the case, for its title.
        """
        from acforensics.rendering.html import render

        return render(self.model, to_rows(self.events, self.zone), lang, self.surroundings, plotly, name)
