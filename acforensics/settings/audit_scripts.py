"""stop.sh of the groups of ESMPRO/AC against HOWTO chapter 3."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from acforensics.settings.amccmd import ANOTHER_OPTION, OPTIONS, Code
from acforensics.settings.collected import STOP_SCRIPT_TIMEOUT, Script, Settings
from acforensics.settings.configuration import Group
from acforensics.settings.observed import LongestStop
from acforensics.settings.rows import SettingRow, Status, number_text, place, row, together
from acforensics.settings.script_lines import differing_lines
from acforensics.settings.stop_script import FACTORS, LAST_ACTIONS, Run, StopScript, Wait
from acforensics.texts import Text, join, literal, text

_OF_SCRIPT = (
    "stop-script-command", "stop-script-options", "stop-scripts-alike", "first-sleep", "second-sleep",
    "stop-script-timeout", "recognition-code",
)  # fmt: skip
_MARGIN = 60
"""Seconds that amccmd itself may take: whether a script that comes closer to its timeout fits is not known."""
_MOST_LINES = 6
_CODES: Mapping[Code, tuple[str, Status]] = {
    Code.OWN: ("code-own", "ok"),
    Code.DEFAULT: ("code-default", "differs"),
    Code.EMPTY: ("code-empty", "differs"),
    Code.UNKNOWN: ("unclear", "unknown"),
}


def audit_scripts(settings: Settings, longest_stops: Mapping[str, LongestStop]) -> Iterator[SettingRow]:
    """Items 9 to 11 of the audit, for each script that is not like one before it."""
    scripts = _of_ac(settings)
    if not scripts:
        absent = text("setting.found.no-script")
        yield from (row(item, absent, "unknown", "") for item in _OF_SCRIPT)
        return
    for script in _distinct(scripts):
        group = _group(settings, script)
        yield from _one(settings, script, group, longest_stops)
    yield from _alike(settings, scripts)


def _of_ac(settings: Settings) -> list[Script]:
    """Scripts that talk to ESMPRO/AC, and those of groups that seem to be meant to."""
    meant = {
        group.name
        for configuration in settings.configurations
        for group in configuration.groups
        if settings.is_ac_group(group)
    }
    return [one for one in settings.scripts if one.script.mentions_command or (one.group and one.group in meant)]


def _distinct(scripts: Sequence[Script]) -> list[Script]:
    """The first of each group, and others of it only where they differ."""
    found: dict[tuple[str, tuple[bytes, ...]], Script] = {}
    for one in scripts:
        found.setdefault((one.group, tuple(digest for _, digest in one.script.lines)), one)
    return list(found.values())


def _group(settings: Settings, script: Script) -> Group | None:
    groups = (group for one in settings.configurations for group in one.groups if group.name == script.group)
    return next(groups, None) if script.group else None


def _one(
    settings: Settings, one: Script, group: Group | None, longest_stops: Mapping[str, LongestStop]
) -> Iterator[SettingRow]:
    script = one.script
    only = (group.startup_servers or ()) if group is not None else ()
    server = settings.shown(only[0]) if len(only) == 1 else one.server
    subject = f"{one.group}/{one.resource}" if one.group else ""
    notes = [script.problem] if script.problem is not None else []

    def made(
        item: str,
        found: Text,
        status: Status,
        line: int | None,
        more: Iterable[Text] = (),
        expected: Text | None = None,
    ) -> SettingRow:
        source = place(script.input, line)
        return row(
            item, found, status, source, server=server, subject=subject, expected=expected, notes=[*notes, *more]
        )

    line = next((run.line for run in script.runs.values() if run.line), None)
    yield made("stop-script-command", _commands(script), _command_status(script), line)
    yield made("stop-script-options", *_options(script), line)
    yield _first_sleep(script, group, longest_stops.get(server), made)
    second = [run.second_sleep for run in script.runs.values() if run.calls != "no"]
    status = together(map(_waits_at_all, second)) if second else "unknown"
    yield made("second-sleep", _waits(second), status, _line(second))
    yield _timeout(settings, script, server, made)
    key, status = _CODES[script.code]
    yield made("recognition-code", text(f"setting.found.{key}"), status, script.code_line or line)


Maker = Callable[..., SettingRow]


def _commands(script: StopScript) -> Text:
    answers = {factor: _calls(script, factor) for factor in FACTORS}
    words = {key: text(f"setting.found.answer-{answer}") for key, answer in answers.items()}
    other = text(f"setting.found.answer-{script.other.calls}")
    return text("setting.found.runs", cluster=words[FACTORS[0]], server=words[FACTORS[1]], other=other)


def _calls(script: StopScript, factor: str) -> str:
    answers = {script.runs[factor, action].calls for action in LAST_ACTIONS}
    return "no" if "no" in answers else "unknown" if "unknown" in answers else "yes"


def _command_status(script: StopScript) -> Status:
    wanted = {"yes": True, "no": False, "unknown": None}
    other = {"yes": False, "no": True, "unknown": None}[script.other.calls]
    return together([*(wanted[_calls(script, factor)] for factor in FACTORS), other])


def _options(script: StopScript) -> tuple[Text, Status]:
    shown: dict[str, Text] = {}
    answers: list[bool | None] = []
    for action in LAST_ACTIONS:
        runs = [script.runs[factor, action] for factor in FACTORS]
        calling = [run for run in runs if run.calls != "no"]
        answers += [None if run.option is None else run.option == OPTIONS[action] for run in calling]
        words = list(dict.fromkeys(_option(run) for run in calling))
        shown[action] = join(words, text("setting.found.or")) if words else text("setting.found.option-none")
    found = text("setting.found.options", halt=shown["HALT"], reboot=shown["REBOOT"])
    return found, together(answers) if answers else "unknown"


def _option(run: Run) -> Text:
    if run.option is None:
        return text("setting.found.unclear")
    names = {"": "option-empty", ANOTHER_OPTION: "option-other"}
    return text(f"setting.found.{names[run.option]}") if run.option in names else literal(run.option)


# --- waits


def _line(waits: Sequence[Wait]) -> int | None:
    return next((wait.line for wait in waits if wait.line), None)


def _waits_at_all(wait: Wait) -> bool | None:
    return True if wait.seconds else None if wait.surely is None else False


def _waits(waits: Sequence[Wait]) -> Text:
    """All waits that differ."""
    if not waits:
        return text("setting.found.unclear")
    return join(list(dict.fromkeys(map(_wait, waits))), text("setting.found.or"))


def _wait(wait: Wait) -> Text:
    if wait.seconds is None:
        return text("setting.found.unclear")
    if wait.longer and wait.seconds:
        return text("setting.found.at-least", seconds=number_text(wait.seconds))
    if wait.longer:
        return text("setting.found.unclear")
    if not wait.seconds:
        return text("setting.found.no-wait")
    return text("setting.found.seconds", seconds=number_text(wait.seconds))


def _first_sleep(script: StopScript, group: Group | None, longest: LongestStop | None, made: Maker) -> SettingRow:
    waits = [run.first_sleep for run in script.runs.values() if run.calls != "no"]
    known = [wait.surely for wait in waits]
    others = group.stop_waits_for if group is not None else ()
    notes = [text("setting.note.waits-for", names=", ".join(others))] if others else []
    expected = None
    if longest is not None:
        where = place(longest.input, longest.line)
        expected = text("setting.first-sleep.expected-observed", seconds=number_text(longest.seconds),
                        group=longest.group, place=where)  # fmt: skip
        answers = [wait.lasts(longest.seconds) for wait in waits]
        status = together(answers) if answers else "unknown"
    else:
        notes.append(text("setting.note.not-observed"))
        status = "differs" if 0 in known else "unknown"
    if status == "differs" and others:
        status = "unknown"
    return made("first-sleep", _waits(waits), status, _line(waits), notes, expected)


def _timeout(settings: Settings, script: StopScript, server: str, made: Maker) -> SettingRow:
    timeout = settings.seconds(STOP_SCRIPT_TIMEOUT, server)
    pairs = [(run.first_sleep, run.second_sleep) for run in script.runs.values() if run.calls != "no"]
    sums = [_both(*pair) for pair in pairs]
    longest = max((one for one in sums if one is not None), default=None)
    if timeout.seconds is None or longest is None:
        return made("stop-script-timeout", text("setting.found.unclear"), "unknown", None)
    known = longest + _MARGIN <= timeout.seconds and all(wait.surely is not None for pair in pairs for wait in pair)
    status: Status = "differs" if longest >= timeout.seconds else "ok" if known else "unknown"
    limit = text("setting.found.seconds", seconds=number_text(timeout.seconds))
    if timeout.basis != "found":
        limit = text("setting.found.default", value=limit)
    waits = text("setting.found.seconds", seconds=number_text(longest))
    found = text("setting.found.timeout", timeout=limit, waits=waits)
    return made("stop-script-timeout", found, status, None, [text("setting.note.amccmd-time")])


def _both(first: Wait, second: Wait) -> float | None:
    return None if first.seconds is None or second.seconds is None else first.seconds + second.seconds


# --- the same everywhere


def _alike(settings: Settings, scripts: Sequence[Script]) -> Iterator[SettingRow]:
    item = "stop-scripts-alike"
    first = scripts[0].script
    if len(scripts) == 1:
        if len(settings.servers) > 1:
            yield row(item, text("setting.found.one-script"), "unknown", first.input)
        return
    differing = False
    for other in _distinct(scripts[1:]):
        own, others = differing_lines(other.script.lines, first.lines)
        if own or others:
            differing = True
            found = text(
                "setting.found.scripts-differ", lines=_numbers(own), others=_numbers(others), other=first.input
            )
            source = place(other.script.input, own[0] if own else None)
            yield row(item, found, "differs", source, server=other.server)
    if not differing:
        yield row(item, text("setting.found.alike", count=len(scripts)), "ok", first.input)


def _numbers(lines: Sequence[int]) -> str:
    shown = ", ".join(map(str, lines[:_MOST_LINES]))
    return (shown + ", …" if len(lines) > _MOST_LINES else shown) or "-"
