"""Stopping the threat and restoring the service, each since a time."""

from typing import Any

from django.db import transaction

from soc.cases.errors import CaseIsClosed, StageAlreadyReached
from soc.cases.events import CaseContained, CaseRecovered
from soc.cases.models import Case
from soc.cases.operations.changing import Version, settle, take
from soc.cases.operations.inputs import MOST_REASON, text_of, time_between
from soc.cases.policies import may_contain, may_recover
from soc.cases.states import CaseState
from soc.clocks.operations.running import stop_clock
from tenants.actors import Actor
from tenants.errors import require


@transaction.atomic
def contain(*, number: str, version: Version, reason: Any, by: Actor, at: Any = None) -> Case:
    """Say that the threat is contained since `at` (RFC 3339, default now), which stops the containment clock.

    A case that recovered first keeps its stage. Raises CaseIsClosed, StageAlreadyReached, Invalid (`reason`; `at` in the
    future or before the case opened), and what `take` raises.
    """
    case = take(number, allowed=may_contain, version=version, by=by)
    require(CaseState(case.state).is_open, CaseIsClosed(cure="Reopen the case first."))
    require(case.contained_at is None, StageAlreadyReached("The case is contained already.", cure="Go on with the next stage."))
    reason = text_of(reason, field="reason", most=MOST_REASON)
    now = by.now()
    since = time_between(at, field="at", earliest=case.opened_at, earliest_is="the case opened", latest=now)
    case.contained_at = since
    if CaseState(case.state).may_become(CaseState.CONTAINED):
        case.state = CaseState.CONTAINED
    stop_clock(agency_id=case.agency_id, subject=case.subject, kind="contain", at=since, evidence=reason, by=by)
    event = CaseContained(case_id=case.pk, number=case.number, at=since, reason=reason)
    return settle(case, event, f"Contained: {reason}", by=by, at=now, happened_at=since)


@transaction.atomic
def recover(*, number: str, version: Version, reason: Any, by: Actor, at: Any = None) -> Case:
    """Say that the service is restored since `at` (RFC 3339, default now).

    Raises CaseIsClosed, StageAlreadyReached, Invalid (`reason`; `at` in the future, or before the case opened or was
    contained), and what `take` raises.
    """
    case = take(number, allowed=may_recover, version=version, by=by)
    require(CaseState(case.state).is_open, CaseIsClosed(cure="Reopen the case first."))
    require(case.recovered_at is None, StageAlreadyReached("The case has recovered already.", cure="Close the case."))
    reason = text_of(reason, field="reason", most=MOST_REASON)
    now = by.now()
    earliest, earliest_is = (case.contained_at, "the case was contained") if case.contained_at else (case.opened_at, "the case opened")
    since = time_between(at, field="at", earliest=earliest, earliest_is=earliest_is, latest=now)
    case.recovered_at, case.state = since, CaseState.RECOVERED
    event = CaseRecovered(case_id=case.pk, number=case.number, at=since, reason=reason)
    return settle(case, event, f"Recovered: {reason}", by=by, at=now, happened_at=since)
