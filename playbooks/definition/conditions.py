"""Conditions of a playbook: `__severity__:value IN ('high', 'critical') AND NOT __host__:value = ''`, read and decided.

The comparison part of STIX patterning over CACAO variables; what cannot be read or decided is a question for a person.
"""

from collections.abc import Mapping
from functools import lru_cache

from playbooks.definition.comparing import compare, known, member, truth
from playbooks.definition.expression import (
    All,
    Any,
    Comparison,
    Condition,
    ConditionSyntax,
    Exists,
    Literal,
    Not,
    Octets,
    Operand,
    Truth,
    Undecidable,
    Variable,
)
from playbooks.definition.grammar import Reader
from playbooks.definition.variables import Value

__all__ = [
    "All",
    "Any",
    "Comparison",
    "Condition",
    "ConditionSyntax",
    "Exists",
    "Literal",
    "Not",
    "Octets",
    "Operand",
    "Truth",
    "Undecidable",
    "Variable",
    "holds",
    "read",
    "variables_of",
]


@lru_cache(maxsize=1024)
def read(text: str, *, lenient: bool = False) -> Condition:
    """The condition that a text says. Raises ConditionSyntax with the place where it fails.

    Strict is the grammar, with three liberties: a variable stands where STIX has an object path or a constant, NOT may stand
    before any comparison, and a boolean variable may stand alone. Lenient also takes what real playbooks contain: words without
    quotation marks or in double ones, dots in names, names without :value, the value before the variable, && and ||.
    """
    return Reader(text, lenient=lenient).whole()


def variables_of(condition: Condition) -> list[str]:
    """The variables that a condition asks for, each once."""
    return list(dict.fromkeys(_named(condition)))


def _named(condition: Condition) -> list[str]:
    if isinstance(condition, (All, Any)):
        return [name for part in condition.parts for name in _named(part)]
    if isinstance(condition, Not):
        return _named(condition.part)
    if isinstance(condition, Exists):
        return [condition.variable.name]
    if isinstance(condition, Truth):
        operands: tuple[Operand, ...] = (condition.operand,)
    else:
        operands = (condition.left, *(condition.right if isinstance(condition.right, tuple) else (condition.right,)))
    return [one.name for one in operands if isinstance(one, Variable)]


def holds(condition: Condition, values: Mapping[str, Value]) -> bool:
    """Whether the condition holds. Raises Undecidable when the values do not answer it.

    A part without an answer decides nothing where another part does: what is true or unknown is true, what is false and unknown
    is false.
    """
    if isinstance(condition, Comparison):
        left = known(condition.left, values)
        if isinstance(condition.right, tuple):
            return member(left, condition.right, values) is not condition.negated
        return compare(left, condition.operator, known(condition.right, values)) is not condition.negated
    if isinstance(condition, All):
        return not _any(condition.parts, values, False)
    if isinstance(condition, Any):
        return _any(condition.parts, values, True)
    if isinstance(condition, Not):
        return not holds(condition.part, values)
    if isinstance(condition, Exists):
        return values.get(condition.variable.name) is not None
    return truth(known(condition.operand, values))


def _any(parts: tuple[Condition, ...], values: Mapping[str, Value], wanted: bool) -> bool:
    """Whether one part's answer is the `wanted` one. Raises Undecidable when none is and one is unknown."""
    doubt: Undecidable | None = None
    for part in parts:
        try:
            if holds(part, values) is wanted:
                return True
        except Undecidable as error:
            doubt = doubt or error
    if doubt is not None:
        raise doubt
    return False
