"""Stand-ins for what was learned: stable, readable, of the same form, and different from every name in the case."""

from __future__ import annotations

import ipaddress
import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from acforensics.redaction.learning import Names
from acforensics.redaction.shapes import Shape
from acforensics.redaction.vocabulary import is_no_host, is_ordinary, is_system_account

_PARTS = re.compile(r"(\d+)")
MARKS = "-_.+"
_WORD = re.compile(r"[A-Za-z0-9]+(?:[-_.+]+[A-Za-z0-9]+)*", re.ASCII)
_CUT_BY_LISTINGS = 8
"""Letters of a user's name that `last` shows."""
# Addresses for documents, then those for measurements of networks: nobody's.
_IPV4 = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15")
_IPV6 = ipaddress.IPv6Network("2001:db8::/32")
_MAC = 0x02 << 40


class Pseudonyms:
    """What each name and address is called. Numbers follow the order of the names, so the order of files is nothing."""

    def __init__(self, names: Names) -> None:
        numbered = _Numbers(names.taken)
        self.hosts = dict(zip(_sorted(names.hosts | _hosts_of(names.qualified)), numbered("server{}"), strict=False))
        self.domains = dict(zip(_sorted(names.domains), numbered("domain{}", ".example"), strict=False))
        long, cut = _cut_names(names.users)
        self.users = dict(zip(_sorted(long), numbered("user{}"), strict=False))
        self.users |= {name: self.users[whole] for name, whole in cut.items()}
        found = names.shapes
        self.shapes: dict[Shape, dict[str, str]] = {
            "ipv4": _paired(found, "ipv4", _ipv4, ipaddress.IPv4Address),
            "ipv6": _paired(found, "ipv6", _ipv6, ipaddress.IPv6Address),
            "mac": _paired(found, "mac", _macs),
            "id": _paired(found, "id", lambda: (f"{number:032x}" for number in itertools.count(1))),
            "key": _paired(found, "key", lambda: (f"{number:043d}" for number in itertools.count(1))),
        }
        self._given = {stand_in for pairs in self.shapes.values() for stand_in in pairs.values()}
        self.words = dict(self._words(names))
        """Names that are replaced wherever they stand as a word, in small letters."""
        self.ordinary = {name for name in (*names.hosts, *map(str.lower, self.users)) if name not in self.words}
        """Names that are replaced only in the place of a name."""

    def _words(self, names: Names) -> Iterator[tuple[str, str]]:
        for user, stand_in in self.users.items():
            word = user.strip(MARKS)
            if not is_ordinary(word) and _WORD.fullmatch(word):
                yield word.lower(), stand_in
        for host in names.hosts:
            if not is_ordinary(host):
                yield host, self.hosts[host]
        yield from self.domains.items()
        for name in names.qualified:
            yield name, self.host(name)

    def host(self, name: str) -> str:
        """A name in the place of a server's: short, or with its domain; what is no name stays."""
        plain = name.lower().rstrip(".")
        if is_no_host(plain):
            return name
        short, dot, domain = plain.partition(".")
        stand_in = self.hosts.get(plain) or self.hosts.get(short)
        if stand_in is None:
            return name
        if dot and plain not in self.hosts:
            stand_in = f"{stand_in}.{self.domains.get(domain, 'domain.example')}"
        return _like(name, stand_in)

    def user(self, name: str) -> str:
        """A name in the place of a user's."""
        return name if is_system_account(name) else self.users.get(name.rstrip("$"), name)

    def word(self, name: str) -> str | None:
        """What a word is replaced by, if it is a name."""
        stand_in = self.words.get(name.lower())
        return _like(name, stand_in) if stand_in is not None else None

    def shape(self, shape: Shape, token: str) -> str:
        """What an address or identifier is replaced by: one that was never learned by that of number 0."""
        # Longer ones of a MAC's form are filled up with zeros.
        short = f"{token[:2]}{token[2:].lstrip('0').rjust(10, '0')}" if shape == "mac" else token
        if short in self._given:
            return short
        return self.shapes[shape].get(token) or _OTHERS[shape]

    def as_map(self) -> dict[str, dict[str, str]]:
        """Sort → original → stand-in."""
        kinds: dict[str, Mapping[str, str]] = {"server": self.hosts, "domain": self.domains, "user": self.users}
        kinds.update((shape, pairs) for shape, pairs in self.shapes.items())
        return {kind: dict(sorted(pairs.items())) for kind, pairs in kinds.items()}

    def to_json(self) -> str:
        """The map as it is written on request."""
        return json.dumps(self.as_map(), ensure_ascii=False, indent=2) + "\n"


_OTHERS: dict[Shape, str] = {
    "ipv4": "192.0.2.0", "ipv6": "2001:db8::", "mac": f"{_MAC:012x}", "id": "0" * 32, "key": "0" * 43,
}  # fmt: skip


class _Numbers:
    """Numbered names, without those that stand in the case."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = frozenset(taken)

    def __call__(self, form: str, suffix: str = "") -> Iterator[str]:
        names = (form.format(number) for number in itertools.count(1))
        return (name + suffix for name in names if name not in self._taken)


def _like(name: str, stand_in: str) -> str:
    """In capital letters where the name is."""
    return stand_in.upper() if name.isupper() else stand_in


def _sorted(names: Iterable[str]) -> list[str]:
    """In the order of people, who put svr9 before svr10."""
    return sorted(
        names, key=lambda name: ([(int(p), "") if p.isdecimal() else (-1, p) for p in _PARTS.split(name)], name)
    )


def _hosts_of(qualified: Iterable[str]) -> set[str]:
    return {name.partition(".")[0] for name in qualified}


def _cut_names(users: set[str]) -> tuple[list[str], dict[str, str]]:
    """Names that `last` cut are those of the only user who is called so."""
    starts: dict[str, list[str]] = {}
    for user in users:
        if len(user) > _CUT_BY_LISTINGS:
            starts.setdefault(user[:_CUT_BY_LISTINGS], []).append(user)
    cut = {start: whole[0] for start, whole in starts.items() if start in users and len(whole) == 1}
    return [user for user in users if user not in cut], cut


def _paired(
    found: Mapping[Shape, set[str]],
    shape: Shape,
    stand_ins: Callable[[], Iterator[str]],
    key: Callable[[str], object] = str,
) -> dict[str, str]:
    own = found.get(shape, set())
    free = (stand_in for stand_in in stand_ins() if stand_in not in own)
    return dict(zip(sorted(own, key=key), free, strict=False))  # type: ignore[arg-type]


def _ipv4() -> Iterator[str]:
    for network in _IPV4:
        yield from map(str, ipaddress.IPv4Network(network).hosts())


def _ipv6() -> Iterator[str]:
    return (str(_IPV6[number]) for number in itertools.count(1))


def _macs() -> Iterator[str]:
    return (f"{_MAC + number:012x}" for number in itertools.count(1))
