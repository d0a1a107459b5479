"""The pages as a whole: twins, links, what is generated, and the built site."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import documents
import parts
import pytest
from markdown_it import MarkdownIt

from acforensics.bundle.limits import NAMES, Limits, shown
from acforensics.parsing.definitions import load
from acforensics.rendering.explanation import names

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
LANGUAGES = ("en", "ja")
SECTIONS = {"en": ("Limits", "What it will not claim"), "ja": ("上限", "断定しないこと")}


def _shape(page: Path) -> list[str]:
    """Headings by level, tables, blocks of code and pictures: what twins have alike."""
    source = re.sub(r"^:caption:.*\n", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    kinds = []
    for token in MarkdownIt("commonmark").enable("table").parse(source):
        if token.type in ("heading_open", "tr_open"):
            kinds.append(token.tag)
        if token.type == "fence":
            kinds.append(f"code {token.info}")
    return kinds


@pytest.mark.parametrize("page", documents.pages("en"), ids=lambda page: page.name)
def test_each_page_has_a_twin_of_the_same_shape(page):
    twin = page.with_name(page.stem + ".ja.md")
    assert f"*[日本語]({twin.name})*" in page.read_text(encoding="utf-8")
    assert f"*[English]({page.name})*" in twin.read_text(encoding="utf-8")
    assert _shape(page) == _shape(twin)


def test_no_japanese_page_is_alone():
    assert [page.name.replace(".ja.md", ".md") for page in documents.pages("ja")] == [
        page.name for page in documents.pages("en")
    ]


def test_links_lead_to_what_is_there(pages):
    for page in pages:
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
            if target.startswith(("http:", "https:")):
                continue
            file, _, anchor = target.partition("#")
            found = page.parent / file if file else page
            assert found.exists(), f"{page.name}: {target}"
            if anchor and found.suffix == ".md":
                headings = re.findall(r"^#+ (.*)", found.read_text(encoding="utf-8"), re.MULTILINE)
                generated = {name for kind in names().values() for name in kind} | {file.name for file in load()}
                assert anchor in {_anchor(heading) for heading in headings} | generated, f"{page.name}: {target}"


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\s-]", "", heading.lower()).strip().replace(" ", "-")


def test_japanese_pages_lead_to_japanese_pages():
    for page in [*documents.pages("ja"), ROOT / "README.ja.md"]:
        body = re.sub(r"^\*\[English\].*$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
        for target in re.findall(r"\]\((?:docs/)?([\w-]+\.md)[)#]", body):
            twin = DOCS / target.replace(".md", ".ja.md")
            assert not twin.exists(), f"{page.name}: {target}"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_trigger_rule_and_sequence_has_its_section(lang):
    for part, kind in (("triggers", "trigger"), ("rules", "rule"), ("sequences", "sequence")):
        headings = re.findall(r"^## (.*)", parts.PARTS[part](lang), re.MULTILINE)
        assert sorted(headings) == names()[kind]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_definition_is_listed_with_how_sure_it_is(lang):
    listed = parts.PARTS["lines"](lang)
    definitions = [event for file in load() for event in file.event]
    assert listed.count("\n| `") == len(definitions)
    assert listed.count("\n| ↳ ") == sum(len(event.refine) for event in definitions)
    for status in ("verified", "inferred", "unverified"):
        expected = sum(event.status == status for event in definitions for _ in (event, *event.refine))
        assert listed.count(f" | {documents.words(status, lang)} | ") == expected
        assert documents.words(status, lang) in parts.PARTS["sureness"](lang)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_limits_are_told_as_they_are(lang):
    table = documents.section(documents.readme(lang), SECTIONS[lang][0])
    told = re.findall(r"^\| `([\w-]+)` \| (\w+) \|", table, re.MULTILINE)
    assert told == [(name, shown(name, Limits().of(name))) for name in NAMES]


def test_a_section_that_is_not_there_is_an_error():
    with pytest.raises(ValueError, match="no section 'Limitations'"):
        documents.section(ROOT / "README.md", "Limitations")


def test_a_text_without_its_japanese_is_an_error():
    with pytest.raises(ValueError, match=r"translations\.toml lacks"):
        documents.translated("A new option.")


def test_no_translation_is_left_over(monkeypatch):
    import importlib
    import inspect

    used: set[str] = set()
    monkeypatch.setattr(parts, "translated", lambda text: used.add(text) or text)
    parts.PARTS["commands"]("ja")
    for page in ("python.ja.md",):
        source = (DOCS / page).read_text(encoding="utf-8")
        for name, members in re.findall(r":: acforensics\.([\w.]+)(?:\(\))?(?:\n   :members: (.*))?", source):
            module, _, own = f"acforensics.{name}".rpartition(".")
            thing = getattr(importlib.import_module(module), own)
            used.add(inspect.getdoc(thing) or "")
            used |= {inspect.getdoc(getattr(thing, member)) or "" for member in members.split(", ") if member}
    assert {text.strip() for text in used if text} == set(documents.all_translations())


@pytest.mark.parametrize("lang", LANGUAGES)
def test_parts_of_the_report_are_called_as_they_are(lang):
    import acforensics

    page = acforensics.analyze([ROOT / "samples" / "os-command" / "bundle"], tz="Asia/Tokyo").to_html(lang)
    name = "reading-the-report.ja.md" if lang == "ja" else "reading-the-report.md"
    rows = re.findall(r"^\| (\*\*.*?) \|", (DOCS / name).read_text(encoding="utf-8"), re.MULTILINE)
    called = [part for row in rows for part in re.findall(r"\*\*(.+?)\*\*", row)]
    assert len(called) == 12
    for part in called:
        assert part in page


@pytest.mark.parametrize(("lang", "other"), [("en", "ja"), ("ja", "en")])
def test_the_site_builds_without_warnings_and_by_itself(lang, other, tmp_path):
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-E", "-W", "-q", "-d", tmp_path / "doctrees"]
    command += ["-t", "ja"] if lang == "ja" else []
    done = subprocess.run([*command, DOCS, tmp_path / lang], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(tmp_path.rglob("case.schema.json"))
    for page in documents.pages("en"):
        built = (tmp_path / lang / f"{page.stem}.html").read_text(encoding="utf-8")
        assert f'href="../{other}/{page.stem}.html"' in built
        assert f'<html class="no-js" lang="{lang}"' in built
        assert "<!-- part" not in built
        loaded = re.findall(r"<(?:script|link|img|iframe)[^>]*?(?:src|href)=\"([^\"]*)\"", built)
        assert not [one for one in loaded if one.startswith(("http", "//"))], page.name
    for sheet in tmp_path.rglob("*.css"):
        assert not re.search(r"url\([\"']?(?:https?:)?//", sheet.read_text(encoding="utf-8")), sheet.name
