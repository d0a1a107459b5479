"""Masks secrets in a line before anything else sees it: the recognition code of ESMPRO/AC, and passwords."""

from __future__ import annotations

import re

MASK = "****"

_TRIGGERS = (
    "downrequest",
    "646f776e72657175657374",
    "seccode",
    "esmacnet",
    "pass",
    "pwd",
    "認識コード",
    "認証コード",
    "パスワード",
)
_DOWNREQUEST = re.compile(r"(-downrequest\b[\"']?)(?P<arguments>.*)")
_ADDRESS = re.compile(r"[\"']?(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F:]*:[0-9a-fA-F:]+)[\"']?")
# A quote that is never closed hides everything behind it.
_VALUE = r"(?:\"(?:[^\"\\]|\\.)*(?:\"|$)|'[^']*(?:'|$)|[^\s\"']+)+"
_ASSIGNED = re.compile(
    # `SECCODE=x`, `PASSWORD: x`, `"password": "x"`, `--password x`. `passwd:` is a tag, `PWD=` a directory.
    r"((?:(?i:seccode|password|passphrase)[\"']?\s*[=:]|(?i:passwd)[\"']?\s*=|\b[Pp]wd\s*=)\s*"
    r"|(?:認識コード|認証コード|パスワード)[\"']?\s*[=:：]\s*"
    rf"|(?i:--pass(?:word|wd|phrase)?)[=\s]\s*){_VALUE}"
)
_DEFAULT_CODE = re.compile("ESMACnet", re.IGNORECASE)


def mask_secrets(line: str) -> str:
    """Return the line with secrets replaced by `****`; its structure stays."""
    lowered = line.lower()
    if not any(trigger in lowered for trigger in _TRIGGERS):
        return line
    line = _DOWNREQUEST.sub(lambda match: match[1] + _mask_arguments(match["arguments"]), line)
    line = _ASSIGNED.sub(rf"\1{MASK}", line)
    return _DEFAULT_CODE.sub(MASK, line)


def _mask_arguments(arguments: str) -> str:
    """`[option] address host code`: all behind the host is the code, however it is quoted.

    Without an address within the first two words this is not the known form: only its first word stays. The
    last word is never taken for the host, because a code may follow the address at once.
    """
    parts = re.split(r"(\s+)", arguments)
    words = [i for i, part in enumerate(parts) if part and not part.isspace()]
    address = next(
        (n for n, i in enumerate(words[:2]) if _ADDRESS.fullmatch(parts[i]) or parts[i].strip("\"'") == "localhost"),
        None,
    )
    kept = 1 if address is None else min(address + 2, max(address + 1, len(words) - 1))
    for i in words[kept:]:
        parts[i] = MASK
    return "".join(parts)
