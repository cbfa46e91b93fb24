"""The median of durations of which some have not ended yet."""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite

import numpy as np

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Duration:
    """How long something took, or has taken so far. `ended` is False while it goes on (right-censored)."""

    seconds: float
    ended: bool


@dataclass(frozen=True, slots=True)
class Estimate:
    """A median in seconds with its 95 percent interval.

    `n` counts all durations, `events` those that ended. `value` and each bound of the interval are None while they
    do not exist: a curve that never falls to one half has no median.
    """

    value: float | None
    interval: tuple[float | None, float | None]
    n: int
    events: int


NOTHING = Estimate(value=None, interval=(None, None), n=0, events=0)


def median(durations: Iterable[Duration]) -> Estimate:
    """The Kaplan-Meier median: the first time by which at most half are still open.

    The interval inverts the pointwise log-log interval of the survival curve at one half (Brookmeyer and Crowley 1982), as
    `scipy.stats.ecdf` gives it. What is still open is censored, never dropped: a mean of what was closed rewards whoever
    closes the easy half and leaves the rest. Raises ValueError for a negative or an infinite duration.
    """
    found = list(durations)
    if any(not isfinite(each.seconds) or each.seconds < 0 for each in found):
        raise ValueError("A duration is a finite number of seconds, zero or more.")
    ended = [each.seconds for each in found if each.ended]
    if not ended:
        return Estimate(value=None, interval=(None, None), n=len(found), events=0)
    from scipy import stats  # half of a process's start: only those pay it who estimate

    sample = stats.CensoredData(uncensored=ended, right=[each.seconds for each in found if not each.ended])
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # the interval is undefined where nothing is left; `_first` knows
        curve = stats.ecdf(sample).sf
        bounds = curve.confidence_interval(confidence_level=CONFIDENCE, method="log-log")
    times = curve.quantiles
    interval = (_first(times, bounds.low.probabilities), _first(times, bounds.high.probabilities))
    return Estimate(value=_first(times, curve.probabilities), interval=interval, n=len(found), events=len(ended))


def _first(times: "np.typing.NDArray[np.float64]", still_open: "np.typing.NDArray[np.float64]") -> float | None:
    # Where the curve is at 0 the interval is not a number; such a point reaches no bound, as in R's survfit.
    reached = np.flatnonzero(still_open <= 0.5 + 1e-12)
    return float(times[reached[0]]) if reached.size else None


def prepare() -> None:
    """Load the statistics now, so that the first figure does not wait for it."""
    median([Duration(seconds=1, ended=True), Duration(seconds=2, ended=True)])
