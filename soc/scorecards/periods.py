"""Periods that a scorecard can be about: months, quarters, years and federal fiscal years."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_QUARTER = re.compile(r"([0-9]{4})-[Qq]([1-4])")
_YEAR = re.compile(r"([0-9]{4})")
_FISCAL_YEAR = re.compile(r"[Ff][Yy]([0-9]{4})")
FIRST_YEAR, LAST_YEAR = 2000, 2999


class BadPeriod(ValueError):
    """The text names no period that we know; the message says what would."""


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time from `start` up to, not including, `end`, both UTC. It holds the cases that were opened in it."""

    name: str
    start: datetime
    end: datetime

    def holds(self, moment: datetime) -> bool:
        """Whether a case opened at that moment belongs to the period."""
        return self.start <= moment < self.end


def parse(text: str) -> Period:
    """The period named `YYYY-MM`, `YYYY-Qn`, `YYYY` or `FYyyyy`.

    A fiscal year is named for the year in which it ends: FY2026 is October 2025 to September 2026 (31 USC 1102).
    Raises BadPeriod.
    """
    for pattern, made in _PATTERNS:
        match = pattern.fullmatch(text)
        if match is not None:
            year, *rest = (int(part) for part in match.groups())
            if not FIRST_YEAR <= year <= LAST_YEAR:
                raise BadPeriod(f"The year of a period lies between {FIRST_YEAR} and {LAST_YEAR}.")
            return made(year, *rest)
    raise BadPeriod("A period is written 2026-03, 2026-Q1, 2026 or FY2026.")


def month_of(moment: datetime) -> Period:
    """The month, in UTC, that holds a moment: the period that is meant when none is named."""
    at = moment.astimezone(UTC)
    return _month(at.year, at.month)


def periods_of(moment: datetime) -> tuple[Period, ...]:
    """Every period that holds a moment: its month, quarter, year and fiscal year, in UTC."""
    at = moment.astimezone(UTC)
    return (
        _month(at.year, at.month),
        _quarter(at.year, (at.month + 2) // 3),
        _year(at.year),
        _fiscal_year(at.year + (at.month >= 10)),
    )


def _from(name: str, year: int, month: int, months: int) -> Period:
    def first(months_later: int) -> datetime:
        count = year * 12 + month - 1 + months_later
        return datetime(count // 12, count % 12 + 1, 1, tzinfo=UTC)

    return Period(name, first(0), first(months))


def _month(year: int, month: int) -> Period:
    return _from(f"{year:04}-{month:02}", year, month, 1)


def _quarter(year: int, quarter: int) -> Period:
    return _from(f"{year:04}-Q{quarter}", year, 3 * quarter - 2, 3)


def _year(year: int) -> Period:
    return _from(f"{year:04}", year, 1, 12)


def _fiscal_year(year: int) -> Period:
    return _from(f"FY{year:04}", year - 1, 10, 12)


_PATTERNS: tuple[tuple[re.Pattern[str], Callable[..., Period]], ...] = (
    (_MONTH, _month),
    (_QUARTER, _quarter),
    (_YEAR, _year),
    (_FISCAL_YEAR, _fiscal_year),
)
