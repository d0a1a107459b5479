"""Reads a command as recorded by sudo, cron or audit: does it end this machine, and how?

sudo records the words of a command joined by blanks, without their quotes: such a line is one command, unless it starts
a shell with `-c`. cron records a script. What cannot be read safely means nothing.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from typing import Literal, NamedTuple

Effect = Literal["end", "schedule", "cancel", "cluster-end", "cluster-service", "crash", "ups-drill"]
Mode = Literal["halt", "reboot", "unknown"]
Reader = Callable[[list[str]], "CommandMeaning | None"]


class CommandMeaning(NamedTuple):
    """What a command asks for."""

    effect: Effect
    mode: Mode = "unknown"
    forced: bool = False
    """No stop jobs run, so no other log line follows."""
    scope: Literal["server", "cluster", "unknown"] = "unknown"
    """For CLUSTERPRO's commands."""
    target: str | None = None
    """Another server that it is meant for (`clpdown -h NAME`)."""
    conditional: bool = False
    """It stands behind `&&`, `||` or a test: the record does not say that it ran."""


_DIRECTORIES = {
    "",
    "/bin",
    "/sbin",
    "/usr/bin",
    "/usr/sbin",
    "/opt/nec/clusterpro/bin",
    "/lib/systemd",
    "/usr/lib/systemd",
}
_WRAPPERS = {"sudo", "env", "nohup", "exec", "time", "command", "nice", "ionice", "setsid", "timeout", "doas", "pkexec"}
_VALUED = {"-u", "-g", "-n", "-c", "-p", "-C", "--user", "--group"}
_SU = {"su", "runuser"}
_SHELLS = {"sh", "bash", "dash", "ksh", "zsh", "csh", "tcsh"}
_GIVES_TEXT = re.compile(r"-[A-Za-z]*c[A-Za-z]*")
_SHELL_OPTION = re.compile(r"[-+][A-Za-z]*[oO]|--rcfile|--init-file")
_ONLY_SHOWS = re.compile(r"-[A-Za-z]*[le][A-Za-z]*|--list|--edit")
"""sudo tells what is allowed, or edits a file."""
_KEYWORDS = {"if", "then", "else", "elif", "while", "until", "do", "for", "case"}
# A script that goes elsewhere, or hands words on, cannot be read from a line without its quotes.
_ELSEWHERE = re.compile(
    r"\b(?:ssh|rsh|docker|podman|lxc|chroot|nsenter|virsh|machinectl|xargs|at|batch|echo|wall|logger|grep)\b"
)
_SYSRQ = re.compile(r"\becho\s+[\"']?([bco])[\"']?\s*(?:>|\|\s*(?:sudo\s+)?tee)\s*\S*/proc/sysrq-trigger")
_SYSTEMCTL_MODES: dict[str, Mode] = {
    "reboot": "reboot",
    "kexec": "reboot",
    "poweroff": "halt",
    "halt": "halt",
    "reboot.target": "reboot",
    "poweroff.target": "halt",
    "halt.target": "halt",
    "runlevel0.target": "halt",
    "runlevel6.target": "reboot",
    "ctrl-alt-del.target": "reboot",
}


def understand(command: str, *, script: bool = False) -> CommandMeaning | None:
    """Return what a recorded command asks of this machine, or `None` where it does not end or change it.

    Args:
        command: as recorded.
        script: it is shell text (cron); without it, the words of one command joined by blanks (sudo).
    """
    command = command[:4096]
    if not script:
        return _understand_words(_words(command))
    if _SYSRQ.search(command):
        return CommandMeaning("crash", forced=True)
    for words, conditional in _simple_commands(command):
        meaning = _understand_words(words)
        if meaning is not None:
            return meaning._replace(conditional=meaning.conditional or conditional)
    return None


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:
        return command.split()


