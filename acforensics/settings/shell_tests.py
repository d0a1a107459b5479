"""`[ … ]` and `[[ … ]]`: yes, no, or not known."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fnmatch import translate

from acforensics.settings.shell_tree import Operator, Word

Answer = bool | None
_MOST = 200
_STRINGS = frozenset(("=", "==", "!="))
_NUMBERS = {
    "-eq": int.__eq__, "-ne": int.__ne__, "-lt": int.__lt__, "-le": int.__le__, "-gt": int.__gt__, "-ge": int.__ge__,
}  # fmt: skip
_UNARY = frozenset("-" + letter for letter in "bcdefghknprstuvwxzLNOSG")
_PATTERN = re.compile(r"[*?\[]")


def matches(subject: str | None, word: Word, value_of: Callable[[Word], str | None]) -> Answer:
    """Whether a value fits a pattern of `case` or `[[ … == … ]]`; what is quoted in it is itself."""
    pattern = ""
    for part in word.parts:
        if part.kind == "text":
            pattern += re.sub(r"([*?\[])", r"[\1]", part.value) if part.quoted else part.value
        else:
            value = value_of(Word(word.line, [part]))
            if value is None:
                return None
            pattern += re.sub(r"([*?\[])", r"[\1]", value) if part.quoted else value
    if pattern == "*":
        return True
    if subject is None or len(pattern) > _MOST or pattern.count("*") > 4:
        return None
    return re.fullmatch(translate(pattern.replace("[^", "[!")), subject) is not None


def single_brackets(words: Sequence[str | None]) -> Answer:
    """The answer of `test`."""
    if len(words) > _MOST:
        return None
    return _Test([_Operand(word) for word in words]).answer()


def double_brackets(words: Sequence[Word | Operator], value_of: Callable[[Word], str | None]) -> Answer:
    """The answer of `[[ … ]]`."""
    if len(words) > _MOST:
        return None
    operands = [
        _Operand(word.sign, sign=word.sign)
        if isinstance(word, Operator)
        else _Operand(value_of(word), word=word, value_of=value_of)
        for word in words
    ]
    return _Test(operands).answer()


class _Operand:
    def __init__(
        self,
        value: str | None,
        *,
        sign: str = "",
        word: Word | None = None,
        value_of: Callable[[Word], str | None] | None = None,
    ) -> None:
        self.value = value
        self.sign = sign
        self.word = word
        self.value_of = value_of


class _Test:
    """Recursive descent over `or`, `and`, `not` and comparisons; what does not fit is not known."""

    def __init__(self, operands: Sequence[_Operand]) -> None:
        self._operands = operands
        self._at = 0
        self._depth = 0

    def answer(self) -> Answer:
        if not self._operands:
            return False
        found = self._either()
        return found if self._at == len(self._operands) else None

    def _value(self, ahead: int = 0) -> str | None:
        place = self._at + ahead
        return self._operands[place].value if place < len(self._operands) else None

    def _left(self) -> int:
        return len(self._operands) - self._at

    def _either(self) -> Answer:
        found = self._both()
        while self._value() in ("-o", "||") and self._left():
            self._at += 1
            other = self._both()
            found = True if True in (found, other) else (None if None in (found, other) else False)
        return found

    def _both(self) -> Answer:
        found = self._not()
        while self._value() in ("-a", "&&") and self._left():
            self._at += 1
            other = self._not()
            found = False if False in (found, other) else (None if None in (found, other) else True)
        return found

    def _not(self) -> Answer:
        negated = False
        while self._value() == "!" and self._left() > 1:
            negated = not negated
            self._at += 1
        found = self._one()
        return found if found is None or not negated else not found

    def _one(self) -> Answer:
        left = self._left()
        if left >= 3 and (self._value(1) in _STRINGS or self._value(1) in _NUMBERS or self._value(1) == "=~"):
            return self._comparison()
        if left >= 2 and self._value() in _UNARY:
            return self._unary()
        if self._value() == "(" and left > 1:
            self._depth += 1
            self._at += 1
            found = self._either() if self._depth < 20 else None
            if self._value() == ")":
                self._at += 1
            return found
        if not left:
            return None
        alone = self._value()
        self._at += 1
        return None if alone is None else bool(alone)

    def _unary(self) -> Answer:
        operator, operand = self._value(), self._value(1)
        self._at += 2
        if operator not in ("-z", "-n") or operand is None:
            return None
        return bool(operand) == (operator == "-n")

    def _comparison(self) -> Answer:
        one, operator, other = self._value(), self._value(1) or "", self._operands[self._at + 2]
        self._at += 3
        if operator == "=~":
            return None
        if operator in _NUMBERS:
            numbers = [int(v) if v and re.fullmatch(r"-?\d{1,15}", v, re.ASCII) else None for v in (one, other.value)]
            first, second = numbers
            return None if first is None or second is None else bool(_NUMBERS[operator](first, second))
        if other.word is not None and other.value_of is not None:
            same = matches(one, other.word, other.value_of)
        else:
            same = None if one is None or other.value is None else one == other.value
        return same if same is None or operator != "!=" else not same
