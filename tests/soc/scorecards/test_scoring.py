"""What is published of an estimate: no value before half of the items are done."""

from soc.scorecards.scoring import publishable
from soc.scorecards.survival import Duration, median


def of(ended: tuple[int, ...], going_on: tuple[int, ...]) -> list[Duration]:
    return [*(Duration(s, True) for s in ended), *(Duration(s, False) for s in going_on)]


def test_a_curve_that_falls_early_is_not_published_before_half_are_done() -> None:
    early = median(of((50, 60), (1, 1, 1)))
    assert early.value == 50
    shown = publishable(early)
    assert (shown.value, shown.n, shown.events, shown.interval) == (None, 5, 2, early.interval)


def test_with_half_done_the_value_stands() -> None:
    half = median(of((50, 60), (1, 1)))
    assert half.value == 50
    assert publishable(half) == half