def plain_form(command: str) -> str:
    """A command without what one record of it has and another lacks: wrappers, directories, a shell that ran a script.

    `sudo -u root /usr/sbin/shutdown -h now` and `shutdown -h now` are one command.
    """
    words = _words(command[:4096])
    while words:
        directory, _, name = words[0].rpartition("/")
        script = len(words) > 1 and name in _SHELLS and words[1].startswith("/")
        if name not in _WRAPPERS and not script and not ("=" in name and not directory):
            return " ".join([name, *words[1:]])
        words = words[1:]
        while words and words[0].startswith("-") and not script:
            words = words[2 if words[0] in _VALUED else 1 :]
    return ""


def _simple_commands(command: str) -> list[tuple[list[str], bool]]:
    """The single commands of a script, each with whether it runs only under a condition."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars=";&|\n")
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        tokens = list(lexer)
    except ValueError:
        # A quote was cut off or never meant as one: fall back to plain words.
        tokens = re.findall(r"[;&|\n]+|[^\s;&|]+", command)
    found: list[tuple[list[str], bool]] = [([], False)]
    for token in tokens:
        if set(token) <= set(";&|\n"):
            found.append(([], token in ("&&", "||")))
        elif token in _KEYWORDS and not found[-1][0]:
            found[-1] = ([], True)
        else:
            found[-1][0].append(token)
    return [(words, conditional) for words, conditional in found if words]


def _text_for_shell(arguments: list[str]) -> str | None:
    """What a shell is given by `-c` (`-lc`, `-o pipefail -c`); `None` where it runs a script."""
    value = False
    for position, argument in enumerate(arguments):
        if value:
            value = False
        elif not argument.startswith(("-", "+")):
            return None
        elif _GIVES_TEXT.fullmatch(argument):
            return " ".join(arguments[position + 1 :])
        else:
            value = _SHELL_OPTION.fullmatch(argument) is not None
    return None


def _text_for_root(arguments: list[str]) -> str | None:
    """What root's shell is given by `su -c`; `None` where it is another user's, who ends no machine."""
    position = next((i for i, word in enumerate(arguments) if word in ("-c", "--command")), None)
    if position is None or any(word not in ("-", "-l", "--login", "root") for word in arguments[:position]):
        return None
    return " ".join(arguments[position + 1 :])


def _understand_words(words: list[str]) -> CommandMeaning | None:
    while words:
        if "=" in words[0] and not words[0].startswith("-"):
            words = words[1:]
            continue
        directory, _, name = words[0].rpartition("/")
        if directory not in _DIRECTORIES:
            return None
        text = _text_for_shell(words[1:]) if name in _SHELLS else _text_for_root(words[1:]) if name in _SU else None
        if text is not None:
            return None if _ELSEWHERE.search(text) and not _SYSRQ.search(text) else understand(text, script=True)
        if name in _SHELLS and len(words) > 1 and words[1].startswith("/"):
            # The audit log shows a script as what runs it: `/bin/bash /usr/sbin/clpstdn`.
            words = words[1:]
            continue
        if name not in _WRAPPERS:
            break
        words = words[1:]
        while words and words[0].startswith("-"):
            if name == "sudo" and _ONLY_SHOWS.fullmatch(words[0]):
                return None
            valued = words[0] in _VALUED and len(words) > 1 and words[1].rpartition("/")[2] not in _READERS
            words = words[2 if valued else 1 :]
        if name == "timeout" and words:
            words = words[1:]
    if not words:
        return None
    reader = _READERS.get(words[0].rpartition("/")[2])
    if reader is None or {"--help", "--version", "-?", "--dry-run"} & set(words):
        return None
    return reader(words[1:])


def _short_flags(arguments: list[str]) -> set[str]:
    return {flag for argument in arguments if re.fullmatch(r"-[A-Za-z]+", argument) for flag in argument[1:]}


def _without_delay(arguments: list[str]) -> list[str]:
    """Drop sysvinit's `-t SECONDS`, which is no time of day."""
    kept: list[str] = []
    skip = False
    for argument in arguments:
        if skip:
            skip = False
        elif argument == "-t":
            skip = True
        else:
            kept.append(argument)
    return kept


