"""Contents of files without secrets, names and addresses: in their own encoding, with their own line ends."""

from __future__ import annotations

import re

from acforensics.lines import decode_line, frame, mask_secrets
from acforensics.masking import MASK, continued
from acforensics.redaction.content import LoginFields
from acforensics.redaction.rewriting import Rewriter

_LINES = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_CODECS = {"euc-jp": "euc_jp", "cp932": "cp932", "utf-8": "utf-8", "ascii": "ascii"}
_KEY_BEGINS, _KEY_ENDS = re.compile(rb"-----BEGIN [A-Z0-9 ]{1,60}-----"), re.compile(rb"-----END [A-Z0-9 ]{1,60}-----")
# Two bytes of CP932, of which the second may look like a letter of a name.
_PAIRS = re.compile(r"[\x81-\x9f\xe0-\xfc][\x40-\x7e\x80-\xfc]")
_PRIVATE = 0xF0000
_PAIRED = re.compile(f"[{chr(_PRIVATE)}-{chr(_PRIVATE + 0xFFFF)}]")
_ENTRY = re.compile(r"\"MESSAGE\"\s*:\s*\"((?:[^\"\\]|\\.)*)\"")
_RUNS = re.compile(rb"[\x20-\x7e]{3,}")


class Redactor:
    """Redacts one file, as its content is taken apart."""

    def __init__(self, rewriter: Rewriter) -> None:
        self._rewriter = rewriter
        self._begun = ""
        self._in_key = False

    def lines(self, block: bytes) -> bytes:
        """Whole lines."""
        written = []
        for line in _LINES.findall(block):
            body = line.rstrip(b"\r\n")
            # Behind NUL bytes of a crash the next record begins within the same line.
            parts = body.split(b"\0")
            written += [b"\0".join(self._line(part) if part else part for part in parts), line[len(body) :]]
        return b"".join(written)

    def login(self, fields: LoginFields) -> LoginFields:
        """A login record."""
        clean = LoginFields(mask_secrets(fields.user), mask_secrets(fields.host), fields.address)
        return self._rewriter.login(clean)

    def scrap(self, data: bytes) -> bytes:
        """What lies between login records: text in it is replaced where it stands."""
        return _RUNS.sub(lambda run: self._line(run[0])[: len(run[0])].ljust(len(run[0]), b"\0"), data)

    def _line(self, raw: bytes) -> bytes:
        if self._is_of_key(raw):
            return MASK.encode()
        text, encoding = decode_line(raw)
        masked = self._masked(text)
        if masked != text:
            raw = masked.encode(_CODECS.get(encoding, "utf-8"), "replace")
        shown = raw.decode("latin-1")
        if encoding != "cp932":
            return self._rewriter.line(shown).encode("latin-1", "replace")
        paired = _PAIRS.sub(lambda pair: chr(_PRIVATE + (ord(pair[0][0]) << 8) + ord(pair[0][1])), shown)
        rewritten = self._rewriter.line(paired)
        return _PAIRED.sub(lambda pair: _unpaired(ord(pair[0]) - _PRIVATE), rewritten).encode("latin-1", "replace")

    def _masked(self, text: str) -> str:
        """Without secrets; a command that goes on in the next record hides it there."""
        goes_on = text.rstrip(" \t").endswith("\\") or '\\\\"' in text
        own = _own_part(text) if self._begun or goes_on else None
        begun, self._begun = self._begun, ""
        if own is None:
            return mask_secrets(text)
        start, end = own
        self._begun = continued(begun, text[start:end])
        if begun:
            text = text[:start] + mask_secrets(text[start:end], begun) + text[end:]
        return mask_secrets(text)

    def _is_of_key(self, raw: bytes) -> bool:
        """Whether a line belongs to a key or a certificate that is written out."""
        if b"-----" in raw:
            begins, ends = _KEY_BEGINS.search(raw), _KEY_ENDS.search(raw)
            if begins is not None and ends is not None and begins.end() < ends.start():
                return True
            self._in_key = begins is not None or (self._in_key and ends is None)
            return False
        return self._in_key and b" " not in raw.strip()


def _own_part(text: str) -> tuple[int, int]:
    """Where the message of a record stands; the whole line, where it is none."""
    if text.startswith("{"):
        entry = _ENTRY.search(text)
        return entry.span(1) if entry is not None else (0, len(text))
    record = frame(text)
    if record is not None and record.message and text.endswith(record.message):
        return len(text) - len(record.message), len(text)
    return 0, len(text)


def _unpaired(code: int) -> str:
    return chr(code >> 8) + chr(code & 0xFF)
