"""Masks secrets in a line before anything else sees it: the recognition code of ESMPRO/AC, and passwords."""

from __future__ import annotations

import re

MASK = "****"

_TRIGGERS = (
    "downrequest",
    "down request",
    "646f776e72657175657374",
    "seccode",
    "esmacnet",
    "pass",
    "pwd",
    "認識コード",
    "認証コード",
    "パスワード",
    "ipmi",
    "mysql",
    "curl",
    "@",
)
_DOWNREQUEST = re.compile(r"(-down ?request\b[\"']?)(?P<arguments>.*)", re.IGNORECASE | re.DOTALL)
_ADDRESS = re.compile(r"[\"']?(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F:]*:[0-9a-fA-F:]+)[\"']?")
# A quote that is never closed hides everything behind it.
_VALUE = r"(?:\"(?:[^\"\\]|\\.)*(?:\"|$)|'[^']*(?:'|$)|[^\s\"']+)+"
_ASSIGNED = re.compile(
    # `SECCODE=x`, `PASSWORD: x`, `"password": "x"`, `--password x`. `passwd:` is a tag, `PWD=` a directory.
    r"((?:(?i:seccode|password|passphrase)\\?[\"']?\s*[=:]|(?i:passwd)\\?[\"']?\s*=|\b[Pp]wd\s*=)\s*"
    r"|(?i:seccode)[\"']?\s+(?i:(?:is|was)\s+)?"
    r"|(?:認識コード|認証コード|パスワード)[\"']?\s*[=:：]\s*"
    rf"|(?i:--pass(?:word|wd|-?phrase)?)[=\s]\s*){_VALUE}"
)
# Commands and addresses that hold a password where only their own syntax tells.
_IN_PLACE = re.compile(
    r"((?i:<(?:password|passwd|seccode)>))[^<]*"
    r"|(\bipmi\w*\b.*?\s-P\s+)\S+"
    r"|(\bmysql\w*\b.*?\s-p)(?=\S)\S+"
    r"|(\bcurl\b.*?\s(?:-u|--user)[ =]\s*[^\s:]+:)\S+"
    r"|(://[^/\s:@]+:)[^@\s/]+(?=@)"
)
_DEFAULT_CODE = re.compile("ESMACnet", re.IGNORECASE)


def mask_secrets(line: str) -> str:
    """Return the line with secrets replaced by `****`; its structure stays."""
    lowered = line.lower()
    if not any(trigger in lowered for trigger in _TRIGGERS):
        return line
    line = _DOWNREQUEST.sub(lambda match: match[1] + _mask_arguments(match["arguments"]), line)
    line = _ASSIGNED.sub(rf"\1{MASK}", line)
    line = _IN_PLACE.sub(lambda match: next(group for group in match.groups() if group is not None) + MASK, line)
    return _DEFAULT_CODE.sub(MASK, line)


def _mask_arguments(arguments: str) -> str:
    """`[option] address host code`: all behind the host is the code, however it is quoted.

    Without an address within the first two words this is not the known form: only its first word stays. The
    last word is never taken for the host, because a code may follow the address at once.
    """
    if arguments[:1] in ("=", ","):
        # Words of another notation: none of them is taken for anything but the code.
        return arguments[0] + MASK
    parts = re.split(r"(\s+)", arguments)
    words = [i for i, part in enumerate(parts) if part and not part.isspace()]
    address = next(
        (n for n, i in enumerate(words[:2]) if _ADDRESS.fullmatch(parts[i]) or parts[i].strip("\"'") == "localhost"),
        None,
    )
    kept = 1 if address is None else min(address + 2, max(address + 1, len(words) - 1))
    for i in words[kept:]:
        parts[i] = MASK
    for i in words[:kept]:
        # A line that syslog joined with the next one.
        before, joined, _ = parts[i].partition("#012")
        parts[i] = before + (MASK if joined else "")
    return "".join(parts)
