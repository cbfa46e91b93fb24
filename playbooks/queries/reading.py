"""Books as people read them: the shelf, one book step by step, and what follows a step."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max, Q

from playbooks.catalogue import action, describe
from playbooks.definition import aloud
from playbooks.definition.graph import Graph, Node
from playbooks.drawing import Drawing, drawn
from playbooks.models import Approval, Book, Run, TriggerRule, Version
from playbooks.queries.approvals import about_of
from playbooks.queries.books import BookLine, graph_of, library
from playbooks.queries.standing import Standing, standings_of
from playbooks.queries.steps import CONTROL
from playbooks.queries.telling import About
from playbooks.states import RuleMode, RunState
from tenants.actors import Actor
from tenants.errors import Unknown

LATEST_RUNS = 10
STANDS = {
    RunState.READY: "Waits in line",
    RunState.RUNNING: "Running",
    RunState.WAITING: "Waits",
    RunState.DONE: "Done",
    RunState.FAILED: "Failed",
    RunState.STOPPED: "Stopped",
    RunState.CANCELLED: "Cancelled",
}
WAITING = {
    "approval": "Waits for a vote",
    "person": "Waits for a person's answer",
    "timer": "Waits for a time",
    "run": "Waits for another book",
    "slot": "Waits for room at a product",
}


@dataclass(frozen=True)
class Shelved:
    """A book of the library with the runs of it that the reader may know of; None where the reader reads no runs."""

    book: BookLine
    standing: Standing
    runs: int | None
    at_work: int
    latest: datetime | None


@dataclass(frozen=True)
class Way:
    """Where a step leads: when, and the number and name of what follows."""

    when: str
    no: int
    name: str


@dataclass(frozen=True)
class StepAloud:
    """One step of a book in words."""

    no: int
    id: str
    kind: str
    name: str
    description: str
    who: str
    does: str  # "Write a note", "Request to the product"
    what: str
    asks: str  # what people are asked before it, empty when nobody is
    ways: tuple[Way, ...]


@dataclass(frozen=True)
class Trigger:
    """A rule that starts a book: its name, and its condition in words."""

    name: str
    condition: str


@dataclass(frozen=True)
class RunLine:
    """One run of a book in a list."""

    id: str
    about: About
    acronym: str
    agency_name: str
    state: str
    said: str
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class BookView:
    """One book with all that its page shows."""

    slug: str
    name: str
    description: str
    version: int
    hash: str
    published_at: datetime
    earlier: tuple[tuple[int, str, datetime], ...]  # number, hash, since when
    triggers: tuple[Trigger, ...]
    steps: tuple[StepAloud, ...]
    drawing: Drawing
    standing: Standing
    runs: tuple[RunLine, ...] | None  # None where the reader reads no runs


@dataclass(frozen=True)
class Following:
    """A step's place in its book, and the names of what comes after it: when it was done, and when it was not."""

    no: int
    count: int
    done: tuple[str, ...]
    not_done: tuple[str, ...]


def shelf(reader: Actor) -> tuple[Shelved, ...]:
    """Every book, with what it is worth, and how much it ran for the agencies of the reader.

    Five queries, and one more for contents that this process has not read yet.
    """
    counts = {}
    if reader.sees_internal_rows:
        open_states = Q(state__in=[RunState.READY, RunState.RUNNING, RunState.WAITING])
        rows = Run.objects.values("book__slug").annotate(n=Count("id"), at_work=Count("id", filter=open_states), latest=Max("started_at"))
        counts = {row["book__slug"]: row for row in rows.order_by()}
    told = []
    books = library()
    standings = standings_of({one.version_id: one.content_hash for one in books}, reader.now())
    for book in books:
        row = counts.get(book.slug, {"n": 0 if reader.sees_internal_rows else None, "at_work": 0, "latest": None})
        told.append(Shelved(book, standings[book.version_id], row["n"], row["at_work"], row["latest"]))
    return tuple(told)


