"""One comparison of a condition, decided: texts, numbers, truths, times, bytes, addresses and patterns."""

import base64
import binascii
import json
import operator
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from playbooks.definition.expression import Literal, Octets, Operand, Undecidable, Variable
from playbooks.definition.matching import BadPattern, NotBounded, like, matches
from playbooks.definition.networks import inside, network
from playbooks.definition.variables import Value, text_of

Compared = str | int | float | bool | list[object] | dict[str, object] | datetime | Octets

ORDERED: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
EQUALITIES = {"=": True, "==": True, "!=": False, "<>": False}
TRUE = frozenset({"true", "yes", "1", "1.0"})
FALSE = frozenset({"false", "no", "0", "0.0", ""})
NUMBER = re.compile(r"\s*[+-]?(?:\d{1,400}(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?\s*", re.ASCII)


def known(operand: Operand, values: Mapping[str, Value]) -> Compared:
    """The value of an operand. Raises Undecidable for a variable without one."""
    if isinstance(operand, Literal):
        return operand.value
    value = values.get(operand.name)
    if value is None:
        raise Undecidable(f"{operand.name} has no value")
    return value


def truth(value: Compared) -> bool:
    """A value as true or false. Raises Undecidable for what says neither."""
    if isinstance(value, bool):
        return value
    if isinstance(value, (str, int, float)):
        text = str(value).strip().lower()
        if text in TRUE:
            return True
        if text in FALSE:
            return False
    raise Undecidable(f"{_shown(value)} is neither true nor false")


def member(left: Compared, right: tuple[Operand, ...], values: Mapping[str, Value]) -> bool:
    """Whether the value is one of these; a list among them stands for its elements.

    Raises Undecidable when it equals none and one of them has no value or does not compare.
    """
    doubt: Undecidable | None = None
    for operand in right:
        try:
            value = known(operand, values)
            each = value if isinstance(value, list) and not isinstance(left, list) and isinstance(operand, Variable) else [value]
            if any(one is not None and compare(left, "=", one) for one in each):  # type: ignore[arg-type]
                return True
        except Undecidable as error:
            doubt = doubt or error
    if doubt is not None:
        raise doubt
    return False


def compare(left: Compared, sign: str, right: Compared) -> bool:
    """Whether `left` stands in this relation to `right`. Raises Undecidable where that has no answer."""
    # What nearly every comparison is comes first: two texts are compared as they are, code point by code point.
    if sign in ORDERED:
        if isinstance(left, str) and isinstance(right, str):
            return ORDERED[sign](left, right)
        return _compared(left, sign, right)
    if isinstance(left, (list, dict, datetime, Octets)) or isinstance(right, (list, dict, datetime, Octets)):
        raise Undecidable(f"{sign} asks about texts, and {_shown(left)} or {_shown(right)} is none")
    if sign in ("ISSUBSET", "ISSUPERSET"):
        return _networks(text_of(left), sign, text_of(right))
    try:
        return (matches if sign == "MATCHES" else like)(text_of(left), text_of(right))
    except (BadPattern, NotBounded) as error:
        raise Undecidable(f"{sign} has no answer: {error}") from error


def _compared(left: Compared, sign: str, right: Compared) -> bool:
    for kind, comparing in KINDS:
        if isinstance(left, kind) or isinstance(right, kind):
            return comparing(left, sign, right)
    first, second = _number(left), _number(right)
    if first is not None and second is not None:
        return ORDERED[sign](first, second)
    if sign in EQUALITIES:
        return not EQUALITIES[sign]
    raise Undecidable(f"{_shown(left)} and {_shown(right)} have no order")


def _truths(left: Compared, sign: str, right: Compared) -> bool:
    if sign not in EQUALITIES:
        raise Undecidable("true and false have no order")
    return (truth(left) is truth(right)) is EQUALITIES[sign]


def _structures(left: Compared, sign: str, right: Compared) -> bool:
    """Lists and objects, which equal what is written as the same JSON."""
    if sign not in EQUALITIES:
        raise Undecidable(f"{_shown(left)} and {_shown(right)} have no order")
    return (_structure(left) == _structure(right)) is EQUALITIES[sign]


def _structure(value: Compared) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _times(left: Compared, sign: str, right: Compared) -> bool:
    return ORDERED[sign](_time(left), _time(right))


def _time(value: Compared) -> datetime:
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(value.strip() if isinstance(value, str) else "")
    except ValueError as error:
        raise Undecidable(f"{_shown(value)} is no time") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _bytes(left: Compared, sign: str, right: Compared) -> bool:
    if sign not in EQUALITIES:
        raise Undecidable("bytes have no order")
    written = left if isinstance(left, Octets) else right
    assert isinstance(written, Octets)
    return (_decoded(left, written) == _decoded(right, written)) is EQUALITIES[sign]


def _decoded(value: Compared, like: Octets) -> bytes | None:
    """The bytes of a text that is written as the literal is; None when it is not."""
    if isinstance(value, Octets):
        return value.value
    if not isinstance(value, str):
        return None
    try:
        return bytes.fromhex(value.removeprefix("0x")) if like.hexadecimal else base64.b64decode(value, validate=True)
    except (ValueError, binascii.Error):
        return None


def _networks(left: str, sign: str, right: str) -> bool:
    first, second = network(left), network(right)
    if first is None or second is None:
        raise Undecidable(f"{_shown(left if first is None else right)} is no address and no network")
    return inside(first, second) if sign == "ISSUBSET" else inside(second, first)


def _number(value: Compared) -> int | float | None:
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, str) and NUMBER.fullmatch(value):
        return float(value) if any(c in value for c in ".eE") else int(value)
    return None


def _shown(value: Compared) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


Comparing = Callable[[Compared, str, Compared], bool]
KINDS: tuple[tuple[type | tuple[type, ...], Comparing], ...] = (
    (bool, _truths),
    (datetime, _times),
    (Octets, _bytes),
    ((list, dict), _structures),
)
