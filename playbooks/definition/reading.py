"""From the bytes of a file to a document: JSON, or YAML of JSON's types; what cannot be read is a finding, never an exception."""

import json
import re
from collections.abc import Iterable
from typing import Any

import yaml as pyyaml
from yaml.events import AliasEvent, CollectionEndEvent, MappingStartEvent, ScalarEvent, SequenceStartEvent
from yaml.nodes import ScalarNode
from yaml.resolver import BaseResolver

from playbooks.definition.findings import DEEPEST, ERROR, MOST_PARTS, Finding, pointer, unreadable, unsound

MOST_BYTES = 8 * 1024 * 1024
IDENTIFIER = re.compile(r"[a-z][a-z0-9-]*--[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")


class JsonTypes(BaseResolver):
    """What a bare word of YAML means here: JSON's types and no others, so 2023-02-19, 0x1f and yes are texts.

    Whoever writes YAML that is read here again gives this to its dumper, which then puts quotes where they are needed.
    """


for _tag, _pattern, _first in (
    ("null", r"null|~|", ["n", "~", ""]),
    ("bool", r"true|false", ["t", "f"]),
    ("int", r"-?(?:0|[1-9][0-9]*)", list("-0123456789")),
    ("float", r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?", list("-0123456789")),
):
    JsonTypes.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), _first)


class _Unread(ValueError):
    """The text is not what it should be; the message says where."""


