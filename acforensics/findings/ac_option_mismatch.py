"""amccmd was told another thing than what the server then did (HOWTO chapter 3)."""

from __future__ import annotations

from acforensics.case import Finding
from acforensics.cooperation import JudgedSequence
from acforensics.events import Event
from acforensics.findings.context import FindingContext
from acforensics.findings.settings_rules import option_mismatch
from acforensics.texts import Text, text

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
    run = next((event for event in events if event.kind == "ac.command_run"), None)
    if run is None and any(s.definition.id == "amccmd" and s.status == "observed" for s in judged.steps):
        # What stop.sh writes of itself does not count where its command is recorded, and was the right one.
        return None
    return context.finding(
        "ac-option-mismatch",
        "warning",
        [judged.judgement],
        spans=[(judged.scene.server, judged.scene.start, max(event.time for event in events))],
        title=text("finding.ac-option-mismatch.title", server=judged.scene.server),
        summary=text(
            "finding.ac-option-mismatch.summary",
            server=judged.scene.server,
            time=context.clock(judged.scene.server, (run or events[0]).time),
            told=_told(run, events[0]),
            mode=text(f"mode.{chosen.mode}"),
        ),
        advice=text("finding.ac-option-mismatch.advice"),
        events=[*events, *judged.judgement.evidence[:2]],
    )


def _told(run: Event | None, output: Event) -> Text:
    """What stop.sh did, as the recorded command says, else its own output."""
    if run is None:
        return text("finding.ac-option-mismatch.wrote", line=output.message)
    option = run.fields.get("option")
    return (
        text("finding.ac-option-mismatch.passed", option=option) if option else text("finding.ac-option-mismatch.empty")
    )
