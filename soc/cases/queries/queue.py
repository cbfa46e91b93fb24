"""The queue of the watch floor: open cases in four groups, by severity and clock, the longest late first."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Case as Switch
from django.db.models import Count, DateTimeField, F, IntegerField, Q, Value, When
from django.db.models.functions import Coalesce

from soc.cases.models import Case
from soc.cases.queries.filters import CaseFilters, narrowed, readable
from soc.cases.states import CaseState, Severity
from soc.clocks.queries.clocks import LABELS, ClockView, clocks_of
from tenants.actors import Actor
from tenants.errors import Invalid
from tenants.queries.paging import decode, encode

PAGE_SIZE = 50
SOON, HOUR = timedelta(minutes=15), timedelta(hours=1)
DUE_SOON = timedelta(minutes=30)  # what the head of the queue counts
FAR = datetime(9999, 1, 1, tzinfo=UTC)  # in place of no due time
URGENT = Severity.HIGH.rank

# The views of the rail, in order: slug and label.
VIEWS = (("mine", "Assigned to me"), ("open", "All open"), ("unassigned", "Unassigned"), ("late", "Late"))
GROUPS = (
    ("act_now", "Act now", "Critical or High, late or due within 15 minutes"),
    ("past_due", "Past due", "Medium or Low, late"),
    ("within_the_hour", "Within the hour", "Due by {until} UTC"),
    ("later", "Later", "Due after {until} UTC"),
)


@dataclass(frozen=True)
class QueueView:
    """What a reader looks at: a view of the rail, and filters over it."""

    name: str = "open"
    filters: CaseFilters = field(default_factory=CaseFilters)


@dataclass(frozen=True)
class QueueRow:
    """One case of the queue. `clock` is the one that is due first (None when none runs); late and due times are at `QueuePage.at`."""

    number: str
    short_number: str  # without agency and year
    title: str
    agency: str
    agency_acronym: str
    agency_name: str
    severity: str
    severity_label: str
    state: str
    state_label: str
    version: int
    owner_id: int | None
    owner_name: str
    owner_initials: str
    due_at: datetime | None
    due_kind: str
    due_label: str
    late: bool
    paused: bool
    clocks: tuple[ClockView, ...]
    opened_at: datetime
    entity_kind: str
    entity: str
    alert_count: int
    incident: str
    restricted: bool

    @property
    def clock(self) -> ClockView | None:
        return next((clock for clock in self.clocks if clock.kind == self.due_kind), None)


@dataclass(frozen=True)
class QueueGroup:
    """One group with all its rows on this page, and how many it has in all."""

    slug: str
    name: str
    rule: str
    total: int
    rows: tuple[QueueRow, ...]


@dataclass(frozen=True)
class RailCount:
    """One view of the rail and how many cases it holds."""

    slug: str
    label: str
    count: int


@dataclass(frozen=True)
class QueuePage:
    """One page of the queue as it stood at `at`."""

    at: datetime
    view: QueueView
    groups: tuple[QueueGroup, ...]
    total: int
    late: int
    due_soon: int
    rail: tuple[RailCount, ...]
    next: str | None

    @property
    def rows(self) -> tuple[QueueRow, ...]:
        return tuple(row for group in self.groups for row in group.rows)


def open_queue(*, view: QueueView, reader: Actor, at: datetime, cursor: str = "") -> QueuePage:
    """The open cases that `reader` may read, most urgent first, 50 a page. 4 queries, one more with `q`, whatever the number of rows.

    A later page keeps the groups of the first (`at` goes with the cursor). Raises Invalid for an unknown view, filter or cursor.
    """
    after: list[Any] = []
    if cursor:
        stood_at, *after = _read(cursor)
        at = stood_at
    every = readable(reader).exclude(state=CaseState.CLOSED)
    rows = _grouped(narrowed(_in_view(every, view.name, reader, at), view.filters, reader), at)
    counts = rows.aggregate(
        total=Count("pk"),
        late=Count("pk", filter=Q(due__lt=at)),
        due_soon=Count("pk", filter=Q(due__gte=at, due__lte=at + DUE_SOON)),
        **{slug: Count("pk", filter=Q(band=index)) for index, (slug, _, _) in enumerate(GROUPS)},
    )
    rail = every.aggregate(**{slug: Count("pk", filter=_view(slug, reader, at)) for slug, _ in VIEWS})
    if after:
        band, due, key = after
        rows = rows.filter(Q(band__gt=band) | Q(band=band, due__gt=due) | Q(band=band, due=due, pk__gt=key))
    found = list(rows.select_related("agency", "owner").order_by("band", "due", "pk")[: PAGE_SIZE + 1])
    more, found = len(found) > PAGE_SIZE, found[:PAGE_SIZE]
    clocks = clocks_of([case.subject for case in found], at)
    until = f"{at + HOUR:%H:%M}"
    groups = tuple(
        QueueGroup(
            slug, name, rule.format(until=until), counts[slug], tuple(_row(c, clocks[c.subject], at, reader) for c in found if c.band == index)
        )
        for index, (slug, name, rule) in enumerate(GROUPS)
    )
    return QueuePage(
        at=at,
        view=view,
        groups=groups,
        total=counts["total"],
        late=counts["late"],
        due_soon=counts["due_soon"],
        rail=tuple(RailCount(slug, label, rail[slug]) for slug, label in VIEWS),
        next=encode([at.isoformat(), found[-1].band, found[-1].due.isoformat(), found[-1].pk]) if more else None,
    )


def _view(name: str, reader: Actor, at: datetime) -> Q:
    if name == "mine":
        return Q(owner_id=reader.person_id) if reader.person_id and reader.sees_internal_rows else Q(pk__in=[])
    if name == "unassigned":
        return Q(owner=None)
    if name == "late":
        return Q(next_due_at__lt=at)
    return Q(pk__isnull=False)


def _in_view(rows: Any, name: str, reader: Actor, at: datetime) -> Any:
    known = [slug for slug, _ in VIEWS]
    if name not in known:
        raise Invalid("There is no such view.", field="view", cure=f"Use one of: {', '.join(known)}.")
    return rows if name == "open" else rows.filter(_view(name, reader, at))


def _grouped(rows: Any, at: datetime) -> Any:
    """The group of each case (`band`, an index into GROUPS) and its due time, far away when no clock runs."""
    band = Switch(
        When(severity_rank__gte=URGENT, next_due_at__lte=at + SOON, then=Value(0)),
        When(severity_rank__lt=URGENT, next_due_at__lt=at, then=Value(1)),
        When(next_due_at__lte=at + HOUR, then=Value(2)),
        default=Value(3),
        output_field=IntegerField(),
    )
    return rows.annotate(band=band, due=Coalesce(F("next_due_at"), Value(FAR, output_field=DateTimeField())))


def _row(case: Any, clocks: tuple[ClockView, ...], at: datetime, reader: Actor) -> QueueRow:
    owner = case.owner if reader.sees_internal_rows else None
    return QueueRow(
        number=case.number,
        short_number=case.number.rpartition("-")[2],
        title=case.title,
        agency=case.agency.slug,
        agency_acronym=case.agency.acronym,
        agency_name=case.agency.name,
        severity=str(case.severity),
        severity_label=Severity(case.severity).label,
        state=str(case.state),
        state_label=CaseState(case.state).label,
        version=case.version,
        owner_id=owner.pk if owner else None,
        owner_name=owner.name if owner else "",
        owner_initials=owner.initials if owner else "",
        due_at=case.next_due_at,
        due_kind=case.next_due_kind,
        due_label=LABELS.get(case.next_due_kind, case.next_due_kind),
        late=case.next_due_at is not None and case.next_due_at < at,
        paused=case.next_due_at is None and any(clock.state == "paused" for clock in clocks),
        clocks=clocks,
        opened_at=case.opened_at,
        entity_kind=case.entity_kind,
        entity=case.entity,
        alert_count=case.alert_count,
        incident=str(case.incident),
        restricted=case.restricted,
    )


def _read(cursor: str) -> tuple[datetime, int, datetime, int]:
    at, band, due, key = decode(cursor, 4)
    try:
        stood_at, until = datetime.fromisoformat(at), datetime.fromisoformat(due)
        if stood_at.tzinfo is None or until.tzinfo is None or not 0 <= key < 2**63:
            raise ValueError("no offset, or no key")
        return stood_at, int(band), until, int(key)
    except (ValueError, TypeError) as error:
        raise Invalid("The cursor is not one of ours.", field="cursor", cure="Leave it out for the first page.") from error
