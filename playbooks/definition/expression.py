"""What a condition is once it is read: comparisons of variables, joined by and, or and not."""

from dataclasses import dataclass
from datetime import datetime


class ConditionSyntax(ValueError):
    """The text is no condition; `at` is the character where it stops being one, counted from 0 (the message counts from 1)."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(f"{message} (at character {at + 1})".encode(errors="backslashreplace").decode())
        self.at = at


class Undecidable(ValueError):
    """The values at hand do not answer the condition."""


@dataclass(frozen=True)
class Variable:
    """A reference to a variable."""

    name: str


@dataclass(frozen=True)
class Octets:
    """Bytes, written in hexadecimal (`h'..'`) or in base64 (`b'..'`)."""

    value: bytes
    hexadecimal: bool


@dataclass(frozen=True)
class Literal:
    """A value written in the condition."""

    value: str | int | float | bool | datetime | Octets


Operand = Variable | Literal


@dataclass(frozen=True)
class Comparison:
    """One comparison; `right` is a tuple for IN."""

    left: Operand
    operator: str
    right: Operand | tuple[Operand, ...]
    negated: bool = False


@dataclass(frozen=True)
class Exists:
    """The variable is known: declared and not null; empty is known too."""

    variable: Variable


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


Condition = Comparison | Exists | Truth | Not | All | Any
