"""A judged sequence as rows and lanes, ready to draw: what was expected beside what was observed."""

from __future__ import annotations

from acforensics import case as models
from acforensics.cooperation.definitions import Lane
from acforensics.cooperation.model import JudgedSequence, JudgedStep
from acforensics.texts import text

_LANES: tuple[Lane, ...] = ("ups", "ac", "clusterpro", "script", "os")


def diagram_of(judged: JudgedSequence) -> models.Diagram:
    """Lanes in the order power → machine for each server, this one first; rows in the expected and the observed order.

    Expected rows keep the order of the definition, which is one that its partial order allows; a forbidden step has
    none. Observed rows are by time.
    """
    used = {(_server(step, judged), step.definition.lane) for step in judged.steps}
    servers = [judged.scene.server, *(peer for peer in judged.scene.peers)]
    lanes = [
        models.DiagramLane(
            id=f"{server}/{lane}",
            server=server,
            lane=lane,
            title=text("sequence.lane", server=server, lane=text(f"sequence.lanes.{lane}"))
            if server
            else text(f"sequence.lanes.{lane}"),
        )
        for server in ["", *servers]
        for lane in _LANES
        if (server, lane) in used
    ]
    expected = [i for i, step in enumerate(judged.steps) if step.definition.presence != "forbidden"]
    seen = [i for i, step in enumerate(judged.steps) if step.time is not None]
    observed = sorted(seen, key=lambda i: (judged.steps[i].time, i))
    marks = [
        models.DiagramMark(
            step=i,
            lane=f"{_server(step, judged)}/{step.definition.lane}",
            expected_row=expected.index(i) if i in expected else None,
            observed_row=observed.index(i) if i in observed else None,
            follows=[
                j for j, other in enumerate(judged.steps)
                if other.definition.id in step.definition.after and _concerns(other, step)
            ],
        )
        for i, step in enumerate(judged.steps)
    ]  # fmt: skip
    return models.Diagram(lanes=lanes, marks=marks, expected_rows=len(expected), observed_rows=len(observed))


def _server(step: JudgedStep, judged: JudgedSequence) -> str:
    """Who records a step: whoever did, where any may; nobody yet where it was not seen."""
    if step.server:
        return step.server
    if step.observation is not None and step.definition.lane != "ups":
        return step.observation.server
    return judged.scene.peers[0] if step.definition.scope == "peer" and judged.scene.peers else ""


def _concerns(one: JudgedStep, other: JudgedStep) -> bool:
    same_key = not one.key or not other.key or one.key == other.key
    return same_key and (
        one.definition.scope != "peers" or other.definition.scope != "peers" or one.server == other.server
    )
