"""What was asked about past subjects, how far the answers are, and what would have been done."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from playbooks.catalogue import describe
from playbooks.models import Backtest, BacktestedSubject, Book, TriggerRule
from playbooks.queries.approvals import about_of, readable_page
from playbooks.queries.telling import About
from playbooks.states import BacktestState
from tenants.actors import Actor
from tenants.errors import Unknown
from tenants.models import Agency
from tenants.states import AgencyState

LATEST = 20
AT_WORK = (AgencyState.LIVE, AgencyState.PARALLEL, AgencyState.ONBOARDING)


@dataclass(frozen=True)
class Asked:
    """One question, over its agencies."""

    question: str
    version: int
    rule: str
    since: datetime
    until: datetime
    asked_at: datetime
    asked_by: str
    agencies: int
    total: int
    looked: int
    fitting: int
    is_done: bool

    @property
    def percent(self) -> int:
        """How much of it is looked at."""
        return 100 if self.is_done else min(99, 100 * self.looked // max(1, self.total))


@dataclass(frozen=True)
class AgencyFigures:
    """One agency's part of the answer."""

    slug: str
    acronym: str
    name: str
    state: str
    total: int
    looked: int
    fitting: int
    detail: str
    figures: dict[str, Any]


@dataclass(frozen=True)
class SubjectLine:
    """What would have come of one subject."""

    about: About
    acronym: str
    agency_name: str
    happened_at: datetime
    outcome: str
    reason: str
    minutes: int
    actions: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Answered:
    """A question with its figures, and a page of its subjects."""

    slug: str
    book: str
    version_hash: str
    asked: Asked
    agencies: tuple[AgencyFigures, ...]
    actions: tuple[dict[str, Any], ...]  # each agency's, with its acronym
    conflicts: tuple[dict[str, Any], ...]
    undecided: tuple[dict[str, Any], ...]
    sums: dict[str, Any]
    subjects: tuple[SubjectLine, ...]
    next: str | None


def agencies_for(reader: Actor, slugs: Iterable[str] = ()) -> list[Agency]:
    """The agencies in the program that the reader works for, of these names where some are given. One query."""
    rows = Agency.objects.filter(state__in=AT_WORK).order_by("slug")
    wanted = list(slugs)
    return [one for one in (rows.filter(slug__in=wanted) if wanted else rows) if reader.covers(one.pk)]


def rules_of(book: Book) -> list[TriggerRule]:
    """The rules that start a book, whether they are on or not. One query."""
    return list(TriggerRule.objects.filter(book=book).order_by("id"))


def asked_of(slug: str, reader: Actor) -> tuple[Book, tuple[Asked, ...]]:
    """A book, and the latest questions about it. Raises Unknown. Two queries."""
    book = Book.objects.filter(slug=slug).first()
    if book is None or not (reader.sees_internal_rows or reader.is_machine):
        raise Unknown()
    rows = Backtest.objects.select_related("version").filter(book=book).order_by("-asked_at", "-id")[: LATEST * 10]
    found: dict[UUID, list[Backtest]] = {}
    for row in rows:
        found.setdefault(row.question, []).append(row)
    return book, tuple(_asked(some) for some in list(found.values())[:LATEST])


def _asked(rows: list[Backtest]) -> Asked:
    one = rows[0]
    return Asked(
        question=str(one.question),
        version=one.version.number,
        rule=one.rule,
        since=one.since,
        until=one.until,
        asked_at=one.asked_at,
        asked_by=one.asked_by_label,
        agencies=len(rows),
        total=sum(row.total for row in rows),
        looked=sum(row.looked for row in rows),
        fitting=sum(row.fitting for row in rows),
        is_done=all(row.state != BacktestState.WAITING for row in rows),
    )


def _rows(slug: str, question: Any, reader: Actor) -> list[Backtest]:
    try:
        wanted = UUID(str(question))
    except ValueError as error:
        raise Unknown() from error
    seen = reader.sees_internal_rows or reader.is_machine
    rows = list(
        Backtest.objects.select_related("agency", "book", "version").filter(question=wanted, book__slug=slug).order_by("agency__slug")
    )
    if not rows or not seen:
        raise Unknown()
    return rows


