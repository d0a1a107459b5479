"""Sentences about ends of servers: several that are alike, or a reboot loop, are one group and one sentence."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from acforensics.case import Boot, CaseModel, Confidence, EndState, Finding, Shutdown
from acforensics.moments import on_both_clocks
from acforensics.texts import Text, join, literal, text

Grade = Literal["critical", "warning", "info", "ok"]
GRADES: tuple[Grade, ...] = ("critical", "warning", "info", "ok")
LIST = Text(en=", ", ja="、")

_TOGETHER = timedelta(minutes=5)
_SUDDEN = {"fencing", "crash", "power-loss"}
_SPEAK_FOR_THE_UPS = {"ups-agent", "ac-power-failure", "ac-schedule"}
_KEYS = {
    "os.power_key": "power-key",
    "os.power_key_acted": "power-key",
    "os.ctrl_alt_del": "ctrl-alt-del",
    "os.ctrl_alt_del_acted": "ctrl-alt-del",
    "os.thermal_shutdown": "thermal",
}
_SURE: tuple[Confidence, ...] = ("possible", "likely", "certain")
_STOP = re.compile(r"[.。]+$")
_FIRST = re.compile(r"(?<=[.!?])\s+(?=[A-Z`'])|(?<=。)(?=.)")
_SPACE_BETWEEN_JAPANESE = re.compile(r"(?<=[、-ヿ一-鿿）]) (?=[、-ヿ一-鿿（])")


def names(servers: Sequence[str]) -> Text:
    """`a`, `a and b`, `a, b and c`."""
    if len(servers) < 2:
        return literal("".join(servers))
    return text("verdict.and", first=join([literal(s) for s in servers[:-1]], LIST), last=servers[-1])


class Known:
    """What sentences about ends look up, gathered once for a case."""

    def __init__(self, model: CaseModel) -> None:
        self.findings = model.findings
        self.ends = {end.id: end for end in model.shutdowns}
        self.states: Mapping[str, EndState] = {boot.id: boot.end_state for boot in model.boots}
        self.latest: dict[str, Boot] = {}
        for boot in model.boots:
            other = self.latest.get(boot.server)
            if other is None or _started(boot) >= _started(other):
                self.latest[boot.server] = boot
        self._about: dict[str, list[int]] = {}
        for place, finding in enumerate(model.findings):
            for name in finding.related:
                self._about.setdefault(name, []).append(place)

    def about(self, ends: Iterable[Shutdown]) -> list[Finding]:
        """The findings that name one of these ends."""
        return [self.findings[place] for place in sorted({p for end in ends for p in self._about.get(end.id, [])})]

    def is_clean(self, end: Shutdown) -> bool:
        """Whether the boot ended in an orderly way."""
        return self.states.get(end.boot) == "clean"


def _started(boot: Boot) -> float:
    return boot.start.timestamp() if boot.start is not None else float("-inf")


@dataclass
class Group:
    """Ends that one sentence tells."""

    ends: list[Shutdown]
    loop: bool = False
    one_request: bool = field(default=False)
    """Whether it is on record that one request stopped all of them."""

    @property
    def servers(self) -> list[str]:
        """In order of their first end; those of a loop by name."""
        found = list(dict.fromkeys(end.server for end in self.ends))
        return sorted(found) if self.loop else found

    @property
    def confidence(self) -> Confidence:
        """That of the least certain end."""
        return min((end.confidence for end in self.ends), key=_SURE.index)


def groups_of(known: Known, ends: Iterable[Shutdown], requests: Collection[frozenset[str]] = ()) -> list[Group]:
    """Put ends together: turns of a reboot loop, ends that are alike within minutes, and those of one request.

    Args:
        known: the case.
        ends: the ends to tell.
        requests: pairs of ends (their ids) of which it is on record that one request stopped both.
    """
    waiting = {end.id: end for end in sorted(ends, key=lambda end: (end.case_time, end.server))}
    found: list[Group] = []
    for finding in known.about(waiting.values()):
        turns = [waiting.pop(name) for name in dict.fromkeys(finding.related) if name in waiting] \
            if finding.rule == "reboot-loop" else []  # fmt: skip
        if turns:
            found.append(Group(sorted(turns, key=lambda end: (end.case_time, end.server)), loop=True))
    alike: list[Group] = []
    for end in waiting.values():
        for group in reversed(alike[-8:]):
            by_request = any(frozenset((other.id, end.id)) in requests for other in group.ends)
            if _belongs(known, group, end, by_request):
                group.ends.append(end)
                group.one_request |= by_request
                break
        else:
            alike.append(Group([end]))
    return sorted(found + alike, key=lambda group: (group.ends[0].case_time, group.ends[0].server))


def _belongs(known: Known, group: Group, end: Shutdown, by_request: bool) -> bool:
    first = group.ends[0]
    if end.server in {other.server for other in group.ends}:
        return False
    if (first.trigger, first.mode) != (end.trigger, end.mode) or known.is_clean(first) != known.is_clean(end):
        return False
    actors = {other.actor for other in (*group.ends, end)}
    if by_request:
        return len(actors - {None}) <= 1
    return (
        len(actors) == 1
        and first.confidence == end.confidence
        and end.case_time - group.ends[-1].case_time <= _TOGETHER
    )


# --- sentences


def headline(known: Known, group: Group) -> Text:
    """What ended which servers, as a sentence."""
    if group.loop:
        return _tidy(_headline_of_loop(group))
    first = group.ends[0]
    values = {"servers": names(group.servers), "ended": text(f"verdict.ended.{first.mode}")}
    if first.trigger == "unknown":
        orderly = first.mode != "unknown" or known.is_clean(first)
        return _tidy(text("verdict.headline.undecided" if orderly else "verdict.headline.undecided-sudden", **values))
    sudden = "sudden-" if first.trigger in _SUDDEN else ""
    return _tidy(text(f"verdict.headline.{sudden}{group.confidence}", cause=_cause(known, group), **values))


def _headline_of_loop(group: Group) -> Text:
    turns = {server: sum(end.server == server for end in group.ends) for server in group.servers}
    if len(set(turns.values())) == 1:
        each = "verdict.headline.loop-each" if len(turns) > 1 else "verdict.headline.loop-once"
        counts = text(each, count=len(group.ends) // len(turns))
    else:
        counts = join([text("verdict.headline.loop-count", server=s, count=n) for s, n in turns.items()], LIST)
    values = {"servers": names(group.servers), "counts": counts}
    if not _one_cause(group):
        return text("verdict.headline.loop-mixed", **values)
    return text("verdict.headline.loop", cause=text(f"verdict.cause.{group.ends[0].trigger}"), **values)


def _one_cause(group: Group) -> bool:
    triggers = {end.trigger for end in group.ends}
    return len(triggers) == 1 and triggers != {"unknown"}


def _cause(known: Known, group: Group) -> Text:
    first = group.ends[0]
    past = any(f.rule == "os-command-shutdown" and f.severity == "critical" for f in known.about(group.ends))
    cause = text("verdict.cause.os-command-past" if past else f"verdict.cause.{_key_pressed(group) or first.trigger}")
    details = []
    commands = {end.command for end in group.ends}
    command = next((end.command for end in group.ends if end.command), None)
    if command and (len(commands) == 1 or group.one_request):
        details.append(text("verdict.cause.command", command=command))
    actor = next((end.actor for end in group.ends if end.actor), None)
    if actor:
        details.append(text("verdict.cause.actor", actor=actor))
    elif first.trigger == "os-command":
        details.append(text("verdict.cause.actor-unknown"))
    if not details:
        return cause
    return text("verdict.cause.with-details", cause=cause, details=join(details, LIST))


def _key_pressed(group: Group) -> str | None:
    """Which of the hardware's requests it was, where all servers tell the same one."""
    if group.ends[0].trigger != "hardware-request":
        return None
    kinds = {next((_KEYS[e.kind] for e in end.evidence if e.kind in _KEYS), None) for end in group.ends}
    return kinds.pop() if len(kinds) == 1 else None


