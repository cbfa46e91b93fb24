"""One draft as a page: its graph and its parts, the form of one of them beside, and what is wrong as one types."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from playbooks.catalogue import action_names
from playbooks.definition.editing.desk import ADDED
from playbooks.definition.editing.fields import Field, Value, changed, sent, shown
from playbooks.definition.editing.parts import KINDS
from playbooks.definition.editing.ways import branch_name, name_of, places_at
from playbooks.definition.graph import ACTION, BOOK, END, IF, PARALLEL, START, SWITCH
from playbooks.definition.reaching import openings
from playbooks.operations.drafting import change
from playbooks.pages.picture import Picture, picture
from playbooks.queries.drafts import PARTS, DraftView, Found, draft_of
from playbooks.queries.steps import CONTROL
from tenants.gates.navigation import READERS
from tenants.gates.pages import Page

FORM = "#form"  # links to a part lead to its form
KIND_WORDS = {ACTION: "Action", **CONTROL}


@dataclass(frozen=True)
class Shown:
    """A field of the form with what is wrong with it."""

    field: Field
    problems: tuple[Found, ...]
    refused: str  # why what was typed could not be written


@dataclass(frozen=True)
class Row:
    """A step in the list beside the graph."""

    no: str
    id: str
    name: str
    kind: str
    depth: int
    branch: str
    errors: int
    warnings: int
    current: bool
    reached: bool


@dataclass(frozen=True)
class Twofold:
    """A field of a form that was sent too late: what stands there now, and what was typed."""

    label: str
    now: str
    yours: str


class DraftPage(Page):
    """`/playbooks/drafts/<id>/`: a draft; `?step=` chooses the part whose form is shown.

    Everything is one plain form. The page's script sends it as one types, and takes from the answer what changed besides the form.
    """

    roles = READERS | {"admin"}

    def get(self, request: Any, draft: str) -> Any:
        part = request.POST.get("part") or request.GET.get("step", "")
        seen = draft_of(str(draft), self.actor, part)
        as_part = request.headers.get("HX-Request")
        return self.page(f"playbooks/drafts/{'_answer' if as_part else 'draft'}.html", at=self.actor.now(), **self._shown(seen))

    def post(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        if not request.headers.get("HX-Request"):
            return super().post(request, *args, **kwargs)
        self.act(request.POST)
        return self.get(request, *args, **kwargs)

    def act(self, data: Any) -> str:
        part, do = data.get("part", ""), data.get("do", "")
        sent_fields = {name: data.getlist(name) for name in data}
        done = change(draft=str(self.kwargs["draft"]), version=self.version(), part=part, data=sent_fields, do=do, by=self.actor)
        self.done = done.said or "Nothing was changed."
        return f"{reverse('draft', args=[self.kwargs['draft']])}?{urlencode({'step': done.part})}{'#id_name' if do == 'add' else FORM}"

    def _shown(self, seen: DraftView) -> dict[str, Any]:
        typed = self.request.POST if self.error is not None else None
        data = {name: typed.getlist(name) for name in typed} if typed is not None else {}
        fields = [self._field(one, seen, data) for one in seen.fields]
        step = seen.document["workflow"].get(seen.part)
        return {
            "draft": seen,
            "parts": tuple(PARTS.items()),
            "kind_word": KIND_WORDS.get(seen.kind, seen.kind),
            "picture": graph_of(seen),
            "rows": rows_of(seen),
            "groups": [(name, list(some)) for name, some in groupby(fields, key=lambda one: one.field.group)],
            "loose": [one for one in seen.findings if one.part == seen.part and not one.field],
            "places": list(places_at(seen.document, seen.part)) if step else [],
            "elsewhere": elsewhere(seen) if step and seen.kind not in (START, END) else [],
            "branches": branches_of(seen) if step else [],
            "takes_branch": seen.kind in (PARALLEL, SWITCH) or (seen.kind == IF and "on_false" not in (step or {})),
            "kinds": tuple(ADDED.items()),
            "definition_kinds": tuple(KINDS.items()),
            "commands": len((step or {}).get("commands", ())) if seen.kind == ACTION else 0,
            "actions": ", ".join(sorted(action_names())),
            "twofold": twofold(seen.fields, data) if self.error is not None and self.error.status == 409 else [],
            "stale": self.error is not None and self.error.code == "stale_version",
            "is_exception": seen.part == "exception",
            "is_definition": "/" in seen.part,
            "is_book_action": seen.kind == BOOK,
        }

    def _field(self, one: Field, seen: DraftView, data: Mapping[str, Sequence[str]]) -> Shown:
        """The field with its findings; after a refusal with what was typed."""
        given = sent(one, data) if data else None
        found = tuple(each for each in seen.findings if (each.part, each.field) == (seen.part, one.name))
        mine = self.error is not None and self.error.field == one.name
        refused = f"{self.error.detail} {self.error.cure}" if mine and self.error else ""
        return Shown(one if given is None else replace(one, value=given), found, refused)


def graph_of(seen: DraftView) -> Picture:
    """The graph; a step with an error is marked, and the links lead to the form."""
    wrong = {one.part for one in seen.findings if one.blocks}
    states = {line.id: ("failed" if line.id in wrong else "plain", line.name, KIND_WORDS.get(line.kind, "Step")) for line in seen.steps}
    drawn = picture(seen.drawing, states, seen.part)
    return replace(drawn, marks=tuple(replace(one, id=one.id + FORM) for one in drawn.marks))


def rows_of(seen: DraftView) -> list[Row]:
    """The list of steps: ends stand in it without a number."""
    rows, number = [], 0
    for line in seen.steps:
        number += line.kind != END
        mine = [one for one in seen.findings if one.part == line.id]
        errors = sum(one.blocks for one in mine)
        words, no = KIND_WORDS.get(line.kind, line.kind), "" if line.kind == END else str(number)
        current = line.id == seen.part
        rows.append(Row(no, line.id, line.name, words, min(line.depth, 6), line.branch, errors, len(mine) - errors, current, line.reached))
    return rows


def elsewhere(seen: DraftView) -> list[tuple[str, str]]:
    """Where a step can be moved to: after each other step, and first in each branch."""
    found = []
    for line in seen.steps:
        if line.id != seen.part:
            found += [(place, said) for place, said in places_at(seen.document, line.id) if place.startswith(("after", "in "))]
    return found


def branches_of(seen: DraftView) -> list[tuple[str, str, str]]:
    """The branches of a block: key, what it is called, and the name of its first step."""
    step = seen.document["workflow"][seen.part]
    return [
        ("/".join(str(one) for one in place), branch_name(step, place), name_of(seen.document["workflow"].get(to), to))
        for place, to in openings(step)
    ]


def twofold(fields: Sequence[Field], data: Mapping[str, Sequence[str]]) -> list[Twofold]:
    """The fields in which a form that was sent too late says another thing than what stands there now."""
    return [Twofold(one.label, in_words(shown(one)), in_words(value)) for one, value in changed(fields, data)]


def in_words(value: Value) -> str:
    """What a field holds, in one text."""
    if isinstance(value, str):
        return value
    return "\n".join(one if isinstance(one, str) else ", ".join(cell for cell in one if cell) for one in value)
