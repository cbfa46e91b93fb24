"""The live alerts of the simulated floor: what comes next, mostly more of what came before."""

import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from soc.demo.people import AGENCIES, DemoAgency
from soc.demo.signals import BY_SEVERITY, Signal, alert_of, entity_of
from soc.demo.weather import pause

# About twenty new cases an hour in the busy hours; the rest joins what is open.
NEW = 0.15
SHARES = {"critical": 1, "high": 9, "medium": 45, "low": 45}
REMEMBERED = 60


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
        kinds = BY_SEVERITY[self.rng.choices(list(SHARES), list(SHARES.values()))[0]]
        signal = self.rng.choices(kinds, [kind.weight for kind in kinds])[0]
        return agency, signal, entity_of(signal, agency, self.rng)
