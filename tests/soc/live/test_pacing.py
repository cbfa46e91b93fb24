"""At most one word a second about each topic, and always the last count in the end."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from soc.live.pacing import APART_SECONDS, Pacing


def test_the_first_word_goes_out_at_once_and_the_next_after_a_second():
    pacing = Pacing()
    pacing.begin("a", 3)
    assert pacing.hear("a", 4)
    assert pacing.due(10.0) == [("a", 4)]
    assert pacing.hear("a", 5)
    assert pacing.hear("a", 6)
    assert pacing.due(10.5) == []
    assert pacing.wait(10.5) == 0.5
    assert pacing.due(11.0) == [("a", 6)]
    assert pacing.wait(11.0) is None


def test_a_count_that_is_known_or_older_is_no_news():
    pacing = Pacing()
    pacing.begin("a", 3)
    assert not pacing.hear("a", 3)
    assert not pacing.hear("a", 2)
    assert not pacing.hear("never joined", 9)
    assert pacing.due(0.0) == []


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 50), st.floats(0, 2))))
def test_whatever_comes_in_which_order_each_topic_ends_with_its_highest_count_a_second_apart(heard):
    pacing, now, said = Pacing(), 100.0, []
    for topic in "abc":
        pacing.begin(topic, 0)
    for topic, n, later in heard:
        now += later
        pacing.hear(topic, n)
        said += [(topic, n, now) for topic, n in pacing.due(now)]
    while (wait := pacing.wait(now)) is not None:
        now += wait + 0.001
        said += [(topic, n, now) for topic, n in pacing.due(now)]
    for one in "abc":
        mine = [(n, at) for topic, n, at in said if topic == one]
        most = max((n for topic, n, _ in heard if topic == one), default=None)
        assert (mine[-1][0] if mine else None) == most
        assert all(b[0] > a[0] and b[1] - a[1] >= APART_SECONDS - 1e-6 for a, b in pairwise(mine))
