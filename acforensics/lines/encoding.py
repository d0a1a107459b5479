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

_ABOVE_ASCII = re.compile("[^\0-\x7f]+")
_KANA = re.compile("[\u3041-\u30fe]+")
_KANJI = re.compile("[\u3000-\u3015\u4e00-\u9fa0\uff01-\uff5e]+")
"""With the punctuation and the full-width letters that stand among them."""
_HALFWIDTH_KATAKANA = re.compile("[\uff61-\uff9f]+")
_JAPANESE = re.compile("[\u3000-\u3015\u3041-\u30fe\u4e00-\u9fa0\uff00-\uffef]+")
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
_LOOKED_AT = 4096
"""Bytes of a line from its first one above ASCII that its encoding is told by."""
_ESCAPED = re.compile(r"(?:\\x[89a-f][0-9a-f])+")


def decode_line(raw: bytes) -> tuple[str, Encoding]:
    r"""Decode one line; what no encoding explains is kept with `\xNN` escapes, so nothing is lost."""
    if raw.isascii():
        return raw.decode("ascii"), "ascii"
    try:
        return raw.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    first = next(run.start() for run in _HIGH_RUN.finditer(raw))
    sample = raw[first : first + _LOOKED_AT]
    if _is_damaged_utf8(sample):
        return raw.decode("utf-8", "backslashreplace"), "utf-8"
    best: tuple[float, int, str, Encoding] = (0.0, 0, "utf-8", "undecoded")
    for codec, name in _LEGACY:
        for behind, decoded in _readings(sample, codec):
            score = _plausibility(decoded, name)
            if score > best[0]:
                best = (score, first + behind if behind else 0, codec, name)
    _, behind, codec, encoding = best
    return raw[:behind].decode("ascii", "backslashreplace") + raw[behind:].decode(codec, "backslashreplace"), encoding


def _count(sort: re.Pattern[str], decoded: str) -> int:
    return sum(map(len, sort.findall(decoded)))


def _is_damaged_utf8(sample: bytes) -> bool:
    """Whether all but a cut or two is Japanese in UTF-8, whose three bytes a character others hardly ever have."""
    decoded = sample.decode("utf-8", "backslashreplace")
    cuts = len(_ESCAPED.findall(decoded))
    japanese = _count(_JAPANESE, decoded)
    high = sum(map(len, _HIGH_RUN.findall(sample)))
    return japanese >= 3 * cuts and japanese * 3 * 4 >= high * 3


def _readings(sample: bytes, codec: str) -> list[tuple[int, str]]:
    """A sample in one encoding; where that fails, also as a line that begins inside a character.

    Each with the number of bytes that are left to no character.
    """
    whole = sample.decode(codec, "backslashreplace")
    if _ESCAPED.search(whole) is None:
        return [(0, whole)]
    return [(0, whole), (1, rf"\x{sample[0]:02x}" + sample[1:].decode(codec, "backslashreplace"))]


def _plausibility(decoded: str, encoding: Encoding) -> float:
    """Share of ordinary Japanese characters, above 0 where they prevail.

    EUC-JP read as CP932 turns into half-width katakana and rare signs; written in EUC-JP, half-width katakana
    have a lead byte of their own and hardly come about by chance.
    """
    decoded = _ESCAPED.sub("\ufffd", decoded)
    kana, kanji, halfwidth = (_count(sort, decoded) for sort in (_KANA, _KANJI, _HALFWIDTH_KATAKANA))
    others = _count(_ABOVE_ASCII, decoded) - kana - kanji - halfwidth
    certain = 1 if encoding == "euc-jp" else 0.5
    good = 2 * kana + kanji + certain * halfwidth
    bad = (1 - certain) * halfwidth + 2 * others
    return (good - bad) / max(1, good + bad) + (0.001 if good else 0)
