"""Where the time of a run went: every moment of it is of one kind, and counted once. Pure.

A moment that several steps share belongs to the one that matters most: to work, where any step worked; else to people, where any was
asked; else to what the run waited for. What no step accounts for is waiting in line, so the kinds always sum up to the run's span.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from heapq import heapify, heappop, heappush
from itertools import pairwise

# Within one step the later word counts: a call that people are asked about is theirs, not work.
WITHIN = ("line", "working", "book", "timer", "product", "people")
# Between steps beside each other a moment is work as soon as one of them works.
BESIDE = ("line", "book", "timer", "product", "people", "working")


@dataclass(frozen=True)
class Times:
    """Seconds of each kind."""

    line: float = 0.0  # for a worker
    timer: float = 0.0  # for a set time
    product: float = 0.0  # for a product that gave no answer, or failed in a way that may pass
    book: float = 0.0  # for another book's run
    working: float = 0.0
    people: float = 0.0

    @property
    def waiting(self) -> float:
        """All that is neither work nor waiting for people."""
        return self.line + self.timer + self.product + self.book

    @property
    def total(self) -> float:
        """All of it, in seconds."""
        return self.waiting + self.working + self.people


@dataclass(frozen=True)
class Stretch:
    """A time of one kind; without an end it goes on."""

    kind: str
    begins: datetime
    ends: datetime | None = None


def settled(stretches: Iterable[Stretch], order: Sequence[str], *, begins: datetime, ends: datetime, idle: str = "") -> list[Stretch]:
    """The same times one after another, each moment of the kind that stands last in `order`; nothing before `begins` or after `ends`.

    Moments that no stretch covers are of the kind `idle`, or left out without one.
    """
    clipped = [replace(one, begins=max(one.begins, begins), ends=min(one.ends or ends, ends)) for one in stretches]
    clipped = [one for one in clipped if one.ends is not None and one.begins < one.ends]
    rank = {kind: -place for place, kind in enumerate(order)}
    waiting = sorted(clipped, key=lambda one: one.begins, reverse=True)
    moments = sorted({begins, ends} | {at for one in clipped for at in (one.begins, one.ends) if at is not None})
    open_now: list[tuple[int, int, Stretch]] = []
    heapify(open_now)
    found: list[Stretch] = []
    for at, until in pairwise(moments):
        while waiting and waiting[-1].begins <= at:
            one = waiting.pop()
            heappush(open_now, (rank[one.kind], len(waiting), one))
        while open_now and (open_now[0][2].ends or ends) <= at:
            heappop(open_now)
        kind = open_now[0][2].kind if open_now else idle
        if not kind:
            continue
        if found and found[-1].kind == kind and found[-1].ends == at:
            found[-1] = replace(found[-1], ends=until)
        else:
            found.append(Stretch(kind, at, until))
    return found


def summed(stretches: Iterable[Stretch]) -> Times:
    """The seconds of each kind of stretches that have ended and do not overlap."""
    seconds: dict[str, float] = {}
    for one in stretches:
        if one.ends is not None:
            seconds[one.kind] = seconds.get(one.kind, 0.0) + (one.ends - one.begins).total_seconds()
    return Times(**seconds)


def of_the_run(steps: Iterable[Iterable[Stretch]], *, begins: datetime, ends: datetime) -> Times:
    """What a run spent from `begins` to `ends`, from the settled times of each of its steps: they sum up to exactly that span."""
    return summed(settled((one for step in steps for one in step), BESIDE, begins=begins, ends=ends, idle="line"))
