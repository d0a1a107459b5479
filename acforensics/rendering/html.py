"""The report as one self-contained HTML page: no network, a strict content security policy, both languages.

Whatever comes from a log passes through `visible()` and Jinja's autoescape; no markup is joined from strings.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup, escape

from acforensics import resources
from acforensics.case import CaseModel
from acforensics.charts import chart
from acforensics.plain import visible
from acforensics.rendering.choice import severities
from acforensics.rendering.limits import Limits
from acforensics.rendering.verdict import Verdict, clock, judge, time_span
from acforensics.rendering.view import View, case_name
from acforensics.texts import LANGUAGES, Language, Text, catalogue, text

if TYPE_CHECKING:
    import pandas as pd

    from acforensics.sources import Surroundings

MAX_BYTES = 5_900_000
"""Lists are shortened until the page is no larger; what was left out is said."""

_END_OF_SCRIPT = re.compile(r"</(script|style)", re.IGNORECASE)
_UNSAFE_IN_JSON = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}
_OPTION = re.compile(r"(?<=\s)(--?[A-Za-z0-9-]{1,16})(?=\s|\Z)")
_SAID = ("report.rows-shown", "report.marks-shown", "report.marks-beside")
"""What the script says, with numbers that only it knows."""
_PLOTLY_BUTTONS = ("png", "zoom", "pan", "zoom-in", "zoom-out", "autoscale", "reset")


def render(
    model: CaseModel,
    timeline: pd.DataFrame,
    lang: Language = "en",
    surroundings: Mapping[tuple[str, int], Surroundings] | None = None,
) -> str:
    """Return the report.

    Args:
        model: the result.
        timeline: columns as in `acforensics.timeline.COLUMNS`.
        lang: the language shown first; a switch on the page changes it.
        surroundings: (input, line) → the lines around it, without secrets.
    """
    folder = resources.folder("reports")
    style = (folder / "report.css").read_text(encoding="utf-8")
    script = _inline((folder / "report.js").read_text(encoding="utf-8"))
    fixed = len(style.encode()) + len(script.encode()) + len(_plotly().encode())
    verdict = judge(model)
    limits = Limits()
    while True:
        view = View(model, timeline, limits, surroundings or {})
        page = _page(view, verdict, lang, style, script)
        size = len(page.encode())
        smaller = limits.smaller(max(0, MAX_BYTES - fixed) / max(1, size - fixed))
        if size <= MAX_BYTES or smaller == limits:
            return page
        limits = smaller


def _page(view: View, verdict: Verdict, lang: Language, style: str, script: str) -> str:
    model = view.model
    figures = {language: chart(model, view.drawn, language, visible) for language in LANGUAGES}
    name = case_name(model)
    titles = {language: visible(text("report.title", case=name).within(language)) for language in LANGUAGES}
    return (
        _environment()
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
            plotly_style_id=_plotly_style_id(),
            policy=_policy([_plotly(), script], style),
            style=Markup(style),  # noqa: S704  (our own file)
            plotly=Markup(_plotly()),  # noqa: S704  (the library)
            script=Markup(script),  # noqa: S704  (our own file)
            data=_json(_data(figures, titles, view)),
        )
    )


def bilingual(value: Text) -> Markup:
    """Both languages, of which the page shows one; a text that is the same in both stands once."""
    if value.en == value.ja:
        return _words(value.en)
    return Markup('<span lang="en">{}</span><span lang="ja">{}</span>').format(_words(value.en), _words(value.ja))


def _words(value: str) -> Markup:
    """What stands in backquotes becomes code; a single backquote stays what it is."""
    parts = visible(value).split("`")
    if len(parts) % 2 == 0:
        return escape("`".join(parts))
    return Markup("").join(
        Markup("<code>{}</code>").format(_command(part)) if i % 2 else escape(part) for i, part in enumerate(parts)
    )


def _command(part: str) -> Markup:
    """Browsers end lines behind hyphens: `-h` must not become `-` and `h`."""
    pieces = _OPTION.split(part)
    return Markup("").join(
        Markup('<span class="nobreak">{}</span>').format(piece) if i % 2 else escape(piece)
        for i, piece in enumerate(pieces)
    )


def _text(key: str, **values: Any) -> Markup:
    return bilingual(text(key, **values))


def _finalize(value: Any) -> Any:
    """Whatever a template prints, and whoever wrote it, cannot hide or steer."""
    if isinstance(value, Markup):
        return value
    if isinstance(value, Text):
        return bilingual(value)
    return visible(value) if isinstance(value, str) else value


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(resources.folder("reports")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.globals.update(text=_text, both=text, clock=clock)
    return environment


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


def _json(value: Any) -> Markup:
    """JSON that can stand in a script element whatever it holds."""
    return Markup(json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(_UNSAFE_IN_JSON))  # noqa: S704


# --- content security policy


def _policy(scripts: list[str], style: str) -> str:
    """Nothing from the network; only this page's scripts and styles, and `style` attributes for Plotly."""
    allowed = " ".join(_hash(script) for script in scripts)
    return (
        f"default-src 'none'; script-src {allowed}; style-src-elem {_hash(style)} {_hash('')}; "
        "style-src-attr 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def _hash(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


def _inline(script: str) -> str:
    """So that it can stand in the page: no end tag inside, and line ends as a browser will count them."""
    return _END_OF_SCRIPT.sub(r"<\\/\1", script.replace("\r\n", "\n").replace("\r", "\n"))


@cache
def _plotly() -> str:
    from plotly.offline import get_plotlyjs

    return _inline(get_plotlyjs())


@cache
def _plotly_style_id() -> str:
    """Plotly adds a map library's style sheet, which the policy refuses, unless an element has this id."""
    found = re.search(r'getElementById\("([0-9a-f]{64})"\)', _plotly())
    return found.group(1) if found else ""
