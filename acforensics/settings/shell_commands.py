"""What commands of a script mean to whoever follows it: waits, lines for syslog, prefixes, names that they set."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from acforensics.settings.shell_state import Logged
from acforensics.settings.shell_tree import AndOr, Block, Case, Command, Function, If, Loop, Pipeline, Simple

_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)([smhd]?)", re.ASCII)
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_PREFIXES = frozenset(
    ("nohup", "exec", "command", "nice", "ionice", "sudo", "env", "timeout", "time", "setsid", "builtin")
)
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
SUCCEEDING = frozenset((":", "true", "echo", "printf", "sleep", "logger", "unset", "shift", "umask", "trap"))


def assigned(body: Sequence[Command]) -> Iterable[str]:
    """Names that commands set, wherever they stand."""
    for command in body:
        match command:
            case Simple():
                yield from (one.name for one in command.assignments)
                if command.words and command.words[0].plain in DECLARING | READING:
                    firsts = (word.parts[0].value for word in command.words[1:] if word.parts)
                    yield from (name for first in firsts if (name := first.partition("=")[0]).isidentifier())
            case If():
                for condition, inner in command.arms:
                    yield from assigned(condition)
                    yield from assigned(inner)
                yield from assigned(command.otherwise)
            case Case():
                for arm in command.arms:
                    yield from assigned(arm.body)
            case Loop():
                yield from command.names
                yield from assigned(command.body)
            case Block():
                yield from assigned(command.body)
            case Function():
                yield from assigned([command.body])
            case Pipeline():
                yield from assigned(command.parts)
            case AndOr():
                yield from assigned([command.first, *(one for _, one in command.rest)])


def without_prefixes(words: list[str | None]) -> tuple[list[str | None], bool]:
    """The command behind `nohup`, `timeout 60`, `env A=b` and the like; and whether it replaces the shell."""
    replaces = False
    while words and words[0] is not None and (name := PurePosixPath(words[0]).name) in _PREFIXES:
        replaces = replaces or name == "exec"
        words = words[1:]
        while words and words[0] is not None and (words[0].startswith("-") or "=" in words[0]):
            valued = name in ("sudo", "nice", "ionice", "timeout") and words[0] in ("-u", "-g", "-n", "-c", "-s", "-k")
            words = words[2:] if valued else words[1:]
        if name == "timeout":
            words = words[1:]
    return words, replaces


def seconds(words: Sequence[str | None]) -> float | None:
    """How long `sleep` waits: the sum of its words."""
    total = 0.0
    for word in words:
        match = _DURATION.fullmatch(word or "")
        if match is None:
            return None
        total += float(match[1]) * _UNITS[match[2]]
    return total if words else None


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
