"""What says which servers a cluster has: the output of clpstat, and the names in clp.conf. Neither is a log.

Of clp.conf the names are kept, and its text without passwords for whoever reads the settings.
"""

from __future__ import annotations

import re
from contextlib import suppress
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from acforensics.bundle import Member
from acforensics.lines import decode_line, frame, mask_secrets
from acforensics.parsing.recognition import Recogniser
from acforensics.sources.reading import Document, Fact, FactName, Reading
from acforensics.sources.sequential import LineReader, name_encodings
from acforensics.texts import text

STATE_FORMAT = "clpstat output"
CONFIGURATION_FORMAT = "clp.conf"
MOST_BYTES = 16 << 20
_MOST_FACTS = 1000
_LONGEST_NAME = 255

_BANNER = re.compile(rb"=+[ \t]*CLUSTER (?:STATUS|INFORMATION)[ \t]*=+")
_SECTION = re.compile(r"[ \t]*<(?P<name>\w+)>[ \t]*$")
# A name is filled up with dots; one that takes the whole column may have been cut.
_SERVER = re.compile(r"(?P<indent>[ \t]*\*?)(?P<name>[^\s*:]\S*)[ \t]+(?P<dots>\.+)?[ \t]*:[ \t]*(?P<state>\S.*)$")
_COLUMN_END = re.compile(r" {2,}|\t")
_SERVER_ENTRY = re.compile(r"[ \t]*\[Server\d+[ \t]*:[ \t]*(?P<name>[^\s\]]+)[ \t]*\]")


class StateParser:
    """Finds the servers in the lines of clpstat's output, wherever it stands."""

    def __init__(self) -> None:
        self._in_servers = False
        self._column: int | None = None
        self.cut: tuple[int, str] | None = None
        """The first line with a server whose name may be cut."""

    def take(self, line: str, number: int) -> list[Fact]:
        """What a line says: a member of the cluster, and its state."""
        entry = _SERVER_ENTRY.match(line)
        if entry is not None:
            return [_member(entry["name"], number, line)]
        section = _SECTION.match(line)
        if section is not None or line.lstrip().startswith("==="):
            self._in_servers = section is not None and section["name"] == "server"
            self._column = None
            return []
        match = _SERVER.match(line) if self._in_servers else None
        if match is None:
            return []
        column = len(match["indent"].expandtabs())
        if match["dots"]:
            self._column = column
            # A comment may follow in another column.
            state = _COLUMN_END.split(match["state"].strip())[0]
            return [_member(match["name"], number, line), _fact("state", f"{match['name']}: {state}", number, line)]
        if match["indent"].endswith("*") or column == self._column:
            self.cut = self.cut or (number, match["name"])
        return []


class ClusterState(LineReader):
    """Reads a file with clpstat's output; records of logs that were pasted around it are taken too."""

    @staticmethod
    def fits(member: Member, head: bytes) -> bool:
        """By the banner, or by a section of servers under the cluster's name."""
        lines = [line.strip() for line in head.splitlines()]
        named = any(line.startswith(b"Cluster :") for line in lines) and b"<server>" in lines
        return named or any(_BANNER.match(line) for line in lines)

    def __init__(self, reading: Reading, recogniser: Recogniser) -> None:
        super().__init__(reading, recogniser)
        reading.format = STATE_FORMAT
        self._parser = StateParser()

    def take_line(self, line: str, number: int, offset: int) -> None:
        """Take a line of the output, or one of another text."""
        facts = self._parser.take(line, number)
        if len(self.reading.facts) < _MOST_FACTS:
            self.reading.facts += facts
        record = frame(line) if not facts else None
        if record is not None:
            self.take(record, number, line, offset)

    def finish(self) -> None:
        """Say where a name cannot be relied on."""
        if self._parser.cut is not None:
            line, name = self._parser.cut
            self.reading.notes.append(text("input.clpstat-cut-name", line=line, name=name))


_CONFIGURATION = re.compile(
    rb"\s*(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)?(?:<!DOCTYPE.*?)?<root(?:\s[^>]*)?>", re.DOTALL
)
# Elements that a cluster's configuration has near its beginning.
_KNOWN = re.compile(rb"<(?:all|trekking|cluster|serveros|charset|heartbeat|webmgr|server name=|group name=|pm|rc|rm)\b")
_NAMED = re.compile(r"clp.*\.conf", re.IGNORECASE)
_DECLARED = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
# Elements whose text is a password.
_SECRET = re.compile(
    r"(<[\w.:-]{0,40}(?:pwd|passw|passphrase|secret|seccode|community)[\w.:-]{0,40}(?:\s[^<>]{0,200})?>)"
    r"((?:[^<]|<!\[CDATA\[(?:[^\]]|\](?!\]>))*)+)",
    re.IGNORECASE,
)
_JAPANESE = {"euc-jp": "euc_jp", "shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932", "windows-31j": "cp932"}


