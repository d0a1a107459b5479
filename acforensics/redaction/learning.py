"""What a case calls its servers, users, domains and addresses: learned from all of its lines before any is replaced."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import IO, cast

from acforensics.bundle import Member
from acforensics.bundle.streams import Stream
from acforensics.lines import frame
from acforensics.redaction import places
from acforensics.redaction.content import Content, LoginFields
from acforensics.redaction.inner import between_escapes, replace_inner
from acforensics.redaction.shapes import Shape, replace_shapes
from acforensics.redaction.vocabulary import UNIT_SUFFIXES, is_no_host, is_public, is_system_account
from acforensics.sources import Reading

MOST = 100_000
"""Different names of a sort; those beyond have no stand-in of their own."""

_STAMPED = re.compile(
    rb"^(?:<\d{1,3}>)?(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d"
    rb"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?) ([^\s:]+) [^\s:]+:",
    re.MULTILINE,
)
_COLOURS = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")
# Lines in which an address or an identifier may stand, or text in another form.
_SUSPECT = re.compile(
    rb"\d\.\d{1,3}\.\d{1,3}\.\d|::|:[0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{1,4}:|[0-9A-Fa-f]{32}|SHA256:|[0-9A-Fa-f]{2}-[0-9A-Fa-f]{2}-[0-9A-Fa-f]{2}-"
    rb"|[0-9A-Fa-f]{4}[.-][0-9A-Fa-f]{4}[.-][0-9A-Fa-f]{4}|[0-9A-Fa-f]{16}|saddr=|\d, ?\d{1,3}, ?\d{1,3},"
)
_HOST = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?", re.ASCII)
_USER = re.compile(r"[!-~]{1,64}")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?", re.ASCII)
_SECOND_LEVEL = frozenset(("co", "ne", "or", "ac", "go", "ad", "ed", "gr", "lg", "com", "org", "net", "gov", "edu"))
_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
_USER_FIELDS = ("user", "as_user")
_HOST_FIELDS = ("server", "agent_host", "from")
_LISTED = re.compile(r"[\s,]+")


@dataclass
class Names:
    """What was learned; hosts are without domains, `qualified` are hosts with theirs, all in small letters."""

    hosts: set[str] = field(default_factory=set)
    qualified: set[str] = field(default_factory=set)
    domains: set[str] = field(default_factory=set)
    users: set[str] = field(default_factory=set)
    shapes: dict[Shape, set[str]] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    """Words that look like stand-ins."""

    def full(self) -> bool:
        """Whether there are more names of a sort than are told apart."""
        return any(len(found) >= MOST for found in (self.hosts, self.domains, self.users, *self.shapes.values()))


class Learner:
    """Gathers names while files are read by others: `watch` their members, then `take_readings`."""

    def __init__(self) -> None:
        self.names = Names()

    def watch(self, member: Member) -> Member:
        """The member, of which all is learned from that is read of it."""
        if member.link is not None:
            return member
        self.take_path(member.names)
        stream = cast("IO[bytes]", _Watched(member, self))
        return replace(member, stream=stream)

    def take_path(self, parts: Iterable[str]) -> None:
        """Names of folders and files."""
        for part in parts:
            self._shapes_of(part)
            self.names.taken |= places.taken_in(part.encode("latin-1", "replace"))

    def take_reading(self, reading: Reading) -> None:
        """What the reader of a file made of it: names that only the sort of file tells."""
        for mark in reading.marks:
            self.host(mark.host)
        for hit in reading.hits:
            self.host(hit.host)
            for name in _USER_FIELDS:
                self.user(hit.fields.get(name, ""))
            for name in _HOST_FIELDS:
                for host in _LISTED.split(hit.fields.get(name, "")):
                    self.host(host)
        # Journals are read by another program; its lines are here only.
        raws = "".join(f"{hit.raw}\n" for hit in reading.hits)
        self.take_block(raws.encode("latin-1", "backslashreplace"))
        for fact in reading.facts:
            if fact.name == "member":
                self.host(fact.value)

    def take_block(self, block: bytes) -> None:
        """Whole lines."""
        block = _COLOURS.sub(b" ", block)
        self._hosts_of(block)
        for sort, name in _told(places.find_in(block)):
            if sort == "user":
                self.user(name)
            elif sort == "host":
                self.host(name)
            else:
                self.domain(name)
        for name in places.qualified_in(block):
            self._qualified(name, strong=False)
        self.names.taken |= places.taken_in(block)
        at = 0
        while (match := _SUSPECT.search(block, at)) is not None:
            start = block.rfind(b"\n", 0, match.start()) + 1
            end = block.find(b"\n", match.end())
            at = end + 1 if end >= 0 else len(block)
            self._shapes_of(block[start:at].decode("latin-1"))

    def take_file(self, name: str, content: str) -> None:
        """A small file that holds hardly anything but names."""
        for sort, found in places.in_file(name, content):
            if sort == "domain":
                self.domain(found)
            else:
                self.host(found)

    def host(self, name: str) -> None:
        """A name of a server."""
        name = name.rstrip(".").lower()
        if _ADDRESS.fullmatch(name):
            self._shapes_of(name)
        elif not is_no_host(name) and _HOST.fullmatch(name) and not is_no_host(name.partition(".")[0]):
            if "." in name:
                self._qualified(name, strong=True)
            else:
                self._add(self.names.hosts, name)

    def user(self, name: str) -> None:
        """A name of a user."""
        name = name.strip("'\"").rstrip("$")
        if name and not is_system_account(name) and _USER.fullmatch(name) and not _ADDRESS.fullmatch(name):
            self._add(self.names.users, name)

    def domain(self, name: str) -> None:
        """A domain."""
        name = name.strip(".").lower()
        if "." in name and all(map(_LABEL.fullmatch, name.split("."))) and not is_public(name):
            self._add(self.names.domains, name)

    def _qualified(self, name: str, *, strong: bool) -> None:
        """A name with dots: a server and its domain, or a domain by itself."""
        name = name.lower()
        if is_public(name):
            return
        host, _, domain = name.partition(".")
        labels = domain.split(".")
        is_domain = len(labels) == 1 or (len(labels) == 2 and labels[0] in _SECOND_LEVEL)
        if strong or not is_domain:
            self._add(self.names.qualified, name)
            if strong:
                self._add(self.names.hosts, host)
            if "." in domain or strong:
                self._add(self.names.domains, domain)
        else:
            self._add(self.names.domains, name)

    def _hosts_of(self, block: bytes) -> None:
        found = set(_STAMPED.findall(block))
        for host in found:
            self.host(host.decode("ascii", "replace").rpartition("@")[2].partition("/")[0])
        for line in block.split(b"\n"):
            # Other ways to write a record; most lines have the usual one.
            if line and _STAMPED.match(line) is None and (record := frame(line.decode("latin-1"))) and record.program:
                self.host(record.host)

    def _shapes_of(self, text: str) -> None:
        replace_inner(text, self._inner)
        self._learn_shapes(text)

    def _inner(self, text: str) -> str:
        self.take_block(text.replace("\0", " ").encode("latin-1", "replace"))
        return text

    def _learn_shapes(self, text: str) -> None:
        def learn(shape: Shape, token: str) -> str:
            self._add(self.names.shapes.setdefault(shape, set()), token)
            return token

        replace_shapes(text, learn)
        parts = between_escapes(text)
        for part in parts[::2] if len(parts) > 1 else ():
            replace_shapes(part, learn)

    @staticmethod
    def _add(found: set[str], name: str) -> None:
        if len(found) < MOST:
            found.add(name)


def _told(found: Iterable[tuple[places.Sort, str]]) -> Iterator[tuple[places.Sort, str]]:
    """Of `user@host`, the user is one only where the host is an address or has a domain: units are named alike."""
    mailbox = ""
    for sort, name in found:
        if sort == "mailbox":
            mailbox = name
        elif sort != "address":
            yield sort, name
        elif _ADDRESS.fullmatch(name):
            yield "user", mailbox
        elif "." in name and not _is_unit(name) and not is_public(name.lower()):
            yield "user", mailbox
            yield "address", name


def _is_unit(name: str) -> bool:
    """Whether a name ends as those of units do; consoles cut them."""
    last = name.rpartition(".")[2].lower()
    return any(suffix.startswith(last) for suffix in UNIT_SUFFIXES)


class _Studied:
    """What becomes of the contents of a watched file: nothing but knowledge."""

    def __init__(self, learner: Learner, name: str) -> None:
        self._learner = learner
        self._name = name

    def lines(self, block: bytes) -> bytes:
        """Whole lines."""
        self._learner.take_block(block.replace(b"\r", b"\n"))
        self._learner.take_file(self._name, block.decode("latin-1"))
        return b""

    def login(self, fields: LoginFields) -> LoginFields:
        """A login record."""
        if fields.user:
            self._learner.user(fields.user)
        self._learner.host(fields.host)
        self._learner.host(fields.address)
        return fields

    def scrap(self, data: bytes) -> bytes:
        """What lies between login records."""
        self._learner.take_block(data)
        return b""


class _Watched(Stream):
    """A stream of which every block is learned from, too."""

    def __init__(self, member: Member, learner: Learner) -> None:
        self._inner = member.stream
        self._content = Content(member, _Studied(learner, member.names[-1] if member.names else ""))

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes."""
        block = self._inner.read(size)
        if block:
            self._content.feed(block)
        else:
            self._content.close()
        return block
