"""Reading an alert of unknown form by a mapping from our plain form's fields to places in it."""

import re

from soc.cases.intake import plain
from soc.cases.intake.normal import NormalAlert
from soc.cases.intake.problems import Problem, Refused, refuse
from soc.cases.intake.reading import kind
from soc.cases.intake.recognising import normalise

LISTS = ("entities", "observables", "techniques")

_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")
_TILDE = re.compile(r"~(?![01])")


def mapped(mapping: object, alert: object) -> dict[str, object] | Problem:
    """The plain form of an alert, each field taken from where its JSON pointer (RFC 6901) leads.

    A field that holds a list may name several pointers, and a single value counts as a list of one. Every pointer must
    lead somewhere. The problem is bad_mapping, with the field.
    """
    try:
        return _mapped(mapping, alert)
    except Refused as refused:
        return refused.problem


def normalise_mapped(mapping: object, alert: object) -> NormalAlert | Problem:
    """The normal alert that a mapping makes of an alert, or the problem."""
    found = mapped(mapping, alert)
    return found if isinstance(found, Problem) else normalise(found)


def resolve(pointer: str, document: object) -> object:
    """The value that a JSON pointer leads to in a document. Raises LookupError when it leads nowhere or is not one."""
    if pointer == "":
        return document
    if not pointer.startswith("/") or _TILDE.search(pointer):
        raise LookupError(pointer)
    found = document
    for part in pointer[1:].split("/"):
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict) and name in found:
            found = found[name]
        elif isinstance(found, list) and _INDEX.fullmatch(name) and int(name) < len(found):
            found = found[int(name)]
        else:
            raise LookupError(pointer)
    return found


def _mapped(mapping: object, alert: object) -> dict[str, object]:
    if not isinstance(mapping, dict) or not mapping:
        raise refuse("bad_mapping", "mapping", f"The mapping is {kind(mapping)}, or empty.", 'Send {"title": "/json/pointer", ...}.')
    plain_form: dict[str, object] = {}
    for field, pointer in mapping.items():
        if field not in plain.FIELDS:
            raise refuse("bad_mapping", "mapping", "The mapping names a field that we do not have.", f"Use {', '.join(plain.FIELDS)}.")
        if field in LISTS:
            plain_form[field] = _list(field, pointer, alert)
        else:
            plain_form[field] = _value(field, pointer, alert)
    if "title" not in plain_form:
        raise refuse("bad_mapping", "title", "The mapping has no title.", "Say where the title of the alert is.")
    return plain_form


def _list(field: str, pointers: object, alert: object) -> list[object]:
    found: list[object] = []
    for pointer in pointers if isinstance(pointers, list) else [pointers]:
        value = _value(field, pointer, alert)
        found.extend(value if isinstance(value, list) else [value])
    return found


def _value(field: str, pointer: object, alert: object) -> object:
    cure = "Send a JSON pointer (RFC 6901) such as /event/title that leads to a value in the alert."
    if not isinstance(pointer, str):
        raise refuse("bad_mapping", field, f"The pointer for {field} is {kind(pointer)}, not a string.", cure)
    try:
        return resolve(pointer, alert)
    except LookupError:
        raise refuse("bad_mapping", field, f"The pointer for {field} leads nowhere in this alert.", cure) from None
