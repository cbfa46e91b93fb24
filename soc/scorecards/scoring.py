"""The figures of a set of cases: one for each measure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from soc.scorecards.measures import MEASURES, CaseFacts, Observation, durations, observe
from soc.scorecards.survival import Estimate, median


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure of one agency in one period, in seconds, and how many of its cases say nothing for it."""

    measure: str
    estimate: Estimate
    excluded: int


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
            estimate=median(durations(mine, measure)),
            excluded=sum(found.seconds is None for found in mine),
        )
        for measure, mine in by_measure.items()
    )
