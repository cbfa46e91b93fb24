"""Conditions of a playbook: `__severity__:value IN ('high', 'critical') AND NOT __host__:value = ''`, read and decided.

The comparison part of STIX patterning over CACAO variables; what cannot be read or decided is a question for a person.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

TOKEN = re.compile(
    r"\s*(?:(?P<variable>__[A-Za-z][A-Za-z0-9_.\-]{0,245}?__:value)|(?P<string>'(?:[^'\\]|\\.)*')|(?P<number>-?\d+(?:\.\d+)?)"
    r"|(?P<operator><=|>=|<>|!=|==|=|<|>)|(?P<punctuation>[(),])|(?P<word>[A-Za-z]+))"
)
DEEPEST = 50
COMPARISONS = ("=", "==", "!=", "<>", "<", "<=", ">", ">=")


class ConditionSyntax(ValueError):
    """The text is no condition; `at` is the character where it stops being one."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(f"{message} (at character {at + 1})")
        self.at = at


class Undecidable(ValueError):
    """The values at hand do not answer the condition."""


@dataclass(frozen=True)
class Variable:
    """A reference to a variable."""

    name: str


@dataclass(frozen=True)
class Literal:
    """A value written in the condition."""

    value: str | float | bool


Operand = Variable | Literal


@dataclass(frozen=True)
class Comparison:
    """One comparison; `right` is a tuple for IN."""

    left: Operand
    operator: str
    right: Operand | tuple[Operand, ...]
    negated: bool = False


@dataclass(frozen=True)
class Truth:
    """A variable by itself: true, yes and 1 are true; false, no, 0 and nothing are false."""

    operand: Operand


@dataclass(frozen=True)
class Not:
    """The opposite."""

    part: "Condition"