def _shutdown(arguments: list[str]) -> CommandMeaning | None:
    arguments = _without_delay(arguments)
    flags = _short_flags(arguments)
    if "c" in flags or "--cancel" in arguments:
        return CommandMeaning("cancel")
    if "k" in flags or "--show" in arguments:
        return None
    if "r" in flags or "--reboot" in arguments:
        mode: Mode = "reboot"
    else:
        # Plain `shutdown` powers off under systemd and goes to single user under sysvinit.
        explicit = flags & {"h", "H", "P"} or {"--halt", "--poweroff"} & set(arguments)
        mode = "halt" if explicit else "unknown"
    times = [argument for argument in arguments if not argument.startswith("-")]
    immediate = bool(times) and times[0] in ("now", "+0", "0")
    return CommandMeaning("end" if immediate else "schedule", mode)


def _halting(mode: Mode) -> Reader:
    def read(arguments: list[str]) -> CommandMeaning | None:
        flags = _short_flags(arguments)
        if "w" in flags or "--wtmp-only" in arguments:
            return None
        forced = "f" in flags or "--force" in arguments
        actual: Mode = mode
        if "p" in flags or "--poweroff" in arguments or "--halt" in arguments:
            actual = "halt"
        if "--reboot" in arguments:
            actual = "reboot"
        return CommandMeaning("end", actual, forced)

    return read


def _init(arguments: list[str]) -> CommandMeaning | None:
    level = next((argument for argument in _without_delay(arguments) if not argument.startswith("-")), "")
    if level in ("0", "6"):
        return CommandMeaning("end", "halt" if level == "0" else "reboot")
    return None


def _systemctl(arguments: list[str]) -> CommandMeaning | None:
    if any(re.match(r"-[HM]|--(?:host|machine|root|image)\b", argument) for argument in arguments):
        return None
    verbs = [argument for argument in arguments if not argument.startswith("-")]
    if not verbs:
        return None
    force = sum(argument == "--force" for argument in arguments)
    force += sum(argument.count("f") for argument in arguments if re.fullmatch(r"-[a-z]+", argument))
    when = next((argument.partition("=")[2] for argument in arguments if argument.startswith("--when")), None)
    if when is not None and verbs[0] in _SYSTEMCTL_MODES:
        if when == "show":
            return None
        return (
            CommandMeaning("cancel")
            if when in ("", "cancel")
            else CommandMeaning("schedule", _SYSTEMCTL_MODES[verbs[0]])
        )
    if verbs[0] in _SYSTEMCTL_MODES and not verbs[0].endswith(".target"):
        return CommandMeaning("end", _SYSTEMCTL_MODES[verbs[0]], force >= 2)
    if verbs[0] in ("isolate", "start") and len(verbs) > 1 and verbs[1] in _SYSTEMCTL_MODES:
        return CommandMeaning("end", _SYSTEMCTL_MODES[verbs[1]])
    if verbs[0] in ("stop", "restart") and any(verb.startswith("clusterpro") for verb in verbs[1:]):
        return CommandMeaning("cluster-service", scope="server")
    return None


def _clpstdn(arguments: list[str]) -> CommandMeaning | None:
    return CommandMeaning("cluster-end", "reboot" if "-r" in arguments else "halt", scope="cluster")


def _clpdown(arguments: list[str]) -> CommandMeaning | None:
    position = arguments.index("-h") + 1 if "-h" in arguments else len(arguments)
    target = arguments[position] if position < len(arguments) else None
    return CommandMeaning("cluster-end", "reboot" if "-r" in arguments else "halt", scope="server", target=target)


def _clpcl(arguments: list[str]) -> CommandMeaning | None:
    return CommandMeaning("cluster-service") if {"-t", "--stop"} & set(arguments) else None


def _upsmon(arguments: list[str]) -> CommandMeaning | None:
    return CommandMeaning("ups-drill", "halt") if arguments[:2] == ["-c", "fsd"] else None


_READERS: dict[str, Reader] = {
    "shutdown": _shutdown,
    "reboot": _halting("reboot"),
    "halt": _halting("halt"),
    "poweroff": _halting("halt"),
    "init": _init,
    "telinit": _init,
    "systemctl": _systemctl,
    "clpstdn": _clpstdn,
    "clpdown": _clpdown,
    "clpcl": _clpcl,
    "upsmon": _upsmon,
}
