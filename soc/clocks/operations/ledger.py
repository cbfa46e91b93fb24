"""Writing one line into a clock's ledger and keeping the stored fold in step with it."""

from datetime import datetime

from soc.clocks.models import Clock, ClockEvent
from soc.clocks.reckoning import Entry, EntryKind, follows
from soc.clocks.terms import Term
from tenants.actors import Actor


def append(
    clock: Clock, kind: EntryKind, *, at: datetime, by: Actor, term: Term | None = None, severity: str = "", reason: str = ""
) -> None:
    """Write one event of a locked clock and save what the ledger now adds up to. Two statements.

    Raises LedgerBroken when the event cannot follow; callers ask first, so that is a fault of ours.
    """
    before = clock.reckoning
    now = follows(before, Entry(kind, at, term, reason))
    event = ClockEvent(agency_id=clock.agency_id, clock=clock, kind=kind.value, at=at, severity=severity, reason=reason)
    event.term, event.actor, event.actor_label = term, by.name, by.label
    event.save(force_insert=True)
    if severity and now.term != before.term:
        clock.severity = severity
    clock.reckoning = now
    clock.save()
