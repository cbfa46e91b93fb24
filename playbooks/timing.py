"""Where the time of a step went: waiting in line, working, waiting for people. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Times:
    """Seconds of the three kinds, always in this order."""

    line: float = 0.0
    working: float = 0.0
    people: float = 0.0

    @property
    def total(self) -> float:
        """All of it, in seconds."""
        return self.line + self.working + self.people

    def __add__(self, other: "Times") -> "Times":
        return Times(self.line + other.line, self.working + other.working, self.people + other.people)


Span = tuple[datetime, datetime | None]


def split(
    ready: datetime, started: datetime | None, ended: datetime | None, waits: Iterable[Span], *, now: datetime, by_person: bool = False
) -> Times:
    """The times of one attempt. `waits` are the stretches in which people were asked; `by_person`: all of it is theirs."""
    whole = _seconds(ready, ended or now)
    if by_person:
        return Times(people=whole)
    people = min(whole, sum(_seconds(begin, end or ended or now) for begin, end in waits))
    working = min(whole - people, _seconds(started, ended or now)) if started else 0.0
    return Times(max(0.0, whole - people - working), working, people)


def _seconds(begin: datetime, end: datetime) -> float:
    return max(0.0, (end - begin).total_seconds())
