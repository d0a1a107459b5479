"""Definition files: each mistake is told with file, line and reason; ours hold their own examples."""

from __future__ import annotations

from pathlib import Path

import pytest

from acforensics import resources
from acforensics.errors import DefinitionError
from acforensics.parsing.definitions import load, load_file
from acforensics.parsing.recognition import Recogniser, check_examples

GOOD = """name = "site"
title = { en = "Site", ja = "拠点" }

[[event]]
id = "one"
kind = "site.one"
programs = ["siteapp"]
pattern = '^one (?P<what>\\S+)'
status = "unverified"
source = "our own"
examples = [{ line = "Feb  4 09:34:10 svr031 siteapp: one thing", fields = { what = "thing" } }]

[[event]]
id = "two"
kind = "site.two"
programs = ["siteapp"]
pattern = '^two\\b'
status = "unverified"
source = "our own"
examples = ["Feb  4 09:34:10 svr031 siteapp: two"]
"""


def write(folder: Path, content: str | bytes, name: str = "site.toml") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder / name


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ('name = "site"', 'name = "site', 1, "not valid TOML"),
        ("[[event]]", "[[event]", 4, "not valid TOML"),
        ("source = \"our own\"\nexamples = [\"", "examples = [\"", 13, "source: Field required"),
        ("'^two\\b'", "'^two('", 17, "not a valid RE2 pattern"),
        ("'^two\\b'", "'^two(?=x)'", 17, "look-around"),
        ("'^two\\b'", "'^two(?!x)'", 17, "look-around"),
        ("'^two\\b'", "'^(t)wo\\1'", 17, "back-references"),
        ("'^two\\b'", "'^two[あい]'", 17, "outside ASCII cannot stand in [あい]"),
        ("'^two\\b'", "'^two[^。]'", 17, "outside ASCII cannot stand in [^。]"),
        ("'^two\\b'", "'^t*'", 17, "matches the empty text"),
        ('id = "two"', 'id = "one"', 14, "the id 'one' stands twice"),
        ('id = "two"', 'id = "Two!"', 14, "id: String should match pattern"),
        ('kind = "site.two"', 'kind = "two"', 15, "kind: String should match pattern"),
        ('kind = "site.two"', 'kind = "Site.two"', 15, "kind: String should match pattern"),
        ('programs = ["siteapp"]\npattern = \'^two', "programs = []\npattern = '^two", 16, "at least 1 item"),
        ('status = "unverified"\nsource = "our own"\nexamples = ["', 'status = "sure"\nsource = "our own"\nexamples = ["', 18, "status"),
        ('id = "two"', 'id = "two"\ncolour = "red"', 15, "colour: Extra inputs are not permitted"),
        ('title = { en = "Site", ja = "拠点" }', 'title = { en = "Site" }', 2, "title.ja: Field required"),
        ('name = "site"', 'name = "site"\nevents = []', 2, "events: Extra inputs"),
    ],
)  # fmt: skip
def test_each_mistake_is_told_with_file_line_and_reason(
    tmp_path: Path, old: str, new: str, line: int, reason: str
) -> None:
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new, 1) if old == "[[event]]" else new.join(GOOD.rsplit(old, 1)))
    with pytest.raises(DefinitionError) as caught:
        load_file(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert reason in str(caught.value)


def test_a_good_file_holds(tmp_path: Path) -> None:
    file = load_file(write(tmp_path, GOOD))
    assert [event.id for event in file.event] == ["one", "two"]
    assert check_examples(Recogniser([file])) == []


@pytest.mark.parametrize("form", ["utf-8-sig", "crlf"])
def test_files_saved_by_windows_editors(tmp_path: Path, form: str) -> None:
    content = GOOD.replace("\n", "\r\n").encode() if form == "crlf" else GOOD.encode(form)
    assert load_file(write(tmp_path, content)).name == "site"


def test_a_file_in_another_encoding_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.encode("cp932"))
    with pytest.raises(DefinitionError, match="not UTF-8") as caught:
        load_file(path)
    assert str(caught.value).startswith(f"{path}:2: ")


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="no such folder"):
        load([tmp_path / "missing"])
    (tmp_path / "x.toml").mkdir()
    with pytest.raises(DefinitionError, match=r"x\.toml: cannot be read"):
        load([tmp_path])


def test_japanese_beside_an_escaped_bracket_is_no_class(tmp_path: Path) -> None:
    file = load_file(
        write(tmp_path, GOOD.replace("'^two\\b'", "'^\\[情報\\] two'").replace("siteapp: two", "siteapp: [情報] two"))
    )
    assert check_examples(Recogniser([file])) == []


def test_a_site_replaces_ours_by_file_name_and_adds_others(tmp_path: Path) -> None:
    ours = {file.name for file in load()}
    assert "linux" in ours
    write(tmp_path, GOOD.replace('name = "site"', 'name = "linux"'), "linux.toml")
    write(tmp_path, GOOD)
    files = {file.name: file for file in load([tmp_path])}
    assert set(files) == ours | {"site"}
    assert [event.id for event in files["linux"].event] == ["one", "two"]


def test_one_name_in_two_files_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.replace('name = "site"', 'name = "linux"'), "other.toml")
    with pytest.raises(DefinitionError, match=r"'linux' is the name of .*linux\.toml already") as caught:
        load([tmp_path])
    assert str(caught.value).startswith(f"{path}:1: ")


@pytest.fixture(scope="module")
def problems_of_ours(everything: Recogniser) -> list[str]:
    return check_examples(everything)


@pytest.mark.parametrize("path", sorted(resources.folder("parsers").glob("*.toml")), ids=lambda path: path.stem)
def test_our_definitions_hold_amid_all_the_others(path: Path, problems_of_ours: list[str]) -> None:
    file = load_file(path)
    assert [problem for problem in problems_of_ours if problem.startswith(f"{file.name}/")] == []
    assert all(event.examples for event in file.event)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("svr031 siteapp: two\"", "svr031 siteapp: one x\"", "is recognised as site/one"),
        ("svr031 siteapp: two\"", "svr031 other: two\"", "is recognised as nothing"),
        ("\"Feb  4 09:34:10 svr031 siteapp: two\"", "\"two\"", "no stamp and host"),
        ('what = "thing" }', 'what = "other" }', "the field 'what' is 'thing', not 'other'"),
        ("'^two\\b'", "'(?:one|two)'", "is recognised as site/one, site/two"),
        ("siteapp: two\"]", "siteapp: two\"]\nnot_examples = [\"Feb  4 09:34:10 svr031 siteapp: two x\"]", "must not"),
    ],
)  # fmt: skip
def test_examples_that_do_not_hold_are_told(tmp_path: Path, old: str, new: str, reason: str) -> None:
    assert old in GOOD
    problems = check_examples(Recogniser([load_file(write(tmp_path, GOOD.replace(old, new)))]))
    assert any(reason in problem for problem in problems), problems
