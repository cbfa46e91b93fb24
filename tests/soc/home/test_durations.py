"""How the house says lengths of time and what is left of a limit."""

from datetime import UTC, datetime, timedelta

import pytest

from soc.home.durations import between, in_words, late_in_words, share_used, time_left

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0s"), (59, "59s"), (60, "1m"), (250, "4m 10s"), (299, "4m 59s"), (300, "5m"), (660, "11m"),
        (3599, "59m"), (3600, "1h"), (3840, "1h 04m"), (86399, "23h 59m"), (86400, "1 day"),
        (86400 + 4 * 3600, "1 day 4h"), (3 * 86400, "3 days"), (3 * 86400 + 7200, "3 days"),
    ],
)  # fmt: skip
def test_a_length_of_time_always_carries_its_units(seconds, said):
    assert in_words(seconds) == said


def test_what_is_late_says_so_in_a_word():
    assert late_in_words(372) == "6m late"


def running(left: timedelta, **more):
    return time_left(state="running", at=NOON, started_at=NOON - timedelta(hours=1) + left, due_at=NOON + left, limit_seconds=3600, **more)


def test_a_running_clock_says_what_is_left_of_its_limit():
    said = running(timedelta(minutes=38))
    assert (said.text, said.lead, said.rest, said.tone) == ("38m", "38m left", "of 1h", "plain")


def test_a_clock_within_fifteen_minutes_is_due_soon_and_at_sixteen_is_not():
    assert running(timedelta(minutes=15)).tone == "soon"
    assert running(timedelta(minutes=15, seconds=1)).tone == "plain"
    assert running(timedelta(minutes=50), soon_seconds=3600).tone == "soon"


def test_a_running_clock_past_its_time_is_late_before_anyone_marks_it():
    assert running(-timedelta(minutes=6)).text == "6m late"


def test_a_clock_that_was_met_says_in_how_much_of_what():
    said = time_left(
        state="met", at=NOON, started_at=NOON - timedelta(hours=2), stopped_at=NOON - timedelta(minutes=98), limit_seconds=3600
    )
    assert said.text == "Met in 22m of 1h"


def test_a_clock_stopped_late_stands_still():
    facts = {"state": "late", "started_at": NOON, "due_at": NOON + timedelta(hours=1), "limit_seconds": 3600}
    stopped = NOON + timedelta(hours=1, minutes=6)
    early = time_left(at=stopped, stopped_at=stopped, **facts)
    later = time_left(at=stopped + timedelta(days=2), stopped_at=stopped, **facts)
    assert early.text == later.text == "Done 6m late"


def test_clocks_that_do_not_run_say_why():
    assert time_left(state="not_started", at=NOON).lead == "Not started"
    assert time_left(state="paused", at=NOON, limit_seconds=3600).lead == "Paused"


def test_the_share_used_stays_between_nothing_and_all():
    start = NOON - timedelta(minutes=30)
    assert share_used(at=NOON, started_at=start, limit_seconds=3600) == 50
    assert share_used(at=NOON, started_at=start, limit_seconds=60) == 100
    assert share_used(at=NOON, started_at=None, limit_seconds=3600) == 0
    assert share_used(at=NOON, started_at=NOON, limit_seconds=3600) == 1


def test_the_time_between_two_facts():
    assert between(NOON, NOON + timedelta(minutes=51)) == "51m"
