"""Which sequence was expected at each end and each start, and how it went."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from fnmatch import fnmatchcase

from acforensics.cooperation.board import has_fields
from acforensics.cooperation.definitions import Application, SequenceDefinition
from acforensics.cooperation.engine import judge
from acforensics.cooperation.model import JudgedSequence, Observation, Scene
from acforensics.cooperation.scenes import CaseFacts, goes_on, start_scene, stop_scene
from acforensics.shutdowns import Judgement
from acforensics.texts import text


def judge_sequences(definitions: Sequence[SequenceDefinition], facts: CaseFacts) -> list[JudgedSequence]:
    """Hold every end and every start of a server that runs CLUSTERPRO against the sequences that fit.

    Of those that fit, the ones of the highest priority of each aspect are judged. An end whose trigger is only possible
    is never said to deviate: which sequence was expected is not sure then.
    """
    found: list[JudgedSequence] = []
    in_use = _InUse(facts)
    for judgement in facts.judgements:
        server = judgement.boot.server
        if server in facts.clustered and judgement.boot.start is not None:
            scene = start_scene(judgement, facts)
            fitting = [d for d in definitions if in_use.fits(d, judgement, scene)]
            found += [_judged(d, scene, judgement, None) for d in _foremost(fitting)]
        if judgement.chosen is not None and (server in facts.clustered or judgement.chosen.trigger == "os-command"):
            scene = stop_scene(judgement, facts)
            fitting = [d for d in definitions if _fits_stop(d.applies, judgement, scene, facts)]
            found += [_judged(d, scene, judgement, judgement.chosen.trigger) for d in _foremost(fitting)]
    return sorted(found, key=lambda one: facts.clock.corrected(one.scene.server, one.scene.start))


class _InUse:
    """Starts after what they are about had failed while it was in use: those are another story."""

    def __init__(self, facts: CaseFacts) -> None:
        self._facts = facts
        self._failed: set[tuple[str, int]] = set()

    def fits(self, definition: SequenceDefinition, judgement: Judgement, scene: Scene) -> bool:
        """Whether a sequence fits a start; those of a server are asked in the order of time."""
        applies = definition.applies
        fits = _fits_start(applies, judgement, scene, self._facts)
        if applies.phase != "start" or applies.in_use is None:
            return fits
        before = self._facts.before(judgement)
        known = before is not None and (definition.id, id(before)) in self._failed
        chosen = before.chosen if before is not None else None
        fits = fits and not (known and (chosen is None or chosen.trigger not in applies.in_use))
        if not fits and _still_failing(applies, judgement):
            self._failed.add((definition.id, id(judgement)))
        return fits


def _still_failing(applies: Application, judgement: Judgement) -> bool:
    """Whether the last word of a boot about what a sequence is about is that it failed."""
    failing = False
    for event in judgement.boot.events:
        if has_fields(event.fields, applies.where, judgement.boot.server):
            if _is_of(event.kind, applies.seen):
                failing = True
            elif _is_of(event.kind, applies.unless):
                failing = False
    return failing


def _foremost(definitions: Sequence[SequenceDefinition]) -> list[SequenceDefinition]:
    highest: dict[str, int] = {}
    for definition in definitions:
        highest[definition.aspect] = max(definition.priority, highest.get(definition.aspect, definition.priority))
    return [definition for definition in definitions if definition.priority == highest[definition.aspect]]


def _judged(definition: SequenceDefinition, scene: Scene, judgement: Judgement, trigger: str | None) -> JudgedSequence:
    judged = judge(definition, scene)
    judged.boot = judgement.boot.id
    judged.judgement = judgement if trigger is not None else None
    chosen = judgement.chosen
    unsettled = definition.applies.elsewhere == "settles" and not _seen_elsewhere(definition.applies, scene)
    if unsettled and judged.verdict == "deviates":
        judged.verdict = "not-observable"
        judged.doubtful = text("sequence.control-terminal-not-known")
    if trigger is not None and chosen is not None and chosen.confidence == "possible" and judged.verdict == "deviates":
        judged.verdict = "not-observable"
        judged.doubtful = text("sequence.trigger-only-possible", trigger=text(f"trigger.{trigger}"))
    return judged


def _fits_stop(applies: Application, judgement: Judgement, scene: Scene, facts: CaseFacts) -> bool:
    chosen = judgement.chosen
    return (
        applies.phase == "stop"
        and chosen is not None
        and (not applies.triggers or chosen.trigger in applies.triggers)
        and (not applies.modes or chosen.mode in applies.modes)
        and (not applies.scopes or chosen.scope in applies.scopes)
        and (not applies.confidence or chosen.confidence in applies.confidence)
        and (applies.others is None or (applies.others == "go-on") == goes_on(judgement, scene, facts))
        and _seen(applies, scene)
    )


def _fits_start(applies: Application, judgement: Judgement, scene: Scene, facts: CaseFacts) -> bool:
    before = facts.before(judgement)
    trigger = before.chosen.trigger if before is not None and before.chosen is not None else None
    return (
        applies.phase == "start" and (not applies.after_ends or trigger in applies.after_ends) and _seen(applies, scene)
    )


def _seen(applies: Application, scene: Scene) -> bool:
    if applies.elsewhere == "excludes" and _seen_elsewhere(applies, scene):
        return False
    if not applies.seen:
        return True
    first = min((one.time for one in scene.observations if _is_sought(one, applies, scene)), default=None)
    since = {kind: timedelta(seconds=seconds) for kind, seconds in applies.unless_since.items()}
    since |= dict.fromkeys(applies.unless, timedelta.resolution)
    return first is not None and not any(
        one.time + age <= first and _is_recorded(one, [kind], applies, scene)
        for kind, age in since.items()
        for one in scene.observations
    )


def _seen_elsewhere(applies: Application, scene: Scene) -> bool:
    sought = (one for one in scene.observations if one.server in scene.others)
    return any(_is_sought(one, applies, scene) for one in sought)


def _is_sought(one: Observation, applies: Application, scene: Scene) -> bool:
    in_time = not applies.within or one.time - scene.start <= timedelta(seconds=applies.within)
    return in_time and _is_recorded(one, applies.seen, applies, scene)


def _is_recorded(one: Observation, kinds: Sequence[str], applies: Application, scene: Scene) -> bool:
    return (
        (one.server == scene.server or applies.elsewhere is not None)
        and one.boot == "this"
        and _is_of(one.kind, kinds)
        and has_fields(one.fields, applies.where, scene.server)
    )


def _is_of(kind: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(kind, pattern) for pattern in patterns)
