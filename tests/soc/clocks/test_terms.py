"""Due times: calendar time, federal business days, fixed moments."""

from datetime import UTC, date, datetime, timedelta

import pytest

from soc.clocks.holidays import federal_holidays, is_business_day
from soc.clocks.terms import Calendar, Term


def test_the_holidays_of_2026() -> None:
    assert list(federal_holidays(2026)) == [
        date(2026, 1, 1),
        date(2026, 1, 19),
        date(2026, 2, 16),
        date(2026, 5, 25),
        date(2026, 6, 19),
        date(2026, 7, 3),  # the fourth is a Saturday
        date(2026, 9, 7),
        date(2026, 10, 12),
        date(2026, 11, 11),
        date(2026, 11, 26),
        date(2026, 12, 25),
    ]


def test_a_new_year_on_a_saturday_is_observed_in_the_old_year() -> None:
    assert date(2021, 12, 31) in federal_holidays(2021)
    assert not is_business_day(date(2021, 12, 31))
    assert not any(day.month == 1 and day.day < 10 for day in federal_holidays(2022))


def test_a_holiday_on_a_sunday_is_observed_on_monday() -> None:
    assert date(2023, 1, 2) in federal_holidays(2023)
    assert date(2027, 7, 5) in federal_holidays(2027)


def test_juneteenth_began_in_2021() -> None:
    assert date(2020, 6, 19) not in federal_holidays(2020)
    assert date(2021, 6, 18) in federal_holidays(2021)


def test_calendar_time_counts_every_hour() -> None:
    friday = datetime(2026, 7, 3, 20, tzinfo=UTC)
    assert Term(duration=timedelta(hours=72)).due_at(friday) == datetime(2026, 7, 6, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("started", "days", "due"),
    [
        (datetime(2026, 7, 1, 15, tzinfo=UTC), 1, datetime(2026, 7, 3, 4, tzinfo=UTC)),
        (datetime(2026, 7, 1, 15, tzinfo=UTC), 3, datetime(2026, 7, 8, 4, tzinfo=UTC)),
        (datetime(2026, 7, 2, 2, tzinfo=UTC), 1, datetime(2026, 7, 3, 4, tzinfo=UTC)),
        (datetime(2026, 12, 24, 15, tzinfo=UTC), 1, datetime(2026, 12, 29, 5, tzinfo=UTC)),
    ],
)
def test_business_days_skip_weekends_and_holidays_and_end_at_midnight_in_washington(started: datetime, days: int, due: datetime) -> None:
    assert Term(business_days=days).due_at(started) == due


def test_a_fixed_deadline_is_due_whenever_the_clock_starts() -> None:
    deadline = datetime(2026, 12, 7, 23, 59, tzinfo=UTC)
    term = Term(deadline=deadline)
    assert (term.due_at(datetime(2027, 1, 1, tzinfo=UTC)), term.calendar) == (deadline, Calendar.FIXED)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"duration": timedelta(0)},
        {"business_days": 0},
        {"duration": timedelta(1), "business_days": 1},
        {"deadline": datetime(2026, 1, 1)},
    ],
)
def test_a_term_says_one_thing(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        Term(**fields)  # type: ignore[arg-type]
