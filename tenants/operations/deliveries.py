"""Parked deliveries: a person decides to try again or to go on without."""

from django.db import transaction

from tenants.actors import Actor
from tenants.errors import Invalid, NotAllowed, Unknown, require
from tenants.events import DeliveryTended
from tenants.journal import doorbell
from tenants.journal.recording import record
from tenants.models import Delivery
from tenants.policies import may_tend_deliveries
from tenants.states import DeliveryState


def retry_delivery(*, delivery_id: int, reason: str, by: Actor) -> Delivery:
    """Open a parked delivery again, with a fresh count of attempts. Raises Unknown, NotAllowed, Invalid (reason)."""
    return _tend(delivery_id, DeliveryState.OPEN, "retry", reason, by)


def skip_delivery(*, delivery_id: int, reason: str, by: Actor) -> Delivery:
    """Go on without this delivery: the later ones of its subject are free. Raises Unknown, NotAllowed, Invalid (reason)."""
    return _tend(delivery_id, DeliveryState.SKIPPED, "skip", reason, by)


def _tend(delivery_id: int, state: DeliveryState, decision: str, reason: str, by: Actor) -> Delivery:
    with transaction.atomic():
        delivery: Delivery | None = (
            Delivery.objects.select_for_update(of=("self",)).filter(pk=delivery_id, state=DeliveryState.PARKED).first()
        )
        if delivery is None:
            raise Unknown()
        require(may_tend_deliveries(by), NotAllowed())
        require(bool(reason.strip()), Invalid("A reason is missing.", field="reason", cure="Say in a few words why."))
        delivery.state = state
        delivery.attempts = 0
        delivery.due_at = by.now()
        delivery.save(update_fields=["state", "attempts", "due_at"])
        record(
            DeliveryTended(delivery_id=delivery.pk, decision=decision, reason=reason.strip()),
            agency_id=delivery.agency_id,
            subject=f"delivery:{delivery.pk}",
            by=by,
        )
        agency_id = delivery.agency_id
        transaction.on_commit(lambda: doorbell.ring("deliveries", agency_id))
    return delivery