class ClusterConfiguration:
    """Reads the servers' names from clp.conf, and keeps its text."""

    @staticmethod
    def fits(member: Member, head: bytes) -> bool:
        """By its root and what stands below it; a file of this name by its first sign."""
        begins = _CONFIGURATION.match(head)
        if begins is not None and _KNOWN.search(head, begins.end()):
            return True
        name = member.names[-1] if member.names else ""
        return _NAMED.match(name) is not None and head.lstrip(b"\xef\xbb\xbf\0 \t\r\n").startswith(b"<")

    def __init__(self, reading: Reading, recogniser: Recogniser) -> None:
        self._reading = reading
        reading.format = CONFIGURATION_FORMAT
        self._content = bytearray()
        self._lines_cut = 0
        self._too_large = False

    def feed(self, block: bytes) -> None:
        """Keep the next block, up to a size that no configuration has."""
        room = MOST_BYTES - len(self._content)
        self._content += block[:room]
        self._too_large = self._too_large or len(block) > room
        self._lines_cut += block.count(b"\n", max(0, room))

    def close(self) -> None:
        """Parse it."""
        reading = self._reading
        whole = bytes(self._content)
        reading.lines = whole.count(b"\n") + bool(whole and not whole.endswith(b"\n")) + self._lines_cut
        if self._too_large:
            reading.notes.append(text("input.clp-conf-too-large", limit=MOST_BYTES >> 20))
            return
        document, reading.encoding = _decoded(whole)
        reading.document = Document("settings", _SECRET.sub(_without_secret, document))
        skipped = len(document) - len(document.lstrip("\ufeff \t\r\n"))
        names = _Names(document.count("\n", 0, skipped))
        parser = DefusedXMLParser(target=names, forbid_dtd=True)
        names.parser = parser
        try:
            parser.feed(document[skipped:])
            parser.close()
        except DefusedXmlException:
            reading.notes.append(text("input.clp-conf-entities"))
        except ParseError as error:
            line = error.position[0] + names.lines_before
            reading.notes.append(text("input.clp-conf-broken", line=line, count=len(names.found)))
        reading.facts += names.found


class _Names:
    """Target of the parser: the names of /root/server, and where they stand."""

    def __init__(self, lines_before: int) -> None:
        self.lines_before = lines_before
        self.found: list[Fact] = []
        self.parser: DefusedXMLParser | None = None
        self._depth = 0
        self._in_root = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        self._depth += 1
        if self._depth == 1:
            self._in_root = tag == "root"
        elif self._depth == 2 and self._in_root and tag == "server" and attributes.get("name", "").strip():
            line = self.parser.parser.CurrentLineNumber if self.parser is not None else 1
            name = attributes["name"].strip()
            if len(self.found) < _MOST_FACTS and len(name) <= _LONGEST_NAME:
                self.found.append(_member(name, line + self.lines_before, f'<server name="{name}">'))

    def end(self, tag: str) -> None:
        """An element ends."""
        self._depth -= 1

    def data(self, data: str) -> None:
        """What stands in elements is not kept."""

    def close(self) -> None:
        """The document ends."""


def _decoded(content: bytes) -> tuple[str, str]:
    """The document as text, whatever its first line says; and the encoding that it really has."""
    content = content.replace(b"\0", b"")
    if content.isascii():
        return content.decode("ascii"), "ascii"
    declared = _DECLARED.search(content[:1024])
    codec = _JAPANESE.get(declared[1].decode("ascii").lower(), "") if declared else ""
    with suppress(UnicodeDecodeError):
        return content.decode("utf-8"), "utf-8"
    lines = [decode_line(line[: 64 << 10]) for line in content.split(b"\n")]
    seen = name_encodings({encoding for _, encoding in lines})
    with suppress(UnicodeDecodeError):
        # Nearly any text in EUC-JP passes for half-width katakana of CP932.
        if codec and not (codec == "cp932" and seen == "euc-jp"):
            return content.decode(codec), codec.replace("_", "-")
    return "\n".join(line for line, _ in lines), seen


def _without_secret(match: re.Match[str]) -> str:
    """The element without what stands in it, but for its lines."""
    return match[1] + "\n" * match[2].count("\n")


def _member(name: str, number: int, line: str) -> Fact:
    return _fact("member", name, number, line)


def _fact(name: FactName, value: str, number: int, line: str) -> Fact:
    return Fact(name, mask_secrets(value)[:_LONGEST_NAME], number, mask_secrets(line.strip())[:_LONGEST_NAME])
