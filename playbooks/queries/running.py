"""The list of runs: narrowed, a page at a time, and the whole of it for a file. It reads no steps."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from playbooks.catalogue import describe
from playbooks.models import Book
from playbooks.queries.approvals import about_of, readable_page
from playbooks.queries.calls import said_of
from playbooks.queries.runs import visible
from playbooks.queries.telling import About
from playbooks.states import RunState, Waits
from tenants.actors import Actor
from tenants.models import Agency
from tenants.states import AgencyState

UNDER_WAY = (RunState.READY, RunState.RUNNING, RunState.WAITING)
STATES = (("open", "Under way"), *((str(one.value), str(one.label)) for one in RunState if one.is_over))
WAITS = tuple((str(one.value), str(one.label)) for one in Waits if one != Waits.NOTHING)
MOST_IN_A_FILE = 10_000


@dataclass(frozen=True)
class RunFilters:
    """What a list of runs is narrowed to; an empty word narrows nothing, an unknown one to nothing."""

    agency: str = ""
    state: str = ""  # "open", or one of the states of a run
    book: str = ""
    waits: str = ""


@dataclass(frozen=True)
class ListedRun:
    """One run in a list."""

    id: str
    about: About
    agency: str
    acronym: str
    agency_name: str
    book: str
    book_slug: str
    version: int
    state: str
    waits_for: str
    said: str
    started_at: datetime
    ended_at: datetime | None

    @property
    def seconds(self) -> float | None:
        """From its beginning to its end; None while it is under way."""
        return None if self.ended_at is None else (self.ended_at - self.started_at).total_seconds()


@dataclass(frozen=True)
class RunList:
    """A page of runs, the newest first, and the cursor of the next."""

    runs: tuple[ListedRun, ...]
    next: str | None


@dataclass(frozen=True)
class Choices:
    """What a list may be narrowed to: agencies and books, by slug and name."""

    agencies: tuple[tuple[str, str], ...]
    books: tuple[tuple[str, str], ...]


def run_list(*, wanted: RunFilters, reader: Actor, cursor: str = "") -> RunList:
    """A page of the runs that the reader may know of. Two queries, one more for a liaison. Raises Invalid for a foreign cursor."""
    rows = visible(reader).defer("version__canonical", "variables")
    if wanted.agency:
        rows = rows.filter(agency__slug=wanted.agency)
    if wanted.book:
        rows = rows.filter(book__slug=wanted.book)
    if wanted.state:
        rows = rows.filter(state__in=UNDER_WAY if wanted.state == "open" else [wanted.state])
    if wanted.waits:
        rows = rows.filter(state=RunState.WAITING, waits_for=wanted.waits)
    shown, after = readable_page(rows, reader, cursor, order=("-started_at", "-id"))
    told = describe([row.subject for row in shown]) if shown else {}
    return RunList(tuple(_listed(row, told) for row in shown), after)


def every_run(*, wanted: RunFilters, reader: Actor) -> Iterator[ListedRun]:
    """All of the same list, page after page, at most 10,000."""
    cursor: str | None = ""
    given = 0
    while cursor is not None and given < MOST_IN_A_FILE:
        page = run_list(wanted=wanted, reader=reader, cursor=cursor)
        yield from page.runs
        given, cursor = given + len(page.runs), page.next


def choices(reader: Actor) -> Choices:
    """What this reader may narrow the list to. Two queries; a liaison has one agency."""
    books = tuple(Book.objects.order_by("name").values_list("slug", "name"))
    if reader.agency_id is not None:
        return Choices((), books)
    agencies = Agency.objects.exclude(state=AgencyState.PROSPECTIVE).order_by("name")
    if reader.agencies is not None:
        agencies = agencies.filter(pk__in=reader.agencies)
    return Choices(tuple(agencies.values_list("slug", "name")), books)


def _listed(row: Any, told: dict[str, dict[str, str]]) -> ListedRun:
    return ListedRun(
        id=str(row.public_id),
        about=about_of(row.subject, told),
        agency=row.agency.slug,
        acronym=row.agency.acronym,
        agency_name=row.agency.name,
        book=row.book.name,
        book_slug=row.book.slug,
        version=row.version.number,
        state=row.state,
        waits_for=row.waits_for,
        said=said_of(row),
        started_at=row.started_at,
        ended_at=row.ended_at,
    )