def book_of(slug: str, reader: Actor) -> BookView:
    """One book read aloud, with the latest runs of it. Raises Unknown. Six queries, seven the first time."""
    versions = list(Version.objects.filter(book__slug=slug).order_by("-modified", "-number"))
    book = Book.objects.filter(slug=slug).first() if versions else None
    if book is None:
        raise Unknown()
    newest = versions[0]
    graph = graph_of(newest, newest.content_hash)
    rules = TriggerRule.objects.filter(book=book, mode=RuleMode.LIVE).order_by("id")
    return BookView(
        slug=book.slug,
        name=book.name,
        description=graph.description or book.description,
        version=newest.number,
        hash=newest.content_hash,
        published_at=newest.published_at,
        earlier=tuple((one.number, one.content_hash, one.published_at) for one in versions[1:]),
        triggers=tuple(Trigger(rule.name, aloud.said(rule.condition)) for rule in rules),
        steps=steps_aloud(graph),
        drawing=drawn(graph),
        standing=standings_of({newest.pk: newest.content_hash}, reader.now())[newest.pk],
        runs=_latest_runs(book) if reader.sees_internal_rows else None,
    )


def following(approval: str) -> Following | None:
    """What the book does after the step that an approval belongs to; None when there is no such approval. One query."""
    row = Approval.objects.select_related("run__version").filter(public_id=UUID(approval)).first()
    if row is None:
        return None
    graph = graph_of(row.run.version, row.run.version_hash)
    order = [step for step in graph.order() if graph.nodes[step].kind != "end"]
    node = graph.nodes[row.step_id]
    done = _names_from(graph, node.next)
    not_done = _names_from(graph, node.on_failure or graph.exception)
    return Following(order.index(row.step_id) + 1, len(order), done, not_done)


def steps_aloud(graph: Graph) -> tuple[StepAloud, ...]:
    """Every step of a book in words, in its order; ends have no number of their own. No query."""
    order = [step for step in graph.order() if graph.nodes[step].kind != "end"]
    numbers = {step: index + 1 for index, step in enumerate(order)}

    def way(when: str, step: str) -> Way:
        return Way(when, numbers.get(step, 0), graph.nodes[step].name)

    told = []
    for step in order:
        node = graph.nodes[step]
        asks = aloud.words_of(node.asking.title) if node.asking else ""
        leads = tuple(way(when, to) for when, to in aloud.ways(node))
        told.append(
            StepAloud(numbers[step], step, node.kind, node.name, node.description, _who(node), _does(node), aloud.what(node), asks, leads)
        )
    return tuple(told)


def _who(node: Node) -> str:
    if node.kind in CONTROL:
        return CONTROL[node.kind]
    return node.agent.name if node.agent else "Automation"


def _does(node: Node) -> str:
    command = node.command
    if command is None:
        return ""
    if command.kind == "local-action":
        known = action(command.text.strip())
        return known.label if known else command.text
    return {"http-api": "Request", "openc2-http": "Request", "manual": "Asks a person"}.get(command.kind, f"Command for {command.kind}")


def _names_from(graph: Graph, step: str) -> tuple[str, ...]:
    """Names along the way of success, the step itself first, ends left out."""
    names: list[str] = []
    seen: set[str] = set()
    while step and step in graph.nodes and step not in seen:
        seen.add(step)
        node = graph.nodes[step]
        if node.kind != "end":
            names.append(node.name)
        step = node.next
    return tuple(names)


def _latest_runs(book: Book) -> tuple[RunLine, ...]:
    rows = list(Run.objects.select_related("agency").filter(book=book).order_by("-started_at", "-id")[:LATEST_RUNS])
    told = describe([row.subject for row in rows]) if rows else {}
    return tuple(
        RunLine(
            str(row.public_id),
            about_of(row.subject, told),
            row.agency.acronym,
            row.agency.name,
            row.state,
            WAITING.get(row.waits_for, "Waits") if row.state == RunState.WAITING or row.waits_for else STANDS[RunState(row.state)],
            row.started_at,
            row.ended_at,
        )
        for row in rows
    )