def why(group: Group) -> list[Text]:
    """The first reason, where the headline does not say it already, and what keeps it from being certain."""
    if group.loop and not _one_cause(group):
        return []
    ends = group.ends[:1] if group.loop else group.ends
    found = []
    reasons = [(end.server, next((r.text for r in end.reasons if r.weight == "for"), None)) for end in ends]
    given = [(server, reason) for server, reason in reasons if reason is not None]
    if given and not (ends[0].command is not None and ends[0].confidence == "certain"):
        same = len({reason for _, reason in given}) == 1
        parts = (
            [given[0][1]]
            if same
            else [text("verdict.of-server", server=server, what=reason) for server, reason in given[:3]]
        )
        found.append(text("verdict.because", reason=opened(join(parts, Text(en="; ", ja="／")))))
    unsure = next((end for end in ends if end.confidence != "certain"), None)
    missing = next((r.text for r in unsure.reasons if r.weight == "missing"), None) if unsure is not None else None
    if missing is not None:
        found.append(_capital(text("verdict.missing", reason=opened(missing))))
    return found


def ups(group: Group) -> Text:
    """Whether the UPS was told."""
    told = {end.ups_told for end in group.ends}
    if told == {"not-applicable"} and all(end.trigger in _SPEAK_FOR_THE_UPS for end in group.ends):
        return text("verdict.ups.not-needed")
    if len(told) == 1:
        return text(f"verdict.ups.{group.ends[0].ups_told}")
    each = {(end.server, end.ups_told): None for end in group.ends}
    parts = [text("verdict.of-server", server=server, what=text(f"ups-told.{word}")) for server, word in each]
    return text("verdict.ups.mixed", each=join(parts, LIST))


