"""A server starts three times or more in quick succession without anybody asking for it (HOWTO chapter 4 (2))."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from acforensics.boots import Boot
from acforensics.case import Finding
from acforensics.events import Event
from acforensics.findings.context import FindingContext
from acforensics.findings.disks import about_disk
from acforensics.shutdowns import Judgement, sessions
from acforensics.shutdowns.reasons import Hypothesis
from acforensics.texts import Text, join, text

_UNASKED = {"clusterpro-recovery", "crash", "power-loss", "fencing"}
_FEWEST_BOOTS = 3


@dataclass
class _Loop:
    """Boots of one server in quick succession, and the judged ends between them."""

    boots: list[Boot]
    ends: list[Judgement]

    @property
    def server(self) -> str:
        return self.boots[0].server

    @property
    def span(self) -> tuple[datetime, datetime]:
        return _started(self.boots[0]), _started(self.boots[-1])


def find(context: FindingContext) -> list[Finding]:
    """One finding for each loop; servers that loop at the same time share one."""
    by_boot = {id(judgement.boot): judgement for judgement in context.judgements}
    loops = [loop for boots in context.boots.values() for loop in _loops(boots, by_boot, context)]
    loops.sort(key=lambda loop: (_on_case_clock(context, loop)[0], loop.server))
    groups: list[list[_Loop]] = []
    for loop in loops:
        together = [
            group
            for group in groups
            if _on_case_clock(context, loop)[0]
            <= max(_on_case_clock(context, other)[1] for other in group) + context.loop_window
            and _alike(loop, group[0])
            and context.clusters.related(loop.server, group[0].server) is not False
        ]
        if together:
            together[-1].append(loop)
        else:
            groups.append([loop])
    return [_finding(context, group) for group in groups]


def _on_case_clock(context: FindingContext, loop: _Loop) -> tuple[datetime, datetime]:
    first, last = loop.span
    return context.case_clock.corrected(loop.server, first), context.case_clock.corrected(loop.server, last)


def _loops(boots: Sequence[Boot], by_boot: dict[int, Judgement], context: FindingContext) -> list[_Loop]:
    found: list[_Loop] = []
    chain: list[Boot] = list(boots[:1])
    ends: list[Judgement] = []
    for earlier, later in itertools.pairwise(boots):
        judgement = by_boot.get(id(earlier))
        unasked = judgement is not None and judgement.chosen is not None and _nobody_asked(judgement.chosen)
        if unasked and judgement is not None and _started(later) - _started(earlier) <= context.loop_window:
            chain.append(later)
            ends.append(judgement)
            continue
        found += _accepted(chain, ends)
        chain, ends = [later], []
    return found + _accepted(chain, ends)


def _nobody_asked(chosen: Hypothesis) -> bool:
    """Not a person's wish, as far as known: what is undecided neither makes a loop nor breaks one."""
    commanded = chosen.trigger in ("os-command", "clusterpro-command")
    undecided = chosen.trigger == "unknown" or (commanded and chosen.confidence == "possible")
    return chosen.trigger in _UNASKED or (undecided and chosen.actor is None)


def _alike(one: _Loop, other: _Loop) -> bool:
    """Whether two servers loop for one cause: the same triggers, the same monitors or resources."""
    return _signature(one.ends) == _signature(other.ends)


def _signature(ends: Sequence[Judgement]) -> tuple[set[str], set[str | None]]:
    triggers: set[str] = {
        end.chosen.trigger for end in ends if end.chosen is not None and end.chosen.trigger in _UNASKED
    }
    return triggers, {_what(event) for end in ends for event in end.evidence} - {None}


def _what(event: Event) -> str | None:
    if event.kind not in ("clusterpro.monitor_error", "clusterpro.final_action"):
        return None
    return event.fields.get("monitor") or event.fields.get("resource") or event.fields.get("reason")


def _accepted(chain: list[Boot], ends: list[Judgement]) -> list[_Loop]:
    """A loop needs three boots and two ends known not to be a person's wish; one more where they are only possible."""
    known = [
        end.chosen
        for end in ends
        if end.chosen is not None
        and end.chosen.trigger in _UNASKED
        # Somebody at the machine may have reset it.
        and not (end.chosen.confidence == "possible" and sessions.people(end.view))
    ]
    sure = sum(chosen.confidence != "possible" for chosen in known) >= _FEWEST_BOOTS - 1
    fewest = _FEWEST_BOOTS if sure else _FEWEST_BOOTS + 1
    return [_Loop(chain, ends)] if len(chain) >= fewest and len(known) >= fewest - 1 else []


def _started(boot: Boot) -> datetime:
    return boot.start or boot.first


