"""Text within text: commands in hexadecimal digits, messages as arrays of bytes, addresses of sockets."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

Rewrite = Callable[[str], str]

# Behind the names that the audit log gives to texts, else where it is no number and long enough to be none by chance.
_HEX = re.compile(
    r"(?:(?<=proctitle=)|(?<=cmd=)|(?<=acct=)|(?<=comm=)|(?<=cwd=)|(?<=exe=)|(?<=name=)|(?<=data=)|(?<=\ba\d=))"
    r"(?:[0-9A-Fa-f]{2}){2,}(?![0-9A-Za-z])"
    r"|(?<![0-9A-Za-z])(?=\d*[A-Fa-f])(?:[0-9A-Fa-f]{2}){8,}(?![0-9A-Za-z])"
)
_DIGITS = re.compile("[0-9A-Fa-f]{16}|=[0-9A-Fa-f]{4}")
_MOST_DIGITS = 64 << 10
_BYTES = re.compile(r"\[ ?\d{1,3}(?:, ?\d{1,3}){3,} ?\]")
_SOCKET = re.compile(r"\bsaddr=(?P<family>0200|0A00|0a00)(?P<port>[0-9A-Fa-f]{4})(?P<rest>[0-9A-Fa-f]{8,64})\b")
_ESCAPES = re.compile(
    r"(\\[nrtbf]|#0\d\d|\x1b\[[0-9;?]*[A-Za-z]|\[\d{1,2}(?:;\d{1,2})*m|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|%[0-9A-Fa-f]{2})"
)
_CONTROLS = re.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]")
_IPV4_DIGITS, _IPV6_FLOW, _IPV6_DIGITS = 8, 8, 40


def replace_inner(text: str, rewrite: Rewrite) -> str:
    """Rewrite what is written within a text in another form; characters stand for bytes (Latin-1)."""
    if "saddr=" in text:
        text = _SOCKET.sub(lambda match: _socket(match, rewrite), text)
    if "[" in text and "," in text:
        text = _BYTES.sub(lambda match: _array(match[0], rewrite), text)
    return _HEX.sub(lambda match: _digits(match[0], rewrite), text) if _DIGITS.search(text) is not None else text


def between_escapes(text: str) -> list[str]:
    r"""A text taken apart; every second part is a control character that is written in it (`\n`, `#012`, `%20`)."""
    return _ESCAPES.split(text)


def _digits(digits: str, rewrite: Rewrite) -> str:
    """Hexadecimal digits that are text; those of an identifier or an address of memory are none."""
    if len(digits) > _MOST_DIGITS or (len(digits) == 32 and digits.islower()):
        return digits
    try:
        bytes.fromhex(digits).decode("utf-8")
    except UnicodeDecodeError:
        return digits
    inner = bytes.fromhex(digits).decode("latin-1")
    if _CONTROLS.search(inner) is not None:
        return digits
    rewritten = rewrite(inner)
    if rewritten == inner:
        return digits
    encoded = rewritten.encode("latin-1", "replace").hex()
    return encoded if digits.lower() == digits else encoded.upper()


def _array(array: str, rewrite: Rewrite) -> str:
    """A message of the journal that is no clean text is written as an array of its bytes."""
    numbers = [int(number) for number in re.findall(r"\d+", array)]
    if max(numbers) > 255:
        return array
    inner = bytes(numbers).decode("latin-1")
    rewritten = rewrite(inner)
    if rewritten == inner:
        return array
    separator = ", " if ", " in array else ","
    return "[" + separator.join(str(byte) for byte in rewritten.encode("latin-1", "replace")) + "]"


def _socket(match: re.Match[str], rewrite: Rewrite) -> str:
    family, port, rest = match["family"], match["port"], match["rest"]
    if family == "0200":
        address, tail = rest[:_IPV4_DIGITS], rest[_IPV4_DIGITS:]
        shown = str(ipaddress.IPv4Address(int(address, 16)))
        packed = ipaddress.ip_address(rewrite(shown)).packed.hex().upper()
        return f"saddr={family}{port}{packed}{tail}"
    if len(rest) < _IPV6_DIGITS:
        return match[0]
    flow, address, tail = rest[:_IPV6_FLOW], rest[_IPV6_FLOW:_IPV6_DIGITS], rest[_IPV6_DIGITS:]
    shown = str(ipaddress.IPv6Address(int(address, 16)))
    packed = ipaddress.ip_address(rewrite(shown)).packed.hex().upper()
    return f"saddr={family}{port}{flow}{packed}{tail}"
