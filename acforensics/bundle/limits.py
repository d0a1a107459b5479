"""Bounds against inputs that would take too much: on by default, each raised by `--limit NAME=VALUE`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from acforensics.errors import UsageError
from acforensics.texts import Text, text

_VALUE = re.compile(r"([0-9]{1,18})([KMGT]?)", re.IGNORECASE)
_UNITS = {"": 0, "K": 10, "M": 20, "G": 30, "T": 40}
_SIZES = ("expanded-size",)


@dataclass(frozen=True)
class Limits:
    """Bounds of a walk; each has a clear message when it is reached.

    `depth` counts every layer: a `.tar.gz` has two. `members` are files in all, and what else archives list.
    `expansion_ratio` is that of an input, and of each stream in it, to the bytes of the input that were read for it,
    once more than `expanded_freely` have come out of it: what is small hurts nobody.
    """

    depth: int = 10
    members: int = 200_000
    expanded_size: int = 256 << 30
    expansion_ratio: int = 5_000
    seconds_per_file: int = 3_600
    expanded_freely: int = 256 << 20

    def changed(self) -> dict[str, int]:
        """Those that are others than by default, by the names of the option."""
        usual = Limits()
        return {name: self.of(name) for name in NAMES if self.of(name) != usual.of(name)}

    def of(self, name: str) -> int:
        """The limit that the option calls so."""
        value: int = getattr(self, name.replace("-", "_"))
        return value


NAMES = tuple(field.name.replace("_", "-") for field in fields(Limits) if field.name != "expanded_freely")


class LimitError(OSError):
    """A stream is read no further, because a limit was reached: `said` tells which, and what raises it."""

    def __init__(self, said: Text) -> None:
        super().__init__(said.en)
        self.said = said


class TooLargeError(LimitError):
    """The rest of an input, or of all inputs (`of_all`), is not read."""

    def __init__(self, said: Text, *, of_all: bool) -> None:
        super().__init__(said)
        self.of_all = of_all


def parse_limits(values: Sequence[str]) -> Limits:
    """Limits as typed: `NAME=VALUE`, sizes with K, M, G or T. The last one of a name counts.

    Raises:
        UsageError: an unknown name, or no whole number above zero; the message lists all names and defaults.
    """
    limits = Limits()
    for given in values:
        name, _, value = given.partition("=")
        found = _VALUE.fullmatch(value.strip())
        number = int(found[1]) << _UNITS[found[2].upper()] if found is not None else 0
        if name not in NAMES or not number or (found is not None and found[2] and name not in _SIZES):
            names = ", ".join(f"{one}={shown(one, Limits().of(one))}" for one in NAMES)
            raise UsageError(text("input.limit-wrong", given=given, names=names).en)
        limits = replace(limits, **{name.replace("-", "_"): number})
    return limits


def shown(name: str, value: int) -> str:
    """A limit as it is typed."""
    if name in _SIZES:
        for unit in "TGMK":
            if value % (1 << _UNITS[unit]) == 0:
                return f"{value >> _UNITS[unit]}{unit}"
    return str(value)
