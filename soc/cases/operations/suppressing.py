"""Suppressing alerts of one rule and entity for a time: with an owner, a reason and an end."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from soc.cases.errors import NothingToSuppress, SuppressedAlready
from soc.cases.events import SuppressionEnded, SuppressionMade
from soc.cases.models import Case, Suppression
from soc.cases.operations.changing import Version, settle, take
from soc.cases.operations.inputs import MOST_REASON, text_of, time_of
from soc.cases.policies import may_end_suppression, may_suppress
from tenants.actors import Actor
from tenants.errors import Invalid, NotAllowed, Unknown, require
from tenants.journal.recording import record

MOST_DAYS = 90


@transaction.atomic
def suppress(*, number: str, version: Version, until: Any, reason: Any, by: Actor) -> Case:
    """Count further alerts of the case's rule and entity instead of working them, until a time at most 90 days ahead.

    The actor owns the suppression. The case itself stays open. Raises NothingToSuppress (a case opened by hand has no rule),
    SuppressedAlready, Invalid (`until`, `reason`), and what `take` raises.
    """
    case = take(number, allowed=may_suppress, version=version, by=by)
    now = by.now()
    require(case.fingerprint != "", NothingToSuppress(cure="Suppress from a case that an alert opened."))
    live = Suppression.objects.filter(agency_id=case.agency_id, fingerprint=case.fingerprint, ended_at=None, until__gt=now)
    require(not live.exists(), SuppressedAlready(cure="End that suppression first, or let it run out."))
    ends = time_of(until, field="until", default=now)
    require(
        now < ends <= now + timedelta(days=MOST_DAYS),
        Invalid(
            "The end is missing, past, or too far ahead.",
            field="until",
            cure=f"Send a time within the next {MOST_DAYS} days, like {now + timedelta(days=7):%Y-%m-%dT%H:%M:%SZ}.",
        ),
    )
    reason = text_of(reason, field="reason", most=MOST_REASON)
    made = Suppression.objects.create(
        agency_id=case.agency_id,
        fingerprint=case.fingerprint,
        rule=case.rule,
        rule_name=case.rule_name,
        entity_kind=case.entity_kind,
        entity=case.entity,
        owner_id=by.person_id,
        reason=reason,
        case_id=case.pk,
        created_at=now,
        until=ends,
    )
    told = SuppressionMade(
        suppression=str(made.public_id), fingerprint=made.fingerprint, until=ends, reason=reason, case_id=case.pk, number=case.number
    )
    about = f"{case.entity_kind} {case.entity}" if case.entity else "any entity"
    says = f"Suppressed alerts of “{case.rule_name}” on {about} until {ends:%Y-%m-%d %H:%M} UTC: {reason}"
    return settle(case, told, says, by=by, at=now)


@transaction.atomic
def end_suppression(*, suppression: str, reason: Any, by: Actor) -> Suppression:
    """End a suppression (its public id) before its time: one's own, or as a watch lead anyone's. Alerts are worked again.

    Raises Unknown (also when it has ended), NotAllowed, Invalid (`reason`).
    """
    try:
        wanted = UUID(suppression)
    except (ValueError, AttributeError, TypeError):
        raise Unknown() from None
    found: Suppression | None = (
        Suppression.objects.filter(public_id=wanted, ended_at=None, until__gt=by.now()).select_for_update(of=("self",)).first()
    )
    if found is None or not by.sees_internal_rows:
        raise Unknown()
    require(may_end_suppression(by, found.owner_id), NotAllowed())
    reason = text_of(reason, field="reason", most=MOST_REASON)
    found.ended_at = by.now()
    found.save(update_fields=["ended_at"])
    ended = SuppressionEnded(suppression=str(found.public_id), reason=reason)
    record(ended, agency_id=found.agency_id, subject=f"suppression:{found.pk}", by=by)
    return found
