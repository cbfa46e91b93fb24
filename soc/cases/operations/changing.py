"""What every verb on a case shares: find and lock it, check policy and version, then write the line, the fact and the version."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from soc.cases.models import Case, TimelineEntry
from soc.cases.policies import may_read
from soc.cases.states import CaseState, Origin
from soc.clocks.queries.clocks import next_due
from tenants.actors import Actor
from tenants.errors import Invalid, NotAllowed, Stale, Unknown, VersionRequired, require
from tenants.journal.recording import record
from tenants.states import Visibility

# What a caller said about the version: a number, nothing, or something malformed that is refused when its turn comes.
Version = int | None | Invalid
MOST_LINE = 600  # characters of a timeline's line


def take(number: str, *, allowed: Callable[[Actor, Case], bool], version: Version, by: Actor) -> Case:
    """Lock the case for a verb. Call inside a transaction.

    Raises, in this order: Unknown (also for a case that the caller may not know of), NotAllowed, VersionRequired,
    Stale. A machine may name no version: it acts on what it finds.
    """
    case: Case | None = Case.objects.filter(number=number).select_for_update(of=("self",)).first() if "\x00" not in number else None
    if case is None or not may_read(by, case):
        raise Unknown()
    require(allowed(by, case), NotAllowed())
    if isinstance(version, Invalid):
        raise version
    if not (version is None and by.is_machine):
        require(version is not None, VersionRequired())
        require(
            version == case.version, Stale(f"The case is at version {case.version} now.", cure="Read it again, then repeat the change.")
        )
    return case


def origin_of(by: Actor) -> Origin:
    """Whose line it is on the timeline."""
    if by.is_machine:
        return Origin.AUTOMATION
    return Origin.AGENCY if by.speaks_for_an_agency else Origin.PERSON


def tell(
    case: Case,
    text: str,
    *,
    by_label: str,
    origin: Origin,
    at: datetime,
    happened_at: datetime | None = None,
    released: bool = False,
    entry_id: int | None = None,
) -> TimelineEntry:
    """Write one line of the timeline: learned at `at`, happened at `happened_at` (the same when not given); internal unless released."""
    line: TimelineEntry = TimelineEntry.objects.create(
        agency_id=case.agency_id,
        case=case,
        created_at=at,
        happened_at=happened_at or at,
        origin=origin,
        actor_label=by_label[:120],
        text=text[:MOST_LINE],
        visibility=Visibility.RELEASED if released else Visibility.INTERNAL,
        released_at=at if released else None,
        entry_id=entry_id,
    )
    return line


def settle(
    case: Case,
    event: Any,
    says: str,
    *,
    by: Actor,
    at: datetime,
    happened_at: datetime | None = None,
    released: bool = False,
    counts: bool = True,
) -> Case:
    """Finish a verb: record the fact, write its line, take over what the clocks say, count the version, save.

    What a machine only adds does not count: nobody's edit is refused because a playbook wrote a note meanwhile.
    """
    entry = record(event, agency_id=case.agency_id, subject=case.subject, by=by, at=at)
    tell(case, says, by_label=by.label, origin=origin_of(by), at=at, happened_at=happened_at, released=released, entry_id=entry.id)
    due = next_due(case.subject) if CaseState(case.state).is_open else None
    case.next_due_kind, case.next_due_at = due if due else ("", None)
    case.version += counts
    case.changed_at = at
    case.save()
    return case
