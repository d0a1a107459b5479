"""Sphinx builds these pages, once for each language: `make docs`. With the tag `ja` the Japanese ones.

`page.md` and `page.ja.md` are twins. Each language is a site of its own with the same names of pages, so that a twin is
found in the same place of the other site. What can be taken from the program itself is (`site/parts.py`).
"""

from __future__ import annotations

import sys
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parent / "site"))

import documents
import parts

language = "ja" if tags.has("ja") else "en"  # type: ignore[name-defined]  # noqa: F821

project = "acforensics"
author = "The acforensics authors"
project_copyright = "The acforensics authors, Apache-2.0"
version = release = version_of("acforensics")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".ja.md" if language == "ja" else ".md": "markdown"}
exclude_patterns = documents.not_in(language)
myst_heading_anchors = 3
default_role = "code"
highlight_language = "none"
autodoc_member_order = "bysource"
python_maximum_signature_line_length = 80

html_theme = "furo"
html_title = "acforensics"
html_static_path = ["site/static"]
html_css_files = ["site.css"]
templates_path = ["site/templates"]
html_copy_source = False
html_show_sphinx = False
html_context = {"twin": {"en": ("../ja/", "日本語", "ja"), "ja": ("../en/", "English", "en")}[language]}
html_theme_options = {"top_of_page_buttons": []}
# Every page carries what it needs: nothing is fetched from elsewhere. Fonts are the reader's own.
_FONTS = '-apple-system, "Segoe UI", "Noto Sans", "Hiragino Sans", "Noto Sans CJK JP", "Yu Gothic", sans-serif'
html_theme_options |= {f"{scheme}_css_variables": {"font-stack": _FONTS} for scheme in ("light", "dark")}


def setup(app: Sphinx) -> dict[str, Any]:
    """Fill in what comes from the program, and tell what has no translation."""
    app.connect("source-read", _fill)
    app.connect("autodoc-process-docstring", _translate, priority=100)
    return {"parallel_read_safe": True}


def _fill(app: Sphinx, name: str, source: list[str]) -> None:
    source[0] = documents.for_site(source[0], language, parts.PARTS)


def _translate(app: Sphinx, what: str, name: str, thing: object, options: object, lines: list[str]) -> None:
    if language == "ja":
        lines[:] = documents.translated("\n".join(lines).strip()).splitlines()
