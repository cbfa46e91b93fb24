"""Whose run a worker takes next: agencies in the ratio of their weights, the emergency lane first but for a reserved share. Pure.

Each agency has a virtual time that its steps move on, the slower the greater its weight; the one with the least is next. Who had nothing
to do begins where the others stand, so that nobody saves time up and nobody waits behind what was done before it came. Among agencies
that always have work, the steps done divided by the weight differ by no more than a turn of each.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from playbooks.states import Lane

# Of so many turns at which both lanes have work, one is the normal lane's.
RESERVED_EVERY = 4


@dataclass(frozen=True)
class Waiting:
    """An agency that has runs to work, and in which lanes; `most_at_once` is how many of them workers may hold together."""

    agency_id: int
    weight: int
    most_at_once: int | None
    urgent: bool
    normal: bool


@dataclass
class Turns:
    """What one worker remembers of the turns that it gave."""

    spent: dict[int, float] = field(default_factory=dict)  # agency -> its virtual time
    now: float = 0.0  # the virtual time at which the last turn began
    urgent_in_a_row: int = 0

    def next(self, waiting: Iterable[Waiting]) -> tuple[Waiting, Lane] | None:
        """Whose turn it is, and which lane goes first; None when nobody waits."""
        some = list(waiting)
        lane = self._lane(some)
        there = [one for one in some if (one.urgent if lane == Lane.EMERGENCY else one.normal)]
        if not there:
            return None
        chosen = min(there, key=lambda one: (self._time(one.agency_id), one.agency_id))
        self.now = self._time(chosen.agency_id)
        return chosen, lane

    def had(self, one: Waiting, steps: int) -> None:
        """The agency had its turn, and so many steps were made; a turn costs at least one."""
        self.spent[one.agency_id] = self._time(one.agency_id) + max(1, steps) / one.weight

    def _time(self, agency_id: int) -> float:
        return max(self.now, self.spent.get(agency_id, 0.0))

    def _lane(self, some: list[Waiting]) -> Lane:
        urgent, normal = any(one.urgent for one in some), any(one.normal for one in some)
        if urgent and (not normal or self.urgent_in_a_row < RESERVED_EVERY - 1):
            self.urgent_in_a_row += normal
            return Lane.EMERGENCY
        self.urgent_in_a_row = 0
        return Lane.NORMAL
