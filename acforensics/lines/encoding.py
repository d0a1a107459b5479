"""Which encoding a line is in, decided line by line: logs of Japanese sites mix UTF-8, EUC-JP and CP932.

A line may be cut inside a character (by a length limit, a crash or a full disk): damage is weighed.
"""

from __future__ import annotations

import re
from typing import Literal

Encoding = Literal["ascii", "utf-8", "euc-jp", "cp932", "undecoded"]

# The second form of EUC-JP has the circled digits and other signs of eucJP-ms that the standard lacks.
_LEGACY: tuple[tuple[str, Encoding], ...] = (
    ("euc_jp", "euc-jp"),
    ("euc_jis_2004", "euc-jp"),
    ("cp932", "cp932"),
)

_KANA = range(0x3041, 0x30FF)
_KANJI = range(0x4E00, 0x9FA1)
_PUNCTUATION = range(0x3000, 0x3016)
_FULLWIDTH = range(0xFF01, 0xFF5F)
_HALFWIDTH_KATAKANA = range(0xFF61, 0xFFA0)
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
_ESCAPED = re.compile(r"(?:\\x[89a-f][0-9a-f])+")


def decode_line(raw: bytes) -> tuple[str, Encoding]:
    r"""Decode one line; what no encoding explains is kept with `\xNN` escapes, so nothing is lost."""
    if raw.isascii():
        return raw.decode("ascii"), "ascii"
    try:
        return raw.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    if _is_damaged_utf8(raw):
        return raw.decode("utf-8", "backslashreplace"), "utf-8"
    best: tuple[float, str, Encoding] = (0.0, "", "undecoded")
    for codec, name in _LEGACY:
        for decoded in _readings(raw, codec):
            score = _plausibility(decoded, name)
            if score > best[0]:
                best = (score, decoded, name)
    if best[0] > 0:
        return best[1], best[2]
    return raw.decode("utf-8", "backslashreplace"), "undecoded"


def _is_damaged_utf8(raw: bytes) -> bool:
    """Whether all but a cut or two is Japanese in UTF-8, whose three bytes a character others hardly ever have."""
    decoded = raw.decode("utf-8", "backslashreplace")
    cuts = len(_ESCAPED.findall(decoded))
    japanese = sum(
        ord(c) in _KANA or ord(c) in _PUNCTUATION or ord(c) in _KANJI or 0xFF00 <= ord(c) < 0xFFF0 for c in decoded
    )
    high = sum(len(run) for run in _HIGH_RUN.findall(raw))
    return japanese >= 3 * cuts and japanese * 3 * 4 >= high * 3


def _readings(raw: bytes, codec: str) -> list[str]:
    """The line in one encoding; where that fails, also as a line that begins inside a character."""
    whole = raw.decode(codec, "backslashreplace")
    first = _HIGH_RUN.search(raw)
    if first is None or _ESCAPED.search(whole) is None:
        return [whole]
    behind = first.start() + 1
    return [
        whole,
        raw[:behind].decode("ascii", "backslashreplace") + raw[behind:].decode(codec, "backslashreplace"),
    ]


def _plausibility(decoded: str, encoding: Encoding) -> float:
    """Share of ordinary Japanese characters, above 0 where they prevail.

    EUC-JP read as CP932 turns into half-width katakana and rare signs; written in EUC-JP, half-width katakana
    have a lead byte of their own and hardly come about by chance.
    """
    good = bad = 0.0
    for character in _ESCAPED.sub("\ufffd", decoded):
        code = ord(character)
        if code < 0x80:
            continue
        if code in _KANA:
            good += 2
        elif code in _KANJI or code in _PUNCTUATION or code in _FULLWIDTH:
            good += 1
        elif code in _HALFWIDTH_KATAKANA:
            good += 1 if encoding == "euc-jp" else 0.5
            bad += 0 if encoding == "euc-jp" else 0.5
        else:
            bad += 2
    return (good - bad) / max(1, good + bad) + (0.001 if good else 0)
