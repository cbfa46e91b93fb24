"""One case, or a page of them, as a reader may see it: frozen, with a fixed number of queries."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import connection

from soc.cases.models import Case
from soc.cases.policies import may_read
from soc.cases.queries.filters import CaseFilters, narrowed, readable
from soc.cases.queries.hanging import Hanging, Most, hanging_on
from soc.cases.states import CaseState, IncidentKind, ObservableKind, Origin, Severity
from soc.clocks.queries.clocks import LABELS, ClockView, clocks_of
from tenants.actors import Actor
from tenants.errors import Unknown, require
from tenants.queries.paging import PAGE_SIZE, page_of
from tenants.states import Visibility

# What a liaison reads instead of a person of the floor.
FLOOR_LABEL = "Watch floor"
HASHES = {"md5": "MD5", "sha1": "SHA-1", "sha224": "SHA-224", "sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}
# A flooded case holds more than a page or an answer should; the newest lines and the first observables are read.
MOST_LINES = MOST_OBSERVABLES = 1_000
ALL = Most(observables=MOST_OBSERVABLES + 1, techniques=None, tasks=None, notes=None)
BESIDE = Most(observables=MOST_OBSERVABLES + 1, tasks=None)
LISTED = Most(observables=MOST_OBSERVABLES + 1, techniques=None)

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
    """One case with all its rows. 3 queries, whatever their number; one more writes down that a restricted case was read.

    With `newest`, what stands beside a list: so many lines of the timeline, and neither notes nor techniques.
    Raises Unknown, for a case that the reader may not know of too.
    """
    rows = readable(reader).filter(number=number) if "\x00" not in number else Case.objects.none()
    case = rows.select_related("agency", "owner").first()
    require(case is not None and may_read(reader, case), Unknown())
    return as_read(case, reader, clocks_of([case.subject], at or reader.now())[case.subject], newest=newest)


def as_read(case: Case, reader: Actor, clocks: tuple[ClockView, ...], *, newest: int | None = None) -> CaseView:
    """A case that was found among those the reader may know of, with its rows, as `case_of`; it carries agency and owner.

    One query; one more writes down that a restricted case was read. Raises Unknown.
    """
    require(may_read(reader, case), Unknown())
    if case.restricted:
        with connection.cursor() as cursor:
            cursor.execute("SELECT audit_note('restricted_read', %s, %s)", [case.agency_id, case.number])
    most = BESIDE if newest is not None else ALL
    hanging = hanging_on([case], inside=reader.sees_internal_rows, most=replace(most, lines=newest or MOST_LINES + 1))
    return _view(case, reader, clocks, hanging[case.pk], all_of_them=True)


def list_of_cases(
    *, wanted: CaseFilters, reader: Actor, cursor: str = "", at: datetime | None = None, size: int = PAGE_SIZE, bare: bool = False
) -> CasePage:
    """Cases as asked for, the newest first. 3 queries, whatever the number of rows, one more with `q`.

    `bare` is for lists that show neither observables nor techniques, and of the clocks the one that counts. 2 queries.
    """
    rows = narrowed(readable(reader), wanted, reader).select_related("agency", "owner")
    found, following = page_of(rows, order=("-opened_at", "-id"), cursor=cursor, size=size)
    at = at or reader.now()
    if bare:
        counting = counting_clocks(found, at)
        return CasePage(tuple(_view(case, reader, counting[case.pk], Hanging(), all_of_them=False) for case in found), following)
    clocks = clocks_of([case.subject for case in found], at)
    hanging = hanging_on(found, inside=reader.sees_internal_rows, most=LISTED)
    views = (_view(case, reader, clocks[case.subject], hanging[case.pk], all_of_them=False) for case in found)
    return CasePage(tuple(views), following)


def counting_clocks(cases: Iterable[Case], at: datetime, *, whole: Case | None = None) -> dict[int, tuple[ClockView, ...]]:
    """The clocks of each case as far as a list needs them: the one that is due first stands on the case; others are asked for.

    Of the case `whole` it is all of them. One query, and none where every case has a clock running.
    """
    found: dict[int, tuple[ClockView, ...]] = {}
    others = []
    for case in cases:
        if whole is not None and case.pk == whole.pk:
            others.append(case)
        elif case.next_due_at is not None and case.next_due_kind in LABELS:
            state = "late" if case.next_due_at < at else "running"
            found[case.pk] = (ClockView(case.next_due_kind, LABELS[case.next_due_kind], state, due_at=case.next_due_at),)
        elif case.state == CaseState.CLOSED:
            found[case.pk] = ()
        else:
            others.append(case)
    clocks = clocks_of([case.subject for case in others], at)
    return found | {case.pk: clocks[case.subject] for case in others}


def _view(case: Case, reader: Actor, clocks: tuple[ClockView, ...], hanging: Hanging, *, all_of_them: bool) -> CaseView:
    severity = Severity(case.severity)
    observables = hanging.observable
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
            ObservableView(**_row(o), kind=o["kind"], value=o["value"], algorithm=o["algorithm"], seen=o["seen"])
            for o in observables[:MOST_OBSERVABLES]
        ),
        "techniques": tuple(TechniqueView(**_row(t), technique=t["technique"]) for t in hanging.technique),
        "cut": cut,
    }
    if reader.sees_internal_rows:
        view |= _inside(case)
    if all_of_them:
        lines = hanging.timelineentry
        view |= _rows(hanging, reader, lines[-MOST_LINES:])
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


def _rows(hanging: Hanging, reader: Actor, lines: list[dict[str, Any]]) -> dict[str, Any]:
    def known(label: str, of_the_agency: bool) -> str:
        return label if reader.sees_internal_rows or of_the_agency else FLOOR_LABEL

    return {
        "notes": tuple(
            NoteView(**_row(n), text=n["text"], author=known(n["author_label"], n["from_agency"]), from_agency=n["from_agency"])
            for n in hanging.note
        ),
        "tasks": tuple(
            TaskView(
                **_row(t),
                title=t["title"],
                added_by=known(t["added_by"], False),
                done_at=t["done_at"],
                done_by=known(t["done_by"], False) if t["done_at"] else "",
            )
            for t in hanging.task
        ),
        "timeline": tuple(
            LineView(
                **_row(e),
                happened_at=e["happened_at"],
                origin=e["origin"],
                actor=known(e["actor_label"], e["origin"] != Origin.PERSON),
                text=e["text"],
                technique=e["technique"],
            )
            for e in lines
        ),
    }


def _row(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "ref": row["ref"],
        "id": row["public_id"],
        "released": row["visibility"] == Visibility.RELEASED,
        "created_at": row["created_at"],
    }
