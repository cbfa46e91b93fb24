"""Periods have names, and hold the cases opened in them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soc.scorecards.periods import BadPeriod, month_of, parse, periods_of


def day(year: int, month: int, number: int = 1) -> datetime:
    return datetime(year, month, number, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026-03", day(2026, 3), day(2026, 4)),
        ("2026-12", day(2026, 12), day(2027, 1)),
        ("2026-Q1", day(2026, 1), day(2026, 4)),
        ("2026-q4", day(2026, 10), day(2027, 1)),
        ("2026", day(2026, 1), day(2027, 1)),
        ("FY2026", day(2025, 10), day(2026, 10)),
    ],
)
def test_each_name_has_its_start_and_its_end(text: str, start: datetime, end: datetime) -> None:
    found = parse(text)
    assert (found.name, found.start, found.end) == (text.upper(), start, end)
    assert found.holds(start) and not found.holds(end)
    assert found.holds(end - timedelta(microseconds=1)) and not found.holds(start - timedelta(microseconds=1))


@pytest.mark.parametrize("text", ["", "2026-13", "2026-00", "2026-Q5", "26", "FY26", "1999", "9999", "2026-03-01", "２０２６", "2026\n"])
def test_other_names_are_refused_in_words(text: str) -> None:
    with pytest.raises(BadPeriod, match="period"):
        parse(text)


def test_the_month_of_a_moment_is_that_of_utc() -> None:
    assert month_of(datetime(2026, 3, 31, 22, tzinfo=timezone(timedelta(hours=-5)))).name == "2026-04"


@given(st.datetimes(datetime(2001, 1, 1), datetime(2998, 1, 1), timezones=st.just(UTC)))
def test_every_moment_lies_in_its_four_periods(moment: datetime) -> None:
    found = periods_of(moment)
    assert len(found) == 4
    assert all(period.holds(moment) and parse(period.name) == period for period in found)
