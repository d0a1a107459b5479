"""The index of a batch as one page: which cases are grave, which rules fire, where, and how it changes by month."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from itertools import zip_longest
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from acforensics import resources
from acforensics.batch.fleet import Fleet
from acforensics.charts import trigger_colour
from acforensics.plain import visible
from acforensics.rendering.markup import bilingual, environment, json_data, page_script, plotly_style_id, policy
from acforensics.texts import LANGUAGES, Language, Text, catalogue, text

_SAID = ("fleet.shown", "fleet.ends", "fleet.chart-missing")


def render(
    fleet: Fleet,
    *,
    name: str,
    version: str,
    options: Mapping[str, Any],
    lang: Language,
    plotly: str,
    unfinished: int = 0,
) -> str:
    """Return the page.

    Args:
        fleet: the numbers.
        name: of the batch, for the title.
        version: of the program.
        options: of the analysis.
        lang: the language shown first.
        plotly: relative URL of Plotly's script.
        unfinished: how many cases there are in all, while not all are done.
    """
    folder = resources.folder("reports")
    style = "\n".join((folder / file).read_text(encoding="utf-8") for file in ("report.css", "fleet.css"))
    script = page_script("fleet.js")
    title = text("fleet.title", name=name, count=fleet.total)
    titles = {language: visible(title.within(language)) for language in LANGUAGES}
    seen = {trigger for counts in fleet.months.values() for trigger in counts}
    triggers = [key.removeprefix("trigger.") for key in catalogue() if key.startswith("trigger.")]
    triggers = [trigger for trigger in triggers if trigger in seen]
    data = json_data({"titles": titles, "said": _said(), "trend": _trend(fleet, triggers)})
    nonce = hashlib.sha256(data.encode()).hexdigest()
    return (
        environment()
        .get_template("fleet.html.j2")
        .render(
            fleet=fleet,
            title=title,
            titles=titles,
            version=version,
            options=json.dumps(options, ensure_ascii=False, sort_keys=True, default=str),
            lang=lang,
            triggers=triggers,
            unfinished=unfinished,
            placeholder=text("fleet.search-hint"),
            plain=text,
            bilingual=lambda en, ja: bilingual(Text(en=en, ja=ja)),
            errors=_errors,
            href=lambda path: "/".join(map(quote, path.split("/"))),
            plotly_style_id=plotly_style_id(),
            policy=policy([script], style, nonce),
            style=Markup(style),  # noqa: S704  (our own files)
            script=Markup(script),  # noqa: S704  (our own file)
            plotly_url=plotly,
            nonce=nonce,
            data=data,
        )
    )


def _errors(row: Mapping[str, Any]) -> list[Markup]:
    """What went wrong with a case, line by line in both languages."""
    lines = zip_longest(row["error"].split("\n"), row["error_ja"].split("\n"), fillvalue="")
    return [bilingual(Text(en=en, ja=ja)) for en, ja in lines]


def _said() -> dict[str, dict[str, str]]:
    return {lang: {key.removeprefix("fleet."): catalogue()[key][lang] for key in _SAID} for lang in LANGUAGES}


def _trend(fleet: Fleet, triggers: list[str]) -> dict[str, Any]:
    names = {trigger: text(f"trigger.{trigger}") for trigger in triggers}
    return {
        "months": list(fleet.months),
        "traces": [
            {
                "counts": [counts[trigger] for counts in fleet.months.values()],
                "names": {lang: names[trigger].within(lang) for lang in LANGUAGES},
                "colour": trigger_colour(trigger),
            }
            for trigger in triggers
        ],
    }
