"""amccmd was told another thing than what the server then did (HOWTO chapter 3)."""

from __future__ import annotations

from acforensics.case import Finding
from acforensics.cooperation import JudgedSequence
from acforensics.findings.context import FindingContext
from acforensics.findings.settings_rules import option_mismatch
from acforensics.texts import text

_STEPS = ("other-option", "other-action")


def find(context: FindingContext) -> list[Finding]:
    """One finding for each stop whose recorded option or action of stop.sh contradicts what the stop was to be.

    And one for scripts in the input that would do so.
    """
    seen = [finding for one in context.sequences if (finding := _finding(context, one)) is not None]
    return [*seen, *option_mismatch(context)]


def _finding(context: FindingContext, judged: JudgedSequence) -> Finding | None:
    wrong = [
        s for s in judged.steps if s.definition.id in _STEPS and s.status == "forbidden-observed" and s.observation
    ]
    if judged.judgement is None or judged.judgement.chosen is None or not wrong:
        return None
    chosen = judged.judgement.chosen
    events = [s.observation.event for s in wrong if s.observation is not None and s.observation.event is not None]
    told = next((event.fields["option"] for event in events if event.fields.get("option")), None)
    acted = next((event.fields.get("action") or event.mode for event in events), "")
    return context.finding(
        "ac-option-mismatch",
        "warning",
        [judged.judgement],
        span=(judged.scene.start, max(event.time for event in events)),
        title=text("finding.ac-option-mismatch.title", server=judged.scene.server),
        summary=text(
            "finding.ac-option-mismatch.summary",
            server=judged.scene.server,
            time=context.clock(events[0].time),
            told=told or acted.upper() or "-",
            mode=text(f"mode.{chosen.mode}"),
        ),
        advice=text("finding.ac-option-mismatch.advice"),
        events=[*events, *judged.judgement.evidence[:2]],
    )
