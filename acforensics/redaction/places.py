"""Places in lines where a name stands, whatever it is: `session opened for user X`, `_HOSTNAME=X`, `/home/X`.

Names are learned there; one that is an ordinary word is replaced nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Literal, NamedTuple

import re2

Sort = Literal["user", "host", "mailbox", "address"]
"""`mailbox` and `address` stand around an `@`; what stands before it need not be a user."""

_USER = r"([A-Za-z_][\w.+-]{0,63})"
_ANY_USER = r"([^\s\[\]]{1,64})"
_HOST = r"([A-Za-z0-9][A-Za-z0-9._-]{0,252})"
_QUOTE = r"(?:\\?[\"'])?"
_IS = rf"(?:{_QUOTE} ?= ?{_QUOTE}|[\"'] ?: ?\\?[\"'])"
_TERMINAL = r"(?:pts/\d+|tty[\w/]*|:\d+(?:\.\d+)?|ssh:notty|console|hvc\d+|ftpd?\d*)"
_WEEKDAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"

# RE2 as well as `re`, over single lines; in order, as the first that fits takes the text.
_PLACES: tuple[tuple[str, tuple[Sort, ...]], ...] = (
    # Listings of logins.
    (rf"^{_ANY_USER} +{_TERMINAL} +(?:{_HOST} +)?{_WEEKDAY} [A-Z][a-z][a-z] ", ("user", "host")),
    (rf"^\[[5678]\] \[\d+\] \[[^\]]*\] \[{_ANY_USER} *\] \[[^\]]*\] \[(?:{_HOST} *)?", ("user", "host")),
    (rf"^(?:\[[^\]]*\] \[\d+\] \[[^\]]*\] \[ *\] \[[^\]]*\] \[{_HOST} *\] )", ("host",)),
    (rf"\bsession (?:opened|closed) for {_ANY_USER} on |\blogin of {_ANY_USER} without ", ("user", "user")),
    # Accounts.
    (rf"^{_USER}:[x*!]*:\d+:", ("user",)),
    (rf"^{_USER}[ \t]+ALL ?=", ("user",)),
    (rf"\b(?:for|of|by|from|invalid|illegal|authenticating|connecting|unknown|changed|locked|as|to) [Uu]ser '?{_USER}",
     ("user",)),
    (rf"\b(?:Accepted|Failed|Postponed) [\w/-]{{1,40}} for (?:(?:invalid|illegal) user )?{_USER} from ", ("user",)),
    (rf"\b(?:Invalid|Illegal|invalid|Connection closed by|Disconnected from) user {_USER}", ("user",)),
    (rf"\bby {_USER}\(uid", ("user",)),
    (rf"{_USER} : (?:[^;\n]{{1,80}} ; )?TTY=", ("user",)),
    (rf"{_USER}: Executing command \[USER={_USER}", ("user", "user")),
    (rf"\((?:to )?{_USER}\) (?:CMD|CMDOUT|CMDEND|RELOAD|LIST|REPLACE|BEGIN|END|EDIT|ORPHAN|MAIL|FAILED|AUTH|PAM)\b",
     ("user",)),
    (rf"\(to {_USER}\) (?:{_USER} on )?", ("user", "user")),
    (rf" [+-] (?:/dev/)?(?:pts/\d+|tty\w*|\?\?\?|none) {_USER}[:-]{_USER}", ("user", "user")),
    (rf"\b[A-Z]{{0,5}}[UG]ID={_QUOTE}{_USER}", ("user",)),
    (rf"\b(?:r?user|USER|USERNAME|logname|LOGNAME|SUDO_USER|acct|USER_ID|USER_NAME|unix-user|owner|login){_IS}{_USER}",
     ("user",)),
    (rf"\bLOGIN ON \S{{1,40}} BY {_USER}", ("user",)),
    (rf"\bpassword changed for {_USER}", ("user",)),
    (rf"\bnew (?:user|group){_IS}(?:name=)?{_USER}", ("user",)),
    (rf"(?:/home|/Users|/var/spool/cron|/var/spool/mail|/var/mail)/{_USER}", ("user",)),
    (rf"\bsu (?:-[a-z]* )+{_USER}\b", ("user",)),
    (rf"\bsudo (?:-\w+ )*-u {_USER}", ("user",)),
    # Servers.
    (rf"\b(?:_HOSTNAME|hostname|node|rhost|nodename|fromhost|Computer|COMPUTERNAME){_IS}{_HOST}", ("host",)),
    (rf"\b[A-Z_]{{0,40}}HOST(?:NAME)?[A-Z_]{{0,40}}={_QUOTE}{_HOST}", ("host",)),
    (rf"\b(?:Static|Transient|Pretty) hostname: {_HOST}", ("host",)),
    (rf"\bhostname (?:(?:set|changed) )?(?:to|is) [<'\"]?{_HOST}", ("host",)),
    (rf"\bHostname set to <{_HOST}", ("host",)),
    (rf"^Linux {_HOST} \d+\.\d+\.", ("host",)),
    (rf"\bServer {_HOST} (?:has|is|was|will)\b", ("host",)),
    (rf"\b[Ss]erver ?\({_HOST} ?\)", ("host",)),
    (rf"<server name={_QUOTE}{_HOST}", ("host",)),
    (rf"\[Server\d+ *: *{_HOST}", ("host",)),
    (rf"\bdownrequest +\w+ +\S+ +{_HOST}", ("host",)),
    (rf" from {_HOST} port \d", ("host",)),
    # user@host; `getty@tty1.service` is none.
    (rf"{_USER}@{_HOST}", ("mailbox", "address")),
)  # fmt: skip

_BY_FILE: dict[str, re.Pattern[str]] = {
    "hosts": re.compile(r"^\s*[\d.:A-Fa-f]{2,45}[ \t]+([^#\n]*)", re.MULTILINE),
    "hostname": re.compile(r"^\s*([A-Za-z0-9][\w.-]*)\s*$", re.MULTILINE),
}
_DOMAINS = re.compile(r"^\s*(?:search|domain)[ \t]+([^#;\n]*)", re.MULTILINE)
_TOP = (
    "com|net|org|jp|edu|gov|mil|info|biz|eu|cn|kr|tw|uk|de|fr|us|local|lan|internal|intranet|intra|corp|home"
    "|localdomain|domain|test|invalid|example|arpa"
)
_QUALIFIED = rf"\b[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*\.(?:{_TOP})\b"
_TAKEN = r"(?:server|user|domain)\d{1,9}"


class Place(NamedTuple):
    """A name in its place."""

    start: int
    end: int
    sort: Sort
    name: str


def find(line: str) -> Iterator[Place]:
    """The names in a line whose place tells what they are."""
    pattern, sorts = _for_lines()
    yield from _places(pattern.finditer(line), sorts)


def find_in(block: bytes) -> Iterator[tuple[Sort, str]]:
    """The same in many lines at once."""
    pattern, sorts = _for_blocks()
    for place in _places(pattern.finditer(block), sorts):
        yield place.sort, place.name


def qualified_in(block: bytes) -> set[str]:
    """Names that are domain names by their last part."""
    return {match[0].decode("ascii") for match in _pattern(_QUALIFIED).finditer(block)}


def taken_in(block: bytes) -> set[str]:
    """Words that look like stand-ins."""
    return {match[0].decode("ascii").lower() for match in _pattern(f"(?i:{_TAKEN})").finditer(block)}


def in_file(name: str, content: str) -> Iterator[tuple[Sort | Literal["domain"], str]]:
    """Names in a file that holds hardly anything else: `etc/hosts`, `etc/hostname`, `etc/resolv.conf`."""
    pattern = _BY_FILE.get(name)
    if pattern is not None:
        for match in pattern.finditer(content):
            yield from (("host", host) for host in match[1].split())
    elif name == "resolv.conf":
        for match in _DOMAINS.finditer(content):
            yield from (("domain", domain) for domain in match[1].split())


def _places(matches: Iterator[Any], sorts: tuple[Sort, ...]) -> Iterator[Place]:
    for match in matches:
        for number in range(1, len(sorts) + 1):
            start, end = match.span(number)
            if 0 <= start < end:
                name = match.group(number)
                shown = name.decode("ascii", "replace") if isinstance(name, bytes) else name
                trimmed = shown.rstrip(".-")
                if trimmed:
                    yield Place(start, start + len(trimmed), sorts[number - 1], trimmed)


@cache
def _for_lines() -> tuple[re.Pattern[str], tuple[Sort, ...]]:
    return re.compile("|".join(f"(?:{place})" for place, _ in _PLACES), re.ASCII), _sorts()


@cache
def _for_blocks() -> tuple[Any, tuple[Sort, ...]]:
    return _pattern("(?m)" + "|".join(f"(?:{place})" for place, _ in _PLACES)), _sorts()


def _sorts() -> tuple[Sort, ...]:
    return tuple(sort for _, sorts in _PLACES for sort in sorts)


@cache
def _pattern(pattern: str) -> Any:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.max_mem = 64 << 20
    return re2.compile(pattern.encode("ascii"), options)
