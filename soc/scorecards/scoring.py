"""The figures of a set of cases: one for each measure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from soc.scorecards.measures import MEASURES, CaseFacts, Observation, durations, observe
from soc.scorecards.survival import Estimate, median


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure of one agency in one period, in seconds, and how many of its cases say nothing for it."""

    measure: str
    estimate: Estimate
    excluded: int


def publishable(estimate: Estimate) -> Estimate:
    """The estimate without its value while under half of the items are done.

    When most of what is open is young, the curve can reach one half before half of the items have ended; a figure that
    readers take for "half of them are done by then" waits until they are. The interval stays.
    """
    return estimate if 2 * estimate.events >= estimate.n else replace(estimate, value=None)


def figures(cases: Iterable[CaseFacts], *, as_of: datetime) -> tuple[Figure, ...]:
    """The figures of some cases as they were known at `as_of`, in the order of `MEASURES`."""
    return figures_of(observe(facts, as_of=as_of) for facts in cases)


def figures_of(seen: Iterable[tuple[Observation, ...]]) -> tuple[Figure, ...]:
    """The figures of what was observed of each case, in the order of `MEASURES`.

    Apart from `figures` because a case is observed once and belongs to four periods.
    """
    by_measure: dict[str, list[Observation]] = {measure: [] for measure in MEASURES}
    for each in seen:
        for found in each:
            by_measure[found.measure].append(found)
    return tuple(
        Figure(
            measure=measure,
            estimate=publishable(median(durations(mine, measure))),
            excluded=sum(found.seconds is None for found in mine),
        )
        for measure, mine in by_measure.items()
    )
