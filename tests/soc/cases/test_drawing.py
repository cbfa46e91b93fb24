"""The slope picture: what is slanted, what is a gap, and that nothing leaves the paper."""

import re
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from soc.cases.drawing import LEFT, RIGHT, Moment, slope

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def moment(happened, learned, origin="sensor"):
    """Minutes from noon; None is not known."""
    return Moment(None if happened is None else NOON + timedelta(minutes=happened), NOON + timedelta(minutes=learned), origin)


def test_one_moment_or_none_draws_nothing():
    assert slope([]) is None
    assert slope([moment(0, 1)]) is None
    assert slope([moment(None, 1), moment(None, 2)]) is None


def test_the_gap_runs_from_the_first_thing_seen_to_our_learning():
    found = slope([moment(-51, 0), moment(-45, 0), moment(-12, 0), moment(5, 5, "person")])
    assert found.unseen_seconds == 51 * 60
    assert found.unseen.count("M") == 2 and found.seen.count("M") == 2


def test_people_make_no_gap_and_short_gaps_are_none():
    assert slope([moment(-300, 0, "person"), moment(-20, 0)]).unseen_seconds is None


def test_what_happened_long_before_comes_from_the_left():
    found = slope([moment(-60 * 24 * 2000, 0), moment(0, 1, "automation"), moment(5, 5, "person")])
    assert found.before and found.before_at == NOON - timedelta(days=2000)
    assert found.unseen == ""


def test_the_same_place_is_drawn_once():
    assert dict(slope([moment(-5, 0)] * 400).marks)["sensor"].count("M") == 2


@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.integers(-3_000_000, 3_000)),
            st.integers(0, 500_000),
            st.sampled_from(["sensor", "person", "automation", "agency"]),
        ),
        min_size=2,
        max_size=30,
    )
)
def test_everything_stays_on_the_paper(made):
    found = slope([moment(*one) for one in made])
    if found is None:
        return
    everything = found.unseen + found.seen + found.before + "".join(path for _, path in found.marks)
    assert all(LEFT - 6 <= float(x) <= RIGHT + 6 for x in re.findall(r"[ML](-?[\d.]+) ", everything))
    assert len(found.ticks) <= 7
