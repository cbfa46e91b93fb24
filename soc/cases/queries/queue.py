"""The queue: what to work on next, in groups of urgency, with the figures beside it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Case as FirstOf
from django.db.models import Count, DateTimeField, F, IntegerField, Q, Value, When
from django.db.models.functions import Coalesce

from soc.cases.models import Case
from soc.cases.policies import may_claim
from soc.cases.queries.filters import CaseFilters, narrowed, readable
from soc.cases.queries.owners import FLOOR
from soc.cases.states import CaseState, Severity
from soc.clocks.queries.clocks import ClockView, clocks_of
from tenants.actors import Actor
from tenants.errors import Invalid
from tenants.models import Agency, Person
from tenants.queries.paging import decode, encode, page_of
from tenants.states import AgencyState

VIEWS = {
    "open": "All open",
    "mine": "Assigned to me",
    "unassigned": "Unassigned",
    "late": "Late",
    "closed": "Closed this week",
}
SOON = timedelta(minutes=15)
DUE_SOON = timedelta(minutes=30)  # what the line above the list counts
HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)
# Where a case without a running clock stands: behind every due time.
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
SHORT = {"acknowledge": "Ack", "report_to_cisa": "Report"}
ACT_NOW, PAST_DUE, WITHIN_THE_HOUR, LATER = range(4)


@dataclass(frozen=True)
class QueueRow:
    """One case of the list. `clock` is the one that is due first, or the one that is paused, or None."""

    number: str
    title: str
    agency_acronym: str
    agency_name: str
    severity: str
    state: str
    version: int
    owner_name: str
    owner_initials: str
    mine: bool
    may_take: bool
    clock: ClockView | None
    closed_at: datetime | None
    disposition: str

    @property
    def clock_word(self) -> str:
        """The clock's name as short as a column is narrow."""
        return SHORT.get(self.clock.kind, self.clock.label) if self.clock else ""

    @property
    def short(self) -> str:
        """The end of the number: the badge says the agency, and nearly every case is this year's."""
        return self.number.rpartition("-")[2]


@dataclass(frozen=True)
class Band:
    """One group of urgency: how many cases it holds, and those of this page."""

    name: str
    rule: str
    count: int
    rows: tuple[QueueRow, ...]


@dataclass(frozen=True)
class Choice:
    """What a filter may be set to."""

    value: str
    label: str


@dataclass(frozen=True)
class QueuePage:
    """One page of the queue. `counts` holds one figure a view; `open`, `late` and `soon` are of all open cases."""

    view: str
    name: str
    bands: tuple[Band, ...]
    counts: dict[str, int]
    soon: int
    found: int
    shown: int
    next: str | None
    agencies: tuple[Choice, ...]
    owners: tuple[Choice, ...]

    @property
    def rows(self) -> tuple[QueueRow, ...]:
        return tuple(row for band in self.bands for row in band.rows)


def open_queue(*, view: str, reader: Actor, at: datetime, wanted: CaseFilters | None = None, cursor: str = "") -> QueuePage:
    """The cases `reader` may work, most urgent first, at the time `at`. 6 queries, whatever the number of rows; one more with a
    view or filters, and one with `q`.

    The groups: Critical and High that are late or due within 15 minutes; Medium and lower that are late; what is due within
    the hour; the rest. In each the longest late comes first. Later pages keep the groups of the first, or a case that moves up
    meanwhile would be on none. Raises Invalid (`cursor`).
    """
    view = view if view in VIEWS else "open"
    stood_at, cursor = _began(cursor, at)
    everything = readable(reader)
    opened = everything.exclude(state=CaseState.CLOSED)
    closed = everything.filter(state=CaseState.CLOSED, closed_at__gt=at - WEEK)
    figures = opened.aggregate(
        open=Count("id"),
        mine=Count("id", filter=Q(owner_id=reader.person_id)),
        unassigned=Count("id", filter=Q(owner_id=None)),
        late=Count("id", filter=Q(next_due_at__lt=at)),
        soon=Count("id", filter=Q(next_due_at__gte=at, next_due_at__lte=at + DUE_SOON)),
        **{f"band_{band}": Count("id", filter=which) for band, which in _bands(stood_at).items()},
    )
    soon = figures.pop("soon")
    banded = {band: figures.pop(f"band_{band}") for band in (ACT_NOW, PAST_DUE, WITHIN_THE_HOUR)}
    counts = {**figures, "closed": closed.count()}
    narrow = {
        "open": opened,
        "mine": opened.filter(owner_id=reader.person_id),
        "unassigned": opened.filter(owner_id=None),
        "late": opened.filter(next_due_at__lt=at),
        "closed": closed,
    }[view]
    wanted = wanted or CaseFilters()
    rows = narrowed(narrow, wanted, reader)
    if view == "closed":
        order: tuple[str, ...] = ("-closed_at", "-id")
        per_band = {ACT_NOW: rows.count()}
    else:
        rows = _in_bands(rows, stood_at)
        order = ("band", "due", "id")
        if view == "open" and wanted == CaseFilters():  # counted above
            per_band = {**banded, LATER: counts["open"] - sum(banded.values())}
        else:
            per_band = dict(rows.values_list("band").annotate(count=Count("id")).order_by())
    found, following = page_of(rows.select_related("agency", "owner"), order=order, cursor=cursor)
    clocks = clocks_of([case.subject for case in found], at)
    names = [("Closed this week", "The latest first")] if view == "closed" else _names(stood_at)
    bands = []
    for key, (name, rule) in enumerate(names):
        here = [case for case in found if view == "closed" or case.band == key]
        if here:
            row_views = tuple(_row(case, reader, clocks[case.subject]) for case in here)
            bands.append(Band(name, rule, per_band.get(key, len(here)), row_views))
    return QueuePage(
        view=view,
        name=VIEWS[view],
        bands=tuple(bands),
        counts=counts,
        soon=soon,
        found=sum(per_band.values()),
        shown=len(found),
        next=encode([stood_at.isoformat(), following]) if following else None,
        agencies=agencies_of(reader),
        owners=_owners(reader),
    )


