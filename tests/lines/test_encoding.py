"""Which encoding a line is in."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acforensics.lines import decode_line

CODECS = {"utf-8": "utf-8", "euc_jp": "euc-jp", "cp932": "cp932"}
HIRAGANA = [chr(c) for c in range(0x3042, 0x3094)]
KATAKANA = [chr(c) for c in range(0x30A2, 0x30F4)] + ["ー"]
PHRASES = [
    "サーバ",
    "停止",
    "起動",
    "クラスタ",
    "監視",
    "異常",
    "検出",
    "完了",
    "開始",
    "電源",
    "切断",
    "障害",
    "要求",
    "受け付けました",
    "しました",
    "できません",
    "グループ",
    "資源",
    "ディスク",
    "再起動",
    "処理",
    "全サーバ",
    "待ち合わせ",
    "タイムアウト",
    "停電",
    "復電",
    "シャットダウン",
    "運用",
    "管理者",
    "設定",
    "接続",
    "通知",
    "失敗",
    "を",
    "が",
    "は",
    "に",
    "の",
    "から",
]
SENTENCES = [
    "サーバを停止します。",
    "停電が発生しました",
    "ディスク障害を検出（１号機）",
    "クラスタ再起動完了",
    "異常終了しました",
]


def kanji() -> list[str]:
    """The level 1 kanji of JIS X 0208, which make up nearly all of what is written."""
    found = []
    for row in range(0xB0, 0xD0):
        for cell in range(0xA1, 0xFF):
            try:
                found.append(bytes([row, cell]).decode("euc_jp"))
            except UnicodeDecodeError:
                continue
    return found


def test_at_least_99_of_100_sentences_are_decoded_rightly() -> None:
    chance = random.Random(20240621)
    signs = kanji()
    wrong = dict.fromkeys(CODECS, 0)
    count = 3000
    for _ in range(count):
        sentence = ""
        while len(sentence) < 6 + chance.randrange(20):
            pool = chance.choice([PHRASES, PHRASES, HIRAGANA, KATAKANA, signs])
            sentence += chance.choice(pool)
        for codec, name in CODECS.items():
            wrong[codec] += decode_line(sentence.encode(codec)) != (sentence, name)
    assert all(found <= count // 100 for found in wrong.values()), wrong


@pytest.mark.parametrize("codec", CODECS)
@given(
    st.lists(st.sampled_from(PHRASES), min_size=3, max_size=8), st.sampled_from(["", "Feb  4 09:34:10 svr031 app: "])
)
def test_round_trip_of_phrases(codec: str, words: list[str], before: str) -> None:
    sentence = before + "".join(words)
    assert decode_line(sentence.encode(codec)) == (sentence, CODECS[codec])


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("codec", CODECS)
def test_a_line_cut_inside_a_character_keeps_the_rest(codec: str, sentence: str) -> None:
    raw = b"Feb  4 09:34:10 svr031 app: " + sentence.encode(codec)
    for cut in range(1, 3):
        decoded, encoding = decode_line(raw[:-cut])
        assert encoding == CODECS[codec]
        assert decoded.startswith("Feb  4 09:34:10 svr031 app: " + sentence[:-2])
    decoded, encoding = decode_line(sentence.encode(codec)[1:] + b" ok")
    assert encoding == CODECS[codec]
    assert decoded.endswith(sentence[-4:] + " ok")


def test_three_encodings_in_one_file() -> None:
    lines = [SENTENCES[0].encode(codec) for codec in CODECS]
    assert [decode_line(line) for line in lines] == [(SENTENCES[0], name) for name in CODECS.values()]


def test_half_width_katakana() -> None:
    assert decode_line("ﾃﾞｨｽｸ障害".encode("cp932")) == ("ﾃﾞｨｽｸ障害", "cp932")
    assert decode_line("ﾃﾞｨｽｸ障害".encode("euc_jp")) == ("ﾃﾞｨｽｸ障害", "euc-jp")


@given(st.binary(max_size=120))
def test_nothing_raises_and_ascii_stays(raw: bytes) -> None:
    decoded, encoding = decode_line(raw)
    assert (encoding == "ascii") == raw.isascii()
    decoded.encode("utf-8")
    if encoding == "undecoded":
        assert "\\x" in decoded
