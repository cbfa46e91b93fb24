"""When alerts come and which: phases of the day and the week, bursts, and the live stream."""

import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from soc.demo.people import AGENCIES, DemoAgency
from soc.demo.signals import BY_SEVERITY, Signal, alert_of, entity_of

# Alerts an hour, by the hour of UTC: the working day of the United States is the afternoon and evening there.
BY_HOUR = (6, 5, 4, 3, 3, 3, 3, 3, 3, 4, 5, 8, 12, 15, 17, 18, 18, 17, 16, 16, 15, 13, 10, 8)
WEEKEND = 0.45
# About twenty new cases an hour in the busy hours; the rest joins what is open.
NEW = 0.15
LIVE_SHARES = {"critical": 1, "high": 9, "medium": 45, "low": 45}
REMEMBERED = 60


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


@dataclass
class Stream:
    """One watch's worth of sensors. Draws from `rng` only, so a seed gives the same alerts."""

    rng: random.Random
    seen: deque[tuple[DemoAgency, Signal, str]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    def next(self, at: datetime) -> Iterator[tuple[str, dict[str, Any]]]:
        """The slug and the alert of what is sent at `at`: one alert, or a burst of one agency."""
        burst = self.rng.randint(4, 8) if self.rng.random() < 0.03 else 1
        agency, signal, entity = self._about()
        for n in range(burst):
            if n and self.rng.random() < 0.4:
                entity = entity_of(signal, agency, self.rng)
            unseen = timedelta(minutes=self.rng.lognormvariate(2.5, 1.0))
            yield agency.slug, alert_of(signal, agency, entity, at, unseen, self.rng)
        self.seen.append((agency, signal, entity))

    def wait(self, at: datetime) -> float:
        """Seconds until the next one."""
        return pause(self.rng, at)

    def _about(self) -> tuple[DemoAgency, Signal, str]:
        if len(self.seen) >= 10 and self.rng.random() > NEW:
            return self.rng.choice(self.seen)
        agency = self.rng.choices(AGENCIES, [a.weight for a in AGENCIES])[0]
        kinds = BY_SEVERITY[self.rng.choices(list(LIVE_SHARES), list(LIVE_SHARES.values()))[0]]
        signal = self.rng.choices(kinds, [kind.weight for kind in kinds])[0]
        return agency, signal, entity_of(signal, agency, self.rng)
