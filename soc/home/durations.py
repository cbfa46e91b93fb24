"""Saying how long something took, how much time is left, and how much of a limit is used."""

from dataclasses import dataclass
from datetime import datetime, timedelta

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR

#: Under this many seconds left, a running clock is said to be due soon (the floor; liaison pages ask for an hour).
SOON_SECONDS = 15 * MINUTE


@dataclass(frozen=True)
class TimeLeft:
    """What a clock says of itself: `text` stands alone, `lead` and `rest` are its loud and its quiet part."""

    text: str
    lead: str
    rest: str
    tone: str


def in_words(seconds: float) -> str:
    """Say a length of time in seconds the way people of a watch say it, always with its units.

    >>> [in_words(s) for s in (0, 42, 250, 240, 660, 3600, 3840, 7500)]
    ['0s', '42s', '4m 10s', '4m', '11m', '1h', '1h 04m', '2h 05m']
    >>> [in_words(s) for s in (86400, 100800, 259200)]
    ['1 day', '1 day 4h', '3 days']
    """
    whole = max(0, int(seconds))
    if whole < MINUTE:
        return f"{whole}s"
    if whole < 5 * MINUTE:
        minutes, rest = divmod(whole, MINUTE)
        return f"{minutes}m {rest:02d}s" if rest else f"{minutes}m"
    if whole < HOUR:
        return f"{whole // MINUTE}m"
    if whole < DAY:
        hours, rest = divmod(whole, HOUR)
        minutes = rest // MINUTE
        return f"{hours}h {minutes:02d}m" if minutes else f"{hours}h"
    days, rest = divmod(whole, DAY)
    hours = rest // HOUR
    said = "1 day" if days == 1 else f"{days} days"
    return f"{said} {hours}h" if hours and days < 3 else said


def late_in_words(seconds: float) -> str:
    """Say how late something is; seconds matter only within the first minute.

    >>> late_in_words(372), late_in_words(190), late_in_words(20)
    ('6m late', '3m late', '20s late')
    """
    whole = seconds if seconds < MINUTE else seconds // MINUTE * MINUTE
    return f"{in_words(whole)} late"


def time_left(
    *,
    state: str,
    at: datetime,
    started_at: datetime | None = None,
    due_at: datetime | None = None,
    stopped_at: datetime | None = None,
    limit_seconds: float | None = None,
    soon_seconds: int = SOON_SECONDS,
) -> TimeLeft:
    """Say what a clock in `state` (not_started, running, paused, met, late) has left at the aware time `at`."""
    of_limit = f"of {in_words(limit_seconds)}" if limit_seconds else ""
    if state == "not_started":
        return TimeLeft("not started", "Not started", "", "quiet")
    if state == "paused":
        return TimeLeft("paused", "Paused", of_limit, "quiet")
    if state == "met":
        took = in_words(_seconds(started_at, stopped_at))
        rest = f"in {took} {of_limit}".strip()
        return TimeLeft(f"Met {rest}", "Met", rest, "met")
    if stopped_at is not None:
        over = late_in_words(_seconds(due_at, stopped_at))
        return TimeLeft(f"Done {over}", f"Done {over}", of_limit, "late")
    remaining = _seconds(at, due_at)
    if state == "late" or remaining < 0:
        over = late_in_words(max(0.0, -remaining))
        return TimeLeft(over, over, of_limit, "late")
    lead = f"{in_words(remaining)} left"
    tone = "soon" if remaining <= soon_seconds else "plain"
    return TimeLeft(in_words(remaining), lead, of_limit, tone)


def share_used(
    *,
    at: datetime,
    started_at: datetime | None,
    stopped_at: datetime | None = None,
    limit_seconds: float | None = None,
) -> int:
    """Return how much of a limit is used, in percent, 0 to 100; 0 when the clock has not started or has no limit.

    A clock that has started shows at least one percent, so that it is seen to run.
    """
    if started_at is None or not limit_seconds:
        return 0
    used = _seconds(started_at, stopped_at or at) / limit_seconds * 100
    return min(100, max(1, round(used)))


def between(earlier: datetime, later: datetime) -> str:
    """Say the time from `earlier` to `later`, both aware."""
    return in_words((later - earlier) / timedelta(seconds=1))


def _seconds(earlier: datetime | None, later: datetime | None) -> float:
    if earlier is None or later is None:
        return 0.0
    return (later - earlier).total_seconds()
