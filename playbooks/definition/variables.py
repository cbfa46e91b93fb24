"""Variables of a playbook: their names, where they stand in a text, and putting values there."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from playbooks.definition.values import Value, WrongType, text_of, typed

__all__ = [
    "LENIENT_NAME",
    "NAME",
    "REFERENCE",
    "UndefinedVariable",
    "UnfitValue",
    "Value",
    "WrongType",
    "filled",
    "filled_json",
    "in_a_header",
    "in_a_path",
    "names_in",
    "text_of",
    "typed",
]

# CACAO 2.0 section 10.18: two underscores, a letter, then letters, digits, _ and -, two underscores; 250 characters with them all.
NAME = re.compile(r"__[A-Za-z][A-Za-z0-9_\-]{0,245}__")
# Real playbooks also have dots in names. A further underscore after the first two never belongs to a name: in a text it would
# be unclear which underscores are the name's.
LENIENT_NAME = re.compile(r"__[A-Za-z][A-Za-z0-9_.\-]{0,245}__")
# The name in a reference is the longest that ends here: __host__name__:value is the variable __host__name__.
REFERENCE = re.compile(r"(__[A-Za-z][A-Za-z0-9_.\-]{0,245}?__):value")


class UndefinedVariable(ValueError):
    """A text names a variable that has no value."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the variable {name} has no value")
        self.name = name


class UnfitValue(ValueError):
    """A value must not stand where the text puts it."""


def names_in(text: str) -> list[str]:
    """The variables that a text refers to, in order, each once."""
    return list(dict.fromkeys(REFERENCE.findall(text)))


def filled(text: str, values: Mapping[str, Value], encode: Callable[[str], str] = str) -> str:
    """The text with every reference replaced by its value, encoded for the place. Raises UndefinedVariable."""

    def value_of(found: re.Match[str]) -> str:
        name = found.group(1)
        if values.get(name) is None:
            raise UndefinedVariable(name)
        return encode(text_of(values[name]))

    return REFERENCE.sub(value_of, text)


def in_a_path(value: str) -> str:
    """A value as one segment or parameter of a URL: nothing in it can become a separator. Raises UnfitValue if it would climb."""
    if value in ("", ".", ".."):
        raise UnfitValue(f"{value!r} cannot stand in an address")
    return quote(value, safe="")


def in_a_header(value: str) -> str:
    """A value in a header. Raises UnfitValue for control characters, which could start another header, and for what is not ASCII."""
    if any(c < " " or c > "~" for c in value):
        raise UnfitValue("a header holds printable ASCII only")
    return value


def filled_json(text: str, values: Mapping[str, Value]) -> Any:
    """A JSON text whose strings refer to variables, parsed first and filled after, so that no value can change its shape.

    Raises ValueError for what is not JSON, UndefinedVariable.
    """

    def fill(part: Any) -> Any:
        if isinstance(part, str):
            return filled(part, values)
        if isinstance(part, list):
            return [fill(one) for one in part]
        if isinstance(part, dict):
            return {key: fill(one) for key, one in part.items()}
        return part

    try:
        return fill(json.loads(text))
    except RecursionError as error:
        raise ValueError("the JSON is nested too deeply") from error
