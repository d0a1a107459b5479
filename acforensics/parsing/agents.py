"""Which programs can end a machine by themselves, and which words speak of that."""

from __future__ import annotations

import re

from acforensics.events import kind_of
from acforensics.parsing.definitions import DefinitionFile

_FENCING = {"os.fenced", "os.fencing_requested", "os.watchdog_reset", "os.power_key"}
"""What cluster managers, watchdogs and guest agents say of an end."""
_NO_AGENTS = {"", "*", "kernel", "acpid", "systemd-logind", "audit", "clp-internal", "stop.sh"}
"""Say the same, but their other words are no request: the OS, and logs of what others did."""
_SPEAKS_OF_POWER = re.compile(
    r"shut ?down|reboot|restart(?:ing)? (?:the )?(?:system|server|host|os|machine)|halt|power|\bUPS\b|batter"
    r"|\bPSU\b|\boutage|\bmains\b|\bAC (?:input|line|lost|fail|off)"
    r"|停電|電源|立ち?上げ|遮断|シャットダウン|再起動|停止|無停電|給電|バッテリ",
    re.IGNORECASE,
)

_SPEAKS_OF_AN_END = re.compile(
    r"shut(?:ting)? ?down|reboot|restart(?:ing)? (?:the )?(?:system|server|host|os|machine)|\bhalt"
    r"|(?:power|going|cut)\w* ?-?(?:off|down)|power ?-?cycl"
    r"|停電|電源|遮断|シャットダウン|再起動",
    re.IGNORECASE,
)


def agents(files: list[DefinitionFile]) -> set[str]:
    """Programs that definitions know to end machines: of CLUSTERPRO, ESMPRO/AC, UPSs, fencing (`name*`: a prefix)."""
    found: set[str] = set()
    for file in files:
        for event in file.event:
            kinds = {event.kind, *(refinement.kind for refinement in event.refine)}
            if any(kind in _FENCING or kind_of(kind).layer != "os" for kind in kinds):
                found.update(event.programs)
    return found - _NO_AGENTS


def speaks_of_power(message: str) -> bool:
    """Whether a message may be of an end or of the power, in English or Japanese."""
    return _SPEAKS_OF_POWER.search(message) is not None


def speaks_of_an_end(message: str) -> bool:
    """Whether a message of an agent, which speaks of power all the time, may be of an end."""
    return _SPEAKS_OF_AN_END.search(message) is not None