@dataclass(frozen=True)
class All:
    """Every part holds."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True)
class Any:
    """One part holds."""

    parts: tuple["Condition", ...]


Condition = Comparison | Truth | Not | All | Any


class _Reader:
    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str, int]] = []
        self.next = 0
        self.depth = 0
        at = 0
        while text[at:].strip():
            found = TOKEN.match(text, at)
            if found is None:
                raise ConditionSyntax("this is no part of a condition", at)
            kind = str(found.lastgroup)
            word = found.group(kind)
            self.tokens.append((kind, word.upper() if kind == "word" else word, found.start(kind)))
            at = found.end()
        self.tokens.append(("end", "", len(text)))

    def peek(self) -> tuple[str, str, int]:
        return self.tokens[self.next]

    def take(self, *words: str) -> bool:
        if self.peek()[1] in words and self.peek()[0] != "string":
            self.next += 1
            return True
        return False

    def expect(self, word: str) -> None:
        if not self.take(word):
            raise ConditionSyntax(f"expected {word}", self.peek()[2])

    def either(self) -> Condition:
        parts = [self.both()]
        while self.take("OR"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else Any(tuple(parts))

    def both(self) -> Condition:
        parts = [self.one()]
        while self.take("AND"):
            parts.append(self.one())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def one(self) -> Condition:
        self.depth += 1
        if self.depth > DEEPEST:
            raise ConditionSyntax("too deeply nested", self.peek()[2])
        try:
            if self.take("NOT"):
                return Not(self.one())
            if self.take("("):
                inner = self.either()
                self.expect(")")
                return inner
            return self.comparison()
        finally:
            self.depth -= 1

    def comparison(self) -> Condition:
        left = self.operand()
        negated = self.take("NOT")
        kind, word, at = self.peek()
        if word in COMPARISONS and kind == "operator":
            self.next += 1
            return Comparison(left, word, self.operand(), negated)
        if self.take("LIKE"):
            return Comparison(left, "LIKE", self.operand(), negated)
        if self.take("IN"):
            self.expect("(")
            values = [self.operand()]
            while self.take(","):
                values.append(self.operand())
            self.expect(")")
            return Comparison(left, "IN", tuple(values), negated)
        if negated or kind in ("variable", "string", "number", "operator") or (kind == "word" and word not in ("AND", "OR")):
            raise ConditionSyntax("expected a comparison", at)
        return Truth(left)

    def operand(self) -> Operand:
        kind, word, at = self.peek()
        self.next += 1
        if kind == "variable":
            return Variable(word.removesuffix(":value"))
        if kind == "string":
            return Literal(re.sub(r"\\(.)", r"\1", word[1:-1], flags=re.DOTALL))
        if kind == "number":
            return Literal(float(word))
        if kind == "word" and word in ("TRUE", "FALSE"):
            return Literal(word == "TRUE")
        self.next -= 1
        raise ConditionSyntax("expected a variable or a value", at)


@lru_cache(maxsize=1024)
def read(text: str) -> Condition:
    """The condition that a text says. Raises ConditionSyntax with the place where it fails."""
    reader = _Reader(text)
    condition = reader.either()
    if reader.peek()[0] != "end":
        raise ConditionSyntax("expected AND, OR or the end", reader.peek()[2])
    return condition


def variables_of(condition: Condition) -> list[str]:
    """The variables that a condition asks for, each once."""
    if isinstance(condition, (All, Any)):
        return list(dict.fromkeys(name for part in condition.parts for name in variables_of(part)))
    if isinstance(condition, Not):
        return variables_of(condition.part)
    if isinstance(condition, Truth):
        operands: tuple[Operand, ...] = (condition.operand,)
    else:
        operands = (condition.left, *(condition.right if isinstance(condition.right, tuple) else (condition.right,)))
    return list(dict.fromkeys(o.name for o in operands if isinstance(o, Variable)))


def holds(condition: Condition, values: Mapping[str, str]) -> bool:
    """Whether the condition holds. Raises Undecidable when a variable has no value or a value does not compare."""
    if isinstance(condition, All):
        return all(holds(part, values) for part in condition.parts)
    if isinstance(condition, Any):
        return any(holds(part, values) for part in condition.parts)
    if isinstance(condition, Not):
        return not holds(condition.part, values)
    if isinstance(condition, Truth):
        return _truth(_value(condition.operand, values))
    left = _value(condition.left, values)
    if isinstance(condition.right, tuple):
        found = any(_compare(left, "=", _value(one, values)) for one in condition.right)
    else:
        found = _compare(left, condition.operator, _value(condition.right, values))
    return found != condition.negated


def _value(operand: Operand, values: Mapping[str, str]) -> str | float | bool:
    if isinstance(operand, Literal):
        return operand.value
    if values.get(operand.name) is None:
        raise Undecidable(f"{operand.name} has no value")
    return values[operand.name]


def _truth(value: str | float | bool) -> bool:
    text = str(value).strip().lower()
    if text in ("true", "yes", "1", "1.0"):
        return True
    if text in ("false", "no", "0", "0.0", ""):
        return False
    raise Undecidable(f"{text!r} is neither true nor false")


def _number(value: str | float | bool) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def _compare(left: str | float | bool, operator: str, right: str | float | bool) -> bool:
    if operator == "LIKE":
        pattern = "".join(".*" if c == "%" else "." if c == "_" else re.escape(c) for c in str(right))
        return re.fullmatch(pattern, str(left), flags=re.DOTALL | re.IGNORECASE) is not None
    if isinstance(left, bool) or isinstance(right, bool):
        same = _truth(left) == _truth(right)
    else:
        first, second = _number(left), _number(right)
        # A text in quotes is a text, even when it looks like a number.
        if first is not None and second is not None and not (isinstance(left, str) and isinstance(right, str)):
            return _ordered(first, operator, second)
        if operator not in ("=", "==", "!=", "<>") and not (isinstance(left, str) and isinstance(right, str)):
            raise Undecidable(f"{left!r} and {right!r} have no order")
        return _ordered(str(left), operator, str(right))
    if operator in ("=", "=="):
        return same
    if operator in ("!=", "<>"):
        return not same
    raise Undecidable("true and false have no order")


def _ordered(left: float | str, operator: str, right: float | str) -> bool:
    if operator in ("=", "=="):
        return left == right
    if operator in ("!=", "<>"):
        return left != right
    if operator == "<":
        return left < right  # type: ignore[operator]
    if operator == "<=":
        return left <= right  # type: ignore[operator]
    if operator == ">":
        return left > right  # type: ignore[operator]
    return left >= right  # type: ignore[operator]
