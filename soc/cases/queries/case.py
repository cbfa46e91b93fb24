"""One case, or a page of them, as a reader may see it: frozen, with a fixed number of queries."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Prefetch

from soc.cases.models import Case, Note, Observable, Task, Technique, TimelineEntry
from soc.cases.policies import may_read
from soc.cases.queries.filters import CaseFilters, narrowed, readable
from soc.cases.states import CaseState, IncidentKind, ObservableKind, Origin, Severity
from soc.clocks.queries.clocks import ClockView, clocks_of
from tenants.actors import Actor
from tenants.errors import Unknown, require
from tenants.queries.paging import page_of
from tenants.states import Visibility

# What a liaison reads instead of a person of the floor.
FLOOR_LABEL = "Watch floor"
HASHES = {"md5": "MD5", "sha1": "SHA-1", "sha224": "SHA-224", "sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}
# A flooded case holds more than a page or an answer should; the newest lines and the first observables are read.
MOST_LINES = MOST_OBSERVABLES = 1_000


# Fields of a case that are copied as they are, for those who see inside.
INSIDE = (
    *("owner_id", "summary", "tlp", "restricted", "by_hand", "rule", "rule_name", "entity_kind", "entity", "alert_count"),
    *("last_alert_at", "happened_at", "dwell_unknown", "acknowledged_at", "contained_at", "recovered_at", "closed_at"),
    *("disposition", "closing_reason", "incident", "declared_at", "next_due_at", "next_due_kind", "changed_at"),
)


@dataclass(frozen=True)
class RowView:
    """What every row of a case has: its name outside, and whether the agency sees it."""

    ref: str
    id: str
    released: bool
    created_at: datetime


@dataclass(frozen=True)
class NoteView(RowView):
    """A note."""

    text: str
    author: str
    from_agency: bool


@dataclass(frozen=True)
class ObservableView(RowView):
    """An observable."""

    kind: str
    value: str
    algorithm: str
    seen: int

    @property
    def label(self) -> str:
        """What it is, in a word: of a hash its algorithm where known."""
        return HASHES.get(self.algorithm, self.algorithm) or str(ObservableKind(self.kind).label)


@dataclass(frozen=True)
class TechniqueView(RowView):
    """An ATT&CK technique."""

    technique: str


@dataclass(frozen=True)
class TaskView(RowView):
    """A task."""

    title: str
    added_by: str
    done_at: datetime | None
    done_by: str


@dataclass(frozen=True)
class LineView(RowView):
    """A line of the timeline: happened, learned (`created_at`), who, what."""

    happened_at: datetime | None
    origin: str
    actor: str
    text: str
    technique: str


@dataclass(frozen=True)
class CaseView:
    """A case as one reader may see it. Fields after `version` are empty for a liaison; rows hold what they may see."""

    subject: str
    number: str
    title: str
    agency: str  # slug
    agency_name: str
    agency_acronym: str
    severity: str
    severity_label: str
    severity_rank: int
    state: str
    state_label: str
    opened_at: datetime
    version: int
    internal: bool  # the reader sees internal rows too
    agency_id: int
    owner: str | None = None  # e-mail
    owner_id: int | None = None
    owner_name: str = ""
    owner_initials: str = ""
    summary: str = ""
    tlp: str = ""
    restricted: bool = False
    by_hand: bool = False
    rule: str = ""
    rule_name: str = ""
    entity_kind: str = ""
    entity: str = ""
    alert_count: int = 0
    last_alert_at: datetime | None = None
    happened_at: datetime | None = None
    dwell_unknown: bool = True
    acknowledged_at: datetime | None = None
    contained_at: datetime | None = None
    recovered_at: datetime | None = None
    closed_at: datetime | None = None
    disposition: str = ""
    disposition_label: str = ""
    closing_reason: str = ""
    incident: str = ""
    incident_label: str = ""
    declared_at: datetime | None = None
    next_due_at: datetime | None = None
    next_due_kind: str = ""
    changed_at: datetime | None = None
    clocks: tuple[ClockView, ...] = ()
    observables: tuple[ObservableView, ...] = ()
    techniques: tuple[TechniqueView, ...] = ()
    tasks: tuple[TaskView, ...] = ()
    notes: tuple[NoteView, ...] = ()
    timeline: tuple[LineView, ...] = ()
    cut: tuple[str, ...] = ()  # `observables`, `timeline`: there are more than were read

    @property
    def is_open(self) -> bool:
        return self.state != CaseState.CLOSED


@dataclass(frozen=True)
class CasePage:
    """One page of a list."""

    cases: tuple[CaseView, ...]
    next: str | None = field(default=None)


def case_of(number: str, reader: Actor, at: datetime | None = None, *, newest: int | None = None) -> CaseView:
    """One case with all its rows. 7 queries, whatever their number; one more writes down that a restricted case was read.

    With `newest`, what stands beside a list: so many lines of the timeline, and neither notes nor techniques. 5 queries.
    Raises Unknown, for a case that the reader may not know of too.
    """
    rows = readable(reader).filter(number=number) if "\x00" not in number else Case.objects.none()
    case = _with_rows(rows, reader, all_of_them=True, newest=newest).first()
    require(case is not None and may_read(reader, case), Unknown())
    if case.restricted:
        with connection.cursor() as cursor:
            cursor.execute("SELECT audit_note('restricted_read', %s, %s)", [case.agency_id, case.number])
    return _view(case, reader, clocks_of([case.subject], at or reader.now())[case.subject], all_of_them=True)


def list_of_cases(*, wanted: CaseFilters, reader: Actor, cursor: str = "", at: datetime | None = None) -> CasePage:
    """Cases as asked for, the newest first. 4 queries, whatever the number of rows, one more with `q`."""
    rows = _with_rows(narrowed(readable(reader), wanted, reader), reader, all_of_them=False)
    found, following = page_of(rows, order=("-opened_at", "-id"), cursor=cursor)
    clocks = clocks_of([case.subject for case in found], at or reader.now())
    return CasePage(tuple(_view(case, reader, clocks[case.subject], all_of_them=False) for case in found), following)


def _with_rows(rows: Any, reader: Actor, *, all_of_them: bool, newest: int | None = None) -> Any:
    def hanging(model: Any, *order: str) -> Any:
        found = model.objects.order_by(*order)
        return found if reader.sees_internal_rows else found.filter(visibility=Visibility.RELEASED)

    rows = rows.select_related("agency", "owner").prefetch_related(
        Prefetch("observables", hanging(Observable, "id")[: MOST_OBSERVABLES + 1], to_attr="first_observables"),
        Prefetch("techniques", hanging(Technique, "technique") if newest is None else Technique.objects.none()),
    )
    if not all_of_them:
        return rows
    return rows.prefetch_related(
        Prefetch("tasks", hanging(Task, "id")),
        Prefetch("notes", hanging(Note, "id") if newest is None else Note.objects.none()),
        Prefetch("timeline", hanging(TimelineEntry, "-created_at", "-id")[: newest or MOST_LINES + 1], to_attr="newest_lines"),
    )


def _view(case: Case, reader: Actor, clocks: tuple[ClockView, ...], *, all_of_them: bool) -> CaseView:
    severity = Severity(case.severity)
    observables: list[Observable] = case.first_observables  # type: ignore[attr-defined]
    cut = ("observables",) if len(observables) > MOST_OBSERVABLES else ()
    view: dict[str, Any] = {
        "subject": case.subject,
        "number": case.number,
        "title": case.title,
        "agency_id": case.agency_id,
        "agency": case.agency.slug,
        "agency_name": case.agency.name,
        "agency_acronym": case.agency.acronym,
        "severity": severity.value,
        "severity_label": severity.label,
        "severity_rank": severity.rank,
        "state": str(case.state),
        "state_label": CaseState(case.state).label,
        "opened_at": case.opened_at,
        "version": case.version,
        "internal": reader.sees_internal_rows,
        "clocks": clocks,
        "observables": tuple(
            ObservableView(**_row(o), kind=o.kind, value=o.value, algorithm=o.algorithm, seen=o.seen)
            for o in observables[:MOST_OBSERVABLES]
        ),
        "techniques": tuple(TechniqueView(**_row(t), technique=t.technique) for t in case.techniques.all()),
        "cut": cut,
    }
    if reader.sees_internal_rows:
        view |= _inside(case)
    if all_of_them:
        lines: list[TimelineEntry] = case.newest_lines  # type: ignore[attr-defined]
        view |= _rows(case, reader, lines[:MOST_LINES][::-1])
        view["cut"] = (*cut, "timeline") if len(lines) > MOST_LINES else cut
    return CaseView(**view)


def _inside(case: Case) -> dict[str, Any]:
    owner = case.owner
    return {name: getattr(case, name) for name in INSIDE} | {
        "owner": owner.email if owner else None,
        "owner_name": owner.name if owner else "",
        "owner_initials": owner.initials if owner else "",
        "disposition_label": case.get_disposition_display() if case.disposition else "",
        "incident_label": IncidentKind(case.incident).label if case.incident else "",
    }


def _rows(case: Case, reader: Actor, lines: list[TimelineEntry]) -> dict[str, Any]:
    def known(label: str, of_the_agency: bool) -> str:
        return label if reader.sees_internal_rows or of_the_agency else FLOOR_LABEL

    return {
        "notes": tuple(
            NoteView(**_row(n), text=n.text, author=known(n.author_label, n.from_agency), from_agency=n.from_agency)
            for n in case.notes.all()
        ),
        "tasks": tuple(
            TaskView(
                **_row(t),
                title=t.title,
                added_by=known(t.added_by, False),
                done_at=t.done_at,
                done_by=known(t.done_by, False) if t.done_at else "",
            )
            for t in case.tasks.all()
        ),
        "timeline": tuple(
            LineView(
                **_row(e),
                happened_at=e.happened_at,
                origin=str(e.origin),
                actor=known(e.actor_label, e.origin != Origin.PERSON),
                text=e.text,
                technique=e.technique,
            )
            for e in lines
        ),
    }


def _row(row: Any) -> dict[str, Any]:
    return {
        "ref": row.ref,
        "id": str(row.public_id),
        "released": row.visibility == Visibility.RELEASED,
        "created_at": row.created_at,
    }
