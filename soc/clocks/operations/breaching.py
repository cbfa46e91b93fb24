"""Writing down, exactly once, that a clock's due time passed while it ran."""

from datetime import datetime

from django.db import transaction

from soc.clocks.events import ClockLate
from soc.clocks.models import Clock
from soc.clocks.operations.ledger import append
from soc.clocks.reckoning import EntryKind
from tenants.actors import Actor, system
from tenants.journal.delivery import agencies_with, scope_for
from tenants.journal.recording import record
from tenants.journal.sweeping import Chore, register

MOST_AT_ONCE = 50


def breach_if_due(clock: Clock, *, at: datetime, by: Actor) -> bool:
    """Write the breach of a locked clock when it is due at `at` and none was written; True when it was written now."""
    due_at = clock.due_at
    if due_at is None or not clock.reckoning.breach_is_due(at):
        return False
    append(clock, EntryKind.BREACHED, at=due_at, by=by)
    event = ClockLate(clock_id=clock.pk, about=clock.subject, kind=clock.kind, due_at=due_at)
    record(event, agency_id=clock.agency_id, subject=clock.subject, by=by, at=due_at)
    return True


def breach_due_clocks(*, agency_id: int, by: Actor) -> int:
    """Write the breaches of one agency's running clocks that are due by now; returns how many. Opens no scope."""
    at = by.now()
    with transaction.atomic():
        due = Clock.objects.select_for_update(skip_locked=True).filter(agency_id=agency_id, state="running", due_at__lt=at)
        return sum(breach_if_due(clock, at=at, by=by) for clock in due.order_by("due_at")[:MOST_AT_ONCE])


def work_off(agency_id: int | None) -> int:
    """The chore of the sweep: one agency's due clocks, in that agency's own scope."""
    if agency_id is None:
        return 0
    with scope_for(agency_id):
        return breach_due_clocks(agency_id=agency_id, by=system("clocks", agency_id=agency_id))


register(Chore("clocks", lambda: agencies_with("agencies_with_due_clocks"), work_off))
