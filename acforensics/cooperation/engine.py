"""Holds one sequence against one scene: pure, without logs or settings.

* A step that was seen is `observed`, `late` (after its deadline) or `out-of-order` (surely before one that it follows).
* A required step that was not seen is `missing` only if a log would have shown it in all the time in which it was due:
  from the latest step before it to the first step after it, to its deadline, or to the scene's `until`. Else it is
  `not-observable`.
* Records of two servers are in an order only outside the doubt about their clocks; those of one server in that of their
  stream, else outside the few seconds by which streams may be stamped apart.
* Before a step that follows none that was seen, and among lines that are alike, the log must go back to where the stop
  surely had not begun.
* Something forbidden counts only if it surely happened within the scene, after the request and what must precede it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from acforensics.case import Verdict
from acforensics.cooperation.board import Board
from acforensics.cooperation.definitions import SequenceDefinition
from acforensics.cooperation.model import DEVIATIONS, JudgedSequence, JudgedStep, Limit, Observation, Scene, Status
from acforensics.cooperation.ordering import doubt_of, precedes, surely_within, too_early, too_late

_NOTHING = timedelta(0)


def judge(definition: SequenceDefinition, scene: Scene) -> JudgedSequence:
    """Judge every step, then the whole."""
    board = Board(definition, scene)
    for step in board.steps:
        _see(step, board)
    for step in board.steps:
        _rate(step, board)
    # A forbidden thing that did not happen is nothing to tell, unless nobody could have seen it.
    told = [step for step in board.steps if step.status != "observed" or step.definition.presence != "forbidden"]
    return JudgedSequence(definition, scene, _verdict(told), told)


def _verdict(steps: Sequence[JudgedStep]) -> Verdict:
    if any(step.status in DEVIATIONS for step in steps):
        return "deviates"
    if any(step.required and step.status == "not-observable" for step in steps):
        return "not-observable"
    return "conforms"


def _see(step: JudgedStep, board: Board) -> None:
    """Choose the record that shows the step: the first that does not come before what it should follow."""
    definition, scene = step.definition, board.scene
    candidates = board.records(step)
    if definition.number is not None:
        # The n-th of alike records, not a later one; forbidden: that one and all after it. All are of one server: its
        # log tells their order, also where its clock was set back between them.
        candidates = sorted(candidates, key=lambda one: one.order)
        candidates = candidates[definition.number - 1 :][: None if definition.presence == "forbidden" else 1]
    if not candidates:
        return
    before = board.before(step)
    if definition.presence == "forbidden":
        candidates = [one for one in candidates if surely_within(one, before, scene)]
        limit, since = _deadline(step, board)
        if definition.after and not before:
            candidates = []
        over = [other.observation for other in board.related(step, definition.until) if other.observation is not None]
        candidates = [one for one in candidates if all(precedes(one, end, scene) for end in over)]
        if limit is not None:
            candidates = [one for one in candidates if since is not None and not too_late(one, since, limit, scene)]
        step.observation = candidates[0] if candidates else None
        return
    in_order = (one for one in candidates if not too_early(one, before, scene))
    step.observation = next(in_order, candidates[0])


def _rate(step: JudgedStep, board: Board) -> None:
    definition, scene = step.definition, board.scene
    needed = board.related(step, [definition.needs]) if definition.needs else []
    wanted = not definition.needs or any(other.observation is not None for other in needed)
    step.required = definition.presence == "required" and wanted
    step.limit, since = _deadline(step, board)
    step.since = since.time if since is not None else None
    if definition.presence == "forbidden":
        step.status = _rate_forbidden(step, board)
        return
    if step.observation is None:
        step.status = "missing" if step.required and _would_be_seen(step, board) else "not-observable"
        return
    step.before = too_early(step.observation, board.before(step), scene)
    if step.before is not None:
        step.status = "out-of-order"
    elif step.limit is not None and since is not None and too_late(step.observation, since, step.limit, scene):
        step.status = "late"
    else:
        step.status = "observed"


def _rate_forbidden(step: JudgedStep, board: Board) -> Status:
    """`observed` stands for: as it should be, it was not there, and would have been seen until the last step."""
    scene = board.scene
    if step.observation is not None:
        return "forbidden-observed"
    if step.definition.boot == "next":
        return "observed" if any(one.boot == "next" for one in scene.observations) else "not-observable"
    kinds = step.definition.shown_by or step.definition.kinds
    seen = [o.time for other in board.steps if (o := other.observation) is not None and o.boot == "this"]
    end = max(scene.start, max(seen, default=scene.start) - timedelta.resolution)
    for server in board.servers(step):
        doubt = doubt_of(server, scene)
        if doubt is None or not scene.covers(server, kinds, scene.start - doubt, end + doubt):
            return "not-observable"
    return "observed"


def _deadline(step: JudgedStep, board: Board) -> tuple[Limit | None, Observation | None]:
    """How long the step may take, and the record from which that counts; nothing where that was not seen."""
    wanted = step.definition.within
    if wanted is None:
        return None, None
    names = [wanted.of] if wanted.of is not None else step.definition.after
    seen = [other.observation for other in board.related(step, names) if other.observation is not None]
    if wanted.setting is not None:
        given = board.scene.limit(wanted.setting, step.server or board.scene.server)
        if given is None:
            return None, None
        limit = given._replace(seconds=given.seconds + wanted.plus)
    else:
        limit = Limit((wanted.seconds or 0) + wanted.plus, "definition")
    return limit, max(seen, key=lambda one: one.time, default=None)


def _would_be_seen(step: JudgedStep, board: Board) -> bool:
    """Whether the logs cover all the time in which a step was due; notes that time."""
    definition, scene = step.definition, board.scene
    if definition.absence == "not-observable" or (definition.role is not None and not scene.ac_known):
        return False
    before = [other.observation for other in board.before(step) if other.observation is not None]
    first = max(before, key=lambda one: one.time, default=None)
    later = board.later(step)
    servers = board.servers(step)
    begins = min([scene.start, *(scene.begins[server] for server in servers if server in scene.begins)])
    step.earliest = first.time if first is not None else begins - timedelta(seconds=definition.lead)
    # A default is no proof: sites are told to change the waits of stop.sh (HOWTO chapter 3).
    sure = step.limit is not None and step.limit.basis in ("found", "definition")
    due = [step.since + timedelta(seconds=step.limit.seconds)] if sure and step.limit and step.since else []
    bounds = [scene.until or scene.end, *due, *(one.time for one in later)]
    step.latest = min((time for time in bounds if time >= step.earliest), default=step.earliest)
    last = next((one for one in later if one.time == step.latest), None)
    kinds = definition.shown_by or definition.kinds
    end = max(step.earliest, step.latest - timedelta.resolution)
    # Of lines that are alike nobody knows which one is not there: it may be one before those that are.
    begun = first if (definition.number or 1) == 1 else None
    for server in servers:
        doubt = doubt_of(server, scene)
        if doubt is None:
            return False
        # Between records of its own no doubt about a server's clock matters.
        early = _NOTHING if begun is not None and begun.server == server else doubt
        late = _NOTHING if last is not None and last.server == server else doubt
        since = step.earliest if begun is not None else min(step.earliest, begins, scene.reach.get(server, begins))
        if not scene.covers(server, kinds, since - early, end + late):
            return False
    return bool(servers)
