"""stop.sh: what it would do for each reason of the stop (HOWTO, chapter 3). The recognition code is never kept.

Only whether the code is the default is kept. Words of amccmd are shown where they can be nothing else than what they
seem to be: a known option, an address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from acforensics.masking import MASK, mask_secrets
from acforensics.settings.amccmd import COMMAND, Code, asks, code, option, requests, secret_words, worst
from acforensics.settings.script_lines import Lines, digests, without_comment
from acforensics.settings.shell_commands import may_run
from acforensics.settings.shell_run import Follower
from acforensics.settings.shell_state import Called, Logged, Slept, State, TooComplexError
from acforensics.settings.shell_syntax import parse
from acforensics.settings.shell_tree import ShellError
from acforensics.texts import Text, text

FACTORS = ("CLUSTERSHUTDOWN", "SERVERSHUTDOWN")
LAST_ACTIONS = ("HALT", "REBOOT")
OTHER_FACTOR = "GROUPSTOP"
_CODE_VARIABLE = re.compile(r"SEC_?CODE", re.IGNORECASE)
_LONGEST_SHOWN = 200
_SHORTEST_TOLD = 4

T = TypeVar("T")
Answer = Literal["yes", "no", "unknown"]


@dataclass(frozen=True)
class Wait:
    """Seconds that the script sleeps (0: it does not), `None` where that cannot be told.

    `longer`: it may wait for more than that, because something else runs that may take any time.
    """

    seconds: float | None
    line: int | None
    longer: bool = False

    @property
    def surely(self) -> float | None:
        """How long it waits, where that can be told."""
        return None if self.longer else self.seconds

    def lasts(self, seconds: float) -> bool | None:
        """Whether it waits that long; `None` where that cannot be told."""
        if self.seconds is not None and self.seconds >= seconds:
            return True
        return None if self.surely is None else False


@dataclass(frozen=True)
class LoggedText:
    """A line that the script writes to syslog beside amccmd."""

    message: str
    tag: str
    line: int
    after: bool
    """Whether amccmd had returned by then."""


@dataclass(frozen=True)
class Run:
    """What the script does for one reason and one last action."""

    calls: Answer
    line: int | None = None
    option: str | None = None
    """`ShutdownOff`, `ShutdownReboot`, empty, `?` for any other; `None`: cannot be told."""
    first_sleep: Wait = Wait(None, None)
    second_sleep: Wait = Wait(None, None)
    logged: tuple[LoggedText, ...] = ()
    code: Code = Code.UNKNOWN


UNKNOWN_RUN = Run("unknown")


@dataclass(frozen=True)
class StopScript:
    """One script as it was read."""

    input: str
    names: tuple[str, ...]
    mentions_command: bool
    runs: Mapping[tuple[str, str], Run]
    other: Run
    """For any other reason of the stop."""
    code: Code
    code_line: int | None
    problem: Text | None
    lines: Lines = field(repr=False)


def read_script(document: str, path: str, names: tuple[str, ...] = (), *, complete: bool = True) -> StopScript:
    """Read a script: nothing of it is run. Of one that is not `complete` nobody knows what it would do."""
    source = document.lstrip("\ufeff").replace("\r\n", "\n")
    lines = source.split("\n")
    problem: Text | None = None
    mentions = any(COMMAND in line and COMMAND in without_comment(line) for line in lines)
    runs: dict[tuple[str, str], Run] = {}
    other = UNKNOWN_RUN
    found, code_line = Code.UNKNOWN, None
    try:
        if not complete:
            raise ShellError(len(lines))
        body = parse(source)
    except (ShellError, RecursionError) as error:
        line = error.line if isinstance(error, ShellError) else 1
        problem = text("settings.problem.script" if complete else "settings.problem.script-cut", line=line)
    except TooComplexError:
        problem = text("settings.problem.script-complex")
    else:
        mentions = may_run(COMMAND, body)
        follower = Follower(body, COMMAND)
        given = {(factor, action): (factor, action) for factor in FACTORS for action in LAST_ACTIONS}
        try:
            for key, (factor, action) in given.items():
                runs[key] = _run(follower.follow({"CLP_FACTOR": factor, "CLP_LASTACTION": action}), lines)
            other = _run(follower.follow({"CLP_FACTOR": OTHER_FACTOR, "CLP_LASTACTION": None}), lines)
        except (TooComplexError, RecursionError):
            problem = text("settings.problem.script-complex")
        found = worst(run.code for run in runs.values() if run.calls != "no")
        code_line = next((number for number, line in enumerate(lines, 1) if _assigns_code(line)), None)
    return StopScript(
        input=path,
        names=names,
        mentions_command=mentions,
        runs={key: runs.get(key, UNKNOWN_RUN) for key in ((f, a) for f in FACTORS for a in LAST_ACTIONS)},
        other=other,
        code=found,
        code_line=code_line,
        problem=problem,
        lines=tuple(digests(lines)),
    )


# --- one run


def _run(states: Sequence[State], lines: Sequence[str]) -> Run:
    """What all ways through the script agree on."""
    calling = [state for state in states if _calls(state)]
    if not calling:
        foreign = any(state.foreign for state in states)
        return Run("unknown" if foreign else "no")
    first = [_calls(state)[0] for state in calling]
    secret = {word for state in calling for word in _secrets(state)}
    logged = [_logged(state, secret, lines) for state in calling]
    return Run(
        # Of a call that asks for something else it is not known what it does.
        calls="yes" if all(any(map(asks, _calls(state))) for state in states) else "unknown",
        line=first[0].line,
        option=_same(option(call) for call in first),
        first_sleep=_wait(_before(state) for state in calling),
        second_sleep=_wait(_after(state) for state in calling),
        logged=tuple(one for one in logged[0] if all(one in others for others in logged[1:])),
        code=worst(code(call) for call in first),
    )


def _same(values: Iterable[T | None]) -> T | None:
    found = list(values)
    return found[0] if found and all(one == found[0] for one in found) else None


def _calls(state: State) -> Sequence[Called]:
    return requests([seen for seen in state.seen if isinstance(seen, Called)])


def _before(state: State) -> Wait:
    """Waits before the first call."""
    call = next(i for i, seen in enumerate(state.seen) if seen is _calls(state)[0])
    return _sum(state, range(call), any(at <= call for at in state.lasting))


def _after(state: State) -> Wait:
    """Waits behind the last call; where all of them stand between calls, it cannot be told which is meant."""
    places = [i for i, seen in enumerate(state.seen) if any(seen is call for call in _calls(state))]
    behind = _sum(state, range(places[-1], len(state.seen)), any(at > places[-1] for at in state.lasting))
    between = any(isinstance(seen, Slept) for seen in state.seen[places[0] : places[-1]])
    between = between or any(places[0] < at <= places[-1] for at in state.lasting)
    return Wait(None, None) if between and behind.line is None else behind


def _sum(state: State, places: range, longer: bool) -> Wait:
    waits = [seen for seen in (state.seen[i] for i in places) if isinstance(seen, Slept)]
    known = [one.seconds for one in waits if one.seconds is not None]
    return Wait(
        sum(known) if len(known) == len(waits) else None,
        waits[0].line if waits else None,
        longer,
    )


def _wait(ways: Iterable[Wait]) -> Wait:
    found = list(ways)
    line = next((one.line for one in found if one.line is not None), None)
    return Wait(_same(one.seconds for one in found), line, any(one.longer for one in found))


# --- what it logs


def _secrets(state: State) -> Iterable[str | None]:
    """What the code is, or may be; `None`: something that cannot be told."""
    for seen in state.seen:
        if isinstance(seen, Called):
            yield from secret_words(seen)
    yield from (value for name, value in state.values.items() if value and _CODE_VARIABLE.search(name))


def _logged(state: State, secret: set[str | None], lines: Sequence[str]) -> list[LoggedText]:
    found = []
    called = False
    for seen in state.seen:
        called = called or isinstance(seen, Called)
        if isinstance(seen, Logged) and seen.message is not None and seen.tag is not None:
            message, tag = (_shown(word, secret, lines[seen.line - 1]) for word in (seen.message, seen.tag))
            if message is not None and tag is not None:
                found.append(LoggedText(message, tag, seen.line, called))
    return found


def _shown(word: str, secret: set[str | None], line: str) -> str | None:
    """A text without the code; `None`, where it is not in its line as it is, and may hold some of it."""
    known = sorted((one for one in secret if one), key=len, reverse=True)
    if word not in line and (None in secret or any(_told(word, one) for one in known)):
        return None
    for one in known:
        # A short code is part of many words; as one of its own it is not shown.
        whole = re.escape(one) if len(one) >= _SHORTEST_TOLD else rf"(?<!\w){re.escape(one)}(?!\w)"
        word = re.sub(whole, MASK, word)
    return mask_secrets(word)[:_LONGEST_SHOWN]


def _told(word: str, hidden: str) -> bool:
    """Whether a word shows some of what is to be hidden."""
    length = min(_SHORTEST_TOLD, len(hidden))
    return any(hidden[i : i + length] in word for i in range(len(hidden) - length + 1))


# --- lines


def _assigns_code(line: str) -> bool:
    name, assigned, _ = line.strip().removeprefix("export ").partition("=")
    return bool(assigned) and name.strip().isidentifier() and _CODE_VARIABLE.search(name) is not None