def answer_of(slug: str, question: Any, reader: Actor, *, cursor: str = "") -> Answered:
    """A question about a book with its figures as far as they are, and a page of its subjects that the reader may know of.

    Raises Unknown, Invalid for a foreign cursor. Four queries.
    """
    rows = _rows(slug, question, reader)
    page, after = readable_page(BacktestedSubject.objects.filter(backtest__in=rows), reader, cursor, order=("id",))
    by_agency = {row.agency_id: row.agency for row in rows}
    listed = [(row, one) for row in rows for one in row.figures.get("conflicts_listed", ())]
    undecided = [(row, one) for row in rows for one in row.figures.get("undecided_listed", ())]
    named = (
        {one for _, some in listed for one in some["subjects"]} | {one["subject"] for _, one in undecided} | {one.subject for one in page}
    )
    told = describe(sorted(named))
    sums = {key: sum(row.figures.get(key, 0) for row in rows) for key in SUMMED}
    outcomes: dict[str, int] = {}
    for row in rows:
        for outcome, times in row.figures.get("outcomes", {}).items():
            outcomes[outcome] = outcomes.get(outcome, 0) + times
    return Answered(
        slug=slug,
        book=rows[0].book.name,
        version_hash=rows[0].version_hash,
        asked=_asked(rows),
        agencies=tuple(_figures(row) for row in rows),
        actions=tuple({**one, **_of(row)} for row in rows for one in row.figures.get("actions", ())),
        conflicts=tuple({**one, **_of(row), "about": [about_of(subject, told) for subject in one["subjects"]]} for row, one in listed),
        undecided=tuple({**one, **_of(row), "about": about_of(one["subject"], told)} for row, one in undecided),
        sums={**sums, "outcomes": outcomes, "estimates": next((row.figures["estimates"] for row in rows if row.figures), {})},
        subjects=tuple(_line(one, by_agency[one.agency_id], told) for one in page),
        next=after,
    )


SUMMED = ("touched", "votes", "agency_votes", "tasks", "human_minutes", "agency_minutes", "conflicts")


def _of(row: Backtest) -> dict[str, str]:
    return {"acronym": row.agency.acronym, "agency_name": row.agency.name, "agency": row.agency.slug}


def _figures(row: Backtest) -> AgencyFigures:
    of = row.agency
    return AgencyFigures(of.slug, of.acronym, of.name, row.state, row.total, row.looked, row.fitting, row.detail, row.figures)


def _line(one: BacktestedSubject, agency: Agency, told: dict[str, dict[str, str]]) -> SubjectLine:
    about = about_of(one.subject, told)
    return SubjectLine(about, agency.acronym, agency.name, one.happened_at, one.outcome, one.reason, one.minutes, tuple(one.actions))


def every_subject(slug: str, question: Any, reader: Actor) -> Iterator[SubjectLine]:
    """Every subject of an answer that the reader may know of, for an export. Three queries a page."""
    cursor: str | None = ""
    while cursor is not None:
        found = answer_of(slug, question, reader, cursor=cursor)
        yield from found.subjects
        cursor = found.next


def as_json(found: Answered) -> dict[str, Any]:
    """An answer as programs get it."""
    asked = found.asked
    return {
        "question": asked.question,
        "book": found.slug,
        "version": asked.version,
        "version_hash": found.version_hash,
        "rule": asked.rule,
        "since": asked.since.isoformat().replace("+00:00", "Z"),
        "until": asked.until.isoformat().replace("+00:00", "Z"),
        "done": asked.is_done,
        "cases": asked.looked,
        "fitting": asked.fitting,
        "totals": found.sums,
        "agencies": [
            {"agency": one.slug, "state": one.state, "cases": one.looked, "fitting": one.fitting, "detail": one.detail, **one.figures}
            for one in found.agencies
        ],
    }
