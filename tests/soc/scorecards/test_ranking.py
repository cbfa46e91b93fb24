"""A class has a middle, and nothing about it names an agency."""

import pytest

from soc.scorecards.ranking import ClassMedian, ClassMember, class_medians
from soc.scorecards.survival import Estimate


def members(size_class: str, *values: float | None) -> list[ClassMember]:
    return [ClassMember(size_class, Estimate(value, (None, None), 5, 3)) for value in values]


@pytest.mark.parametrize(
    ("values", "middle"),
    [((1, 9, 2), 2), ((1, 2, 4, 9), 3), ((1, 2, None), 2), ((1, None, None), None), ((1, 2, None, None), None), ((1, 2), None), ((), None)],
)
def test_the_median_of_medians(values: tuple[float | None, ...], middle: float | None) -> None:
    found = class_medians([*members("small", *values), *members("micro", 7, 7, 7)])
    assert found["micro"] == ClassMedian("micro", 7, 3)
    assert found.get("small", ClassMedian("small", None, 0)) == ClassMedian("small", middle, len(values))


def test_an_agency_without_a_case_does_not_count() -> None:
    nothing = ClassMember("small", Estimate(None, (None, None), 0, 0))
    assert class_medians([*members("small", 1, 2, 3), nothing])["small"] == ClassMedian("small", 2, 3)
