"""The report as one self-contained HTML page: no network, a strict content security policy, both languages."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from acforensics import resources
from acforensics.case import CaseModel
from acforensics.charts import chart
from acforensics.plain import visible
from acforensics.rendering.choice import severities
from acforensics.rendering.limits import Limits
from acforensics.rendering.markup import environment, json_data, page_script, plotly_script, plotly_style_id, policy
from acforensics.rendering.verdict import Verdict, judge, time_span
from acforensics.rendering.view import View, case_name
from acforensics.texts import LANGUAGES, Language, catalogue, text
from acforensics.timeline import TimelineRow

if TYPE_CHECKING:
    from acforensics.sources import Surroundings

MAX_BYTES = 5_900_000
"""Lists are shortened until the page is no larger; what was left out is said."""

_SAID = ("report.rows-shown", "report.marks-shown", "report.marks-beside", "report.chart-missing")
"""What the script says, with numbers that only it knows."""
_PLOTLY_BUTTONS = ("png", "zoom", "pan", "zoom-in", "zoom-out", "autoscale", "reset")


def render(
    model: CaseModel,
    timeline: Sequence[TimelineRow],
    lang: Language = "en",
    surroundings: Mapping[tuple[str, int], Surroundings] | None = None,
    plotly: str | None = None,
    name: str | None = None,
) -> str:
    """Return the report.

    Args:
        model: the result.
        timeline: every event, in order.
        lang: the language shown first; a switch on the page changes it.
        surroundings: (input, line) → the lines around it, without secrets.
        plotly: relative URL of Plotly's script, where many reports share one; without it the page holds a copy.
        name: of the case; without one it is that of its inputs.
    """
    folder = resources.folder("reports")
    style = (folder / "report.css").read_text(encoding="utf-8")
    script = page_script("report.js")
    fixed = len(style.encode()) + len(script.encode()) + (0 if plotly else len(plotly_script().encode()))
    verdict = judge(model)
    limits = Limits()
    while True:
        view = View(model, timeline, limits, surroundings or {})
        page = _page(view, verdict, lang, style, script, plotly, name or case_name(model))
        size = len(page.encode())
        smaller = limits.smaller(max(0, MAX_BYTES - fixed) / max(1, size - fixed))
        if size <= MAX_BYTES or smaller == limits:
            return page
        limits = smaller


def _page(view: View, verdict: Verdict, lang: Language, style: str, script: str, plotly: str | None, name: str) -> str:
    model = view.model
    figures = {language: chart(model, view.drawn, language, visible) for language in LANGUAGES}
    titles = {language: visible(text("report.title", case=name).within(language)) for language in LANGUAGES}
    data = json_data(_data(figures, titles, view))
    # An external script is allowed by a word that whoever wrote the logs cannot have known.
    nonce = hashlib.sha256(data.encode()).hexdigest() if plotly else None
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            lang=lang,
            titles=titles,
            case_name=name,
            model=model,
            view=view,
            verdict=verdict,
            span=time_span(model),
            options=json.dumps(model.generator.options, ensure_ascii=False, sort_keys=True),
            plotly_style_id=plotly_style_id(),
            policy=policy([script] if plotly else [plotly_script(), script], style, nonce),
            style=Markup(style),  # noqa: S704  (our own file)
            plotly=Markup("") if plotly else Markup(plotly_script()),  # noqa: S704  (the library)
            plotly_url=plotly,
            nonce=nonce,
            script=Markup(script),  # noqa: S704  (our own file)
            data=data,
        )
    )


# --- what the script reads


def _data(figures: dict[Language, dict[str, Any]], titles: dict[Language, str], view: View) -> dict[str, Any]:
    base = figures["en"]
    graves = severities(view.model)
    return {
        "figure": base,
        "overrides": {lang: _difference(base, figure) for lang, figure in figures.items()},
        "titles": titles,
        "ends": [[view.anchor(end.id), graves.get(end.id)] for end in view.drawn.ends],
        "said": {lang: {key.removeprefix("report."): catalogue()[key][lang] for key in _SAID} for lang in LANGUAGES},
        "buttons": {
            lang: {text(f"plotly.{name}").en: text(f"plotly.{name}").within(lang) for name in _PLOTLY_BUTTONS}
            for lang in LANGUAGES
        },
    }


def _difference(base: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """What differs in the other language: marks and lines are the same, so they are stored once."""
    return {
        "data": [
            {key: value for key, value in theirs.items() if ours.get(key) != value}
            for ours, theirs in zip(base["data"], other["data"], strict=True)
        ],
        "layout": {key: value for key, value in other["layout"].items() if base["layout"].get(key) != value},
    }
