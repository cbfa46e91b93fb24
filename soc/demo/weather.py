"""When alerts come: phases of the day and the week, and bursts."""

import random
from datetime import datetime, timedelta

# Alerts an hour, by the hour of UTC: the working day of the United States is the afternoon and evening there.
BY_HOUR = (6, 5, 4, 3, 3, 3, 3, 3, 3, 4, 5, 8, 12, 15, 17, 18, 18, 17, 16, 16, 15, 13, 10, 8)
WEEKEND = 0.45


def pressure(at: datetime) -> float:
    """How busy a moment is; the mean over a working day is 1."""
    mean = sum(BY_HOUR) / len(BY_HOUR)
    return BY_HOUR[at.hour] / mean * (WEEKEND if at.weekday() >= 5 else 1.0)


def arrivals(rng: random.Random, *, since: datetime, until: datetime, count: int, bursts: int = 3) -> list[datetime]:
    """`count` times between two moments, denser in busy phases, a fifth of them in a few bursts of an hour. In order."""
    hours = [since + timedelta(hours=n) for n in range(int((until - since) / timedelta(hours=1)))]
    in_bursts = count // 5 if bursts else 0
    weights = [pressure(hour) for hour in hours]
    found = [_within(rng, hour, 60) for hour in rng.choices(hours, weights, k=count - in_bursts)]
    for hour in rng.choices(hours, weights, k=bursts):
        found += [_within(rng, hour, 50) for _ in range(in_bursts // bursts)]
    return sorted(found)


def pause(rng: random.Random, at: datetime) -> float:
    """Seconds until the next live alert: 10 to 40, shorter when busy; now and then a burst."""
    if rng.random() < 0.04:
        return rng.uniform(0.5, 2.0)
    calm = 1.0 - min(1.0, pressure(at) / 1.8)
    return 10.0 + 30.0 * min(1.0, max(0.0, rng.gauss(0.3 + 0.5 * calm, 0.15)))


def _within(rng: random.Random, hour: datetime, minutes: int) -> datetime:
    return hour + timedelta(seconds=rng.uniform(0, minutes * 60))
