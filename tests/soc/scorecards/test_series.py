"""How an agency's figures went by day, week and month."""

from datetime import UTC, date, datetime

import pytest

from soc.scorecards.queries.series import periods_held, periods_with_standings, series_by_day, series_by_month, series_by_week
from tenants.errors import Unknown
from tenants.gates.opening import opened

pytestmark = pytest.mark.django_db


@pytest.fixture
def two_days(cast, work, clock, deliver_all):
    """A case contained after 20 minutes on one day and closed on the next, where another was opened and left."""
    number = work.open(cast.north)
    clock.wind(minutes=20)
    work.contain(number)
    clock.time = datetime(2026, 5, 15, 9, 0, tzinfo=UTC)
    work.close(number)
    work.open(cast.north)
    work.open(cast.south)
    deliver_all()


def test_a_day_tells_what_was_opened_and_closed_in_it_and_how_its_cases_went(cast, clock, two_days):
    nia = cast.nia.at(clock)
    with opened(nia):
        points = series_by_day(agency="north", reader=nia, days=3)
    assert [(p.day, p.opened, p.closed) for p in points] == [
        (date(2026, 5, 13), 0, 0),
        (date(2026, 5, 14), 1, 0),
        (date(2026, 5, 15), 1, 1),
    ]
    assert [p.estimates["time_to_contain"].value for p in points] == [None, 1200, None]


def test_a_week_is_named_by_its_monday(cast, clock, two_days):
    nia = cast.nia.at(clock)
    with opened(nia):
        points = series_by_week(agency="north", reader=nia, weeks=2)
    assert [(p.day, p.opened) for p in points] == [(date(2026, 5, 4), 0), (date(2026, 5, 11), 2)]


def test_months_follow_the_scorecards(cast, clock, two_days):
    nia = cast.nia.at(clock)
    with opened(nia):
        points = series_by_month(agency="north", measure="time_to_contain", reader=nia, months=2)
        assert periods_held(agency="north", reader=nia) == ("2026", "FY2026", "2026-Q2", "2026-05")
        assert periods_with_standings(nia) == ("2026", "FY2026", "2026-Q2", "2026-05")
    assert [(p.period, p.own.value, p.own.n) for p in points] == [("2026-04", None, 0), ("2026-05", 1200, 2)]


def test_another_agencys_series_does_not_exist(cast, two_days):
    for read in (series_by_day, series_by_week):
        with opened(cast.nia), pytest.raises(Unknown):
            read(agency="south", reader=cast.nia)
