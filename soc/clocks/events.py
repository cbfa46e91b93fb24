"""What clocks tell the world. Recorded with the clock's own subject (`case:42`)."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class ClockLate:
    """A clock's due time passed while it ran; exactly once a clock."""

    clock_id: int
    about: str
    kind: str
    due_at: datetime


@dataclass(frozen=True)
class InstrumentChanged:
    """An admin recorded where an instrument stands from a date on. Subject `instrument:<code>`, of no agency."""

    instrument: str
    standing: str
    effective_from: str
