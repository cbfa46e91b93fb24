"""Closing a case with what it turned out to be, and opening it again."""

from typing import Any

from django.db import IntegrityError, transaction

from soc.cases.errors import CaseIsClosed, CaseIsOpen
from soc.cases.events import CaseClosed, CaseReopened
from soc.cases.models import Case
from soc.cases.operations.changing import Version, settle, take
from soc.cases.operations.inputs import MOST_REASON, choice_of, text_of
from soc.cases.policies import may_close, may_reopen
from soc.cases.states import CaseState, Disposition
from soc.clocks.operations.running import close_clocks, reopen_clocks
from tenants.actors import Actor
from tenants.errors import require


@transaction.atomic
def close(*, number: str, version: Version, disposition: Any, reason: Any, by: Actor) -> Case:
    """Close the case; its running clocks stop and further alerts open a new case.

    Raises CaseIsClosed, Invalid (`disposition` one of the taxonomy, `reason`), and what `take` raises.
    """
    case = take(number, allowed=may_close, version=version, by=by)
    require(CaseState(case.state).is_open, CaseIsClosed(cure="Nothing is left to do."))
    found = choice_of(disposition, Disposition, field="disposition")
    reason = text_of(reason, field="reason", most=MOST_REASON)
    at = by.now()
    case.state_before_closing, case.state = case.state, CaseState.CLOSED
    case.disposition, case.closing_reason, case.closed_at = found, reason, at
    case.gathering = False
    close_clocks(agency_id=case.agency_id, subject=case.subject, at=at, by=by)
    event = CaseClosed(case_id=case.pk, number=case.number, disposition=found.value, reason=reason, at=at)
    return settle(case, event, f"Closed as {found.label.lower()}: {reason}", by=by, at=at)


@transaction.atomic
def reopen(*, number: str, version: Version, reason: Any, by: Actor) -> Case:
    """Open a closed case again in the state it had; exactly the clocks that closing stopped run on, with their old due time.

    It takes further alerts again unless another case does so by now. Raises CaseIsOpen, Invalid (`reason`), and what
    `take` raises.
    """
    case = take(number, allowed=may_reopen, version=version, by=by)
    require(not CaseState(case.state).is_open, CaseIsOpen(cure="Work on: the case is not closed."))
    reason = text_of(reason, field="reason", most=MOST_REASON)
    at = by.now()
    case.state, case.state_before_closing = case.state_before_closing or CaseState.TRIAGE, ""
    case.disposition, case.closing_reason, case.closed_at = "", "", None
    case.gathering = _gathers_again(case)
    reopen_clocks(agency_id=case.agency_id, subject=case.subject, at=at, by=by)
    return settle(case, CaseReopened(case_id=case.pk, number=case.number, reason=reason, at=at), f"Reopened: {reason}", by=by, at=at)


def _gathers_again(case: Case) -> bool:
    if not case.fingerprint:
        return False
    try:
        with transaction.atomic():  # a new case may have begun to gather at this very moment
            Case.objects.filter(pk=case.pk).update(gathering=True)
    except IntegrityError:
        return False
    return True
