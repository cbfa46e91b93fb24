"""Where durations lie on a drawing: a logarithmic axis, and a median with its interval on it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log

from soc.scorecards.survival import Estimate

MINUTE, HOUR, DAY = 60, 3600, 86400
# Steps that people read at a glance, in seconds.
STEPS = (
    1, 10, MINUTE, 2 * MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, DAY, 2 * DAY, 4 * DAY, 7 * DAY,
    14 * DAY, 30 * DAY, 90 * DAY, 365 * DAY,
)  # fmt: skip
MOST_TICKS = 4


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark of the axis: where it lies and how many seconds it means."""

    x: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Axis:
    """A logarithmic axis from `low` to `high` seconds, drawn between `left` and `right`."""

    low: float
    high: float
    left: float
    right: float

    def x(self, seconds: float) -> float:
        """Where that many seconds lie; what lies outside is put at the end."""
        held = min(max(seconds, self.low), self.high)
        return round(self.left + log(held / self.low) / log(self.high / self.low) * (self.right - self.left), 1)

    @property
    def ticks(self) -> tuple[Tick, ...]:
        """At most four marks, evenly picked from the steps that lie on the axis, its end included."""
        inside = [step for step in STEPS if self.low <= step <= self.high]
        every = max(1, -(-(len(inside) - 1) // (MOST_TICKS - 1)))
        return tuple(Tick(self.x(step), step) for step in inside[::-1][::every][::-1])


@dataclass(frozen=True, slots=True)
class Whisker:
    """A median and its interval on an axis. An end that does not exist reaches to the end of the axis and is `open`."""

    x: float
    low: float
    high: float
    open_low: bool
    open_high: bool


def axis_over(seconds: Iterable[float | None], *, left: float, right: float) -> Axis:
    """An axis that holds all of these, from the step below the smallest to the step above the largest."""
    known = [max(one, 1.0) for one in seconds if one is not None]
    smallest, largest = (min(known), max(known)) if known else (MINUTE, DAY)
    low = max((step for step in STEPS if step <= smallest), default=STEPS[0])
    high = min((step for step in STEPS if step >= largest), default=STEPS[-1])
    if low == high:
        at = STEPS.index(low)
        low, high = STEPS[max(0, at - 1)], STEPS[min(len(STEPS) - 1, at + 1)]
    return Axis(low, high, left, right)


def whisker(estimate: Estimate, axis: Axis) -> Whisker | None:
    """The drawing of an estimate, or None while it has no median."""
    if estimate.value is None:
        return None
    low, high = estimate.interval
    return Whisker(
        x=axis.x(estimate.value),
        low=axis.left if low is None else axis.x(low),
        high=axis.right if high is None else axis.x(high),
        open_low=low is None,
        open_high=high is None,
    )


@dataclass(frozen=True, slots=True)
class Column:
    """Two counts of one day or week, side by side: where each bar begins, how wide both are, how high each is."""

    x: float
    width: float
    first_y: float
    first_height: float
    second_x: float
    second_y: float
    second_height: float


def columns(pairs: Sequence[tuple[int, int]], *, left: float, right: float, top: float, bottom: float) -> tuple[Column, ...]:
    """Bars of pairs of counts between `left` and `right`, the largest count as high as there is room."""
    largest = max((count for pair in pairs for count in pair), default=0) or 1
    step = (right - left) / max(len(pairs), 1)
    width = round(step * 0.36, 1)

    def high(count: int) -> float:
        return round((bottom - top) * count / largest, 1)

    return tuple(
        Column(
            x=round(left + step * at + step * 0.1, 1),
            width=width,
            first_y=round(bottom - high(first), 1),
            first_height=high(first),
            second_x=round(left + step * at + step * 0.1 + width + 1, 1),
            second_y=round(bottom - high(second), 1),
            second_height=high(second),
        )
        for at, (first, second) in enumerate(pairs)
    )
