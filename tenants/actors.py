"""Who is acting: a person in a role, a sensor key, a playbook run, or the system itself."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

_set_clock: ContextVar[Callable[[], datetime] | None] = ContextVar("set_clock", default=None)


# What this process's clock lacks to the database's: the one clock that holds for all (tenants.journal.timekeeping).
_lacks = timedelta()


def server_time() -> datetime:
    """The time of the server, aware, UTC."""
    clock = _set_clock.get()
    return clock() if clock is not None else datetime.now(UTC) + _lacks


def set_right(lacks: timedelta) -> None:
    """From now on this process's actors live by its clock plus `lacks`."""
    global _lacks
    _lacks = lacks


@contextmanager
def clock_set_to(clock: Callable[[], datetime]) -> Iterator[None]:
    """Let every actor of this thread without a clock of its own live by `clock`: the machinery of a demo floor's history.

    For the demo floor and tests only; the demo refuses where SETTABLE_CLOCK is off, as it always is in production.
    """
    token = _set_clock.set(clock)
    try:
        yield
    finally:
        _set_clock.reset(token)


@dataclass(frozen=True)
class Actor:
    """An actor with exactly the rights that its gate found.

    `agency_id` is set for those who have one agency (liaison, sensor key, an agency's automation);
    `agencies` narrows the floor to those assigned, None means all. `clock` gives aware UTC time;
    only tests and the demo floor may set it (production refuses to start otherwise).
    """

    kind: str  # person | sensor | playbook | system
    name: str  # "person:12": who, for the audit and the journal
    label: str  # "Rosa Delgado": how people read it
    role: str = ""
    person_id: int | None = None
    key_id: int | None = None
    agency_id: int | None = None
    agencies: frozenset[int] | None = None
    clock: Callable[[], datetime] = field(default=server_time, compare=False, repr=False)

    def now(self) -> datetime:
        """The time of this act, aware, UTC."""
        return self.clock()

    @property
    def works_the_floor(self) -> bool:
        return self.role in ("analyst", "watch_lead")

    @property
    def leads_the_watch(self) -> bool:
        return self.role == "watch_lead"

    @property
    def runs_the_programme(self) -> bool:
        return self.role == "admin"

    @property
    def audits(self) -> bool:
        return self.role == "auditor"

    @property
    def speaks_for_an_agency(self) -> bool:
        return self.role == "liaison"

    @property
    def reads_cases(self) -> bool:
        """Floor, auditor, the agency's liaison and automation; an admin reads no case."""
        return self.works_the_floor or self.audits or self.speaks_for_an_agency or self.is_machine

    @property
    def sees_internal_rows(self) -> bool:
        """Everyone who reads cases but the liaison, who reads what was released."""
        return self.reads_cases and not self.speaks_for_an_agency

    @property
    def is_machine(self) -> bool:
        return self.kind in ("playbook", "system")

    def covers(self, agency_id: int) -> bool:
        """Whether this actor's assignment holds the agency."""
        if self.agency_id is not None:
            return self.agency_id == agency_id
        return self.agencies is None or agency_id in self.agencies

    def at(self, clock: Callable[[], datetime]) -> "Actor":
        """The same actor with another clock (tests and the demo floor only)."""
        return replace(self, clock=clock)


def system(purpose: str, *, agency_id: int | None = None, clock: Callable[[], datetime] = server_time) -> Actor:
    """Our own machinery, named for its purpose: `system("delivery", agency_id=7)`."""
    return Actor(kind="system", name=f"system:{purpose}", label="Watchfloor", agency_id=agency_id, clock=clock)


def playbook_run(run: str, *, label: str, agency_id: int, clock: Callable[[], datetime] = server_time) -> Actor:
    """A playbook's run, acting for one agency."""
    return Actor(kind="playbook", name=f"run:{run}", label=label, agency_id=agency_id, clock=clock)
