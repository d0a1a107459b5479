"""What commands of a script mean to whoever follows it: waits, lines for syslog, prefixes, names that they set."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from acforensics.settings.shell_state import Logged
from acforensics.settings.shell_tree import AndOr, Block, Case, Command, Function, If, Loop, Pipeline, Simple, Word

_DURATION = re.compile(r"(\d{1,9}(?:\.\d{0,9})?|\.\d{1,9})([smhd]?)", re.ASCII)
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_PREFIXES = frozenset((
    *("nohup", "exec", "command", "nice", "ionice", "sudo", "env", "timeout", "time", "setsid", "builtin", "busybox"),
))  # fmt: skip
_VALUED = frozenset(("-u", "-g", "-n", "-c", "-s", "-k"))
_TYPED = re.compile(r"[-+]\w*[aAilnu]")
DECLARING = frozenset(("export", "local", "readonly", "declare", "typeset"))
SHELLS = frozenset(("sh", "bash", "ksh", "dash", "ash"))
READING = frozenset(("read", "mapfile", "readarray", "getopts", "let"))
BUILTINS = DECLARING | READING | {"exit", "return", "break", "continue", "eval", ".", "source", "unset"}
NAMES = re.compile(r"[A-Za-z_]\w*", re.ASCII)
HARMLESS = frozenset((
    *(":", "true", "echo", "printf", "set", "shopt", "umask", "trap", "ulimit", "shift", "unset", "cd", "alias", "pwd"),
    *("test", "expr", "date", "hostname", "uname", "id", "whoami", "basename", "dirname", "which", "type", "ls"),
    *("cat", "grep", "egrep", "fgrep", "awk", "sed", "cut", "tr", "head", "tail", "wc", "sort", "uniq", "seq", "bc"),
    *("tee", "df", "du", "ps", "pgrep", "kill", "pkill", "killall", "wait", "rm", "mkdir", "touch", "cp", "mv", "ln"),
    *("chmod", "chown", "sync", "ping", "mount", "umount", "ip", "systemctl", "service"),
    *("clpstat", "clplogcmd", "clplogcc", "clpgrp", "clprsc", "clpmonctrl"),
))  # fmt: skip
"""Commands that are known not to call the one that is looked for."""
LASTING = frozenset((
    *("ping", "tail", "wait", "sync", "umount", "systemctl", "service", "clpgrp", "clprsc", "read"),
))  # fmt: skip
"""Those of them that may take any time: some wait with them, and for them."""
_SPEAKING = frozenset(("echo", "printf", "logger", "clplogcmd"))
_RUNNING_INPUT = SHELLS | {"at", "batch", "xargs", "ssh", "su", "sudo", "eval", "parallel"}
SUCCEEDING = frozenset((":", "true", "echo", "printf", "sleep", "logger", "unset", "shift", "umask", "trap"))


def within(body: Iterable[Command]) -> Iterator[Command]:
    """Commands and all that are part of them, wherever they stand."""
    for command in body:
        yield command
        match command:
            case If():
                for condition, inner in command.arms:
                    yield from within([*condition, *inner])
                yield from within(command.otherwise)
            case Case():
                for arm in command.arms:
                    yield from within(arm.body)
            case Loop() | Block():
                yield from within(command.body)
            case Function():
                yield from within([command.body])
            case Pipeline():
                yield from within(command.parts)
            case AndOr():
                yield from within([command.first, *(one for _, one in command.rest)])


def assigned(body: Sequence[Command]) -> Iterator[str]:
    """Names that commands set, wherever they stand."""
    for command in within(body):
        if isinstance(command, Loop):
            yield from command.names
        elif isinstance(command, Simple):
            yield from (one.name for one in command.assignments)
            words = [*command.words, *(one.value for one in command.assignments)]
            yield from (name for word in words for part in word.parts for name in part.changes)
            if command.words and command.words[0].plain in DECLARING | READING:
                yield from _names(command)


def typed(body: Sequence[Command]) -> Iterator[str]:
    """Names that are declared to be more than text: what they are set to is not what they are."""
    for command in within(body):
        if not isinstance(command, Simple) or not command.words or command.words[0].plain not in DECLARING:
            continue
        if any(_TYPED.match(word.plain or "") for word in command.words[1:]):
            yield from _names(command)


def may_run(text: str, body: Sequence[Command]) -> bool:
    """Whether commands hold a text in a word that may be run, and not only in one that is spoken."""
    commands = [command for command in within(body) if isinstance(command, Simple)]
    spoken_only = not any(command.words and _plain_name(command) in _RUNNING_INPUT for command in commands)
    return any(
        _holds(text, word)
        for command in commands
        if not (spoken_only and command.words and _plain_name(command) in _SPEAKING)
        for word in (*command.words, *(one.value for one in command.assignments))
    )


def _plain_name(command: Simple) -> str:
    return base_name(command.words[0].plain or "")


def _holds(text: str, word: Word) -> bool:
    return any(text in part.value or (part.commands and may_run(text, part.commands)) for part in word.parts)


def _names(command: Simple) -> Iterator[str]:
    for word in command.words[1:]:
        name = NAMES.match(word.parts[0].value) if word.parts and word.parts[0].kind == "text" else None
        if name is not None:
            yield name.group()


def base_name(name: str) -> str:
    """The command's name without its folder; a file that is called like a part of the shell is not that part."""
    base = name.rpartition("/")[2]
    return name if base in BUILTINS else base


