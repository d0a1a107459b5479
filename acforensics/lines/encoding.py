"""Which encoding a line is in, decided line by line: logs of Japanese sites mix UTF-8, EUC-JP and CP932 in one file."""

from __future__ import annotations

from typing import Literal

Encoding = Literal["ascii", "utf-8", "euc-jp", "cp932", "undecoded"]

_HALFWIDTH_KATAKANA = range(0xFF61, 0xFFA0)
_HIRAGANA_KATAKANA = range(0x3041, 0x30FF)
_COMMON_KANJI = range(0x4E00, 0x9FA1)


def decode_line(raw: bytes) -> tuple[str, Encoding]:
    """Decode one line; what no encoding explains is kept with `\\xNN` escapes, so nothing is lost."""
    if raw.isascii():
        return raw.decode("ascii"), "ascii"
    try:
        return raw.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    best: tuple[float, str, Encoding] | None = None
    candidates: tuple[tuple[str, Encoding], ...] = (("euc_jp", "euc-jp"), ("cp932", "cp932"))
    for codec, name in candidates:
        try:
            decoded = raw.decode(codec)
        except UnicodeDecodeError:
            continue
        score = _plausibility(decoded)
        if best is None or score > best[0]:
            best = (score, decoded, name)
    if best is not None:
        return best[1], best[2]
    return raw.decode("utf-8", "backslashreplace"), "undecoded"


def _plausibility(decoded: str) -> float:
    """Share of ordinary Japanese characters; EUC-JP bytes read as CP932 turn into half-width katakana and rare signs."""
    good = bad = 0
    for character in decoded:
        code = ord(character)
        if code < 0x80:
            continue
        if code in _HIRAGANA_KATAKANA:
            good += 2
        elif code in _COMMON_KANJI or 0x3000 <= code <= 0x3015 or 0xFF01 <= code <= 0xFF5E:
            good += 1
        elif code in _HALFWIDTH_KATAKANA:
            bad += 1
        else:
            bad += 2
    return (good - bad) / max(1, good + bad)
