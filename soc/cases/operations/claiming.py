"""Who works a case: claiming it, giving it to someone, putting it back, beginning to investigate."""

from datetime import datetime
from typing import Any

from django.db import transaction

from soc.cases.errors import CaseAlreadyClaimed, CaseIsClosed, StageAlreadyReached
from soc.cases.events import CaseAssigned, CaseClaimed, InvestigationBegun
from soc.cases.models import Case
from soc.cases.operations.changing import Version, settle, take
from soc.cases.policies import may_assign, may_begin_investigation, may_claim
from soc.cases.queries.owners import owner_for
from soc.cases.states import CaseState
from soc.clocks.operations.running import stop_clock
from tenants.actors import Actor
from tenants.errors import Invalid, require


@transaction.atomic
def claim(*, number: str, version: Version, by: Actor) -> Case:
    """Take the case. The first claim or assignment acknowledges it (programme policy) and begins triage.

    Claiming what one owns changes nothing. Raises CaseIsClosed, CaseAlreadyClaimed, and what `take` raises.
    """
    case = take(number, allowed=may_claim, version=version, by=by)
    require(CaseState(case.state).is_open, CaseIsClosed(cure="Reopen the case first."))
    person = by.person_id
    if person is None or case.owner_id == person:
        return case
    require(case.owner_id is None, CaseAlreadyClaimed(cure="Ask its owner, or assign the case to yourself."))
    at = by.now()
    case.owner_id = person
    _acknowledge(case, at=at, evidence=f"claimed by {by.label}", by=by)
    event = CaseClaimed(case_id=case.pk, number=case.number, owner_id=person, owner=by.label)
    return settle(case, event, "Took the case", by=by, at=at)


@transaction.atomic
def assign(*, number: str, version: Version, owner: Any, by: Actor) -> Case:
    """Give the case to a person of the floor (by e-mail), or put it back into the queue (None).

    Giving it to its owner changes nothing. Raises CaseIsClosed, Invalid (field `owner`: no analyst or watch lead of that
    e-mail works for this agency), and what `take` raises.
    """
    case = take(number, allowed=may_assign, version=version, by=by)
    require(CaseState(case.state).is_open, CaseIsClosed(cure="Reopen the case first."))
    person = None
    if owner is not None:
        person = owner_for(owner, agency_id=case.agency_id)
        if person is None:
            raise Invalid(
                "No analyst or watch lead of that e-mail works for this agency.",
                field="owner",
                cure="Send the e-mail of an analyst or watch lead assigned to the agency, or null to put the case back.",
            )
    if case.owner_id == (person.pk if person else None):
        return case
    at = by.now()
    case.owner = person
    if person is not None:
        _acknowledge(case, at=at, evidence=f"assigned to {person.name}", by=by)
    event = CaseAssigned(case_id=case.pk, number=case.number, owner_id=case.owner_id, owner=person.name if person else "")
    return settle(case, event, f"Gave the case to {person.name}" if person else "Put the case back into the queue", by=by, at=at)


@transaction.atomic
def begin_investigation(*, number: str, version: Version, by: Actor) -> Case:
    """End triage. Raises CaseIsClosed, StageAlreadyReached, and what `take` raises."""
    case = take(number, allowed=may_begin_investigation, version=version, by=by)
    require(CaseState(case.state).is_open, CaseIsClosed(cure="Reopen the case first."))
    require(CaseState(case.state).may_become(CaseState.INVESTIGATING), StageAlreadyReached(cure="Go on with the next stage."))
    case.state = CaseState.INVESTIGATING
    return settle(case, InvestigationBegun(case_id=case.pk, number=case.number), "Began to investigate", by=by, at=by.now())


def _acknowledge(case: Case, *, at: datetime, evidence: str, by: Actor) -> None:
    if case.state == CaseState.NEW:
        case.state = CaseState.TRIAGE
    if case.acknowledged_at is None:
        case.acknowledged_at = at
        stop_clock(agency_id=case.agency_id, subject=case.subject, kind="acknowledge", at=at, evidence=evidence, by=by)
