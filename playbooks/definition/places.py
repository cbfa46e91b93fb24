"""Filling a text of a playbook with values, by an encoder that knows the place: a value is data there and never syntax."""

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from ipaddress import IPv6Address
from typing import Literal

from playbooks.definition.powershell import filled_powershell
from playbooks.definition.shell import filled_shell
from playbooks.definition.values import Value, text_of
from playbooks.definition.variables import (
    REFERENCE,
    UnfitPlace,
    UnfitValue,
    filled,
    filled_json,
    in_a_header,
    in_a_path,
    value_of,
)

Place = Literal["text", "path", "query", "url", "header", "json", "shell", "powershell", "word"]

HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.\-]{0,252}[A-Za-z0-9])?")
WHOLE_URL = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+(?:/[A-Za-z0-9._~!$&'()*+,;=:@%\-]*)*")
WORD = re.compile(r"[A-Za-z0-9_@+=:,./][A-Za-z0-9_@+=:,./-]*")
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://")


def filled_for(place: Place, text: str, values: Mapping[str, Value]) -> str:
    """The text with every reference replaced by its value as this place takes it.

    `text` is for people; `path`, `query` and `url` are (parts of) an address; `header` is the value of one; `json` a document;
    `shell` a command for a POSIX shell, `powershell` one for PowerShell; `word` takes plain words only and stands for languages
    that nobody here can quote for.
    Raises UndefinedVariable, UnfitValue, ValueError for a `json` that is none.
    """
    return FILLING[place](text, values)


def place_of(command: str) -> Place:
    """The place that the text of a command of this type is."""
    return {"manual": "text", "bash": "shell", "ssh": "shell", "powershell": "powershell"}.get(command, "word")  # type: ignore[return-value]


def in_a_query(value: str) -> str:
    """A value as (part of) a name or a value in the query of a URL. Raises UnfitValue."""
    return in_a_path(f"-{value}")[1:]


def for_people(value: str) -> str:
    """A value as people read it: on one line, without characters that turn, hide or erase what stands around them."""
    if value.isprintable():
        return value
    return "".join(_visible(char) for char in value)


def _visible(char: str) -> str:
    if char.isprintable():
        return char
    if char == "\n":
        return "↵"
    # Spaces of other widths are spaces; what is left are controls, marks of direction and halves of characters.
    return " " if char.isspace() else f"\\u{{{ord(char):x}}}" if unicodedata.category(char) != "Cn" else "\ufffd"


def _word(value: str) -> str:
    if not WORD.fullmatch(value):
        raise UnfitValue(f"{value[:60]!r} cannot stand in this command, which takes letters, digits and _@+=:,./- only")
    return value


def _path(text: str, values: Mapping[str, Value]) -> str:
    return filled(text, values, in_a_path)


def _header(text: str, values: Mapping[str, Value]) -> str:
    return filled(text, values, in_a_header)


def _url(text: str, values: Mapping[str, Value]) -> str:
    """A whole address or one that begins with its path."""
    scheme = SCHEME.match(text)
    lead = REFERENCE.match(text)
    if lead and scheme is None:
        whole = text_of(value_of(lead[1], values))
        more = text[lead.end() :]
        if more and more[0] not in "/?#":
            raise UnfitPlace(lead[1], "it begins the address, so /, ? or # follows it")
        return _base(lead[1], whole, more=more) + _rest(more, values)
    start = scheme.end() if scheme else 0
    host = re.compile(r"[^/?#]*").match(text, start) if scheme else None
    end = host.end() if host else 0
    if host and "@" in host[0]:
        raise UnfitPlace(next(iter(REFERENCE.findall(text)), "a variable"), "the address holds a user before @: use authentication instead")
    return text[:start] + filled(text[start:end], values, _host) + _rest(text[end:], values)


def _rest(text: str, values: Mapping[str, Value]) -> str:
    path, mark, query = re.fullmatch(r"([^?#]*)([?#]?)(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]
    return _path(path, values) + mark + filled(query, values, in_a_query)


def _base(name: str, value: str, *, more: str) -> str:
    if not WHOLE_URL.fullmatch(value) or {".", ".."} & set(value.split("/")):
        raise UnfitValue(f"the value of {name} begins an address, so it is one such as https://example.com/api, without ? and #")
    return value.rstrip("/") if more.startswith("/") else value


def _host(value: str) -> str:
    try:
        return f"[{IPv6Address(value).compressed}]" if ":" in value and "%" not in value else _name(value)
    except ValueError as error:
        raise UnfitValue(f"{value[:60]!r} is no name or address of a host") from error


def _name(value: str) -> str:
    if not HOST.fullmatch(value) or ".." in value:
        raise ValueError
    return value


FILLING: dict[Place, Callable[[str, Mapping[str, Value]], str]] = {
    "text": lambda text, values: filled(text, values, for_people),
    "path": _path,
    "query": lambda text, values: filled(text, values, in_a_query),
    "url": _url,
    "header": _header,
    "json": lambda text, values: json.dumps(filled_json(text, values), ensure_ascii=False, allow_nan=False),
    "shell": filled_shell,
    "powershell": filled_powershell,
    "word": lambda text, values: filled(text, values, _word),
}
