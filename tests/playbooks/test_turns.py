"""Whose run is next, as a table and as a proof by trying: no database, no clock."""

from collections import Counter

import pytest

from playbooks.engine.turns import RESERVED_EVERY, Turns, Waiting
from playbooks.states import Lane

URGENT, NORMAL = Lane.EMERGENCY, Lane.NORMAL


def waiting(agency: int, weight: int = 1, lanes: str = "n") -> Waiting:
    return Waiting(agency, weight, None, "u" in lanes, "n" in lanes)


def given(turns: Turns, some: list[Waiting], rounds: int, cost: dict[int, int] | None = None) -> Counter[int]:
    """Steps of each agency after so many turns."""
    steps: Counter[int] = Counter()
    for _ in range(rounds):
        chosen = turns.next(some)
        assert chosen is not None
        made = (cost or {}).get(chosen[0].agency_id, 1)
        turns.had(chosen[0], made)
        steps[chosen[0].agency_id] += made
    return steps


def test_nobody_waits_and_nobody_is_next() -> None:
    assert Turns().next([]) is None


@pytest.mark.parametrize(
    ("weights", "cost"), [((1, 1), {}), ((1, 3), {}), ((1, 3), {1: 20, 2: 5}), ((2, 5), {1: 3, 2: 17}), ((1, 100), {1: 9})]
)
def test_steps_stay_in_the_ratio_of_the_weights_at_every_moment(weights: tuple[int, int], cost: dict[int, int]) -> None:
    turns, some, steps = Turns(), [waiting(1, weights[0]), waiting(2, weights[1])], Counter[int]()
    a_turn_of_each = sum(cost.get(n, 1) / weights[n - 1] for n in (1, 2))
    for _ in range(2000):
        steps += given(turns, some, 1, cost)
        assert abs(steps[1] / weights[0] - steps[2] / weights[1]) <= a_turn_of_each


def test_who_comes_late_neither_catches_up_nor_waits() -> None:
    turns = Turns()
    given(turns, [waiting(1)], 1000)
    assert given(turns, [waiting(1), waiting(2)], 10) == {1: 5, 2: 5}
    given(turns, [waiting(2)], 1000)
    assert given(turns, [waiting(1), waiting(2)], 10) == {1: 6, 2: 4}  # the one who waited has the first turn, and no more


def test_the_emergency_lane_goes_first_and_leaves_a_reserved_share() -> None:
    turns, some, lanes = Turns(), [waiting(1, lanes="n"), waiting(2, lanes="u")], []
    for _ in range(40):
        chosen = turns.next(some)
        assert chosen is not None
        turns.had(chosen[0], 1)
        lanes.append((chosen[0].agency_id, chosen[1]))
    assert lanes == ([(2, URGENT)] * (RESERVED_EVERY - 1) + [(1, NORMAL)]) * 10


def test_an_emergency_alone_takes_every_turn() -> None:
    turns = Turns()
    assert {turns.next([waiting(1, lanes="u")]) for _ in range(9)} == {(waiting(1, lanes="u"), URGENT)}
