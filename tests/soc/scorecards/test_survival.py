"""A median counts what is still open."""

from statistics import median_high

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soc.scorecards.survival import NOTHING, Duration, Estimate, median

# Remission of leukemia, treated arm (Freireich 1963): a textbook sample, median 23 weeks, interval 13 to undefined.
ENDED = (6, 6, 6, 7, 10, 13, 16, 22, 23)
OPEN = (6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35)


def of(ended: tuple[float, ...], still_open: tuple[float, ...] = ()) -> Estimate:
    return median([Duration(each, True) for each in ended] + [Duration(each, False) for each in still_open])


def test_a_textbook_sample_with_open_cases() -> None:
    found = of(ENDED, OPEN)
    assert (found.value, found.n, found.events) == (23, 21, 9)
    assert found.interval == (13, None)


def test_a_textbook_sample_without_open_cases() -> None:
    placebo = (1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23)
    found = of(placebo)
    assert (found.value, found.interval) == (8, (4, 11))


def test_nothing_has_no_median() -> None:
    assert median([]) == NOTHING
    assert of((), (5, 6)) == Estimate(None, (None, None), 2, 0)


def test_under_half_done_has_no_median_yet() -> None:
    assert of((1, 2), (3, 3, 3)).value is None
    assert of((1, 2), (3, 3)).value == 2


def test_one_case_has_a_value_and_no_interval() -> None:
    assert of((5,)) == Estimate(5, (None, None), 1, 1)


def test_zero_seconds_count() -> None:
    assert of((0, 0, 0)).value == 0


def test_dropping_the_open_ones_would_flatter() -> None:
    fast_and_then_nothing = of((1,) * 6, (100,) * 10)
    assert fast_and_then_nothing.value is None


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf")])
def test_what_is_no_duration_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError):
        of((1, seconds))


@given(st.lists(st.tuples(st.integers(0, 10**7), st.booleans()), max_size=60))
def test_it_never_breaks_and_its_interval_holds_the_value(sample: list[tuple[int, bool]]) -> None:
    found = median([Duration(seconds, ended) for seconds, ended in sample])
    low, high = found.interval
    assert found.n == len(sample)
    if found.value is not None:
        assert low is None or low <= found.value
        assert high is None or found.value <= high
    for value in (found.value, low, high):
        assert value is None or np.isfinite(value)


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=51).filter(lambda values: len(values) % 2 == 1))
def test_with_nothing_open_it_is_the_ordinary_median(values: list[int]) -> None:
    assert of(tuple(values)).value == median_high(values)
