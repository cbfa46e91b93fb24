"""An agency's scorecard of a period, and what stands behind each figure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Max

from soc.scorecards.measures import MEASURES, observe
from soc.scorecards.measures import Observation as Seen
from soc.scorecards.models import Observation, Scorecard
from soc.scorecards.periods import BadPeriod, Period, month_of, parse
from soc.scorecards.policies import may_read_scorecard
from soc.scorecards.survival import NOTHING, Estimate
from tenants.actors import Actor
from tenants.errors import Invalid, Unknown, require
from tenants.models import Agency
from tenants.queries.paging import page_of

LABELS = {
    "time_to_detect": "Time to detect",
    "time_to_acknowledge": "Time to acknowledge",
    "time_to_contain": "Time to contain",
    "time_to_recover": "Time to recover",
}


@dataclass(frozen=True)
class FigureView:
    """One measure: median and 95 percent interval in seconds, how many cases it speaks of, how many ended, how many say nothing."""

    measure: str
    label: str
    estimate: Estimate
    excluded: int


@dataclass(frozen=True)
class ScorecardView:
    """One agency's scorecard of one period."""

    agency: str
    agency_name: str
    size_class: str
    period: str
    cases: int
    closed: int
    as_of: int
    as_of_at: datetime | None
    figures: tuple[FigureView, ...]


@dataclass(frozen=True)
class Evidence:
    """What one case contributes to one figure: from when to when (or to `as_of`, while it goes on), and its journal positions."""

    case: str
    started_at: datetime | None
    ended_at: datetime | None
    seconds: float | None
    ended: bool
    excluded: str
    entries: tuple[int, ...]


def period_asked(text: str | None, *, now: datetime) -> Period:
    """The named period, or this month (UTC) when none is named. No query. Raises Invalid (field `period`)."""
    if not text:
        return month_of(now)
    try:
        return parse(text)
    except BadPeriod as bad:
        raise Invalid(str(bad), field="period", cure="Name a period like 2026-03, 2026-Q1, 2026 or FY2026.") from bad


def measure_asked(text: str | None) -> str:
    """The named measure. Raises Invalid (field `measure`)."""
    require(text in MEASURES, Invalid("There is no such measure.", field="measure", cure=f"Name one of {', '.join(MEASURES)}."))
    return str(text)


def agency_read_by(reader: Actor, slug: str) -> Agency:
    """The agency whose scorecard `reader` may read. One query. Raises Unknown for any other."""
    agency: Agency | None = Agency.objects.filter(slug=slug).first() if "\x00" not in slug else None
    if agency is None or not may_read_scorecard(reader, agency.pk):
        raise Unknown()
    return agency


def scorecard_of(*, agency: str, period: str | None, reader: Actor) -> ScorecardView:
    """The scorecard of an agency (slug) as last counted. 2 queries, one more before anything was counted.

    Raises Unknown, Invalid (field `period`).
    """
    found = agency_read_by(reader, agency)
    return scorecard_at(found, period_asked(period, now=reader.now()), reader=reader)


def scorecard_at(found: Agency, *asked: Period, reader: Actor) -> ScorecardView:
    """The scorecard of the first of some periods in which a case was opened, else of the first, of an agency that was read.

    One query, one more before anything was counted. Raises Unknown.
    """
    require(may_read_scorecard(reader, found.pk), Unknown())
    columns = ("measure", "value", "low", "high", "n", "events", "excluded")
    rows = Scorecard.objects.filter(agency=found, period__in=[period.name for period in asked])
    held: dict[str, list[dict[str, Any]]] = {}
    for row in rows.values("period", "cases", "closed", "as_of", "as_of_at", **{name: F(f"figures__{name}") for name in columns}):
        held.setdefault(row["period"], []).append(row)
    told = next((period for period in asked if period.name in held and held[period.name][0]["cases"]), asked[0])
    figures = {row["measure"]: row for row in held.get(told.name, ())}
    card = held[told.name][0] if told.name in held else None
    last = card["as_of"] if card else Observation.objects.filter(agency=found).aggregate(last=Max("position"))["last"] or 0
    return ScorecardView(
        agency=found.slug,
        agency_name=found.name,
        size_class=found.size_class,
        period=told.name,
        cases=card["cases"] if card else 0,
        closed=card["closed"] if card else 0,
        as_of=last,
        as_of_at=card["as_of_at"] if card else None,
        figures=tuple(_figure(measure, figures.get(measure)) for measure in MEASURES),
    )


def evidence_of(
    *, agency: str, period: str | None, measure: str | None, reader: Actor, cursor: str = ""
) -> tuple[list[Evidence], str | None]:
    """The cases behind one figure, oldest first, a page at a time. 3 queries. Raises Unknown, Invalid (`period`, `measure`, `cursor`)."""
    found = agency_read_by(reader, agency)
    asked = period_asked(period, now=reader.now())
    wanted = measure_asked(measure)
    card = Scorecard.objects.filter(agency=found, period=asked.name).first()
    held = Observation.objects.filter(agency=found, opened_at__gte=asked.start, opened_at__lt=asked.end)
    rows, following = page_of(held, order=("opened_at", "id"), cursor=cursor)
    return [_evidence(row, wanted, card.as_of_at if card else reader.now()) for row in rows], following


def _figure(measure: str, row: dict[str, Any] | None) -> FigureView:
    if row is None:
        return FigureView(measure, LABELS[measure], NOTHING, 0)
    estimate = Estimate(value=row["value"], interval=(row["low"], row["high"]), n=row["n"], events=row["events"])
    return FigureView(measure, LABELS[measure], estimate, row["excluded"])


def _evidence(row: Any, measure: str, as_of: datetime) -> Evidence:
    seen: Seen = next(one for one in observe(row.facts, as_of=as_of) if one.measure == measure)
    started_at = _started(row, measure) if seen.seconds is not None else None
    ended_at = started_at + timedelta(seconds=seen.seconds) if started_at and seen.ended and seen.seconds is not None else None
    return Evidence(row.number, started_at, ended_at, seen.seconds, seen.ended, seen.excluded, tuple(row.entries))


def _started(row: Any, measure: str) -> datetime | None:
    if measure == "time_to_detect":
        return min(row.happened_at, row.opened_at)  # type: ignore[no-any-return]
    if measure == "time_to_recover" and row.declared_at and not (row.recovered_at and row.recovered_at < row.declared_at):
        return row.declared_at  # type: ignore[no-any-return]
    return row.opened_at  # type: ignore[no-any-return]
