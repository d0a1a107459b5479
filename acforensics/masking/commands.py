"""Secrets that only the syntax of a command or of an address tells: its place, or a short option."""

from __future__ import annotations

import re
from collections.abc import Iterator

from acforensics.masking.assignments import Span
from acforensics.masking.values import value_end

_REQUEST = re.compile(r"(?:-|\bamccmd\W{1,8})down ?request[\"']?")
_COMMAND = re.compile(r"amccmd")
_WORD = re.compile(r"\S+")
_BARE_ADDRESS = re.compile(r"[\"']?(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F:]*:[0-9a-fA-F:]+|localhost)[\"']?")
# A line that goes on in the next one, as written by a shell, by syslog, in JSON.
_NEXT_LINE = re.compile(r"#01\d|\\+[nrt]")
_ONLY_NEXT_LINE = re.compile(r"(?:\\+[nrt]?|#01\d)+")
_NO_ARGUMENT = re.compile(r"[\"',\[]*(?:a\d{1,3}=)?[\"',]*|-.*")
_DEFAULT_CODE = re.compile("esmacnet")

_BETWEEN = r"(?:[\"'](?=[\s,]))?(?:\s*,\s*|\s+)?(?:a\d{1,3}=)?"
_ATTACHED = r"(?=[^\s\"',])|(?=[\"']\S)"
# Programs, and the option behind which each of them takes a password: apart, or written together.
_OPTIONS = tuple(
    (re.compile(program), re.compile(rf"(?<=[\s\"'])(?:{option})"))
    for program, option in (
        (r"ipmi\w*", rf"-P{_BETWEEN}"),
        (r"(?:sshpass|upscmd|upsrw|fence_\w+|racadm|useradd|usermod)\b", rf"-p{_BETWEEN}"),
        (r"(?:mysql|mariadb)\w*", rf"-p(?:{_ATTACHED})"),
        (r"snmp\w+", rf"-[cAX]{_BETWEEN}"),
    )
)
_CURL_USER = re.compile(
    r"(?<=[\s\"'])(?:-u|-U|--user|--proxy-user)(?:[\"'](?=[\s,]))?[\s=,]*(?:a\d{1,3}=)?"
    r"(?P<quote>[\"']?)[^\s:\"']+:(?P<secret>.+?)(?=(?P=quote)(?:[\s,]|\Z))",
    re.DOTALL,
)
_SQLPLUS = re.compile(r"sqlplus[^|;]{0,100}?[\s\"'][\w.$]{1,64}/(?!/)")
_SQLPLUS_PASSWORD = re.compile(r"[^\s@\"']+")
_CREDENTIALS = re.compile(r"://[^/\s:@\"']*:(?P<secret>[^\s/\"']+)(?=@)")
_MONITOR = re.compile(r"MONITOR\s+[^\s@]{1,64}@\S{1,255}\s+\d+\s+\S{1,64}\s+")
# echo x | sudo -S …, echo root:x | chpasswd
_PIPED = re.compile(
    r"(?:echo|printf)\s+(?:-\w+\s+)*(?P<secret>\S.{0,300}?)\s*\|\s*"
    r"(?:\S*sudo\s+(?:-[\w-]+\s+)*-\w*S|(?:\S*sudo\s+(?:-\S+\s+)*)?\S*(?:ch)?passwd\b)",
    re.DOTALL,
)
_HERE = re.compile(r"(?:passwd|\bsudo\s+-\w*S\w*)\b[^|;]{0,200}?<<<\s*")


def requests(text: str, lowered: str) -> Iterator[Span]:
    """`amccmd -downrequest [option] address host code`: the code, wherever it stands."""
    for code in _DEFAULT_CODE.finditer(lowered):
        yield code.span()
    request = _REQUEST.search(lowered)
    if request is None:
        return
    begun = list(_COMMAND.finditer(lowered, 0, request.start()))
    if begun:
        yield from _before(text, begun[-1].end(), request.start())
    yield from _behind(text, request.end())


def _behind(text: str, start: int) -> Iterator[Span]:
    """All behind the host is the code, however it is quoted.

    Without an address within the first two words this is not the known form: only its first word stays. The
    last word is never taken for the host, because a code may follow the address at once.
    """
    if text[start : start + 1] and not text[start].isspace():
        # Words of another notation: none of them is taken for anything but the code.
        yield start + (text[start] in "=,:"), len(text)
        return
    words = [word for word in _WORD.finditer(text, start) if not _ONLY_NEXT_LINE.fullmatch(word[0])]
    address = next((n for n, word in enumerate(words[:2]) if _BARE_ADDRESS.fullmatch(word[0])), None)
    kept = 1 if address is None else min(address + 2, max(address + 1, len(words) - 1))
    for word in words[:kept]:
        # A line that was joined with the next one.
        joined = _NEXT_LINE.search(word[0])
        if joined is not None:
            yield word.start() + joined.start(), word.end()
    for word in words[kept:]:
        yield word.span()


def _before(text: str, start: int, end: int) -> Iterator[Span]:
    """What stands between the command and its request: an address and the host behind it may stay."""
    host = False
    for word in _WORD.finditer(text, start, end):
        if _NO_ARGUMENT.fullmatch(word[0]) or host:
            host = False
        elif _BARE_ADDRESS.fullmatch(word[0]):
            host = True
        else:
            yield word.span()


def options(text: str, lowered: str) -> Iterator[Span]:
    """What stands behind a short option that takes a password."""
    for program, option in _OPTIONS:
        begins = program.search(lowered)
        if begins is None:
            continue
        at = begins.end()
        while (found := option.search(text, at)) is not None:
            at = max(value_end(text, found.end()), found.end())
            yield found.end(), at


def users(text: str, lowered: str) -> Iterator[Span]:
    """`curl -u user:password`."""
    for user in _CURL_USER.finditer(text, lowered.index("curl")):
        yield user.span("secret")


def logons(text: str, lowered: str) -> Iterator[Span]:
    """`sqlplus user/password@database`."""
    for user in _SQLPLUS.finditer(lowered):
        password = _SQLPLUS_PASSWORD.match(text, user.end())
        if password is not None:
            yield password.span()


def addresses(text: str, lowered: str) -> Iterator[Span]:
    """`http://user:password@host`, and NUT's `MONITOR ups@host 1 user password primary`."""
    del lowered
    for credentials in _CREDENTIALS.finditer(text):
        yield credentials.span("secret")
    for monitor in _MONITOR.finditer(text):
        yield monitor.end(), value_end(text, monitor.end())


def typed(text: str, lowered: str) -> Iterator[Span]:
    """What a shell hands to a program that reads a password."""
    del lowered
    for piped in _PIPED.finditer(text) if "|" in text else ():
        yield piped.span("secret")
    for here in _HERE.finditer(text) if "<<<" in text else ():
        yield here.end(), value_end(text, here.end())
