"""Words of amccmd, as far as they may be told. The recognition code is never kept: only whether it is the default."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import Enum

from acforensics.masking import MASK
from acforensics.settings.shell_state import Called

COMMAND = "amccmd"
OPTIONS = {"HALT": "ShutdownOff", "REBOOT": "ShutdownReboot"}
ANOTHER_OPTION = "?"
_REQUEST = "-downrequest"
_DEFAULT_CODE = "ESMACnet"
_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}|localhost|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}", re.ASCII)


class Code(Enum):
    """The recognition code, as far as it may be told."""

    DEFAULT = "default"
    OWN = "own"
    EMPTY = "empty"
    UNKNOWN = "unknown"


def asks(call: Called) -> bool:
    """Whether a call asks ESMPRO/AC for the stop, as far as it can be told."""
    return _REQUEST in call.words or None in call.words


def requests(calls: Sequence[Called]) -> Sequence[Called]:
    """Calls that ask for the stop; all, where none does."""
    return [one for one in calls if asks(one)] or calls


def option(call: Called) -> str | None:
    """`ShutdownOff`, `ShutdownReboot`, empty, `?` for any other; `None`: cannot be told."""
    arguments = _arguments(call)
    if arguments is None:
        return None
    if not arguments:
        return ANOTHER_OPTION
    first = arguments[0]
    return first if first is None or first in ("", *OPTIONS.values()) else ANOTHER_OPTION


def code(call: Called) -> Code:
    """What the code is like."""
    arguments = _arguments(call)
    if arguments is None:
        return Code.UNKNOWN
    if len(arguments) != 4:
        return Code.EMPTY if len(arguments) < 4 and None not in arguments else Code.UNKNOWN
    word = arguments[3]
    if word is None or MASK in word:
        # A copy from which the code was removed says nothing of it.
        return Code.UNKNOWN
    return Code.EMPTY if not word else Code.DEFAULT if word == _DEFAULT_CODE else Code.OWN


def worst(codes: Iterable[Code]) -> Code:
    """One word for several calls: a default anywhere is what a reviewer must know."""
    found = set(codes)
    return next((one for one in (Code.DEFAULT, Code.EMPTY, Code.UNKNOWN, Code.OWN) if one in found), Code.UNKNOWN)


def secret_words(call: Called) -> Iterable[str | None]:
    """What must be shown nowhere: the fourth word, and any that might be it; `None`: it cannot be told."""
    arguments = _arguments(call)
    if arguments is None:
        return [None, *(word for word in call.words if word)]
    known = len(arguments) == 4 and _ADDRESS.fullmatch(arguments[1] or "")
    before = call.words[: len(call.words) - len(arguments)]
    return [word for word in (*before, *(arguments[3:] if known else arguments)) if word is None or not _is_plain(word)]


def _is_plain(word: str) -> bool:
    """Whether a word can be nothing else than what it seems to be."""
    return word in (_REQUEST, *OPTIONS.values()) or _ADDRESS.fullmatch(word) is not None


def _arguments(call: Called) -> tuple[str | None, ...] | None:
    """The words behind `-downrequest`: option, address, host, code; `None` where they cannot be told."""
    if _REQUEST not in call.words:
        return None if None in call.words or not call.words else ()
    return call.words[call.words.index(_REQUEST) + 1 :]