def _began(cursor: str, at: datetime) -> tuple[datetime, str]:
    """When the first page was read, and the place in the list."""
    if not cursor:
        return at, ""
    began, place = decode(cursor, 2)
    try:
        stood_at = datetime.fromisoformat(began)
        if stood_at.tzinfo is None or not isinstance(place, str):
            raise ValueError("not one of ours")
    except (ValueError, TypeError) as error:
        raise Invalid("The cursor is not one of ours.", field="cursor", cure="Leave it out for the first page.") from error
    return stood_at, place


def agencies_of(reader: Actor) -> tuple[Choice, ...]:
    """The agencies of the program whose cases `reader` may see, by acronym (a prospective one has none); one query."""
    found = Agency.objects.exclude(state=AgencyState.PROSPECTIVE).order_by("acronym")
    if reader.agencies is not None:
        found = found.filter(pk__in=reader.agencies)
    return tuple(Choice(slug, f"{acronym}, {name}") for slug, acronym, name in found.values_list("slug", "acronym", "name"))


def _owners(reader: Actor) -> tuple[Choice, ...]:
    """Everyone of the floor who may own a case; one query."""
    people = Person.objects.filter(is_active=True, memberships__role__in=FLOOR, memberships__ended_at=None)
    if reader.agencies is not None:
        people = people.filter(Q(memberships__agency_id=None) | Q(memberships__agency_id__in=reader.agencies))
    named = people.distinct().order_by("name", "id").values_list("email", "name")
    return (Choice("me", "Me"), Choice("none", "Nobody"), *(Choice(email, name) for email, name in named))


def _bands(at: datetime) -> dict[int, Q]:
    """What each group but the last holds; a case belongs to the first that holds it."""
    pressing, late = Q(severity_rank__gte=Severity.HIGH.rank, next_due_at__lte=at + SOON), Q(next_due_at__lt=at)
    milder = Q(severity_rank__lt=Severity.HIGH.rank)
    return {
        ACT_NOW: pressing,
        PAST_DUE: late & milder,
        WITHIN_THE_HOUR: Q(next_due_at__lte=at + HOUR) & (Q(next_due_at__gt=at + SOON) | (milder & Q(next_due_at__gte=at))),
    }


def _in_bands(rows: Any, at: datetime) -> Any:
    band = FirstOf(
        *(When(which, then=Value(band)) for band, which in _bands(at).items()),
        default=Value(LATER),
        output_field=IntegerField(),
    )
    return rows.annotate(band=band, due=Coalesce(F("next_due_at"), Value(NEVER), output_field=DateTimeField()))


def _names(at: datetime) -> list[tuple[str, str]]:
    hour = f"{at + HOUR:%H:%M} UTC"
    return [
        ("Act now", "Critical or High, late or due within 15 minutes"),
        ("Past due", "Medium or lower, late"),
        ("Within the hour", f"Due by {hour}"),
        ("Later", f"Due after {hour}, or no clock runs"),
    ]


def _row(case: Case, reader: Actor, clocks: Iterable[ClockView]) -> QueueRow:
    owner = case.owner
    return QueueRow(
        number=case.number,
        title=case.title,
        agency_acronym=case.agency.acronym,
        agency_name=case.agency.name,
        severity=str(case.severity),
        state=str(case.state),
        version=case.version,
        owner_name=owner.name if owner else "",
        owner_initials=owner.initials if owner else "",
        mine=owner is not None and owner.pk == reader.person_id,
        may_take=owner is None and CaseState(case.state).is_open and may_claim(reader, case),
        clock=next_clock(clocks),
        closed_at=case.closed_at,
        disposition=case.get_disposition_display() if case.disposition else "",
    )


def next_clock(clocks: Iterable[ClockView]) -> ClockView | None:
    """The clock that counts: of those that tick the one that is due first, else one that is paused."""
    listed = list(clocks)
    ticking = [clock for clock in listed if clock.ticks and clock.due_at is not None]
    if ticking:
        return min(ticking, key=lambda clock: clock.due_at or NEVER)
    return next((clock for clock in listed if clock.state == "paused"), None)
