"""Typed values of variables: what each CACAO type takes, and a value as text."""

import ipaddress
import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

Value = str | int | float | bool | list[Any] | dict[str, Any] | None

HEX = r"[0-9A-Fa-f]"
MOST_INTEGER = 2**63 - 1


class WrongType(ValueError):
    """A value is none of its type; the message says how one is written."""

    def __init__(self, kind: str, cure: str, value: object) -> None:
        shown = json.dumps(value, default=str, ensure_ascii=False).encode(errors="backslashreplace").decode()
        super().__init__(f"{shown if len(shown) <= 60 else shown[:57] + '...'} is no {kind}: write {cure}")
        self.kind = kind
        self.cure = cure


def typed(kind: str, value: Any) -> Value:
    """A value of a variable of this CACAO type, as JSON has it: "5" of an integer is 5. Raises WrongType, which names the cure.

    null stays unknown and "" stays known to be empty, whatever the type. A type that CACAO does not name is a text.
    """
    if value is None or value == "":
        return value if value is None else ""
    reading, cure = TYPES.get(kind, TYPES["string"])
    try:
        return reading(value)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise WrongType(kind, cure, value) from error


def text_of(value: Value) -> str:
    """A value as text: numbers, truths, lists and objects as JSON writes them; the unknown as nothing."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _truth(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    text = _text(value).strip().lower()
    if text not in ("true", "false"):
        raise ValueError
    return text == "true"


def _integer(value: Any) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise ValueError
    if isinstance(value, str) and not re.fullmatch(r"\s*[+-]?\d{1,30}\s*", value, re.ASCII):
        raise ValueError
    found = int(value)
    if abs(found) > MOST_INTEGER:
        raise ValueError
    return found


def _float(value: Any) -> float:
    if isinstance(value, bool) or (isinstance(value, str) and "_" in value):
        raise ValueError
    found = float(value)
    if not math.isfinite(found):
        raise ValueError
    return found


def _dictionary(value: Any) -> dict[str, Any]:
    found = json.loads(value, parse_constant=_refused) if isinstance(value, str) else value
    if not isinstance(found, dict):
        raise ValueError
    return found


def _refused(value: str) -> Any:
    raise ValueError(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError
    return value


def _string(value: Any) -> Value:
    """Texts; a number or a truth that stands in place of one is written as text, lists and objects stay."""
    return value if isinstance(value, (str, list, dict)) else text_of(value)


def _written(form: str) -> Callable[[Any], str]:
    """Texts of a form."""
    shape = re.compile(form, re.ASCII)

    def reading(value: Any) -> str:
        text = _text(value).strip()
        if not shape.fullmatch(text):
            raise ValueError
        return text

    return reading


def _address(version: int) -> Callable[[Any], str]:
    """Addresses and networks of one family."""

    def reading(value: Any) -> str:
        text = _text(value).strip()
        if "%" in text or ipaddress.ip_interface(text).version != version:
            raise ValueError
        return text

    return reading


TYPES: Mapping[str, tuple[Callable[[Any], Value], str]] = {
    "bool": (_truth, '"true" or "false"'),
    "dictionary": (_dictionary, "a JSON object"),
    "float": (_float, 'a number such as "2.5"'),
    "hexstring": (_written(rf"(?:0[xX])?{HEX}+"), 'hexadecimal digits such as "0aff"'),
    "integer": (_integer, 'a whole number of at most 64 bits such as "42"'),
    "long": (_integer, 'a whole number of at most 64 bits such as "42"'),
    "ipv4-addr": (_address(4), 'an address or a network such as "192.0.2.7" or "192.0.2.0/24"'),
    "ipv6-addr": (_address(6), 'an address or a network such as "2001:db8::7" or "2001:db8::/32"'),
    "mac-addr": (
        _written(rf"{HEX}{{2}}(?::{HEX}{{2}}){{5}}|{HEX}{{2}}(?:-{HEX}{{2}}){{5}}|(?:{HEX}{{4}}\.){{2}}{HEX}{{4}}"),
        'six pairs of hexadecimal digits such as "00:00:5e:00:53:af"',
    ),
    "hash": (_written(r"[!-~]{1,1000}"), "a hash without spaces"),
    "md5-hash": (_written(rf"{HEX}{{32}}"), "32 hexadecimal digits"),
    "sha256-hash": (_written(rf"{HEX}{{64}}"), "64 hexadecimal digits"),
    "string": (_string, "a text"),
    "uri": (_written(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\s<>\"{}|\\^`\x00-\x20]+"), 'an address with a scheme such as "https://example.com/"'),
    "uuid": (_written(rf"{HEX}{{8}}(?:-{HEX}{{4}}){{3}}-{HEX}{{12}}"), 'a UUID such as "5d1e7a90-3c58-4b0f-9d27-6a0c3f5b8e21"'),
}