def ups_missed(group: Group) -> bool:
    """Whether at least one server's UPS is known not to have been told."""
    return any(end.ups_told in ("no", "partly") for end in group.ends)


def up_again(known: Known, group: Group) -> Text | None:
    """Which servers of a loop run since when."""
    latest = [known.latest[server] for server in group.servers if server in known.latest]
    up = [
        text("verdict.up-since", server=boot.server, time=on_both_clocks(boot.start, boot.corrected_start))
        for boot in latest
        if boot.end_state == "running" and boot.start is not None
    ]
    return text("verdict.up-again", each=join(up, LIST)) if up else None


def grade(ends: Iterable[Shutdown], findings: Sequence[Finding]) -> Grade:
    """The worst of the findings; without any, whether the ends were as they should be."""
    if findings:
        return min((finding.severity for finding in findings), key=GRADES.index)
    orderly = {"clusterpro-command", "ac-schedule", "ac-power-failure"}
    proper = all(end.trigger in orderly and end.ups_told in ("yes", "not-applicable") for end in ends)
    return "ok" if proper else "info"


def advice(known: Known, group: Group) -> Text:
    """What to do next."""
    trigger, told = group.ends[0].trigger, {end.ups_told for end in group.ends}
    key: str = trigger
    if group.loop:
        key = "clusterpro-recovery" if _one_cause(group) and trigger == "clusterpro-recovery" else "loop"
    elif trigger == "os-command":
        findings = known.about(group.ends)
        if not any(f.rule == "os-command-shutdown" and f.severity == "critical" for f in findings):
            key = "os-command-no-cluster"
        elif group.ends[0].mode == "reboot":
            key = "os-command-reboot"
    elif trigger == "clusterpro-command" and told & {"no", "partly"}:
        key = "clusterpro-command-ups"
    elif trigger == "clusterpro-command" and "unknown" in told:
        key = "clusterpro-command-unseen"
    elif trigger == "clusterpro-command" and any(f.severity != "info" for f in known.about(group.ends)):
        key = "clusterpro-command-findings"
    return text(f"verdict.next.{key}")


def opened(sentence: Text) -> Text:
    """Without its full stop, to stand inside another sentence."""
    return Text(en=_STOP.sub("", sentence.en), ja=_STOP.sub("", sentence.ja))


def first_sentence(words: Text) -> Text:
    """The first sentence: the rest stands with the finding."""
    return Text(en=_FIRST.split(words.en, maxsplit=1)[0], ja=_FIRST.split(words.ja, maxsplit=1)[0])


def _capital(sentence: Text) -> Text:
    return Text(en=sentence.en[:1].upper() + sentence.en[1:], ja=sentence.ja)


def _tidy(sentence: Text) -> Text:
    """Japanese has no space between Japanese words; what is quoted in backquotes stays as it is."""
    parts = sentence.ja.split("`")
    parts[::2] = [_SPACE_BETWEEN_JAPANESE.sub("", part) for part in parts[::2]]
    return Text(en=sentence.en, ja="`".join(parts))
