"""The figures of a set of cases: one for each measure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from soc.scorecards.measures import MEASURES, CaseFacts, durations, observe
from soc.scorecards.survival import Estimate, median


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure of one agency in one period, in seconds, and how many of its cases say nothing for it."""

    measure: str
    estimate: Estimate
    excluded: int


def figures(cases: Iterable[CaseFacts], *, as_of: datetime) -> tuple[Figure, ...]:
    """The figures of some cases as they were known at `as_of`, in the order of `MEASURES`."""
    observations = [found for facts in cases for found in observe(facts, as_of=as_of)]
    return tuple(
        Figure(
            measure=measure,
            estimate=median(durations(observations, measure)),
            excluded=sum(found.measure == measure and found.seconds is None for found in observations),
        )
        for measure in MEASURES
    )
