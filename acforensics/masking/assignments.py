"""Values that a name gives away: `AC_SECCODE=x`, `"password": "x"`, `--password x`, `パスワード：x`, in any notation.

Each finder takes a text, and the same in small letters, and yields where secrets stand in it. What only speaks of
passwords (`Failed password for root`) is evidence and has no such form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from acforensics.masking.values import value_end

Span = tuple[int, int]

# With one of these every name of a secret begins; what it means is told by what stands around it.
_KEYWORD = re.compile("seccode|pass|pwd|secret|identified")
_STRONG = r"(?:seccode|password|pass[_-]?phrase|passcode)"
_WEAK = r"(?:passwd|secret|pwd|pass)"
_ANY = rf"(?:{_STRONG}|{_WEAK})"
_QUOTE = r"(?:\\*[\"'`]|\"\"|&quot;|%22|\\u0022)"
# A blank, or a line that goes on in the next one, as written by a shell, by syslog, in JSON.
_GAP = r"(?:\s|#01\d|\\+[nrt](?!\w)|\\+(?=\s|#01))*"
_EQUALS = rf"(?:{_QUOTE}?[\])}}」』]?{_GAP}(?:=>|:=|\+=|=|%3d|\\u003d|&\#61;){_GAP})"
_IS = rf"(?:{_EQUALS}|(?:{_QUOTE}|[」』])?{_GAP}(?:->|:|%3a|\\u003a){_GAP})"

_ASSIGNED = re.compile(
    # `passwd:` is a tag of syslog, and a bad password is none.
    rf"(?<!bad\s)(?:seccode(?:\[\d+\])?|{_STRONG}){_IS}|(?:passwd|(?<![a-z])secret|pwd){_EQUALS}"
    rf"|(?<=set\s)password\s+\d+\s+|identified\s+(?:with\s+\S{{1,64}}\s+)?by\s+(?:password\s+)?"
    rf"|{_STRONG}\s?(?:\s|\()\s*(?=[\"'])",
    re.IGNORECASE,
)
# `(using password: YES)`, `pam_unix(gdm-password:session)`
_ANSWER = re.compile(r"(?:YES|NO)(?![^\s,;)])|(?:auth|account|session|chauthtok)\)")
# `--password x`, `"--password", "x"`, `a1="--password" a2="x"`
_OPTION_BEGINS = re.compile(r"(?:\A|[^\w-])--?(?!no-)[\w-]{0,40}(?<!ask-)(?<!prompt-)\Z", re.IGNORECASE)
_OPTION = re.compile(rf"(?:{_ANY}|pass(?:in|out)){_QUOTE}?(?:\s*[=,]|\s){_GAP}(?:a\d{{1,3}}=)?", re.IGNORECASE)
# Names that hold one of the words, and settings that speak of passwords and hold none: there a flag or a number is one.
_NAMED = re.compile(
    rf"(?:pass|{_ANY}[\w.-]{{1,40}}){_EQUALS}|{_ANY}[\w.-]{{0,40}}(?={_QUOTE}){_IS}|(?<=_){_WEAK}{_GAP}:{_GAP}"
    rf"|(?-i:(?:PASSWORD|PASSWD|SECRET|SECCODE)_[A-Z0-9_]{{1,40}}){_GAP}:{_GAP}"
    # <param name="password" value="x"/>, {{"name": "DB_PASSWORD", "value": "x"}}
    rf"|{_ANY}[\w.-]{{0,40}}{_QUOTE}\s*,?\s*{_QUOTE}?value{_IS}",
    re.IGNORECASE,
)
_SETTING = re.compile(r"(?:yes|no|true|false|null|none|on|off|\d{1,3})(?![^\s,;)}\]\"'<&])", re.IGNORECASE)
_SAID = re.compile(
    rf"seccode{_QUOTE}?\s+(?![=:+-]|\s)(?:(?:is|was)\s+)?"
    rf"|{_STRONG}(?:\s+(?:for|of)\s+\S{{1,64}}(?:\s+\S{{1,64}})?)?"
    r"\s+(?:(?:(?:is|was|has\s+been)\s+)?(?:set|changed|reset)\s+to|is|was)\s*:?\s+",
    re.IGNORECASE,
)
_ORDINARY = re.compile(
    r"(?:is|was|not|too|about|now|being|been|an?|the|same|set|unset|empty|missing|undefined|un?changed|reset|updated"
    r"|expired|expiring|required|requested|needed|accepted|rejected|refused|locked|disabled|incorrect|correct|wrong"
    r"|invalid|valid|weak|strong|based|shorter|longer|old|aged|blank|ok|good|bad|stored|used|only|still|never|already"
    r"|\d+\s+(?:days?|characters?|chars?))(?![^\s.,:;!?)\]\"'])",
    re.IGNORECASE,
)
_NEVER = re.compile(r"(?!)")
_LOGIN_BEGINS = re.compile(r"\blogin\s+\S{1,64}\s+\Z", re.IGNORECASE)
_LOGIN = re.compile(r"password\s+", re.IGNORECASE)
# <db:password a="b">x</db:password>, <entry key="password">x</entry>
_TAG_BEGINS = re.compile(r"(?:<|&lt;|[\"'])[\w:.-]{0,40}\Z", re.IGNORECASE)
_TAG = re.compile(
    rf"{_ANY}[\w:.-]{{0,40}}(?:[\"'][^<>]{{0,100}}(?<!/)|\s[^<>&]{{0,200}}(?<!/))?(?:>|&gt;)", re.IGNORECASE
)
_TAG_ENDS = re.compile(r"<|&lt;|\Z", re.IGNORECASE)
_AROUND = 80
# What these words are a part of.
_OTHER_WORDS = ("old", "by", "com", "sur", "tres")

# The last is that of half width, sign for sign.
JAPANESE = ("認識コード", "認証コード", "パスワード", "パスフレーズ", "ハ\u309aスワート\u3099")
_JAPANESE = re.compile(
    rf"(?:{'|'.join(JAPANESE)})(?:(?P<is>{_IS})|\s*[はが]?\s*[「『](?=[^」』]{{0,64}}[!-~])|\s*[はが]\s*(?=[!-~]{{4}}))",
    re.IGNORECASE,
)
_JAPANESE_VALUE = re.compile(r"(?<=[「『])[^」』]+|[!-~]+")


def assigned(text: str, lowered: str) -> Iterator[Span]:
    """What stands behind a name of a secret."""
    at = 0
    for keyword in _KEYWORD.finditer(lowered):
        if keyword.start() < at:
            continue
        for start, end in _behind(text, keyword[0], keyword.start()):
            at = max(at, end)
            yield start, end


def _behind(text: str, word: str, at: int) -> Iterator[Span]:
    before = text[max(0, at - _AROUND) : at]
    if word in ("pass", "pwd") and not _is_of_secret(text, word, at, before):
        return
    forms = [(_ASSIGNED, _ANSWER), (_NAMED, _SETTING), (_SAID, _ORDINARY)]
    if before and (before[-1] == "-" or before[-1].isalnum()) and _OPTION_BEGINS.search(before):
        forms.append((_OPTION, _NEVER))
    elif before.endswith((" ", "\t")) and _LOGIN_BEGINS.search(before):
        forms.append((_LOGIN, _ORDINARY))
    for form, ordinary in forms:
        name = form.match(text, at)
        # The recognition code is never taken for an ordinary word.
        if name is None or (ordinary.match(text, name.end()) and (word != "seccode" or ordinary is _ORDINARY)):
            continue
        yield name.end(), value_end(text, name.end())
    tag = _TAG.match(text, at) if _TAG_BEGINS.search(before) else None
    end = _TAG_ENDS.search(text, tag.end()) if tag is not None else None
    if tag is not None and end is not None:
        yield tag.end(), end.start()


def _is_of_secret(text: str, word: str, at: int, before: str) -> bool:
    """`compass` and `bypass` are none, `PWD` is a directory."""
    if before.lower().endswith(_OTHER_WORDS):
        return False
    return word == "pass" or not text.startswith("PWD", at) or before[-1:].isalpha() or before.endswith("_")


def assigned_in_japanese(text: str, lowered: str) -> Iterator[Span]:
    """The same behind a Japanese name."""
    del lowered
    at = 0
    while (name := _JAPANESE.search(text, at)) is not None:
        at = name.end()
        if name["is"] is not None:
            at = value_end(text, at)
        elif (value := _JAPANESE_VALUE.match(text, at)) is not None:
            at = value.end()
        yield name.end(), at
