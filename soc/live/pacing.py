"""At most one word a second about each topic; what comes in between is told with the last count."""

from dataclasses import dataclass, field

APART_SECONDS = 1.0


@dataclass
class Pacing:
    """What one socket was told and what it is still owed. Times are monotonic seconds, given by the caller."""

    told: dict[str, int] = field(default_factory=dict)
    told_at: dict[str, float] = field(default_factory=dict)
    owed: dict[str, int] = field(default_factory=dict)

    def begin(self, topic: str, n: int) -> None:
        """The topic was joined and answered with `n`."""
        self.told[topic] = n
        self.owed.pop(topic, None)

    def hear(self, topic: str, n: int) -> bool:
        """A count came in, in any order; True when it is news. A topic that was not joined is never news."""
        if n <= self.told.get(topic, n) or n <= self.owed.get(topic, 0):
            return False
        self.owed[topic] = n
        return True

    def due(self, now: float) -> list[tuple[str, int]]:
        """What may be said now; it counts as said."""
        ready = [(t, n) for t, n in self.owed.items() if now - self.told_at.get(t, -APART_SECONDS) >= APART_SECONDS]
        for topic, n in ready:
            del self.owed[topic]
            self.told[topic], self.told_at[topic] = n, now
        return ready

    def wait(self, now: float) -> float | None:
        """Seconds until something owed may be said, None when nothing is owed."""
        if not self.owed:
            return None
        return max(0.0, min(self.told_at.get(t, now - APART_SECONDS) + APART_SECONDS - now for t in self.owed))
