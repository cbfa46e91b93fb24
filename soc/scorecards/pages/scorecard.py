"""One agency's scorecard, and the cases behind each of its figures."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from soc.scorecards.drawing import Axis, Column, Whisker, axis_over, columns, whisker
from soc.scorecards.measures import MEASURES
from soc.scorecards.pages.pickers import periods_to_choose, said
from soc.scorecards.periods import parse
from soc.scorecards.queries.scorecards import LABELS, FigureView, ScorecardView, evidence_of, scorecard_of
from soc.scorecards.queries.series import Point, series_by_day
from tenants.gates.exports import csv_answer
from tenants.gates.pages import Page

READERS = frozenset({"analyst", "watch_lead", "auditor", "liaison"})
FIRST = "time_to_contain"


@dataclass(frozen=True)
class Drawn:
    """A figure and its drawing; None while it has no median."""

    figure: FigureView
    whisker: Whisker | None


@dataclass(frozen=True)
class Days:
    """What was opened and closed each day lately, drawn, with the sums that the title says."""

    points: tuple[tuple[Point, Column], ...]
    opened: int
    closed: int
    most: int
    first: date
    last: date


class ScorecardPage(Page):
    """`/scorecards/<slug>/`: four figures, and one click away where each comes from."""

    roles = READERS

    def get(self, request: Any, slug: str) -> Any:
        period = request.GET.get("period") or None
        measure = request.GET.get("measure") or FIRST
        card = scorecard_of(agency=slug, period=period, reader=self.actor)
        behind, following = evidence_of(
            agency=slug, period=period, measure=measure, reader=self.actor, cursor=request.GET.get("cursor", "")
        )
        axis, drawn = _drawn(card)
        return self.page(
            "scorecards/scorecard.html",
            card=card,
            axis=axis,
            drawn=drawn,
            days=_days(series_by_day(agency=slug, reader=self.actor)),
            measure=measure,
            measure_label=LABELS[measure],
            measures=[(one, LABELS[one]) for one in MEASURES],
            behind=behind,
            following=following,
            first=not request.GET.get("cursor"),
            period_said=said(parse(card.period)),
            periods=periods_to_choose(self.actor.now(), card.period),
            topics=f"agency.{card.agency}.scorecard",
        )


class EvidenceCsv(Page):
    """`/scorecards/<slug>/csv/`: every case behind one figure, from when to when, in seconds."""

    roles = READERS

    def get(self, request: Any, slug: str) -> Any:
        period, measure = request.GET.get("period") or None, request.GET.get("measure") or FIRST
        heads = ("case", "started_at", "ended_at", "seconds", "ended", "left_out_because", "journal_positions")
        name = f"evidence-{slug}-{measure}-{scorecard_of(agency=slug, period=period, reader=self.actor).period}"
        return csv_answer(name, heads, self._rows(slug, period, measure))

    def _rows(self, slug: str, period: str | None, measure: str) -> Any:
        cursor: str | None = ""
        while cursor is not None:
            found, cursor = evidence_of(agency=slug, period=period, measure=measure, reader=self.actor, cursor=cursor)
            for one in found:
                positions = " ".join(str(position) for position in one.entries)
                yield (one.case, one.started_at, one.ended_at, one.seconds, "yes" if one.ended else "no", one.excluded, positions)


def _drawn(card: ScorecardView) -> tuple[Axis, tuple[Drawn, ...]]:
    every = [value for figure in card.figures for value in (figure.estimate.value, *figure.estimate.interval)]
    axis = axis_over(every, left=8, right=212)
    return axis, tuple(Drawn(figure, whisker(figure.estimate, axis)) for figure in card.figures)


def _days(points: tuple[Point, ...]) -> Days:
    pairs = [(point.opened, point.closed) for point in points]
    drawn = columns(pairs, left=0, right=600, top=4, bottom=92)
    opened, closed = (sum(counts) for counts in zip(*pairs, strict=True))
    return Days(tuple(zip(points, drawn, strict=True)), opened, closed, max(max(pair) for pair in pairs), points[0].day, points[-1].day)
