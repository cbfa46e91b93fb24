"""The legal holidays of the federal government, by rule."""

from datetime import date, timedelta
from functools import lru_cache

_MONDAY, _THURSDAY = 0, 3


@lru_cache(maxsize=256)
def federal_holidays(year: int) -> dict[date, str]:
    """The days of a calendar year on which federal offices are closed, with their names.

    5 USC 6103(a), (b) and Executive Order 11582: a holiday on a Saturday is observed on the Friday before, one on a Sunday
    on the Monday after. A New Year's Day of the next year that falls on a Saturday is observed on 31 December of this one.
    Left out: Inauguration Day (Washington only) and days granted by a single order.
    """
    fixed = [
        (date(year, 1, 1), "New Year's Day"),
        (date(year, 7, 4), "Independence Day"),
        (date(year, 11, 11), "Veterans Day"),
        (date(year, 12, 25), "Christmas Day"),
        (date(year + 1, 1, 1), "New Year's Day"),
    ]
    if year >= 2021:
        fixed.append((date(year, 6, 19), "Juneteenth National Independence Day"))
    floating = [
        (_nth(year, 1, _MONDAY, 3), "Birthday of Martin Luther King, Jr."),
        (_nth(year, 2, _MONDAY, 3), "Washington's Birthday"),
        (_last_monday_of_may(year), "Memorial Day"),
        (_nth(year, 9, _MONDAY, 1), "Labor Day"),
        (_nth(year, 10, _MONDAY, 2), "Columbus Day"),
        (_nth(year, 11, _THURSDAY, 4), "Thanksgiving Day"),
    ]
    observed = {**{_observed(day): name for day, name in fixed}, **dict(floating)}
    return {day: name for day, name in sorted(observed.items()) if day.year == year}


def is_business_day(day: date) -> bool:
    """Whether federal offices work on that day: Monday to Friday, not a legal holiday."""
    return day.weekday() < 5 and day not in federal_holidays(day.year)


def _observed(day: date) -> date:
    return day + timedelta(days={5: -1, 6: 1}.get(day.weekday(), 0))


def _nth(year: int, month: int, weekday: int, n: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))


def _last_monday_of_may(year: int) -> date:
    last = date(year, 5, 31)
    return last - timedelta(days=last.weekday())
