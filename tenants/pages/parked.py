"""Deliveries that could not be done: parked in sight of watch leads and admins."""

from typing import Any

from django.urls import reverse

from tenants.gates.pages import Page
from tenants.operations.deliveries import retry_delivery, skip_delivery
from tenants.queries.deliveries import parked

TENDERS = frozenset({"watch_lead", "admin"})


class ParkedPage(Page):
    """`/parked/`: what is parked, why, and what a person can do about it."""

    roles = TENDERS | {"auditor"}

    def get(self, request: Any) -> Any:
        return self.page("tenants/parked.html", deliveries=parked())


class RetryDelivery(Page):
    """POST: try a parked delivery again."""

    roles = TENDERS
    http_method_names = ["post"]
    done = "The delivery is tried again."

    def act(self, data: Any) -> str:
        retry_delivery(delivery_id=self.kwargs["delivery_id"], reason=data.get("reason", ""), by=self.actor)
        return reverse("parked")


class SkipDelivery(Page):
    """POST: go on without a parked delivery."""

    roles = TENDERS
    http_method_names = ["post"]
    done = "The delivery is skipped; later ones go on."

    def act(self, data: Any) -> str:
        skip_delivery(delivery_id=self.kwargs["delivery_id"], reason=data.get("reason", ""), by=self.actor)
        return reverse("parked")
