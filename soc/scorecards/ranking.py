"""What may be said about a size class as a whole: the middle of its agencies' medians, and nothing that names one."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf

from soc.scorecards.survival import Estimate

FEWEST = 3  # with two agencies in a class, the median and one's own figure give away the other's


@dataclass(frozen=True, slots=True)
class ClassMember:
    """One agency's figure for one measure, with the size class that it is judged in."""

    size_class: str
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class ClassMedian:
    """The median of the medians of a class in seconds; `n` is the number of agencies in it that have any case."""

    size_class: str
    value: float | None
    n: int


def class_medians(members: Iterable[ClassMember], *, fewest: int = FEWEST) -> dict[str, ClassMedian]:
    """For each size class the median of its agencies' medians: all that a liaison sees of others before a publication.

    An agency whose median does not exist yet (under half of its cases are done) stands behind all that have one: left out,
    the slow would make their class look fast. None when the middle falls on such an agency, or when fewer than `fewest`
    agencies have a case, because a median of so few tells one agency's figure to another.
    """
    by_class: dict[str, list[float]] = {}
    for member in members:
        values = by_class.setdefault(member.size_class, [])
        if member.estimate.n:
            values.append(inf if member.estimate.value is None else member.estimate.value)
    return {name: ClassMedian(name, _middle(values, fewest), len(values)) for name, values in sorted(by_class.items())}


def _middle(values: list[float], fewest: int) -> float | None:
    if len(values) < max(fewest, 1):
        return None
    ordered = sorted(values)
    middle = (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
    return middle if middle < inf else None
