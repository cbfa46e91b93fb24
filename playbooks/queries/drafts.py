"""Drafts as their author sees them: the list, one part of one draft with its form and findings, what it changes, and a trial of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max, Min

from playbooks.catalogue import action_names
from playbooks.definition.checking import check
from playbooks.definition.differences import Difference, difference
from playbooks.definition.editing.edits import BOOK, fields_at
from playbooks.definition.editing.fields import Field, id_of
from playbooks.definition.editing.parts import GROUPS
from playbooks.definition.editing.seeing import Line, outline, place_of, sketch
from playbooks.definition.editing.ways import name_of
from playbooks.definition.exchange import kept
from playbooks.definition.findings import ERROR, Finding
from playbooks.definition.graph import Graph, compiled
from playbooks.definition.shapes import held
from playbooks.drawing import Drawing, drawn
from playbooks.models import Book, Draft, DraftState, Version
from playbooks.policies import may_change_draft, may_discard_draft, may_publish
from playbooks.simulation.inputs import Inputs, UnfitInputs, inputs_of
from playbooks.simulation.walking import Walk, simulate
from playbooks.states import DraftStage
from tenants.actors import Actor
from tenants.errors import Unknown

PARTS = {BOOK: "The book", "variables": "Variables", "exception": "The way of failure"}


@dataclass(frozen=True)
class DraftLine:
    """A draft in a list."""

    id: str
    name: str
    author: str
    mine: bool
    base: str  # "Malware on a host, version 3", or empty for a new book
    state: str
    changed_at: datetime
    made: str  # the version that it became


@dataclass(frozen=True)
class Found:
    """A finding with the part and the field that it is about."""

    severity: str
    code: str
    message: str
    pointer: str
    part: str
    field: str
    where: str

    @property
    def anchor(self) -> str:
        """The id of the element that a link leads to."""
        return id_of(self.field) if self.field else "form"

    @property
    def blocks(self) -> bool:
        """Whether the draft cannot be published with it."""
        return self.severity == ERROR


@dataclass(frozen=True)
class Definition:
    """An agent or a target in the list of parts."""

    part: str
    name: str
    kind: str
    target: bool


@dataclass(frozen=True)
class DraftView:
    """A draft, and the part of it that is looked at."""

    line: DraftLine
    version: int
    may_change: bool
    may_discard: bool
    may_publish: bool
    document: dict[str, Any]
    part: str
    title: str
    kind: str
    fields: list[Field]
    steps: tuple[Line, ...]
    definitions: tuple[Definition, ...]
    drawing: Drawing
    findings: tuple[Found, ...]
    undo: str  # what would be taken back
    redo: str  # what would be done again

    @property
    def errors(self) -> int:
        """How many findings keep it from being published."""
        return sum(one.blocks for one in self.findings)

    @property
    def warnings(self) -> int:
        """How many do not."""
        return len(self.findings) - self.errors

    @property
    def is_step(self) -> bool:
        """Whether a step is looked at."""
        return self.part in self.document["workflow"]


@dataclass(frozen=True)
class PublishView:
    """What publishing a draft would do: its difference to its base, and what came out since."""

    draft: DraftView
    base: int | None
    changes: Difference | None
    newest: int | None  # a newer version than the base
    since: Difference | None


@dataclass(frozen=True)
class Trial:
    """A simulated run of a draft; `problem` where the answers cannot be read."""

    draft: DraftView
    graph: Graph | None
    walk: Walk | None
    problem: str


def drafts_for(reader: Actor) -> tuple[DraftLine, ...]:
    """The reader's own drafts, then those of others, the latest change first; those given up are left out. One query."""
    rows = Draft.objects.select_related("author", "base__book", "made").exclude(state=DraftStage.DISCARDED).order_by("-changed_at")[:200]
    return tuple(sorted((_line(row, reader) for row in rows), key=lambda one: (one.state != DraftStage.OPEN, not one.mine)))


def books_to_begin_from() -> tuple[tuple[str, str], ...]:
    """Short names and names of the books; one query."""
    return tuple(Book.objects.order_by("name").values_list("slug", "name"))


def _line(row: Draft, reader: Actor) -> DraftLine:
    base = f"{row.base.book.name}, version {row.base.number}" if row.base else ""
    made = f"Version {row.made.number}" if row.made else ""
    mine = row.author_id == reader.person_id
    return DraftLine(str(row.public_id), row.name, str(row.author.name), mine, base, row.state, row.changed_at, made)


