"""What the entries of one case add up to, as far as the measures ask: a pure fold of the journal."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from soc.cases.events import (
    CaseAssigned,
    CaseClaimed,
    CaseClosed,
    CaseContained,
    CaseOpened,
    CaseRecovered,
    CaseReopened,
    IncidentDeclared,
)
from soc.scorecards.measures import CaseFacts

HEARD = (CaseOpened, CaseClaimed, CaseAssigned, CaseContained, CaseRecovered, CaseClosed, CaseReopened, IncidentDeclared)


@dataclass(frozen=True, slots=True)
class Told:
    """One entry: its position in the journal, the server's time, and the event."""

    position: int
    at: datetime
    event: Any


@dataclass(frozen=True, slots=True)
class Folded:
    """One case from its entries. A restricted case is counted nowhere: a count that includes it would tell of it."""

    number: str
    facts: CaseFacts
    entries: tuple[int, ...]
    at: datetime
    restricted: bool = False


def fold(told: Iterable[Told]) -> Folded | None:
    """The case that these entries tell of, oldest first; None when they do not begin with its opening.

    The first claim or assignment acknowledges; putting a case back is none. The first declaration counts. A containment or
    recovery told again replaces the one before. Reopening takes the closing back and nothing else.
    """
    found: Folded | None = None
    for one in told:
        if isinstance(one.event, CaseOpened):
            if found is None:
                found = _opened(one)
            continue
        if found is None:
            return None
        found = replace(found, facts=_after(found.facts, one), entries=(*found.entries, one.position), at=max(found.at, one.at))
    return found


def _opened(one: Told) -> Folded:
    event = one.event
    happened_at = None if event.dwell_unknown else event.happened_at
    facts = CaseFacts(opened_at=event.opened_at, happened_at=happened_at)
    return Folded(event.number, facts, (one.position,), max(one.at, event.opened_at), event.restricted)


def _after(facts: CaseFacts, one: Told) -> CaseFacts:
    event = one.event
    if isinstance(event, CaseClaimed) or (isinstance(event, CaseAssigned) and event.owner_id is not None):
        return facts if facts.acknowledged_at is not None else replace(facts, acknowledged_at=one.at)
    if isinstance(event, IncidentDeclared):
        return facts if facts.declared_at is not None else replace(facts, declared_at=event.at)
    if isinstance(event, CaseContained):
        return replace(facts, contained_at=event.at)
    if isinstance(event, CaseRecovered):
        return replace(facts, recovered_at=event.at)
    if isinstance(event, CaseClosed):
        return replace(facts, closed_at=event.at, disposition=event.disposition)
    if isinstance(event, CaseReopened):
        return replace(facts, closed_at=None, disposition="")
    return facts
