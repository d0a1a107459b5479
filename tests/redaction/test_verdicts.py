"""Every sample comes to the same verdict plain, redacted while it is analysed, and as a redacted copy."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

import acforensics
from acforensics.auditing import audit
from acforensics.redaction import redact
from acforensics.rendering import terminal
from samples import build
from tests.settings import cluster

ROOT = Path(build.__file__).parent
SAMPLES = sorted(str(path.parent.relative_to(ROOT)) for path in ROOT.rglob("expected.json"))
NAMES = ("svr031", "svr047", "ope1")


def sample(name: str) -> tuple[Path, list[Path]]:
    folder = ROOT / name
    return next(folder.glob("bundle*")), [folder / "parsers"] if (folder / "parsers").is_dir() else []


@cache
def plain(name: str) -> acforensics.Case:
    bundle, parsers = sample(name)
    return acforensics.analyze([bundle], parsers=parsers)


def told(case: acforensics.Case) -> dict[str, object]:
    """All that is decided, without names."""
    model = case.model
    return {
        "shutdowns": [
            (s.trigger, s.mode, s.scope, s.confidence, s.ups_told, s.sequence, s.verdict, s.time, bool(s.actor))
            for s in model.shutdowns
        ],
        "boots": [(boot.start, boot.end, boot.end_state) for boot in model.boots],
        "findings": [(one.rule, one.severity, one.start, one.end, len(one.evidence)) for one in model.findings],
        "sequences": [
            (s.id, s.verdict, [(step.step, step.status, step.time) for step in s.steps]) for s in model.sequences
        ],
        "incidents": [(one.start, one.end, one.severity, len(one.parts), one.root) for one in model.incidents],
        "settings": [(row.item, row.status) for row in model.settings],
        "events": [(event.time, event.kind, event.definition, len(event.witnesses)) for event in case.events],
    }


@pytest.mark.parametrize("name", SAMPLES)
def test_a_redacted_copy_is_judged_alike(name, tmp_path):
    bundle, parsers = sample(name)
    redact([bundle], tmp_path / "copy")
    assert told(acforensics.analyze([tmp_path / "copy"], parsers=parsers)) == told(plain(name))
    for path in (tmp_path / "copy").rglob("*"):
        shown = str(path.relative_to(tmp_path)) + ("" if path.is_dir() else path.read_text(encoding="latin-1"))
        assert not any(original in shown for original in NAMES), path


@pytest.mark.parametrize("name", ["os-command", "reboot-loop", "sequences/power-failure-stop/deviates"])
def test_a_redacted_analysis_says_the_same_without_names(name, tmp_path):
    bundle, parsers = sample(name)
    case = acforensics.analyze([bundle], parsers=parsers, redact=True)
    assert told(case) == told(plain(name))
    for lang in ("en", "ja"):
        for shown in (
            case.to_json(lang),
            case.to_html(lang),
            case.to_markdown(lang),
            case.timeline.to_csv(),
            terminal.render(case.model, lang, width=100, colour=False, report=None),
        ):
            assert not any(original in shown for original in NAMES)
            assert "server1" in shown


def test_a_redacted_analysis_and_a_redacted_copy_use_the_same_stand_ins(tmp_path):
    bundle, _ = sample("os-command")
    case = acforensics.analyze([bundle], redact=True)
    assert case.pseudonyms is not None
    assert redact([bundle], tmp_path / "copy").pseudonyms.as_map() == case.pseudonyms.as_map()
    assert [end.actor for end in case.shutdowns if end.actor] == ["user1"]


def test_the_settings_of_a_redacted_copy_are_audited_alike(tmp_path):
    for name, content in cluster.files().items():
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    redact([tmp_path / "in"], tmp_path / "copy")
    found = [
        [(row.item, row.subject, row.status) for row in audit([tmp_path / folder]).settings]
        for folder in ("in", "copy")
    ]
    # Whether the code is the default cannot be told where it is gone.
    assert {row[2] for row in found[1] if row[0] == "recognition-code"} == {"unknown"}
    plain, redacted = ([row for row in rows if row[0] != "recognition-code"] for rows in found)
    assert plain == redacted
    assert len(plain) > 20
