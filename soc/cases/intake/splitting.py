"""Cutting what a sensor posts into items, each with its own bytes and its own key."""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import NoReturn

import orjson
import rfc8785

from soc.cases.intake.problems import Problem

DEPTH_LIMIT = 64
KEY_LIMIT = 255

_SPACE = re.compile(r"[ \t\r\n]*")
# Possessive, and an open string runs to the end: hostile quotes must not make this quadratic.
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[{]|[\]}]', re.DOTALL)
_KEY = re.compile(r"[\x20-\x7e]{1,255}")
_WRAPPER = {"idempotency_key", "alert"}


@dataclass(frozen=True, slots=True)
class Item:
    """One alert as it was posted.

    `raw` are its own bytes (inside the wrapper, where there was one), `alert` the JSON value in them, None when there is
    a problem. `key` is the idempotency key that the sender gave; `content_key` the SHA-256 of the canonical content
    (RFC 8785), or of the bytes where there is none.
    """

    index: int
    raw: bytes
    alert: object
    key: str | None
    content_key: str
    problem: Problem | None

    @property
    def idempotency_key(self) -> str:
        """The key under which the item is stored: the sender's own, else that of its content."""
        return self.key if self.key is not None else self.content_key


@dataclass(frozen=True, slots=True)
class Posting:
    """What one request carried: `single` is one alert that was not sent as an array or as NDJSON."""

    items: tuple[Item, ...]
    single: bool


def split(body: bytes, *, ndjson: bool) -> Posting:
    """Cut a body into items. Never raises, whatever the bytes are.

    A broken line of NDJSON is an item with a problem and loses nothing else. A body or an array that is not JSON is one
    item with the problem not_json. Empty lines are no items.
    """
    if ndjson:
        lines = (line.strip(b" \t\r") for line in body.removeprefix(b"\xef\xbb\xbf").split(b"\n"))
        return Posting(tuple(read_item(line, index=at) for at, line in enumerate(line for line in lines if line)), single=False)
    pieces = texts_of_elements(body)
    if pieces is not None:
        return Posting(tuple(read_item(piece.encode(), index=at) for at, piece in enumerate(pieces)), single=False)
    return Posting((read_item(body, index=0),), single=True)


def texts_of_elements(body: bytes) -> list[str] | None:
    """The text of each element of a body that is one array, or None when it is not."""
    text = _decoded(body)
    return _elements(text) if text is not None and text.lstrip(" \t\r\n").startswith("[") else None


def read_item(raw: bytes, *, index: int = 0) -> Item:
    """Read the bytes of one item, wrapped with an idempotency key or not. Never raises."""
    plain = _read_plainly(raw)
    if plain is not None:
        return Item(index, raw, plain[0], None, plain[1], None)
    text = _decoded(raw)
    value = _not_json("it is not UTF-8") if text is None else _loaded(text)
    if isinstance(value, Problem):
        return Item(index, raw, None, None, _digest(raw), value)
    if not isinstance(value, dict) or set(value) != _WRAPPER or text is None:
        return Item(index, raw, value, None, content_key(value, raw), None)
    inner = _member(text, "alert").encode()
    content, key = content_key(value["alert"], inner), value["idempotency_key"]
    if isinstance(key, str) and key_is_valid(key):
        return Item(index, inner, value["alert"], key, content, None)
    cure = f"Send 1 to {KEY_LIMIT} printable ASCII characters."
    problem = Problem("bad_idempotency_key", "idempotency_key", "The idempotency key cannot be used.", cure)
    return Item(index, inner, None, None, content, problem)


def _read_plainly(raw: bytes) -> tuple[dict[str, object], str] | None:
    """The value of an unwrapped object, and its content key, where the fast parser reads it as the careful one would; else None.

    The two differ in fractions, in integers beyond 2**53, in the order of keys beyond U+E000, and in what is not quite JSON.
    """
    try:
        value = orjson.loads(raw)
        if not isinstance(value, dict) or "idempotency_key" in value or not _is_simple(value):
            return None
        canonical = orjson.dumps(value, option=_CANONICAL)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None
    return None if _HIGH.search(canonical) else (value, _digest(canonical))


def _is_simple(value: object) -> bool:
    """Whether a value holds no fraction and is not deep."""
    layer = [value]
    for _ in range(DEPTH_LIMIT + 1):
        below: list[object] = []
        for found in layer:
            kind = type(found)
            if kind is dict:
                below.extend(found.values())  # type: ignore[attr-defined]
            elif kind is list:
                below.extend(found)  # type: ignore[arg-type]
            elif kind is float:
                return False
        if not below:
            return True
        layer = below
    return False


