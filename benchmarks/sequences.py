"""Judging sequences: 10,000 made-up stops of 12 events through the engine, beside an event-by-event replay.

    python -m benchmarks.sequences [--scenes 10000]

The replay is what one would write first: it walks the events in order and ticks the steps of the sequence off. It knows
neither coverage nor clocks nor groups; it is here for the ratio.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase

from acforensics.cooperation import Limit, Observation, SequenceDefinition, load
from acforensics.cooperation.engine import judge
from acforensics.cooperation.model import Scene
from acforensics.events import Event, Witness

START = datetime(2026, 11, 24, 22, 0, tzinfo=UTC)
EVENTS = [
    ("clusterpro.shutdown_requested", 0, {"mode": "halt", "scope": "cluster"}),
    ("clusterpro.group_stopping", 1, {"group": "failover1"}),
    ("clusterpro.group_stopping", 2, {"group": "AC_1"}),
    ("clusterpro.resource_stopping", 3, {"resource": "exec_ac_1"}),
    ("clusterpro.group_stopped", 15, {"group": "failover1"}),
    ("ac.exec_command", 33, {}),
    ("ac.exec_command", 35, {}),
    ("clusterpro.resource_stopped", 66, {"resource": "exec_ac_1"}),
    ("clusterpro.cluster_shut_down", 68, {}),
    ("clusterpro.stopping", 69, {"mode": "halt"}),
    ("clusterpro.daemon_stopping", 70, {}),
    ("os.shutdown_started", 71, {"mode": "halt"}),
]
LIMITS = {"first-sleep": 30.0, "second-sleep": 30.0, "stop-script-timeout": 1800.0, "sync-wait": 300.0}


def make(count: int) -> list[Scene]:
    """Stops of which a third is in order; of the others one event is late, missing or in another place."""
    chance = random.Random(1)
    return [_scene(chance) for _ in range(count)]


def _scene(chance: random.Random) -> Scene:
    times = [START + timedelta(seconds=seconds) for _, seconds, _ in EVENTS]
    place = chance.randrange(1, len(EVENTS) - 1)
    change = chance.choice(["none", "none", "late", "missing", "swapped"])
    if change == "late":
        times[place:] = [moment + timedelta(seconds=90) for moment in times[place:]]
    elif change == "swapped":
        times[place], times[place + 1] = times[place + 1], times[place]
    shown = [i for i in range(len(EVENTS)) if change != "missing" or i != place]
    seen = sorted((times[i], i) for i in shown)
    observations = [_observation(i, moment, order) for order, (moment, i) in enumerate(seen)]
    end = START + timedelta(seconds=200)
    return Scene(
        "svr031",
        START,
        end,
        observations,
        covers=lambda server, kinds, start, until: server == "svr031" and start >= START and until < end,
        limit=lambda name, server: Limit(LIMITS[name], "found", "svr031/scripts/AC_1/exec_ac_1/stop.sh:31"),
        is_ac=lambda name: "ac" in name.lower(),
        home=lambda group: "svr031" if group == "AC_1" else None,
    )


def _observation(i: int, moment: datetime, order: int) -> Observation:
    kind, _, fields = EVENTS[i]
    witness = Witness("svr031/var/log/messages", i + 1, moment, f"Nov 24 22:00:00 svr031 clusterpro: {kind}")
    event = Event(moment, "svr031", kind, "clusterpro", "", "", dict(fields), "made", "verified", "messages", [witness])
    return Observation("svr031", kind, moment, order, fields, frozenset({"svr031/messages"}), event=event)


def replay(definition: SequenceDefinition, scene: Scene) -> dict[str, str]:
    """Tick the steps off, event by event."""
    status: dict[str, str] = {}
    at: dict[str, datetime] = {}
    counts: Counter[str] = Counter()
    for one in scene.observations:
        for step in definition.step:
            if not any(fnmatchcase(one.kind, kind) for kind in step.kinds):
                continue
            if any(one.fields.get(name, "") not in values for name, values in step.where.items()):
                continue
            name = one.fields.get("group") or one.fields.get("resource") or ""
            if step.role is not None and scene.is_ac(name) != (step.role == "ac"):
                continue
            counts[step.id] += 1
            if counts[step.id] != step.number or step.scope in ("peer", "peers"):
                continue
            at[step.id] = one.time
            status[step.id] = "forbidden-observed" if step.presence == "forbidden" else "observed"
            if any(before not in at for before in step.after):
                status[step.id] = "out-of-order"
            if step.within is not None:
                since = max((at[b] for b in [step.within.of or "", *step.after] if b in at), default=None)
                longest = step.within.seconds or LIMITS.get(step.within.setting or "", 0.0)
                if since is not None and (one.time - since).total_seconds() > longest + step.within.plus:
                    status[step.id] = "late"
    for step in definition.step:
        if step.presence == "required" and step.id not in at:
            status[step.id] = "missing"
    return status


def timed(what: str, count: int, work: Sequence[object]) -> float:
    """Print how much processor time some work took (each item is a function)."""
    began = time.process_time()
    for one in work:
        one()  # type: ignore[operator]
    seconds = time.process_time() - began
    print(f"{what}: {count} sequences in {seconds:.2f} s ({seconds / count * 1e6:.0f} µs each)")
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=10_000)
    scenes = make(parser.parse_args().scenes)
    definition = next(one for one in load() if one.id == "cluster-shutdown-halt")
    verdicts: Counter[str] = Counter()
    engine = timed("engine", len(scenes), [lambda s=s: verdicts.update([judge(definition, s).verdict]) for s in scenes])
    baseline = timed("event-by-event replay", len(scenes), [lambda s=s: replay(definition, s) for s in scenes])
    print(f"ratio engine / replay: {engine / baseline:.2f}")
    print("verdicts: " + ", ".join(f"{name} {count}" for name, count in sorted(verdicts.items())))


if __name__ == "__main__":
    main()
