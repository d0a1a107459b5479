"""Replaces names and addresses in lines, paths and login records. What was replaced once stays as it is."""

from __future__ import annotations

import re
from collections.abc import Iterable

from acforensics.lines import frame
from acforensics.masking import MASK
from acforensics.redaction import places
from acforensics.redaction.content import LoginFields
from acforensics.redaction.inner import between_escapes, replace_inner
from acforensics.redaction.pseudonyms import Pseudonyms
from acforensics.redaction.shapes import replace_shapes
from acforensics.redaction.torn import Torn
from acforensics.redaction.vocabulary import sentence_words

_SYLLABLE = re.compile("[a-z0-9]+")
# Blanks that fill a column.
_FILL = r"(?P<fill> {2,}(?=\S)| +(?=\]))?"
_MOST_COMPILED, _MOST_NAMES = 1000, 100
# The host of a record stands behind its time.
_TIME = re.compile(r"\d\d:\d\d:\d\d")
_ACCOUNT = re.compile(r"^([^:\s]{1,64}:[^:\s]*:\d+:\d+:)([^:]+)(?=:[^:]*:[^:]*$)")
_HASH = re.compile(r"\$(?:1|2[abxy]?|5|6|7|y|gy|sha1|apr1)\$[^\s:\"',]{8,200}")
_PUBLIC_KEY = re.compile(r"\b((?:ssh-[a-z0-9-]+|ecdsa-[a-z0-9-]+|sk-[a-z0-9@.-]+) )AAAA[A-Za-z0-9+/=]{16,}")
_COMMUNITY = re.compile(r"(<community>)[^<]+", re.IGNORECASE)


class Rewriter:
    """Applies stand-ins."""

    def __init__(self, pseudonyms: Pseudonyms, folders: tuple[str, ...] = ()) -> None:
        """`folders`: where the inputs lie; that is left out of paths."""
        self.pseudonyms = pseudonyms
        self._torn = Torn(pseudonyms)
        self._folders = tuple(f"{folder.rstrip('/')}/" for folder in folders if folder.strip("/."))
        self._by_head: dict[str, list[str]] = {}
        for word in pseudonyms.words:
            self._by_head.setdefault(_SYLLABLE.findall(word)[0], []).append(word)
        spoken = sorted(name for name in pseudonyms.ordinary if name not in sentence_words())
        listed = "|".join(map(re.escape, spoken[:_MOST_NAMES]))
        self._spoken = re.compile(rf"(?<![A-Za-z0-9])(?:{listed})(?![A-Za-z0-9])", re.ASCII) if listed else None
        self._patterns: dict[tuple[str, ...], re.Pattern[str]] = {}

    def line(self, text: str) -> str:
        """One line of a log or of another text; characters may stand for bytes."""
        text = self._keys(text)
        text = replace_inner(text, self.line)
        if self.pseudonyms.ordinary:
            text = self._placed(text)
        return self._everywhere(text)

    def sentence(self, text: str) -> str:
        """Words of ours: in them, ordinary words are names unless our sentences have them, too."""
        if self._spoken is not None:
            text = self._spoken.sub(self._spoken_name, text)
        return self.text(text)

    def _spoken_name(self, match: re.Match[str]) -> str:
        host = self.pseudonyms.host(match[0])
        return host if host != match[0] else self.pseudonyms.user(match[0])

    def text(self, text: str) -> str:
        """A text of several lines, perhaps with paths, perhaps cut."""
        text = self._torn.without(text)
        for folder in self._folders:
            text = text.replace(folder, "")
        return "\n".join(self.line(line) for line in text.split("\n"))

    def path(self, path: str) -> str:
        """A path, part by part."""
        for folder in self._folders:
            path = path.removeprefix(folder)
        return "".join(part if part in "/!" else self._everywhere(part) for part in re.split("([/!])", path))

    def host(self, name: str) -> str:
        """What stands in the place of a host's name."""
        replaced = self.pseudonyms.host(name)
        return replaced if replaced != name else self._everywhere(name)

    def user(self, name: str) -> str:
        """What stands in the place of a user's name."""
        replaced = self.pseudonyms.user(name)
        return replaced if replaced != name else self._everywhere(name)

    def login(self, fields: LoginFields) -> LoginFields:
        """The names of a login record."""
        address = self._everywhere(fields.address)
        return LoginFields(self.user(fields.user), self.host(fields.host), address)

    # --- parts of a line

    def _keys(self, text: str) -> str:
        if "$" in text:
            text = _HASH.sub(MASK, text)
        if " AAAA" in text:
            text = _PUBLIC_KEY.sub(rf"\1{MASK}", text)
        if "ommunity>" in text:
            text = _COMMUNITY.sub(rf"\1{MASK}", text)
        if text.count(":") >= 6:
            # The name of a person in the list of accounts.
            text = _ACCOUNT.sub(r"\1", text)
        return text

    def _placed(self, text: str) -> str:
        """Names that are ordinary words, in the places of names."""
        found = [(place.start, place.end, self._of(place)) for place in places.find(text)]
        record = frame(text)
        if record is not None and record.host.lower() in self.pseudonyms.ordinary:
            time = _TIME.search(text)
            start = text.find(record.host, time.end() if time is not None else 0)
            if start >= 0:
                found.append((start, start + len(record.host), self.host(record.host)))
        parts, at = [], 0
        for start, end, instead in sorted(found):
            if start >= at:
                parts += [text[at:start], instead]
                at = end
        return "".join(parts) + text[at:]

    def _of(self, place: places.Place) -> str:
        name = place.name
        if name.lower() not in self.pseudonyms.ordinary:
            return name
        if place.sort in ("user", "mailbox"):
            return self.pseudonyms.user(name)
        return self.pseudonyms.host(name)

    def _everywhere(self, text: str) -> str:
        text = self._plain(text)
        parts = between_escapes(text)
        return "".join(part if i % 2 else self._plain(part) for i, part in enumerate(parts)) if len(parts) > 1 else text

    def _plain(self, text: str) -> str:
        text = replace_shapes(text, self.pseudonyms.shape)
        lowered = text.lower()
        heads = self._by_head.keys() & set(_SYLLABLE.findall(lowered))
        return self._pattern(heads, lowered).sub(self._word, text) if heads else text

    def _pattern(self, heads: Iterable[str], lowered: str) -> re.Pattern[str]:
        """What finds the names that begin with these syllables, the longest first: most lines have the same few."""
        names = tuple(sorted((name for head in heads for name in self._by_head[head]), key=lambda n: (-len(n), n)))
        if len(names) > _MOST_NAMES:
            names = tuple(name for name in names if name in lowered)
        pattern = self._patterns.get(names)
        if pattern is None:
            listed = "|".join(map(re.escape, names)) or "(?!)"
            pattern = re.compile(rf"(?<![A-Za-z0-9])(?P<name>{listed})(?![A-Za-z0-9]){_FILL}", re.IGNORECASE | re.ASCII)
            if len(self._patterns) >= _MOST_COMPILED:
                self._patterns.clear()
            self._patterns[names] = pattern
        return pattern

    def _word(self, match: re.Match[str]) -> str:
        name, fill = match["name"], match["fill"] or ""
        instead = self.pseudonyms.word(name) or name
        if not fill:
            return instead
        # Columns stay where they are.
        least = 0 if match.string[match.end() : match.end() + 1] == "]" else 1
        return instead + " " * max(least, len(name) + len(fill) - len(instead))
