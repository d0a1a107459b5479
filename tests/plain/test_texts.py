"""Texts that count: English says one of them in the singular."""

from __future__ import annotations

import pytest

from acforensics.texts import catalogue, text


@pytest.mark.parametrize(
    ("key", "values", "english"),
    [
        ("suggest.written", {"path": "x", "events": 1, "programs": 1, "folder": "y"}, "1 message of 1 program."),
        ("suggest.written", {"path": "x", "events": 1, "programs": 21, "folder": "y"}, "1 message of 21 programs."),
        ("terminal.by-server", {"server": "s", "files": 1, "records": "1", "events": 2, "first": "a", "last": "b"},
         "1 file, 1 record, 2 recognised"),
        ("damage.large-entries", {"count": 1, "limit": 4, "line": 9}, "1 entry is"),
        ("damage.large-entries", {"count": 0, "limit": 4, "line": 9}, "0 entries are"),
    ],
)  # fmt: skip
def test_one_is_told_in_the_singular(key: str, values: dict[str, object], english: str) -> None:
    assert english in text(key, **values).en


def test_only_what_counts_changes_with_its_number() -> None:
    told = text("finding.ac-group-moved.left", group="1", server="svr031", time="1")
    assert told.en == catalogue()["finding.ac-group-moved.left"]["en"].format(group="1", server="svr031", time="1")
