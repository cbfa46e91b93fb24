"""The standings as one reader may see them: the floor all assigned agencies, a liaison their own row and their class."""

from dataclasses import dataclass
from typing import Any

from django.db.models import F, Min

from soc.scorecards.measures import MEASURES
from soc.scorecards.models import Publication, Standing
from soc.scorecards.policies import may_read_standings
from soc.scorecards.queries.scorecards import LABELS, measure_asked, period_asked
from soc.scorecards.survival import Estimate
from tenants.actors import Actor
from tenants.errors import Unknown, require
from tenants.queries.paging import page_of
from tenants.states import SizeClass


@dataclass(frozen=True)
class StandingView:
    """One row. `agency` is empty for the median of a class, whose `n` counts agencies and not cases."""

    agency: str
    agency_name: str
    size_class: str
    period: str
    measure: str
    estimate: Estimate
    own: bool
    cases: int | None = None
    closed: int | None = None
    as_of: int | None = None


@dataclass(frozen=True)
class Standings:
    """One agency (or, `agency` empty, the median of a class) with each of its rows, one a measure."""

    rows: tuple[StandingView, ...]

    @property
    def head(self) -> StandingView:
        """What all the rows share."""
        return self.rows[0]


@dataclass(frozen=True)
class ClassView:
    """One size class of the standings page: its rows, fastest median first, those without a median last."""

    size_class: str
    label: str
    rows: tuple[StandingView, ...]
    median: StandingView | None  # of the class, as a liaison sees it


@dataclass(frozen=True)
class StandingsPage:
    """The standings of one period and measure by size class. `published` says whether liaisons see names."""

    period: str
    measure: str
    measure_label: str
    measures: tuple[tuple[str, str], ...]
    classes: tuple[ClassView, ...]
    published: bool
    longest: float  # seconds at the right end of the page's axis; 0 when there is nothing to draw


def standings_of(*, period: str | None, measure: str | None, reader: Actor, cursor: str = "") -> tuple[list[Standings], str | None]:
    """A page of agencies by class, each with every measure or the one that is named. 2 queries.

    Raises Unknown, Invalid (`period`, `measure`, `cursor`).
    """
    rows = _rows(period, measure, reader)
    first_of_each = Standing.objects.filter(pk__in=rows.order_by().values("agency", "about").annotate(first=Min("pk")).values("first"))
    firsts, following = page_of(first_of_each, order=("size_class", "id"), cursor=cursor)
    wanted = {(row.agency_id, row.about_id): n for n, row in enumerate(firsts)}
    held: list[list[StandingView]] = [[] for _ in firsts]
    for row in rows.filter(agency__in={agency for agency, _ in wanted}).order_by("id"):
        place = wanted.get((row.agency_id, row.about_id))
        if place is not None:
            held[place].append(_view(row, reader))
    by_measure = {name: n for n, name in enumerate(MEASURES)}
    return [Standings(tuple(sorted(one, key=lambda view: by_measure[view.measure]))) for one in held], following


def standings_page(*, period: str | None, measure: str | None, reader: Actor) -> StandingsPage:
    """The page's data for one measure (time to contain when none is named). 2 queries. Raises as `standings_of`."""
    wanted = measure_asked(measure or "time_to_contain")
    views = [_view(row, reader) for row in _rows(period, wanted, reader)]
    name = period_asked(period, now=reader.now()).name
    classes = []
    for size_class in SizeClass:
        held = [view for view in views if view.size_class == size_class]
        rows = sorted((view for view in held if view.agency), key=_fastest_first)
        median = next((view for view in held if not view.agency), None)
        if held:
            classes.append(ClassView(size_class.value, size_class.label, tuple(rows), median))
    ends = [end for view in views for end in (view.estimate.value, view.estimate.interval[1]) if end is not None]
    return StandingsPage(
        period=name,
        measure=wanted,
        measure_label=LABELS[wanted],
        measures=tuple((measure, LABELS[measure]) for measure in MEASURES),
        classes=tuple(classes),
        published=Publication.objects.filter(period=name, measure=wanted).exists(),
        longest=max(ends, default=0.0),
    )


def class_medians_of(*, agency_id: int, size_class: str, period: str) -> dict[str, float | None]:
    """By measure, the median of a class in seconds as it was told to one agency; None where it may not be told. One query."""
    told = Standing.objects.filter(agency_id=agency_id, about=None, size_class=size_class, period=period)
    return dict(told.values_list("measure", "value"))


def _rows(period: str | None, measure: str | None, reader: Actor) -> Any:
    require(may_read_standings(reader), Unknown())
    asked = period_asked(period, now=reader.now())
    rows = Standing.objects.filter(period=asked.name).select_related("about")
    if measure:
        rows = rows.filter(measure=measure_asked(measure))
    # For the floor each agency's row about itself; a liaison reads what was written for their agency.
    return rows if reader.agency_id is not None else rows.filter(about=F("agency"))


def _view(row: Any, reader: Actor) -> StandingView:
    about = row.about
    return StandingView(
        agency=about.slug if about else "",
        agency_name=about.name if about else "",
        size_class=row.size_class,
        period=row.period,
        measure=row.measure,
        estimate=row.estimate,
        own=about is not None and about.pk == reader.agency_id,
        cases=row.cases,
        closed=row.closed,
        as_of=row.as_of,
    )


def _fastest_first(view: StandingView) -> tuple[bool, float, str]:
    return (view.estimate.value is None, view.estimate.value or 0.0, view.agency_name)
