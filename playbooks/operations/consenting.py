"""An agency's standing consent: given and withdrawn by its liaison, never by anyone else."""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction

from playbooks.events import ConsentGiven, ConsentWithdrawn
from playbooks.models import Approval, Run, StandingConsent
from playbooks.operations.telling import tell
from playbooks.policies import may_consent
from playbooks.products import may_be_consented
from playbooks.states import ApprovalState
from tenants.actors import Actor
from tenants.errors import Invalid, NotAllowed, Unknown, require
from tenants.journal.recording import record


def give_consent(*, actions: Iterable[str], by: Actor, note: str = "") -> StandingConsent:
    """Record that the liaison's agency consents to these actions (`endpoint.isolate`) until withdrawn.

    Raises NotAllowed, Invalid (`actions`).
    """
    with transaction.atomic():
        require(by.agency_id is not None and may_consent(by, by.agency_id), NotAllowed())
        wanted = sorted({str(one) for one in actions})
        known = bool(wanted) and all(may_be_consented(one) for one in wanted)
        require(
            known, Invalid("These are not actions that can be consented to.", field="actions", cure="Name actions like endpoint.isolate.")
        )
        consent: StandingConsent = StandingConsent.objects.create(
            agency_id=by.agency_id, actions=wanted, given_by_id=by.person_id, given_by_name=by.label, given_at=by.now(), note=note.strip()
        )
        event = ConsentGiven(consent=str(consent.public_id), actions=tuple(wanted), given_by=by.label)
        record(event, agency_id=by.agency_id, subject=f"consent:{consent.public_id}", by=by)
    return consent


def withdraw_consent(*, consent: str, reason: str, by: Actor) -> StandingConsent:
    """End a standing consent at once: what is asked now then needs the liaison's vote too.

    Raises Unknown, NotAllowed, Invalid (`reason`).
    """
    with transaction.atomic():
        try:
            one: StandingConsent | None = (
                StandingConsent.objects.select_for_update().filter(public_id=UUID(str(consent)), withdrawn_at=None).first()
            )
        except ValueError as error:
            raise Unknown() from error
        if one is None:
            raise Unknown()
        require(may_consent(by, one.agency_id), NotAllowed())
        require(bool(reason.strip()), Invalid("The reason is missing.", field="reason", cure="Say in a few words why."))
        one.withdrawn_at, one.withdrawn_by_id = by.now(), by.person_id
        one.save(update_fields=["withdrawn_at", "withdrawn_by"])
        for run_id in Approval.objects.filter(consent=one, state=ApprovalState.OPEN).order_by("run_id").values_list("run_id", flat=True):
            run = Run.objects.locked(pk=run_id)
            if Approval.objects.filter(run=run, consent=one, state=ApprovalState.OPEN).update(asks_agency=True, consent=None):
                tell(run=run, kind="consent", text="The agency withdrew its standing consent: its vote is needed now", by=by)
        event = ConsentWithdrawn(consent=str(one.public_id), reason=reason.strip(), withdrawn_by=by.label)
        record(event, agency_id=one.agency_id, subject=f"consent:{one.public_id}", by=by)
    return one
