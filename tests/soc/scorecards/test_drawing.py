"""Where durations lie on a logarithmic axis."""

from soc.scorecards.drawing import DAY, HOUR, MINUTE, Axis, axis_over, columns, whisker
from soc.scorecards.survival import Estimate


def test_an_axis_holds_everything_between_two_steps():
    axis = axis_over([50 * MINUTE, 3 * HOUR, None], left=10, right=110)
    assert (axis.low, axis.high) == (30 * MINUTE, 4 * HOUR)
    assert axis.x(30 * MINUTE) == 10 and axis.x(4 * HOUR) == 110
    assert axis.x(1) == 10 and axis.x(DAY) == 110


def test_equal_factors_are_equal_distances():
    axis = Axis(HOUR, 16 * HOUR, 0, 100)
    assert axis.x(4 * HOUR) == 50 and axis.x(2 * HOUR) == 25


def test_one_value_on_a_step_and_no_value_at_all_still_have_an_axis():
    assert axis_over([HOUR], left=0, right=1).low < HOUR < axis_over([HOUR], left=0, right=1).high
    assert axis_over([None], left=0, right=1).ticks
    assert axis_over([0], left=0, right=1).low < axis_over([0], left=0, right=1).high


def test_there_are_at_most_four_ticks_and_the_last_is_the_end():
    for largest in (30, 90 * MINUTE, 20 * DAY, 400 * DAY):
        axis = axis_over([10, largest], left=0, right=200)
        assert 2 <= len(axis.ticks) <= 4 and axis.ticks[-1].x == 200


def test_a_whisker_without_an_end_reaches_to_the_edge_and_says_so():
    axis = Axis(HOUR, 16 * HOUR, 0, 100)
    drawn = whisker(Estimate(value=2 * HOUR, interval=(HOUR, None), n=5, events=3), axis)
    assert drawn is not None
    assert (drawn.x, drawn.low, drawn.high, drawn.open_low, drawn.open_high) == (25, 0, 100, False, True)
    assert whisker(Estimate(None, (None, None), 4, 1), axis) is None


def test_bars_of_days_fill_the_height_with_the_largest_count_and_stay_inside():
    first, second = columns([(4, 1), (2, 0)], left=0, right=200, top=0, bottom=80)
    assert (first.first_y, first.first_height) == (0, 80) and first.second_height == 20
    assert second.first_height == 40 and second.second_height == 0
    assert 0 <= first.x < first.second_x + first.width <= second.x and second.second_x + second.width <= 200
    assert [bar.first_height for bar in columns([(0, 0)], left=0, right=10, top=0, bottom=8)] == [0]
