"""Addresses and identifiers, told by their shape: IPv4, IPv6, MAC addresses, machine and boot ids, key fingerprints."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Literal

Shape = Literal["ipv4", "ipv6", "mac", "id", "key"]
Resolver = Callable[[Shape, str], str]
"""Gives what a token of a shape is replaced by; tokens come in one spelling (`canonical`)."""

_LONG = re.compile(r"[0-9A-Fa-f]{32}|SHA256:|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.")
# So many of these marks stand in the shortest address.
_LEAST_MARKS = ((".", 3), ("::", 1), (":", 5), ("-", 4))
_SHAPES = re.compile(
    r"(?<![0-9A-Za-z])(?:(?=[0-9A-Fa-f:])(?:"
    r"(?P<uuid>[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![0-9A-Za-z]))"
    r"|(?P<id>(?<!saddr=)[0-9A-Fa-f]{32}(?![0-9A-Za-z]))"
    r"|(?P<mac>(?<!:)[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5,19}(?![0-9A-Za-z:]))"
    r"|(?P<dashed>(?<!-)[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5}(?![0-9A-Za-z-]))"
    r"|(?P<dotted>(?<!\.)[0-9A-Fa-f]{4}(?:\.[0-9A-Fa-f]{4}){2}(?![0-9A-Za-z.]))"
    r"|(?P<ipv6>(?<![:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![0-9A-Za-z:])(?!\.\d)))"
    r"|(?P<key>SHA256:[A-Za-z0-9+/]{43}(?![A-Za-z0-9+/]))"
    r"|(?P<message_id>MESSAGE_ID\\?\"?[=:] ?\\?\"?[0-9a-f]{32}\b))"
    r"|(?P<ipv4>(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?!\d|\.\d))",
    re.ASCII,
)
# What stands before a version of four numbers, and behind one.
_OF_VERSION = re.compile(r"(?:\b(?:version|firmware|ver)[\s:=.]{1,3}v?|\bv|\d[-_]|[A-Za-z]\d*-)\Z", re.IGNORECASE)
_TO_VERSION = re.compile(r"-\d+(?:[.~+_]\w+)*(?:\.(?:el|fc|amzn|suse|deb|ubuntu|x86_64|noarch|rpm|i686)|\b(?!\.))")
_BEFORE = 16
_LETTER = re.compile("[A-Fa-f]")
_PROGRAM = re.compile("[A-Fa-f]+::[A-Fa-f]+")
_NO_MAC = re.compile(r"(?:00|ff)(?:[:.-]?(?:00|ff))*", re.IGNORECASE)
_NETFILTER = 14
"""Octets of `MAC=` in lines of the kernel's packet filter: to, from, and a type."""
_KEPT = tuple(ipaddress.ip_network(net) for net in ("0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/4"))
_MASKS = frozenset(ipaddress.ip_network(f"0.0.0.0/{bits}").netmask for bits in range(33))


def replace_shapes(text: str, resolve: Resolver) -> str:
    """Replace every address and identifier of a text; what only looks like one (times, versions, netmasks) stays."""
    # Most lines hold none: counting is much faster than looking for all shapes.
    if not any(text.count(mark) >= least for mark, least in _LEAST_MARKS) and _LONG.search(text) is None:
        return text
    return _SHAPES.sub(lambda match: _replaced(match, resolve), text)


def _replaced(match: re.Match[str], resolve: Resolver) -> str:
    token = match[0]
    sort = match.lastgroup
    if sort == "ipv4":
        return _ipv4(match, resolve)
    if sort == "ipv6":
        return _ipv6(token, resolve)
    if sort == "key":
        return f"SHA256:{resolve('key', token[7:])}"
    if sort in ("id", "uuid"):
        return _respelled(token, resolve("id", token.replace("-", "").lower()))
    if sort in ("mac", "dashed", "dotted"):
        return _mac(token, sort, resolve)
    return token


def _ipv4(match: re.Match[str], resolve: Resolver) -> str:
    token, text = match[0], match.string
    try:
        address = ipaddress.IPv4Address(token)
    except ValueError:
        return token
    if is_kept(address):
        return token
    before = text[max(0, match.start() - _BEFORE) : match.start()]
    if _TO_VERSION.match(text, match.end()) and _OF_VERSION.search(before):
        return token
    if _OF_VERSION.search(before) and not before.endswith(("-", "_")):
        return token
    return resolve("ipv4", token)


def is_kept(address: ipaddress.IPv4Address) -> bool:
    """Loopback, netmasks and addresses of no machine stay."""
    return any(address in net for net in _KEPT) or address in _MASKS


def _ipv6(token: str, resolve: Resolver) -> str:
    if "::" not in token and token.count(":") < 7:
        # A time.
        return token
    try:
        address = ipaddress.IPv6Address(token)
    except ValueError:
        return token
    # `::` and `::1`; words of a program look like an address without digits (`dead::beef`).
    if int(address) <= 1 or _PROGRAM.fullmatch(token) is not None:
        return token
    return resolve("ipv6", str(address))


def _mac(token: str, sort: str, resolve: Resolver) -> str:
    if _NO_MAC.fullmatch(token) or (sort == "dashed" and _LETTER.search(token) is None):
        # Dates are written like that, too.
        return token
    digits = re.sub("[:.-]", "", token).lower()
    if len(digits) == 2 * _NETFILTER:
        parts = (digits[:12], digits[12:24])
        plain = "".join(part if _NO_MAC.fullmatch(part) else resolve("mac", part) for part in parts) + digits[24:]
    else:
        # Longer ones are those of other hardware, and fingerprints of keys.
        found = resolve("mac", digits)
        plain = found[:2] + found[2:].rjust(len(digits) - 2, "0")
    return _respelled(token, plain)


def _respelled(token: str, digits: str) -> str:
    """Digits with the marks and in the letters of what they replace."""
    if len(token) == len(digits) and (token.islower() or token.isdigit()):
        return digits
    given = iter(digits.upper() if token.upper() == token and token.lower() != token else digits)
    return "".join(next(given) if character.isalnum() else character for character in token)
