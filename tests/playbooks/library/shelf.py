"""The library as tests read it: each book once, its steps by name, and what leads where."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from playbooks.definition.graph import EXTENSION, Graph, compiled
from playbooks.library import BOOKS, text_of

MALWARE = "malware-on-a-host"
# Every book but the first, which stands as it is run since the first day.
OURS = [slug for slug in BOOKS if slug != MALWARE]


@cache
def document_of(slug: str) -> dict[str, Any]:
    """The book as it is written."""
    found: dict[str, Any] = json.loads(text_of(BOOKS[slug]))
    return found


@cache
def graph_of(slug: str) -> Graph:
    """The book compiled."""
    return compiled(document_of(slug))


def steps_of(slug: str, kind: str = "") -> list[tuple[str, dict[str, Any]]]:
    """The steps of a book in its order, of one kind where that is said."""
    return [(key, step) for key, step in document_of(slug)["workflow"].items() if kind in ("", step["type"])]


def ours(step: Mapping[str, Any]) -> Mapping[str, Any]:
    """What our extension says of a step."""
    found: Mapping[str, Any] = step.get("step_extensions", {}).get(EXTENSION, {})
    return found


def asked(slug: str) -> list[tuple[str, dict[str, Any]]]:
    """The steps that ask for approval."""
    return [(key, step) for key, step in steps_of(slug, "action") if "approval" in ours(step)]


def texts_in(part: Any) -> Iterator[str]:
    """Every text of a document, keys left out."""
    if isinstance(part, str):
        yield part
    for one in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from texts_in(one)
