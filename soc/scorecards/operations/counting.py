"""Counting an agency's scorecards again for the periods in which something moved."""

from datetime import datetime

from django.db import connection, transaction
from django.db.models import Max

from soc.scorecards.events import ScorecardMoved
from soc.scorecards.measures import CaseFacts, observe
from soc.scorecards.measures import Observation as SeenOfMeasure
from soc.scorecards.models import Figure, Observation, Scorecard
from soc.scorecards.models.observation import MOMENTS
from soc.scorecards.periods import Period, periods_of
from soc.scorecards.scoring import figures_of
from tenants.actors import Actor, system
from tenants.journal import doorbell
from tenants.journal.delivery import agencies_with, scope_for
from tenants.journal.recording import record
from tenants.journal.sweeping import Chore, register

SUBJECT = "scorecard"
LOCK = 7301  # one agency's scorecards are counted by one worker at a time
MOST_AT_ONCE = 500

Seen = tuple[CaseFacts, tuple[SeenOfMeasure, ...]]  # a case, and what it says for each measure


@transaction.atomic
def count_scorecards(*, agency_id: int, by: Actor) -> int:
    """Count the periods that hold the unscored cases of an agency; returns how many cases were taken in.

    A burst of facts is counted once: whatever was observed before the lock was had is in it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, agency_id])
    moved = list(
        Observation.objects.select_for_update()
        .filter(agency_id=agency_id, unscored=True)
        .order_by("position")
        .values_list("id", "opened_at")[:MOST_AT_ONCE]
    )
    if not moved:
        return 0
    last = Observation.objects.filter(agency_id=agency_id).aggregate(position=Max("position"), at=Max("at"))
    periods = {period.name: period for _, opened_at in moved for period in periods_of(opened_at)}
    seen = _seen(agency_id, list(periods.values()), last["at"])
    for name in sorted(periods):
        _count(agency_id, periods[name], seen, last["position"], last["at"], by)
    Observation.objects.filter(agency_id=agency_id, id__in=[pk for pk, _ in moved]).update(unscored=False)
    transaction.on_commit(lambda: doorbell.ring("standings", None))
    return len(moved)


def _seen(agency_id: int, periods: list[Period], as_of_at: datetime) -> list[Seen]:
    # A case of this month is one of this quarter, year and fiscal year: it is read and observed once for the four.
    start, end = min(period.start for period in periods), max(period.end for period in periods)
    held = Observation.objects.filter(agency_id=agency_id, opened_at__gte=start, opened_at__lt=end)
    cases = [CaseFacts(*moments) for moments in held.values_list(*MOMENTS, "disposition")]
    return [(facts, observe(facts, as_of=as_of_at)) for facts in cases]


def _count(agency_id: int, period: Period, seen: list[Seen], as_of: int, as_of_at: datetime, by: Actor) -> None:
    held = [(facts, found) for facts, found in seen if period.holds(facts.opened_at)]
    closed = sum(facts.closed_at is not None for facts, _ in held)
    card, _ = Scorecard.objects.update_or_create(
        agency_id=agency_id,
        period=period.name,
        defaults={
            "starts_at": period.start,
            "cases": len(held),
            "closed": closed,
            "as_of": as_of,
            "as_of_at": as_of_at,
            "unranked": True,
        },
    )
    rows = []
    for figure in figures_of(found for _, found in held):
        row = Figure(agency_id=agency_id, scorecard=card, measure=figure.measure, excluded=figure.excluded)
        row.estimate = figure.estimate
        rows.append(row)
    Figure.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["agency", "scorecard", "measure"],
        update_fields=["value", "low", "high", "n", "events", "excluded"],
    )
    record(ScorecardMoved(period=period.name), agency_id=agency_id, subject=SUBJECT, by=by)


def work_off(agency_id: int | None) -> int:
    """The chore of the sweep: one agency's scorecards, in that agency's own scope."""
    if agency_id is None:
        return 0
    with scope_for(agency_id):
        return count_scorecards(agency_id=agency_id, by=system("scorecards", agency_id=agency_id))


register(Chore("scorecards", lambda: agencies_with("agencies_with_unscored_cases"), work_off))
