"""Masks secrets in a line before anything else sees it: the recognition code of ESMPRO/AC, and passwords."""

from __future__ import annotations

import re

MASK = "****"

_TRIGGERS = ("downrequest", "SECCODE", "ESMACnet", "assw", "pwd=")
_DOWNREQUEST = re.compile(r"(-downrequest\b[\"']?)(?P<arguments>.*)")
_ADDRESS = re.compile(r"[\"']?(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F:]*:[0-9a-fA-F:]+)[\"']?")
_SECCODE = re.compile(r"(AC_SECCODE\s*[=:]\s*)(?:\"[^\"]*\"|'[^']*'|\S+)")
_PASSWORD = re.compile(
    r"(?i)(\b(?:password|passwd|passphrase|pwd)\s*[=:]\s*|--password[= ])(?:\"[^\"]*\"|'[^']*'|[^\s;,&]+)"
)
_DEFAULT_CODE = re.compile("ESMACnet")


def mask_secrets(line: str) -> str:
    """Return the line with secrets replaced by `****`; its structure stays."""
    if not any(trigger in line for trigger in _TRIGGERS):
        return line
    line = _DOWNREQUEST.sub(lambda match: match[1] + _mask_arguments(match["arguments"]), line)
    line = _SECCODE.sub(rf"\1{MASK}", line)
    line = _PASSWORD.sub(rf"\1{MASK}", line)
    return _DEFAULT_CODE.sub(MASK, line)


def _mask_arguments(arguments: str) -> str:
    """`[option] address host code`: everything behind the host is the code, however it is quoted."""
    parts = re.split(r"(\s+)", arguments)
    seen_address = False
    kept = 0
    for i, part in enumerate(parts):
        if not part or part.isspace():
            continue
        if not seen_address:
            seen_address = _ADDRESS.fullmatch(part) is not None or part.strip("\"'") == "localhost"
            # Without an address within the first two words this is not the known form: mask all but the option.
            kept += 1
            if not seen_address and kept > 1:
                parts[i] = MASK
        elif kept < 10:
            kept = 10  # the host name
        else:
            parts[i] = MASK
    return "".join(parts)
