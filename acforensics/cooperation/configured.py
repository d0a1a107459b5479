"""What the cluster's own settings say about its sequences: lengths of time, groups of ESMPRO/AC, lines of stop.sh."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import re2

from acforensics.cooperation.definitions import Setting
from acforensics.cooperation.model import Basis, Limit
from acforensics.parsing.definitions import DefinitionFile, EventDefinition, Example
from acforensics.settings import LoggedText, Settings
from acforensics.texts import Text

_TAG, _LINE = "CLUSTERPRO", "AC EXEC COMMAND"
"""What the HOWTO's stop.sh logs; `parsers/esmpro_ac.toml` knows it."""
_SHORTEST = 4
_BASES: dict[str, Basis] = {"found": "found", "default-of-howto": "howto", "default-of-product": "product"}
_Answer = TypeVar("_Answer")


def limits(settings: Settings) -> Callable[[Setting, str], Limit | None]:
    """The length of a named setting on a server; `None` where a setting is there and cannot be told."""

    def limit(name: Setting, server: str) -> Limit | None:
        given = settings.seconds(name, server)
        if given.seconds is None:
            return None
        place = f"{given.input}:{given.line}" if given.line is not None else given.input or ""
        return Limit(given.seconds, _BASES[given.basis], place)

    return _remembered(limit)


def ac_homes(settings: Settings) -> dict[str, str]:
    """Groups of ESMPRO/AC, each with the one server on which it may start; others belong to none."""
    homes: dict[str, str | None] = {}
    for server in settings.servers:
        for group in settings.ac_groups(server).names:
            homes[group] = None if group in homes else server
    return {group: server for group, server in homes.items() if server is not None}


def ac_names(settings: Settings) -> dict[str, frozenset[str]]:
    """Names of ESMPRO/AC's groups and of their exec resources, by server."""
    return {
        server: frozenset((*settings.ac_groups(server).names, *settings.exec_resources_of_ac(server)))
        for server in settings.servers
    }


def logs_line(settings: Settings, server: str) -> bool:
    """Whether a server's stop.sh is known to write a line to syslog that is looked for."""
    return any(one.tag and len(one.message.strip()) >= _SHORTEST for one in settings.logged_texts(server))


def lines_of_scripts(settings: Settings) -> DefinitionFile | None:
    """A definition of what the stop scripts of a case write to syslog around amccmd, where it is not the HOWTO's.

    It yields to any other definition: a site's own says more.
    """
    texts = {
        (one.tag, one.message.strip()): f"{each.script.input}:{one.line}"
        for each in settings.scripts
        for run in each.script.runs.values()
        for one in _around_amccmd(run.logged)
    }
    texts.pop((_TAG, _LINE), None)
    events = [
        EventDefinition(
            id=f"logged-{number}",
            kind="ac.exec_command",
            programs=[tag],
            pattern=rf"^{re2.escape(message)}\s*$",
            status="verified",
            source=place,
            severity="notice",
            yields=True,
            examples=[Example(line=f"Nov 24 22:00:00 svr031 {tag}[1]: {message}")],
        )
        for number, ((tag, message), place) in enumerate(sorted(texts.items()), 1)
        if tag and len(message) >= _SHORTEST and "\n" not in message
    ]
    if not events:
        return None
    title = Text(en="Lines that stop.sh of this case logs", ja="この事例の stop.sh が記録する行")
    return DefinitionFile(name="stop-scripts-of-the-case", title=title, event=events)


def _around_amccmd(logged: Sequence[LoggedText]) -> list[LoggedText]:
    """The last line before amccmd and the first one after it: a script may log more, and a pair is looked for."""
    before = [one for one in logged if not one.after]
    after = [one for one in logged if one.after]
    return [*before[-1:], *after[:1]]


def _remembered(function: Callable[[Setting, str], _Answer]) -> Callable[[Setting, str], _Answer]:
    known: dict[tuple[Setting, str], _Answer] = {}

    def asked(name: Setting, server: str) -> _Answer:
        if (name, server) not in known:
            known[name, server] = function(name, server)
        return known[name, server]

    return asked