class Prefixed(NamedTuple):
    """A command and what stood before it."""

    words: list[str | None]
    replaces: bool = False
    """Whether it runs instead of the shell."""
    limited: bool = False
    """Whether it may be ended before its time."""
    given: Mapping[str, str | None] = {}
    """Variables that only this command gets."""


def without_prefixes(words: list[str | None]) -> Prefixed:
    """The command behind `nohup`, `timeout 60`, `env A=b` and the like."""
    replaces = limited = False
    given: dict[str, str | None] = {}
    while words and words[0] is not None and (name := base_name(words[0])) in _PREFIXES:
        replaces, limited = replaces or name == "exec", limited or name == "timeout"
        words = words[1:]
        while words and words[0] is not None and (words[0].startswith("-") or "=" in words[0]):
            if name == "command" and set(words[0]) & set("vV"):
                return Prefixed(["type"])
            variable, equals, value = words[0].partition("=")
            if equals and not variable.startswith("-"):
                given[variable] = value
            valued = name in ("sudo", "nice", "ionice", "timeout") and words[0] in _VALUED
            words = words[2:] if valued else words[1:]
        if name == "timeout":
            words = words[1:]
    return Prefixed(words, replaces, limited, given)


def seconds(words: Sequence[str | None]) -> float | None:
    """How long `sleep` waits: the sum of its words."""
    total = 0.0
    for word in words:
        match = _DURATION.fullmatch(word or "")
        if match is None:
            return None
        total += float(match[1]) * _UNITS[match[2]]
    return total if words else None


def microseconds(words: Sequence[str | None]) -> float | None:
    """How long `usleep` waits, in seconds."""
    whole = seconds(words)
    return whole / 1_000_000 if whole is not None and all((word or "").isdigit() for word in words) else None


def logged(words: Sequence[str | None], line: int) -> Logged:
    """What `logger` writes, and under which tag."""
    tag: str | None = ""
    rest = list(words)
    while rest and rest[0] is not None and rest[0].startswith("-") and len(rest[0]) > 1:
        option = rest.pop(0) or ""
        if option == "--":
            break
        if option.startswith("--"):
            name, given, value = option.partition("=")
            if name in ("--tag", "--priority", "--file", "--id") and not given:
                value = (rest.pop(0) or "") if rest and name != "--id" else ""
            tag = value if name == "--tag" else tag
            continue
        for place, letter in enumerate(option[1:], 2):
            if letter in "tpfnPu":
                attached = option[place:]
                following = attached or (rest.pop(0) if rest else None)
                tag = following if letter == "t" else tag
                break
    known = bool(rest) and None not in rest
    return Logged(" ".join(word or "" for word in rest) if known else None, tag, line)


def exit_status(words: Sequence[str | None], status: bool | None) -> int | None:
    """What `exit` gives: its word, else the status of the command before it."""
    if not words:
        return None if status is None else 0 if status else 1
    word = words[0] or ""
    return int(word) % 256 if word.isascii() and word.isdigit() and len(word) < 9 else None
