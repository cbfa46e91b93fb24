"""Writing the standings centrally, as rows for each reader, and publishing them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

from soc.scorecards.events import StandingsChanged
from soc.scorecards.measures import MEASURES
from soc.scorecards.models import Figure, Publication, Scorecard, Standing
from soc.scorecards.periods import BadPeriod, parse
from soc.scorecards.policies import may_publish
from soc.scorecards.ranking import FEWEST, ClassMedian, ClassMember, class_medians
from soc.scorecards.survival import Estimate
from tenants.actors import Actor, system
from tenants.errors import Conflict, Invalid, NotAllowed, require
from tenants.journal import doorbell
from tenants.journal.delivery import agencies_with, scope_for
from tenants.journal.recording import record
from tenants.journal.sweeping import Chore, register
from tenants.models import Agency
from tenants.states import AgencyKind, AgencyState

SUBJECT = "standings"
LOCK = 7302  # standings are written by one worker at a time
TAKES_PART = (AgencyState.ONBOARDING, AgencyState.PARALLEL, AgencyState.LIVE)


@dataclass(frozen=True, slots=True)
class Place:
    """One row's key within a period: who reads it, whom it is about (None: the reader's class), the measure."""

    reader: int
    about: int | None
    measure: str


@dataclass(frozen=True, slots=True)
class Told:
    """What a row says. `as_of` moves along with the rest and is no news by itself."""

    size_class: str
    estimate: Estimate
    cases: int | None = None
    closed: int | None = None
    as_of: int | None = field(default=None, compare=False)


def rank_standings(*, by: Actor) -> int:
    """Write the rows of every period with a scorecard that moved; returns how many scorecards were taken over.

    Works over all agencies: opens no scope itself. An agency outside FISMA (a defense contractor) has no standing.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [LOCK])
        due = list(Scorecard.objects.select_for_update(skip_locked=True).filter(unranked=True).values_list("id", "period"))
        for period in sorted({period for _, period in due}):
            _write(period, by)
        Scorecard.objects.filter(id__in=[pk for pk, _ in due]).update(unranked=False)
        return len(due)


def publish(*, period: str, measure: str, by: Actor) -> Publication:
    """Release a period's figures of one measure, with names, to every agency of the program.

    Raises NotAllowed, Invalid (`period`, `measure`), Conflict when it was released before. It cannot be taken back.
    """
    with transaction.atomic():
        require(may_publish(by), NotAllowed("Only an admin publishes standings."))
        try:
            name = parse(period or "").name
        except BadPeriod as bad:
            raise Invalid(str(bad), field="period", cure="Name a period like 2026-03, 2026-Q1, 2026 or FY2026.") from bad
        require(measure in MEASURES, Invalid("There is no such measure.", field="measure", cure=f"Name one of {', '.join(MEASURES)}."))
        released, made = Publication.objects.get_or_create(
            period=name, measure=measure, defaults={"released_at": by.now(), "released_by": by.label}
        )
        require(made, Conflict("These figures were published before.", cure="Nothing is left to do."))
        Scorecard.objects.filter(period=name).update(unranked=True)
        transaction.on_commit(lambda: doorbell.ring("standings", None))
        return released


def _write(period: str, by: Actor) -> None:
    stored = {Place(s.agency_id, s.about_id, s.measure): s for s in Standing.objects.filter(period=period)}
    new, moved, unmoved = [], [], []
    for place, told in _wanted(period):
        row = stored.get(place)
        if row is None:
            row = Standing(agency_id=place.reader, about_id=place.about, period=period, measure=place.measure)
            new.append(row)
        elif Told(row.size_class, row.estimate, row.cases, row.closed) != told:
            moved.append(row)
        else:
            unmoved.append((row, told))
            continue
        row.size_class, row.estimate = told.size_class, told.estimate
        row.cases, row.closed, row.as_of = told.cases, told.closed, told.as_of
    Standing.objects.bulk_create(new)
    columns = ["size_class", "value", "low", "high", "n", "events", "cases", "closed", "as_of"]
    Standing.objects.bulk_update(moved, columns, batch_size=200)
    changed = [*new, *moved]
    # An agency's rows are of one position: those whose figure stayed say so too, which is no news to anybody.
    with_news = {row.agency_id for row in changed if row.about_id == row.agency_id}
    beside = [(row, told) for row, told in unmoved if row.about_id == row.agency_id and row.agency_id in with_news]
    for row, told in beside:
        row.as_of = told.as_of
    Standing.objects.bulk_update([row for row, _ in beside], ["as_of"], batch_size=200)
    for reader in sorted({row.agency_id for row in changed}):
        record(StandingsChanged(period=period), agency_id=reader, subject=SUBJECT, by=by)
    if any(row.about_id == row.agency_id for row in changed):
        record(StandingsChanged(period=period), agency_id=None, subject=SUBJECT, by=by)


def _wanted(period: str) -> Iterator[tuple[Place, Told]]:
    agencies = dict(
        Agency.objects.filter(kind=AgencyKind.FEDERAL_CIVILIAN, state__in=TAKES_PART).order_by("id").values_list("id", "size_class")
    )
    published = set(Publication.objects.filter(period=period).values_list("measure", flat=True))
    rows = Figure.objects.filter(scorecard__period=period, agency__in=list(agencies)).select_related("scorecard")
    by_measure: dict[str, list[Any]] = {}
    for row in rows.order_by("measure", "agency_id"):
        by_measure.setdefault(row.measure, []).append(row)
    for measure, found in by_measure.items():
        for row in found:
            card = row.scorecard
            told = Told(agencies[row.agency_id], row.estimate, card.cases, card.closed, card.as_of)
            yield Place(row.agency_id, row.agency_id, measure), told
        medians = class_medians(ClassMember(agencies[row.agency_id], row.estimate) for row in found)
        for reader, size_class in agencies.items():
            if size_class in medians:
                yield Place(reader, None, measure), Told(size_class, _of_class(medians[size_class]))
            if measure in published:
                for row in found:
                    if row.agency_id != reader:
                        # A publication releases one measure: how many cases there are is not in it.
                        yield Place(reader, row.agency_id, measure), Told(agencies[row.agency_id], row.estimate)


def _of_class(median: ClassMedian) -> Estimate:
    # The number of agencies in a class of two would tell one whether the other had a case.
    n = median.n if median.n >= FEWEST else 0
    return Estimate(value=median.value, interval=(None, None), n=n, events=n)


def work_off(agency_id: int | None) -> int:
    """The chore of the sweep: all agencies' standings at once, centrally."""
    with scope_for(None):
        return rank_standings(by=system("standings"))


register(Chore("standings", lambda: agencies_with("agencies_with_unranked_scorecards"), work_off, central=True))