def _finding(context: FindingContext, loops: list[_Loop]) -> Finding:
    judgements = [end for loop in loops for end in loop.ends]
    leading = [before for loop in loops if (before := _leading(context, loop)) is not None]
    first = min(loops, key=lambda loop: _on_case_clock(context, loop)[0])
    last = max(loops, key=lambda loop: _on_case_clock(context, loop)[1])
    start, end = _on_case_clock(context, first)[0], _on_case_clock(context, last)[1]
    servers = sorted({loop.server for loop in loops})
    cause, cause_events = _cause(judgements, in_use=bool(leading))
    ending = [_ending(context, loop) for loop in loops]
    counts = ", ".join(f"{loop.server}: {len(loop.boots)}" for loop in loops)
    others = sorted(
        {
            j.boot.server
            for j in context.ended_by("clusterpro-recovery")
            if j.chosen is not None
            and start <= context.case_clock.corrected(j.boot.server, j.chosen.time) <= end
            and j.boot.server not in servers
            and all(context.clusters.related(j.boot.server, server) is not False for server in servers)
            and {_what(e) for e in j.evidence} & {_what(e) for e in cause_events} - {None}
        }
    )
    summary = [
        text(
            "finding.reboot-loop.summary",
            counts=counts,
            start=context.clock(first.server, first.span[0]),
            end=context.clock(last.server, last.span[1]),
        ),
        cause,
        *(sentence for sentence, _ in ending),
    ]
    if others:
        summary.append(text("finding.reboot-loop.others", servers=", ".join(others)))
    events = [
        *cause_events,
        *(event for _, own in ending for event in own),
        *(e for j in judgements for e in j.evidence[:1]),
    ]
    disk = not leading and any(about_disk(event) for event in cause_events)
    return context.finding(
        "reboot-loop",
        "critical",
        [*leading, *judgements],
        spans=[(loop.server, *loop.span) for loop in loops],
        title=text("finding.reboot-loop.title", servers=", ".join(servers)),
        summary=join(summary),
        advice=text("finding.reboot-loop.advice-disk" if disk else "finding.reboot-loop.advice"),
        events=events,
        servers=[*servers, *others],
    )


def _leading(context: FindingContext, loop: _Loop) -> Judgement | None:
    """The end from which the loop's first boot came, where it was one of CLUSTERPRO's for the same reason."""
    before = context.end_before(loop.boots[0])
    if before is None or before.chosen is None or before.view.unseen_between:
        return None
    same = {_what(event) for event in before.evidence} & {_what(event) for end in loop.ends for event in end.evidence}
    return before if before.chosen.trigger == "clusterpro-recovery" and same - {None} else None


def _cause(judgements: Sequence[Judgement], *, in_use: bool) -> tuple[Text, list[Event]]:
    """One cause, if every end of the loop tells the same one; a disk that failed `in_use` was not late."""
    triggers = {j.chosen.trigger for j in judgements if j.chosen is not None and j.chosen.trigger in _UNASKED}
    if triggers == {"clusterpro-recovery"}:
        errors = [
            e
            for j in judgements
            for e in j.evidence
            if e.kind in ("clusterpro.monitor_error", "clusterpro.final_action")
        ]
        names = {_what(e) for e in errors} - {None}
        if len(names) == 1:
            name = names.pop()
            key = (
                "finding.reboot-loop.cause-disk"
                if not in_use and any(about_disk(e) for e in errors)
                else "finding.reboot-loop.cause-monitor"
            )
            first_of_each = list({e.kind: e for e in reversed(errors)}.values())
            return text(key, name=name), sorted(first_of_each, key=lambda e: e.time)
        return text("finding.reboot-loop.cause-recovery"), errors[:2]
    if len(triggers) == 1:
        trigger = triggers.pop()
        return text(f"finding.reboot-loop.cause-{trigger}"), [e for j in judgements[:1] for e in j.evidence[:2]]
    return text("finding.reboot-loop.cause-unknown"), []


def _ending(context: FindingContext, loop: _Loop) -> tuple[Text, list[Event]]:
    """How it ended: restart limit, recovery suppressed, error gone, stopped by something else, or not at all."""
    last = loop.boots[-1]
    values = {"server": loop.server, "time": context.clock(loop.server, _started(last))}
    for kind, key in (
        ("clusterpro.restart_limit_reached", "limit"),
        ("clusterpro.final_action_suppressed", "suppressed"),
        ("clusterpro.recovery_ignored", "suppressed"),
        ("clusterpro.monitor_recovered", "recovered"),
    ):
        told = [event for event in last.events if event.kind == kind]
        if told:
            return text(f"finding.reboot-loop.end-{key}", **values), told[:1]
    own = next((j for j in context.judgements if j.boot is last and j.chosen is not None), None)
    if own is not None and own.chosen is not None:
        ended_by = text(f"trigger.{own.chosen.trigger}")
        return text("finding.reboot-loop.end-stopped", trigger=ended_by, **values), own.evidence[:1]
    errors = [event for event in last.events if event.kind in ("clusterpro.monitor_error", "clusterpro.final_action")]
    if errors:
        return text("finding.reboot-loop.end-open", **values), errors[:1]
    started = [event for event in last.events if event.kind == "clusterpro.monitor_started"]
    return text("finding.reboot-loop.end-stays-up", **values), [*started[:1], *last.start_events[:1]]