def _row(public_id: str) -> Draft:
    try:
        found = Draft.objects.select_related("author", "base__book", "made__book").filter(public_id=UUID(public_id)).first()
    except ValueError as error:
        raise Unknown() from error
    if found is None:
        raise Unknown()
    return found


def draft_of(public_id: str, reader: Actor, part: str = "") -> DraftView:
    """A draft with one part of it; without one, its first step. Raises Unknown. Three queries."""
    return _seen(_row(public_id), reader, part)


def _seen(row: Draft, reader: Actor, part: str = "") -> DraftView:
    ends = row.states.aggregate(first=Min("number"), last=Max("number"))
    states = {one.number: one for one in DraftState.objects.filter(draft=row, number__in=(row.at, row.at + 1))}
    document: dict[str, Any] = kept(states[row.at].canonical)
    lines = tuple(outline(document))
    shown = part or next((one.id for one in lines if one.kind not in ("start", "end")), BOOK)
    try:
        fields = fields_at(document, shown)
    except KeyError:
        shown, fields = BOOK, fields_at(document, BOOK)
    is_open = row.state == DraftStage.OPEN
    title, kind = _title(document, shown)
    later = states.get(row.at + 1)
    return DraftView(
        line=_line(row, reader),
        version=row.version,
        may_change=is_open and may_change_draft(reader, row),
        may_discard=is_open and may_discard_draft(reader, row),
        may_publish=is_open and may_publish(reader),
        document=document,
        part=shown,
        title=title,
        kind=kind,
        fields=fields,
        steps=lines,
        definitions=tuple(_definitions(document)),
        drawing=drawn(sketch(document)),
        findings=tuple(_found(document, one) for one in check(document, action_names() or None)),
        undo=states[row.at].said if row.at > (ends["first"] or row.at) else "",
        redo=later.said if later else "",
    )


def _title(document: Mapping[str, Any], part: str) -> tuple[str, str]:
    group, _, key = part.partition("/")
    if group in GROUPS:
        return name_of(document[group][key], key), "Agent" if group == GROUPS[0] else "Target"
    if part in PARTS:
        return PARTS[part], ""
    step = held(document["workflow"][part])
    return name_of(step, part), str(step.get("type"))


def _definitions(document: Mapping[str, Any]) -> list[Definition]:
    return [
        Definition(f"{group}/{key}", name_of(one, key), str(held(one).get("type", "")), group == GROUPS[1])
        for group in GROUPS
        for key, one in held(document.get(group)).items()
    ]


def _found(document: Mapping[str, Any], one: Finding) -> Found:
    part, field = place_of(document, one.pointer)
    return Found(one.severity, one.code, one.message, one.pointer, part, field, _title(document, part)[0])


def publishing_of(public_id: str, reader: Actor) -> PublishView:
    """What publishing a draft would change, and what came out of its book since it was begun. Raises Unknown. Four queries."""
    row = _row(public_id)
    seen = _seen(row, reader)
    base = kept(row.base.canonical) if row.base else None
    newest = Version.objects.filter(book__cacao_id=str(seen.document.get("id"))).order_by("-modified", "-number").first()
    moved = newest is not None and newest.pk != row.base_id and row.state == DraftStage.OPEN
    return PublishView(
        draft=seen,
        base=row.base.number if row.base else None,
        changes=difference(base, seen.document) if base is not None else None,
        newest=newest.number if newest is not None and moved else None,
        since=difference(base, kept(newest.canonical)) if newest is not None and moved and base is not None else None,
    )


def trial_of(public_id: str, reader: Actor, variables: Mapping[str, str], answers: Mapping[str, Sequence[Mapping[str, Any]]]) -> Trial:
    """A draft simulated with values and answers: what it would do, nothing touched. Raises Unknown. Three queries."""
    seen = draft_of(public_id, reader)
    if seen.errors:
        return Trial(seen, None, None, "")
    graph = compiled(seen.document)
    try:
        given: Inputs = inputs_of({"variables": dict(variables), "answers": {step: list(some) for step, some in answers.items()}})
    except UnfitInputs as error:
        return Trial(seen, graph, None, str(error))
    return Trial(seen, graph, simulate(graph, given), "")
