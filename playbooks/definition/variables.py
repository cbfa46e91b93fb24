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
    "UnfitPlace",
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
    "value_of",
]

# CACAO 2.0 section 10.18: two underscores, a letter, then letters, digits, _ and -, two underscores; 250 characters with them all.
NAME = re.compile(r"__[A-Za-z][A-Za-z0-9_\-]{0,245}__")
# Real playbooks also have dots in names. A further underscore after the first two never belongs to a name: in a text it would
# be unclear which underscores are the name's.
LENIENT_NAME = re.compile(r"__[A-Za-z][A-Za-z0-9_.\-]{0,245}__")
# The name in a reference is the longest that ends here: __host__name__:value is the variable __host__name__.
REFERENCE = re.compile(r"(__[A-Za-z][A-Za-z0-9_.\-]{0,245}?__):value")

# The texts of a JSON document, which are passed over, and the references outside of them.
BARE = re.compile(rf'"(?:[^"\\]|\\.)*+"?|{REFERENCE.pattern}', re.DOTALL)


class UndefinedVariable(ValueError):
    """A text names a variable that has no value."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the variable {name} has no value")
        self.name = name


class UnfitValue(ValueError):
    """A value must not stand where the text puts it."""


class UnfitPlace(UnfitValue):
    """No value at all can stand safely where the text has this variable."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"no value can stand safely in place of {name}: {why}")
        self.name = name


def value_of(name: str, values: Mapping[str, Value]) -> Value:
    """The value of a variable, which is not null. Raises UndefinedVariable."""
    value = values.get(name)
    if value is None:
        raise UndefinedVariable(name)
    return value


def names_in(text: str) -> list[str]:
    """The variables that a text refers to, in order, each once."""
    return list(dict.fromkeys(REFERENCE.findall(text)))


def filled(text: str, values: Mapping[str, Value], encode: Callable[[str], str] = str) -> str:
    """The text with every reference replaced by its value, encoded for the place. Raises UndefinedVariable."""
    return REFERENCE.sub(lambda found: encode(text_of(value_of(found[1], values))), text)


def in_a_path(value: str) -> str:
    """A value as one segment or parameter of a URL: nothing in it can become a separator. Raises UnfitValue if it would climb."""
    if value in ("", ".", ".."):
        raise UnfitValue(f"{value!r} cannot stand in an address")
    try:
        return quote(value, safe="")
    except UnicodeEncodeError as error:
        raise UnfitValue("half a character cannot stand in an address") from error


def in_a_header(value: str) -> str:
    """A value in a header. Raises UnfitValue for control characters, which could start another header, and for what is not ASCII."""
    if any(c < " " or c > "~" for c in value):
        raise UnfitValue("a header holds printable ASCII only")
    return value


def filled_json(text: str, values: Mapping[str, Value]) -> Any:
    """A JSON text that refers to variables, parsed first and filled after, so that no value can change its shape.

    A text that is nothing but one reference becomes the value itself: a number, a truth or an object when its variable is one. So
    does a reference without quotation marks, which makes JSON of the texts that some playbooks hold.
    Raises ValueError for what is not JSON, UndefinedVariable, UnfitValue.
    """

    def fill(part: Any) -> Any:
        if isinstance(part, str):
            whole = REFERENCE.fullmatch(part)
            return value_of(whole[1], values) if whole else filled(part, values)
        if isinstance(part, list):
            return [fill(one) for one in part]
        if isinstance(part, dict):
            named = {filled(key, values): fill(one) for key, one in part.items()}
            if len(named) != len(part):
                raise UnfitValue("two keys of one JSON object become the same")
            return named
        return part

    try:
        return fill(json.loads(BARE.sub(lambda found: f'"{found[0]}"' if found[1] else found[0], text), parse_constant=_refused))
    except RecursionError as error:
        raise ValueError("the JSON is nested too deeply") from error


def _refused(constant: str) -> Any:
    raise ValueError(f"JSON has no {constant}")
