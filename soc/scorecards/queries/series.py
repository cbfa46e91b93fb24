"""How an agency's figures went over time: by day or week from its own cases, by month beside the median of its class."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from soc.scorecards.measures import MEASURES, CaseFacts, observe
from soc.scorecards.models import Figure, Observation, Scorecard, Standing
from soc.scorecards.models.observation import MOMENTS
from soc.scorecards.periods import month_of, parse
from soc.scorecards.queries.scorecards import agency_read_by
from soc.scorecards.scoring import figures_of
from soc.scorecards.survival import NOTHING, Estimate
from tenants.actors import Actor


@dataclass(frozen=True)
class Point:
    """A day or a week (named by its Monday), in UTC: what was opened and closed in it, and the figures of the cases opened in it."""

    day: date
    opened: int
    closed: int
    estimates: dict[str, Estimate]


@dataclass(frozen=True)
class MonthPoint:
    """A month of one measure: the agency's own figure, and the median of its class where it may be told (seconds)."""

    period: str
    own: Estimate
    peers: float | None


def series_by_day(*, agency: str, reader: Actor, days: int = 14) -> tuple[Point, ...]:
    """One point a day, oldest first, today included, days without a case too. 2 queries. Raises Unknown."""
    return _series(agency, reader, days, timedelta(days=1), lambda day: day)


def series_by_week(*, agency: str, reader: Actor, weeks: int = 12) -> tuple[Point, ...]:
    """One point a week, oldest first, this week included. 2 queries. Raises Unknown."""
    return _series(agency, reader, weeks, timedelta(weeks=1), lambda day: day - timedelta(days=day.weekday()))


def series_by_month(*, agency: str, measure: str, reader: Actor, months: int = 12) -> tuple[MonthPoint, ...]:
    """One point a month, oldest first, this month included, as the scorecards stand. 3 queries. Raises Unknown."""
    found = agency_read_by(reader, agency)
    names: list[str] = []
    at = reader.now()
    for _ in range(months):
        month = month_of(at)
        names.append(month.name)
        at = month.start - timedelta(days=1)
    rows = Figure.objects.filter(agency=found, measure=measure, scorecard__period__in=names).select_related("scorecard")
    own = {row.scorecard.period: row.estimate for row in rows}
    peers = dict(
        Standing.objects.filter(agency=found, about=None, measure=measure, period__in=names, size_class=found.size_class).values_list(
            "period", "value"
        )
    )
    return tuple(MonthPoint(name, own.get(name, NOTHING), peers.get(name)) for name in reversed(names))


def periods_held(*, agency: str, reader: Actor) -> tuple[str, ...]:
    """The periods for which the agency has a scorecard, newest first, for a picker. 2 queries. Raises Unknown."""
    found = agency_read_by(reader, agency)
    return _newest_first(Scorecard.objects.filter(agency=found).values_list("period", flat=True))


def periods_with_standings(reader: Actor) -> tuple[str, ...]:
    """The periods for which `reader` finds standings, newest first. 1 query."""
    return _newest_first(Standing.objects.order_by("period").values_list("period", flat=True).distinct())


def _newest_first(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names, key=lambda name: (parse(name).end, parse(name).start), reverse=True))


def _series(agency: str, reader: Actor, count: int, step: timedelta, bucket: Callable[[date], date]) -> tuple[Point, ...]:
    found = agency_read_by(reader, agency)
    now = reader.now()
    last = bucket(now.astimezone(UTC).date())
    days = [last - step * back for back in reversed(range(count))]
    since = datetime.combine(days[0], time(0), UTC)
    held = Observation.objects.filter(agency=found).exclude(opened_at__lt=since, closed_at__lt=since)
    cases = [CaseFacts(*moments) for moments in held.values_list(*MOMENTS, "disposition")]

    def named(moment: datetime | None) -> date | None:
        return bucket(moment.astimezone(UTC).date()) if moment is not None else None

    points = []
    for day in days:
        opened = [facts for facts in cases if named(facts.opened_at) == day]
        figures = figures_of(observe(facts, as_of=now) for facts in opened)
        points.append(
            Point(
                day=day,
                opened=len(opened),
                closed=sum(named(facts.closed_at) == day for facts in cases),
                estimates={figure.measure: figure.estimate for figure in figures} or dict.fromkeys(MEASURES, NOTHING),
            )
        )
    return tuple(points)
