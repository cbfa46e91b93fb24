"""The queue: what to work on next, in groups of urgency, with the figures beside it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Case as FirstOf
from django.db.models import Count, DateTimeField, Exists, F, IntegerField, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce

from soc.cases.models import Case
from soc.cases.policies import may_claim
from soc.cases.queries.case import CaseView, as_read, counting_clocks
from soc.cases.queries.filters import CaseFilters, narrowed, readable
from soc.cases.queries.owners import FLOOR
from soc.cases.states import CaseState, Severity
from soc.clocks.queries.clocks import ClockView
from tenants.actors import Actor
from tenants.errors import Invalid
from tenants.models import Agency, Membership, Person
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


class Choice(NamedTuple):
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
    current: CaseView | None = None  # with `beside`

    @property
    def rows(self) -> tuple[QueueRow, ...]:
        return tuple(row for band in self.bands for row in band.rows)


class _Counted(Subquery):
    """How many rows there are, beside figures of other rows: one statement counts both."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()
    contains_aggregate = True


def open_queue(
    *,
    view: str,
    reader: Actor,
    at: datetime,
    wanted: CaseFilters | None = None,
    cursor: str = "",
    beside: str | None = None,
    newest: int = 0,
) -> QueuePage:
    """The cases `reader` may work, most urgent first, at the time `at`. 3 queries, whatever the number of rows; one more where
    clocks are paused, one with a view or filters, and one with `q`. With `beside`, the case of that number or else the first of
    the list is read for the pane too, with so many of its `newest` lines: 2 queries, and the note that a restricted one was read.

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
        closed=_Counted(closed.values("pk")),
        **{f"band_{band}": Count("id", filter=which) for band, which in _bands(stood_at).items()},
    )
    soon = figures.pop("soon")
    banded = {band: figures.pop(f"band_{band}") for band in (ACT_NOW, PAST_DUE, WITHIN_THE_HOUR)}
    counts = figures
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
    current = None if beside is None else next((case for case in found if case.number == beside), found[0] if found else None)
    clocks = counting_clocks(found, at, whole=current)
    names = [("Closed this week", "The latest first")] if view == "closed" else _names(stood_at)
    bands = []
    for key, (name, rule) in enumerate(names):
        here = [case for case in found if view == "closed" or case.band == key]
        if here:
            row_views = tuple(_row(case, reader, clocks[case.pk]) for case in here)
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
        **_choices(reader),
        current=as_read(current, reader, clocks[current.pk], newest=newest) if current is not None else None,
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
    found = _agencies(reader).order_by("acronym").values_list("slug", "acronym", "name")
    return tuple(Choice(slug, f"{acronym}, {name}") for slug, acronym, name in found)


def _agencies(reader: Actor) -> Any:
    found = Agency.objects.exclude(state=AgencyState.PROSPECTIVE)
    return found if reader.agencies is None else found.filter(pk__in=reader.agencies)


def _choices(reader: Actor) -> dict[str, tuple[Choice, ...]]:
    """The agencies of the program by acronym, as `agencies_of`, and everyone of the floor who may own a case, by name; one query."""
    live = Membership.objects.filter(person=OuterRef("pk"), role__in=FLOOR, ended_at=None)
    if reader.agencies is not None:
        live = live.filter(Q(agency_id=None) | Q(agency_id__in=reader.agencies))
    people = Person.objects.filter(Exists(live), is_active=True).annotate(which=Value(1))
    agencies = _agencies(reader).annotate(which=Value(0)).values_list("which", "acronym", "id", "slug", "name")
    rows = agencies.union(people.values_list("which", "name", "id", "email", "name"), all=True).order_by("which", "acronym", "id")
    listed = [(which, Choice(value, f"{short}, {name}" if which == 0 else name)) for which, short, _, value, name in rows]
    return {
        "agencies": tuple(choice for which, choice in listed if which == 0),
        "owners": (Choice("me", "Me"), Choice("none", "Nobody"), *(choice for which, choice in listed if which == 1)),
    }


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
