"""The standings: medians with their intervals by size class, never a bare rank."""

from dataclasses import dataclass
from typing import Any

from soc.scorecards.drawing import Axis, Whisker, axis_over, whisker
from soc.scorecards.pages.pickers import periods_to_choose, said
from soc.scorecards.periods import parse
from soc.scorecards.queries.standings import ClassView, StandingsPage, StandingView, standings_page
from tenants.gates.exports import csv_answer
from tenants.gates.pages import Page

READERS = frozenset({"analyst", "watch_lead", "auditor", "liaison"})
WORDS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")


@dataclass(frozen=True)
class Row:
    """One line of the table: the figure and how it is drawn. `ahead`: its whole interval is below the middle of its class."""

    view: StandingView
    drawn: Whisker | None
    ahead: bool


@dataclass(frozen=True)
class Shown:
    """The class that is shown."""

    chosen: ClassView
    axis: Axis
    rows: tuple[Row, ...]
    undrawn: tuple[Row, ...]
    median: Row | None
    middle: float | None


class StandingsView(Page):
    """`/standings/`: for the floor every assigned agency; a liaison reads their own row and the middle of their class."""

    roles = READERS

    def get(self, request: Any) -> Any:
        found = standings_page(period=request.GET.get("period") or None, measure=request.GET.get("measure") or None, reader=self.actor)
        shown = _shown(found, request.GET.get("class", ""))
        own = next((row for row in (*shown.rows, *shown.undrawn) if row.view.own), None) if shown else None
        return self.page(
            "scorecards/standings.html",
            found=found,
            shown=shown,
            own=own,
            heading=_heading(found, shown, own),
            period_said=said(parse(found.period)),
            periods=periods_to_choose(self.actor.now(), found.period),
        )


class StandingsCsv(Page):
    """`/standings/csv/`: the same rows of every class, as far as the reader may see them."""

    roles = READERS

    def get(self, request: Any) -> Any:
        found = standings_page(period=request.GET.get("period") or None, measure=request.GET.get("measure") or None, reader=self.actor)
        heads = (
            "class",
            "agency",
            "name",
            "period",
            "measure",
            "median_seconds",
            "low_seconds",
            "high_seconds",
            "cases",
            "done",
            "closed",
            "all_cases",
        )
        rows = [_cells(view) for one in found.classes for view in (*one.rows, *((one.median,) if one.median else ()))]
        return csv_answer(f"standings-{found.measure}-{found.period}", heads, rows)


def _cells(view: StandingView) -> tuple[Any, ...]:
    estimate = view.estimate
    name = view.agency_name or f"middle of the class, of {estimate.n} agencies"
    counts = (estimate.n, estimate.events) if view.agency else (None, None)
    of_scorecard = (view.closed, view.cases)
    return (view.size_class, view.agency, name, view.period, view.measure, estimate.value, *estimate.interval, *counts, *of_scorecard)


def _shown(found: StandingsPage, asked: str) -> Shown | None:
    if not found.classes:
        return None
    chosen = next((one for one in found.classes if one.size_class == asked), None)
    chosen = chosen or next((one for one in found.classes if any(row.own for row in one.rows)), found.classes[0])
    middle = chosen.median.estimate.value if chosen.median else _middle(chosen)
    every = [value for row in chosen.rows for value in (row.estimate.value, *row.estimate.interval)]
    axis = axis_over((*every, middle), left=8, right=212)
    rows = [_row(view, axis, middle) for view in chosen.rows]
    median = Row(chosen.median, whisker(chosen.median.estimate, axis), False) if chosen.median else None
    return Shown(chosen, axis, tuple(r for r in rows if r.drawn), tuple(r for r in rows if not r.drawn), median, middle)


def _row(view: StandingView, axis: Axis, middle: float | None) -> Row:
    high = view.estimate.interval[1]
    return Row(view, whisker(view.estimate, axis), middle is not None and high is not None and high < middle)


def _middle(chosen: ClassView) -> float | None:
    known = sorted(row.estimate.value for row in chosen.rows if row.estimate.value is not None)
    return (known[(len(known) - 1) // 2] + known[len(known) // 2]) / 2 if len(known) > 2 else None


def _heading(found: StandingsPage, shown: Shown | None, own: Row | None) -> str:
    if shown is None:
        return "There is nothing to compare yet"
    if own is not None:
        value = own.view.estimate.value
        if value is None:
            return "Too few of your cases are done for a median"
        if shown.middle is None:
            return "Your class is too small to compare you with"
        low = own.view.estimate.interval[0]
        if own.ahead:
            return "You are clearly faster than the middle of your class"
        if low is not None and low > shown.middle:
            return "You are clearly slower than the middle of your class"
        return "The numbers cannot tell you from the middle of your class"
    ahead = sum(row.ahead for row in shown.rows)
    many = WORDS[ahead] if ahead < len(WORDS) else "Many"
    agencies = "agency is" if ahead < 2 else "agencies are"
    kind = shown.chosen.label if shown.chosen.label.startswith("CFO") else shown.chosen.label.lower()
    return f"{many} {kind} {agencies} clearly faster than the middle of the class"
