"""stop.sh: what it would do for each reason of the stop (HOWTO, chapter 3). The recognition code is never kept.

Only whether the code is the default is kept. Words of amccmd are shown where they can be nothing else than what they
seem to be: a known option, an address.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from enum import Enum
from typing import Literal, TypeVar

from acforensics.masking import MASK, mask_secrets
from acforensics.settings.shell_run import Follower
from acforensics.settings.shell_state import Called, Logged, Slept, State, TooComplexError
from acforensics.settings.shell_syntax import parse
from acforensics.settings.shell_tree import ShellError
from acforensics.texts import Text, text

COMMAND = "amccmd"
FACTORS = ("CLUSTERSHUTDOWN", "SERVERSHUTDOWN")
LAST_ACTIONS = ("HALT", "REBOOT")
OTHER_FACTOR = "GROUPSTOP"
OPTIONS = {"HALT": "ShutdownOff", "REBOOT": "ShutdownReboot"}
ANOTHER_OPTION = "?"
_REQUEST = "-downrequest"
_DEFAULT_CODE = "ESMACnet"
_CODE_VARIABLE = re.compile(r"SEC_?CODE", re.IGNORECASE)
_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}|localhost|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}", re.ASCII)
_COMMENT = re.compile(r"(?:^|\s)#")
_LONGEST_SHOWN = 200
_MOST_LINES = 5000
_MOST_COMPARED = 300
# Lines are compared, and a line may hold the code: their digests mean nothing outside this process.
_KEY = secrets.token_bytes(32)

T = TypeVar("T")
Answer = Literal["yes", "no", "unknown"]


class Code(Enum):
    """The recognition code, as far as it may be told."""

    DEFAULT = "default"
    OWN = "own"
    EMPTY = "empty"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Wait:
    """Seconds that the script sleeps (0: it does not), `None` where that cannot be told."""

    seconds: float | None
    line: int | None


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
    address: str | None = None
    host_given: Answer = "unknown"
    first_sleep: Wait = Wait(None, None)
    second_sleep: Wait = Wait(None, None)
    logged: tuple[LoggedText, ...] = ()
    exit_status: int | None = None
    code: Code = Code.UNKNOWN


UNKNOWN_RUN = Run("unknown")


@dataclass(frozen=True)
class StopScript:
    """One script as it was read."""

    input: str
    names: tuple[str, ...]
    interpreter: str
    mentions_command: bool
    runs: Mapping[tuple[str, str], Run]
    other: Run
    """For any other reason of the stop."""
    code: Code
    code_line: int | None
    problem: Text | None
    lines: tuple[tuple[int, bytes], ...] = field(repr=False)
    """Number and digest of every line that does something."""

    @property
    def calls_command(self) -> bool:
        """Whether this is a script that talks to ESMPRO/AC."""
        return self.mentions_command

    def agreed(self, value_of: Callable[[Run], T]) -> T | None:
        """What all runs of a shutdown have in common; `None` where they differ or one is not known."""
        found = [value_of(run) for run in self.runs.values()]
        return found[0] if found and all(one == found[0] for one in found) else None


def read_script(document: str, path: str, names: tuple[str, ...] = (), *, complete: bool = True) -> StopScript:
    """Read a script: nothing of it is run. Of one that is not `complete` nobody knows what it would do."""
    source = document.lstrip("\ufeff").replace("\r\n", "\n")
    lines = source.split("\n")
    problem: Text | None = None
    runs: dict[tuple[str, str], Run] = {}
    other = UNKNOWN_RUN
    code, code_line = Code.UNKNOWN, None
    try:
        if not complete:
            raise ShellError(len(lines))
        follower = Follower(parse(source), COMMAND)
    except (ShellError, RecursionError) as error:
        line = error.line if isinstance(error, ShellError) else 1
        problem = text("settings.problem.script" if complete else "settings.problem.script-cut", line=line)
    except TooComplexError:
        problem = text("settings.problem.script-complex")
    else:
        given = {(factor, action): (factor, action) for factor in FACTORS for action in LAST_ACTIONS}
        try:
            for key, (factor, action) in given.items():
                runs[key] = _run(follower.follow({"CLP_FACTOR": factor, "CLP_LASTACTION": action}))
            other = _run(follower.follow({"CLP_FACTOR": OTHER_FACTOR, "CLP_LASTACTION": None}))
        except (TooComplexError, RecursionError):
            problem = text("settings.problem.script-complex")
        code = _worst(run.code for run in runs.values() if run.calls != "no")
        code_line = next((number for number, line in enumerate(lines, 1) if _assigns_code(line)), None)
    return StopScript(
        input=path,
        names=names,
        interpreter=_interpreter(lines[0]),
        mentions_command=any(COMMAND in _without_comment(line) for line in lines),
        runs={key: runs.get(key, UNKNOWN_RUN) for key in ((f, a) for f in FACTORS for a in LAST_ACTIONS)},
        other=other,
        code=code,
        code_line=code_line,
        problem=problem,
        lines=tuple(_digests(lines)),
    )


def differing_lines(one: StopScript, other: StopScript) -> tuple[list[int], list[int]]:
    """Numbers of the lines in which two scripts differ, but for comments and blanks."""
    first, second = [digest for _, digest in one.lines], [digest for _, digest in other.lines]
    least = min(len(first), len(second))
    start = next((i for i in range(least) if first[i] != second[i]), least)
    behind = 0
    while behind < least - start and first[-1 - behind] == second[-1 - behind]:
        behind += 1
    between = range(start, len(first) - behind), range(start, len(second) - behind)
    if max(map(len, between)) > _MOST_COMPARED:
        # Too much to tell apart what stays the same in between.
        return [one.lines[i][0] for i in between[0]], [other.lines[i][0] for i in between[1]]
    matcher = SequenceMatcher(None, [first[i] for i in between[0]], [second[i] for i in between[1]], autojunk=False)
    changed = [code for code in matcher.get_opcodes() if code[0] != "equal"]
    return (
        [one.lines[start + i][0] for _, begin, end, _, _ in changed for i in range(begin, end)],
        [other.lines[start + i][0] for _, _, _, begin, end in changed for i in range(begin, end)],
    )


# --- one run


def _run(states: Sequence[State]) -> Run:
    """What all ways through the script agree on."""
    codes = {code for state in states for call in _calls(state) if (code := _code_word(call)) is not None}
    calling = [state for state in states if _calls(state)]
    exit_status = _same(_exit_of(state) for state in states)
    if not calling:
        foreign = any(state.foreign for state in states)
        return Run("unknown" if foreign else "no", exit_status=exit_status)
    first = [_calls(state)[0] for state in calling]
    logged = [_logged(state, codes) for state in calling]
    return Run(
        calls="yes" if len(calling) == len(states) else "unknown",
        line=first[0].line,
        option=_same(_option(call) for call in first),
        address=_same(_address(call) for call in first),
        host_given=_same(_host_given(call) for call in first) or "unknown",
        first_sleep=_wait(_before(state) for state in calling),
        second_sleep=_wait(_after(state) for state in calling),
        logged=tuple(one for one in logged[0] if all(one in others for others in logged[1:])),
        exit_status=exit_status,
        code=_worst(_code(call) for call in first),
    )


def _same(values: Iterable[T | None]) -> T | None:
    found = list(values)
    return found[0] if found and all(one == found[0] for one in found) else None


def _exit_of(state: State) -> int | None:
    if state.left == "exit":
        return state.exit_status
    return 0 if state.status else None


def _calls(state: State) -> list[Called]:
    return [seen for seen in state.seen if isinstance(seen, Called)]


def _before(state: State) -> list[Slept]:
    """Waits before the first call."""
    found: list[Slept] = []
    for seen in state.seen:
        if isinstance(seen, Called):
            break
        if isinstance(seen, Slept):
            found.append(seen)
    return found


def _after(state: State) -> list[Slept]:
    """Waits behind the last call."""
    found: list[Slept] = []
    for seen in reversed(state.seen):
        if isinstance(seen, Called):
            break
        if isinstance(seen, Slept):
            found.insert(0, seen)
    return found


def _wait(ways: Iterable[list[Slept]]) -> Wait:
    found = list(ways)
    sums = [
        None if any(one.seconds is None for one in waits) else sum(one.seconds or 0 for one in waits) for waits in found
    ]
    line = next((waits[0].line for waits in found if waits), None)
    return Wait(_same(sums), line)


def _logged(state: State, codes: set[str]) -> list[LoggedText]:
    found = []
    called = False
    for seen in state.seen:
        called = called or isinstance(seen, Called)
        if isinstance(seen, Logged) and seen.message is not None and seen.tag is not None:
            message, tag = (_shown(word, codes) for word in (seen.message, seen.tag))
            found.append(LoggedText(message, tag, seen.line, called))
    return found


def _shown(word: str, codes: set[str]) -> str:
    for code in codes:
        # A short code is part of many words; as one of its own it is not shown.
        word = word.replace(code, MASK) if len(code) > 3 else re.sub(rf"(?<!\w){re.escape(code)}(?!\w)", MASK, word)
    return mask_secrets(word)[:_LONGEST_SHOWN]


# --- words of amccmd


def _arguments(call: Called) -> tuple[str | None, ...] | None:
    """The words behind `-downrequest`: option, address, host, code; `None` where they cannot be told."""
    if _REQUEST not in call.words:
        return None if None in call.words or not call.words else ()
    return call.words[call.words.index(_REQUEST) + 1 :]


def _option(call: Called) -> str | None:
    arguments = _arguments(call)
    if arguments is None:
        return None
    if not arguments:
        return ANOTHER_OPTION
    option = arguments[0]
    return option if option is None or option in ("", *OPTIONS.values()) else ANOTHER_OPTION


def _address(call: Called) -> str | None:
    arguments = _arguments(call) or ()
    shown = arguments[1] if len(arguments) == 4 else None
    return shown if shown and _ADDRESS.fullmatch(shown) else None


def _host_given(call: Called) -> Answer:
    arguments = _arguments(call)
    if arguments is None:
        return "unknown"
    return "no" if len(arguments) < 4 or arguments[2] == "" else "yes"


def _code_word(call: Called) -> str | None:
    """What must be shown nowhere: the fourth word, and any that might be it."""
    arguments = _arguments(call) or ()
    last = arguments[-1] if arguments else None
    return last if last and last not in OPTIONS.values() and not _ADDRESS.fullmatch(last) else None


def _code(call: Called) -> Code:
    arguments = _arguments(call)
    if arguments is None:
        return Code.UNKNOWN
    if len(arguments) != 4:
        return Code.EMPTY if len(arguments) < 4 and None not in arguments else Code.UNKNOWN
    code = arguments[3]
    if code is None:
        return Code.UNKNOWN
    return Code.EMPTY if not code else Code.DEFAULT if code == _DEFAULT_CODE else Code.OWN


def _worst(codes: Iterable[Code]) -> Code:
    """One word for several calls: a default anywhere is what a reviewer must know."""
    found = set(codes)
    return next((code for code in (Code.DEFAULT, Code.EMPTY, Code.UNKNOWN, Code.OWN) if code in found), Code.UNKNOWN)


def _assigns_code(line: str) -> bool:
    name, assigned, _ = line.strip().removeprefix("export ").partition("=")
    return bool(assigned) and name.strip().isidentifier() and _CODE_VARIABLE.search(name) is not None


def _interpreter(line: str) -> str:
    """The program that the first line names, without what else stands there."""
    words = line[2:].split()[:2] if line.startswith("#!") else []
    return " ".join(words if words and words[0].endswith("/env") else words[:1])[:_LONGEST_SHOWN]


def _without_comment(line: str) -> str:
    """The line without the comment at its end; what stands before a later quote is taken for no comment."""
    if line.lstrip().startswith("#"):
        return ""
    comment = _COMMENT.search(line, max(line.rfind(quote) for quote in "\"'`") + 1)
    return line[: comment.start()] if comment is not None else line


def _digests(lines: Sequence[str]) -> Iterable[tuple[int, bytes]]:
    for number, line in enumerate(lines[:_MOST_LINES], 1):
        said = _without_comment(line).strip()
        if said or (number == 1 and line.startswith("#!")):
            spoken = (said or line.strip()).encode("utf-8", "surrogatepass")
            yield number, hashlib.blake2b(spoken, digest_size=16, key=_KEY).digest()
