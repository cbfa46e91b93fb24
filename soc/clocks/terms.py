"""How long a clock runs, and when that makes it due."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from soc.clocks.holidays import is_business_day

WASHINGTON = ZoneInfo("America/New_York")


class Calendar(StrEnum):
    """What the time of a clock is counted in."""

    CALENDAR_TIME = "calendar_time"
    BUSINESS_DAYS = "business_days"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class Term:
    """How long a clock runs from its start.

    Exactly one of the three is set: `duration` (calendar time, every hour counts), `business_days` (federal ones), or
    `deadline` (a fixed moment, whenever the clock starts). `may_pause` is True only where the rule itself allows a pause.
    """

    duration: timedelta | None = None
    business_days: int | None = None
    deadline: datetime | None = None
    may_pause: bool = False

    def __post_init__(self) -> None:
        if sum(value is not None for value in (self.duration, self.business_days, self.deadline)) != 1:
            raise ValueError("A term is a duration, a number of business days, or a deadline.")
        if self.duration is not None and self.duration <= timedelta(0):
            raise ValueError("The duration of a term is positive.")
        if self.business_days is not None and self.business_days < 1:
            raise ValueError("A term has at least one business day.")
        if self.deadline is not None and self.deadline.tzinfo is None:
            raise ValueError("A deadline says its time zone.")

    @property
    def calendar(self) -> Calendar:
        """What this term is counted in."""
        if self.duration is not None:
            return Calendar.CALENDAR_TIME
        return Calendar.BUSINESS_DAYS if self.business_days is not None else Calendar.FIXED

    def due_at(self, started_at: datetime) -> datetime:
        """When a clock that starts then is due, absolute and in UTC; pauses come on top of it.

        Business days: the day of the start does not count, and the clock is due at the end of the last one (midnight in
        Washington). This is our reading; the directives that count in business days do not say the hour.
        """
        if self.deadline is not None:
            return self.deadline.astimezone(UTC)
        if self.duration is not None:
            return started_at.astimezone(UTC) + self.duration
        day, left = started_at.astimezone(WASHINGTON).date(), self.business_days or 0
        while left:
            day += timedelta(days=1)
            left -= is_business_day(day)
        return datetime.combine(day + timedelta(days=1), time(0), WASHINGTON).astimezone(UTC)
