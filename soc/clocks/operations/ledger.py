"""Writing one line into a clock's ledger and keeping the stored fold in step with it."""

from datetime import datetime

from soc.clocks.models import Clock, ClockEvent
from soc.clocks.reckoning import Entry, EntryKind, follows
from soc.clocks.terms import Term
from tenants.actors import Actor


def begin(clocks: list[tuple[Clock, Term | None]], *, at: datetime, by: Actor, severity: str = "") -> None:
    """Insert clocks that start at `at`, each with the first line of its ledger. Two statements, however many."""
    events = []
    for clock, term in clocks:
        clock.reckoning = follows(clock.reckoning, Entry(EntryKind.STARTED, at, term))
        clock.severity = severity
        events.append(_event(clock, EntryKind.STARTED, at, by, term, severity, ""))
    Clock.objects.bulk_create(clock for clock, _ in clocks)
    for event in events:
        event.clock_id = event.clock.pk
    ClockEvent.objects.bulk_create(events)


def append(
    clock: Clock, kind: EntryKind, *, at: datetime, by: Actor, term: Term | None = None, severity: str = "", reason: str = ""
) -> None:
    """Write one event of a locked clock and save what the ledger now adds up to. Two statements.

    Raises LedgerBroken when the event cannot follow; callers ask first, so that is a fault of ours.
    """
    before = clock.reckoning
    now = follows(before, Entry(kind, at, term, reason))
    _event(clock, kind, at, by, term, severity, reason).save(force_insert=True)
    if severity and now.term != before.term:
        clock.severity = severity
    clock.reckoning = now
    clock.save()


def _event(clock: Clock, kind: EntryKind, at: datetime, by: Actor, term: Term | None, severity: str, reason: str) -> ClockEvent:
    event = ClockEvent(agency_id=clock.agency_id, clock=clock, kind=kind.value, at=at, severity=severity, reason=reason)
    event.term, event.actor, event.actor_label = term, by.name, by.label
    return event
