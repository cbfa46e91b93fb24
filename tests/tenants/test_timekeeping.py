"""A worker whose clock is wrong lives by the database's."""

from datetime import UTC, datetime, timedelta

import pytest

from tenants.actors import server_time, set_right, system
from tenants.journal import timekeeping

HOUR = timedelta(hours=1)
NEAR = timedelta(seconds=1)


@pytest.fixture
def own_clock(monkeypatch):
    """Sets how far this machine's clock is ahead; afterwards nobody lives by it."""
    monkeypatch.setattr(timekeeping, "_known", timedelta())
    yield lambda ahead: monkeypatch.setattr(timekeeping, "own_time", lambda: datetime.now(UTC) + ahead)
    set_right(timedelta())


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("ahead", [HOUR, -HOUR])
def test_a_clock_that_is_an_hour_wrong_is_set_right_for_every_actor(own_clock, ahead):
    own_clock(ahead)
    assert abs(timekeeping.keep_time() + ahead) < NEAR
    # The clock of this test is right, so what the other lacks shows in full.
    assert abs(system("test").now() + ahead - datetime.now(UTC)) < NEAR
    own_clock(timedelta())
    assert timekeeping.keep_time() == timedelta()
    assert abs(server_time() - datetime.now(UTC)) < NEAR


@pytest.mark.django_db(transaction=True)
def test_a_clock_that_is_near_enough_is_left_alone(own_clock):
    own_clock(timedelta(seconds=1))
    assert timekeeping.keep_time() == timedelta()


@pytest.mark.django_db(transaction=True)
def test_an_answer_that_took_long_changes_nothing(own_clock, monkeypatch):
    own_clock(HOUR)
    lacks = timekeeping.keep_time()
    times = iter([datetime.now(UTC), datetime.now(UTC) + timedelta(seconds=5)])
    monkeypatch.setattr(timekeeping, "own_time", lambda: next(times))
    assert timekeeping.keep_time() == lacks