class _Doubles:
    """Objects in which a name stands twice."""

    def __init__(self) -> None:
        self.seen: list[tuple[dict[str, Any], str]] = []

    def pairs(self, pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, value in pairs:
            if key in made:
                self.seen.append((made, key))
            made[key] = value
        return made

    def findings(self, document: Any) -> list[Finding]:
        """An object that stands twice under its id is one of two: whichever is meant, the other would be lost without a word."""
        if not self.seen:
            return []
        places = _places(document, {id(one) for one, _ in self.seen})
        found = {}
        for one, key in self.seen:
            at = pointer(*places.get(id(one), ()), key)
            if not IDENTIFIER.fullmatch(key) or id(one) not in places:
                return [unreadable(f"The name {key} stands twice in one object ({at}). Remove one of the two.")]
            found[at] = Finding("duplicate_id", ERROR, at, f"The id {key} stands twice. Give one of the two an id of its own.")
        return list(found.values())


def document_in(raw: bytes, *, yaml: bool = False) -> tuple[Any, list[Finding]]:
    """The document that the bytes of a file hold, and what reading it brought up.

    With a finding `unreadable` (its pointer is empty) the document is None. Never raises; takes at most 8 MiB.
    """
    if len(raw) > MOST_BYTES:
        return None, [unreadable(f"The file is larger than {MOST_BYTES // 1024 // 1024} MiB. Split it into several playbooks.")]
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return None, [unreadable(f"The file is not UTF-8 (byte {error.start}). Save it as UTF-8.")]
    doubles = _Doubles()
    try:
        document = (_from_yaml if yaml else _from_json)(text, doubles)
    except _Unread as error:
        return None, [unreadable(str(error))]
    except RecursionError:
        return None, [unreadable("The document is nested too deeply. Write it flatter.")]
    too_much = [one for one in unsound(document) if one.code == "unreadable"]
    findings = too_much or doubles.findings(document)
    return (None if any(one.code == "unreadable" for one in findings) else document), findings


def _places(document: Any, wanted: set[int]) -> dict[int, tuple[object, ...]]:
    """Where the objects of these identities stand."""
    found: dict[int, tuple[object, ...]] = {}
    todo: list[tuple[tuple[object, ...], Any]] = [((), document)]
    while todo:
        at, one = todo.pop()
        if isinstance(one, dict):
            if id(one) in wanted:
                found[id(one)] = at
            todo += [((*at, key), value) for key, value in one.items()]
        elif isinstance(one, list):
            todo += [((*at, number), value) for number, value in enumerate(one)]
    return found


def _number(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise _Unread(f"The number {text[:40]} is too large. Write it as a text.")
    return value


def _whole(text: str) -> int:
    # Python itself refuses to read longer ones, with a message of its own.
    if len(text) > 1000:
        raise _Unread("A number has more than 1,000 digits. Write it as a text.")
    return int(text)


def _constant(name: str) -> Any:
    raise _Unread(f"{name} is no JSON value. Write a number, a text or null.")


def _from_json(text: str, doubles: _Doubles) -> Any:
    try:
        return json.loads(text, object_pairs_hook=doubles.pairs, parse_float=_number, parse_int=_whole, parse_constant=_constant)
    except json.JSONDecodeError as error:
        raise _Unread(f"This is no JSON: {error.msg} (line {error.lineno}, column {error.colno}). Correct it there.") from error


class _Builder:
    """Builds a document from the events of YAML, with a stack of its own: no depth and no alias can outgrow it."""

    def __init__(self, doubles: _Doubles) -> None:
        self.doubles = doubles
        self.types: Any = JsonTypes()
        self.open: list[tuple[list[Any], bool, str | None]] = []  # what is being filled, whether it is an object, its anchor
        self.anchored: dict[str, Any] = {}
        self.documents: list[Any] = []

    def take(self, event: Any) -> None:
        if getattr(event, "tag", None) not in (None, "!"):
            raise _Unread(f"The tag {event.tag} is not read here{_line(event)}. Write plain values.")
        if isinstance(event, (MappingStartEvent, SequenceStartEvent)):
            if len(self.open) >= DEEPEST:
                raise _Unread(f"The document is nested more than {DEEPEST} levels deep{_line(event)}. Write it flatter.")
            self.open.append(([], isinstance(event, MappingStartEvent), event.anchor))
        elif isinstance(event, CollectionEndEvent):
            parts, is_object, anchor = self.open.pop()
            self.put(self.doubles.pairs(zip(parts[::2], parts[1::2], strict=True)) if is_object else parts, anchor, event)
        elif isinstance(event, ScalarEvent):
            # A name is a text even where it looks like a number, as in JSON.
            self.put(event.value if self._awaits_a_name() else self._value(event), event.anchor, event)
        elif isinstance(event, AliasEvent):
            if event.anchor not in self.anchored:
                raise _Unread(f"Nothing before it is called {event.anchor}{_line(event)}. Name it first.")
            self.put(self.anchored[event.anchor], None, event)

    def put(self, value: Any, anchor: str | None, event: Any) -> None:
        if anchor:
            self.anchored[anchor] = value
        if self._awaits_a_name() and not isinstance(value, str):
            raise _Unread(f"A name is no text{_line(event)}. Names are texts.")
        (self.open[-1][0] if self.open else self.documents).append(value)

    def _awaits_a_name(self) -> bool:
        return bool(self.open) and self.open[-1][1] and len(self.open[-1][0]) % 2 == 0

    def _value(self, event: ScalarEvent) -> Any:
        if not event.implicit[0]:
            return event.value
        kind = self.types.resolve(ScalarNode, event.value, (True, False))
        return _WORDS.get(kind.rpartition(":")[2], str)(event.value)


_WORDS = {"null": lambda _: None, "bool": lambda text: text == "true", "int": _whole, "float": _number}


def _line(event: Any) -> str:
    return f" (line {event.start_mark.line + 1}, column {event.start_mark.column + 1})"


def _from_yaml(text: str, doubles: _Doubles) -> Any:
    builder = _Builder(doubles)
    try:
        for number, event in enumerate(pyyaml.parse(text, Loader=pyyaml.CBaseLoader)):
            if number > 2 * MOST_PARTS:
                raise _Unread(f"The document has more than {MOST_PARTS} parts. Split it into several playbooks.")
            builder.take(event)
    except pyyaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise _Unread(f"This is no YAML: {error.problem or error.context}{where}. Correct it there.") from error
    except pyyaml.YAMLError as error:
        raise _Unread(f"This is no YAML: {' '.join(str(error).split())}. Correct it there.") from error
    if len(builder.documents) != 1:
        raise _Unread(f"The file holds {len(builder.documents)} documents. Keep one.")
    return builder.documents[0]
