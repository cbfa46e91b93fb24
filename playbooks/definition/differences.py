"""What changed from one document of a book to another, step by step, so that people can read it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from playbooks.definition.findings import pointer
from playbooks.definition.layout import layout_of, without_layout

SECRET = ("password", "token", "oauth_header", "user_id", "username")
HIDDEN = "(not shown)"
LONGEST = 2000


@dataclass(frozen=True)
class Change:
    """One property that is other than before: its pointer below the step or the document, and both values as JSON, None for none."""

    at: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class StepChange:
    """A step that came, went or changed."""

    id: str
    kind: str
    name: str
    how: str  # added | removed | changed
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Difference:
    """What changed from one document to another. Where the steps stand on a canvas is one fact, not many changes."""

    head: tuple[Change, ...]
    steps: tuple[StepChange, ...]
    moved: bool

    @property
    def is_nothing(self) -> bool:
        return not (self.head or self.steps or self.moved)


def difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> Difference:
    """What changed from a checked document to another, in the order of the steps of the new one, then of the old one."""
    bare_old, bare_new = without_layout(old), without_layout(new)
    before, after = bare_old.pop("workflow", {}), bare_new.pop("workflow", {})
    steps = []
    for key in [*after, *(key for key in before if key not in after)]:
        step = after.get(key) or before[key]
        changes = tuple(_changes((), before[key], after[key])) if key in before and key in after else ()
        how = "changed" if changes else "added" if key not in before else "removed" if key not in after else ""
        if how:
            steps.append(StepChange(key, str(step.get("type", "")), str(step.get("name", "")), how, changes))
    return Difference(tuple(_changes((), bare_old, bare_new)), tuple(steps), layout_of(old) != layout_of(new))


def _changes(at: tuple[object, ...], old: Any, new: Any) -> Iterator[Change]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in [*new, *(key for key in old if key not in new)]:
            if key not in old or key not in new:
                yield _change((*at, key), old.get(key, _NONE), new.get(key, _NONE))
            else:
                yield from _changes((*at, key), old[key], new[key])
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from _changes((*at, number), one, other)
    elif old != new or isinstance(old, bool) is not isinstance(new, bool):
        yield _change(at, old, new)


_NONE = object()


def _change(at: tuple[object, ...], old: Any, new: Any) -> Change:
    return Change(pointer(*at), _said(at, old), _said(at, new))


def _said(at: tuple[object, ...], value: Any) -> str | None:
    if value is _NONE:
        return None
    if at[:1] == ("authentication_info_definitions",):
        value = _masked(value, str(at[-1]))
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def _masked(value: Any, key: str = "") -> Any:
    """Who signs in with what is not for a page: a document that was read leniently may hold it in clear."""
    if isinstance(value, Mapping):
        return {one: _masked(inner, one) for one, inner in value.items()}
    return HIDDEN if key in SECRET and value else value