_CANONICAL = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER
_HIGH = re.compile(rb"[\xee-\xf4]")  # first bytes in UTF-8 of what sorts differently in UTF-16, as RFC 8785 sorts


def content_key(value: object, raw: bytes) -> str:
    """SHA-256, as hex, of the canonical form of a JSON value (RFC 8785), or of the bytes where it has no such form.

    RFC 8785 knows no integers beyond 2**53, no infinities and no lone surrogates.
    """
    try:
        return _digest(rfc8785.dumps(value))  # type: ignore[arg-type]
    except (rfc8785.CanonicalizationError, UnicodeError, RecursionError, ValueError):
        return _digest(raw)


def key_is_valid(key: str) -> bool:
    """Whether a sender may use this idempotency key: 1 to 255 printable ASCII characters."""
    return _KEY.fullmatch(key) is not None


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _decoded(raw: bytes) -> str | None:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def _loaded(text: str) -> object:
    """The JSON value of a text, or the problem with it."""
    try:
        value: object = _DECODER.decode(text)
    except json.JSONDecodeError as wrong:
        return _not_json(f"{wrong.msg} at line {wrong.lineno}, column {wrong.colno}")
    except RecursionError:
        return _too_deep()
    except ValueError as wrong:
        if isinstance(wrong, _Constant):
            return _not_json(f"{wrong} is not a number of JSON")
        return Problem("too_large", "", "The item holds a number with thousands of digits.", "Send such a value as a string.")
    return _too_deep() if _is_deep(value) else value


class _Constant(ValueError):
    pass


def _constant(name: str) -> NoReturn:
    raise _Constant(name)


_DECODER = json.JSONDecoder(parse_constant=_constant)


def _is_deep(value: object) -> bool:
    layer = [value]
    for _ in range(DEPTH_LIMIT + 1):
        below: list[object] = []
        for found in layer:
            if isinstance(found, dict):
                below.extend(child for child in found.values() if isinstance(child, dict | list))
            elif isinstance(found, list):
                below.extend(child for child in found if isinstance(child, dict | list))
        if not below:
            return False
        layer = below
    return True


def _elements(text: str) -> list[str] | None:
    """The text of each element of an array, or None when the text is not one array."""
    found: list[str] = []
    at = _past_space(text, _past_space(text, 0) + 1)
    if text[at : at + 1] == "]":
        return found if _past_space(text, at + 1) == len(text) else None
    while True:
        end = _end_of_value(text, at)
        if end is None:
            return None
        found.append(text[at:end])
        at = _past_space(text, end)
        if text[at : at + 1] == "]":
            return found if _past_space(text, at + 1) == len(text) else None
        if text[at : at + 1] != ",":
            return None
        at = _past_space(text, at + 1)


def _end_of_value(text: str, at: int) -> int | None:
    try:
        return _DECODER.raw_decode(text, at)[1]
    except json.JSONDecodeError:
        return None
    except (RecursionError, ValueError):
        # Too deep or too large to be read, but its end can still be found, so that its neighbors are not lost.
        return _end_of_brackets(text, at)


def _end_of_brackets(text: str, at: int) -> int | None:
    depth = 0
    for match in _BRACKETS.finditer(text, at):
        depth += 1 if match[0] in "[{" else -1 if match[0] in "]}" else 0
        if depth == 0:
            return match.end() if match.start() == at or match[0] in "]}" else None
    return None


def _member(text: str, name: str) -> str:
    """The text of a member of an object that has been read before; the last one of that name, as a JSON parser takes it."""
    found = ""
    at = _past_space(text, _past_space(text, 0) + 1)
    while text[at] != "}":
        key, at = _DECODER.raw_decode(text, at)
        start = _past_space(text, _past_space(text, at) + 1)
        end = _DECODER.raw_decode(text, start)[1]
        found = text[start:end] if key == name else found
        at = _past_space(text, end)
        at = _past_space(text, at + 1) if text[at] == "," else at
    return found


def _past_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _not_json(reason: str) -> Problem:
    return Problem("not_json", "", f"The item is not JSON: {reason}.", "Send valid JSON in UTF-8; see RFC 8259.")


def _too_deep() -> Problem:
    return Problem(
        "too_deep", "", f"The item is nested more than {DEPTH_LIMIT} levels deep.", "Send it flatter, or the deep part as a string."
    )
