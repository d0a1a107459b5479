"""What every HTML page is made with: both languages, escaping, a strict content security policy, Plotly's script.

Whatever comes from a log passes through `visible()` and Jinja's autoescape; no markup is joined from strings.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

from acforensics import resources
from acforensics.errors import AcforensicsError
from acforensics.moments import clock, on_case_clock
from acforensics.plain import visible
from acforensics.rendering.compiled import CompiledTemplates
from acforensics.texts import Text, text

_OPTION = re.compile(r"(?<=\s)(--?[A-Za-z0-9-]{1,16})(?=\s|\Z)")
_TIME = re.compile(r"(?a:(?<!\d)(\d{4}-\d\d-\d\d(?: \d\d:\d\d(?::\d\d)?)?)(?!\d))")
_END_OF_SCRIPT = re.compile(r"</(script|style)", re.IGNORECASE)
_UNSAFE_IN_JSON = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}


def bilingual(value: Text) -> Markup:
    """Both languages, of which the page shows one; a text that is the same in both stands once."""
    if value.en == value.ja:
        return _words(value.en)
    return Markup('<span lang="en">{}</span><span lang="ja">{}</span>').format(_words(value.en), _words(value.ja))


def _words(value: str) -> Markup:
    """What stands in backquotes becomes code; a single backquote stays what it is."""
    parts = visible(value).split("`")
    if len(parts) % 2 == 0:
        return _unbroken(_TIME, "`".join(parts))
    return Markup("").join(
        Markup("<code>{}</code>").format(_unbroken(_OPTION, part)) if i % 2 else _unbroken(_TIME, part)
        for i, part in enumerate(parts)
    )


def _unbroken(what: re.Pattern[str], part: str) -> Markup:
    """Browsers end lines behind hyphens: `-h` must not become `-` and `h`, nor a date two halves."""
    pieces = what.split(part)
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
def environment() -> jinja2.Environment:
    """The templates, with both languages in all that they print."""
    folder = resources.folder("reports")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        bytecode_cache=CompiledTemplates(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.globals.update(text=_text, both=text, clock=clock, on_case_clock=on_case_clock)
    return environment


def json_data(value: Any) -> Markup:
    """JSON that can stand in a script element whatever it holds."""
    return Markup(json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(_UNSAFE_IN_JSON))  # noqa: S704


# --- content security policy


def policy(scripts: list[str], style: str, nonce: str | None = None) -> str:
    """Nothing from the network; only this page's scripts and styles, and `style` attributes for Plotly."""
    allowed = " ".join([*map(_hash, scripts), *([f"'nonce-{nonce}'"] if nonce else [])])
    return (
        f"default-src 'none'; script-src {allowed}; style-src-elem {_hash(style)} {_hash('')}; "
        "style-src-attr 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def _hash(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


def page_script(name: str) -> str:
    """A page's own script, behind the one that all pages have; fit to stand in the page."""
    folder = resources.folder("reports")
    return _inline("".join((folder / file).read_text(encoding="utf-8") for file in ("language.js", name)))


def _inline(script: str) -> str:
    """So that it can stand in the page: no end tag inside, and line ends as a browser will count them."""
    return _END_OF_SCRIPT.sub(r"<\\/\1", script.replace("\r\n", "\n").replace("\r", "\n"))


@cache
def plotly_script() -> str:
    """Plotly's script, fit to stand in a page."""
    # As `plotly.offline.get_plotlyjs`, without a tenth of a second of imports.
    found = find_spec("plotly")
    if found is None or found.origin is None:
        raise AcforensicsError("plotly is missing: reinstall acforensics")
    library = Path(found.origin).with_name("package_data") / "plotly.min.js"
    return _inline(library.read_text(encoding="utf-8"))


@cache
def plotly_style_id() -> str:
    """Plotly adds a map library's style sheet, which the policy refuses, unless an element has this id."""
    found = re.search(r'getElementById\("([0-9a-f]{64})"\)', plotly_script())
    return found.group(1) if found else ""
